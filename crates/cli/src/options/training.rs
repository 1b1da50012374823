//! How detectors are trained.

use std::time::Duration;

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
        anyhow::ensure!(
            self.save_every.is_finite() && self.save_every >= 0.0,
            "--save-every: found {}; expected seconds from 0 on",
            self.save_every
        );
        Ok(Duration::try_from_secs_f64(self.save_every)?)
    }
}
