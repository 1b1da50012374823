//! Dense layers: `Y = X W^T + b`, `dX = dY W`, `dW = dY^T X`; `2 * rows * in * out` operations each.

use super::{
    array::Array,
    matrix::{Matrix, multiply, multiply_parallel},
    memory::Buffer,
    microkernel::{PANEL, Start, accumulate_transposed},
    operation::Operation,
    pairs::Factors,
    parallel::{for_each_piece, map_pieces},
    product::{Packed, Rows, Strides, product},
    reduction::column_sums,
    tiles::{BLOCK, multiplies_tiles},
};
use crate::precision::Precision;
use std::ops::Range;

/// [`crate::linear`] along the last axis; the bias, if any, is the third input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear {
    pub(crate) precision: Precision,
}

/// Rows from which packing the weight costs little beside the product.
const FEW_ROWS: usize = 64;

/// Fills every row with the bias, for a product to be added to.
pub(crate) fn fill_bias(y: &mut [f32], bias: Option<&[f32]>) {
    if let Some(bias) = bias {
        for row in y.chunks_exact_mut(bias.len()) {
            row.copy_from_slice(bias);
        }
    }
}

/// `x` is `[rows, inputs]`, `weight` `[outputs, inputs]`, `y` `[rows, outputs]`.
pub(crate) fn forward(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    sizes: [usize; 2],
    precision: Precision,
    y: &mut [f32],
) {
    forward_and_finish(x, weight, bias, sizes, precision, y, |_, _| ());
}

/// The same; `finish(first, values)` is called once on every value after its sum is complete, on consecutive
/// values of which the first has index `first` in `y`.
pub(super) fn forward_and_finish(
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    [inputs, outputs]: [usize; 2],
    precision: Precision,
    y: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let rows = y.len() / outputs.max(1);
    // Packing the weight pays where many rows share it.
    if rows >= FEW_ROWS {
        let weight = Packed::weight(weight, [outputs, inputs, 1]).in_precision(precision);
        let start = bias.map_or(Start::Zero, Start::Bias);
        let x = Factors::new(x, weight.pairs);
        return product(y, |range| Rows::of_matrix(x.values(), weight.depth, range), &weight, start, finish);
    }
    fill_bias(y, bias);
    let weight = Matrix::new(weight, outputs, inputs).transposed();
    multiply_parallel(y, Matrix::new(x, rows, inputs), weight, bias.is_some());
    finish(0, y);
}

/// The gradient of `x`.
pub(crate) fn input_gradient(
    dy: &[f32],
    weight: &[f32],
    [inputs, outputs]: [usize; 2],
    precision: Precision,
    dx: &mut [f32],
) {
    let rows = dx.len() / inputs.max(1);
    if rows >= FEW_ROWS {
        let strides = Strides { position: 0, depth: inputs, column: 1, mirrored: false };
        let weight = Packed::new(weight, [1, outputs, inputs], strides).in_precision(precision);
        let dy = Factors::new(dy, weight.pairs);
        let rows = |range| Rows::of_matrix(dy.values(), weight.depth, range);
        return product(dx, rows, &weight, Start::Zero, |_, _| ());
    }
    let weight = Matrix::new(weight, outputs, inputs);
    multiply_parallel(dx, Matrix::new(dy, rows, outputs), weight, false);
}

/// The gradient of the weight, `[outputs, inputs]`.
pub(crate) fn weight_gradient(
    x: &[f32],
    dy: &[f32],
    [inputs, outputs]: [usize; 2],
    precision: Precision,
    dw: &mut [f32],
) {
    /// Products of longer columns than this into small weights are divided by rows.
    const ROWS: usize = 1024;
    const SMALL: usize = 128 * 1024;
    let pairs = precision == Precision::Half && inputs.is_multiple_of(PANEL / 2);
    let (x, dy) = (Factors::of_rows(x, inputs, pairs), Factors::of_rows(dy, outputs, pairs));
    let (x, dy) = (x.values(), dy.values());
    let rows = x.len() / inputs.max(1);
    if rows < 2 * ROWS || inputs * outputs > SMALL {
        // Outputs per task: two tiles of the widest microkernel.
        let outputs_of_task = if pairs && multiplies_tiles() { BLOCK } else { 24 };
        return for_each_piece(dw, outputs_of_task * inputs, |index, dw| {
            transposed_product(x, dy, [inputs, outputs], pairs, 0..rows, index * outputs_of_task, dw);
        });
    }
    let size = rows.div_ceil((rows / ROWS).min(16));
    let sums = map_pieces(rows.div_ceil(size), |index| {
        let mut sum = Buffer::new(dw.len());
        let range = index * size..((index + 1) * size).min(rows);
        transposed_product(x, dy, [inputs, outputs], pairs, range, 0, sum.values_mut());
        sum
    });
    dw.fill(0.0);
    for sum in sums {
        for (total, value) in dw.iter_mut().zip(sum.values()) {
            *total += value;
        }
    }
}

/// The gradient of the outputs from `first` on, as many as `dw` has rows, over a range of rows.
fn transposed_product(
    x: &[f32],
    dy: &[f32],
    [inputs, outputs]: [usize; 2],
    pairs: bool,
    rows: Range<usize>,
    first: usize,
    dw: &mut [f32],
) {
    let count = dw.len() / inputs.max(1);
    let x = &x[rows.start * inputs..rows.end * inputs];
    let dy = &dy[rows.start * outputs..rows.end * outputs];
    if inputs.is_multiple_of(PANEL / 2) {
        accumulate_transposed(dw, dy, outputs, first..first + count, x, inputs, pairs, Start::Zero);
    } else {
        let dy = Matrix::strided(&dy[first..], rows.len(), count, outputs).transposed();
        multiply(dw, dy, Matrix::new(x, rows.len(), inputs), false);
    }
}

fn compute(x: &Array, weight: &Array, bias: Option<&Array>, precision: Precision) -> Array {
    let [outputs, inputs] = weight.dims();
    assert_eq!(x.last_dim(), inputs, "the input's last axis and the weight's second differ");
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    shape[last] = outputs;
    Array::build(shape, |y| {
        forward(x.values(), weight.values(), bias.map(Array::values), [inputs, outputs], precision, y);
    })
}

fn gradients(
    [x, weight]: &[Array; 2],
    gradient: &Array,
    tracked: [bool; 3],
    precision: Precision,
) -> [Option<Array>; 3] {
    let [outputs, inputs] = weight.dims();
    let sizes = [inputs, outputs];
    let dy = gradient.values();
    [
        tracked[0].then(|| {
            Array::build(x.shape(), |dx| {
                input_gradient(dy, weight.values(), sizes, precision, dx);
            })
        }),
        tracked[1].then(|| {
            Array::build(weight.shape(), |dw| {
                weight_gradient(x.values(), dy, sizes, precision, dw);
            })
        }),
        tracked[2].then(|| column_sums(dy, outputs)),
    ]
}

impl Operation<2> for Linear {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2], _tracked: [bool; 2]) -> (Array, [Array; 2]) {
        (compute(&inputs[0], &inputs[1], None, self.precision), inputs)
    }

    fn backward(&self, saved: [Array; 2], gradient: Array, [x, weight]: [bool; 2]) -> [Option<Array>; 2] {
        let [x, weight, _] = gradients(&saved, &gradient, [x, weight, false], self.precision);
        [x, weight]
    }
}

impl Operation<3> for Linear {
    type Saved = [Array; 2];

    fn forward(&self, [x, weight, bias]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 2]) {
        (compute(&x, &weight, Some(&bias), self.precision), [x, weight])
    }

    fn backward(&self, saved: [Array; 2], gradient: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        gradients(&saved, &gradient, tracked, self.precision)
    }
}
