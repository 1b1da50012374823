//! How detectors are trained that are also fine-tuned.

use clap::Args;

/// The two phases of training.
#[derive(Debug, Args)]
pub(crate) struct PhaseOptions {
    /// Preset of the base phase
    #[arg(long, value_name = "NAME|FILE", default_value = "base")]
    pub(crate) preset: String,
    /// Preset of the fine-tuning phase
    #[arg(long, value_name = "NAME|FILE", default_value = "adversarial")]
    pub(crate) finetune: String,
}
