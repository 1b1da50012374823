//! Weights as a program holds them.

use crate::flex::array::Array;
use burn::tensor::Tensor;
use std::borrow::Cow;

/// Weight and bias of a dense or depthwise convolution, or of a dense layer, and what its outputs are multiplied by.
///
/// The values are those of the tensor itself, not a copy of them: a network's weights are most of its memory.
#[derive(Debug, Clone)]
pub struct Weights {
    /// `[out, in, kernel_height, kernel_width]`; `in` is 1 for a depthwise convolution, and both kernel
    /// sides are 1 for a dense layer.
    pub(super) shape: [usize; 4],
    /// Row-major.
    pub(super) weight: Array,
    /// One factor an output; applied when the weight is packed.
    pub(super) scale: Option<Vec<f32>>,
    /// One an output.
    pub(super) bias: Vec<f32>,
}

impl Weights {
    /// Those of a convolution, `[out, in, kernel_height, kernel_width]`, or a depthwise one, where `in` is 1.
    ///
    /// # Panics
    /// If the bias has not one value an output.
    #[must_use]
    pub fn convolution(weight: Tensor<4>, bias: Vec<f32>) -> Self {
        let shape = weight.dims();
        assert_eq!(bias.len(), shape[0], "a bias has one value an output");
        Self { shape, weight: Array::of(weight), scale: None, bias }
    }

    /// Those of a dense layer, `[out, in]`.
    ///
    /// # Panics
    /// As for [`Weights::convolution`].
    #[must_use]
    pub fn dense(weight: Tensor<2>, bias: Vec<f32>) -> Self {
        let [outputs, inputs] = weight.dims();
        assert_eq!(bias.len(), outputs, "a bias has one value an output");
        Self { shape: [outputs, inputs, 1, 1], weight: Array::of(weight), scale: None, bias }
    }

    /// The layer followed by `y * scale + shift` for each output.
    ///
    /// # Panics
    /// If there is not one of each an output.
    #[must_use]
    pub fn affine(mut self, scale: &[f32], shift: &[f32]) -> Self {
        assert!(scale.len() == self.shape[0] && shift.len() == scale.len(), "one scale and shift an output");
        for ((bias, scale), shift) in self.bias.iter_mut().zip(scale).zip(shift) {
            *bias = *bias * scale + shift;
        }
        self.scale = Some(match self.scale {
            None => scale.to_vec(),
            Some(before) => before.iter().zip(scale).map(|(before, scale)| before * scale).collect(),
        });
        self
    }

    /// The weight, each output's multiplied by its factor.
    pub(super) fn folded(&self) -> Cow<'_, [f32]> {
        let weight = self.weight.values();
        let Some(scale) = &self.scale else { return Cow::Borrowed(weight) };
        let size = weight.len() / scale.len();
        Cow::Owned(
            weight.chunks_exact(size).zip(scale).flat_map(|(own, scale)| own.iter().map(move |w| w * scale)).collect(),
        )
    }
}
