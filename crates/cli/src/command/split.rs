//! `fauxto split`.

use std::path::PathBuf;

use clap::Args;
use fauxto::config::Config;
use fauxto::data::Side;
use serde::Serialize;

use super::train::new_split;
use super::{Outcome, expect_new, say, say_json};
use crate::images::Images;
use crate::options::DataOptions;

/// Decide which images are learned from, stopped on and reported on, and write it down
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto split photos/ --out split.json\n  \
    fauxto split train.parquet --preset release_varied --out split.json\n  \
    fauxto split photos/ --set split.validation=.1 --set split.test=.1 --out split.json\n  \
    fauxto train photos/ --split split.json --out runs/mine\n\n\
    It is the split that `fauxto train` makes by the same settings: images that show the same picture, and what was \
    derived from them, stay on one side; sides that folders give are kept. Commands that take the file check that their \
    images are the same.\n\
    Exit code 1: a property of the files gives the classes away, or a side would be without images of a class.")]
pub(crate) struct Arguments {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    data: PathBuf,
    /// New file for the split
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Named preset (`fauxto list presets`) or TOML file
    #[arg(long, value_name = "NAME|FILE")]
    preset: Option<String>,
    /// Change one setting, as in `split.test=.1`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Split although a property of the files separates the classes
    #[arg(long)]
    allow_giveaways: bool,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    out: &'a PathBuf,
    data_hash: String,
    seed: u64,
    train: usize,
    validation: usize,
    test: usize,
    /// Images on no side: held-out folders hold the same pictures.
    left_out: usize,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let config = Config::resolve(arguments.preset.as_deref(), &arguments.settings)?;
    expect_new(&arguments.out)?;
    let images = Images::open(&arguments.data, &arguments.options, config.input_size)?;
    let (split, _) = new_split(&images.dataset, &images.candidates(), &config, arguments.allow_giveaways)?;
    split.save(&arguments.out)?;
    let report = Report {
        out: &arguments.out,
        data_hash: split.data_hash().to_string(),
        seed: split.settings().seed,
        train: split.on(Side::Train).count(),
        validation: split.on(Side::Validation).count(),
        test: split.on(Side::Test).count(),
        left_out: split.left_out().count(),
    };
    if arguments.json {
        say_json(&report)?;
        return Ok(Outcome::Done);
    }
    say(format!(
        "{}: {} images to learn from, {} to stop on, {} to report on, {} left out",
        report.out.display(),
        report.train,
        report.validation,
        report.test,
        report.left_out
    ))?;
    Ok(Outcome::Done)
}
