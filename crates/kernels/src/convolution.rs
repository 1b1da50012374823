//! Two-dimensional convolutions (cross-correlations, as in PyTorch), square stride and zero padding.

use crate::{
    flex::{convolution::Conv2d, depthwise::DepthwiseConv2d, operation::apply_biased},
    precision::current,
    twin,
};
use burn::tensor::Tensor;

/// Dense convolution.
///
/// `x` is `[batch, height, width, in]`, `weight` is `[out, in, kernel_height, kernel_width]`,
/// `bias` is `[out]`; returns `[batch, out_height, out_width, out]` with
/// `out_height = (height + 2 * padding - kernel_height) / stride + 1`.
///
/// # Panics
/// If the shapes do not fit one another, or the padded image is smaller than the kernel.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Option<Tensor<1>>, stride: usize, padding: usize) -> Tensor<4> {
    let operation = Conv2d { stride, padding, precision: current() };
    apply_biased(operation, x, weight, bias, |x, weight, bias| twin::conv2d(x, weight, bias, stride, padding))
}

/// Convolution of every channel with its own kernel.
///
/// `x` is `[batch, height, width, channel]`, `weight` is `[channel, 1, kernel_height, kernel_width]`,
/// `bias` is `[channel]`; returns `[batch, out_height, out_width, channel]`.
///
/// # Panics
/// If the shapes do not fit one another, or the padded image is smaller than the kernel.
pub fn depthwise_conv2d(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    stride: usize,
    padding: usize,
) -> Tensor<4> {
    let operation = DepthwiseConv2d { stride, padding };
    apply_biased(operation, x, weight, bias, |x, weight, bias| twin::depthwise_conv2d(x, weight, bias, stride, padding))
}
