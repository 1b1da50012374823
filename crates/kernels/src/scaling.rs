//! Products of activations with per-channel factors.

use crate::twin;
use burn::tensor::Tensor;

/// Scales every channel of every image: `x` is `[batch, height, width, channel]`, `scale` is
/// `[batch, 1, 1, channel]` (the excitation of Hu et al. 2018, arXiv:1709.01507).
pub fn scale_channels(x: Tensor<4>, scale: Tensor<4>) -> Tensor<4> {
    twin::scale_channels(x, scale)
}

/// `residual + branch * scale` with `scale` of shape `[channel]` along the last axis (the layer
/// scale of Touvron et al. 2021, arXiv:2103.17239).
pub fn scale_residual<const D: usize>(
    residual: Tensor<D>,
    branch: Tensor<D>,
    scale: Tensor<1>,
) -> Tensor<D> {
    twin::scale_residual(residual, branch, scale)
}
