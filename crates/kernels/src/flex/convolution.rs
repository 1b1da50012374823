//! Dense convolution as matrix products over patches.
//!
//! With the patch matrix `P` (`[batch * out_height * out_width, kernel_height * kernel_width * in]`,
//! one row per output pixel) the forward pass is `Y = P W`, the weight's gradient `P^T dY`, and the
//! input's gradient `dY W^T` scattered back; at stride 1 the last is again a convolution, of `dY`
//! with the mirrored kernel, at others several ([`strided`]). `P` is never stored whole: rayon tasks
//! build a few hundred of its rows in cache and multiply them at once (im2col, Chellapilla et al.
//! 2006). A 1x1 kernel of stride 1 is a plain product without patches.
//!
//! Cost: `2 * rows * kernel_height * kernel_width * in * out` operations for each of the three.

use super::{
    activation::{Kind, activate},
    array::Array,
    linear,
    matrix::{Matrix, multiply},
    memory::Buffer,
    microkernel::{PANEL, Start, accumulate_transposed},
    operation::Operation,
    pairs::{Factors, convert},
    parallel::{for_each_piece, map_pieces, rows_per_piece},
    product::{Packed, Rows, Strides, product},
    reduction::{add_rows, column_sums},
    shifted, strided, winograd,
};
use crate::precision::Precision;

/// Rows of the patch matrix per task: enough for the products to run at full speed.
const ROWS: usize = 256;

/// Weight gradients up to this many values are summed over blocks of rows, larger ones are divided
/// among tasks by themselves.
const SMALL_WEIGHT: usize = 128 * 1024;

/// Dense convolution of `x` `[batch, height, width, in]` with `weight` `[out, in, kernel_height,
/// kernel_width]`, and `bias` `[out]` as a third input if there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Conv2d {
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) precision: Precision,
}

/// The sizes of one convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Geometry {
    pub(crate) batch: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) kernel_height: usize,
    pub(crate) kernel_width: usize,
    pub(crate) stride: usize,
    pub(crate) padding: usize,
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
}

impl Geometry {
    /// # Panics
    /// If the padded image is smaller than the kernel.
    pub(crate) fn new(
        [batch, height, width, channels]: [usize; 4],
        [kernel_height, kernel_width]: [usize; 2],
        stride: usize,
        padding: usize,
    ) -> Self {
        assert!(
            stride > 0 && height + 2 * padding >= kernel_height && width + 2 * padding >= kernel_width,
            "a {kernel_height}x{kernel_width} kernel of stride {stride} does not fit a \
             {height}x{width} image padded by {padding}",
        );
        Self {
            batch,
            height,
            width,
            channels,
            kernel_height,
            kernel_width,
            stride,
            padding,
            out_height: (height + 2 * padding - kernel_height) / stride + 1,
            out_width: (width + 2 * padding - kernel_width) / stride + 1,
        }
    }

    fn pointwise(&self) -> bool {
        (self.kernel_height, self.kernel_width) == (1, 1) && self.stride == 1 && self.padding == 0
    }

    /// Whether it reads single pixels, but not all of them.
    fn skips(&self) -> bool {
        (self.kernel_height, self.kernel_width) == (1, 1) && self.stride > 1 && self.padding == 0
    }

    /// Columns of the patch matrix.
    fn patch(&self) -> usize {
        self.kernel_height * self.kernel_width * self.channels
    }

    /// Lines of output pixels per task.
    fn lines(&self) -> usize {
        ROWS.div_ceil(self.out_width)
    }

    /// Pointers to the input pixels under the kernel, for output pixels counted through the batch;
    /// `zeros` stand for those outside the image.
    fn rows<'a>(&self, x: &'a [f32], zeros: &'a [f32], pixels: std::ops::Range<usize>) -> Rows<'a> {
        let positions = self.kernel_height * self.kernel_width;
        let mut rows = Rows::new(self.channels, positions * pixels.len());
        for kernel_y in 0..self.kernel_height {
            for kernel_x in 0..self.kernel_width {
                for pixel in pixels.clone() {
                    let (line, out_x) = (pixel / self.out_width, pixel % self.out_width);
                    let (image, out_y) = (line / self.out_height, line % self.out_height);
                    let row = (out_y * self.stride + kernel_y).wrapping_sub(self.padding);
                    let column = (out_x * self.stride + kernel_x).wrapping_sub(self.padding);
                    rows.push(if row < self.height && column < self.width {
                        let start = ((image * self.height + row) * self.width + column) * self.channels;
                        &x[start..start + self.channels]
                    } else {
                        &zeros[..self.channels]
                    });
                }
            }
        }
        rows
    }

    /// Rows of the patch matrix, or some columns of them (those of kernel positions `positions`, and
    /// of these the channels `channels`), for consecutive lines of output pixels.
    fn fill_patches(
        &self,
        x: &[f32],
        lines: std::ops::Range<usize>,
        positions: std::ops::Range<usize>,
        channels: std::ops::Range<usize>,
        patches: &mut [f32],
    ) {
        let depth = channels.len();
        let row_length = positions.len() * depth;
        let line_length = self.out_width * row_length;
        for (line, patches) in lines.zip(patches.chunks_exact_mut(line_length)) {
            let (image, out_y) = (line / self.out_height, line % self.out_height);
            for (slot, position) in positions.clone().enumerate() {
                let (kernel_y, kernel_x) = (position / self.kernel_width, position % self.kernel_width);
                let y = (out_y * self.stride + kernel_y).wrapping_sub(self.padding);
                let rows = patches.chunks_exact_mut(row_length);
                for (out_x, row) in rows.enumerate() {
                    let target = &mut row[slot * depth..(slot + 1) * depth];
                    let x_position = (out_x * self.stride + kernel_x).wrapping_sub(self.padding);
                    if y < self.height && x_position < self.width {
                        let pixel = (image * self.height + y) * self.width + x_position;
                        let start = pixel * self.channels + channels.start;
                        target.copy_from_slice(&x[start..start + depth]);
                    } else {
                        target.fill(0.0);
                    }
                }
            }
        }
    }
}

impl Conv2d {
    fn geometry(&self, x: &Array, weight: &Array) -> Geometry {
        let [_, inputs, kernel_height, kernel_width] = weight.dims();
        let dims: [usize; 4] = x.dims();
        assert_eq!(dims[3], inputs, "the input's channels (last axis) and the weight's (second axis) differ",);
        Geometry::new(dims, [kernel_height, kernel_width], self.stride, self.padding)
    }

    fn compute(&self, x: &Array, weight: &Array, bias: Option<&Array>) -> Array {
        let geometry = self.geometry(x, weight);
        let [outputs, inputs, kernel_height, kernel_width] = weight.dims();
        let shape = [geometry.batch, geometry.out_height, geometry.out_width, outputs];
        let bias = bias.map(Array::values);
        if geometry.pointwise() {
            return Array::build(shape, |y| {
                linear::forward(x.values(), weight.values(), bias, [inputs, outputs], self.precision, y);
            });
        }
        if winograd::applies(&geometry, outputs, self.precision) {
            let weight = winograd::transform_weight(weight.values(), [outputs, inputs], winograd::Kernel::Forward)
                .in_precision(self.precision);
            return Array::build(shape, |y| winograd::convolve(&geometry, x.values(), &weight, bias, y, |_, _| ()));
        }
        let packed = Packed::weight(weight.values(), [outputs, inputs, kernel_height * kernel_width])
            .in_precision(self.precision);
        Array::build(shape, |y| convolve(&geometry, x.values(), &packed, bias, y, |_, _| ()))
    }

    fn input_gradient(&self, geometry: &Geometry, weight: &Array, gradient: &Array) -> Array {
        let [outputs, inputs, kernel_height, kernel_width] = weight.dims();
        let shape = [geometry.batch, geometry.height, geometry.width, inputs];
        if geometry.pointwise() {
            return Array::build(shape, |dx| {
                linear::input_gradient(gradient.values(), weight.values(), [inputs, outputs], self.precision, dx);
            });
        }
        if geometry.stride == 1 && kernel_height == kernel_width && geometry.padding < kernel_height {
            let mirrored =
                Geometry::new(gradient.dims(), [kernel_height, kernel_width], 1, kernel_height - 1 - geometry.padding);
            if winograd::applies(&mirrored, inputs, self.precision) {
                let weight = winograd::transform_weight(weight.values(), [outputs, inputs], winograd::Kernel::Mirrored)
                    .in_precision(self.precision);
                return Array::build(shape, |dx| {
                    winograd::convolve(&mirrored, gradient.values(), &weight, None, dx, |_, _| ())
                });
            }
            let positions = kernel_height * kernel_width;
            let strides = Strides { position: 1, depth: inputs * positions, column: positions, mirrored: true };
            let packed =
                Packed::new(weight.values(), [positions, outputs, inputs], strides).in_precision(self.precision);
            return Array::build(shape, |dx| convolve(&mirrored, gradient.values(), &packed, None, dx, |_, _| ()));
        }
        let (dy, weight) = (gradient.values(), weight.values());
        Array::build(shape, |dx| strided::input_gradient(geometry, dy, weight, outputs, self.precision, dx))
    }

    fn weight_gradient(&self, geometry: &Geometry, x: &Array, weight: &Array, gradient: &Array) -> Array {
        let [outputs, inputs, _, _] = weight.dims();
        if geometry.pointwise() {
            return Array::build(weight.shape(), |dw| {
                linear::weight_gradient(x.values(), gradient.values(), [inputs, outputs], self.precision, dw);
            });
        }
        if shifted::applies_to_gradient(geometry, self.precision) {
            return Array::build(weight.shape(), |dw| {
                shifted::weight_gradient(geometry, x.values(), gradient.values(), outputs, dw);
            });
        }
        if winograd::applies(geometry, outputs, self.precision) {
            return Array::build(weight.shape(), |dw| {
                winograd::weight_gradient(geometry, x.values(), gradient.values(), outputs, self.precision, dw);
            });
        }
        let patch = geometry.patch();
        let total_lines = geometry.batch * geometry.out_height;
        let lines = geometry.lines();
        let positions = geometry.kernel_height * geometry.kernel_width;
        let dy = gradient.values();
        let dy_line = geometry.out_width * outputs;

        // The gradient of some columns of the weight over some lines, in steps that stay in cache.
        let part = |lines_range: std::ops::Range<usize>,
                    positions: std::ops::Range<usize>,
                    channels: std::ops::Range<usize>| {
            let columns = positions.len() * channels.len();
            let mut sum = Buffer::new(outputs * columns);
            let most = lines.min(lines_range.len()).max(1);
            let mut patches = Buffer::new(most * geometry.out_width * columns);
            let mut first = lines_range.start;
            while first < lines_range.end {
                let last = (first + lines).min(lines_range.end);
                let rows = (last - first) * geometry.out_width;
                let patches = &mut patches.values_mut()[..rows * columns];
                geometry.fill_patches(x.values(), first..last, positions.clone(), channels.clone(), patches);
                let dy = &dy[first * dy_line..last * dy_line];
                let accumulate = first > lines_range.start;
                if columns.is_multiple_of(PANEL / 2) {
                    let pairs = self.precision == Precision::Half;
                    let dy = Factors::of_rows(dy, outputs, pairs);
                    let patches = Factors::of_rows(patches, columns, pairs);
                    let (dy, patches) = (dy.values(), patches.values());
                    let start = if accumulate { Start::Destination } else { Start::Zero };
                    accumulate_transposed(sum.values_mut(), dy, outputs, 0..outputs, patches, columns, pairs, start);
                } else {
                    let dy = Matrix::new(dy, rows, outputs).transposed();
                    multiply(sum.values_mut(), dy, Matrix::new(patches, rows, columns), accumulate);
                }
                first = last;
            }
            sum
        };

        if outputs * patch <= SMALL_WEIGHT {
            // Blocks of lines, each with its own sum of the whole weight, added in order.
            let blocks = total_lines.div_ceil(lines).clamp(1, 16);
            let size = total_lines.div_ceil(blocks);
            let sums = map_pieces(total_lines.div_ceil(size), |index| {
                let range = index * size..((index + 1) * size).min(total_lines);
                part(range, 0..positions, 0..inputs)
            });
            return Array::build(weight.shape(), |dw| {
                let mut sums = sums.into_iter();
                let mut total = sums.next().expect("a batch has at least one line");
                for sum in sums {
                    for (total, value) in total.values_mut().iter_mut().zip(sum.values()) {
                        *total += value;
                    }
                }
                unpack(total.values(), positions, inputs, dw);
            });
        }
        // One task per kernel position and half of the channels: no sums to combine.
        let halves = if inputs >= 64 { 2 } else { 1 };
        let half = inputs.div_ceil(halves);
        let parts = map_pieces(positions * halves, |index| {
            let (position, start) = (index / halves, index % halves * half);
            part(0..total_lines, position..position + 1, start..(start + half).min(inputs))
        });
        Array::build(weight.shape(), |dw| {
            for_each_piece(dw, positions * inputs, |output, dw| {
                for (index, part) in parts.iter().enumerate() {
                    let (position, start) = (index / halves, index % halves * half);
                    let count = half.min(inputs - start);
                    let row = &part.values()[output * count..(output + 1) * count];
                    for (channel, &value) in row.iter().enumerate() {
                        dw[(start + channel) * positions + position] = value;
                    }
                }
            });
        })
    }

    fn gradients(&self, saved: &Saved, gradient: &Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        let Saved { x, weight } = saved;
        let [outputs, inputs, kernel_height, kernel_width] = weight.dims();
        let geometry = {
            let [batch, height, width, _] = x.dims();
            Geometry::new([batch, height, width, inputs], [kernel_height, kernel_width], self.stride, self.padding)
        };
        [
            tracked[0].then(|| self.input_gradient(&geometry, weight, gradient)),
            tracked[1].then(|| self.weight_gradient(&geometry, x, weight, gradient)),
            tracked[2].then(|| column_sums(gradient.values(), outputs)),
        ]
    }
}

/// `y = patches * weight + bias`, in pairs if the weight is; `finish(first, values)` is called once on every value
/// after its sum is complete, on consecutive values of which the first has index `first` in `y`.
pub(crate) fn convolve(
    geometry: &Geometry,
    x: &[f32],
    weight: &Packed,
    bias: Option<&[f32]>,
    y: &mut [f32],
    finish: impl Fn(usize, &mut [f32]) + Sync,
) {
    if weight.pairs && shifted::applies(geometry, Precision::Half) {
        return shifted::convolve(geometry, x, weight, bias, y, finish);
    }
    let start = bias.map_or(Start::Zero, Start::Bias);
    let mut pointwise =
        |x: &[f32]| product(y, |pixels| Rows::of_matrix(x, weight.depth, pixels), weight, start, &finish);
    if weight.pairs && geometry.skips() {
        return pointwise(read_pairs(geometry, x).values());
    }
    let factors = Factors::new(x, weight.pairs);
    let (x, geometry) = (factors.values(), Geometry { channels: weight.depth, ..*geometry });
    if geometry.pointwise() {
        return pointwise(x);
    }
    let zeros = vec![0.0; geometry.channels];
    product(y, |pixels| geometry.rows(x, &zeros, pixels), weight, start, finish);
}

/// The pixels that a convolution reads which [skips](Geometry::skips) others, in pairs of channels.
fn read_pairs(geometry: &Geometry, x: &[f32]) -> Buffer {
    let &Geometry { batch, height, width, channels, stride, out_height, out_width, .. } = geometry;
    let line = out_width * channels / 2;
    let mut pairs = Buffer::new(batch * out_height * line);
    let lines = rows_per_piece(line);
    for_each_piece(pairs.values_mut(), lines * line, |index, pairs| {
        for (offset, pairs) in pairs.chunks_exact_mut(line).enumerate() {
            let (image, y) = ((index * lines + offset) / out_height, (index * lines + offset) % out_height);
            let first = (image * height + y * stride) * width * channels;
            let pixels = x[first..].chunks(stride * channels);
            pairs.chunks_exact_mut(channels / 2).zip(pixels).for_each(|(pairs, x)| convert(&x[..channels], pairs));
        }
    });
    pairs
}

/// What follows a convolution while its output is in cache.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish<'a> {
    pub(crate) residual: Option<&'a [f32]>,
    pub(crate) activation: Option<Kind>,
}

impl Finish<'_> {
    /// Adds the residual to consecutive values, of which the first has index `first`, then activates.
    pub(crate) fn apply(&self, first: usize, values: &mut [f32]) {
        if let Some(residual) = self.residual {
            add_rows(&residual[first..first + values.len()], values);
        }
        activate(self.activation, values);
    }
}

/// Rearranges `[out, position * in]` to `[out, in, position]`.
fn unpack(packed: &[f32], positions: usize, inputs: usize, weight: &mut [f32]) {
    let patch = positions * inputs;
    let rows = packed.chunks_exact(patch).zip(weight.chunks_exact_mut(patch));
    for (packed, weight) in rows {
        for (position, values) in packed.chunks_exact(inputs).enumerate() {
            for (input, &value) in values.iter().enumerate() {
                weight[input * positions + position] = value;
            }
        }
    }
}

/// Input (only its shape counts where the weight is not tracked) and weight of the forward pass.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    x: Array,
    weight: Array,
}

impl Operation<2> for Conv2d {
    type Saved = Saved;

    fn forward(&self, [x, weight]: [Array; 2], _tracked: [bool; 2]) -> (Array, Saved) {
        let output = self.compute(&x, &weight, None);
        (output, Saved { x, weight })
    }

    fn backward(&self, saved: Saved, gradient: Array, [x, w]: [bool; 2]) -> [Option<Array>; 2] {
        let [x, weight, _] = self.gradients(&saved, &gradient, [x, w, false]);
        [x, weight]
    }
}

impl Operation<3> for Conv2d {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [Array; 3], _tracked: [bool; 3]) -> (Array, Saved) {
        let output = self.compute(&x, &weight, Some(&bias));
        (output, Saved { x, weight })
    }

    fn backward(&self, saved: Saved, gradient: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        self.gradients(&saved, &gradient, tracked)
    }
}
