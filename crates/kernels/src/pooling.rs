//! Pooling.

use crate::twin;
use burn::tensor::Tensor;

/// Mean over height and width: `[batch, height, width, channel]` to `[batch, channel]`.
pub fn global_average_pool(x: Tensor<4>) -> Tensor<2> {
    twin::global_average_pool(x)
}
