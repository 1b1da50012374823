//! `fauxto export`.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use clap::Args;
use fauxto::Error;
use fauxto::checkpoint::{self, Shipping, ValidationSummary};
use fauxto::data::Side;
use fauxto::data::split::Split;
use fauxto::model::Classes;
use fauxto::model::weights::Precision;
use fauxto::out_of_distribution::{self, LEAST_HELD_OUT, OutOfDistribution, Summary};
use fauxto::predict::checkpoint_path;
use fauxto::run::{self, RunFolder};
use fauxto::write_atomically::write_atomically;
use serde::Serialize;

use super::{Outcome, expect_replaceable, say, say_json};
use crate::images::Images;
use crate::options::{DataOptions, DeviceOptions};
use crate::progress;

/// Images judged at a time.
const BATCH: usize = 128;

/// Write a detector for shipping: smaller weights, and what its training images are like
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto export runs/mine --precision int8 --out detector.safetensors\n  \
    fauxto export runs/mine --training-data photos/ --out detector.safetensors\n  \
    fauxto export runs/mine --test-time-flip --out detector.safetensors\n  \
    fauxto export runs/more --average runs/mine --out detector.safetensors\n  \
    fauxto export checkpoint.safetensors --precision f16 --training-data train.parquet --split split.json --out small.safetensors\n\n\
    The file is read wherever a checkpoint is; weights become f32 again when it is loaded, so that it judges as fast \
    as it did. Calibration and provenance are carried over. --training-data lets `fauxto scan` warn of images \
    unlike those learned from, and measures the accuracy on validation images that weighs its votes: without it, that \
    stays what it was before rounding, averaging and mirror images.\n\
    Exit code 1: the data are not the ones that were split, or one of those averaged learned from what the other holds out.")]
pub(crate) struct Arguments {
    /// Run folder or checkpoint
    #[arg(value_name = "RUN|CHECKPOINT")]
    model: PathBuf,
    /// How weights are kept: f32, f16 or int8
    #[arg(long, value_name = "NAME", default_value = "int8")]
    precision: String,
    /// Let it judge by the mean of an image and its mirror image, at twice the work; calibrate it then
    #[arg(long)]
    test_time_flip: bool,
    /// Average its weights with those of this run or checkpoint, such as the one it was fine-tuned from; calibrate it
    /// then
    #[arg(long, value_name = "RUN|CHECKPOINT")]
    average: Option<PathBuf>,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The labelled images it was trained on
    #[arg(long, value_name = "DATA")]
    training_data: Option<PathBuf>,
    /// Their split [default: the run's]
    #[arg(long, value_name = "FILE", requires = "training_data")]
    split: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    model: &'a str,
    out: &'a Path,
    precision: &'static str,
    bytes: usize,
    bytes_before: u64,
    /// Whether it judges mirror images too.
    test_time_flip: bool,
    /// Whether the file says what its probabilities are worth.
    calibrated: bool,
    out_of_distribution: Option<&'a Summary>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let precision = Precision::find(&arguments.precision)?;
    let path = checkpoint_path(&arguments.model)?;
    expect_replaceable(&arguments.out, &["safetensors"])?;
    let same =
        |other: &Path| other.canonicalize().ok().zip(arguments.out.canonicalize().ok()).is_some_and(|(a, b)| a == b);
    ensure!(
        !same(&path),
        "{}: found the weights that are to be exported; expected another file, as rounding cannot be undone; give another --out",
        arguments.out.display()
    );
    let bytes_before = std::fs::metadata(&path).map_err(|source| Error::io(&path, "reading", source))?.len();
    let other = arguments.average.as_deref().map(checkpoint_path).transpose()?;
    for (weights, other) in other.iter().flat_map(|other| [(other, &path), (&path, other)]) {
        let folder = RunFolder::beside(other);
        if folder.has_started() {
            run::require_apart(weights, &Split::load(&folder.split())?)?;
        }
    }
    let shipped = Shipping {
        precision,
        test_time_flip: arguments.test_time_flip,
        averaged_with: other.as_deref(),
        statistics: None,
        validation: None,
    };
    let mut bytes = checkpoint::encode(&path, shipped)?;
    // What is measured is measured of the weights as they will be read, rounded.
    let mut checkpoint = checkpoint::parse(&bytes, &arguments.out, &arguments.device.open()?)?;
    if let Some(data) = &arguments.training_data {
        let (statistics, validation) = measure(arguments, data, &checkpoint)?;
        bytes = checkpoint::encode(&path, Shipping { statistics: Some(&statistics), validation, ..shipped })?;
        checkpoint.out_of_distribution = Some(statistics);
    }
    write_atomically(&arguments.out, &bytes)?;
    let report = Report {
        model: checkpoint.detector.entry.name,
        out: &arguments.out,
        precision: precision.name(),
        bytes: bytes.len(),
        bytes_before,
        test_time_flip: checkpoint.detector.test_time_flip,
        calibrated: checkpoint.calibration.is_some(),
        out_of_distribution: checkpoint.out_of_distribution.as_ref().map(|statistics| &statistics.summary),
    };
    if arguments.json {
        say_json(&report)?;
        return Ok(Outcome::Done);
    }
    say(format!(
        "{} in {}: {:.2} MB, {:.0}% of {:.2} MB",
        report.model,
        report.precision,
        report.bytes as f64 / 1e6,
        100.0 * report.bytes as f64 / bytes_before as f64,
        bytes_before as f64 / 1e6
    ))?;
    if report.test_time_flip {
        say("judges mirror images too")?;
    }
    if !report.calibrated {
        say("not calibrated: `fauxto calibrate` makes its probabilities honest and lets it be unsure")?;
    }
    match &report.out_of_distribution {
        Some(Summary { n_train, n_held_out, unlike_from, far_from, .. }) => say(format!(
            "knows {n_train} training images: of {n_held_out} others of their source, 1% score above {unlike_from:.2} \
             and 0.1% above {far_from:.2}"
        ))?,
        None => say("does not know its training images: --training-data DATA lets scans warn of unlike ones")?,
    }
    Ok(Outcome::Done)
}

fn measure(
    arguments: &Arguments,
    data: &Path,
    checkpoint: &checkpoint::Checkpoint,
) -> anyhow::Result<(OutOfDistribution, Option<ValidationSummary>)> {
    let file = match &arguments.split {
        Some(file) => file.clone(),
        None => RunFolder::beside(&checkpoint_path(&arguments.model)?).split(),
    };
    let split = Split::load(&file)?;
    let frozen = checkpoint.detector.freeze();
    let images = Images::open(data, &arguments.options, frozen.input_size())?;
    split.check(&images.candidates())?;
    let training = out_of_distribution::sample(&images.side(&split, Side::Train));
    let validation = images.side(&split, Side::Validation);
    let mut held_out = images.side(&split, Side::Test);
    if held_out.len() < LEAST_HELD_OUT {
        held_out.extend(&validation);
    }
    let bar = progress::bar(training.len() + held_out.len(), "images", "looking at training images");
    let statistics = out_of_distribution::measure(&frozen, &images.store, &training, &held_out, &mut |done| {
        bar.set_position(done as u64)
    })?;
    bar.finish_and_clear();
    // A gate judges something else than these labels.
    let judges = checkpoint.detector.classes == Classes::RealFake;
    let validation = judges
        .then(|| ValidationSummary::measure(&frozen, &images.store, &validation, BATCH))
        .transpose()
        .with_context(|| file.display().to_string())?;
    Ok((statistics, validation))
}
