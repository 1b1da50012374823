//! HiResCAM (Draelos & Carin 2020, "Use HiResCAM instead of Grad-CAM for faithful explanations of
//! convolutional neural networks", arXiv 2011.08891). Reference code: pytorch-grad-cam, `hirescam.py`.
//!
//! `ReLU(sum_k G_k * A_k)`: gradient times feature map, cell by cell, without Grad-CAM's mean. For a
//! network that ends in pooling and a linear layer, the sum over the last map's cells before the ReLU
//! is the evidence itself, up to the bias; there Grad-CAM and HiResCAM are the same map. ConvNeXt
//! normalises after pooling, which makes that sum 0: its last map only says which cells speak for the
//! class more than others.

use super::{Case, Explainer, ExplainerEntry, Map, activation};
use crate::Result;
use crate::model::Frozen;

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "hires_cam",
    summary: "a feature map times its gradient, cell by cell",
    source: "Draelos & Carin 2020, arXiv 2011.08891; pytorch-grad-cam",
    parameters: &[activation::LEAST_SIDE],
    build: |parameters| Box::new(HiResCam { least_side: parameters.whole("least_side") }),
};

#[derive(Debug)]
struct HiResCam {
    least_side: usize,
}

impl Explainer for HiResCam {
    fn maps(&self, frozen: &Frozen, cases: &[Case], _: u64) -> Result<Vec<Map>> {
        activation::explain(frozen, cases, self.least_side, |features, gradients| (features * gradients).sum_dim(3))
    }
}
