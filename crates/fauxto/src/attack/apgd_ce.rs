//! Auto-PGD on cross entropy (Croce & Hein 2020, arXiv 2003.01690, algorithm 1), L-infinity: momentum,
//! and a step size that is halved, going back to the best point, where the loss no longer grows.
//!
//! Reference code: github.com/fra31/auto-attack, `autopgd_base.py`. Two departures. At the first checkpoint
//! that code compares the first loss with zero, the paper with the loss of the start, as done here. And it
//! leaves images alone that are wrong before any attack; here they are driven further, which changes no
//! accuracy but the AUC.

use burn::tensor::Tensor;
use rand::RngExt;

use super::batch::{Worst, choose, of_values, per_image};
use super::target::wrong_leads_and_gradient;
use super::{Attack, Batch, Epsilon, Norm, Parameters, Target};
use crate::Result;

/// Share of the last step in the next, `1 - alpha` of the paper.
const MOMENTUM: f64 = 0.25;

/// Auto-PGD on cross entropy in the L-infinity ball.
#[derive(Clone, Copy, Debug)]
pub struct AutoPgd {
    /// Steps of one run.
    pub iterations: usize,
    /// Runs; the later ones only for images still judged right.
    pub restarts: usize,
    /// Share of steps between two checkpoints that must have raised the loss, in `0..=1`.
    pub rho: f64,
}

impl Default for AutoPgd {
    fn default() -> Self {
        Self { iterations: 100, restarts: 1, rho: 0.75 }
    }
}

impl Attack for AutoPgd {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let radius = epsilon.value();
        let mut worst: Option<Worst> = None;
        for restart in 0..self.restarts {
            let rows =
                worst.as_ref().map_or_else(|| (0..batch.labels.len()).collect(), |w| w.still_right(&batch.labels));
            if rows.is_empty() {
                break;
            }
            let rest = batch.select(&rows);
            let found = self.run(target, &rest, radius, random_start(&rest, radius, seed, restart))?;
            match &mut worst {
                None => worst = Some(found),
                Some(worst) => worst.offer(&rows, found.pixels, &found.leads),
            }
        }
        Ok(worst.map_or_else(|| batch.pixels.clone(), |worst| worst.pixels))
    }
}

impl AutoPgd {
    /// One run from `start`, which lies in the ball and in `0..=1`: the worst point met.
    ///
    /// # Errors
    /// If a logit is not finite.
    pub fn run_from(
        &self,
        target: &dyn Target,
        batch: &Batch,
        epsilon: &Epsilon,
        start: Tensor<4>,
    ) -> Result<Tensor<4>> {
        Ok(self.run(target, batch, epsilon.value(), start)?.pixels)
    }

    fn run(&self, target: &dyn Target, batch: &Batch, radius: f64, start: Tensor<4>) -> Result<Worst> {
        let (norm, clean) = (Norm::LInfinity, &batch.pixels);
        let all: Vec<usize> = (0..batch.labels.len()).collect();
        let (leads, mut gradient) = wrong_leads_and_gradient(target, &start, &batch.labels)?;
        let mut schedule = StepSizes::new(self, radius, leads.clone());
        let mut worst = Worst { pixels: start.clone(), leads };
        let mut worst_gradient = gradient.clone();
        let (mut current, mut previous) = (start.clone(), start);
        for iteration in 0..self.iterations {
            let step = per_image(&schedule.sizes, clean);
            let ahead = norm.project(clean, current.clone() + norm.steepest(gradient) * step, radius);
            let inertia = if iteration == 0 { 0.0 } else { MOMENTUM };
            let moved =
                current.clone() + (ahead - current.clone()) * (1.0 - inertia) + (current.clone() - previous) * inertia;
            previous = current;
            current = norm.project(clean, moved, radius);

            let (leads, next) = wrong_leads_and_gradient(target, &current, &batch.labels)?;
            gradient = next;
            let better: Vec<bool> = leads.iter().zip(&worst.leads).map(|(lead, worst)| lead > worst).collect();
            worst_gradient = choose(&better, &gradient, worst_gradient);
            worst.offer(&all, current.clone(), &leads);
            if let Some(halved) = schedule.observe(leads, &worst.leads) {
                current = choose(&halved, &worst.pixels, current);
                gradient = choose(&halved, &worst_gradient, gradient);
            }
        }
        Ok(worst)
    }
}

/// A point on the ball's surface: uniform values, stretched so that the largest reaches `radius`.
fn random_start(batch: &Batch, radius: f64, seed: u64, restart: usize) -> Tensor<4> {
    let clean = &batch.pixels;
    let per_image = clean.dims()[1..].iter().product::<usize>();
    let mut values = Vec::with_capacity(per_image * batch.items.len());
    for mut stream in batch.streams(seed, "apgd_ce", restart) {
        let drawn: Vec<f64> = (0..per_image).map(|_| stream.random_range(-1.0..1.0)).collect();
        let largest = drawn.iter().fold(f64::MIN_POSITIVE, |largest, value| largest.max(value.abs()));
        values.extend(drawn.iter().map(|value| (value / largest * radius) as f32));
    }
    (clean.clone() + of_values(values, clean)).clamp(0.0, 1.0)
}

/// Each image's step size and what decides when to halve it (section 3.2 of the paper).
struct StepSizes {
    sizes: Vec<f32>,
    rho: f64,
    last: Vec<f32>,
    rises: Vec<usize>,
    worst_at_checkpoint: Vec<f32>,
    halved_at_checkpoint: Vec<bool>,
    since_checkpoint: usize,
    period: usize,
    shorter_by: usize,
    shortest: usize,
}

impl StepSizes {
    fn new(attack: &AutoPgd, radius: f64, start: Vec<f32>) -> Self {
        let share = |part: f64| ((part * attack.iterations as f64) as usize).max(1);
        Self {
            sizes: vec![(2.0 * radius) as f32; start.len()],
            rho: attack.rho,
            rises: vec![0; start.len()],
            worst_at_checkpoint: start.clone(),
            // The second condition needs a checkpoint to compare with.
            halved_at_checkpoint: vec![true; start.len()],
            last: start,
            since_checkpoint: 0,
            period: share(0.22),
            shorter_by: share(0.03),
            shortest: share(0.06),
        }
    }

    /// Notes the losses after a step; at a checkpoint, says which images' step sizes were halved.
    fn observe(&mut self, leads: Vec<f32>, worst: &[f32]) -> Option<Vec<bool>> {
        for ((rises, lead), last) in self.rises.iter_mut().zip(&leads).zip(&self.last) {
            *rises += usize::from(lead > last);
        }
        self.last = leads;
        self.since_checkpoint += 1;
        if self.since_checkpoint < self.period {
            return None;
        }
        let enough = self.period as f64 * self.rho;
        let halved: Vec<bool> = (0..worst.len())
            .map(|image| {
                let oscillates = self.rises[image] as f64 <= enough;
                let stands = !self.halved_at_checkpoint[image] && self.worst_at_checkpoint[image] >= worst[image];
                oscillates || stands
            })
            .collect();
        for (size, _) in self.sizes.iter_mut().zip(&halved).filter(|(_, halved)| **halved) {
            *size /= 2.0;
        }
        self.rises.fill(0);
        self.worst_at_checkpoint.copy_from_slice(worst);
        self.halved_at_checkpoint.clone_from(&halved);
        self.since_checkpoint = 0;
        self.period = self.period.saturating_sub(self.shorter_by).max(self.shortest);
        Some(halved)
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    let default = AutoPgd::default();
    Ok(Box::new(AutoPgd {
        iterations: parameters.count("iterations", default.iterations, 100_000)?,
        restarts: parameters.count("restarts", default.restarts, 10_000)?,
        rho: parameters.number("rho", default.rho, [0.0, 1.0])?,
    }))
}
