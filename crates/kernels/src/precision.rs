//! What products multiply in.

use crate::flex::simd::multiplies_pairs;
use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// What dense layers and convolutions multiply in; sums, and all that is stored, are `f32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// `f32`.
    #[default]
    Single,
    /// bf16, on a CPU where the number of channels is even: relative error 2^-9 a factor, which Winograd's transforms,
    /// used where there are no tiles (AMX), magnify some ten times. A GPU gives products in bf16 as well.
    Half,
}

impl Precision {
    /// `single` or `half`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Half => "half",
        }
    }

    /// Whether `device` multiplies in it.
    #[must_use]
    pub fn is_available_on(self, device: &Device) -> bool {
        let plain = device.clone().without_autodiff();
        self == Self::Single
            || match plain.as_dispatch() {
                DispatchDevice::Flex(_) => multiplies_pairs(),
                _ => plain.supports_dtype(DType::BF16),
            }
    }

    /// Itself where `device` multiplies in it, else [`Precision::Single`].
    #[must_use]
    pub fn on(self, device: &Device) -> Self {
        if self.is_available_on(device) { self } else { Self::Single }
    }

    /// Itself where this processor multiplies in it, else [`Precision::Single`].
    pub(crate) fn on_processor(self) -> Self {
        if multiplies_pairs() { self } else { Self::Single }
    }
}

thread_local! {
    static CURRENT: Cell<Precision> = const { Cell::new(Precision::Single) };
}

/// Runs `work`, with the dense layers and convolutions it applies on this thread, and the programs it runs, multiplying in
/// `precision` where that is available, forward and, whenever it comes to that, backward (PyTorch's autocast).
pub fn multiply_in<T>(precision: Precision, work: impl FnOnce() -> T) -> T {
    struct Restore(Precision);
    impl Drop for Restore {
        fn drop(&mut self) {
            CURRENT.set(self.0);
        }
    }
    let _restore = Restore(CURRENT.replace(precision));
    work()
}

/// What the operations of this thread multiply in on this processor.
pub(crate) fn current() -> Precision {
    CURRENT.get().on_processor()
}

/// What the operations of this thread multiply in where the device can.
pub(crate) fn wanted() -> Precision {
    CURRENT.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_holds_within_the_call_and_no_longer() {
        let half = Precision::Half.on(&Device::flex().autodiff());
        multiply_in(Precision::Half, || {
            assert_eq!(current(), half);
            multiply_in(Precision::Single, || assert_eq!(current(), Precision::Single));
            assert_eq!(current(), half);
            assert_eq!(std::thread::spawn(current).join().unwrap(), Precision::Single, "another thread's own affair");
        });
        assert_eq!(current(), Precision::Single);
        let panics = std::panic::catch_unwind(|| multiply_in(Precision::Half, || panic!("planted")));
        assert!(panics.is_err());
        assert_eq!(current(), Precision::Single);
    }
}
