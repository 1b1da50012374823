//! Images with some of their segments hidden, and what a detector says of them.

use super::Case;
use super::evidence::{of_images, rows_at_once};
use super::segments::Segments;
use crate::image::FloatImage;
use crate::model::Frozen;

/// The evidence of `case` with the segments hidden that a mask `[segment]` does not keep: `hidden` stands
/// in their place. One value for each mask.
pub(super) fn evidence_of_masks(
    frozen: &Frozen,
    case: &Case,
    segments: &Segments,
    hidden: &FloatImage,
    masks: &[Vec<bool>],
) -> Vec<f64> {
    let batches = masks.chunks(rows_at_once(&case.image, false));
    batches
        .flat_map(|masks| {
            let images: Vec<FloatImage> =
                masks.iter().map(|mask| masked(&case.image, segments, hidden, mask)).collect();
            of_images(frozen, &images, case.class)
        })
        .collect()
}

fn masked(image: &FloatImage, segments: &Segments, hidden: &FloatImage, mask: &[bool]) -> FloatImage {
    let mut pixels = image.pixels.clone();
    let replaced = pixels.as_chunks_mut::<3>().0.iter_mut().zip(hidden.pixels.as_chunks::<3>().0);
    for ((pixel, hidden), &segment) in replaced.zip(segments.of_pixels()) {
        if !mask[segment] {
            *pixel = *hidden;
        }
    }
    FloatImage { width: image.width, height: image.height, pixels }
}
