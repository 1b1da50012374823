//! Products in half precision: pairs of bf16 values (the upper half of an `f32`) where an `f32` would lie.
//!
//! AVX512-BF16 multiplies sixteen pairs with sixteen others and adds both products of each to an `f32` sum: twice
//! the multiply-adds of an instruction on `f32`, and half the bytes. A matrix whose rows are even in length is a
//! matrix of pairs, half as wide, so that everything around the microkernel stays as it is.
//!
//! Rounding a value to bf16 (to nearest, ties to even) changes it by at most 2^-9 of itself; sums are in `f32`.
#![allow(unsafe_code)]

use super::{memory::Buffer, parallel::for_each_piece};

/// Pairs converted at a time.
const PIECE: usize = 16 * 1024;

/// Two values rounded to bf16 as the bits of one.
pub(crate) fn pair(first: f32, second: f32) -> f32 {
    f32::from_bits(u32::from(rounded(first)) | u32::from(rounded(second)) << 16)
}

fn rounded(value: f32) -> u16 {
    let bits = value.to_bits();
    if value.is_nan() {
        // Rounding could carry into infinity.
        return (bits >> 16) as u16 | 0x40;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// `values` as pairs of neighbours.
///
/// # Panics
/// If their number is odd.
pub(crate) fn to_pairs(values: &[f32]) -> Buffer {
    assert!(values.len().is_multiple_of(2), "an even number of values makes pairs");
    let mut pairs = Buffer::new(values.len() / 2);
    for_each_piece(pairs.values_mut(), PIECE, |index, pairs| {
        convert(&values[2 * index * PIECE..][..2 * pairs.len()], pairs);
    });
    pairs
}

/// A matrix as products take it.
#[derive(Debug)]
pub(crate) enum Factors<'a> {
    /// As it is.
    Single(&'a [f32]),
    /// In pairs.
    Half(Buffer),
}

impl<'a> Factors<'a> {
    /// `values` as they are, or in pairs of neighbours.
    ///
    /// # Panics
    /// If pairs are asked for and the number of values is odd.
    pub(crate) fn new(values: &'a [f32], in_pairs: bool) -> Self {
        if in_pairs { Self::Half(to_pairs(values)) } else { Self::Single(values) }
    }

    /// `values`, rows of `width`, as they are, or in pairs of each row with the next.
    pub(crate) fn of_rows(values: &'a [f32], width: usize, in_pairs: bool) -> Self {
        if in_pairs { Self::Half(to_row_pairs(values, width)) } else { Self::Single(values) }
    }

    /// The values, or half as many pairs.
    pub(crate) fn values(&self) -> &[f32] {
        match self {
            Self::Single(values) => values,
            Self::Half(pairs) => pairs.values(),
        }
    }
}

/// Rows of `width` values as half as many rows, of pairs of each row with the next; after a last row without a next
/// come zeros.
pub(crate) fn to_row_pairs(values: &[f32], width: usize) -> Buffer {
    let rows = values.len() / width.max(1);
    let mut pairs = Buffer::new(rows.div_ceil(2) * width);
    let size = (PIECE / width.max(1)).max(1);
    for_each_piece(pairs.values_mut(), size * width, |index, pairs| {
        convert_rows(&values[2 * index * size * width..], width, pairs);
    });
    pairs
}

/// Writes the first rows of `values` as rows of pairs, see [`to_row_pairs`].
pub(crate) fn convert_rows(values: &[f32], width: usize, pairs: &mut [f32]) {
    for (pairs, rows) in pairs.chunks_exact_mut(width).zip(values.chunks(2 * width)) {
        if rows.len() < 2 * width {
            for (pair, &first) in pairs.iter_mut().zip(rows) {
                *pair = self::pair(first, 0.0);
            }
            continue;
        }
        let (first, second) = rows.split_at(width);
        #[cfg(target_arch = "x86_64")]
        if super::simd::multiplies_pairs() {
            // SAFETY: the processor has the instructions.
            unsafe { interleave_avx512(first, second, pairs) };
            continue;
        }
        interleave_each(first, second, pairs);
    }
}

fn interleave_each(first: &[f32], second: &[f32], pairs: &mut [f32]) {
    for ((pair, &first), &second) in pairs.iter_mut().zip(first).zip(second) {
        *pair = self::pair(first, second);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bf16,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn interleave_avx512(first: &[f32], second: &[f32], pairs: &mut [f32]) {
    use std::arch::x86_64::{
        __m512bh, __m512i, _mm512_cvtne2ps_pbh, _mm512_loadu_ps, _mm512_loadu_si512, _mm512_permutexvar_epi16,
        _mm512_storeu_si512,
    };
    /// Where each half of a pair comes from: the first row's values, then the second's.
    const ORDER: [u16; 32] = {
        let mut order = [0; 32];
        let mut index = 0;
        while index < 16 {
            order[2 * index] = index as u16;
            order[2 * index + 1] = index as u16 + 16;
            index += 1;
        }
        order
    };
    let (blocks, last) = pairs.as_chunks_mut::<16>();
    let (firsts, first) = first.as_chunks::<16>();
    let (seconds, second) = second.as_chunks::<16>();
    // SAFETY: `ORDER` is a vector's bytes, all blocks are 16 values; all bit patterns are values of all types.
    unsafe {
        let order = _mm512_loadu_si512(ORDER.as_ptr().cast());
        for ((block, low), high) in blocks.iter_mut().zip(firsts).zip(seconds) {
            let halves = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(high.as_ptr()), _mm512_loadu_ps(low.as_ptr()));
            let halves = std::mem::transmute::<__m512bh, __m512i>(halves);
            _mm512_storeu_si512(block.as_mut_ptr().cast(), _mm512_permutexvar_epi16(order, halves));
        }
    }
    interleave_each(first, second, last);
}

/// Writes `values`, twice as many as `pairs`, as pairs of neighbours.
pub(crate) fn convert(values: &[f32], pairs: &mut [f32]) {
    assert_eq!(values.len(), 2 * pairs.len(), "two values a pair");
    #[cfg(target_arch = "x86_64")]
    if super::simd::multiplies_pairs() {
        // SAFETY: the processor has the instructions.
        return unsafe { convert_avx512(values, pairs) };
    }
    convert_each(values, pairs);
}

fn convert_each(values: &[f32], pairs: &mut [f32]) {
    for (target, [first, second]) in pairs.iter_mut().zip(values.as_chunks::<2>().0) {
        *target = pair(*first, *second);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bf16,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
fn convert_avx512(values: &[f32], pairs: &mut [f32]) {
    use std::arch::x86_64::{__m512, __m512bh, _mm512_cvtne2ps_pbh, _mm512_loadu_ps, _mm512_storeu_ps};
    let (blocks, rest) = values.as_chunks::<32>();
    let (targets, last) = pairs.split_at_mut(blocks.len() * 16);
    for (block, target) in blocks.iter().zip(targets.as_chunks_mut::<16>().0) {
        // SAFETY: a block is 32 values, a target 16; all bit patterns are values of both types.
        unsafe {
            let (low, high) = (_mm512_loadu_ps(block.as_ptr()), _mm512_loadu_ps(block[16..].as_ptr()));
            let halves = std::mem::transmute::<__m512bh, __m512>(_mm512_cvtne2ps_pbh(high, low));
            _mm512_storeu_ps(target.as_mut_ptr(), halves);
        }
    }
    convert_each(rest, last);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flex::{
        microkernel::Start,
        product::{Packed, Rows, product},
        simd::multiplies_pairs,
    };

    /// bf16 values as `f32`.
    fn halves(pairs: &[f32]) -> Vec<f32> {
        pairs.iter().flat_map(|pair| [pair.to_bits() << 16, pair.to_bits() & 0xffff_0000].map(f32::from_bits)).collect()
    }

    fn numbers(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed;
        (0..count)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    #[test]
    fn values_are_rounded_to_the_nearest_and_ties_to_even() {
        let tie = |bits: u32| f32::from_bits(bits);
        for (value, expected) in [
            (1.0, 0x3f80),
            (-2.5, 0xc020),
            (tie(0x3f80_8000), 0x3f80),
            (tie(0x3f81_8000), 0x3f82),
            (tie(0x3f80_8001), 0x3f81),
            (f32::MAX, 0x7f80),
            (f32::INFINITY, 0x7f80),
            (0.0, 0),
            (-0.0, 0x8000),
        ] {
            assert_eq!(rounded(value), expected, "{value}");
            assert_eq!(pair(value, 1.0).to_bits(), 0x3f80_0000 | u32::from(expected), "{value}");
        }
        assert!(f32::from_bits(u32::from(rounded(f32::NAN)) << 16).is_nan());
        assert!(f32::from_bits(u32::from(rounded(f32::from_bits(0x7f80_0001))) << 16).is_nan());
    }

    #[test]
    fn instructions_and_plain_code_convert_alike() {
        for count in [2, 30, 32, 34, 4 * PIECE + 6] {
            let values = numbers(count, 7);
            let mut plain = vec![0.0; count / 2];
            convert_each(&values, &mut plain);
            let bits = |pairs: &[f32]| pairs.iter().map(|pair| pair.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(to_pairs(&values).values()), bits(&plain), "{count}");
        }
    }

    #[test]
    fn rows_are_paired_with_the_next_and_the_last_with_zeros() {
        for (rows, width) in [(1, 1), (2, 16), (3, 40), (7, 33), (PIECE, 3)] {
            let values = numbers(rows * width, 5);
            let pairs = to_row_pairs(&values, width);
            assert_eq!(pairs.values().len(), rows.div_ceil(2) * width);
            for (row, pairs) in pairs.values().chunks_exact(width).enumerate() {
                for (column, found) in pairs.iter().enumerate() {
                    let value = |row: usize| values.get(row * width + column).copied().unwrap_or(0.0);
                    assert_eq!(found.to_bits(), pair(value(2 * row), value(2 * row + 1)).to_bits(), "{rows} {width}");
                }
            }
        }
    }

    #[test]
    fn products_of_pairs_are_those_of_the_rounded_values() {
        if !multiplies_pairs() {
            return;
        }
        for (rows, depth, columns) in [(1, 2, 1), (3, 6, 16), (13, 34, 17), (100, 64, 40), (97, 130, 96)] {
            let (left, weight, bias) = (numbers(rows * depth, 1), numbers(columns * depth, 2), numbers(columns, 3));
            let pairs = to_pairs(&left);
            let packed = Packed::weight(&weight, [columns, depth, 1]).paired();
            let mut found = vec![0.0; rows * columns];
            let rows_of = |range| Rows::of_matrix(pairs.values(), depth / 2, range);
            product(&mut found, rows_of, &packed, Start::Bias(&bias), |_, _| ());
            let (left, weight) = (halves(pairs.values()), halves(to_pairs(&weight).values()));
            for (row, found) in found.chunks_exact(columns).enumerate() {
                for (column, &found) in found.iter().enumerate() {
                    let products =
                        (0..depth).map(|k| f64::from(left[row * depth + k]) * f64::from(weight[column * depth + k]));
                    let expected = f64::from(bias[column]) + products.sum::<f64>();
                    let most = 1e-6 * (depth as f64 + 1.0);
                    assert!((f64::from(found) - expected).abs() < most, "{rows} {depth} {columns}: {found} {expected}");
                }
            }
        }
    }
}
