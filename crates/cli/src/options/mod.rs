//! Options that several commands share.

mod data;
mod device;
mod models;
mod operating_point;
mod precision;
mod training;

pub(crate) use data::{DataOptions, ReportedOptions, SideName, SideOptions};
pub(crate) use device::{BatchOptions, DeviceOptions};
pub(crate) use models::{Models, require_distinct, tell_if_uncalibrated};
pub(crate) use operating_point::{OperatingPoint, check_threshold};
pub(crate) use precision::{PrecisionOptions, tell_if_unavailable};
pub(crate) use training::{PhaseOptions, TrainingOptions};
