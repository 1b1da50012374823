//! The gate of an ensemble: a network that tells pristine images from degraded ones, and the vote on degraded ones. Who
//! learns from pristine images alone judges those best and degraded ones badly; who learns from both loses a little on the
//! former. A gate (a gating network; Jacobs et al. 1991, Adaptive Mixtures of Local Experts) takes the best of either.

use std::path::{Path, PathBuf};

use burn::tensor::Device;

use crate::Result;
use crate::checkpoint;
use crate::data::ContentHash;
use crate::ensemble::Combination;
use crate::model::{Classes, Frozen, Precision};

/// What is asked of an image before the members' votes are counted.
#[derive(Debug)]
pub struct Gate {
    /// Where it was read from.
    pub path: PathBuf,
    /// How the members' probabilities become one for degraded images; the predictor's own combination is for pristine
    /// ones. The image's probability of fake is `(1 - g) pristine + g degraded`, `g` the probability of degraded.
    pub degraded: Combination,
    frozen: Frozen,
}

impl Gate {
    /// Reads the network at `path`, to share out votes between a predictor's own combination and `degraded`.
    ///
    /// # Errors
    /// If the file is no checkpoint of such a network.
    pub fn open(path: &Path, degraded: Combination, device: &Device) -> Result<Self> {
        let checkpoint = checkpoint::load_telling(Classes::PristineDegraded, path, device)?;
        Ok(Self { path: path.to_path_buf(), degraded, frozen: checkpoint.detector.freeze() })
    }

    /// The same, judging in `precision`; see [`Frozen::in_precision`].
    #[must_use]
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { frozen: self.frozen.in_precision(precision), ..self }
    }

    /// The network itself: what it takes for fake is degraded.
    #[must_use]
    pub fn frozen(&self) -> &Frozen {
        &self.frozen
    }

    /// What its probabilities depend on; see [`checkpoint::content`].
    ///
    /// # Errors
    /// As for [`checkpoint::content`].
    pub fn content(&self) -> Result<ContentHash> {
        checkpoint::content(self.frozen.detector())
    }
}
