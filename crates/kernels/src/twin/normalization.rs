//! Normalisations written out from their definitions.

use super::activation;
use crate::{Activation, BatchNormOutput};
use burn::tensor::Tensor;

/// Twin of [`crate::batch_norm_train`].
pub fn batch_norm_train(x: Tensor<4>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> BatchNormOutput {
    let dims = x.dims();
    let channels = dims[3];
    let rows = x.reshape([-1, channels as i32]);
    let mean = rows.clone().mean_dim(0);
    let centred = rows - mean.clone();
    let variance = centred.clone().square().mean_dim(0);
    let scale = (variance.clone() + epsilon).sqrt().recip() * weight.unsqueeze();
    let output = centred * scale + bias.unsqueeze();
    BatchNormOutput {
        output: output.reshape(dims),
        mean: mean.reshape([channels]).detach(),
        variance: variance.reshape([channels]).detach(),
    }
}

/// Twin of [`crate::batch_norm_activation_train`].
pub fn batch_norm_activation_train(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    activation: Activation,
    epsilon: f64,
) -> BatchNormOutput {
    let normalised = batch_norm_train(x, weight, bias, epsilon);
    let output = match residual {
        Some(residual) => normalised.output.clone() + residual,
        None => normalised.output.clone(),
    };
    BatchNormOutput { output: activation::activate(output, activation), ..normalised }
}

/// Twin of [`crate::batch_norm_inference`].
pub fn batch_norm_inference(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    mean: Tensor<1>,
    variance: Tensor<1>,
    epsilon: f64,
) -> Tensor<4> {
    let scale = weight * (variance + epsilon).sqrt().recip();
    let shift = bias - mean * scale.clone();
    x * scale.unsqueeze() + shift.unsqueeze()
}

/// Twin of [`crate::layer_norm`].
pub fn layer_norm<const D: usize>(x: Tensor<D>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<D> {
    let centred = x.clone() - x.mean_dim(D - 1);
    let variance = centred.clone().square().mean_dim(D - 1);
    let normalised = centred * (variance + epsilon).sqrt().recip();
    normalised * weight.unsqueeze() + bias.unsqueeze()
}
