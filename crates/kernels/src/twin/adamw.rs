//! AdamW in tensor operations.

use crate::AdamWStep;
use burn::tensor::Tensor;

/// Twin of [`crate::adamw`].
pub fn adamw<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first_moment: Tensor<D>,
    second_moment: Tensor<D>,
    step: &AdamWStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let first_moment = first_moment * step.beta_1 + gradient.clone() * (1.0 - step.beta_1);
    let second_moment = second_moment * step.beta_2 + (gradient.clone() * gradient) * (1.0 - step.beta_2);
    let denominator = second_moment.clone().sqrt() / step.second_moment_correction().sqrt() + step.epsilon;
    let step_size = step.learning_rate / step.first_moment_correction();
    let parameter =
        parameter * (1.0 - step.learning_rate * step.weight_decay) - first_moment.clone() / denominator * step_size;
    (parameter, first_moment, second_moment)
}
