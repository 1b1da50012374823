//! Products of activations with per-channel factors, and means over pixels. Bound by memory.

use super::{
    array::Array,
    operation::Operation,
    parallel::{for_each_piece, map_pieces, map_pieces_mut, rows_per_piece},
    reduction::{add_in_order, add_rows, column_sums},
};

vectorised! {
    /// `x * scale` for every row.
    fn scale_rows<M>(x: &[f32], scale: &[f32], y: &mut [f32]) -> () {
        let channels = scale.len();
        for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            for channel in 0..channels {
                y[channel] = x[channel] * scale[channel];
            }
        }
    }
}

vectorised! {
    /// `base + x * scale` for every row, the base's rows being `base_step` apart.
    fn scale_and_add_rows<M>(
        base: &[f32],
        base_step: usize,
        x: &[f32],
        scale: &[f32],
        y: &mut [f32],
    ) -> () {
        let channels = scale.len();
        let rows = y.chunks_exact_mut(channels).zip(x.chunks_exact(channels));
        for (index, (y, x)) in rows.enumerate() {
            let base = &base[index * base_step..][..channels];
            for channel in 0..channels {
                y[channel] = M::multiply_add(x[channel], scale[channel], base[channel]);
            }
        }
    }
}

vectorised! {
    /// Adds the products of corresponding rows to `sums`.
    fn add_products<M>(a: &[f32], b: &[f32], sums: &mut [f32]) -> () {
        let channels = sums.len();
        for (a, b) in a.chunks_exact(channels).zip(b.chunks_exact(channels)) {
            for channel in 0..channels {
                sums[channel] = M::multiply_add(a[channel], b[channel], sums[channel]);
            }
        }
    }
}

/// Sums of products over all rows.
fn product_sums(a: &[f32], b: &[f32], channels: usize) -> Array {
    let size = rows_per_piece(channels) * channels;
    let parts = map_pieces(a.len().div_ceil(size), |index| {
        let range = index * size..a.len().min((index + 1) * size);
        let mut sums = vec![0.0; channels];
        add_products(&a[range.clone()], &b[range], &mut sums);
        sums
    });
    add_in_order(parts, channels)
}

fn scaled(x: &Array, scale: &Array) -> Array {
    let channels = x.last_dim();
    let size = rows_per_piece(channels) * channels;
    let (values, scale) = (x.values(), scale.values());
    Array::build(x.shape(), |y| {
        for_each_piece(y, size, |index, y| {
            scale_rows(&values[index * size..][..y.len()], scale, y);
        });
    })
}

/// `y = x * scale + shift`, channel by channel.
pub(crate) fn affine(x: &[f32], scale: &[f32], shift: &[f32], y: &mut [f32]) {
    // Rows of a few channels do not fill vectors; several of them do.
    const ROWS: usize = 16;
    if scale.len() < ROWS && y.len().is_multiple_of(ROWS * scale.len()) && !y.is_empty() {
        return affine_rows(x, &scale.repeat(ROWS), &shift.repeat(ROWS), y);
    }
    affine_rows(x, scale, shift, y);
}

fn affine_rows(x: &[f32], scale: &[f32], shift: &[f32], y: &mut [f32]) {
    let channels = scale.len();
    let size = rows_per_piece(channels) * channels;
    for_each_piece(y, size, |index, y| {
        scale_and_add_rows(shift, 0, &x[index * size..][..y.len()], scale, y);
    });
}

/// `x * scale + shift` with `scale` and `shift` `[channel]` along the last axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Affine;

impl Operation<3> for Affine {
    type Saved = [Array; 2];

    fn forward(&self, [x, scale, shift]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 2]) {
        let output = Array::build(x.shape(), |y| affine(x.values(), scale.values(), shift.values(), y));
        (output, [x, scale])
    }

    fn backward(&self, [x, scale]: [Array; 2], dy: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        let channels = x.last_dim();
        [
            tracked[0].then(|| scaled(&dy, &scale)),
            tracked[1].then(|| product_sums(dy.values(), x.values(), channels)),
            tracked[2].then(|| column_sums(dy.values(), channels)),
        ]
    }
}

/// [`crate::scale_residual`]; inputs in the order residual, branch, scale.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScaleResidual;

impl Operation<3> for ScaleResidual {
    type Saved = [Array; 2];

    fn forward(&self, [residual, branch, scale]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 2]) {
        let channels = branch.last_dim();
        let size = rows_per_piece(channels) * channels;
        let (base, values) = (residual.values(), branch.values());
        let output = Array::build(branch.shape(), |y| {
            for_each_piece(y, size, |index, y| {
                let range = index * size..index * size + y.len();
                let (base, branch) = (&base[range.clone()], &values[range]);
                scale_and_add_rows(base, channels, branch, scale.values(), y);
            });
        });
        (output, [branch, scale])
    }

    fn backward(&self, [branch, scale]: [Array; 2], dy: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        let channels = branch.last_dim();
        let size = rows_per_piece(channels) * channels;
        let (values, gradient) = (branch.values(), dy.values());
        let mut parts = Vec::new();
        // The sums are taken while the piece is in cache.
        let branch_gradient = Array::build(branch.shape(), |dx| {
            parts = map_pieces_mut(dx, size, |index, dx| {
                let range = index * size..index * size + dx.len();
                let (branch, dy) = (&values[range.clone()], &gradient[range]);
                let mut sums = vec![0.0; channels];
                scale_rows(dy, scale.values(), dx);
                add_products(dy, branch, &mut sums);
                sums
            });
        });
        [
            tracked[0].then(|| dy.clone()),
            tracked[1].then_some(branch_gradient),
            tracked[2].then(|| add_in_order(parts, channels)),
        ]
    }
}

/// [`crate::scale_channels`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct ScaleChannels;

/// `y = x * scale`, `scale` being `[image, channel]`, for images of `pixels` pixels.
pub(crate) fn scale_images(x: &[f32], scale: &[f32], pixels: usize, channels: usize, y: &mut [f32]) {
    let size = pixels * channels;
    for_each_image(y, size, |image, y| {
        let scale = &scale[image * channels..(image + 1) * channels];
        scale_rows(&x[image * size..(image + 1) * size], scale, y);
    });
}

/// `y = x * scale + shift`, both factors being `[image, channel]`.
pub(super) fn scale_and_shift_images(
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    pixels: usize,
    channels: usize,
    y: &mut [f32],
) {
    let size = pixels * channels;
    for_each_image(y, size, |image, y| {
        let range = image * channels..(image + 1) * channels;
        scale_and_add_rows(&shift[range.clone()], 0, &x[image * size..(image + 1) * size], &scale[range], y);
    });
}

/// Sums over each image's pixels of `a * b`, `[image, channel]`.
pub(super) fn image_products(a: &[f32], b: &[f32], pixels: usize, channels: usize, sums: &mut [f32]) {
    let size = pixels * channels;
    let images = rows_per_piece(size);
    for_each_piece(sums, images * channels, |index, sums| {
        for (offset, sums) in sums.chunks_exact_mut(channels).enumerate() {
            let range = (index * images + offset) * size..(index * images + offset + 1) * size;
            sums.fill(0.0);
            add_products(&a[range.clone()], &b[range], sums);
        }
    });
}

fn scaled_images(x: &Array, scale: &Array) -> Array {
    let [_, height, width, channels] = x.dims();
    Array::build(x.shape(), |y| scale_images(x.values(), scale.values(), height * width, channels, y))
}

/// Calls `work(image, values)` for images of `size` values, in pieces of enough images.
fn for_each_image(values: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync + Send) {
    let images = rows_per_piece(size);
    for_each_piece(values, images * size, |index, piece| {
        for (offset, image) in piece.chunks_exact_mut(size).enumerate() {
            work(index * images + offset, image);
        }
    });
}

impl Operation<2> for ScaleChannels {
    type Saved = [Array; 2];

    fn forward(&self, inputs: [Array; 2], _: [bool; 2]) -> (Array, [Array; 2]) {
        (scaled_images(&inputs[0], &inputs[1]), inputs)
    }

    fn backward(&self, [x, scale]: [Array; 2], dy: Array, tracked: [bool; 2]) -> [Option<Array>; 2] {
        let [_, height, width, channels] = x.dims();
        let size = height * width * channels;
        let (values, gradient) = (x.values(), dy.values());
        let images = rows_per_piece(size);
        let mut parts = Vec::new();
        // The sums are taken while the image is in cache.
        let input = Array::build(x.shape(), |dx| {
            parts = map_pieces_mut(dx, images * size, |index, dx| {
                let mut sums = vec![0.0; dx.len() / size * channels];
                for (offset, (dx, sums)) in dx.chunks_exact_mut(size).zip(sums.chunks_exact_mut(channels)).enumerate() {
                    let image = index * images + offset;
                    let (x, dy) = (&values[image * size..][..size], &gradient[image * size..][..size]);
                    scale_rows(dy, &scale.values()[image * channels..][..channels], dx);
                    add_products(dy, x, sums);
                }
                sums
            });
        });
        let scale_gradient = tracked[1].then(|| {
            Array::build(scale.shape(), |sums| {
                let rows = sums.chunks_mut(images * channels).zip(parts);
                rows.for_each(|(sums, part)| sums.copy_from_slice(&part));
            })
        });
        [tracked[0].then_some(input), scale_gradient]
    }
}

/// Means over the pixels of each image.
pub(crate) fn average(x: &[f32], pixels: usize, channels: usize, y: &mut [f32]) {
    let images = rows_per_piece(pixels * channels);
    for_each_piece(y, images * channels, |index, y| {
        for (offset, y) in y.chunks_exact_mut(channels).enumerate() {
            let start = (index * images + offset) * pixels * channels;
            y.fill(0.0);
            add_rows(&x[start..start + pixels * channels], y);
            for value in y {
                *value /= pixels as f32;
            }
        }
    });
}

/// [`crate::global_average_pool`]
#[derive(Debug, Clone, Copy)]
pub(crate) struct GlobalAveragePool;

impl Operation<1> for GlobalAveragePool {
    type Saved = [usize; 4];

    fn forward(&self, [x]: [Array; 1], _: [bool; 1]) -> (Array, [usize; 4]) {
        let dims @ [batch, height, width, channels] = x.dims();
        let output = Array::build([batch, channels], |y| average(x.values(), height * width, channels, y));
        (output, dims)
    }

    fn backward(&self, dims: [usize; 4], dy: Array, _: [bool; 1]) -> [Option<Array>; 1] {
        let [_, height, width, channels] = dims;
        let pixels = height * width;
        let dx = Array::build(dims, |dx| {
            for_each_image(dx, pixels * channels, |image, dx| {
                let dy = &dy.values()[image * channels..(image + 1) * channels];
                for row in dx.chunks_exact_mut(channels) {
                    for (dx, dy) in row.iter_mut().zip(dy) {
                        *dx = dy / pixels as f32;
                    }
                }
            });
        });
        [Some(dx)]
    }
}
