//! The innermost product: a few rows of a left matrix times one panel of a packed right matrix, all
//! sums in registers.
//!
//! Rows of the left matrix are given by pointers, several for each row: row `r` of the whole matrix is
//! the concatenation of `depth` values from `rows[0][r]`, `rows[1][r]`, ... A convolution passes
//! pointers to the input pixels under its kernel and needs no patch matrix (the indirect convolution
//! of Dukhan 2019, arXiv 1907.02129); a plain product passes one pointer a row.
//!
//! Per column of the left matrix, 12 rows times 32 columns take 24 fused multiply-adds of AVX-512, 2
//! loads of the panel and 12 broadcasts: bound by arithmetic as long as the panel comes from the
//! second-level cache.
#![allow(unsafe_code)]

use std::ops::Range;

use super::{
    simd::{Level, level, multiplies_pairs},
    tiles::{BLOCK, Gathered, Product, SIDE, multiplies_tiles, with_tiles},
    vector::{Portable, Vector},
};

/// Columns of a panel; a last panel of at most half as many columns has half the width.
pub(crate) const PANEL: usize = 32;

/// Values of a cache line.
const LINE: usize = 16;

/// Rows by which a panel is prefetched: with few rows on the left, each value of the panel takes part in
/// few products, and they would wait for it. The hardware's own prefetchers stop at every page.
const AHEAD: usize = 32;

/// Where the sums of a product start.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// At nothing.
    Zero,
    /// At one value per column.
    Bias(&'a [f32]),
    /// At what the destination holds.
    Destination,
}

impl<'a> Start<'a> {
    /// The same for the columns from `first` on.
    pub(crate) fn at(self, first: usize) -> Self {
        match self {
            Start::Bias(bias) => Start::Bias(&bias[first..]),
            other => other,
        }
    }
}

/// A product of some rows with one panel.
#[derive(Clone, Copy)]
pub(crate) struct Panel<'a> {
    /// `positions` rows of `stride` pointers, the first of each row for the product's first row.
    pub(crate) rows: &'a [*const f32],
    pub(crate) stride: usize,
    /// Number of rows.
    pub(crate) count: usize,
    pub(crate) positions: usize,
    pub(crate) depth: usize,
    /// Distance of a row's values: 1, or more where the left matrix is stored transposed.
    pub(crate) step: usize,
    /// `positions * depth` rows, `panel_stride` apart.
    pub(crate) panel: &'a [f32],
    pub(crate) panel_stride: usize,
    /// Columns that exist, at most the panel's width.
    pub(crate) columns: usize,
    pub(crate) start: Start<'a>,
    /// Whether every value of both matrices is a pair of bf16 values, see [`pairs`](super::pairs).
    pub(crate) pairs: bool,
    pub(crate) destination: *mut f32,
    /// Distance of the destination's rows.
    pub(crate) destination_stride: usize,
}

impl Panel<'_> {
    /// Computes the product.
    ///
    /// # Safety
    /// Every row pointer must be valid for `depth` values `step` apart, and the destination for `count` rows of
    /// `columns` values, which nothing else accesses meanwhile.
    pub(crate) unsafe fn multiply(&self) {
        let rows = self.positions * self.depth;
        assert!(self.columns <= PANEL && width(self.columns) <= self.panel_stride);
        assert!(rows == 0 || self.panel.len() >= (rows - 1) * self.panel_stride + width(self.columns));
        assert!(self.positions == 0 || self.rows.len() >= (self.positions - 1) * self.stride + self.count);
        if let Start::Bias(bias) = self.start {
            assert!(bias.len() >= self.columns);
        }
        assert!(!self.pairs || multiplies_pairs(), "this processor does not multiply pairs");
        // SAFETY: the caller's promise; `level` names an instruction set this processor has.
        unsafe {
            match level() {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 if self.pairs => self.multiply_pairs(),
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => self.multiply_avx512(),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => self.multiply_avx2(),
                Level::Baseline => self.multiply_baseline(),
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
    unsafe fn multiply_avx512(&self) {
        use std::arch::x86_64::__m512;
        // SAFETY: as for `multiply`.
        unsafe {
            if width(self.columns) == PANEL {
                self.rows_of::<__m512, 2>(12, 0)
            } else {
                self.rows_of::<__m512, 1>(12, 0)
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512bf16,avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
    unsafe fn multiply_pairs(&self) {
        use super::vector::Pairs;
        // SAFETY: as for `multiply`.
        unsafe {
            if width(self.columns) == PANEL { self.rows_of::<Pairs, 2>(12, 0) } else { self.rows_of::<Pairs, 1>(12, 0) }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn multiply_avx2(&self) {
        use std::arch::x86_64::__m256;
        // SAFETY: as for `multiply`.
        unsafe {
            // Few rows have registers for the whole width of a panel, which is then read once.
            if self.count <= 2 && width(self.columns) == PANEL {
                return self.rows_of::<__m256, 4>(2, 0);
            }
            for offset in (0..self.columns).step_by(16) {
                self.rows_of::<__m256, 2>(6, offset);
            }
        }
    }

    unsafe fn multiply_baseline(&self) {
        // SAFETY: as for `multiply`.
        unsafe {
            for offset in (0..self.columns).step_by(16) {
                self.rows_of::<Portable, 2>(2, offset);
            }
        }
    }

    /// All rows, in tiles of at most `most` and nearly equal height, for `N` vectors of columns from
    /// `offset` on. Sixteen rows are two tiles of eight: a tile of four would wait for its loads.
    #[inline(always)]
    unsafe fn rows_of<V: Vector, const N: usize>(&self, most: usize, offset: usize) {
        let tiles = self.count.div_ceil(most);
        let mut row = 0;
        for tile in 0..tiles {
            let height = (self.count - row).div_ceil(tiles - tile);
            // SAFETY: as for `multiply`; the tiles cover `row..row + height`.
            unsafe {
                match height {
                    1 => self.tile::<V, 1, N>(row, offset),
                    2 => self.tile::<V, 2, N>(row, offset),
                    3 => self.tile::<V, 3, N>(row, offset),
                    4 => self.tile::<V, 4, N>(row, offset),
                    5 => self.tile::<V, 5, N>(row, offset),
                    6 => self.tile::<V, 6, N>(row, offset),
                    7 => self.tile::<V, 7, N>(row, offset),
                    8 => self.tile::<V, 8, N>(row, offset),
                    9 => self.tile::<V, 9, N>(row, offset),
                    10 => self.tile::<V, 10, N>(row, offset),
                    11 => self.tile::<V, 11, N>(row, offset),
                    _ => self.tile::<V, 12, N>(row, offset),
                }
            }
            row += height;
        }
    }

    /// `R` rows from `row` on, `N` vectors of columns from `offset` on.
    #[inline(always)]
    unsafe fn tile<V: Vector, const R: usize, const N: usize>(&self, row: usize, offset: usize) {
        let columns = (self.columns - offset).min(N * V::LANES);
        let whole = columns == N * V::LANES;
        // SAFETY: row pointers hold `depth` values, the panel `positions * depth` rows of at least
        // `offset + N * LANES` values; partial columns pass through `edge`.
        unsafe {
            let mut edge = [0.0_f32; PANEL];
            let target = self.destination.add(row * self.destination_stride + offset);
            let mut sums = [[V::zero(); N]; R];
            match self.start {
                Start::Zero => {}
                Start::Bias(bias) => {
                    edge[..columns].copy_from_slice(&bias[offset..offset + columns]);
                    for sums in &mut sums {
                        for (n, sum) in sums.iter_mut().enumerate() {
                            *sum = V::load(edge.as_ptr().add(n * V::LANES));
                        }
                    }
                }
                Start::Destination => {
                    for (r, sums) in sums.iter_mut().enumerate() {
                        let mut source: *const f32 = target.add(r * self.destination_stride);
                        if !whole {
                            std::ptr::copy_nonoverlapping(source, edge.as_mut_ptr(), columns);
                            source = edge.as_ptr();
                        }
                        for (n, sum) in sums.iter_mut().enumerate() {
                            *sum = V::load(source.add(n * V::LANES));
                        }
                    }
                }
            }
            let mut right = self.panel.as_ptr().add(offset);
            let ahead = AHEAD * self.panel_stride;
            for position in 0..self.positions {
                let pointers = self.rows.as_ptr().add(position * self.stride + row);
                let left: [*const f32; R] = std::array::from_fn(|r| *pointers.add(r));
                let mut offset = 0;
                for _ in 0..self.depth {
                    for line in 0..(N * V::LANES).div_ceil(LINE) {
                        V::prefetch(right.wrapping_add(ahead + line * LINE));
                    }
                    let vectors: [V; N] = std::array::from_fn(|n| V::load(right.add(n * V::LANES)));
                    for r in 0..R {
                        let value = V::splat(*left[r].add(offset));
                        for n in 0..N {
                            sums[r][n] = sums[r][n].add_product(value, vectors[n]);
                        }
                    }
                    offset += self.step;
                    right = right.wrapping_add(self.panel_stride);
                }
            }
            for (r, sums) in sums.iter().enumerate() {
                let target = target.add(r * self.destination_stride);
                if whole {
                    for (n, sum) in sums.iter().enumerate() {
                        sum.store(target.add(n * V::LANES));
                    }
                } else {
                    for (n, sum) in sums.iter().enumerate() {
                        sum.store(edge.as_mut_ptr().add(n * V::LANES));
                    }
                    std::ptr::copy_nonoverlapping(edge.as_ptr(), target, columns);
                }
            }
        }
    }
}

/// The width of a panel of `columns` columns.
pub(crate) const fn width(columns: usize) -> usize {
    if columns <= PANEL / 2 { PANEL / 2 } else { PANEL }
}

/// `left^T right`, for some columns of `left` `[rows, width]` and all of `right` `[rows, columns]`, both of values or both
/// of pairs, written or added to the destination `[left_columns, columns]`, see [`Start`]. Sums run over steps of rows
/// that stay in cache, in order.
///
/// # Panics
/// If `columns` is not a multiple of half a panel, or a size does not fit.
#[allow(clippy::too_many_arguments)]
pub(crate) fn accumulate_transposed(
    destination: &mut [f32],
    left: &[f32],
    width: usize,
    left_columns: Range<usize>,
    right: &[f32],
    columns: usize,
    pairs: bool,
    start: Start<'_>,
) {
    const ROWS: usize = 256;
    assert!(columns.is_multiple_of(PANEL / 2) && left_columns.end <= width);
    assert_eq!(destination.len(), left_columns.len() * columns, "destination's size");
    let rows = right.len() / columns;
    assert!(left.len() == rows * width && right.len() == rows * columns);
    if rows == 0 && matches!(start, Start::Zero) {
        destination.fill(0.0);
    }
    let start_at = |first: usize| if first == 0 { start } else { Start::Destination };
    let by_tiles = if pairs && left_columns.len() >= SIDE && multiplies_tiles() { rows / SIDE * SIDE } else { 0 };
    for first in (0..by_tiles).step_by(ROWS) {
        let depth = ROWS.min(by_tiles - first);
        let turned = Gathered::turned(&left[first * width + left_columns.start..], width, [depth, left_columns.len()]);
        with_tiles(|| {
            for column in (0..columns).step_by(PANEL) {
                for (row, left) in turned.blocks() {
                    let product = Product {
                        left: &[left],
                        rows: BLOCK.min(left_columns.len() - row),
                        steps: depth / SIDE,
                        panel: &right[first * columns + column..(first + depth) * columns],
                        panel_stride: columns,
                        columns: (columns - column).min(PANEL),
                        start: start_at(first),
                        destination: destination[row * columns + column..].as_mut_ptr(),
                        destination_stride: columns,
                    };
                    // SAFETY: the destination has a row of `columns` values for each of the left's columns.
                    unsafe { product.multiply() };
                }
            }
        });
    }
    for first in (by_tiles..rows).step_by(ROWS) {
        let depth = ROWS.min(rows - first);
        let pointers: Vec<*const f32> =
            left[first * width..][left_columns.clone()].iter().map(std::ptr::from_ref).collect();
        for column in (0..columns).step_by(PANEL) {
            let product = Panel {
                rows: &pointers,
                stride: pointers.len(),
                count: pointers.len(),
                positions: 1,
                depth,
                step: width,
                panel: &right[first * columns + column..(first + depth) * columns],
                panel_stride: columns,
                columns: (columns - column).min(PANEL),
                start: start_at(first),
                pairs,
                destination: destination[column..].as_mut_ptr(),
                destination_stride: columns,
            };
            // SAFETY: `left` has `depth` more rows from `first` on, and the destination a row of `columns`
            // values for each pointer.
            unsafe { product.multiply() };
        }
    }
}
