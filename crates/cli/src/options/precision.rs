//! What detectors multiply in.

use clap::{Args, ValueEnum};
use fauxto::model::Precision;

use crate::progress;

/// What detectors multiply in.
#[derive(Debug, Args)]
pub(crate) struct PrecisionOptions {
    /// What to multiply in: `half` is faster where the processor multiplies bf16 (AVX512-BF16, AMX), and rounds
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
    /// What was asked for, if there is any use in it here.
    pub(crate) fn choose(&self) -> Precision {
        let precision = match self.precision {
            Name::Single => Precision::Single,
            Name::Half => Precision::Half,
        };
        tell_if_unavailable(precision);
        precision
    }
}

/// Says that `precision` is not to be had on this processor, if so.
pub(super) fn tell_if_unavailable(precision: Precision) {
    if !precision.is_available() {
        progress::note("this processor has no products in bf16: multiplying in f32");
    }
}
