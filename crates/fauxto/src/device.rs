//! Where tensors live. The CPU is always there; a GPU needs its Cargo feature.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::{Device, Tensor};

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

/// The name of the device that is always there.
const CPU: &str = "cpu";

/// Every device this build supports.
pub static DEVICES: &[DeviceEntry] = &[
    DeviceEntry { name: CPU, summary: "all cores of this machine", open: Device::flex },
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
/// If this build does not support it, naming those it does; or if it does not answer.
pub fn device(name: &str) -> Result<Device> {
    let entry = DEVICES.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "device".into(),
        found: format!("`{name}`"),
        expected: format!(
            "one of {} (others need a build with the Cargo feature of their name)",
            DEVICES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
        ),
    })?;
    let device = (entry.open)();
    if name == CPU {
        return Ok(device);
    }
    ask(&device).map_err(|reason| Error::Setting {
        setting: "device".into(),
        found: format!("`{name}`, which does not answer ({reason})"),
        expected: "a device that is there, with its driver where the system looks for libraries; `cpu` needs neither"
            .into(),
    })?;
    Ok(device)
}

/// Has `device` compute something. Burn opens devices on first use and panics where there is none.
fn ask(device: &Device) -> std::result::Result<(), String> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner); // The panic hook is the process's.
    let said = Arc::new(Mutex::new(String::new()));
    let hook = panic::take_hook();
    let listener = Arc::clone(&said);
    panic::set_hook(Box::new(move |panicked| {
        let text = panicked.payload_as_str().unwrap_or("no reason given");
        let mut said = listener.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_empty() {
            // The first panic has the cause; of a list of all names tried, its beginning is enough.
            *said = text.split(['-', '\n']).next().unwrap_or(text).trim().to_owned();
        }
    }));
    let answer = panic::catch_unwind(AssertUnwindSafe(|| Tensor::<1>::ones([2], device).sum().into_scalar::<f32>()));
    panic::set_hook(hook);
    match answer {
        Ok(2.0) => Ok(()),
        Ok(other) => Err(format!("1 + 1 came out as {other}")),
        Err(_) => Err(said.lock().unwrap_or_else(PoisonError::into_inner).clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_of_this_build_answer_or_say_why_not() {
        for entry in DEVICES {
            match device(entry.name) {
                Ok(device) => assert_eq!(Tensor::<1>::ones([3], &device).sum().into_scalar::<f32>(), 3.0),
                Err(error) => assert!(entry.name != CPU && error.to_string().contains(entry.name), "{error}"),
            }
        }
        let error = device("abacus").unwrap_err().to_string();
        assert!(error.contains("abacus") && error.contains("cpu"), "{error}");
    }
}
