//! Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) and layer normalisation
//! (Ba et al. 2016, arXiv:1607.06450).

use crate::twin;
use burn::tensor::Tensor;

/// What [`batch_norm_train`] returns.
#[derive(Debug, Clone)]
pub struct BatchNormOutput {
    /// The normalised, scaled and shifted activations, `[batch, height, width, channel]`.
    pub output: Tensor<4>,
    /// Mean of each channel over the batch, `[channel]`, detached.
    pub mean: Tensor<1>,
    /// Biased variance of each channel over the batch (divided by the count, not the count minus
    /// one), `[channel]`, detached.
    pub variance: Tensor<1>,
}

/// Normalises every channel by its mean and variance over this batch.
///
/// `x` is `[batch, height, width, channel]`, `weight` and `bias` are `[channel]`. Gradients account
/// for the statistics' dependence on `x`.
pub fn batch_norm_train(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
) -> BatchNormOutput {
    twin::batch_norm_train(x, weight, bias, epsilon)
}

/// Normalises every channel by given statistics:
/// `(x - mean) / sqrt(variance + epsilon) * weight + bias`.
///
/// `x` is `[batch, height, width, channel]`, the others are `[channel]`.
pub fn batch_norm_inference(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f64,
) -> Tensor<4> {
    twin::batch_norm_inference(x, weight, bias, mean, variance, epsilon)
}

/// Normalises along the last axis by its own mean and biased variance, then scales and shifts.
///
/// `x` is `[.., channel]`, `weight` and `bias` are `[channel]`.
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    epsilon: f64,
) -> Tensor<D> {
    twin::layer_norm(x, weight, bias, epsilon)
}
