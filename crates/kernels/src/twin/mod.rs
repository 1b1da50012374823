//! The same operations in plain tensor operations: the path of every device without kernels, and
//! the reference the kernels are tested against.

mod activation;
mod adamw;
mod convolution;
mod excitation;
mod linear;
mod normalization;
mod pooling;
mod precision;
mod scaling;

pub use activation::{activate, gelu, relu, relu6, sigmoid, silu};
pub use adamw::adamw;
pub use convolution::{conv2d, depthwise_conv2d};
pub use excitation::squeeze_excite;
pub use linear::{linear, linear_gelu};
pub use normalization::{batch_norm_activation_train, batch_norm_inference, batch_norm_train, layer_norm};
pub use pooling::global_average_pool;
pub use scaling::{scale_channels, scale_residual};
