//! A mirror image: what is a detector's whim in one direction rarely repeats in the other.

use crate::Result;
use crate::image::RgbImage;

pub(super) fn mirrored(image: &RgbImage) -> Result<RgbImage> {
    let row = 3 * image.width;
    let pixels =
        image.pixels.chunks_exact(row.max(1)).flat_map(|row| row.rchunks_exact(3).flatten().copied()).collect();
    Ok(RgbImage { pixels, ..*image })
}
