//! No attack at all: random noise as large as an attack's, to show how much of an attack's success is
//! its size.

use burn::tensor::Tensor;
use rand::RngExt;

use super::batch::of_values;
use super::{Attack, Batch, Epsilon, Norm, Parameters, Target};
use crate::Result;

#[derive(Debug)]
struct RandomNoise {
    signs: bool,
}

impl Attack for RandomNoise {
    fn perturb(&self, _: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let (clean, radius) = (&batch.pixels, epsilon.value());
        let mut streams = batch.streams(seed, "random_noise", 0);
        if !self.signs {
            return Ok(Norm::LInfinity.random_start(clean, radius, &mut streams));
        }
        let per_image = clean.dims()[1..].iter().product::<usize>();
        let values = streams
            .iter_mut()
            .flat_map(|stream| {
                (0..per_image).map(|_| if stream.random_bool(0.5) { radius as f32 } else { -radius as f32 })
            })
            .collect();
        Ok(Norm::LInfinity.project(clean, clean.clone() + of_values(values, clean), radius))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    Ok(Box::new(RandomNoise { signs: parameters.switch("signs", true)? }))
}
