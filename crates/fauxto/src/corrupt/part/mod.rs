//! What several corruptions share: filters, warps and fields, defined as the libraries define them
//! that CIFAR-10-C was made with.

pub(super) mod gaussian;
pub(super) mod hsv;
pub(super) mod motion;
pub(super) mod plasma;
pub(super) mod raster;
pub(super) mod zoom;
