//! A rectangle of one image in another.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Batch, Mix};
use crate::augment::Rectangle;

#[derive(Debug)]
pub(super) struct CutMix;

impl Mix for CutMix {
    fn mix(&self, batch: &mut Batch<'_>, share: f64, stream: &mut ChaCha8Rng) -> f64 {
        let centre = [stream.random_range(0..batch.height), stream.random_range(0..batch.width)];
        let rectangle = cut_rectangle([batch.height, batch.width], share, centre);
        cut_and_mix(batch, rectangle)
    }
}

/// The rectangle of `1 - share` of an image of `[height, width]` about the pixel `centre` `[y, x]`, of the
/// image's shape, cut at its border.
#[must_use]
pub fn cut_rectangle(size: [usize; 2], share: f64, centre: [usize; 2]) -> Rectangle {
    let side = (1.0 - share).max(0.0).sqrt();
    let [(top, bottom), (left, right)] = [0, 1].map(|axis| {
        let cut = (size[axis] as f64 * side) as usize;
        let end = (centre[axis] + cut.div_ceil(2)).min(size[axis]);
        (centre[axis].saturating_sub(cut / 2), end)
    });
    Rectangle { top, left, height: bottom - top, width: right - left }
}

/// Exchanges the pixels of `rectangle` between each image and its counterpart. Returns the share of its
/// own pixels that an image keeps.
pub fn cut_and_mix(batch: &mut Batch<'_>, rectangle: Rectangle) -> f64 {
    let Rectangle { top, left, height, width } = rectangle;
    let row_len = batch.width * 3;
    batch.for_each_pair(|first, second| {
        for row in top..top + height {
            let cut = row * row_len + left * 3..row * row_len + (left + width) * 3;
            first[cut.clone()].swap_with_slice(&mut second[cut]);
        }
    });
    1.0 - (height * width) as f64 / (batch.height * batch.width) as f64
}
