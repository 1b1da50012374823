//! `fauxto export`.

use std::path::Path;

use fauxto::checkpoint;
use fauxto::data::Side;
use fauxto::data::split::Split;
use fauxto::model::weights::Precision;
use fauxto::out_of_distribution::{self, LEAST_HELD_OUT, OutOfDistribution, Summary};
use fauxto::predict::checkpoint_path;
use fauxto::run::RunFolder;
use fauxto::write_atomically::write_atomically;
use fauxto::{Error, device};
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::arguments::Export;
use crate::images::Images;
use crate::progress;

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    model: &'a str,
    out: &'a Path,
    precision: &'static str,
    bytes: usize,
    bytes_before: u64,
    /// Whether the file says what its probabilities are worth.
    calibrated: bool,
    out_of_distribution: Option<&'a Summary>,
}

pub(super) fn run(arguments: &Export) -> anyhow::Result<Outcome> {
    let precision = Precision::find(&arguments.precision)?;
    let path = checkpoint_path(&arguments.model)?;
    let bytes_before = std::fs::metadata(&path).map_err(|source| Error::io(&path, "reading", source))?.len();
    let mut bytes = checkpoint::encode(&path, precision, None)?;
    // Statistics are of the weights as they will be read, rounded.
    let mut checkpoint = checkpoint::parse(&bytes, &arguments.out, &device::device(&arguments.device)?)?;
    if let Some(data) = &arguments.training_data {
        let statistics = measure(arguments, data, &checkpoint)?;
        bytes = checkpoint::encode(&path, precision, Some(&statistics))?;
        checkpoint.out_of_distribution = Some(statistics);
    }
    write_atomically(&arguments.out, &bytes)?;
    let report = Report {
        model: checkpoint.detector.entry.name,
        out: &arguments.out,
        precision: precision.name(),
        bytes: bytes.len(),
        bytes_before,
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

fn measure(arguments: &Export, data: &Path, checkpoint: &checkpoint::Checkpoint) -> anyhow::Result<OutOfDistribution> {
    let file = match &arguments.split {
        Some(file) => file.clone(),
        None => RunFolder::new(&arguments.model).split(),
    };
    let split = Split::load(&file)?;
    let frozen = checkpoint.detector.freeze();
    let images = Images::open(data, &arguments.options, frozen.input_size())?;
    split.check(&images.candidates())?;
    let training = out_of_distribution::sample(&images.side(&split, Side::Train));
    let mut held_out = images.side(&split, Side::Test);
    if held_out.len() < LEAST_HELD_OUT {
        held_out.extend(images.side(&split, Side::Validation));
    }
    let bar = progress::bar(training.len() + held_out.len(), "images", "looking at training images");
    let statistics = out_of_distribution::measure(&frozen, &images.store, &training, &held_out, &mut |done| {
        bar.set_position(done as u64)
    })?;
    bar.finish_and_clear();
    Ok(statistics)
}
