//! Pooling.

use crate::{
    flex::{
        operation::{accelerable, apply},
        scaling::GlobalAveragePool,
    },
    twin,
};
use burn::tensor::Tensor;

/// Mean over height and width: `[batch, height, width, channel]` to `[batch, channel]`.
pub fn global_average_pool(x: Tensor<4>) -> Tensor<2> {
    let inputs = [x.into_dispatch()];
    if accelerable(&inputs) {
        return Tensor::from_dispatch(apply(GlobalAveragePool, inputs));
    }
    let [x] = inputs.map(Tensor::from_dispatch);
    twin::global_average_pool(x)
}
