//! A target whose log-odds are scaled and shifted.

use burn::tensor::{Device, Tensor};

use super::Target;
use crate::calibrate::Scaling;

/// Another target, judged as its calibration says: an attack succeeds where the calibrated verdict turns.
pub struct Calibrated<'a> {
    target: Box<dyn Target + 'a>,
    scaling: Scaling,
}

impl std::fmt::Debug for Calibrated<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Calibrated").field("scaling", &self.scaling).finish_non_exhaustive()
    }
}

impl<'a> Calibrated<'a> {
    /// `target` at `scaling`.
    #[must_use]
    pub fn new(target: Box<dyn Target + 'a>, scaling: Scaling) -> Self {
        Self { target, scaling }
    }
}

impl Target for Calibrated<'_> {
    fn device(&self) -> Device {
        self.target.device()
    }

    /// Both logits over the temperature, and the bias on fake's.
    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let logits = self.target.logits(pixels) / self.scaling.temperature;
        let (real, fake) = (logits.clone().narrow(1, 0, 1), logits.narrow(1, 1, 1));
        Tensor::cat(vec![real, fake + self.scaling.bias], 1)
    }
}
