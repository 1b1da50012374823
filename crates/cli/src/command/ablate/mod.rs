//! `fauxto ablate`.

mod say;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::Args;
use fauxto::ablate::{ABLATIONS, AblationEntry, Event, Phases, Recipe, Reported, Study, StudyResult, ablation};
use fauxto::config::Config;
use fauxto::data::Side;
use fauxto::data::split::{Settings, Split};
use fauxto::train::TrainingData;
use fauxto::write_atomically::write_atomically;
use indicatif::ProgressBar;
use serde::Serialize;

use super::evaluate::title_of;
use super::train::{COMMIT, new_split};
use super::{Outcome, say_json};
use crate::images::Images;
use crate::options::{DataOptions, DeviceOptions, PhaseOptions, ReportedOptions, TrainingOptions, require_distinct};
use crate::{figure, progress};

/// What each part of a recipe is worth: train with it, without it, and compare on the same images
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto ablate photos/ --report test.parquet --out runs/ablations\n  \
    fauxto ablate photos/ --report test.parquet --ablation adversarial_ratio --model resnet_se_small --out runs/ratio\n  \
    fauxto ablate photos/ --ablation augmentation --seeds 1,2,3,4,5 --set train.epochs=20 --out runs/augmentation\n\n\
    Trains every detector that the arms need once for each seed; the base phase is shared. Stopped half-way, the \
    same command goes on where it stopped; more seeds, models and ablations add to what is there. \
    Writes OUT/results.json and a figure for each ablation.")]
pub(crate) struct Arguments {
    /// Labelled images: folder, Parquet file or folder of shards, CSV, JSON Lines
    data: PathBuf,
    /// Folder for everything that is trained and measured
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    reported: ReportedOptions,
    /// Ablations, separated by commas (`fauxto list ablations`) [default: all that the models allow]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    ablation: Option<Vec<String>>,
    /// Architectures, separated by commas
    #[arg(
        long,
        alias = "models",
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "convnext_tiny,efficientnet_b0,resnet_se"
    )]
    model: Vec<String>,
    /// Seeds of the runs; every arm is run with each
    #[arg(long, value_name = "NUMBERS", default_value = "1,2,3", value_parser = Seeds::parse)]
    seeds: Seeds,
    #[command(flatten)]
    phases: PhaseOptions,
    /// Change one setting (`fauxto list settings`) in both phases, as in `train.epochs=3`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Reported images to attack, drawn by the split's seed
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    attack_images: u32,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Seeds, each once.
#[derive(Clone, Debug)]
struct Seeds(Vec<u64>);

impl Seeds {
    fn parse(text: &str) -> Result<Self, String> {
        let mut seeds: Vec<u64> = Vec::new();
        for part in text.split(',') {
            let seed = part
                .trim()
                .parse::<u32>()
                .map_err(|_| format!("found `{part}`; expected whole numbers from 0 to {}, as in 1,2,3", u32::MAX))?;
            if seeds.contains(&seed.into()) {
                return Err(format!("found {seed} twice; the same seed gives the same run"));
            }
            seeds.push(seed.into());
        }
        Ok(Self(seeds))
    }
}

/// What `results.json` holds and `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    data: String,
    reported_on: String,
    threads: usize,
    #[serde(flatten)]
    result: &'a StudyResult,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let save_every = arguments.training.save_every()?;
    let ablations = chosen(arguments)?;
    let mut settings = arguments.settings.clone();
    settings.extend(arguments.reported.setting());
    let phases =
        Phases { base: arguments.phases.preset.clone(), fine_tuning: arguments.phases.finetune.clone(), settings };
    let [first, ..] = &arguments.model[..] else { bail!("--model: found none; expected at least one") };
    let config = phases.config(&Recipe::base(first), 0)?;
    let device = arguments.device.open()?;

    let images = Images::open(&arguments.data, &arguments.options, config.input_size)?;
    images.dataset.require_both_classes()?;
    let split = split(arguments, &config, &images)?;
    let elsewhere = arguments
        .reported
        .report
        .as_ref()
        .map(|report| Images::open(report, &arguments.options, config.input_size))
        .transpose()?;
    let reported = match &elsewhere {
        Some(elsewhere) => Reported { store: &elsewhere.store, examples: elsewhere.examples.clone() },
        None => Reported { store: &images.store, examples: images.side(&split, Side::Test) },
    };
    let data = TrainingData {
        store: &images.store,
        train: images.side(&split, Side::Train),
        added: 0,
        validation: images.side(&split, Side::Validation),
    };
    let study = Study {
        folder: &arguments.out,
        ablations: &ablations,
        models: &arguments.model,
        seeds: &arguments.seeds.0,
        phases: &phases,
        split: &split,
        data: &data,
        reported: &reported,
        attack_images: arguments.attack_images as usize,
        device: &device,
        commit: COMMIT,
        save_every,
    };
    let mut bar: Option<ProgressBar> = None;
    let result = study.run(&mut |event| show(&mut bar, &event))?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }

    let reported_on =
        arguments.reported.report.as_deref().map_or_else(|| "the test side of the split".to_owned(), title_of);
    for ablation in &result.ablations {
        figure::ablation(ablation, &result, &reported_on)?.save(arguments.out.join(ablation.name))?;
    }
    let report = Report {
        data: title_of(&arguments.data),
        reported_on,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        result: &result,
    };
    write_atomically(&arguments.out.join("results.json"), &serde_json::to_vec_pretty(&report)?)?;
    if arguments.json {
        say_json(&report)?;
    } else {
        say::tables(&report, &arguments.out)?;
    }
    Ok(Outcome::Done)
}

/// As many series as a figure has colours for.
const MOST_MODELS: usize = 6;

/// The ablations asked for; by default all that the models allow.
fn chosen(arguments: &Arguments) -> anyhow::Result<Vec<&'static AblationEntry>> {
    require_distinct("--model", &arguments.model)?;
    ensure!(
        arguments.model.len() <= MOST_MODELS,
        "--model: found {}; expected at most {MOST_MODELS}, which a figure tells apart",
        arguments.model.len()
    );
    let Some(names) = &arguments.ablation else {
        let (possible, left_out): (Vec<_>, Vec<_>) =
            ABLATIONS.iter().partition(|entry| entry.least_models <= arguments.model.len());
        for entry in left_out {
            progress::note(format!("{} left out: it takes {} models", entry.name, entry.least_models));
        }
        return Ok(possible);
    };
    let mut entries: Vec<&'static AblationEntry> = Vec::new();
    for name in names {
        let entry = ablation(name)?;
        if entries.iter().all(|other| other.name != entry.name) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The split of the folder, made at the first call and kept.
fn split(arguments: &Arguments, config: &Config, images: &Images) -> anyhow::Result<Split> {
    let path = arguments.out.join(Split::FILE);
    let candidates = images.candidates();
    if !path.exists() {
        let (split, _) = new_split(&images.dataset, &candidates, config, arguments.training.allow_giveaways)?;
        split.save(&path)?;
        return Ok(split);
    }
    let split = Split::load(&path)?;
    split.check(&candidates).with_context(|| path.display().to_string())?;
    let asked = Settings { seed: config.split.seed, validation: config.split.validation, test: config.split.test };
    ensure!(
        split.settings() == asked,
        "{}: found a split with other settings; expected those given now; give the same again, or another --out",
        path.display()
    );
    Ok(split)
}

/// One bar for each piece of work, and a line when it begins.
fn show(bar: &mut Option<ProgressBar>, event: &Event<'_>) {
    match event {
        Event::Began { number, of, name, remaining } => {
            if let Some(bar) = bar.take() {
                bar.finish_and_clear();
            }
            let left = remaining.map(|left| format!("; about {} left in all", duration(left)));
            progress::note(format!("{number} of {of}: {name}{}", left.unwrap_or_default()));
        }
        Event::Advanced { done, of, unit } => {
            let bar = bar.get_or_insert_with(|| progress::bar(*of, unit, ""));
            bar.set_position(*done as u64);
        }
    }
}

fn duration(time: Duration) -> String {
    let minutes = time.as_secs_f64() / 60.0;
    if minutes < 1.5 {
        format!("{:.0} s", time.as_secs_f64())
    } else if minutes < 90.0 {
        format!("{minutes:.0} min")
    } else {
        format!("{:.1} h", minutes / 60.0)
    }
}

/// A path for people, within `folder`.
fn within(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}
