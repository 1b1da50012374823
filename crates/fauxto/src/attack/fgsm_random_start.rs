//! FGSM from a random point of the ball (Wong, Rice & Kolter 2020, "Fast is better than free"), the
//! form in which single-step adversarial training does not collapse at once.

use burn::tensor::Tensor;

use super::target::wrong_leads_and_gradient;
use super::{Attack, Batch, Epsilon, Norm, Parameters, Target};
use crate::Result;

#[derive(Debug)]
struct FastGradientSignFromRandomStart {
    step: f64,
}

impl Attack for FastGradientSignFromRandomStart {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let (norm, radius) = (Norm::LInfinity, epsilon.value());
        let start = norm.random_start(&batch.pixels, radius, &mut batch.streams(seed, "fgsm_random_start", 0));
        let (_, gradient) = wrong_leads_and_gradient(target, &start, &batch.labels)?;
        Ok(norm.project(&batch.pixels, start + norm.steepest(gradient) * (self.step * radius), radius))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    Ok(Box::new(FastGradientSignFromRandomStart { step: parameters.number("step", 1.25, [0.0, 2.0])? }))
}
