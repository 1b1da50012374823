//! Integrated gradients (Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks", arXiv
//! 1703.01365). Reference code: Captum, `integrated_gradients.py` with its default method
//! `gausslegendre` and 50 steps.
//!
//! `(x - b)` times the mean gradient along the straight path from a baseline `b` to the image `x`
//! (equation 1), summed over colours. The values sum to the evidence of the image less that of the
//! baseline (completeness), up to the quadrature's error. The path runs through pixels in `0..=1`; the
//! baseline is black unless `baseline` says which grey.
//!
//! A pixel as dark as the baseline gets nothing, whatever it means to the detector.

use std::f64::consts::PI;

use burn::tensor::Tensor;

use super::evidence::{pixel_gradient, rows_at_once, tensor};
use super::{Case, Explainer, ExplainerEntry, Map, MapKind, ParameterEntry};
use crate::Result;
use crate::model::Frozen;

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "integrated_gradients",
    summary: "pixels times their mean gradient on the way from a baseline",
    source: "Sundararajan et al. 2017, arXiv 1703.01365; Captum",
    parameters: &[
        ParameterEntry {
            name: "steps",
            summary: "points of the Gauss-Legendre quadrature",
            default: 50.0,
            range: (1.0, 10_000.0),
            whole: true,
        },
        ParameterEntry {
            name: "baseline",
            summary: "grey from which the path starts: 0 is black, 1 white",
            default: 0.0,
            range: (0.0, 1.0),
            whole: false,
        },
    ],
    build: |parameters| {
        Box::new(IntegratedGradients {
            steps: parameters.whole("steps"),
            baseline: parameters.number("baseline") as f32,
        })
    },
};

#[derive(Debug)]
struct IntegratedGradients {
    steps: usize,
    baseline: f32,
}

impl Explainer for IntegratedGradients {
    fn maps(&self, frozen: &Frozen, cases: &[Case], _: u64) -> Result<Vec<Map>> {
        let quadrature = gauss_legendre(self.steps);
        Ok(cases.iter().map(|case| self.map(frozen, case, &quadrature)).collect())
    }
}

impl IntegratedGradients {
    fn map(&self, frozen: &Frozen, case: &Case, quadrature: &[Node]) -> Map {
        let pixels = tensor([&case.image], frozen.detector().device());
        let difference = pixels - self.baseline;
        let mut sum: Option<Tensor<4>> = None;
        for nodes in quadrature.chunks(rows_at_once(&case.image, true)) {
            let points = nodes.iter().map(|node| difference.clone() * node.at + self.baseline).collect();
            let gradients = pixel_gradient(frozen, Tensor::cat(points, 0), &vec![case.class; nodes.len()]);
            for (row, node) in nodes.iter().enumerate() {
                let weighted = gradients.clone().narrow(0, row, 1) * node.weight;
                sum = Some(match sum {
                    Some(sum) => sum + weighted,
                    None => weighted,
                });
            }
        }
        let values = sum.map_or_else(Vec::new, |sum| (sum * difference).sum_dim(3).into_data().iter::<f32>().collect());
        Map { width: case.image.width, height: case.image.height, kind: MapKind::Signed, values }
    }
}

/// One point of a quadrature on `0..=1`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Where the function is taken.
    pub at: f64,
    /// What it counts; the weights sum to 1.
    pub weight: f64,
}

/// Gauss-Legendre quadrature with `steps` points on `0..=1`, in ascending order: exact for polynomials
/// of degree `2 * steps - 1`. The points are the Legendre polynomial's roots, found by Newton's method
/// from Tricomi's approximation (NIST Handbook of Mathematical Functions, sections 3.5(v), 18.16(iii)).
#[must_use]
pub fn gauss_legendre(steps: usize) -> Vec<Node> {
    let n = steps as f64;
    let node = |index: usize| {
        let mut x = (PI * (index as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            // Bonnet's recursion: values of the polynomials of the last two degrees.
            let (mut value, mut before) = (1.0, 0.0);
            for degree in 1..=steps {
                let d = degree as f64;
                (value, before) = (((2.0 * d - 1.0) * x * value - (d - 1.0) * before) / d, value);
            }
            slope = n * (x * value - before) / (x * x - 1.0);
            let step = value / slope;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        Node { at: (1.0 - x) / 2.0, weight: 1.0 / ((1.0 - x * x) * slope * slope) }
    };
    (0..steps).map(node).collect()
}

#[cfg(test)]
mod tests {
    use super::gauss_legendre;

    #[test]
    fn the_quadrature_is_exact_for_polynomials_of_its_degree() {
        for steps in [1, 2, 3, 10, 50] {
            let nodes = gauss_legendre(steps);
            assert!(nodes.windows(2).all(|pair| pair[0].at < pair[1].at), "{nodes:?}");
            for degree in 0..2 * steps as i32 {
                let integral: f64 = nodes.iter().map(|node| node.weight * node.at.powi(degree)).sum();
                let exact = 1.0 / (f64::from(degree) + 1.0);
                assert!((integral - exact).abs() < 1e-13, "{steps} {degree}: {integral} {exact}");
            }
        }
    }
}
