//! The transforms of two dimensions, channels across a vector's lanes.
#![allow(unsafe_code)]

use super::points::{both, gradient, input, output, weight, weight_transposed};
use super::tiles::Place;
use super::{Kernel, POSITIONS, SIDE, TILE};
use crate::flex::convolution::Geometry;
use crate::flex::microkernel::PANEL;
use crate::flex::vector::{Vector, VectorKernel};

pub(super) struct InputTransform<'a> {
    pub(super) pixels: [&'a [f32]; POSITIONS],
    pub(super) v: *mut f32,
    pub(super) position: usize,
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

pub(super) struct GradientTransform<'a> {
    pub(super) pixels: [&'a [f32]; TILE * TILE],
    pub(super) m: *mut f32,
    pub(super) position: usize,
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

pub(super) struct OutputTransform<'a> {
    pub(super) m: &'a [f32],
    pub(super) position: usize,
    pub(super) bias: Option<&'a [f32]>,
    pub(super) y: *mut f32,
    pub(super) outputs: usize,
    pub(super) place: Place,
    pub(super) geometry: &'a Geometry,
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

pub(super) struct WeightTransform<'a> {
    pub(super) weight: &'a [f32],
    pub(super) inputs: usize,
    pub(super) kernel: Kernel,
    pub(super) depth: usize,
    /// First column, their number, and the panel's width.
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) width: usize,
    pub(super) panel: &'a mut [f32],
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

pub(super) struct WeightGradientTransform<'a> {
    pub(super) du: &'a [f32],
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) first: usize,
    pub(super) dw: &'a mut [f32],
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
