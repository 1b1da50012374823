//! Depthwise convolution, vectorised along channels.
//!
//! Every output pixel is a sum of the input pixels under the kernel, each multiplied channel by
//! channel with its kernel position's weights; the input's gradient is the same sum with the roles
//! of input and output exchanged. A block of channels is summed in registers over all positions.
//!
//! Cost: `2 * batch * out_height * out_width * kernel_height * kernel_width * channel` operations
//! (fewer at borders) for each of output, input gradient and weight gradient.

use super::{
    array::Array,
    convolution::Geometry,
    matrix::transpose,
    memory::Buffer,
    operation::Operation,
    parallel::{for_each_piece, map_pieces, rows_per_piece},
    reduction::{add_in_order, column_sums},
    simd::MultiplyAdd,
};
use std::ops::Range;

/// Depthwise convolution of `x` `[batch, height, width, channel]` with `weight` `[channel, 1,
/// kernel_height, kernel_width]`, and `bias` `[channel]` as a third input if there is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DepthwiseConv2d {
    pub(crate) stride: usize,
    pub(crate) padding: usize,
}

/// One term of a pixel's sum: where the other pixel's channels start, and where the weights do.
#[derive(Debug, Clone, Copy)]
struct Term {
    pixel: usize,
    weight: usize,
}

#[inline(always)]
fn lanes<const LANES: usize>(values: &[f32], start: usize) -> &[f32; LANES] {
    values[start..start + LANES].try_into().expect("the range has LANES values")
}

/// Sums the terms for channels `channel..channel + LANES`.
#[inline(always)]
fn sum_terms<M: MultiplyAdd, const LANES: usize>(
    terms: &[Term],
    source: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    channel: usize,
    target: &mut [f32],
) {
    let mut sums = match bias {
        Some(bias) => *lanes::<LANES>(bias, channel),
        None => [0.0; LANES],
    };
    for term in terms {
        let pixel = lanes::<LANES>(source, term.pixel + channel);
        let weight = lanes::<LANES>(weights, term.weight + channel);
        for lane in 0..LANES {
            sums[lane] = M::multiply_add(pixel[lane], weight[lane], sums[lane]);
        }
    }
    target[channel..channel + LANES].copy_from_slice(&sums);
}

vectorised! {
    /// One pixel, all channels.
    fn sum_pixel<M>(
        terms: &[Term],
        source: &[f32],
        weights: &[f32],
        bias: Option<&[f32]>,
        target: &mut [f32],
    ) -> () {
        let channels = target.len();
        let mut channel = 0;
        while channel + 32 <= channels {
            sum_terms::<M, 32>(terms, source, weights, bias, channel, target);
            channel += 32;
        }
        while channel + 8 <= channels {
            sum_terms::<M, 8>(terms, source, weights, bias, channel, target);
            channel += 8;
        }
        while channel < channels {
            sum_terms::<M, 1>(terms, source, weights, bias, channel, target);
            channel += 1;
        }
    }
}

/// Adds the sum over pixel pairs of `dy * x` for channels `channel..channel + LANES`.
#[inline(always)]
fn correlate<M: MultiplyAdd, const LANES: usize>(
    pairs: &Pairs,
    x: &[f32],
    dy: &[f32],
    channel: usize,
    sums: &mut [f32],
) {
    let mut total = *lanes::<LANES>(sums, channel);
    for row in 0..pairs.rows {
        for column in 0..pairs.columns {
            let x_start = pairs.x + row * pairs.x_row + column * pairs.x_column + channel;
            let dy_start = pairs.dy + row * pairs.dy_row + column * pairs.dy_column + channel;
            let (x, dy) = (lanes::<LANES>(x, x_start), lanes::<LANES>(dy, dy_start));
            for lane in 0..LANES {
                total[lane] = M::multiply_add(x[lane], dy[lane], total[lane]);
            }
        }
    }
    sums[channel..channel + LANES].copy_from_slice(&total);
}

/// The input and output pixels of one image that one kernel position connects: offsets of the
/// first, and distances between rows and columns.
#[derive(Debug, Clone, Copy)]
struct Pairs {
    rows: usize,
    columns: usize,
    x: usize,
    x_row: usize,
    x_column: usize,
    dy: usize,
    dy_row: usize,
    dy_column: usize,
}

vectorised! {
    fn correlate_position<M>(pairs: Pairs, x: &[f32], dy: &[f32], sums: &mut [f32]) -> () {
        let channels = sums.len();
        let mut channel = 0;
        while channel + 32 <= channels {
            correlate::<M, 32>(&pairs, x, dy, channel, sums);
            channel += 32;
        }
        while channel + 8 <= channels {
            correlate::<M, 8>(&pairs, x, dy, channel, sums);
            channel += 8;
        }
        while channel < channels {
            correlate::<M, 1>(&pairs, x, dy, channel, sums);
            channel += 1;
        }
    }
}

/// Output coordinates whose input coordinate `out * stride + kernel - padding` is inside
/// `0..length`.
fn covered(kernel: usize, length: usize, out_length: usize, stride: usize, padding: usize) -> Range<usize> {
    let first = padding.saturating_sub(kernel).div_ceil(stride);
    let last = (length + padding).saturating_sub(kernel).div_ceil(stride).min(out_length);
    first..last.max(first)
}

impl DepthwiseConv2d {
    fn geometry(&self, x: &Array, weight: &Array) -> Geometry {
        let [channels, one, kernel_height, kernel_width] = weight.dims();
        let dims: [usize; 4] = x.dims();
        assert_eq!(one, 1, "a depthwise weight is [channel, 1, height, width]");
        assert_eq!(dims[3], channels, "the input's channels (last axis) and the weight's (first axis) differ",);
        Geometry::new(dims, [kernel_height, kernel_width], self.stride, self.padding)
    }

    fn compute(&self, x: &Array, weight: &Array, bias: Option<&Array>) -> Array {
        let g = self.geometry(x, weight);
        let weights = by_position(&g, weight.values());
        let bias = bias.map(Array::values);
        Array::build([g.batch, g.out_height, g.out_width, g.channels], |y| {
            forward(&g, x.values(), weights.values(), bias, y, |_| ());
        })
    }

    fn input_gradient(&self, g: &Geometry, weight: &Array, gradient: &Array) -> Array {
        let weights = by_position(g, weight.values());
        let (dy, weights) = (gradient.values(), weights.values());
        let lines = rows_per_piece(g.width * g.channels * 8);
        let line_length = g.width * g.channels;
        // Output coordinate reached from an input coordinate by a kernel position, if any.
        let out = |input: usize, kernel: usize, out_length: usize| {
            let distance = (input + g.padding).checked_sub(kernel)?;
            let out = distance / g.stride;
            (distance % g.stride == 0 && out < out_length).then_some(out)
        };
        let shape = [g.batch, g.height, g.width, g.channels];
        Array::build(shape, |dx| {
            for_each_piece(dx, lines * line_length, |index, dx| {
                let mut terms = Vec::with_capacity(g.kernel_height * g.kernel_width);
                for (offset, dx) in dx.chunks_exact_mut(line_length).enumerate() {
                    let line = index * lines + offset;
                    let (image, y) = (line / g.height, line % g.height);
                    for (x, dx) in dx.chunks_exact_mut(g.channels).enumerate() {
                        terms.clear();
                        for kernel_y in 0..g.kernel_height {
                            let Some(out_y) = out(y, kernel_y, g.out_height) else {
                                continue;
                            };
                            for kernel_x in 0..g.kernel_width {
                                if let Some(out_x) = out(x, kernel_x, g.out_width) {
                                    terms.push(Term {
                                        pixel: ((image * g.out_height + out_y) * g.out_width + out_x) * g.channels,
                                        weight: (kernel_y * g.kernel_width + kernel_x) * g.channels,
                                    });
                                }
                            }
                        }
                        sum_pixel(&terms, dy, weights, None, dx);
                    }
                }
            });
        })
    }

    fn weight_gradient(&self, g: &Geometry, x: &Array, weight: &Array, dy: &Array) -> Array {
        let (x, dy) = (x.values(), dy.values());
        let positions = g.kernel_height * g.kernel_width;
        let image_size = g.height * g.width * g.channels;
        let out_size = g.out_height * g.out_width * g.channels;
        let images = g.batch.div_ceil(16).max(rows_per_piece(out_size * 8));
        let parts = map_pieces(g.batch.div_ceil(images), |index| {
            let mut sums = vec![0.0_f32; positions * g.channels];
            for image in index * images..((index + 1) * images).min(g.batch) {
                for (position, sums) in sums.chunks_exact_mut(g.channels).enumerate() {
                    let (kernel_y, kernel_x) = (position / g.kernel_width, position % g.kernel_width);
                    let rows = covered(kernel_y, g.height, g.out_height, g.stride, g.padding);
                    let columns = covered(kernel_x, g.width, g.out_width, g.stride, g.padding);
                    if rows.is_empty() || columns.is_empty() {
                        continue;
                    }
                    let first_y = rows.start * g.stride + kernel_y - g.padding;
                    let first_x = columns.start * g.stride + kernel_x - g.padding;
                    let pairs = Pairs {
                        rows: rows.len(),
                        columns: columns.len(),
                        x: image * image_size + (first_y * g.width + first_x) * g.channels,
                        x_row: g.stride * g.width * g.channels,
                        x_column: g.stride * g.channels,
                        dy: image * out_size + (rows.start * g.out_width + columns.start) * g.channels,
                        dy_row: g.out_width * g.channels,
                        dy_column: g.channels,
                    };
                    correlate_position(pairs, x, dy, sums);
                }
            }
            sums
        });
        let sums = add_in_order(parts, positions * g.channels);
        Array::build(weight.shape(), |dw| {
            transpose(sums.values(), positions, g.channels, dw);
        })
    }

    fn gradients(&self, [x, weight]: &[Array; 2], dy: &Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        let geometry = self.geometry(x, weight);
        [
            tracked[0].then(|| self.input_gradient(&geometry, weight, dy)),
            tracked[1].then(|| self.weight_gradient(&geometry, x, weight, dy)),
            tracked[2].then(|| column_sums(dy.values(), geometry.channels)),
        ]
    }
}

/// The convolution of `x` with `weights` by position; `finish` is called once on every piece of whole
/// pixels.
pub(crate) fn forward(
    g: &Geometry,
    x: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    finish: impl Fn(&mut [f32]) + Sync + Send,
) {
    let lines = rows_per_piece(g.out_width * g.channels * 8);
    let line_length = g.out_width * g.channels;
    for_each_piece(y, lines * line_length, |index, y| {
        let mut terms = Vec::with_capacity(g.kernel_height * g.kernel_width);
        for (offset, y) in y.chunks_exact_mut(line_length).enumerate() {
            let line = index * lines + offset;
            let (image, out_y) = (line / g.out_height, line % g.out_height);
            for (out_x, y) in y.chunks_exact_mut(g.channels).enumerate() {
                terms.clear();
                for kernel_y in 0..g.kernel_height {
                    let row = (out_y * g.stride + kernel_y).wrapping_sub(g.padding);
                    if row >= g.height {
                        continue;
                    }
                    for kernel_x in 0..g.kernel_width {
                        let column = (out_x * g.stride + kernel_x).wrapping_sub(g.padding);
                        if column < g.width {
                            terms.push(Term {
                                pixel: ((image * g.height + row) * g.width + column) * g.channels,
                                weight: (kernel_y * g.kernel_width + kernel_x) * g.channels,
                            });
                        }
                    }
                }
                sum_pixel(&terms, x, weights, bias, y);
            }
        }
        finish(y);
    });
}

/// Rearranges a weight `[channel, position]` to `[position, channel]`.
pub(crate) fn by_position(geometry: &Geometry, weight: &[f32]) -> Buffer {
    let positions = geometry.kernel_height * geometry.kernel_width;
    let mut weights = Buffer::new(positions * geometry.channels);
    transpose(weight, geometry.channels, positions, weights.values_mut());
    weights
}

impl Operation<2> for DepthwiseConv2d {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2], _: [bool; 2]) -> (Array, [Array; 2]) {
        (self.compute(&inputs[0], &inputs[1], None), inputs)
    }

    fn backward(&self, saved: [Array; 2], dy: Array, [x, w]: [bool; 2]) -> [Option<Array>; 2] {
        let [x, weight, _] = self.gradients(&saved, &dy, [x, w, false]);
        [x, weight]
    }
}

impl Operation<3> for DepthwiseConv2d {
    type Saved = [Array; 2];

    fn forward(&self, [x, weight, bias]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 2]) {
        (self.compute(&x, &weight, Some(&bias)), [x, weight])
    }

    fn backward(&self, saved: [Array; 2], dy: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        self.gradients(&saved, &dy, tracked)
    }
}
