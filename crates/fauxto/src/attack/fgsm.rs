//! The fast gradient sign method: one step, as far as allowed.

use burn::tensor::Tensor;

use super::target::wrong_leads_and_gradient;
use super::{Attack, Batch, Epsilon, Norm, Parameters, Target};
use crate::Result;

#[derive(Debug)]
struct FastGradientSign;

impl Attack for FastGradientSign {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, _seed: u64) -> Result<Tensor<4>> {
        let norm = Norm::LInfinity;
        let (_, gradient) = wrong_leads_and_gradient(target, &batch.pixels, &batch.labels)?;
        let stepped = batch.pixels.clone() + norm.steepest(gradient) * epsilon.value();
        Ok(norm.project(&batch.pixels, stepped, epsilon.value()))
    }
}

pub(super) fn build(_: &mut Parameters) -> Result<Box<dyn Attack>> {
    Ok(Box::new(FastGradientSign))
}
