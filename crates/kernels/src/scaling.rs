//! Products of activations with per-channel factors.

use crate::{
    flex::{
        operation::{accelerable, apply},
        scaling::{ScaleChannels, ScaleResidual},
    },
    twin,
};
use burn::tensor::Tensor;

/// Scales every channel of every image: `x` is `[batch, height, width, channel]`, `scale` is
/// `[batch, 1, 1, channel]` (the excitation of Hu et al. 2018, arXiv:1709.01507).
///
/// # Panics
/// If the shapes differ from these.
pub fn scale_channels(x: Tensor<4>, scale: Tensor<4>) -> Tensor<4> {
    let [batch, _, _, channels] = x.dims();
    assert_eq!(scale.dims(), [batch, 1, 1, channels], "the scale's shape must be [batch, 1, 1, channel]");
    let inputs = [x.into_dispatch(), scale.into_dispatch()];
    if accelerable(&inputs) {
        return Tensor::from_dispatch(apply(ScaleChannels, inputs));
    }
    let [x, scale] = inputs.map(Tensor::from_dispatch);
    twin::scale_channels(x, scale)
}

/// `residual + branch * scale` with `scale` of shape `[channel]` along the last axis (the layer
/// scale of Touvron et al. 2021, arXiv:2103.17239).
///
/// # Panics
/// If the shapes do not fit one another.
pub fn scale_residual<const D: usize>(residual: Tensor<D>, branch: Tensor<D>, scale: Tensor<1>) -> Tensor<D> {
    assert_eq!(residual.dims(), branch.dims(), "residual and branch differ in shape");
    assert_eq!(scale.dims(), [branch.dims()[D - 1]], "one scale per channel");
    let inputs = [residual.into_dispatch(), branch.into_dispatch(), scale.into_dispatch()];
    if accelerable(&inputs) {
        return Tensor::from_dispatch(apply(ScaleResidual, inputs));
    }
    let [residual, branch, scale] = inputs;
    twin::scale_residual(Tensor::from_dispatch(residual), Tensor::from_dispatch(branch), Tensor::from_dispatch(scale))
}
