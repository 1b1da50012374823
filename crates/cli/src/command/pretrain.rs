//! `fauxto pretrain`.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use fauxto::Label;
use fauxto::config::Config;
use fauxto::data::split::Split;
use fauxto::data::{ContentHash, Side, column};
use fauxto::model::weights::{Precision, write_safetensors};
use fauxto::pretrain::{Photograph, Task};
use rand::seq::SliceRandom;
use serde::Serialize;

use super::{Outcome, expect_new, say, say_json};
use crate::images::Images;
use crate::options::{DataOptions, DeviceOptions, tell_if_unavailable};
use crate::progress;

/// Learn what photographs show, for weights to begin with (`fauxto train --init`)
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto pretrain train.parquet --subject subject --model resnet_se --out pretrained.safetensors\n  \
    fauxto pretrain train.parquet --subject subject --except runs/mine/split.json --out pretrained.safetensors\n  \
    fauxto train photos/ --model resnet_se --init pretrained.safetensors --out runs/mine\n\n\
    Only real images are learned from. One in twenty is looked at after every epoch and learned from never. \
    The weights have a last layer for the subjects, which `train --init` replaces.")]
pub(crate) struct Arguments {
    /// Images as Parquet; those labelled real are learned from
    data: PathBuf,
    /// The column that says what an image shows
    #[arg(long, value_name = "COLUMN")]
    subject: String,
    /// New file for the weights
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Leave out what this split holds out; repeatable
    #[arg(long, value_name = "FILE")]
    except: Vec<PathBuf>,
    /// Architecture (`fauxto list models`)
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Named preset (`fauxto list presets`) or TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "pretrain")]
    preset: String,
    /// Change one setting (`fauxto list settings`), as in `train.epochs=3`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One photograph in this many is looked at and not learned from.
const LOOKED_AT: usize = 20;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    out: &'a PathBuf,
    model: &'a str,
    seed: u64,
    subjects: &'a [String],
    n_train: usize,
    n_validation: usize,
    /// Photographs left out because a split holds them out.
    excepted: usize,
    epochs: usize,
    seconds: f64,
    validation_accuracy: f64,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let mut settings = arguments.settings.clone();
    settings.extend(arguments.model.iter().map(|model| format!("model=\"{model}\"")));
    let config = Config::resolve(Some(&arguments.preset), &settings)?;
    expect_new(&arguments.out)?;
    let held_out = held_out(&arguments.except)?;
    let images = Images::open(&arguments.data, &arguments.options, config.input_size)?;
    let texts = column(&images.dataset, &arguments.subject)?;
    let (mut photographs, subjects, excepted) = photographs(&images, &texts, &held_out);
    photographs.shuffle(&mut fauxto::random::stream(config.split.seed, "photographs looked at", &[]));
    let (validation, train) = photographs.split_at(photographs.len() / LOOKED_AT);
    progress::note(format!(
        "{}: {} photographs of {} subjects to learn from, {} to look at",
        config.model,
        train.len(),
        subjects.len(),
        validation.len()
    ));
    let device = arguments.device.open()?;
    tell_if_unavailable(config.train.precision, &device);
    let task = Task { config: &config, store: &images.store, train, validation, subjects: subjects.len() };
    let began = Instant::now();
    let bar = progress::bar(train.len() / config.train.batch_size * config.train.epochs, "steps", config.model.clone());
    let (weights, accuracy) = task.learn(&device, &mut |now| {
        bar.set_position(now.step as u64);
        bar.set_message(format!("loss {:.3}", now.loss));
        if let Some(accuracy) = now.accuracy {
            bar.suspend(|| {
                progress::note(format!("step {:>6}  loss {:.4}  accuracy {accuracy:.4}", now.step, now.loss))
            });
        }
    })?;
    bar.finish_and_clear();
    let metadata = BTreeMap::from([
        ("model".to_owned(), config.model.clone()),
        ("input_size".to_owned(), config.input_size.to_string()),
        ("subjects".to_owned(), serde_json::to_string(&subjects)?),
        ("seed".to_owned(), config.seed.to_string()),
    ]);
    write_safetensors(&arguments.out, &weights, &metadata, Precision::F32)?;
    if arguments.json {
        say_json(&Report {
            out: &arguments.out,
            model: &config.model,
            seed: config.seed,
            subjects: &subjects,
            n_train: train.len(),
            n_validation: validation.len(),
            excepted,
            epochs: config.train.epochs,
            seconds: began.elapsed().as_secs_f64(),
            validation_accuracy: accuracy,
        })?;
        return Ok(Outcome::Done);
    }
    say(format!(
        "{}: names the subject of {:.1}% of {} photographs it did not learn from; weights in {}",
        config.model,
        100.0 * accuracy,
        validation.len(),
        arguments.out.display()
    ))?;
    Ok(Outcome::Done)
}

/// What the splits hold out, by content.
fn held_out(files: &[PathBuf]) -> anyhow::Result<HashSet<ContentHash>> {
    let mut contents = HashSet::new();
    for file in files {
        let split = Split::load(file)?;
        contents.extend(split.items().iter().filter(|item| item.side != Some(Side::Train)).map(|item| item.content));
    }
    Ok(contents)
}

/// The real images that show something and are not held out; the names of what they show, in order; how many were held
/// out.
fn photographs(
    images: &Images,
    texts: &[Option<String>],
    held_out: &HashSet<ContentHash>,
) -> (Vec<Photograph>, Vec<String>, usize) {
    let real = images.examples.iter().filter(|example| example.label == Label::Real);
    let shown: Vec<(usize, &String)> =
        real.filter_map(|example| Some((example.index, texts[images.indices[example.index]].as_ref()?))).collect();
    let subjects: BTreeSet<&String> = shown.iter().map(|(_, subject)| *subject).collect();
    let subjects: Vec<String> = subjects.into_iter().cloned().collect();
    let all = shown.len();
    let photographs: Vec<Photograph> = shown
        .into_iter()
        .filter(|(index, _)| images.store.hash(*index).is_none_or(|content| !held_out.contains(&content)))
        .filter_map(|(index, subject)| Some(Photograph { index, subject: subjects.binary_search(subject).ok()? }))
        .collect();
    let excepted = all - photographs.len();
    (photographs, subjects, excepted)
}
