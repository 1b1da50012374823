//! Projected gradient descent (Madry et al. 2018): many small steps, each followed by the projection
//! to the ball and to `0..=1`.

use burn::tensor::Tensor;

use super::batch::Worst;
use super::target::{wrong_leads, wrong_leads_and_gradient};
use super::{Attack, Batch, Epsilon, Norm, Parameters, Target};
use crate::Result;

#[derive(Debug)]
struct ProjectedGradientDescent {
    name: &'static str,
    norm: Norm,
    steps: usize,
    /// In units of epsilon.
    step: f64,
    restarts: usize,
    random_start: bool,
}

impl ProjectedGradientDescent {
    /// The last point of one run, which is what Madry's code and torchattacks return.
    fn run(&self, target: &dyn Target, batch: &Batch, radius: f64, seed: u64, restart: usize) -> Result<Tensor<4>> {
        let clean = &batch.pixels;
        // Without randomness a second run would only repeat the first.
        let mut adversarial = if self.random_start || restart > 0 {
            self.norm.random_start(clean, radius, &mut batch.streams(seed, self.name, restart))
        } else {
            clean.clone()
        };
        for _ in 0..self.steps {
            let (_, gradient) = wrong_leads_and_gradient(target, &adversarial, &batch.labels)?;
            let stepped = adversarial + self.norm.steepest(gradient) * (self.step * radius);
            adversarial = self.norm.project(clean, stepped, radius);
        }
        Ok(adversarial)
    }
}

impl Attack for ProjectedGradientDescent {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let first = self.run(target, batch, epsilon.value(), seed, 0)?;
        if self.restarts == 1 {
            return Ok(first);
        }
        let leads = wrong_leads(target, first.clone(), &batch.labels)?;
        let mut worst = Worst { pixels: first, leads };
        for restart in 1..self.restarts {
            let rows = worst.still_right(&batch.labels);
            if rows.is_empty() {
                break;
            }
            let rest = batch.select(&rows);
            let found = self.run(target, &rest, epsilon.value(), seed, restart)?;
            let leads = wrong_leads(target, found.clone(), &rest.labels)?;
            worst.offer(&rows, found, &leads);
        }
        Ok(worst.pixels)
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    build_in(Norm::LInfinity, "pgd", parameters)
}

pub(super) fn build_l2(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    build_in(Norm::L2, "pgd_l2", parameters)
}

fn build_in(norm: Norm, name: &'static str, parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    Ok(Box::new(ProjectedGradientDescent {
        name,
        norm,
        steps: parameters.count("steps", 10, 100_000)?,
        step: parameters.number("step", 0.25, [0.0, 2.0])?,
        restarts: parameters.count("restarts", 1, 10_000)?,
        random_start: parameters.switch("random_start", true)?,
    }))
}
