//! Where tensors live. The CPU is always there; a GPU needs its Cargo feature.

use burn::tensor::Device;

use crate::{Error, Result};

/// A device one can ask for by name.
#[derive(Debug)]
pub struct DeviceEntry {
    /// The name after `--device`.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Opens it.
    pub open: fn() -> Device,
}

/// Every device this build supports.
pub static DEVICES: &[DeviceEntry] = &[
    DeviceEntry { name: "cpu", summary: "all cores of this machine", open: Device::flex },
    #[cfg(feature = "cuda")]
    DeviceEntry { name: "cuda", summary: "the first NVIDIA GPU", open: || Device::cuda(0) },
    #[cfg(feature = "rocm")]
    DeviceEntry { name: "rocm", summary: "the first AMD GPU", open: || Device::rocm(0) },
    #[cfg(feature = "vulkan")]
    DeviceEntry {
        name: "vulkan",
        summary: "the default Vulkan GPU",
        open: || Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "metal")]
    DeviceEntry {
        name: "metal",
        summary: "the default Metal GPU",
        open: || Device::metal(burn::tensor::DeviceKind::DefaultDevice),
    },
    #[cfg(feature = "wgpu")]
    DeviceEntry {
        name: "wgpu",
        summary: "the default WebGPU device",
        open: || Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
    },
];

/// The device called `name`, without autodiff.
///
/// # Errors
/// If this build does not support it, naming those it does.
pub fn device(name: &str) -> Result<Device> {
    let entry = DEVICES.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "device".into(),
        found: format!("`{name}`"),
        expected: format!(
            "one of {} (others need a build with the Cargo feature of their name)",
            DEVICES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
        ),
    })?;
    Ok((entry.open)())
}
