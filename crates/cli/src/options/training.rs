//! How detectors are trained.

use std::time::Duration;

use anyhow::Context;
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

/// What a training may do, and how often it writes down where it is.
#[derive(Debug, Args)]
pub(crate) struct TrainingOptions {
    /// Train although a property of the files separates the classes
    #[arg(long)]
    pub(crate) allow_giveaways: bool,
    /// Seconds between two writings of a run's state
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    save_every: f64,
}

impl TrainingOptions {
    pub(crate) fn save_every(&self) -> anyhow::Result<Duration> {
        let found = self.save_every;
        Duration::try_from_secs_f64(found).ok().with_context(|| {
            format!("--save-every: found {found:?}; expected seconds from 0 to 1e19; give a number between them")
        })
    }
}
