//! Values struck to black or white, as by broken bits and dead cells.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// scikit-image's `random_noise` in mode `s&p`, half salt: the share struck is the same for a whole image, each channel
/// of every pixel struck by itself.
#[derive(Debug)]
struct SaltAndPepper {
    amount: [f64; 2],
}

impl Augmentation for SaltAndPepper {
    fn apply(&self, mut image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let amount = stream.random_range(self.amount[0]..=self.amount[1]);
        for value in &mut image.pixels {
            let draw: f64 = stream.random();
            if draw < amount {
                *value = f32::from(u8::from(draw < amount / 2.0));
            }
        }
        Ok(image)
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(SaltAndPepper { amount: parameters.interval("amount", 0.0, 1.0)? }))
}
