//! `fauxto demo`: the main job on the built-in sample set, by the same commands a user would call.

use std::path::Path;

use anyhow::bail;
use fauxto::sample;

use super::{Outcome, evaluate, predict, say, train};
use crate::arguments::{Arguments, Command, Demo};
use crate::progress;
use clap::Parser;

/// Unlabelled images, as the original project's test folder has.
const UNLABELLED: usize = 100;
/// Images of each class kept apart for reporting.
const REPORTED: usize = 250;
/// Reported images come from another seed, so that they are no copies of those learned from.
const REPORTED_SEED: u64 = 1_000_003;

pub(super) fn run(arguments: &Demo) -> anyhow::Result<Outcome> {
    let out = &arguments.out;
    if out.exists() {
        bail!("{}: found a folder; expected none; remove it or pass another --out", out.display());
    }
    let images = out.join("images");
    let reported = out.join("reported");
    progress::note("rendering the built-in sample set: simulated photographs and simulated generated images");
    std::fs::create_dir_all(out)?;
    sample::write(&images, arguments.images as usize, UNLABELLED, arguments.seed)?;
    sample::write(&reported, REPORTED, 0, arguments.seed.wrapping_add(REPORTED_SEED))?;
    let run = out.join("run");
    step(&[
        "train",
        text(&images)?,
        "--preset",
        "demo",
        "--out",
        text(&run)?,
        "--set",
        &format!("seed={}", arguments.seed),
    ])?;
    let figure = out.join("evaluation");
    say("")?;
    step(&["evaluate", text(&run)?, text(&reported)?, "--figure", text(&figure)?])?;
    let submission = out.join("submission.json");
    progress::note(format!("judging {UNLABELLED} unlabelled images"));
    let test = images.join("test");
    step(&["predict", text(&run)?, text(&test)?, "--submission", text(&submission)?, "--quiet"])?;
    say(format!(
        "\n{}: run/ (checkpoint, history, curves), evaluation.png, submission.json\nThese images are simulations for demonstration; train on real ones before judging any.",
        out.display()
    ))?;
    Ok(Outcome::Done)
}

/// Runs one command as the user would type it.
fn step(words: &[&str]) -> anyhow::Result<()> {
    let arguments = Arguments::try_parse_from(std::iter::once("fauxto").chain(words.iter().copied()))?;
    match &arguments.command {
        Command::Train(arguments) => train::run(arguments)?,
        Command::Evaluate(arguments) => evaluate::run(arguments)?,
        Command::Predict(arguments) => predict::run(arguments)?,
        _ => bail!("found a command that is no step of the demo; expected train, evaluate or predict"),
    };
    Ok(())
}

fn text(path: &Path) -> anyhow::Result<&str> {
    match path.to_str() {
        Some(text) => Ok(text),
        None => bail!("{}: found a path that is no UTF-8; expected one that is; pass another --out", path.display()),
    }
}
