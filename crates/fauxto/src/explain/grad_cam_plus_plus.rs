//! Grad-CAM++ (Chattopadhay et al. 2018, "Grad-CAM++: Improved Visual Explanations for Deep
//! Convolutional Networks", arXiv 1710.11063). Reference code: pytorch-grad-cam,
//! `grad_cam_plusplus.py`.
//!
//! As Grad-CAM, with channel weights `sum_ij alpha_ij ReLU(g_ij)` (equation 7) and
//! `alpha_ij = g_ij^2 / (2 g_ij^2 + S g_ij^3)` (equation 19), where `g` is the gradient and `S` the sum
//! of the channel over its cells. The paper's score is an exponential, whose factor in equation 7 is the
//! same for all channels and left out here as in the reference code; its 1e-6 keeps the quotient finite.

use super::{Case, Explainer, ExplainerEntry, Map, activation};
use crate::Result;
use crate::model::Frozen;

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "grad_cam_plus_plus",
    summary: "channels of a feature map weighted by their positive gradients, several occurrences alike",
    source: "Chattopadhay et al. 2018, arXiv 1710.11063; pytorch-grad-cam",
    parameters: &[activation::LEAST_SIDE],
    build: |parameters| Box::new(GradCamPlusPlus { least_side: parameters.whole("least_side") }),
};

const EPSILON: f64 = 1e-6;

#[derive(Debug)]
struct GradCamPlusPlus {
    least_side: usize,
}

impl Explainer for GradCamPlusPlus {
    fn maps(&self, frozen: &Frozen, cases: &[Case], _: u64) -> Result<Vec<Map>> {
        activation::explain(frozen, cases, self.least_side, |features, gradients| {
            let square = gradients.clone() * gradients.clone();
            let cube = square.clone() * gradients.clone();
            let sums = features.clone().sum_dims(&[1, 2]);
            let alpha = square.clone() / (square * 2.0 + sums * cube + EPSILON);
            let weights = (alpha * gradients.clamp_min(0.0)).sum_dims(&[1, 2]);
            (features * weights).sum_dim(3)
        })
    }
}
