//! The kernels' view of a tensor: contiguous `f32` values and a shape.

use super::memory::Buffer;
use burn::{
    backend::{
        DispatchTensorKind, TensorMetadata,
        flex::{FlexTensor, Layout},
    },
    tensor::{DType, Shape, Tensor},
};

#[allow(unreachable_patterns)] // Which other kinds exist depends on Burn's features.
fn flex_tensor(kind: DispatchTensorKind) -> Option<FlexTensor> {
    match kind {
        DispatchTensorKind::Flex(tensor) => Some(tensor.float()),
        _ => None,
    }
}

/// A contiguous `f32` tensor of the Flex device. Cloning shares the values.
#[derive(Debug, Clone)]
pub(crate) struct Array(FlexTensor);

impl Array {
    /// Takes a tensor, copying it where it is a strided view.
    ///
    /// # Panics
    /// If the element type is not `f32`.
    pub(crate) fn new(tensor: FlexTensor) -> Self {
        assert_eq!(tensor.dtype(), DType::F32, "kernels compute in f32");
        if tensor.is_contiguous() { Self(tensor) } else { Self(tensor.to_contiguous()) }
    }

    /// The values of a tensor of any device, shared with it where it is an `f32` tensor of the Flex device.
    pub(crate) fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        let shape = tensor.shape();
        match flex_tensor(tensor.clone().without_autodiff().into_dispatch().kind) {
            Some(tensor) if tensor.dtype() == DType::F32 => Self::new(tensor),
            _ => Self::build(shape, |values| {
                values.iter_mut().zip(tensor.into_data().iter::<f32>()).for_each(|(to, from)| *to = from);
            }),
        }
    }

    /// A new tensor from a function that writes every value; before, they are unspecified.
    pub(crate) fn build(shape: impl Into<Shape>, fill: impl FnOnce(&mut [f32])) -> Self {
        let shape = shape.into();
        let mut buffer = Buffer::new(shape.num_elements());
        fill(buffer.values_mut());
        Self(FlexTensor::new(buffer.into_bytes(), Layout::contiguous(shape), DType::F32))
    }

    pub(crate) fn values(&self) -> &[f32] {
        self.0.as_slice().expect("an Array is contiguous and of element type f32")
    }

    /// Applies `in_place` to the values where nobody else holds them; otherwise builds a new tensor
    /// of the same shape from them with `copy(source, destination)`.
    pub(crate) fn update(mut self, in_place: impl FnOnce(&mut [f32]), copy: impl FnOnce(&[f32], &mut [f32])) -> Self {
        let offset = self.0.layout().start_offset();
        let length = self.0.layout().num_elements();
        if let Some(values) = self.0.try_storage_mut::<f32>() {
            in_place(&mut values[offset..offset + length]);
            return self;
        }
        Self::build(self.shape(), |destination| copy(self.values(), destination))
    }

    /// The same values, held by nobody else; a copy if somebody does.
    pub(crate) fn into_unique(self) -> Self {
        self.update(|_| (), |source, copy| copy.copy_from_slice(source))
    }

    /// The values, to be changed.
    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        let offset = self.0.layout().start_offset();
        let length = self.0.layout().num_elements();
        &mut self.0.storage_mut::<f32>()[offset..offset + length]
    }

    pub(crate) fn shape(&self) -> Shape {
        self.0.shape()
    }

    /// The dimensions.
    ///
    /// # Panics
    /// If there are not `D` of them.
    pub(crate) fn dims<const D: usize>(&self) -> [usize; D] {
        self.0.shape().dims()
    }

    /// Length of the last axis.
    pub(crate) fn last_dim(&self) -> usize {
        *self.0.layout().shape().iter().next_back().unwrap_or(&1)
    }

    pub(crate) fn into_tensor(self) -> FlexTensor {
        self.0
    }
}
