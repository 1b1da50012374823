//! `fauxto corrupt`.

use std::path::PathBuf;

use clap::Args;
use fauxto::corrupt::{self, CorruptedSet, CorruptionEntry, MANIFEST, Severity, Written};
use fauxto::data::{Dataset, Labels, OpenOptions};
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::options::DataOptions;
use crate::{figure, progress};

/// Corrupt images as CIFAR-10-C does: noise, blur, weather, compression, at five severities
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto corrupt picture.png --out corrupted --figure corrupted-sheet\n  \
    fauxto corrupt photos/ --corruption snow,fog --severity 3 --out snowy\n  \
    fauxto corrupt test.parquet --corruption jpeg_compression --severity all --out jpeg\n  \
    fauxto evaluate runs/mine snowy/manifest.csv\n\n\
    Writes FOLDER/CORRUPTION/SEVERITY/NAME.png and FOLDER/manifest.csv (file_name, label, parent, \
    parent_content_hash, corruption, severity). \
    Frost is synthesised; `fauxto list corruptions` shows all and their parameters. \
    Blurs grow with an image's side, so that large photographs take minutes: --size brings them down first.")]
pub(crate) struct Arguments {
    /// An image or a data set: folder, Parquet file or folder of shards, CSV, JSON Lines
    #[arg(value_name = "IMAGE|DATA")]
    data: PathBuf,
    /// Corruptions (`fauxto list corruptions`), separated by commas, or all
    #[arg(long, value_name = "NAMES|all", default_value = "all", value_parser = Corruptions::parse)]
    corruption: Corruptions,
    /// Severities from 1 to 5, separated by commas, or all
    #[arg(long, value_name = "N|all", default_value = "all", value_parser = Severities::parse)]
    severity: Severities,
    /// New folder for images and manifest
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Seed of noise, snow and whatever else is drawn
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// First bring images to squares of this side, as detectors see them [default: their own size]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(8..=4096))]
    size: Option<u32>,
    /// Where to draw the first image by corruption and severity (.svg and .png are appended)
    #[arg(long, value_name = "STEM")]
    figure: Option<PathBuf>,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Corruptions by name, separated by commas, or all.
#[derive(Clone, Debug)]
struct Corruptions(Vec<&'static CorruptionEntry>);

impl Corruptions {
    fn parse(text: &str) -> Result<Self, fauxto::Error> {
        if text == "all" {
            return Ok(Self(corrupt::CORRUPTIONS.iter().collect()));
        }
        once_each(text.split(',').map(corrupt::find), |entry| entry.name).map(Self)
    }
}

/// Severities by number, separated by commas, or all.
#[derive(Clone, Debug)]
struct Severities(Vec<Severity>);

impl Severities {
    fn parse(text: &str) -> Result<Self, fauxto::Error> {
        if text == "all" {
            return Ok(Self(Severity::ALL.to_vec()));
        }
        once_each(text.split(',').map(str::parse), |severity| *severity).map(Self)
    }
}

/// The values in the order given, the repeated ones left out.
fn once_each<T, K: PartialEq>(
    values: impl Iterator<Item = Result<T, fauxto::Error>>,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, fauxto::Error> {
    let mut kept: Vec<T> = Vec::new();
    for value in values {
        let value = value?;
        if !kept.iter().any(|other| key(other) == key(&value)) {
            kept.push(value);
        }
    }
    Ok(kept)
}

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    folder: String,
    manifest: String,
    /// Source images that were corrupted.
    images: usize,
    /// Images written.
    files: usize,
    corruptions: Vec<&'a str>,
    severities: &'a [fauxto::corrupt::Severity],
    seed: u64,
    /// Source images left out, with the reasons.
    skipped: &'a [fauxto::data::Broken],
    /// The figure's files.
    figure: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let options =
        OpenOptions { classes: arguments.options.classes.clone(), labels: Labels::Optional, ..OpenOptions::default() };
    let dataset = Dataset::open(&arguments.data, &options)?;
    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    let bar = progress::bar(indices.len(), "images", "corrupting");
    let advance = |done: usize, _: usize| bar.set_position(done as u64);
    let set = CorruptedSet {
        dataset: &dataset,
        indices: &indices,
        corruptions: &arguments.corruption.0,
        severities: &arguments.severity.0,
        seed: arguments.seed,
        size: arguments.size.map(|size| size as usize),
        skip_broken: arguments.options.skip_bad,
        progress: Some(&advance),
    };
    // First: a figure that cannot be drawn or saved leaves no folder behind.
    let figure = match &arguments.figure {
        Some(stem) => figure::corruptions(&set)?.save(stem)?.map(|path| path.display().to_string()).to_vec(),
        None => Vec::new(),
    };
    let written = set.write(&arguments.out)?;
    bar.finish_and_clear();
    report(arguments, &written, figure)?;
    Ok(Outcome::Done)
}

fn report(arguments: &Arguments, written: &Written, figure: Vec<String>) -> anyhow::Result<()> {
    let (corruptions, severities) = (&arguments.corruption.0, &arguments.severity.0);
    let images = written.files / (corruptions.len() * severities.len());
    if arguments.json {
        return say_json(&Report {
            folder: arguments.out.display().to_string(),
            manifest: arguments.out.join(MANIFEST).display().to_string(),
            images,
            files: written.files,
            corruptions: corruptions.iter().map(|entry| entry.name).collect(),
            severities,
            seed: arguments.seed,
            skipped: &written.broken,
            figure,
        });
    }
    for entry in &written.broken {
        progress::note(format!("left out {}: {}", entry.identity, entry.reason));
    }
    let count = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    say(format!(
        "{} ({} x {} x {}) in {}",
        count(written.files, "image", "images"),
        count(images, "image", "images"),
        count(corruptions.len(), "corruption", "corruptions"),
        count(severities.len(), "severity", "severities"),
        arguments.out.display()
    ))?;
    say(format!("labels and parents in {}", arguments.out.join(MANIFEST).display()))?;
    for path in figure {
        say(format!("drawn: {path}"))?;
    }
    Ok(())
}
