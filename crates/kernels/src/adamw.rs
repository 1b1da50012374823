//! One AdamW update (Loshchilov and Hutter 2019, arXiv:1711.05101), with PyTorch's conventions.

use crate::twin;
use burn::tensor::Tensor;

/// The numbers of one AdamW update.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// Step size of this update.
    pub learning_rate: f64,
    /// Decay of the first moment, in 0..1.
    pub beta_1: f64,
    /// Decay of the second moment, in 0..1.
    pub beta_2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
    /// Decoupled weight decay: the parameter is first multiplied by `1 - learning_rate * weight_decay`.
    pub weight_decay: f64,
    /// Number of this update, from 1.
    pub step: u64,
}

impl AdamWStep {
    /// `1 - beta_1^step`.
    pub(crate) fn first_moment_correction(&self) -> f64 {
        1.0 - self.beta_1.powf(self.step as f64)
    }

    /// `1 - beta_2^step`.
    pub(crate) fn second_moment_correction(&self) -> f64 {
        1.0 - self.beta_2.powf(self.step as f64)
    }
}

/// Applies one AdamW update and returns parameter, first moment and second moment, all of the
/// shape of `parameter`. Storage that nobody else holds is updated in place.
///
/// Not differentiable: pass tensors of the inner (not autodiff) device.
pub fn adamw<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    first_moment: Tensor<D>,
    second_moment: Tensor<D>,
    step: &AdamWStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    twin::adamw(parameter, gradient, first_moment, second_moment, step)
}
