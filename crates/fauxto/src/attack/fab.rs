//! Fast adaptive boundary attack (Croce & Hein 2020, arXiv 1907.02044), L-infinity: looks for the nearest
//! image beyond the decision boundary, by projections to the boundary's tangent plane, and counts where it
//! lies within epsilon. With two classes there is one boundary, hence one target.
//!
//! Reference code: github.com/fra31/auto-attack, `fab_base.py`. The projection is our own: the shortest
//! step is found by sorting how much room each value has, in f64, instead of by bisection.

use burn::tensor::Tensor;
use rayon::prelude::*;

use super::batch::{Worst, choose, of_values, per_image};
use super::target::{is_fooled, wrong_leads, wrong_leads_and_gradient};
use super::{Attack, Batch, Epsilon, Norm, Parameters, Target};
use crate::Result;

#[derive(Debug)]
struct FastAdaptiveBoundary {
    iterations: usize,
    restarts: usize,
    /// Largest share of the way back towards the clean image.
    alpha_max: f64,
    /// How far beyond the plane a step goes, at least 1.
    eta: f64,
    /// How much of the perturbation is kept after a success.
    beta: f64,
}

impl Attack for FastAdaptiveBoundary {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let leads = wrong_leads(target, batch.pixels.clone(), &batch.labels)?;
        let mut worst = Worst { pixels: batch.pixels.clone(), leads };
        for restart in 0..self.restarts {
            let rows = worst.still_right(&batch.labels);
            if rows.is_empty() {
                break;
            }
            let rest = batch.select(&rows);
            let start = match restart {
                0 => rest.pixels.clone(),
                _ => Norm::LInfinity.random_start(
                    &rest.pixels,
                    epsilon.value() / 2.0,
                    &mut rest.streams(seed, "fab", restart),
                ),
            };
            let (nearest, distances) = self.run(target, &rest, start)?;
            let within: Vec<bool> = distances.iter().map(|&distance| f64::from(distance) <= epsilon.value()).collect();
            let found = choose(&within, &nearest, rest.pixels.clone());
            let leads = wrong_leads(target, found.clone(), &rest.labels)?;
            worst.offer(&rows, found, &leads);
        }
        Ok(worst.pixels)
    }
}

impl FastAdaptiveBoundary {
    /// The nearest misjudged image met for each image, and its distance; infinite where none was met.
    fn run(&self, target: &dyn Target, batch: &Batch, start: Tensor<4>) -> Result<(Tensor<4>, Vec<f32>)> {
        let clean = &batch.pixels;
        let clean_values: Vec<f32> = clean.to_data().iter::<f32>().collect();
        let (mut nearest, mut distances) = (clean.clone(), vec![f32::INFINITY; batch.labels.len()]);
        let mut current = start;
        for _ in 0..self.iterations {
            let (leads, gradient) = wrong_leads_and_gradient(target, &current, &batch.labels)?;
            let stepped = self.step(&clean_values, &current, &leads, &gradient);
            current = of_values(stepped, clean);

            let leads = wrong_leads(target, current.clone(), &batch.labels)?;
            let fooled: Vec<bool> =
                batch.labels.iter().zip(&leads).map(|(label, lead)| is_fooled(*label, *lead)).collect();
            let sizes = Norm::LInfinity.sizes(current.clone() - clean.clone());
            let nearer: Vec<bool> = (0..fooled.len())
                .map(|image| {
                    let nearer = fooled[image] && (sizes[image] as f32) < distances[image];
                    if nearer {
                        distances[image] = sizes[image] as f32;
                    }
                    nearer
                })
                .collect();
            nearest = choose(&nearer, &current, nearest);
            let kept: Vec<f32> = fooled.iter().map(|&fooled| if fooled { self.beta as f32 } else { 1.0 }).collect();
            // Multiplying by 1 would still round: images that were not fooled stay as they are.
            let back = clean.clone() + (current.clone() - clean.clone()) * per_image(&kept, clean);
            current = choose(&fooled, &back, current);
        }
        Ok((nearest, distances))
    }

    /// One step for each image: a mean of the projections of the current and of the clean image, each
    /// overshot.
    fn step(&self, clean: &[f32], current: &Tensor<4>, leads: &[f32], gradient: &Tensor<4>) -> Vec<f32> {
        let size = clean.len() / leads.len();
        let current: Vec<f32> = current.to_data().iter::<f32>().collect();
        let gradient: Vec<f32> = gradient.to_data().iter::<f32>().collect();
        let mut output = vec![0.0; clean.len()];
        output
            .par_chunks_exact_mut(size)
            .zip(clean.par_chunks_exact(size))
            .zip(current.par_chunks_exact(size).zip(gradient.par_chunks_exact(size)))
            .zip(leads)
            .for_each(|(((output, clean), (current, gradient)), &lead)| {
                // The plane on which the linearised lead is 0: gradient . (x - current) + lead = 0.
                let between: f64 = gradient
                    .iter()
                    .zip(clean.iter().zip(current))
                    .map(|(g, (clean, current))| f64::from(*g) * (f64::from(*clean) - f64::from(*current)))
                    .sum();
                let from_current = project_to_plane(current, gradient, -f64::from(lead));
                let from_clean = project_to_plane(clean, gradient, -f64::from(lead) - between);
                let [near, far] = [&from_current, &from_clean].map(|step| largest(step).max(1e-8));
                let alpha = (near / (near + far)).min(self.alpha_max);
                for (index, output) in output.iter_mut().enumerate() {
                    let ahead = f64::from(current[index]) + self.eta * from_current[index];
                    let home = f64::from(clean[index]) + self.eta * from_clean[index];
                    *output = (ahead * (1.0 - alpha) + home * alpha).clamp(0.0, 1.0) as f32;
                }
            });
        output
    }
}

fn largest(step: &[f64]) -> f64 {
    step.iter().fold(0.0, |largest: f64, value| largest.max(value.abs()))
}

/// The step `d`, smallest in L-infinity, with `weight . d = rise` and `point + d` in `0..=1`; where there
/// is none, the step to the corner that comes nearest. Values of weight 0 stay.
fn project_to_plane(point: &[f32], weight: &[f32], rise: f64) -> Vec<f64> {
    // How far each value can go in the direction that helps.
    let up = |w: f32| (w > 0.0) == (rise > 0.0);
    let room = |index: usize| match weight[index] {
        0.0 => 0.0,
        w if up(w) => 1.0 - f64::from(point[index]),
        _ => f64::from(point[index]),
    };
    let mut order: Vec<(f64, f64)> = (0..point.len())
        .filter(|&index| weight[index] != 0.0)
        .map(|index| (room(index), f64::from(weight[index].abs())))
        .collect();
    order.sort_unstable_by(|left, right| left.0.total_cmp(&right.0));
    // With step size s, values without room for s contribute weight * room, the others weight * s.
    let mut free: f64 = order.iter().map(|(_, weight)| weight).sum();
    let mut spent = 0.0;
    let mut size = f64::INFINITY;
    for (room, weight) in order {
        if spent + free * room >= rise.abs() {
            size = (rise.abs() - spent) / free;
            break;
        }
        spent += weight * room;
        free -= weight;
    }
    (0..point.len())
        .map(|index| {
            let step = room(index).min(size).max(0.0);
            if up(weight[index]) { step } else { -step }
        })
        .collect()
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    Ok(Box::new(FastAdaptiveBoundary {
        iterations: parameters.count("iterations", 100, 100_000)?,
        restarts: parameters.count("restarts", 1, 10_000)?,
        alpha_max: parameters.number("alpha_max", 0.1, [0.0, 1.0])?,
        eta: parameters.number("eta", 1.05, [1.0, 2.0])?,
        beta: parameters.number("beta", 0.9, [0.0, 1.0])?,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{largest, project_to_plane};

    proptest! {
        /// The step reaches the plane where the box allows, stays in the box, and no shorter step would do:
        /// the largest rise within `size` is that of moving every value by `size` as far as it can.
        #[test]
        fn projections_reach_the_plane_by_the_smallest_step(
            values in prop::collection::vec((0.0f32..=1.0, -1.0f32..1.0), 1..40),
            rise in -3.0f64..3.0,
        ) {
            let (point, weight): (Vec<f32>, Vec<f32>) = values.into_iter().unzip();
            let step = project_to_plane(&point, &weight, rise);
            let dot = |step: &[f64]| step.iter().zip(&weight).map(|(d, w)| d * f64::from(*w)).sum::<f64>();
            for (point, step) in point.iter().zip(&step) {
                prop_assert!((-1e-12..=1.0 + 1e-12).contains(&(f64::from(*point) + step)));
            }
            let within = |size: f64| -> f64 {
                let most = |(point, weight): (&f32, &f32)| {
                    let towards = if (*weight > 0.0) == (rise > 0.0) { 1.0 - f64::from(*point) } else { f64::from(*point) };
                    f64::from(weight.abs()) * towards.min(size)
                };
                point.iter().zip(&weight).map(most).sum()
            };
            let reached = dot(&step).abs();
            if within(1.0) >= rise.abs() {
                prop_assert!((dot(&step) - rise).abs() < 1e-9, "{} {rise}", dot(&step));
                prop_assert!(within(largest(&step) - 1e-6) <= rise.abs() + 1e-9);
            } else {
                prop_assert!((reached - within(1.0)).abs() < 1e-9);
            }
        }
    }
}
