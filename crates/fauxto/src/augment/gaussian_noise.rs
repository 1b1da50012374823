//! Noise, as of a sensor.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// torchvision's `GaussianNoise` with `clip`, mean 0 and a random standard deviation: the same for a whole
/// image, the noise independent for every channel of every pixel.
#[derive(Debug)]
struct RandomNoise {
    sigma: [f64; 2],
}

impl Augmentation for RandomNoise {
    fn apply(&self, mut image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let sigma = stream.random_range(self.sigma[0]..=self.sigma[1]) as f32;
        for value in &mut image.pixels {
            let noise: f32 = stream.sample(StandardNormal);
            *value = (*value + sigma * noise).clamp(0.0, 1.0);
        }
        Ok(image)
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomNoise { sigma: parameters.interval("sigma", 0.0, 1.0)? }))
}
