//! Cross entropy.

use burn::tensor::{Int, Tensor, activation};

/// Mean over the batch of `-log softmax(logits)[label]`; `logits` `[batch, class]`, `labels` `[batch]`.
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    activation::log_softmax(logits, 1).gather(1, labels.reshape([batch, 1])).mean().neg()
}
