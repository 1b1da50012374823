//! Convolutions through Burn's channels-first module operations.

use burn::tensor::{Tensor, module, ops::ConvOptions};

use super::precision::multiply;

/// Twin of [`crate::conv2d`].
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, stride: usize, padding: usize) -> Tensor<4> {
    grouped(x, weight, bias, stride, padding, 1)
}

/// Twin of [`crate::depthwise_conv2d`].
pub fn depthwise_conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    let channels = weight.dims()[0];
    grouped(x, weight, bias, stride, padding, channels)
}

fn grouped(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
    groups: usize,
) -> Tensor<4> {
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], groups);
    multiply(x, weight, bias, |x, weight, bias| {
        module::conv2d(x.permute([0, 3, 1, 2]), weight, bias, options).permute([0, 2, 3, 1])
    })
}
