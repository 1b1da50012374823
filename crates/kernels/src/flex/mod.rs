//! The kernels for Burn's Flex device: `f32`, channels-last, multi-threaded with rayon.

mod amx;
pub(crate) mod array;
pub(crate) mod memory;
pub(crate) mod operation;
pub(crate) mod parallel;
pub(crate) mod team;
#[macro_use]
pub(crate) mod simd;
pub(crate) mod math;
pub(crate) mod matrix;
pub(crate) mod microkernel;
pub(crate) mod pairs;
pub(crate) mod product;
pub(crate) mod shifted;
pub(crate) mod tiles;
mod vector;
pub(crate) mod winograd;

pub(crate) mod reduction;

pub(crate) mod activation;
pub(crate) mod adamw;
pub(crate) mod batch_norm;
pub(crate) mod convolution;
pub(crate) mod depthwise;
pub(crate) mod excitation;
pub(crate) mod layer_norm;
pub(crate) mod linear;
pub(crate) mod linear_gelu;
mod rearrange;
pub(crate) mod scaling;
mod strided;
