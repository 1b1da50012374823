//! Weighted means of two images.

use rand_chacha::ChaCha8Rng;

use super::{Batch, Mix};

#[derive(Debug)]
pub(super) struct Mixup;

impl Mix for Mixup {
    fn mix(&self, batch: &mut Batch<'_>, share: f64, _: &mut ChaCha8Rng) -> f64 {
        blend(batch, share);
        share
    }
}

/// Makes each image `share` of itself and `1 - share` of its counterpart.
pub fn blend(batch: &mut Batch<'_>, share: f64) {
    let (own, other) = (share as f32, (1.0 - share) as f32);
    batch.for_each_pair(|first, second| {
        for (first, second) in first.iter_mut().zip(second) {
            (*first, *second) = (own * *first + other * *second, own * *second + other * *first);
            // Rounding may carry a sum of weights past 1.
            (*first, *second) = (first.clamp(0.0, 1.0), second.clamp(0.0, 1.0));
        }
    });
}
