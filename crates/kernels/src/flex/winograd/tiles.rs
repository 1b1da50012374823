//! Where the 4x4 tiles of a batch lie, and their transforms, divided among the threads.
#![allow(unsafe_code)]

use super::transform::{GradientTransform, InputTransform};
use super::{CHUNK, LEAST_TILES, POSITIONS, SIDE, TILE, TILES_PER_TASK};
use crate::flex::convolution::Geometry;
use crate::flex::memory::Buffer;
use crate::flex::parallel::{Destination, for_each_index};
use crate::flex::vector::run;

/// The tiles of a batch's output, image by image, row by row.
pub(super) struct Tiles<'a> {
    geometry: &'a Geometry,
    across: usize,
    per_image: usize,
    pub(super) count: usize,
}

/// Where a tile lies: image, first row and first column of the output.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) image: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}

impl<'a> Tiles<'a> {
    pub(super) fn new(geometry: &'a Geometry) -> Self {
        let across = geometry.out_width.div_ceil(TILE);
        let per_image = across * geometry.out_height.div_ceil(TILE);
        Self { geometry, across, per_image, count: geometry.batch * per_image }
    }

    pub(super) fn per_chunk(&self, channels: usize) -> usize {
        (CHUNK / (POSITIONS * channels)).max(1).next_multiple_of(LEAST_TILES).min(self.count)
    }

    pub(super) fn place(&self, tile: usize) -> Place {
        let (image, within) = (tile / self.per_image, tile % self.per_image);
        Place { image, row: within / self.across * TILE, column: within % self.across * TILE }
    }

    /// `V = B^T d B` for `count` tiles from `first` on.
    pub(super) fn transform_inputs(
        &self,
        x: &[f32],
        zeros: &[f32],
        first: usize,
        count: usize,
        v: &mut Buffer,
        position: usize,
    ) {
        let g = self.geometry;
        assert!(v.values().len() >= (POSITIONS - 1) * position + count * g.channels);
        let target = Destination(v.values_mut().as_mut_ptr());
        for_each_index(count.div_ceil(TILES_PER_TASK), |task| {
            let target = &target;
            for tile in task * TILES_PER_TASK..((task + 1) * TILES_PER_TASK).min(count) {
                let place = self.place(first + tile);
                let pixels: [&[f32]; POSITIONS] = std::array::from_fn(|index| {
                    let row = (place.row + index / SIDE).wrapping_sub(g.padding);
                    let column = (place.column + index % SIDE).wrapping_sub(g.padding);
                    if row < g.height && column < g.width {
                        let start = ((place.image * g.height + row) * g.width + column) * g.channels;
                        &x[start..start + g.channels]
                    } else {
                        &zeros[..g.channels]
                    }
                });
                let v = target.0.wrapping_add(tile * g.channels);
                // SAFETY: all pixels have `channels` values; tiles write disjoint parts of `v`.
                unsafe { run(InputTransform { pixels, v, position }) };
            }
        });
    }

    /// `M = A dY A^T` for `count` tiles from `first` on.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn transform_gradients(
        &self,
        dy: &[f32],
        zeros: &[f32],
        first: usize,
        count: usize,
        m: &mut Buffer,
        position: usize,
        outputs: usize,
    ) {
        let g = self.geometry;
        assert!(m.values().len() >= (POSITIONS - 1) * position + count * outputs);
        let target = Destination(m.values_mut().as_mut_ptr());
        for_each_index(count.div_ceil(TILES_PER_TASK), |task| {
            let target = &target;
            for tile in task * TILES_PER_TASK..((task + 1) * TILES_PER_TASK).min(count) {
                let place = self.place(first + tile);
                let pixels: [&[f32]; TILE * TILE] = std::array::from_fn(|index| {
                    let (row, column) = (place.row + index / TILE, place.column + index % TILE);
                    if row < g.out_height && column < g.out_width {
                        let start = ((place.image * g.out_height + row) * g.out_width + column) * outputs;
                        &dy[start..start + outputs]
                    } else {
                        &zeros[..outputs]
                    }
                });
                let m = target.0.wrapping_add(tile * outputs);
                // SAFETY: all pixels have `outputs` values; tiles write disjoint parts of `m`.
                unsafe { run(GradientTransform { pixels, m, position }) };
            }
        });
    }
}
