//! Products with a packed right matrix: the work of dense layers and convolutions.
//!
//! Blocks of rows go through all panels, so that a panel of the right matrix, in the second-level
//! cache, serves a whole block; where rows are few, blocks of panels are divided among the threads
//! as well. The division depends on the shape alone.
#![allow(unsafe_code)]

use super::{
    memory::Buffer,
    microkernel::{PANEL, Panel, Start, width},
    pairs::convert_rows,
    parallel::{Destination, for_each_index, for_each_piece},
    rearrange::rearrange,
    tiles::{BLOCK, Gathered, Left, Product, SIDE, multiplies_tiles, with_tiles},
};
use crate::precision::Precision;
use std::{marker::PhantomData, ops::Range};

/// Rows per block: eight tiles of the widest microkernel.
const ROWS: usize = 96;

/// Operations, and bytes of the right matrix, below which dividing a block among threads costs more
/// than it gains: some microseconds of work.
const OPERATIONS_PER_TASK: usize = 400_000;
const BYTES_PER_TASK: usize = 64 * 1024;

/// Tasks that keep the threads of a large machine busy.
pub(crate) const TASKS: usize = 32;

/// A right matrix of `positions * depth` rows, cut into panels of columns.
#[derive(Debug)]
pub(crate) struct Packed {
    values: Buffer,
    pub(crate) positions: usize,
    pub(crate) depth: usize,
    pub(crate) columns: usize,
    /// Whether every value is a pair of bf16 values.
    pub(crate) pairs: bool,
}

/// Where the values of a right matrix lie: that of row `(position, depth)` and some column at the
/// sum of the three indices times their strides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strides {
    pub(crate) position: usize,
    pub(crate) depth: usize,
    pub(crate) column: usize,
    /// Whether positions are counted from the last: the kernel is mirrored.
    pub(crate) mirrored: bool,
}

impl Packed {
    /// Packs `values`.
    pub(crate) fn new(
        values: &[f32],
        [positions, depth, columns]: [usize; 3],
        Strides { position: position_stride, depth: depth_stride, column: column_stride, mirrored }: Strides,
    ) -> Self {
        Self::build([positions, depth, columns], |first, columns, width, panel| {
            for position in 0..positions {
                let from = if mirrored { positions - 1 - position } else { position };
                let source = &values[from * position_stride + first * column_stride..];
                let rows = &mut panel[position * depth * width..(position + 1) * depth * width];
                rearrange(source, [depth_stride, column_stride], [depth, columns], rows, width);
            }
        })
    }

    /// Builds each panel with `fill(first column, columns, width, values)`, the values being
    /// `positions * depth` rows of `width`.
    pub(crate) fn build(
        [positions, depth, columns]: [usize; 3],
        fill: impl Fn(usize, usize, usize, &mut [f32]) + Sync + Send,
    ) -> Self {
        let rows = positions * depth;
        let mut values = Buffer::new(rows * padded(columns));
        for_each_piece(values.values_mut(), rows * PANEL, |index, panel| {
            let first = index * PANEL;
            let count = (columns - first).min(PANEL);
            if count < width(count) {
                panel.fill(0.0);
            }
            fill(first, count, width(count), panel);
        });
        Self { values, positions, depth, columns, pairs: false }
    }

    /// The columns multiplied by `scale`, one factor each.
    pub(crate) fn scaled(mut self, scale: Option<&[f32]>) -> Self {
        let Some(scale) = scale else { return self };
        assert_eq!(scale.len(), self.columns, "one factor a column");
        let rows = self.positions * self.depth;
        for_each_piece(self.values.values_mut(), rows * PANEL, |index, panel| {
            let mut factors = [0.0; PANEL];
            let own = &scale[index * PANEL..(scale.len()).min((index + 1) * PANEL)];
            factors[..own.len()].copy_from_slice(own);
            for row in panel.chunks_exact_mut(width(own.len())) {
                row.iter_mut().zip(&factors).for_each(|(value, factor)| *value *= factor);
            }
        });
        self
    }

    /// The same for products in `precision`: in pairs if that is half and the depth even.
    pub(crate) fn in_precision(self, precision: Precision) -> Self {
        if precision == Precision::Half && self.depth.is_multiple_of(2) { self.paired() } else { self }
    }

    /// The same with two rows of a position in each: half the depth, whose values are pairs.
    ///
    /// # Panics
    /// If the depth is odd.
    pub(crate) fn paired(self) -> Self {
        assert!(self.depth.is_multiple_of(2) && !self.pairs, "pairs of rows");
        let Self { values, positions, depth, columns, .. } = self;
        let halved = Self::build([positions, depth / 2, columns], |first, _, width, panel| {
            let own = &values.values()[first * positions * depth..];
            convert_rows(&own[..2 * panel.len()], width, panel);
        });
        Self { pairs: true, ..halved }
    }

    /// Packs the weight `[columns, depth, positions]` of a convolution; `positions` is 1 for a dense
    /// layer.
    pub(crate) fn weight(weight: &[f32], [columns, depth, positions]: [usize; 3]) -> Self {
        let strides = Strides { position: 1, depth: positions, column: depth * positions, mirrored: false };
        Self::new(weight, [positions, depth, columns], strides)
    }

    /// Number of panels.
    pub(crate) fn panels(&self) -> usize {
        self.columns.div_ceil(PANEL)
    }

    pub(crate) fn panel(&self, index: usize) -> (&[f32], usize) {
        let size = self.positions * self.depth * PANEL;
        let columns = (self.columns - index * PANEL).min(PANEL);
        let start = index * size;
        (&self.values.values()[start..start + self.positions * self.depth * width(columns)], columns)
    }
}

/// `columns` rounded up to whole and half panels.
fn padded(columns: usize) -> usize {
    match columns % PANEL {
        0 => columns,
        rest => columns - rest + width(rest),
    }
}

/// Pointers to the rows of a left matrix, position by position.
#[derive(Debug)]
pub(crate) struct Rows<'a> {
    pointers: Vec<*const f32>,
    depth: usize,
    values: PhantomData<&'a [f32]>,
}

impl<'a> Rows<'a> {
    /// No rows yet; room for `count`, each `depth` long.
    pub(crate) fn new(depth: usize, count: usize) -> Self {
        Self { pointers: Vec::with_capacity(count), depth, values: PhantomData }
    }

    /// Adds a row for one position.
    ///
    /// # Panics
    /// If it is shorter than the others.
    pub(crate) fn push(&mut self, row: &'a [f32]) {
        assert!(row.len() >= self.depth, "a row is too short");
        self.pointers.push(row.as_ptr());
    }

    /// The rows `range` of a row-major matrix of `width` columns.
    pub(crate) fn of_matrix(values: &'a [f32], width: usize, range: Range<usize>) -> Self {
        let mut rows = Self::new(width, range.len());
        rows.pointers.extend(values[range.start * width..range.end * width].chunks_exact(width).map(<[f32]>::as_ptr));
        rows
    }

    /// Multiplies the rows, of all positions, with some panels.
    ///
    /// # Safety
    /// The destination must be valid for `count` rows of the panels' columns, `destination_stride`
    /// apart, which nothing else accesses meanwhile.
    unsafe fn multiply(
        &self,
        count: usize,
        packed: &Packed,
        panels: Range<usize>,
        start: Start<'_>,
        destination: *mut f32,
        destination_stride: usize,
    ) {
        // SAFETY: the caller's promise.
        unsafe {
            self.multiply_positions(count, packed, 0..packed.positions, panels, start, destination, destination_stride);
        }
    }

    /// Multiplies the rows, which are those of one position, with some panels at that position.
    ///
    /// # Safety
    /// As for [`Rows::multiply`].
    #[allow(clippy::too_many_arguments)]
    pub(crate) unsafe fn multiply_position(
        &self,
        count: usize,
        packed: &Packed,
        position: usize,
        panels: Range<usize>,
        start: Start<'_>,
        destination: *mut f32,
        destination_stride: usize,
    ) {
        let positions = position..position + 1;
        // SAFETY: the caller's promise.
        unsafe { self.multiply_positions(count, packed, positions, panels, start, destination, destination_stride) };
    }

    #[allow(clippy::too_many_arguments)]
    unsafe fn multiply_positions(
        &self,
        count: usize,
        packed: &Packed,
        positions: Range<usize>,
        panels: Range<usize>,
        start: Start<'_>,
        destination: *mut f32,
        destination_stride: usize,
    ) {
        assert_eq!(self.depth, packed.depth, "inner dimensions differ");
        if packed.pairs && packed.depth > 0 && packed.depth.is_multiple_of(SIDE) && count >= SIDE && multiplies_tiles()
        {
            // SAFETY: the caller's promise.
            unsafe { self.multiply_tiles(count, packed, positions, panels, start, destination, destination_stride) };
            return;
        }
        for index in panels {
            let (panel, columns) = packed.panel(index);
            let first = index * PANEL;
            let start = start.at(first);
            let size = packed.depth * width(columns);
            let product = Panel {
                rows: &self.pointers,
                stride: count,
                count,
                positions: positions.len(),
                depth: packed.depth,
                step: 1,
                panel: &panel[positions.start * size..positions.end * size],
                panel_stride: width(columns),
                columns,
                start,
                pairs: packed.pairs,
                destination: destination.wrapping_add(first),
                destination_stride,
            };
            // SAFETY: rows are `depth` long; the caller's promise for the destination.
            unsafe { product.multiply() };
        }
    }

    /// The same by tiles.
    #[allow(clippy::too_many_arguments)]
    unsafe fn multiply_tiles(
        &self,
        count: usize,
        packed: &Packed,
        positions: Range<usize>,
        panels: Range<usize>,
        start: Start<'_>,
        destination: *mut f32,
        destination_stride: usize,
    ) {
        let depth = positions.len() * packed.depth;
        // Rows at even distances are read where they lie.
        let distance = if positions.len() == 1 { distance(&self.pointers) } else { None };
        let (even, distance) = distance.map_or((0, 0), |distance| (count / BLOCK * BLOCK, distance));
        // SAFETY: all rows are `depth` long.
        let gathered = unsafe { Gathered::new(&self.pointers[even..], [count - even, positions.len(), packed.depth]) };
        let blocks: Vec<_> = (0..even)
            .step_by(BLOCK)
            .map(|first| (first, Left::of_matrix(self.pointers[first], distance)))
            .chain(gathered.blocks().map(|(first, left)| (even + first, left)))
            .collect();
        with_tiles(|| {
            for index in panels {
                let (panel, columns) = packed.panel(index);
                let (first, width) = (index * PANEL, width(columns));
                for &(row, left) in &blocks {
                    let product = Product {
                        left: &[left],
                        rows: BLOCK.min(count - row),
                        steps: depth / SIDE,
                        panel: &panel[positions.start * packed.depth * width..positions.end * packed.depth * width],
                        panel_stride: width,
                        columns,
                        start: start.at(first),
                        destination: destination.wrapping_add(row * destination_stride + first),
                        destination_stride,
                    };
                    // SAFETY: rows are `depth` long; the caller's promise for the destination.
                    unsafe { product.multiply() };
                }
            }
        });
    }
}

/// Values from each pointer to the next, if they are as many everywhere.
fn distance(pointers: &[*const f32]) -> Option<usize> {
    let apart = |pair: &[*const f32]| (pair[1] as usize).checked_sub(pair[0] as usize);
    let bytes = apart(pointers.get(..2)?)?;
    let even = bytes.is_multiple_of(size_of::<f32>()) && pointers.windows(2).all(|pair| apart(pair) == Some(bytes));
    even.then_some(bytes / size_of::<f32>())
}

/// `destination = rows * packed`, the destination being row-major with `packed.columns` columns.
///
/// `rows_of(range)` gives the left matrix's rows, each of them `packed.depth` long at each of
/// `packed.positions` positions. `finish(first, values)` is called once on every value after its sum
/// is complete, on consecutive values of which the first has index `first` in the destination.
pub(crate) fn product<'a>(
    destination: &mut [f32],
    rows_of: impl Fn(Range<usize>) -> Rows<'a> + Sync,
    packed: &Packed,
    start: Start<'_>,
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let multiply = |range: Range<usize>, panels, destination| {
        let rows = rows_of(range.clone());
        assert_eq!(rows.pointers.len(), range.len() * packed.positions, "pointers of the left matrix");
        // SAFETY: the destination is this task's.
        unsafe { rows.multiply(range.len(), packed, panels, start, destination, packed.columns) };
    };
    product_of_blocks(destination, [ROWS, TASKS], packed, multiply, finish);
}

/// The same by blocks of `size` rows, where `multiply(rows, panels, first)` writes some panels' columns of some rows, from
/// `first` on in a destination that is row-major, and nothing else. Panels are divided where blocks are fewer than `tasks`.
pub(crate) fn product_of_blocks(
    destination: &mut [f32],
    [size, tasks]: [usize; 2],
    packed: &Packed,
    multiply: impl Fn(Range<usize>, Range<usize>, *mut f32) + Sync,
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let columns = packed.columns;
    let total = destination.len() / columns.max(1);
    assert_eq!(destination.len(), total * columns, "destination's size");
    if total == 0 {
        return;
    }
    let blocks = total.div_ceil(size);
    let operations = 2 * size.min(total) * packed.positions * packed.depth * columns;
    let bytes = 4 * packed.positions * packed.depth * columns;
    let worthwhile = (operations / OPERATIONS_PER_TASK).max(bytes / BYTES_PER_TASK);
    let groups = tasks.div_ceil(blocks).min(worthwhile).clamp(1, packed.panels());
    let together = packed.panels().div_ceil(groups);
    let groups = packed.panels().div_ceil(together);
    let target = Destination(destination.as_mut_ptr());
    for_each_index(blocks * groups, |task| {
        let target = &target;
        let (block, group) = (task / groups, task % groups);
        let range = block * size..((block + 1) * size).min(total);
        let panels = group * together..((group + 1) * together).min(packed.panels());
        let destination = target.0.wrapping_add(range.start * columns);
        multiply(range.clone(), panels.clone(), destination);
        // SAFETY: tasks have disjoint rows and columns within the
        // destination, which is borrowed uniquely until all tasks are done.
        unsafe {
            let first = panels.start * PANEL;
            let length = (panels.end * PANEL).min(columns) - first;
            if length == columns {
                let values = std::slice::from_raw_parts_mut(destination, range.len() * columns);
                finish(range.start * columns, values);
            } else {
                for row in range {
                    let index = row * columns + first;
                    finish(index, std::slice::from_raw_parts_mut(target.0.wrapping_add(index), length));
                }
            }
        }
    });
}
