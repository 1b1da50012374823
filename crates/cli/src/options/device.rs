//! What computes, and how much at a time.

use burn::tensor::Device;
use clap::Args;
use fauxto::device;

/// What computes.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeviceOptions {
    /// Device (`fauxto list devices`)
    #[arg(long = "device", value_name = "NAME", default_value = "cpu")]
    pub(crate) name: String,
}

impl DeviceOptions {
    pub(crate) fn open(&self) -> fauxto::Result<Device> {
        device::device(&self.name)
    }
}

/// What computes, and how many images at a time.
#[derive(Debug, Args)]
pub(crate) struct BatchOptions {
    /// Images at a time
    #[arg(long, alias = "batch-size", value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    batch: u32,
    #[command(flatten)]
    pub(crate) device: DeviceOptions,
}

impl BatchOptions {
    pub(crate) fn size(&self) -> usize {
        self.batch as usize
    }
}
