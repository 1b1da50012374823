//! Element-wise activations, any shape. NaN passes through.

use crate::{
    flex::{
        activation::{Activation, Elementwise, Gelu, Relu, Relu6, Sigmoid, Silu},
        operation::{accelerable, apply},
    },
    twin,
};
use burn::tensor::Tensor;

fn elementwise<A: Activation, const D: usize>(
    activation: A,
    x: Tensor<D>,
    twin: impl FnOnce(Tensor<D>) -> Tensor<D>,
) -> Tensor<D> {
    let inputs = [x.into_dispatch()];
    if accelerable(&inputs) {
        return Tensor::from_dispatch(apply(Elementwise(activation), inputs));
    }
    let [x] = inputs.map(Tensor::from_dispatch);
    twin(x)
}

/// Gaussian error linear unit `x / 2 * (1 + erf(x / sqrt(2)))`, exact form, not the tanh
/// approximation (Hendrycks and Gimpel 2016, arXiv:1606.08415).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    elementwise(Gelu, x, twin::gelu)
}

/// Sigmoid linear unit `x * sigmoid(x)`, also called swish (Elfwing et al. 2017, arXiv:1702.03118).
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    elementwise(Silu, x, twin::silu)
}

/// Rectified linear unit `max(x, 0)`; its gradient at 0 is 0.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    elementwise(Relu, x, twin::relu)
}

/// Rectified linear unit capped at six, `min(max(x, 0), 6)` (Howard et al. 2017, arXiv:1704.04861).
pub fn relu6<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    elementwise(Relu6, x, twin::relu6)
}

/// Logistic function `1 / (1 + exp(-x))`, in 0..=1.
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    elementwise(Sigmoid, x, twin::sigmoid)
}
