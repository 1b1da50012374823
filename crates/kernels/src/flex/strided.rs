//! The input's gradient of a convolution of any stride.
//!
//! Output pixel `o` reaches input pixel `i` at kernel position `k = i + padding - o * stride`. Input pixels
//! whose `i + padding` leaves the same rest by the stride share their kernel positions, and each position
//! gives every one of them at most one output pixel: for each of `stride * stride` classes of pixels the
//! gradient is a sum of plain products over its positions, without patches (the transposed convolution as
//! sub-pixel convolutions of Shi et al. 2016, arXiv 1609.07009).
//!
//! Cost: `2 * out_height * out_width * kernel_height * kernel_width * in * out` operations an image, fewer at
//! borders, and one write of the gradient.
#![allow(unsafe_code)]

use super::{
    convolution::Geometry,
    memory::Buffer,
    microkernel::Start,
    pairs::Factors,
    parallel::{Destination, for_each_index},
    product::{Packed, Rows, Strides},
};
use crate::precision::Precision;

/// Pixels per task: eight tiles of the widest microkernel.
const PIXELS: usize = 96;

/// Coordinates along one axis that leave the same rest: every `stride`-th from `first`, `count` of them.
#[derive(Clone, Copy)]
struct Class {
    rest: usize,
    first: usize,
    count: usize,
}

impl Class {
    fn new(rest: usize, length: usize, stride: usize, padding: usize) -> Self {
        let first = (rest + stride - padding % stride) % stride;
        Self { rest, first, count: length.saturating_sub(first).div_ceil(stride) }
    }
}

/// Output coordinate that reaches an input coordinate by a kernel position of its class, if any.
fn reaching(input: usize, kernel: usize, out_length: usize, stride: usize, padding: usize) -> Option<usize> {
    let distance = (input + padding).checked_sub(kernel)?;
    debug_assert!(distance.is_multiple_of(stride));
    (distance / stride < out_length).then_some(distance / stride)
}

/// Writes the gradient `[batch, height, width, in]` for `dy` `[batch, out_height, out_width, out]` and a
/// weight `[out, in, kernel_height, kernel_width]`.
pub(super) fn input_gradient(
    g: &Geometry,
    dy: &[f32],
    weight: &[f32],
    outputs: usize,
    precision: Precision,
    dx: &mut [f32],
) {
    let inputs = g.channels;
    let positions = g.kernel_height * g.kernel_width;
    assert_eq!(dy.len(), g.batch * g.out_height * g.out_width * outputs, "gradient's size");
    assert_eq!(dx.len(), g.batch * g.height * g.width * inputs, "input's size");
    let strides = Strides { position: 1, depth: inputs * positions, column: positions, mirrored: false };
    let packed = Packed::new(weight, [positions, outputs, inputs], strides).in_precision(precision);
    let dy = Factors::new(dy, packed.pairs);
    let (dy, depth) = (dy.values(), packed.depth);
    let zeros = vec![0.0; depth];
    let rests = 0..g.stride * g.stride;
    let classes: Vec<[Class; 2]> = rests
        .map(|rest| {
            let row = Class::new(rest / g.stride, g.height, g.stride, g.padding);
            [row, Class::new(rest % g.stride, g.width, g.stride, g.padding)]
        })
        .filter(|[row, column]| row.count * column.count > 0)
        .collect();
    let tasks: Vec<([Class; 2], usize)> = classes
        .into_iter()
        .flat_map(|class| {
            let pixels = g.batch * class[0].count * class[1].count;
            (0..pixels).step_by(PIXELS).map(move |first| (class, first))
        })
        .collect();
    let target = Destination(dx.as_mut_ptr());
    for_each_index(tasks.len(), |task| {
        let target = &target;
        let ([row, column], first) = tasks[task];
        let count = PIXELS.min(g.batch * row.count * column.count - first);
        // Image, row and column of each pixel.
        let places: Vec<[usize; 3]> = (first..first + count)
            .map(|pixel| {
                let (line, x) = (pixel / column.count, pixel % column.count);
                let y = row.first + line % row.count * g.stride;
                [line / row.count, y, column.first + x * g.stride]
            })
            .collect();
        let mut sums = Buffer::new(count * inputs);
        let mut start = Start::Zero;
        for kernel_y in (row.rest..g.kernel_height).step_by(g.stride) {
            for kernel_x in (column.rest..g.kernel_width).step_by(g.stride) {
                let mut rows = Rows::new(depth, count);
                for &[image, y, x] in &places {
                    let out_y = reaching(y, kernel_y, g.out_height, g.stride, g.padding);
                    let out_x = reaching(x, kernel_x, g.out_width, g.stride, g.padding);
                    rows.push(match out_y.zip(out_x) {
                        Some((y, x)) => &dy[((image * g.out_height + y) * g.out_width + x) * depth..][..depth],
                        None => &zeros,
                    });
                }
                let (position, panels) = (kernel_y * g.kernel_width + kernel_x, 0..packed.panels());
                let destination = sums.values_mut().as_mut_ptr();
                // SAFETY: `sums` holds `count` rows of all columns, and is this task's alone.
                unsafe { rows.multiply_position(count, &packed, position, panels, start, destination, inputs) };
                start = Start::Destination;
            }
        }
        if matches!(start, Start::Zero) {
            // No kernel position reaches this class.
            sums.values_mut().fill(0.0);
        }
        for (sums, [image, y, x]) in sums.values().chunks_exact(inputs).zip(places) {
            let pixel = target.0.wrapping_add(((image * g.height + y) * g.width + x) * inputs);
            // SAFETY: the pixel lies within `dx`, which is borrowed uniquely, and belongs to this task alone.
            unsafe { std::slice::from_raw_parts_mut(pixel, inputs) }.copy_from_slice(sums);
        }
    });
}
