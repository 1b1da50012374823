//! Every kernel against its twin: values, gradients, edge cases.

mod activation;
mod common;
mod convolution;
