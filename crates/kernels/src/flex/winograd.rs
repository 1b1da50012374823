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

use super::{
    convolution::Geometry,
    memory::Buffer,
    microkernel::{PANEL, Start, accumulate_transposed},
    pairs::{Factors, convert},
    parallel::{Destination, for_each_index, for_each_piece},
    product::{Packed, Rows},
    shifted,
    vector::{Vector, VectorKernel, run},
};
use crate::precision::Precision;

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

/// The tiles of a batch's output, image by image, row by row.
struct Tiles<'a> {
    geometry: &'a Geometry,
    across: usize,
    per_image: usize,
    count: usize,
}

/// Where a tile lies: image, first row and first column of the output.
#[derive(Clone, Copy)]
struct Place {
    image: usize,
    row: usize,
    column: usize,
}

impl<'a> Tiles<'a> {
    fn new(geometry: &'a Geometry) -> Self {
        let across = geometry.out_width.div_ceil(TILE);
        let per_image = across * geometry.out_height.div_ceil(TILE);
        Self { geometry, across, per_image, count: geometry.batch * per_image }
    }

    fn per_chunk(&self, channels: usize) -> usize {
        (CHUNK / (POSITIONS * channels)).max(1).next_multiple_of(LEAST_TILES).min(self.count)
    }

    fn place(&self, tile: usize) -> Place {
        let (image, within) = (tile / self.per_image, tile % self.per_image);
        Place { image, row: within / self.across * TILE, column: within % self.across * TILE }
    }

    /// `V = B^T d B` for `count` tiles from `first` on.
    fn transform_inputs(&self, x: &[f32], zeros: &[f32], first: usize, count: usize, v: &mut Buffer, position: usize) {
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
    fn transform_gradients(
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

/// The interpolation points are 0, +-5/8, +-3/2 and infinity instead of the textbook's 0, +-1, +-2:
/// they are exact in binary and halve the rounding error (Barabasz et al. 2018, arXiv 1803.10986, on
/// why; found by trying pairs on random data).
const A1: f32 = 0.625;
const A2: f32 = A1 * A1;
const A3: f32 = A2 * A1;
const B1: f32 = 1.5;
const B2: f32 = B1 * B1;
const B3: f32 = B2 * B1;
/// Inverse products of the distances from each point to the others.
const AT_ZERO: f32 = 1.0 / (A2 * B2);
const AT_A: f32 = 1.0 / (2.0 * A2 * (A2 - B2));
const AT_B: f32 = 1.0 / (2.0 * B2 * (B2 - A2));

#[inline(always)]
unsafe fn times<V: Vector>(factor: f32, value: V) -> V {
    // SAFETY: the caller runs where `V` exists.
    unsafe { V::splat(factor).mul(value) }
}

/// `sum + factor * value`
#[inline(always)]
unsafe fn plus<V: Vector>(sum: V, factor: f32, value: V) -> V {
    // SAFETY: the caller runs where `V` exists.
    unsafe { sum.add_product(V::splat(factor), value) }
}

/// `B^T d`
#[inline(always)]
unsafe fn input<V: Vector>(d: [V; 6]) -> [V; 6] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (even_a, odd_a) = (plus(d[4], -B2, d[2]), plus(d[3], -B2, d[1]));
        let (even_b, odd_b) = (plus(d[4], -A2, d[2]), plus(d[3], -A2, d[1]));
        [
            plus(plus(d[4], -(A2 + B2), d[2]), A2 * B2, d[0]),
            plus(even_a, A1, odd_a),
            plus(even_a, -A1, odd_a),
            plus(even_b, B1, odd_b),
            plus(even_b, -B1, odd_b),
            plus(plus(d[5], -(A2 + B2), d[3]), A2 * B2, d[1]),
        ]
    }
}

/// `A^T m`
#[inline(always)]
unsafe fn output<V: Vector>(m: [V; 6]) -> [V; 4] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (sum_a, difference_a) = (m[1].add(m[2]), m[1].sub(m[2]));
        let (sum_b, difference_b) = (m[3].add(m[4]), m[3].sub(m[4]));
        [
            m[0].add(sum_a).add(sum_b),
            plus(times(A1, difference_a), B1, difference_b),
            plus(times(A2, sum_a), B2, sum_b),
            plus(plus(m[5], A3, difference_a), B3, difference_b),
        ]
    }
}

/// `A y`
#[inline(always)]
unsafe fn gradient<V: Vector>(y: [V; 4]) -> [V; 6] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (even_a, odd_a) = (plus(y[0], A2, y[2]), plus(times(A1, y[1]), A3, y[3]));
        let (even_b, odd_b) = (plus(y[0], B2, y[2]), plus(times(B1, y[1]), B3, y[3]));
        [y[0], even_a.add(odd_a), even_a.sub(odd_a), even_b.add(odd_b), even_b.sub(odd_b), y[3]]
    }
}

/// `G g`
#[inline(always)]
unsafe fn weight<V: Vector>(g: [V; 3]) -> [V; 6] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (even_a, odd_a) = (plus(times(AT_A, g[0]), AT_A * A2, g[2]), times(AT_A * A1, g[1]));
        let (even_b, odd_b) = (plus(times(AT_B, g[0]), AT_B * B2, g[2]), times(AT_B * B1, g[1]));
        [times(AT_ZERO, g[0]), even_a.add(odd_a), even_a.sub(odd_a), even_b.add(odd_b), even_b.sub(odd_b), g[2]]
    }
}

/// `G^T u`
#[inline(always)]
unsafe fn weight_transposed<V: Vector>(u: [V; 6]) -> [V; 3] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let (sum_a, difference_a) = (u[1].add(u[2]), u[1].sub(u[2]));
        let (sum_b, difference_b) = (u[3].add(u[4]), u[3].sub(u[4]));
        [
            plus(plus(times(AT_ZERO, u[0]), AT_A, sum_a), AT_B, sum_b),
            plus(times(AT_A * A1, difference_a), AT_B * B1, difference_b),
            plus(plus(u[5], AT_A * A2, sum_a), AT_B * B2, sum_b),
        ]
    }
}

/// Transforms the columns, then the rows, of a matrix of `FROM x FROM` vectors.
#[inline(always)]
unsafe fn both<V: Vector, const FROM: usize, const TO: usize>(
    values: [[V; FROM]; FROM],
    transform: unsafe fn([V; FROM]) -> [V; TO],
) -> [[V; TO]; TO] {
    // SAFETY: the caller runs where `V` exists.
    unsafe {
        let mut half = [[V::zero(); FROM]; TO];
        for column in 0..FROM {
            let transformed = transform(std::array::from_fn(|row| values[row][column]));
            for (half, value) in half.iter_mut().zip(transformed) {
                half[column] = value;
            }
        }
        half.map(|row| transform(row))
    }
}

struct InputTransform<'a> {
    pixels: [&'a [f32]; POSITIONS],
    v: *mut f32,
    position: usize,
}

impl VectorKernel for InputTransform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for channel in (0..self.pixels[0].len()).step_by(V::LANES) {
            // SAFETY: channels are a multiple of the lanes; the caller vouches for the rest.
            unsafe {
                let mut half = [[V::zero(); SIDE]; SIDE];
                for column in 0..SIDE {
                    let load = |row: usize| V::load(self.pixels[row * SIDE + column].as_ptr().add(channel));
                    let transformed = input([load(0), load(1), load(2), load(3), load(4), load(5)]);
                    for (half, value) in half.iter_mut().zip(transformed) {
                        half[column] = value;
                    }
                }
                for (row, half) in half.into_iter().enumerate() {
                    for (column, value) in input(half).into_iter().enumerate() {
                        value.store(self.v.add((row * SIDE + column) * self.position + channel));
                    }
                }
            }
        }
    }
}

struct GradientTransform<'a> {
    pixels: [&'a [f32]; TILE * TILE],
    m: *mut f32,
    position: usize,
}

impl VectorKernel for GradientTransform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for channel in (0..self.pixels[0].len()).step_by(V::LANES) {
            // SAFETY: channels are a multiple of the lanes; the caller vouches for the rest.
            unsafe {
                let mut half = [[V::zero(); TILE]; SIDE];
                for column in 0..TILE {
                    let load = |row: usize| V::load(self.pixels[row * TILE + column].as_ptr().add(channel));
                    let transformed = gradient([load(0), load(1), load(2), load(3)]);
                    for (half, value) in half.iter_mut().zip(transformed) {
                        half[column] = value;
                    }
                }
                for (row, half) in half.into_iter().enumerate() {
                    for (column, value) in gradient(half).into_iter().enumerate() {
                        value.store(self.m.add((row * SIDE + column) * self.position + channel));
                    }
                }
            }
        }
    }
}

struct OutputTransform<'a> {
    m: &'a [f32],
    position: usize,
    bias: Option<&'a [f32]>,
    y: *mut f32,
    outputs: usize,
    place: Place,
    geometry: &'a Geometry,
}

impl VectorKernel for OutputTransform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (g, place) = (self.geometry, self.place);
        let rows = TILE.min(g.out_height - place.row);
        let columns = TILE.min(g.out_width - place.column);
        let pixel = (place.image * g.out_height + place.row) * g.out_width + place.column;
        for channel in (0..self.outputs).step_by(V::LANES) {
            // SAFETY: channels are a multiple of the lanes; the caller vouches for the rest.
            unsafe {
                let bias = self.bias.map_or(V::zero(), |bias| V::load(bias.as_ptr().add(channel)));
                let source = self.m.as_ptr().add(channel);
                let mut half = [[V::zero(); SIDE]; TILE];
                for column in 0..SIDE {
                    let load = |row: usize| V::load(source.add((row * SIDE + column) * self.position));
                    let transformed = output([load(0), load(1), load(2), load(3), load(4), load(5)]);
                    for (half, value) in half.iter_mut().zip(transformed) {
                        half[column] = value;
                    }
                }
                for (row, half) in half.into_iter().enumerate().take(rows) {
                    let start = (pixel + row * g.out_width) * self.outputs + channel;
                    for (column, value) in output(half).into_iter().enumerate() {
                        if column < columns {
                            value.add(bias).store(self.y.add(start + column * self.outputs));
                        }
                    }
                }
            }
        }
    }
}

struct WeightTransform<'a> {
    weight: &'a [f32],
    inputs: usize,
    kernel: Kernel,
    depth: usize,
    /// First column, their number, and the panel's width.
    first: usize,
    count: usize,
    width: usize,
    panel: &'a mut [f32],
}

impl VectorKernel for WeightTransform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        for depth in 0..self.depth {
            let kernel_of = |column: usize| {
                let (out, input) = match self.kernel {
                    Kernel::Forward => (self.first + column, depth),
                    Kernel::Mirrored => (depth, self.first + column),
                };
                &self.weight[(out * self.inputs + input) * 9..][..9]
            };
            let mut kernels = [[0.0_f32; PANEL]; 9];
            for (position, row) in kernels.iter_mut().enumerate() {
                let from = if self.kernel == Kernel::Mirrored { 8 - position } else { position };
                for (column, value) in row.iter_mut().enumerate().take(self.count) {
                    *value = kernel_of(column)[from];
                }
            }
            for column in (0..self.width).step_by(V::LANES) {
                // SAFETY: the panel has `width` columns, a multiple of the lanes, at each position.
                unsafe {
                    let g: [[V; 3]; 3] = std::array::from_fn(|row| {
                        std::array::from_fn(|n| V::load(kernels[row * 3 + n].as_ptr().add(column)))
                    });
                    let u = both(g, weight::<V>);
                    for (position, value) in u.into_iter().flatten().enumerate() {
                        let start = (position * self.depth + depth) * self.width + column;
                        value.store(self.panel[start..start + V::LANES].as_mut_ptr());
                    }
                }
            }
        }
    }
}

struct WeightGradientTransform<'a> {
    du: &'a [f32],
    inputs: usize,
    outputs: usize,
    first: usize,
    dw: &'a mut [f32],
}

impl VectorKernel for WeightGradientTransform<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let count = self.dw.len() / (self.inputs * 9);
        for input in 0..self.inputs {
            for column in (0..count).step_by(V::LANES) {
                let mut lanes = [0.0_f32; 16];
                // SAFETY: `du` has `outputs`, a multiple of the lanes, values for each position and input.
                unsafe {
                    let u: [[V; SIDE]; SIDE] = std::array::from_fn(|row| {
                        std::array::from_fn(|n| {
                            let start = ((row * SIDE + n) * self.inputs + input) * self.outputs + self.first + column;
                            V::load(self.du[start..start + V::LANES].as_ptr())
                        })
                    });
                    let g = both(u, weight_transposed::<V>);
                    for (position, value) in g.into_iter().flatten().enumerate() {
                        value.store(lanes.as_mut_ptr());
                        for (lane, &value) in lanes.iter().enumerate().take(V::LANES) {
                            self.dw[((column + lane) * self.inputs + input) * 9 + position] = value;
                        }
                    }
                }
            }
        }
    }
}
