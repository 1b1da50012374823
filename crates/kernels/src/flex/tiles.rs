//! Products of tiles in half precision: AMX-BF16.
//!
//! A tile is a register of sixteen rows of 64 bytes. One instruction multiplies sixteen rows of sixteen
//! [`pairs`](super::pairs) with sixteen rows of sixteen and adds to 256 sums in `f32`, in sixteen cycles: sixteen times
//! what AVX512-BF16 does in them. The right matrix lies as the packed panels do already; rows of the left are gathered
//! into tiles first, unless they lie evenly.
//!
//! Two tiles of the left times two of the right, each read once, fill four with sums.
#![allow(unsafe_code)]

use std::sync::OnceLock;

use super::{
    amx,
    memory::Buffer,
    microkernel::{PANEL, Start, width},
    rearrange::rearrange,
    simd,
};

/// Rows of a tile, and pairs of a row.
pub(crate) const SIDE: usize = 16;

/// Rows of the left matrix that are multiplied at once.
pub(crate) const BLOCK: usize = 2 * SIDE;

/// Bytes of a row of a tile.
const ROW: usize = 4 * SIDE;

/// Whether this processor multiplies tiles of bf16, the system lets this process, and `FAUXTO_SIMD` allows it.
#[inline]
pub(crate) fn multiplies_tiles() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| simd::allows_tiles() && amx::is_available())
}

/// Runs `work` with tiles to multiply.
///
/// # Panics
/// Without [`multiplies_tiles`].
pub(crate) fn with_tiles(work: impl FnOnce()) {
    struct Release;
    impl Drop for Release {
        fn drop(&mut self) {
            // SAFETY: there are tiles, see below.
            unsafe { amx::release() };
        }
    }
    assert!(multiplies_tiles(), "this processor does not multiply tiles");
    // SAFETY: there are tiles.
    unsafe { amx::configure() };
    let _release = Release;
    work();
}

/// Thirty-two rows of a left matrix, or what there is of them: two tiles for every sixteen pairs of depth.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    tiles: [*const f32; 2],
    /// Bytes from row to row.
    stride: usize,
    /// Bytes from a tile to the next in depth.
    step: usize,
}

impl Left {
    /// Rows that lie `width` values apart, from `first` on.
    pub(crate) fn of_matrix(first: *const f32, width: usize) -> Self {
        Self { tiles: [first, first.wrapping_add(SIDE * width)], stride: 4 * width, step: ROW }
    }

    /// Two tiles, each of one piece and `step` values from the next in depth.
    pub(crate) fn of_tiles(tiles: [*const f32; 2], step: usize) -> Self {
        Self { tiles, stride: ROW, step: 4 * step }
    }
}

/// Some rows of a left matrix in tiles.
#[derive(Debug)]
pub(crate) struct Gathered {
    tiles: Buffer,
    steps: usize,
}

impl Gathered {
    /// Rows by their pointers, see [`Panel`](super::microkernel::Panel); after the last come zeros.
    ///
    /// # Safety
    /// Every pointer must be valid for `depth` values.
    ///
    /// # Panics
    /// If the depth is not one of whole tiles, or there are too few pointers.
    pub(crate) unsafe fn new(rows: &[*const f32], [count, positions, depth]: [usize; 3]) -> Self {
        assert!(depth.is_multiple_of(SIDE) && rows.len() == count * positions);
        let steps = positions * depth / SIDE;
        let mut tiles = Buffer::new(count.next_multiple_of(BLOCK) * steps * SIDE);
        for (first, group) in (0..).step_by(SIDE).zip(tiles.values_mut().chunks_exact_mut(steps * SIDE * SIDE)) {
            let present = count.saturating_sub(first).min(SIDE);
            if present < SIDE {
                group.fill(0.0);
            }
            for (position, group) in group.chunks_exact_mut(depth * SIDE).enumerate() {
                let first = position * count + first.min(count);
                // SAFETY: the caller's promise; what has tiles has AVX-512.
                unsafe { gather(&rows[first..first + present], group) };
            }
        }
        Self { tiles, steps }
    }

    /// Columns of `left` `[depth, width]` as rows, the first of `count` at `left`'s start; after the last come zeros.
    ///
    /// # Panics
    /// If the depth is not one of whole tiles.
    pub(crate) fn turned(left: &[f32], width: usize, [depth, count]: [usize; 2]) -> Self {
        assert!(depth.is_multiple_of(SIDE));
        let steps = depth / SIDE;
        let mut tiles = Buffer::new(count.next_multiple_of(BLOCK) * depth);
        for (first, group) in (0..).step_by(SIDE).zip(tiles.values_mut().chunks_exact_mut(steps * SIDE * SIDE)) {
            let present = count.saturating_sub(first).min(SIDE);
            if present < SIDE {
                group.fill(0.0);
            }
            if present > 0 {
                for (step, tile) in group.chunks_exact_mut(SIDE * SIDE).enumerate() {
                    rearrange(&left[step * SIDE * width + first..], [1, width], [present, SIDE], tile, SIDE);
                }
            }
        }
        Self { tiles, steps }
    }

    /// Every thirty-two rows, with the number of the first.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = (usize, Left)> {
        let size = self.steps * SIDE * SIDE;
        self.tiles.values().chunks_exact((2 * size).max(1)).enumerate().map(move |(index, block)| {
            (index * BLOCK, Left::of_tiles([block.as_ptr(), block[size..].as_ptr()], SIDE * SIDE))
        })
    }
}

/// Copies rows into rows of tiles, as long as all tiles together.
///
/// # Safety
/// The processor has AVX-512; every pointer is valid for as many values as a row of all tiles has.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn gather(rows: &[*const f32], tiles: &mut [f32]) {
    use std::arch::x86_64::{_mm512_loadu_ps, _mm512_storeu_ps};
    assert!(rows.len() <= SIDE);
    for (row, &source) in rows.iter().enumerate() {
        for (step, tile) in tiles.as_chunks_mut::<{ SIDE * SIDE }>().0.iter_mut().enumerate() {
            // SAFETY: the caller's promise; a tile has sixteen rows.
            unsafe { _mm512_storeu_ps(tile.as_mut_ptr().add(row * SIDE), _mm512_loadu_ps(source.add(step * SIDE))) };
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
unsafe fn gather(_: &[*const f32], _: &mut [f32]) {
    unreachable!("this processor does not multiply tiles")
}

/// Thirty-two rows times a panel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product<'a> {
    /// What is read one after another.
    pub(crate) left: &'a [Left],
    /// Rows that exist, at most [`BLOCK`].
    pub(crate) rows: usize,
    /// Tiles in depth of each of the left.
    pub(crate) steps: usize,
    /// `left.len() * steps * SIDE` rows of at least half a panel, `panel_stride` apart.
    pub(crate) panel: &'a [f32],
    pub(crate) panel_stride: usize,
    /// Columns that exist, at most [`PANEL`].
    pub(crate) columns: usize,
    pub(crate) start: Start<'a>,
    pub(crate) destination: *mut f32,
    pub(crate) destination_stride: usize,
}

impl Product<'_> {
    /// Computes the product.
    ///
    /// # Safety
    /// It is called within [`with_tiles`]; all tiles of the left can be read; the destination is valid for `rows` rows of
    /// `columns` values, which nothing else accesses meanwhile.
    pub(crate) unsafe fn multiply(&self) {
        let depth = self.left.len() * self.steps * SIDE;
        let last = depth.saturating_sub(1) * self.panel_stride;
        assert!(self.columns <= PANEL && (depth == 0 || self.panel.len() >= last + width(self.columns)));
        if self.rows == BLOCK && self.columns == PANEL {
            // SAFETY: all rows and columns exist; the rest is the caller's promise.
            return unsafe { self.multiply_into(self.destination, self.destination_stride) };
        }
        let mut edge = [0.0_f32; BLOCK * PANEL];
        for row in 0..self.rows {
            let (own, inner) = (self.destination.wrapping_add(row * self.destination_stride), &mut edge[row * PANEL..]);
            // SAFETY: the caller's promise; `edge` has all rows and columns.
            unsafe { std::ptr::copy_nonoverlapping(own, inner.as_mut_ptr(), self.columns) };
        }
        // SAFETY: `edge` has all rows and columns; the rest is the caller's promise.
        unsafe { self.multiply_into(edge.as_mut_ptr(), PANEL) };
        for row in 0..self.rows {
            let (own, inner) = (self.destination.wrapping_add(row * self.destination_stride), &edge[row * PANEL..]);
            // SAFETY: the caller's promise.
            unsafe { std::ptr::copy_nonoverlapping(inner.as_ptr(), own, self.columns) };
        }
    }

    /// # Safety
    /// As for [`Product::multiply`], with a target of [`BLOCK`] rows of [`PANEL`] values.
    unsafe fn multiply_into(&self, target: *mut f32, stride: usize) {
        static ZEROS: [f32; PANEL] = [0.0; PANEL];
        // SAFETY: a line of a stride of 0 stands for all rows; the rest is the caller's promise.
        unsafe {
            match self.start {
                Start::Zero => amx::load(ZEROS.as_ptr(), 0),
                // Read where it lies: of what has just been written, tiles wait until it is in cache.
                Start::Bias(bias) if self.columns == PANEL => amx::load(bias[..PANEL].as_ptr(), 0),
                Start::Bias(bias) => {
                    let mut line = ZEROS;
                    line[..self.columns].copy_from_slice(&bias[..self.columns]);
                    amx::load(line.as_ptr(), 0);
                }
                Start::Destination => amx::load(target, stride),
            }
            // Half a panel is read twice, the second time into sums that nobody takes.
            let half = if self.columns <= SIDE { 0 } else { SIDE };
            let mut right = [self.panel.as_ptr(), self.panel.as_ptr().wrapping_add(half)];
            if self.steps > 0 {
                for &Left { tiles, stride, step } in self.left {
                    let (strides, distances) = ([stride, 4 * self.panel_stride], [step, ROW * self.panel_stride]);
                    amx::add_products([tiles, right], strides, distances, self.steps);
                    right = right.map(|right| right.wrapping_add(self.steps * SIDE * self.panel_stride));
                }
            }
            amx::store(target, stride);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|index| index as f32 + 1.0).collect()
    }

    /// Row `row` of what is in tiles.
    fn row(gathered: &Gathered, row: usize) -> Vec<f32> {
        let group = &gathered.tiles.values()[row / SIDE * gathered.steps * SIDE * SIDE..];
        let tiles = group.chunks_exact(SIDE * SIDE).take(gathered.steps);
        tiles.flat_map(|tile| tile[row % SIDE * SIDE..][..SIDE].to_vec()).collect()
    }

    #[test]
    fn gathered_rows_are_those_of_all_positions_and_zeros_after_the_last() {
        if !multiplies_tiles() {
            return;
        }
        let (values, depth) = (numbers(4096), 32);
        for count in [1, 16, 19, 32, 40] {
            let start = |row: usize, position: usize| row * 7 + position * 1000;
            let pointers: Vec<*const f32> = (0..2)
                .flat_map(|position| (0..count).map(move |row| start(row, position)))
                .map(|at| &raw const values[at])
                .collect();
            // SAFETY: the values go on far beyond the last row.
            let gathered = unsafe { Gathered::new(&pointers, [count, 2, depth]) };
            assert_eq!(gathered.blocks().count(), count.div_ceil(BLOCK));
            for index in 0..count.next_multiple_of(BLOCK) {
                let expected: Vec<f32> = if index < count {
                    (0..2).flat_map(|position| values[start(index, position)..][..depth].to_vec()).collect()
                } else {
                    vec![0.0; 2 * depth]
                };
                assert_eq!(row(&gathered, index), expected, "{count} {index}");
            }
        }
    }

    #[test]
    fn turned_columns_are_rows_and_zeros_after_the_last() {
        let width = 50;
        let values = numbers(32 * width);
        for count in [1, 16, 21, 48] {
            let turned = Gathered::turned(&values[2..], width, [32, count]);
            for index in 0..count.next_multiple_of(BLOCK) {
                let value = |depth: usize| if index < count { values[depth * width + 2 + index] } else { 0.0 };
                assert_eq!(row(&turned, index), (0..32).map(value).collect::<Vec<_>>(), "{count} {index}");
            }
        }
    }

    #[test]
    fn products_by_tiles_and_by_pairs_are_sums_of_the_same_numbers() {
        if !multiplies_tiles() {
            return;
        }
        use crate::flex::{
            pairs::to_pairs,
            product::{Packed, Rows},
        };
        for (rows, depth, columns) in [(16, 32, 1), (17, 64, 16), (32, 96, 33), (50, 64, 40), (96, 128, 64)] {
            // Small whole numbers: products and their sums are exact.
            let whole =
                |count: usize, most: usize| (0..count).map(|index| (index * 7 % most) as f32 - 3.0).collect::<Vec<_>>();
            let (left, weight, bias) = (whole(rows * depth, 11), whole(columns * depth, 13), whole(columns, 5));
            let pairs = to_pairs(&left);
            let packed = Packed::weight(&weight, [columns, depth, 1]).paired();
            let all = Rows::of_matrix(pairs.values(), depth / 2, 0..rows);
            let expected = |row: usize, column: usize| {
                let products = (0..depth).map(|at| left[row * depth + at] * weight[column * depth + at]);
                products.sum::<f32>() + bias[column]
            };
            let mut found = vec![0.0; rows * columns];
            for (start, factor) in [(Start::Bias(&bias), 1.0), (Start::Destination, 2.0)] {
                if factor == 2.0 {
                    // What was there is added to.
                    found.iter_mut().enumerate().for_each(|(at, value)| *value += bias[at % columns]);
                }
                // SAFETY: `found` holds all rows and columns.
                unsafe {
                    all.multiply_position(rows, &packed, 0, 0..packed.panels(), start, found.as_mut_ptr(), columns)
                };
                for (at, value) in found.iter().enumerate() {
                    assert_eq!(*value, factor * expected(at / columns, at % columns), "{rows} {depth} {columns} {at}");
                }
            }
        }
    }
}
