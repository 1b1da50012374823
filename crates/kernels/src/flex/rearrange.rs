//! A matrix copied into rows of another length, whichever way it lies.
//!
//! Packing a weight is such a copy, once in every pass of training. A dense layer's lies on its side: turned one value at a
//! time it costs an eighth of a step's time on attacked images; in blocks of eight by eight, which stay in registers, each
//! cache line is read and written whole.
#![allow(unsafe_code)]

use super::simd::{Level, level};

/// Side of a block.
const BLOCK: usize = 8;

/// `target[row * width + column] = source[row * row_stride + column * column_stride]` for `row < rows`,
/// `column < columns`; other values of `target` stay.
///
/// # Panics
/// If `source` or `target` is too short, or columns are more than `width`.
pub(crate) fn rearrange(
    source: &[f32],
    [row_stride, column_stride]: [usize; 2],
    [rows, columns]: [usize; 2],
    target: &mut [f32],
    width: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let last = (rows - 1) * row_stride + (columns - 1) * column_stride;
    assert!(columns <= width && source.len() > last, "the source's size");
    assert!(target.len() >= (rows - 1) * width + columns, "the target's size");
    if column_stride == 1 {
        for (row, target) in target.chunks_mut(width).take(rows).enumerate() {
            target[..columns].copy_from_slice(&source[row * row_stride..][..columns]);
        }
        return;
    }
    let (mut whole_rows, mut whole_columns) = (0, 0);
    if row_stride == 1 && level() != Level::Baseline {
        (whole_rows, whole_columns) = (rows / BLOCK * BLOCK, columns / BLOCK * BLOCK);
        #[cfg(target_arch = "x86_64")]
        for row in (0..whole_rows).step_by(BLOCK) {
            for column in (0..whole_columns).step_by(BLOCK) {
                // SAFETY: every level above the baseline has AVX2; the block lies within the lengths asserted above.
                unsafe {
                    let from = source.as_ptr().add(column * column_stride + row);
                    block(from, column_stride, target.as_mut_ptr().add(row * width + column), width);
                }
            }
        }
    }
    // Sixteen rows at a time touch as many cache lines as there are columns.
    for start in (0..rows).step_by(16) {
        for column in 0..columns {
            let first = if column < whole_columns { whole_rows.max(start) } else { start };
            for row in first..(start + 16).min(rows) {
                target[row * width + column] = source[row * row_stride + column * column_stride];
            }
        }
    }
}

/// # Safety
/// The processor has AVX; eight values can be read at each of eight multiples of `stride`, and written at each of eight
/// multiples of `width`.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx")]
unsafe fn block(source: *const f32, stride: usize, target: *mut f32, width: usize) {
    use std::arch::x86_64::{
        _mm_loadu_ps, _mm256_castps128_ps256, _mm256_insertf128_ps, _mm256_shuffle_ps, _mm256_storeu_ps,
        _mm256_unpackhi_ps, _mm256_unpacklo_ps,
    };
    for half in [0, 4] {
        // Four rows of the target: columns 0 to 3 in the low lanes, 4 to 7 in the high ones.
        // SAFETY: as this function's.
        let line = |column: usize| unsafe {
            let low = _mm_loadu_ps(source.add(column * stride + half));
            let high = _mm_loadu_ps(source.add((column + 4) * stride + half));
            _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), high)
        };
        let [a, b, c, d] = [line(0), line(1), line(2), line(3)];
        let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
        let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
        let rows = [
            _mm256_shuffle_ps::<0b01_00_01_00>(ab_low, cd_low),
            _mm256_shuffle_ps::<0b11_10_11_10>(ab_low, cd_low),
            _mm256_shuffle_ps::<0b01_00_01_00>(ab_high, cd_high),
            _mm256_shuffle_ps::<0b11_10_11_10>(ab_high, cd_high),
        ];
        for (row, values) in rows.into_iter().enumerate() {
            // SAFETY: as this function's.
            unsafe { _mm256_storeu_ps(target.add((half + row) * width), values) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_value_is_where_it_belongs_and_nothing_else_is_touched(
            rows in 0_usize..50, columns in 0_usize..40, gap in 0_usize..5, more in 0_usize..9, lies in 0_usize..3,
        ) {
            let width = columns + more;
            let strides = [[columns + gap, 1], [1, rows + gap], [3, 3 * rows + gap]][lies];
            let place = |row: usize, column: usize| row * strides[0] + column * strides[1];
            let source: Vec<f32> = (0..=place(rows, columns)).map(|place| place as f32).collect();
            let mut target = vec![-1.0; rows * width];
            rearrange(&source, strides, [rows, columns], &mut target, width);
            for row in 0..rows {
                for column in 0..width {
                    let expected = if column < columns { place(row, column) as f32 } else { -1.0 };
                    prop_assert_eq!(target[row * width + column], expected);
                }
            }
        }
    }
}
