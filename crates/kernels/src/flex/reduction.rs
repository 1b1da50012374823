//! Sums over rows, in an order fixed by the shape.

use super::{
    array::Array,
    parallel::{map_pieces, rows_per_piece},
};

vectorised! {
    /// Adds every row of `values` to `sums`.
    pub(super) fn add_rows<M>(values: &[f32], sums: &mut [f32]) -> () {
        for row in values.chunks_exact(sums.len()) {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += value;
            }
        }
    }
}

/// Sums of the columns of a `[rows, width]` matrix.
pub(super) fn column_sums(values: &[f32], width: usize) -> Array {
    let size = rows_per_piece(width) * width;
    let parts = map_pieces(values.len().div_ceil(size), |index| {
        let mut sums = vec![0.0_f32; width];
        add_rows(&values[index * size..values.len().min((index + 1) * size)], &mut sums);
        sums
    });
    add_in_order(parts, width)
}

/// The sum of vectors, accumulated in `f64` in their order.
pub(super) fn add_in_order(parts: Vec<Vec<f32>>, width: usize) -> Array {
    let mut sums = vec![0.0_f64; width];
    for part in parts {
        for (sum, value) in sums.iter_mut().zip(part) {
            *sum += f64::from(value);
        }
    }
    Array::build([width], |output| {
        for (output, sum) in output.iter_mut().zip(sums) {
            *output = sum as f32;
        }
    })
}
