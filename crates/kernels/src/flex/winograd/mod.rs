//! 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3), where [tiles](super::shifted) do not sum it directly.
//!
//! With the transforms of Lavin and Gray 2016 (arXiv 1509.09308), for each 4x4 tile of the output,
//! `Y = A^T [ (G g G^T) * (B^T d B) ] A`: 36 products a channel pair instead of 144. Summed over
//! channels, each of the 36 positions is a matrix product over tiles. Both gradients are the transposed
//! algorithm: the input's is the same convolution with the mirrored kernel, the weight's is `G^T [ sum
//! over tiles of (B^T d B) * (A dY A^T) ] G`.
//!
//! Chunks of tiles whose transforms stay in the last-level cache go through three passes, each
//! divided among the threads: transform tiles, multiply positions, transform back.
//!
//! Cost per output pixel: `2 * 36 / 16 * in * out` operations in products, and 2.25 times the bytes of
//! input and output through the cache. Against direct summation in `f64` the error is below 1e-5 of
//! the largest output (the tests state it), where im2col stays below 1e-6.
#![allow(unsafe_code)]

mod points;
mod tiles;
mod transform;

use super::{
    convolution::Geometry,
    memory::Buffer,
    microkernel::{Start, accumulate_transposed},
    pairs::{Factors, convert},
    parallel::{Destination, for_each_index, for_each_piece},
    product::{Packed, Rows},
    shifted,
    vector::run,
};
use crate::precision::Precision;
use tiles::Tiles;
use transform::{OutputTransform, WeightGradientTransform, WeightTransform};

/// Output pixels of a tile's side, and products.
const TILE: usize = 4;
const SIDE: usize = 6;
const POSITIONS: usize = SIDE * SIDE;

/// Values of a chunk's transformed inputs and outputs together: 8 MiB.
const CHUNK: usize = 2 << 20;
/// Tiles of a chunk below which the transformed weights are read too often; whole tiles of rows and of pairs of rows.
const LEAST_TILES: usize = 128;
/// Tiles of a batch from which the transform pays: one image of `resnet_se` takes 7.1 ms on a core where maps of 8x8 (4
/// tiles) are transformed, 7.6 where only those of 16 tiles are, 8.8 without transforms, and 9.5 where 4x4 are as well.
const FEWEST_TILES: usize = 4;
/// The same where transformed weights have more than [`WIDE`] values: they come from memory each time, and a program that
/// judges a single image must first write them there. Six images of `resnet_se` take 14.1 ms where those are transformed
/// and 12.9 where not; twelve 22.4 and 25.9.
const FEWEST_TILES_OF_WIDE: usize = 8;
/// 16 MiB.
const WIDE: usize = 4 << 20;
/// Tiles transformed by one task.
const TILES_PER_TASK: usize = 8;
/// One cache line between positions, so that 36 streams do not fall on the same sets.
const PADDING: usize = 16;

/// Whether the transform is worth it: enough channels to amortise the transforms, tiles well filled, and no faster way.
pub(crate) fn applies(geometry: &Geometry, outputs: usize, precision: Precision) -> bool {
    let tiles = geometry.out_height.div_ceil(TILE) * geometry.out_width.div_ceil(TILE);
    let fewest = if POSITIONS * geometry.channels * outputs > WIDE { FEWEST_TILES_OF_WIDE } else { FEWEST_TILES };
    geometry.kernel_height == 3
        && geometry.kernel_width == 3
        && geometry.stride == 1
        && geometry.padding <= 2
        && geometry.channels.is_multiple_of(16)
        && outputs.is_multiple_of(16)
        && geometry.channels >= 32
        && outputs >= 32
        && geometry.batch * tiles >= fewest
        && 2 * tiles * TILE * TILE <= 3 * geometry.out_height * geometry.out_width
        && !shifted::applies(geometry, precision)
}

/// Which 3x3 kernel to take from a weight `[out, in, 3, 3]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// As the forward pass does.
    Forward,
    /// Mirrored, inputs and outputs exchanged, as the input's gradient does.
    Mirrored,
}

/// `G g G^T` of every channel pair, packed for products at each of the 36 positions.
pub(crate) fn transform_weight(weight: &[f32], [outputs, inputs]: [usize; 2], kernel: Kernel) -> Packed {
    let (depth, columns) = match kernel {
        Kernel::Forward => (inputs, outputs),
        Kernel::Mirrored => (outputs, inputs),
    };
    Packed::build([POSITIONS, depth, columns], |first, count, width, panel| {
        // SAFETY: the panel is as long as `Packed` says; channels are multiples of any vector's lanes.
        unsafe { run(WeightTransform { weight, inputs, kernel, depth, first, count, width, panel }) };
    })
}

/// `Y` of `x` for a stride-1 3x3 convolution, plus the bias if there is one; `finish(first, values)` is
/// called once on every row of a tile.
pub(crate) fn convolve(
    geometry: &Geometry,
    x: &[f32],
    weight: &Packed,
    bias: Option<&[f32]>,
    y: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let tiles = Tiles::new(geometry);
    let (inputs, outputs) = (geometry.channels, weight.columns);
    assert_eq!(weight.depth, if weight.pairs { inputs / 2 } else { inputs }, "input channels");
    assert_eq!(x.len(), geometry.batch * geometry.height * geometry.width * inputs, "input's size");
    assert_eq!(y.len(), geometry.batch * geometry.out_height * geometry.out_width * outputs, "output's size");
    assert!(bias.is_none_or(|bias| bias.len() == outputs), "bias's size");
    let zeros = vec![0.0; inputs];
    let chunk = tiles.per_chunk(inputs + outputs);
    let (v_position, m_position) = (chunk * inputs + PADDING, chunk * outputs + PADDING);
    let mut v = Buffer::new(POSITIONS * v_position);
    let mut m = Buffer::new(POSITIONS * m_position);
    let pairs_position = chunk * inputs / 2 + PADDING;
    let mut pairs = weight.pairs.then(|| Buffer::new(POSITIONS * pairs_position));
    let target = Destination(y.as_mut_ptr());
    for first in (0..tiles.count).step_by(chunk) {
        let count = chunk.min(tiles.count - first);
        tiles.transform_inputs(x, &zeros, first, count, &mut v, v_position);
        match &mut pairs {
            None => multiply_positions(&v, v_position, &mut m, m_position, count, weight),
            Some(pairs) => {
                for_each_piece(pairs.values_mut(), pairs_position, |position, pairs| {
                    let v = &v.values()[position * v_position..][..count * inputs];
                    convert(v, &mut pairs[..count * inputs / 2]);
                });
                multiply_positions(pairs, pairs_position, &mut m, m_position, count, weight);
            }
        }
        let values = m.values();
        for_each_index(count.div_ceil(TILES_PER_TASK), |task| {
            let target = &target;
            for tile in task * TILES_PER_TASK..((task + 1) * TILES_PER_TASK).min(count) {
                let transform = OutputTransform {
                    m: &values[tile * outputs..],
                    position: m_position,
                    bias,
                    y: target.0,
                    outputs,
                    place: tiles.place(first + tile),
                    geometry,
                };
                // SAFETY: `m` holds all positions of the tile, and tiles write disjoint pixels of `y`,
                // which is borrowed uniquely until all are done.
                unsafe { run(transform) };
                let place = tiles.place(first + tile);
                let columns = TILE.min(geometry.out_width - place.column);
                for row in place.row..(place.row + TILE).min(geometry.out_height) {
                    let pixel = (place.image * geometry.out_height + row) * geometry.out_width + place.column;
                    let start = pixel * outputs;
                    // SAFETY: these pixels are this tile's alone, and written.
                    let values =
                        unsafe { std::slice::from_raw_parts_mut(target.0.wrapping_add(start), columns * outputs) };
                    finish(start, values);
                }
            }
        });
    }
}

/// The gradient `[out, in, 3, 3]` of the weight.
pub(crate) fn weight_gradient(
    geometry: &Geometry,
    x: &[f32],
    dy: &[f32],
    outputs: usize,
    precision: Precision,
    dw: &mut [f32],
) {
    let tiles = Tiles::new(geometry);
    let inputs = geometry.channels;
    assert_eq!(x.len(), geometry.batch * geometry.height * geometry.width * inputs, "input's size");
    assert_eq!(dy.len(), geometry.batch * geometry.out_height * geometry.out_width * outputs, "gradient's size");
    assert_eq!(dw.len(), outputs * inputs * 9, "weight's size");
    let zeros = vec![0.0; inputs.max(outputs)];
    let pairs = precision == Precision::Half;
    let chunk = tiles.per_chunk(inputs + outputs);
    let (v_position, m_position) = (chunk * inputs + PADDING, chunk * outputs + PADDING);
    let mut v = Buffer::new(POSITIONS * v_position);
    let mut m = Buffer::new(POSITIONS * m_position);
    let mut du = Buffer::new(POSITIONS * inputs * outputs);
    for first in (0..tiles.count).step_by(chunk) {
        let count = chunk.min(tiles.count - first);
        tiles.transform_inputs(x, &zeros, first, count, &mut v, v_position);
        tiles.transform_gradients(dy, &zeros, first, count, &mut m, m_position, outputs);
        let (v, m) = (v.values(), m.values());
        for_each_piece(du.values_mut(), inputs * outputs, |position, du| {
            let v = Factors::of_rows(&v[position * v_position..][..count * inputs], inputs, pairs);
            let m = Factors::of_rows(&m[position * m_position..][..count * outputs], outputs, pairs);
            if first == 0 {
                // In cache, where the sums then are; starting them at nothing instead waits for memory at every one.
                du.fill(0.0);
            }
            accumulate_transposed(du, v.values(), inputs, 0..inputs, m.values(), outputs, pairs, Start::Destination);
        });
    }
    for_each_piece(dw, 16 * inputs * 9, |index, dw| {
        // SAFETY: `du` holds all positions; `dw` all inputs of sixteen outputs.
        unsafe { run(WeightGradientTransform { du: du.values(), inputs, outputs, first: index * 16, dw }) };
    });
}

/// `M = V U` at every position, for `count` tiles.
fn multiply_positions(v: &Buffer, v_position: usize, m: &mut Buffer, m_position: usize, count: usize, weight: &Packed) {
    /// Positions times groups of panels: enough pieces for the threads of a large machine, where there are
    /// tiles enough to make a piece worth its overhead.
    const GROUPS: usize = 2;
    let v = v.values();
    let groups = if count < LEAST_TILES { 1 } else { GROUPS.min(weight.panels()) };
    let size = weight.panels().div_ceil(groups);
    assert!(m.values().len() >= (POSITIONS - 1) * m_position + count * weight.columns);
    let target = Destination(m.values_mut().as_mut_ptr());
    for_each_index(POSITIONS * groups, |task| {
        let target = &target;
        let (position, group) = (task / groups, task % groups);
        let panels = group * size..((group + 1) * size).min(weight.panels());
        let rows = Rows::of_matrix(&v[position * v_position..], weight.depth, 0..count);
        let destination = target.0.wrapping_add(position * m_position);
        // SAFETY: `m` holds `count` rows at each position, and tasks differ in position or columns.
        unsafe {
            rows.multiply_position(count, weight, position, panels, Start::Zero, destination, weight.columns);
        }
    });
}
