//! Grad-CAM (Selvaraju et al. 2017, "Grad-CAM: Visual Explanations from Deep Networks via
//! Gradient-based Localization", arXiv 1610.02391). Reference code: pytorch-grad-cam, `grad_cam.py`.
//!
//! `ReLU(sum_k a_k A_k)` (equation 2), where `A_k` is channel `k` of a feature map and `a_k` the mean
//! over its cells of the gradient of the class's evidence (equation 1). Bilinearly enlarged; values in
//! log-odds of the class, up to the cells' count, and not stretched to `0..=1` as the reference code
//! does: a map without evidence stays empty.
//!
//! The mean forgets where a gradient was, so evidence can light up in cells that did not decide;
//! HiResCAM does not do that.

use super::{Case, Explainer, ExplainerEntry, Map, activation};
use crate::Result;
use crate::model::Frozen;

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "grad_cam",
    summary: "channels of a feature map weighted by their mean gradient",
    source: "Selvaraju et al. 2017, arXiv 1610.02391; pytorch-grad-cam",
    parameters: &[activation::LEAST_SIDE],
    build: |parameters| Box::new(GradCam { least_side: parameters.whole("least_side") }),
};

#[derive(Debug)]
struct GradCam {
    least_side: usize,
}

impl Explainer for GradCam {
    fn maps(&self, frozen: &Frozen, cases: &[Case], _: u64) -> Result<Vec<Map>> {
        activation::explain(frozen, cases, self.least_side, |features, gradients| {
            let weights = gradients.mean_dims(&[1, 2]);
            (features * weights).sum_dim(3)
        })
    }
}
