//! A dense layer and the Gaussian error linear unit after it: `Z = X W^T + b`, `Y = gelu(Z)`.
//!
//! The activation is applied to a block of `Z` while it is in cache, and its derivative to the output's
//! gradient in the pass that sums the bias' gradient. In the MLP of a transformer or of ConvNeXt `Z` is the
//! largest activation of the block: this saves reading it once forward, and its gradient once backward.
#![allow(unsafe_code)]

use super::{
    activation::{Gelu, GradientsInPlace, Kind, Values, activate},
    array::Array,
    linear::{forward_and_finish, input_gradient, weight_gradient},
    operation::Operation,
    parallel::{Destination, map_pieces_mut, rows_per_piece},
    reduction::{add_in_order, add_rows},
    simd::dispatch,
};
use crate::precision::Precision;

/// [`crate::linear_gelu`]; inputs in the order x, weight, bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LinearGelu {
    pub(crate) precision: Precision,
}

impl Operation<3> for LinearGelu {
    /// Input, weight, and the layer's output before the activation.
    type Saved = [Array; 3];

    fn infer(&self, [x, weight, bias]: [Array; 3]) -> Array {
        let [outputs, inputs] = weight.dims();
        Array::build(shape(&x, outputs), |y| {
            let finish = |_: usize, values: &mut [f32]| activate(Some(Kind::Gelu), values);
            forward_and_finish(
                x.values(),
                weight.values(),
                Some(bias.values()),
                [inputs, outputs],
                self.precision,
                y,
                finish,
            );
        })
    }

    fn forward(&self, [x, weight, bias]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 3]) {
        let [outputs, inputs] = weight.dims();
        let shape = shape(&x, outputs);
        let mut z = None;
        let y = Array::build(shape.clone(), |y| {
            let (length, target) = (y.len(), Destination(y.as_mut_ptr()));
            z = Some(Array::build(shape, |z| {
                assert_eq!(z.len(), length);
                let finish = |first: usize, z: &mut [f32]| {
                    let target = &target;
                    // SAFETY: `z` is part of an array as long as `y`, whose first value has index `first`;
                    // every value is finished once, so no two calls write the same part, and `y` is borrowed
                    // uniquely until all are done.
                    let y = unsafe { std::slice::from_raw_parts_mut(target.0.add(first), z.len()) };
                    dispatch(Values::<Gelu>::new(z, y));
                };
                forward_and_finish(
                    x.values(),
                    weight.values(),
                    Some(bias.values()),
                    [inputs, outputs],
                    self.precision,
                    z,
                    finish,
                );
            }));
        });
        (y, [x, weight, z.expect("it was built")])
    }

    fn backward(&self, [x, weight, z]: [Array; 3], gradient: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        let [outputs, inputs] = weight.dims();
        let mut dz = gradient.into_unique();
        let size = rows_per_piece(outputs) * outputs;
        let z = z.values();
        let parts = map_pieces_mut(dz.values_mut(), size, |index, dz| {
            let mut sums = vec![0.0; outputs];
            dispatch(GradientsInPlace::<Gelu>::new(&z[index * size..][..dz.len()], dz));
            add_rows(dz, &mut sums);
            sums
        });
        let (dz, sizes, precision) = (dz.values(), [inputs, outputs], self.precision);
        [
            tracked[0].then(|| Array::build(x.shape(), |dx| input_gradient(dz, weight.values(), sizes, precision, dx))),
            tracked[1]
                .then(|| Array::build(weight.shape(), |dw| weight_gradient(x.values(), dz, sizes, precision, dw))),
            tracked[2].then(|| add_in_order(parts, outputs)),
        ]
    }
}

/// The shape of `x` with another last axis.
fn shape(x: &Array, outputs: usize) -> burn::tensor::Shape {
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    shape[last] = outputs;
    shape
}
