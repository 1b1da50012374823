//! Channel scalings as broadcast products.

use burn::tensor::Tensor;

/// Twin of [`crate::scale_channels`].
pub fn scale_channels(x: Tensor<4>, scale: Tensor<4>) -> Tensor<4> {
    x * scale
}

/// Twin of [`crate::scale_residual`].
pub fn scale_residual<const D: usize>(residual: Tensor<D>, branch: Tensor<D>, scale: Tensor<1>) -> Tensor<D> {
    residual + branch * scale.unsqueeze()
}
