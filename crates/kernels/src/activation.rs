//! Element-wise activations, any shape. NaN passes through.

use crate::{
    flex::{
        activation::{self, Elementwise, Gelu, Kind, Relu, Relu6, Sigmoid, Silu},
        operation::{accelerable, apply},
    },
    twin,
};
use burn::tensor::Tensor;

/// What follows a layer, element by element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    Identity,
    /// [`relu`]
    Relu,
    /// [`relu6`]
    Relu6,
    /// [`silu`]
    Silu,
    /// [`gelu`]
    Gelu,
}

impl Activation {
    /// Applies it to `x` of any shape.
    pub fn forward<const D: usize>(self, x: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Identity => x,
            Self::Relu => relu(x),
            Self::Relu6 => relu6(x),
            Self::Silu => silu(x),
            Self::Gelu => gelu(x),
        }
    }

    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            Self::Identity => None,
            Self::Relu => Some(Kind::Relu),
            Self::Relu6 => Some(Kind::Relu6),
            Self::Silu => Some(Kind::Silu),
            Self::Gelu => Some(Kind::Gelu),
        }
    }
}

fn elementwise<A: activation::Activation, const D: usize>(
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
