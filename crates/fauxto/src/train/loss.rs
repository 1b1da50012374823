//! Cross entropy.

use burn::tensor::{Int, Tensor, activation};

/// Mean over the batch of `-log softmax(logits)[label]`; `logits` `[batch, class]`, `labels` `[batch]`.
#[must_use]
pub fn cross_entropy(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1> {
    let [batch, _] = logits.dims();
    activation::log_softmax(logits, 1).gather(1, labels.reshape([batch, 1])).mean().neg()
}

/// Mean over the batch of `-sum_class shares[class] log softmax(logits)[class]`: the cross entropy of images
/// that are partly of each class. `logits` and `shares` `[batch, class]`, each image's shares summing to 1.
#[must_use]
pub fn soft_cross_entropy(logits: Tensor<2>, shares: Tensor<2>) -> Tensor<1> {
    (activation::log_softmax(logits, 1) * shares).sum_dim(1).mean().neg()
}

/// `shares` `[batch, class]` with the share `smoothing` of each spread evenly over all classes (Szegedy et al. 2016,
/// arXiv 1512.00567).
#[must_use]
pub fn smooth(shares: Tensor<2>, smoothing: f64) -> Tensor<2> {
    let [_, classes] = shares.dims();
    shares * (1.0 - smoothing) + smoothing / classes as f64
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn tensor(values: [[f32; 2]; 2]) -> Tensor<2> {
        Tensor::from_data(TensorData::from(values), &Device::flex())
    }

    fn scalar(loss: Tensor<1>) -> f64 {
        f64::from(loss.into_scalar::<f32>())
    }

    #[test]
    fn whole_labels_give_the_plain_loss_and_parts_give_parts_of_it() {
        let logits = tensor([[1.5, -0.25], [0.5, 2.0]]);
        let plain = |labels: [i64; 2]| {
            let labels = Tensor::<1, Int>::from_data(TensorData::from(labels), &Device::flex());
            scalar(cross_entropy(logits.clone(), labels))
        };
        let soft = |shares| scalar(soft_cross_entropy(logits.clone(), tensor(shares)));
        assert!((soft([[1.0, 0.0], [0.0, 1.0]]) - plain([0, 1])).abs() < 1e-7);
        let smoothed: Vec<f32> = smooth(tensor([[1.0, 0.0], [0.0, 1.0]]), 0.1).into_data().iter().collect();
        assert!(smoothed.iter().zip([0.95, 0.05, 0.05, 0.95]).all(|(a, b)| (a - b).abs() < 1e-7));
        // The loss is linear in the labels.
        let expected = 0.7 * plain([0, 1]) + 0.3 * plain([1, 0]);
        assert!((soft([[0.7, 0.3], [0.3, 0.7]]) - expected).abs() < 1e-6);
    }
}
