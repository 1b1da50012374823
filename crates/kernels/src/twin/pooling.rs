//! Pooling as means over axes.

use burn::tensor::Tensor;

/// Twin of [`crate::global_average_pool`].
pub fn global_average_pool(x: Tensor<4>) -> Tensor<2> {
    let [batch, height, width, channels] = x.dims();
    x.reshape([batch, height * width, channels]).mean_dim(1).reshape([batch, channels])
}
