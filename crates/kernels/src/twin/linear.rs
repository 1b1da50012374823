//! A dense layer through Burn's module operation.

use burn::tensor::{Tensor, module};

use super::precision::multiply;

/// Twin of [`crate::linear`].
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    multiply(x, weight, bias, |x, weight, bias| module::linear(x, weight.transpose(), bias))
}

/// Twin of [`crate::linear_gelu`].
pub fn linear_gelu<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    super::gelu(linear(x, weight, Some(bias)))
}
