//! `fauxto report`: what a run's folder holds, in one HTML file.

mod calibration;
mod cases;
mod claims;
mod data;
mod drawings;
mod measured;
mod pipeline;
mod single;
mod training;

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use fauxto::run::RunFolder;
use fauxto::write_atomically::write_atomically;

use super::train::COMMIT;
use super::{Outcome, expect_replaceable, say};
use crate::options::DeviceOptions;

/// Write what a run is worth into one HTML file that needs no network
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto report runs/pipeline\n  \
    fauxto report runs/mine --data photos/ --out mine.html\n  \
    fauxto report runs/pipeline --about 'Holiday photographs against images of one generator'\n\n\
    RUN is the folder of `fauxto run`, which writes its report itself, or of `fauxto train`; what a folder \
    does not hold is named in the report. The file has its images inside and runs no scripts.")]
pub(crate) struct Arguments {
    /// Folder of `fauxto run` or `fauxto train`
    pub(super) run: PathBuf,
    /// Where to write it [default: report.html in that folder]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Where the images of verdicts to explain are: of a pipeline, those it reported on; of a training, its data
    #[arg(long, value_name = "DATA")]
    pub(super) data: Option<PathBuf>,
    /// What the images are and where they come from, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(super) about: Option<String>,
    /// Class names in index order, where the data does not say which is which, as in `real,fake`
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(super) classes: Option<Vec<String>>,
    #[command(flatten)]
    pub(super) device: DeviceOptions,
}

/// The report's name in a run's folder.
pub(super) const FILE: &str = "report.html";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let path = write(arguments)?;
    let size = std::fs::metadata(&path)?.len();
    say(format!("{}: {:.1} MB, to be opened in any browser", path.display(), size as f64 / 1e6))?;
    Ok(Outcome::Done)
}

/// Writes the report and returns where it is.
pub(super) fn write(arguments: &Arguments) -> anyhow::Result<PathBuf> {
    let folder = &arguments.run;
    let path = arguments.out.clone().unwrap_or_else(|| folder.join(FILE));
    expect_replaceable(&path, &["html", "htm"])?;
    let report = if folder.join(pipeline::RESULTS).is_file() {
        pipeline::gather(arguments)?
    } else if RunFolder::new(folder).has_finished() {
        single::gather(arguments)?
    } else {
        bail!(
            "{}: found neither {} nor run.json with a checkpoint; expected the folder of a finished `fauxto run` or \
             `fauxto train`; finish it with the command that began it (`fauxto train` with --resume)",
            folder.display(),
            pipeline::RESULTS
        );
    };
    write_atomically(&path, report.html().as_bytes())?;
    Ok(path)
}

/// Program, version and revision.
fn program() -> String {
    format!("Fauxto {} ({COMMIT})", env!("CARGO_PKG_VERSION"))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The file's text, or none where there is no such file.
fn text(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(anyhow::Error::new(error).context(path.display().to_string())),
    }
}
