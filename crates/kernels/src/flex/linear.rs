//! Dense layers: `Y = X W^T + b`, `dX = dY W`, `dW = dY^T X`; `2 * rows * in * out` operations each.

use super::{
    array::Array,
    matrix::{Matrix, multiply, multiply_parallel, transpose},
    memory::Buffer,
    operation::Operation,
    parallel::map_pieces,
    reduction::column_sums,
};

/// [`crate::linear`] along the last axis; the bias, if any, is the third input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear;

/// Fills every row with the bias, for a product to be added to.
pub(super) fn fill_bias(y: &mut [f32], bias: Option<&[f32]>) {
    if let Some(bias) = bias {
        for row in y.chunks_exact_mut(bias.len()) {
            row.copy_from_slice(bias);
        }
    }
}

/// `x` is `[rows, inputs]`, `weight` `[outputs, inputs]`, `y` `[rows, outputs]`.
pub(super) fn forward(x: &[f32], weight: &[f32], bias: Option<&[f32]>, inputs: usize, outputs: usize, y: &mut [f32]) {
    let rows = y.len() / outputs.max(1);
    let x = Matrix::new(x, rows, inputs);
    fill_bias(y, bias);
    // Many rows share one transposed weight; for few the product's own packing is cheaper.
    if rows > outputs {
        let mut transposed = Buffer::new(weight.len());
        transpose(weight, outputs, inputs, transposed.values_mut());
        let weight = Matrix::new(transposed.values(), inputs, outputs);
        multiply_parallel(y, x, weight, bias.is_some());
    } else {
        let weight = Matrix::new(weight, outputs, inputs).transposed();
        multiply_parallel(y, x, weight, bias.is_some());
    }
}

/// The gradient of `x`.
pub(super) fn input_gradient(dy: &[f32], weight: &[f32], inputs: usize, outputs: usize, dx: &mut [f32]) {
    let rows = dx.len() / inputs.max(1);
    let weight = Matrix::new(weight, outputs, inputs);
    multiply_parallel(dx, Matrix::new(dy, rows, outputs), weight, false);
}

/// The gradient of the weight, `[outputs, inputs]`.
pub(super) fn weight_gradient(x: &[f32], dy: &[f32], inputs: usize, outputs: usize, dw: &mut [f32]) {
    /// Products of longer columns than this into small weights are divided by rows.
    const ROWS: usize = 1024;
    let rows = x.len() / inputs.max(1);
    let part = |range: std::ops::Range<usize>| {
        let x = &x[range.start * inputs..range.end * inputs];
        let dy = &dy[range.start * outputs..range.end * outputs];
        (Matrix::new(dy, range.len(), outputs).transposed(), Matrix::new(x, range.len(), inputs))
    };
    if rows < 2 * ROWS || inputs * outputs > 128 * 1024 {
        let (dy, x) = part(0..rows);
        multiply_parallel(dw, dy, x, false);
        return;
    }
    let size = rows.div_ceil((rows / ROWS).min(16));
    let sums = map_pieces(rows.div_ceil(size), |index| {
        let mut sum = Buffer::new(dw.len());
        let (dy, x) = part(index * size..((index + 1) * size).min(rows));
        multiply(sum.values_mut(), dy, x, false);
        sum
    });
    dw.fill(0.0);
    for sum in sums {
        for (total, value) in dw.iter_mut().zip(sum.values()) {
            *total += value;
        }
    }
}

fn compute(x: &Array, weight: &Array, bias: Option<&Array>) -> Array {
    let [outputs, inputs] = weight.dims();
    assert_eq!(x.last_dim(), inputs, "the input's last axis and the weight's second differ");
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    shape[last] = outputs;
    Array::build(shape, |y| {
        forward(x.values(), weight.values(), bias.map(Array::values), inputs, outputs, y);
    })
}

fn gradients([x, weight]: &[Array; 2], gradient: &Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
    let [outputs, inputs] = weight.dims();
    let dy = gradient.values();
    [
        tracked[0].then(|| {
            Array::build(x.shape(), |dx| {
                input_gradient(dy, weight.values(), inputs, outputs, dx);
            })
        }),
        tracked[1].then(|| {
            Array::build(weight.shape(), |dw| {
                weight_gradient(x.values(), dy, inputs, outputs, dw);
            })
        }),
        tracked[2].then(|| column_sums(dy, outputs)),
    ]
}

impl Operation<2> for Linear {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2], _tracked: [bool; 2]) -> (Array, [Array; 2]) {
        (compute(&inputs[0], &inputs[1], None), inputs)
    }

    fn backward(&self, saved: [Array; 2], gradient: Array, [x, weight]: [bool; 2]) -> [Option<Array>; 2] {
        let [x, weight, _] = gradients(&saved, &gradient, [x, weight, false]);
        [x, weight]
    }
}

impl Operation<3> for Linear {
    type Saved = [Array; 2];

    fn forward(&self, [x, weight, bias]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 2]) {
        (compute(&x, &weight, Some(&bias)), [x, weight])
    }

    fn backward(&self, saved: [Array; 2], gradient: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        gradients(&saved, &gradient, tracked)
    }
}
