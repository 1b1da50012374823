//! What happened in each epoch.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::write_atomically::write_atomically;
use crate::{Error, Result};

/// One epoch; a row of `history.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: usize,
    /// AdamW's step size in the epoch's last step.
    pub learning_rate: f64,
    /// Mean cross entropy over the (augmented) training images, in training mode.
    pub train_loss: f64,
    /// Share of training images judged right, in training mode; of mixed ones by what they are most of.
    pub train_accuracy: f64,
    /// Mean cross entropy over the validation images.
    pub validation_loss: f64,
    /// Share of validation images judged right at threshold 0.5.
    pub validation_accuracy: f64,
    /// Area under the ROC curve on the validation images.
    pub validation_auc: f64,
    /// The same under the attack that adversarial training validates with; none without such training.
    #[serde(default)]
    pub validation_attacked_auc: Option<f64>,
}

impl EpochRecord {
    /// What the best epoch has most of: validation AUC, in adversarial training its mean with that of
    /// attacked images.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.validation_attacked_auc.map_or(self.validation_auc, |attacked| (self.validation_auc + attacked) / 2.0)
    }
}

/// Writes the epochs as CSV.
///
/// # Errors
/// If the file cannot be written.
pub fn write_history(path: &Path, history: &[EpochRecord]) -> Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in history {
        writer.serialize(record).map_err(|error| Error::io(path, "writing", std::io::Error::other(error)))?;
    }
    let bytes = writer.into_inner().map_err(|error| Error::io(path, "writing", error.into_error()))?;
    write_atomically(path, &bytes)
}
