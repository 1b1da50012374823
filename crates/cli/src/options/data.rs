//! Which images, and how they are read.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fauxto::data::Side;

/// How to read a data set.
#[derive(Clone, Debug, Args)]
pub(crate) struct DataOptions {
    /// Class names in index order, where the data does not say which is which, as in `real,fake`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) classes: Option<Vec<String>>,
    /// Leave unreadable images out instead of stopping
    #[arg(long)]
    pub(crate) skip_bad: bool,
}

/// Sides of a split instead of all images.
#[derive(Debug, Args)]
pub(crate) struct SideOptions {
    /// Take these sides of a split of these data, as in `validation,test` (needs --split)
    #[arg(long, value_name = "SIDES", value_delimiter = ',', requires = "split")]
    pub(crate) side: Vec<SideName>,
    /// The split, or a run's
    #[arg(long, value_name = "RUN|FILE", requires = "side")]
    pub(crate) split: Option<PathBuf>,
}

/// Which side of a split to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideName {
    /// Learned from
    Train,
    /// Stopped on
    Validation,
    /// Reported on
    Test,
}

impl From<SideName> for Side {
    fn from(name: SideName) -> Self {
        match name {
            SideName::Train => Self::Train,
            SideName::Validation => Self::Validation,
            SideName::Test => Self::Test,
        }
    }
}

/// What results are reported on.
#[derive(Debug, Args)]
pub(crate) struct ReportedOptions {
    /// Labelled images to report on; without them, a share of the data is kept apart for that
    #[arg(long, value_name = "DATA")]
    pub(crate) report: Option<PathBuf>,
    /// That share, where --report is not given
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) test_share: f64,
}

impl ReportedOptions {
    /// The setting by which a training keeps that share apart, where one is.
    pub(crate) fn setting(&self) -> Option<String> {
        self.report.is_none().then(|| format!("split.test={}", self.test_share))
    }
}
