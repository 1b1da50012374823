//! Fast CPU operations for detectors, each with a twin in plain tensor operations.
//!
//! Activations are channels-last, `[batch, height, width, channel]`; weights have PyTorch's shapes,
//! so that timm checkpoints load without rearranging. Every function is differentiable on an
//! autodiff device unless its documentation says otherwise.
//!
//! On Burn's Flex device with `f32` data an operation may run a kernel of this crate; everywhere
//! else, and for every other element type, it runs its [`twin`]. Setting the environment variable
//! `FAUXTO_KERNELS=off` before the first call runs the twins everywhere, for comparison and for
//! bug reports. `FAUXTO_SIMD=avx512` (AVX-512 without AMX's tiles), `FAUXTO_SIMD=avx2` and `FAUXTO_SIMD=portable`
//! keep kernels to that instruction set or a lesser one, but for small products, which are the `gemm` crate's and choose
//! for themselves.
//!
//! The unsafe code runs under AddressSanitizer with `scripts/sanitize`.

mod activation;
mod adamw;
mod convolution;
mod excitation;
mod flex;
pub mod inference;
mod large_pages;
mod linear;
mod normalization;
mod pooling;
mod precision;
mod scaling;
pub mod twin;
mod worker;

pub use activation::{Activation, gelu, relu, relu6, sigmoid, silu};
pub use adamw::{AdamWStep, adamw};
pub use convolution::{conv2d, depthwise_conv2d};
pub use excitation::squeeze_excite;
pub use flex::memory::release_pooled_memory;
pub use large_pages::LargePages;
pub use linear::{linear, linear_gelu};
pub use normalization::{
    BatchNormOutput, batch_norm_activation_train, batch_norm_inference, batch_norm_train, layer_norm,
};
pub use pooling::global_average_pool;
pub use precision::{Precision, multiply_in};
pub use scaling::{scale_channels, scale_residual};
pub use worker::on_worker;
