//! One AdamW update (Loshchilov and Hutter 2019, arXiv:1711.05101), with PyTorch's conventions.

use crate::{
    flex::{self, array::Array, operation::accelerable},
    twin,
};
use burn::{
    backend::{BackendTensor, DispatchTensorKind, Flex},
    tensor::Tensor,
};

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
    let inputs = [parameter, gradient, first_moment, second_moment].map(Tensor::into_dispatch);
    if accelerable(&inputs)
        && inputs.iter().all(|input| matches!(input.kind, DispatchTensorKind::Flex(BackendTensor::Float(_))))
    {
        let arrays = inputs.map(|input| {
            let tensor = Tensor::<D>::from_dispatch(input);
            Array::new(tensor.try_into_primitive::<Flex>().expect("checked above"))
        });
        let [parameter, first_moment, second_moment] =
            flex::adamw::adamw(arrays, step).map(|array| Tensor::from_primitive::<Flex>(array.into_tensor()));
        return (parameter, first_moment, second_moment);
    }
    let [parameter, gradient, first_moment, second_moment] = inputs.map(Tensor::from_dispatch);
    twin::adamw(parameter, gradient, first_moment, second_moment, step)
}
