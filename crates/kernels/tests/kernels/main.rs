//! Every kernel against its twin: values, gradients, edge cases.

mod activation;
mod adamw;
mod common;
mod convolution;
mod half;
mod inference;
mod levels;
mod normalization;
mod scaling;
mod threads;
