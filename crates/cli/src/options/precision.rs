//! What detectors multiply in.

use burn::tensor::Device;
use clap::{Args, ValueEnum};
use fauxto::model::Precision;

use crate::progress;

/// What detectors multiply in.
#[derive(Debug, Args)]
pub(crate) struct PrecisionOptions {
    /// What to multiply in: `half` is faster where the device multiplies bf16 (AVX512-BF16, AMX, GPUs), and rounds
    #[arg(long, value_enum, default_value_t = Name::Single)]
    precision: Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// f32
    Single,
    /// bf16, with sums in f32
    Half,
}

impl PrecisionOptions {
    /// What was asked for; says so where `device` does not multiply in it.
    pub(crate) fn choose(&self, device: &Device) -> Precision {
        let precision = match self.precision {
            Name::Single => Precision::Single,
            Name::Half => Precision::Half,
        };
        tell_if_unavailable(precision, device);
        precision
    }
}

/// Says that `device` does not multiply in `precision`, if so.
pub(crate) fn tell_if_unavailable(precision: Precision, device: &Device) {
    if !precision.is_available_on(device) {
        progress::note("this device has no products in bf16: multiplying in f32");
    }
}
