//! Matrix products through the `gemm` crate, cut into blocks for rayon.
//!
//! The number of blocks depends on the shape alone, so that results do not depend on the number of
//! threads.
#![allow(unsafe_code)]

use gemm::Parallelism;
use rayon::prelude::*;

use super::parallel::Destination;

/// A matrix of `f32` values with arbitrary strides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matrix<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl<'a> Matrix<'a> {
    /// Rows of `columns` values, the starts of consecutive rows `row_stride` apart.
    ///
    /// # Panics
    /// If the values do not hold the matrix.
    pub(crate) fn strided(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(
            rows == 0 || columns == 0 || (rows - 1) * row_stride + columns <= values.len(),
            "a {rows} x {columns} matrix of row stride {row_stride} exceeds {} values",
            values.len(),
        );
        Self { values, rows, columns, row_stride, column_stride: 1 }
    }

    /// Rows stored one after the other.
    pub(crate) fn new(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(values, rows, columns, columns)
    }

    pub(crate) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// `destination = left * right`, or `destination += left * right`, on the calling thread.
/// `destination` is row-major and contiguous.
pub(crate) fn multiply(destination: &mut [f32], left: Matrix<'_>, right: Matrix<'_>, accumulate: bool) {
    let (rows, columns) = (left.rows, right.columns);
    assert_eq!(left.columns, right.rows, "inner dimensions differ");
    assert_eq!(destination.len(), rows * columns, "destination's size");
    // SAFETY: the destination holds rows x columns values and is borrowed uniquely.
    unsafe {
        block(destination.as_mut_ptr(), columns, (0, rows), (0, columns), left, right, accumulate);
    }
}

/// As [`multiply`], with blocks of the larger side of the destination computed in parallel.
pub(crate) fn multiply_parallel(destination: &mut [f32], left: Matrix<'_>, right: Matrix<'_>, accumulate: bool) {
    /// Operations below which dividing the work costs more than it gains, and the most blocks.
    const PER_BLOCK: usize = 4_000_000;
    const MOST_BLOCKS: usize = 16;

    let (rows, columns, inner) = (left.rows, right.columns, left.columns);
    assert_eq!(inner, right.rows, "inner dimensions differ");
    assert_eq!(destination.len(), rows * columns, "destination's size");
    let blocks = (2 * rows * columns * inner / PER_BLOCK).clamp(1, MOST_BLOCKS);
    let by_rows = rows >= columns;
    let side = rows.max(columns);
    // Whole register tiles: 48 divides no power of two, but 16 lanes do.
    let size = side.div_ceil(blocks).next_multiple_of(16);
    let blocks = side.div_ceil(size.max(1));
    let target = Destination(destination.as_mut_ptr());
    let work = |index: usize| {
        let target = &target;
        let range = (index * size, ((index + 1) * size).min(side));
        let (row_range, column_range) = if by_rows { (range, (0, columns)) } else { ((0, rows), range) };
        // SAFETY: the ranges of different indices are disjoint and within the destination, which
        // is borrowed uniquely until all blocks are done.
        unsafe {
            block(target.0, columns, row_range, column_range, left, right, accumulate);
        }
    };
    if blocks <= 1 {
        if side > 0 {
            work(0);
        }
    } else {
        (0..blocks).into_par_iter().for_each(work);
    }
}

/// Computes the given rows and columns of a product.
///
/// # Safety
/// `destination` must be valid for the ranges' rows and columns at row stride `width`, and nothing
/// else may access that part meanwhile. The ranges must lie within `left`'s rows and `right`'s
/// columns.
unsafe fn block(
    destination: *mut f32,
    width: usize,
    rows: (usize, usize),
    columns: (usize, usize),
    left: Matrix<'_>,
    right: Matrix<'_>,
    accumulate: bool,
) {
    debug_assert!(rows.1 <= left.rows && columns.1 <= right.columns);
    // SAFETY: `Matrix` guarantees that its values hold all its rows and columns; the caller
    // guarantees the rest.
    unsafe {
        gemm::gemm(
            rows.1 - rows.0,
            columns.1 - columns.0,
            left.columns,
            destination.add(rows.0 * width + columns.0),
            1,
            width as isize,
            accumulate,
            left.values.as_ptr().wrapping_add(rows.0 * left.row_stride),
            left.column_stride as isize,
            left.row_stride as isize,
            right.values.as_ptr().wrapping_add(columns.0 * right.column_stride),
            right.column_stride as isize,
            right.row_stride as isize,
            1.0_f32,
            1.0_f32,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

/// Writes the transpose of a row-major `rows x columns` matrix, in parallel.
pub(crate) fn transpose(source: &[f32], rows: usize, columns: usize, destination: &mut [f32]) {
    const TILE: usize = 16;
    assert_eq!(source.len(), rows * columns);
    super::parallel::for_each_piece(
        destination,
        rows * super::parallel::rows_per_piece(rows).next_multiple_of(TILE),
        |index, piece| {
            let first = index * super::parallel::rows_per_piece(rows).next_multiple_of(TILE);
            let count = piece.len() / rows;
            for row_tile in (0..rows).step_by(TILE) {
                let row_end = (row_tile + TILE).min(rows);
                for column_tile in (0..count).step_by(TILE) {
                    let column_end = (column_tile + TILE).min(count);
                    for column in column_tile..column_end {
                        for row in row_tile..row_end {
                            piece[column * rows + row] = source[row * columns + first + column];
                        }
                    }
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 37 + 11) % 23) as f32 - 11.0).collect()
    }

    #[test]
    fn products_of_all_orientations_match_the_definition() {
        // Small integers: the sums are exact in any order.
        for (rows, columns, inner) in [(1, 1, 1), (5, 3, 7), (33, 130, 64), (700, 40, 96)] {
            let (a, b) = (values(rows * inner), values(inner * columns));
            let mut expected = vec![0.0; rows * columns];
            for i in 0..rows {
                for j in 0..columns {
                    for k in 0..inner {
                        expected[i * columns + j] += a[i * inner + k] * b[k * columns + j];
                    }
                }
            }
            let (mut at, mut bt) = (vec![0.0; a.len()], vec![0.0; b.len()]);
            transpose(&a, rows, inner, &mut at);
            transpose(&b, inner, columns, &mut bt);
            let lefts = [Matrix::new(&a, rows, inner), Matrix::new(&at, inner, rows).transposed()];
            let rights = [Matrix::new(&b, inner, columns), Matrix::new(&bt, columns, inner).transposed()];
            for left in lefts {
                for right in rights {
                    let mut out = vec![f32::NAN; rows * columns];
                    multiply_parallel(&mut out, left, right, false);
                    assert_eq!(out, expected);
                    multiply(&mut out, left, right, true);
                    let doubled: Vec<f32> = expected.iter().map(|v| 2.0 * v).collect();
                    assert_eq!(out, doubled);
                }
            }
        }
    }
}
