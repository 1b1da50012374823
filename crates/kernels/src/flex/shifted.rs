//! 3x3 convolution of stride 1 or 2 in half precision by [`tiles`](super::tiles), summed directly.
//!
//! Tiles multiply so fast that Winograd's transforms cost more than the products they save. A tile of the left takes
//! sixteen rows at even distances: sixteen output pixels that follow each other. Under one place of the kernel they read
//! sixteen input pixels, a line up or down and a column to a side, and where a line ends these lie apart. In a copy of
//! the images that is shifted by that column, with zeros in what the shift leaves, and with a line of zeros between
//! images, they follow each other too. Three such copies, made of as many images as stay in the second-level cache, serve
//! all nine places. At stride 2 even columns are one copy and odd ones the two others, and likewise even lines lie apart
//! from odd ones, so that what follows each other in the output does so in the copies.
//!
//! The weight's gradient at stride 1 is a sum over pixels, of which a tile's row holds sixteen pairs, so there every copy has each pixel
//! paired with the next of its line. A line of zeros between images makes all pixels of a chunk one sum.
//!
//! Cost per output pixel: `2 * 9 * in * out` operations, a quarter more for the weight's gradient of maps of 4x4, which
//! have a line of zeros for four of pixels. Products are exact and sums in `f32`: the error is that of rounding to bf16.
#![allow(unsafe_code)]

use std::ops::Range;

use super::{
    convolution::Geometry,
    memory::Buffer,
    microkernel::{PANEL, Start, width},
    pairs::{convert, convert_rows},
    parallel::{Destination, for_each_index, for_each_piece, map_pieces},
    product::{Packed, TASKS, product_of_blocks},
    rearrange::rearrange,
    tiles::{BLOCK, Gathered, Left, Product, SIDE, multiplies_tiles, with_tiles},
};
use crate::precision::Precision;

/// Lines and columns of the kernel.
const KERNEL: usize = 3;
const PLACES: usize = KERNEL * KERNEL;
/// Output pixels of a task, unless an image has more: many, since all read the same weights, and few enough for the copies
/// they read to stay in the second-level cache.
const PIXELS: usize = 256;
/// Pairs of one copy of the images whose part of the weight's gradient is summed at once, if they stay in the second-level
/// cache, and of one channel's if that is more: enough for sums to be read and written seldom.
const CHUNK: usize = 256 << 10;
const DEEP: usize = 80 * SIDE;
/// Outputs whose gradients are multiplied by one task, at most: they stay in cache as well.
const ROWS: usize = 256;

/// Whether tiles can do it: their rows are whole lines or parts of one, their depth is channels of one pixel.
pub(crate) fn applies(geometry: &Geometry, precision: Precision) -> bool {
    let &Geometry { height, width, channels, kernel_height, kernel_width, stride, padding, .. } = geometry;
    let (lines, line) = (geometry.out_height, geometry.out_width);
    precision == Precision::Half
        && [kernel_height, kernel_width, padding] == [KERNEL, KERNEL, 1]
        && (stride == 1 || stride == 2 && height.is_multiple_of(2) && width.is_multiple_of(2))
        && channels.is_multiple_of(2 * SIDE)
        && (line.is_multiple_of(SIDE) || line > 1 && SIDE.is_multiple_of(line) && (lines * line).is_multiple_of(SIDE))
        && multiplies_tiles()
}

/// Whether tiles can do the weight's gradient, too.
pub(crate) fn applies_to_gradient(geometry: &Geometry, precision: Precision) -> bool {
    geometry.stride == 1 && applies(geometry, precision)
}

/// As [`convolve`](super::convolution::convolve), with a weight in pairs.
pub(crate) fn convolve(
    geometry: &Geometry,
    x: &[f32],
    weight: &Packed,
    bias: Option<&[f32]>,
    y: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    let &Geometry { batch, height, width, channels, out_height, out_width, .. } = geometry;
    assert!(weight.pairs && [weight.positions, 2 * weight.depth] == [PLACES, channels], "the weight's form");
    assert_eq!(x.len(), batch * height * width * channels, "input's size");
    let pixels = out_height * out_width;
    assert_eq!(y.len(), batch * pixels * weight.columns, "output's size");
    let images = (PIXELS / pixels).max(1);
    let start = bias.map_or(Start::Zero, Start::Bias);
    // Copies are made once for every task, so fewer than elsewhere.
    let multiply = |range: Range<usize>, panels, destination| {
        let size = height * width * channels;
        let copies = Copies::new(geometry, &x[range.start / pixels * size..range.end / pixels * size]);
        // SAFETY: the destination is this task's pixels' of these panels.
        unsafe { copies.multiply(weight, panels, start, destination) };
    };
    product_of_blocks(y, [images * pixels, TASKS / 2], weight, multiply, finish);
}

/// Some images three times in pairs of channels, as the three columns of the kernel read them. Sixteen pairs of all
/// pixels lie together, so that a tile is of one piece: `[copy, channels / 32, line, column, 16]`, with as many columns as
/// the output has.
///
/// At stride 1 they are shifted right by a column, not at all, and left. At stride 2 they are odd columns shifted right,
/// even columns, and odd ones, and after the odd lines of all images come all even ones. Before every image's lines, odd
/// ones at stride 2, comes one of zeros, and at stride 1 another after the last.
struct Copies {
    pairs: Buffer,
    layout: Layout,
}

/// Where in [`Copies`] what lies.
#[derive(Clone, Copy)]
struct Layout {
    stride: usize,
    images: usize,
    /// Lines and columns of the output.
    height: usize,
    width: usize,
    /// Tiles in the depth of a pixel.
    steps: usize,
}

impl Layout {
    /// Where line `line` of image `image` lies.
    fn line(&self, image: usize, line: usize) -> usize {
        match (self.stride, line % 2) {
            (1, _) => image * (self.height + 1) + 1 + line,
            (_, 1) => image * (self.height + 1) + 1 + line / 2,
            _ => self.images * (self.height + 1) + image * self.height + line / 2,
        }
    }

    /// Values from one step in depth to the next.
    fn step(&self) -> usize {
        let lines = match self.stride {
            1 => self.images * (self.height + 1) + 1,
            _ => self.images * (2 * self.height + 1),
        };
        lines * self.width * SIDE
    }
}

impl Copies {
    fn new(geometry: &Geometry, x: &[f32]) -> Self {
        let &Geometry { height, width, channels, stride, out_height, out_width, .. } = geometry;
        let steps = channels / (2 * SIDE);
        let images = x.len() / (height * width * channels);
        let layout = Layout { stride, images, height: out_height, width: out_width, steps };
        let mut pairs = Buffer::new(KERNEL * steps * layout.step());
        let (rows, _) = pairs.values_mut().as_chunks_mut::<SIDE>();
        let at =
            |copy: usize, step: usize, line: usize| (copy * steps + step) * layout.step() / SIDE + line * out_width;
        for line in (0..images + 2 - stride).map(|image| image * (out_height + 1)) {
            for copy in 0..KERNEL {
                (0..steps).for_each(|step| rows[at(copy, step, line)..][..out_width].fill([0.0; SIDE]));
            }
        }
        let mut pixel = vec![0.0; channels / 2];
        for (number, values) in x.chunks_exact(width * channels).enumerate() {
            let line = layout.line(number / height, number % height);
            for (column, values) in values.chunks_exact(channels).enumerate() {
                convert(values, &mut pixel);
                for copy in 0..KERNEL {
                    let padded = (column + 1).wrapping_sub(copy);
                    if padded % stride == 0 && padded / stride < out_width {
                        for (step, tile) in pixel.as_chunks::<SIDE>().0.iter().enumerate() {
                            rows[at(copy, step, line) + padded / stride] = *tile;
                        }
                    }
                }
            }
            for step in 0..steps {
                rows[at(0, step, line)] = [0.0; SIDE];
                if stride == 1 {
                    rows[at(KERNEL - 1, step, line) + width - 1] = [0.0; SIDE];
                }
            }
        }
        Self { pairs, layout }
    }

    /// What the output pixels from `pixel` on, up to [`BLOCK`] of all `pixels`, read at every place of the kernel.
    fn block(&self, pixel: usize, pixels: usize) -> [Left; PLACES] {
        let Layout { stride, images, height, width, steps } = self.layout;
        let tile = |pixel: usize, place: usize| {
            let (kernel_y, image) = (place / KERNEL, pixel / (height * width));
            let lines = match (stride, kernel_y) {
                // In every image before lies a line more.
                (1, _) => image + kernel_y,
                (_, 1) => images * (height + 1),
                _ => image + kernel_y / 2,
            };
            let first = place % KERNEL * steps * self.layout.step();
            self.pairs.values()[first + (pixel + lines * width) * SIDE..].as_ptr()
        };
        // What is missing of a block is not read for its own sake.
        let lower = if pixel + SIDE < pixels { pixel + SIDE } else { pixel };
        std::array::from_fn(|place| Left::of_tiles([tile(pixel, place), tile(lower, place)], self.layout.step()))
    }

    /// # Safety
    /// The destination is valid for a row of `weight.columns` values for each pixel, of which nothing else accesses those
    /// of `panels` meanwhile.
    unsafe fn multiply(&self, weight: &Packed, panels: Range<usize>, start: Start<'_>, destination: *mut f32) {
        let Layout { images, height, width: line, steps, .. } = self.layout;
        let pixels = images * height * line;
        let blocks: Vec<_> = (0..pixels).step_by(BLOCK).map(|pixel| (pixel, self.block(pixel, pixels))).collect();
        with_tiles(|| {
            for index in panels {
                let (panel, columns) = weight.panel(index);
                let first_column = index * PANEL;
                for (pixel, left) in &blocks {
                    let product = Product {
                        left,
                        rows: BLOCK.min(pixels - pixel),
                        steps,
                        panel,
                        panel_stride: width(columns),
                        columns,
                        start: start.at(first_column),
                        destination: destination.wrapping_add(pixel * weight.columns + first_column),
                        destination_stride: weight.columns,
                    };
                    // SAFETY: the copies hold sixteen rows from every pixel and place on; the destination is the
                    // caller's promise.
                    unsafe { product.multiply() };
                }
            }
        });
    }
}

/// The gradient `[out, in, 3, 3]` of the weight.
pub(crate) fn weight_gradient(geometry: &Geometry, x: &[f32], dy: &[f32], outputs: usize, dw: &mut [f32]) {
    let &Geometry { batch, height, width, channels: inputs, .. } = geometry;
    assert_eq!(x.len(), batch * height * width * inputs, "input's size");
    assert_eq!(dy.len(), batch * height * width * outputs, "gradient's size");
    assert_eq!(dw.len(), outputs * inputs * PLACES, "weight's size");
    let most = ((CHUNK / inputs).max(DEEP) / ((height + 1) * width / 2)).max(1);
    let images = batch.div_ceil(batch.div_ceil(most).max(1)).max(1);
    // Two groups, so that nine places keep two threads equally busy.
    let rows = outputs.div_ceil(2).next_multiple_of(BLOCK).min(ROWS);
    let mut sums = Buffer::new(PLACES * outputs * inputs);
    if batch == 0 {
        sums.values_mut().fill(0.0);
    }
    for first in (0..batch).step_by(images) {
        let count = images.min(batch - first);
        let own = |values, channels| Images::new(values, first..first + count, [height, width, channels]);
        let (left, right) = (own(dy, outputs).turned(rows), RowCopies::new(&own(x, inputs)));
        let start = if first == 0 { Start::Zero } else { Start::Destination };
        let target = Destination(sums.values_mut().as_mut_ptr());
        for_each_index(PLACES * left.len(), |task| {
            let (place, block) = (task / left.len(), task % left.len());
            // SAFETY: tasks write disjoint rows of the sums.
            unsafe { right.multiply(place, &left[block], block * rows, outputs, start, &target) };
        });
    }
    let sums = sums.values();
    for_each_piece(dw, inputs * PLACES, |output, dw| {
        rearrange(&sums[output * inputs..], [1, outputs * inputs], [inputs, PLACES], dw, PLACES);
    });
}

/// Some images of a batch, without padding.
struct Images<'a> {
    values: &'a [f32],
    count: usize,
    height: usize,
    width: usize,
    channels: usize,
}

impl<'a> Images<'a> {
    fn new(values: &'a [f32], images: Range<usize>, [height, width, channels]: [usize; 3]) -> Self {
        let size = height * width * channels;
        Self { values: &values[images.start * size..images.end * size], count: images.len(), height, width, channels }
    }

    /// Pairs of pixels, a line of zeros after each image, and zeros up to whole tiles.
    fn pairs(&self) -> usize {
        (self.count * (self.height + 1) * self.width / 2).next_multiple_of(SIDE)
    }

    /// A line of image `line / (height + 1)`; none for the one after the last.
    fn line(&self, line: usize) -> Option<&'a [f32]> {
        let (image, line) = (line / (self.height + 1), line % (self.height + 1));
        let size = self.width * self.channels;
        (image < self.count && line < self.height).then(|| &self.values[(image * self.height + line) * size..][..size])
    }

    /// All channels, in groups of `size`, as rows whose depth is pixels.
    fn turned(&self, size: usize) -> Vec<Gathered> {
        let channels = self.channels;
        let mut pairs = Buffer::new(self.pairs() * channels);
        for_each_piece(pairs.values_mut(), self.width / 2 * channels, |line, pairs| match self.line(line) {
            Some(values) => convert_rows(values, channels, pairs),
            None => pairs.fill(0.0),
        });
        map_pieces(channels.div_ceil(size), |group| {
            let first = group * size;
            Gathered::turned(&pairs.values()[first..], channels, [self.pairs(), size.min(channels - first)])
        })
    }
}

/// Some images three times in pairs of pixels, shifted as [`Copies`] are, with a line of zeros before the first image
/// and after each, cut into panels of channels: `[copy, panel, line, column / 2, 32]`.
struct RowCopies {
    pairs: Buffer,
    channels: usize,
    /// Pairs of a line, and of all lines.
    line: usize,
    rows: usize,
    /// Those summed at each place.
    depth: usize,
}

impl RowCopies {
    fn new(images: &Images<'_>) -> Self {
        let channels = images.channels;
        let (line, depth) = (images.width / 2, images.pairs());
        // The last place reads two lines on.
        let rows = depth + (KERNEL - 1) * line;
        let panels = channels / PANEL;
        let mut pairs = Buffer::new(KERNEL * panels * rows * PANEL);
        let target = Destination(pairs.values_mut().as_mut_ptr());
        for_each_index(rows.div_ceil(line), |number| {
            let target = &target;
            let mut padded = vec![0.0; (images.width + 2) * channels];
            let values = number.checked_sub(1).and_then(|number| images.line(number));
            if let Some(values) = values {
                padded[channels..][..values.len()].copy_from_slice(values);
            }
            let mut pair = vec![0.0; channels];
            let columns = line.min(rows - number * line);
            for first in 0..=images.width {
                convert_rows(&padded[first * channels..][..2 * channels], channels, &mut pair);
                // What one copy has of a pixel, another has of the one before it.
                for copy in (first % 2..KERNEL.min(first + 1)).step_by(2) {
                    let column = (first - copy) / 2;
                    if column >= columns {
                        continue;
                    }
                    for (panel, values) in pair.as_chunks::<PANEL>().0.iter().enumerate() {
                        let row = (copy * panels + panel) * rows + number * line + column;
                        // SAFETY: the row is one of the copies', and this line's alone.
                        unsafe { target.0.wrapping_add(row * PANEL).cast::<[f32; PANEL]>().write(*values) };
                    }
                }
            }
        });
        Self { pairs, channels, line, rows, depth }
    }

    /// The sums over pixels at one place of the kernel, of outputs from `first` on.
    ///
    /// # Safety
    /// The target is valid for `[place, outputs, channels]`, and nothing else accesses these outputs at this place.
    unsafe fn multiply(
        &self,
        place: usize,
        left: &Gathered,
        first: usize,
        outputs: usize,
        start: Start<'_>,
        target: &Destination,
    ) {
        let (line, copy) = (place / KERNEL, place % KERNEL);
        let panels = self.channels / PANEL;
        with_tiles(|| {
            for panel in 0..panels {
                let from = (copy * panels + panel) * self.rows + line * self.line;
                for (row, left) in left.blocks() {
                    let output = first + row;
                    let product = Product {
                        left: &[left],
                        rows: BLOCK.min(outputs - output),
                        steps: self.depth / SIDE,
                        panel: &self.pairs.values()[from * PANEL..][..self.depth * PANEL],
                        panel_stride: PANEL,
                        columns: PANEL,
                        start,
                        destination: target.0.wrapping_add((place * outputs + output) * self.channels + panel * PANEL),
                        destination_stride: self.channels,
                    };
                    // SAFETY: the caller's promise.
                    unsafe { product.multiply() };
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small whole numbers: they are bf16 values, and their products' sums exact.
    fn whole(count: usize, most: usize) -> Vec<f32> {
        (0..count).map(|index| (index * 7 % most) as f32 - (most / 2) as f32).collect()
    }

    /// Calls `work(output pixel, input pixel, place)` wherever a place of the kernel lies within an image.
    fn each_place(geometry: &Geometry, mut work: impl FnMut(usize, usize, usize)) {
        let &Geometry { batch, height, width, stride, out_height, out_width, .. } = geometry;
        for pixel in 0..batch * out_height * out_width {
            let (image, row, column) =
                (pixel / (out_height * out_width), pixel / out_width % out_height, pixel % out_width);
            for place in 0..PLACES {
                let (down, right) = (row * stride + place / KERNEL, column * stride + place % KERNEL);
                if (1..=height).contains(&down) && (1..=width).contains(&right) {
                    work(pixel, (image * height + down - 1) * width + right - 1, place);
                }
            }
        }
    }

    #[test]
    fn sums_and_the_weights_gradient_are_exact() {
        // Maps of one tile and of many, lines of several, parts of blocks, panels and groups, more images than a chunk.
        for (x, outputs, stride) in [
            ([1, 4, 4, 32], 16, 1),
            ([3, 4, 4, 544], 8, 1),
            ([5, 8, 8, 64], 100, 1),
            ([1, 8, 2, 32], 33, 1),
            ([2, 16, 16, 96], 32, 1),
            ([1, 3, 48, 32], 40, 1),
            ([70, 16, 16, 64], 16, 1),
            ([1, 8, 8, 32], 16, 2),
            ([19, 8, 8, 544], 8, 2),
            ([5, 16, 16, 64], 100, 2),
            ([1, 16, 4, 32], 33, 2),
            ([2, 32, 32, 96], 32, 2),
            ([1, 6, 96, 32], 40, 2),
        ] {
            let geometry = Geometry::new(x, [KERNEL; 2], stride, 1);
            if !applies(&geometry, Precision::Half) {
                assert!(!multiplies_tiles(), "{x:?}");
                return;
            }
            let [batch, height, width, inputs] = x;
            let pixels = batch * geometry.out_height * geometry.out_width;
            let (x, dy) = (whole(batch * height * width * inputs, 5), whole(pixels * outputs, 3));
            let (weight, bias) = (whole(outputs * inputs * PLACES, 7), whole(outputs, 11));
            let mut expected: Vec<f32> = (0..pixels).flat_map(|_| bias.clone()).collect();
            let mut expected_gradient = vec![0.0; weight.len()];
            each_place(&geometry, |pixel, read, place| {
                let read = &x[read * inputs..][..inputs];
                for output in 0..outputs {
                    let dy = dy[pixel * outputs + output];
                    for (input, value) in read.iter().enumerate() {
                        let at = (output * inputs + input) * PLACES + place;
                        expected[pixel * outputs + output] += value * weight[at];
                        expected_gradient[at] += value * dy;
                    }
                }
            });
            let packed = Packed::weight(&weight, [outputs, inputs, PLACES]).paired();
            let (mut y, mut finished) = (vec![0.0; pixels * outputs], vec![0.0; pixels * outputs]);
            let seen = Destination(finished.as_mut_ptr());
            convolve(&geometry, &x, &packed, Some(&bias), &mut y, |first, values| {
                for (index, value) in values.iter().enumerate() {
                    // SAFETY: every value is finished once, by one task.
                    unsafe { *{ &seen }.0.wrapping_add(first + index) += value };
                }
            });
            assert_eq!(y, expected, "{:?}", geometry);
            assert_eq!(finished, expected, "{:?}", geometry);
            if !applies_to_gradient(&geometry, Precision::Half) {
                continue;
            }
            let mut gradient = vec![0.0; weight.len()];
            weight_gradient(&geometry, &x, &dy, outputs, &mut gradient);
            assert_eq!(gradient, expected_gradient, "{:?}", geometry);
        }
    }
}
