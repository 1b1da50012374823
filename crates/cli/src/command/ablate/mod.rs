//! `fauxto ablate`.

mod say;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use fauxto::ablate::{ABLATIONS, AblationEntry, Event, Phases, Recipe, Reported, Study, StudyResult, ablation};
use fauxto::config::Config;
use fauxto::data::Side;
use fauxto::data::split::{Settings, Split};
use fauxto::device;
use fauxto::train::TrainingData;
use fauxto::write_atomically::write_atomically;
use indicatif::ProgressBar;
use serde::Serialize;

use super::evaluate::title_of;
use super::train::{COMMIT, new_split};
use super::{Outcome, say_json};
use crate::arguments::Ablate;
use crate::images::Images;
use crate::{figure, progress};

/// What `results.json` holds and `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    data: String,
    reported_on: String,
    threads: usize,
    #[serde(flatten)]
    result: &'a StudyResult,
}

pub(super) fn run(arguments: &Ablate) -> anyhow::Result<Outcome> {
    ensure!(
        arguments.save_every.is_finite() && arguments.save_every >= 0.0,
        "--save-every: found {}; expected seconds from 0 on",
        arguments.save_every
    );
    let ablations = chosen(arguments)?;
    let mut settings = arguments.settings.clone();
    if arguments.report.is_none() {
        settings.push(format!("split.test={}", arguments.test_share));
    }
    let phases = Phases { base: arguments.preset.clone(), fine_tuning: arguments.finetune.clone(), settings };
    let [first, ..] = &arguments.model[..] else { bail!("--model: found none; expected at least one") };
    let config = phases.config(&Recipe::base(first), 0)?;
    let device = device::device(&arguments.device)?;

    std::fs::create_dir_all(&arguments.out).with_context(|| arguments.out.display().to_string())?;
    let images = Images::open(&arguments.data, &arguments.options, config.input_size)?;
    images.dataset.require_both_classes()?;
    let split = split(arguments, &config, &images)?;
    let elsewhere = arguments
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
        save_every: Duration::try_from_secs_f64(arguments.save_every)?,
    };
    let mut bar: Option<ProgressBar> = None;
    let result = study.run(&mut |event| show(&mut bar, &event))?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }

    let reported_on = arguments.report.as_deref().map_or_else(|| "the test side of the split".to_owned(), title_of);
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

/// The ablations asked for; by default all that the models allow.
fn chosen(arguments: &Ablate) -> anyhow::Result<Vec<&'static AblationEntry>> {
    for (place, model) in arguments.model.iter().enumerate() {
        ensure!(!arguments.model[..place].contains(model), "--model: found {model} twice; expected each once");
    }
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
fn split(arguments: &Ablate, config: &Config, images: &Images) -> anyhow::Result<Split> {
    let path = arguments.out.join("split.json");
    let candidates = images.candidates();
    if !path.exists() {
        let (split, _) = new_split(&images.dataset, &candidates, config, arguments.allow_giveaways)?;
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
