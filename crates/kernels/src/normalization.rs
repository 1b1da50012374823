//! Batch normalisation (Ioffe and Szegedy 2015, arXiv:1502.03167) and layer normalisation
//! (Ba et al. 2016, arXiv:1607.06450).

use crate::{
    Activation,
    flex::{
        activation::{self, Gelu, Identity, Relu, Relu6, Silu},
        batch_norm::{Normalize, Statistics},
        layer_norm::LayerNorm,
        operation::{accelerable, apply},
        scaling::Affine,
    },
    twin,
};
use burn::{backend::DispatchTensor, tensor::Tensor};

fn check_channels<const N: usize>(channels: usize, parameters: [&Tensor<1>; N]) {
    for parameter in parameters {
        assert_eq!(
            parameter.dims(),
            [channels],
            "a normalisation of {channels} channels has as many of each parameter"
        );
    }
}

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
pub fn batch_norm_train(x: Tensor<4>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> BatchNormOutput {
    batch_norm_activation_train(x, weight, bias, None, Activation::Identity, epsilon)
}

/// [`batch_norm_train`], plus a residual of the shape of `x` if there is one, then the activation, in one
/// pass over memory. The output is what comes last; mean and variance are those of `x`.
///
/// # Panics
/// If shapes differ.
pub fn batch_norm_activation_train(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    residual: Option<Tensor<4>>,
    activation: Activation,
    epsilon: f64,
) -> BatchNormOutput {
    let [_, _, _, channels] = x.dims();
    check_channels(channels, [&weight, &bias]);
    if let Some(residual) = &residual {
        assert_eq!(residual.dims(), x.dims(), "a residual has the shape of what it is added to");
    }
    let inputs = [x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()];
    let residual = residual.map(Tensor::into_dispatch);
    if !accelerable(&inputs) || residual.as_ref().is_some_and(|residual| !accelerable(std::array::from_ref(residual))) {
        let [x, weight, bias] = inputs;
        return twin::batch_norm_activation_train(
            Tensor::from_dispatch(x),
            Tensor::from_dispatch(weight),
            Tensor::from_dispatch(bias),
            residual.map(Tensor::from_dispatch),
            activation,
            epsilon,
        );
    }
    let detached = Tensor::<4>::from_dispatch(inputs[0].clone()).detach();
    let statistics = Tensor::<2>::from_dispatch(apply(Statistics, [detached.into_dispatch()])).detach();
    let [mean, variance] = [0, 1].map(|row| {
        let row = statistics.clone().narrow(0, row, 1);
        row.reshape([channels])
    });
    let statistics = statistics.into_dispatch();
    let output = match activation {
        Activation::Identity => normalize(epsilon, Identity, inputs, statistics, residual),
        Activation::Relu => normalize(epsilon, Relu, inputs, statistics, residual),
        Activation::Relu6 => normalize(epsilon, Relu6, inputs, statistics, residual),
        Activation::Silu => normalize(epsilon, Silu, inputs, statistics, residual),
        Activation::Gelu => normalize(epsilon, Gelu, inputs, statistics, residual),
    };
    BatchNormOutput { output, mean, variance }
}

fn normalize<A: activation::Activation>(
    epsilon: f64,
    activation: A,
    [x, weight, bias]: [DispatchTensor; 3],
    statistics: DispatchTensor,
    residual: Option<DispatchTensor>,
) -> Tensor<4> {
    let operation = Normalize::new(epsilon, activation);
    Tensor::from_dispatch(match residual {
        Some(residual) => apply(operation, [x, weight, bias, statistics, residual]),
        None => apply(operation, [x, weight, bias, statistics]),
    })
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
    check_channels(x.dims()[3], [&weight, &bias, &mean, &variance]);
    let inputs = [x.into_dispatch(), weight.into_dispatch()];
    let accelerable = accelerable(&inputs);
    let [x, weight] = inputs;
    let (x, weight) = (Tensor::from_dispatch(x), Tensor::from_dispatch(weight));
    if !accelerable {
        return twin::batch_norm_inference(x, weight, bias, mean, variance, epsilon);
    }
    let scale: Tensor<1> = weight * (variance + epsilon).sqrt().recip();
    let shift = bias - mean * scale.clone();
    let inputs = [x.into_dispatch(), scale.into_dispatch(), shift.into_dispatch()];
    Tensor::from_dispatch(apply(Affine, inputs))
}

/// Normalises along the last axis by its own mean and biased variance, then scales and shifts.
///
/// `x` is `[.., channel]`, `weight` and `bias` are `[channel]`.
pub fn layer_norm<const D: usize>(x: Tensor<D>, weight: Tensor<1>, bias: Tensor<1>, epsilon: f64) -> Tensor<D> {
    check_channels(x.dims()[D - 1], [&weight, &bias]);
    let inputs = [x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()];
    if accelerable(&inputs) {
        let epsilon = epsilon as f32;
        return Tensor::from_dispatch(apply(LayerNorm { epsilon }, inputs));
    }
    let [x, weight, bias] = inputs;
    twin::layer_norm(Tensor::from_dispatch(x), Tensor::from_dispatch(weight), Tensor::from_dispatch(bias), epsilon)
}
