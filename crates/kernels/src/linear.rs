//! Dense layers.

use crate::{
    flex::{
        linear::Linear,
        linear_gelu::LinearGelu,
        operation::{accelerable, apply, apply_biased},
    },
    precision::current,
    twin,
};
use burn::tensor::Tensor;

/// `x * weight^T + bias` along the last axis: `x` is `[.., in]`, `weight` is `[out, in]`, `bias` is
/// `[out]`; returns `[.., out]`.
///
/// # Panics
/// If the shapes do not fit one another.
pub fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<D> {
    apply_biased(Linear { precision: current() }, x, weight, bias, twin::linear)
}

/// [`crate::gelu`] of [`linear`], in one pass over memory.
///
/// # Panics
/// If the shapes do not fit one another.
pub fn linear_gelu<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    let [outputs, inputs] = weight.dims();
    assert_eq!(x.dims()[D - 1], inputs, "the input's last axis and the weight's second differ");
    assert_eq!(bias.dims(), [outputs], "a bias has one value an output");
    let inputs = [x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch()];
    if accelerable(&inputs) {
        return Tensor::from_dispatch(apply(LinearGelu { precision: current() }, inputs));
    }
    let [x, weight, bias] = inputs;
    twin::linear_gelu(Tensor::from_dispatch(x), Tensor::from_dispatch(weight), Tensor::from_dispatch(bias))
}
