//! Squeeze-and-excitation out of its parts.

use super::{activate, global_average_pool, linear, scale_channels, sigmoid};
use crate::Activation;
use burn::tensor::Tensor;

/// Twin of [`crate::squeeze_excite`].
pub fn squeeze_excite<const W: usize>(
    x: Tensor<4>,
    (squeeze, squeeze_bias): (Tensor<W>, Tensor<1>),
    activation: Activation,
    (expand, expand_bias): (Tensor<W>, Tensor<1>),
) -> Tensor<4> {
    let ([batch, _, _, channels], [reduced]) = (x.dims(), squeeze_bias.dims());
    let mean = global_average_pool(x.clone());
    let hidden = linear(mean, squeeze.reshape([reduced, channels]), Some(squeeze_bias));
    let scale = linear(activate(hidden, activation), expand.reshape([channels, reduced]), Some(expand_bias));
    scale_channels(x, sigmoid(scale).reshape([batch, 1, 1, channels]))
}
