//! Dense layers.

use crate::{
    flex::{linear::Linear, operation::apply_biased},
    twin,
};
use burn::tensor::Tensor;

/// `x * weight^T + bias` along the last axis: `x` is `[.., in]`, `weight` is `[out, in]`, `bias` is
/// `[out]`; returns `[.., out]`.
///
/// # Panics
/// If the shapes do not fit one another.
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    apply_biased(Linear, x, weight, bias, twin::linear)
}
