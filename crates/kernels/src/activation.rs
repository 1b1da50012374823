//! Element-wise activations, any shape. NaN passes through.

use crate::twin;
use burn::tensor::Tensor;

/// Gaussian error linear unit `x / 2 * (1 + erf(x / sqrt(2)))`, exact form, not the tanh
/// approximation (Hendrycks and Gimpel 2016, arXiv:1606.08415).
pub fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    twin::gelu(x)
}

/// Sigmoid linear unit `x * sigmoid(x)`, also called swish (Elfwing et al. 2017, arXiv:1702.03118).
pub fn silu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    twin::silu(x)
}

/// Rectified linear unit `max(x, 0)`; its gradient at 0 is 0.
pub fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    twin::relu(x)
}

/// Rectified linear unit capped at six, `min(max(x, 0), 6)` (Howard et al. 2017, arXiv:1704.04861).
pub fn relu6<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    twin::relu6(x)
}

/// Logistic function `1 / (1 + exp(-x))`, in 0..=1.
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    twin::sigmoid(x)
}
