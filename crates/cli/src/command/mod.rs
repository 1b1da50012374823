//! One file per command: its options, and what it does.

mod ablate;
mod attack;
mod audit;
mod bench;
mod calibrate;
mod corrupt;
mod demo;
mod derive;
mod evaluate;
mod explain;
mod export;
mod list;
mod manual;
mod predict;
mod pretrain;
mod recognise;
mod report;
mod run;
mod scan;
mod split;
mod synthesise;
mod train;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::output::output;

/// Tells camera photographs from generated images.
#[derive(Debug, Parser)]
#[command(
    name = "fauxto",
    version,
    max_term_width = 100,
    after_help = "Examples:\n  \
        fauxto demo\n  \
        fauxto train photos/ --model resnet_se_small --out runs/mine\n  \
        fauxto evaluate runs/mine test.parquet\n  \
        fauxto predict runs/mine picture.jpg"
)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Arguments),
    Audit(audit::Arguments),
    Split(split::Arguments),
    Train(train::Arguments),
    Pretrain(pretrain::Arguments),
    Recognise(recognise::Arguments),
    Derive(derive::Arguments),
    Synthesise(synthesise::Arguments),
    Evaluate(evaluate::Arguments),
    Calibrate(calibrate::Arguments),
    Predict(predict::Arguments),
    Scan(scan::Arguments),
    Export(export::Arguments),
    Run(run::Arguments),
    Ablate(ablate::Arguments),
    Report(report::Arguments),
    Attack(attack::Arguments),
    Explain(explain::Arguments),
    Corrupt(corrupt::Arguments),
    Bench(bench::Arguments),
    List(list::Arguments),
    Completions(manual::Completions),
    Man(manual::Man),
}

/// How a command ended that did not break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done.
    Done,
    /// A check said no, or an image was judged fake where that was asked for.
    No,
    /// Done but for some images that could not be judged.
    Broken,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::No => 1,
            Outcome::Broken => 2,
        })
    }
}

/// Runs the command asked for.
pub(crate) fn run(line: &CommandLine) -> anyhow::Result<Outcome> {
    match &line.command {
        Command::Demo(arguments) => demo::run(arguments),
        Command::Audit(arguments) => audit::run(arguments),
        Command::Split(arguments) => split::run(arguments),
        Command::Train(arguments) => train::run(arguments),
        Command::Pretrain(arguments) => pretrain::run(arguments),
        Command::Recognise(arguments) => recognise::run(arguments),
        Command::Derive(arguments) => derive::run(arguments),
        Command::Synthesise(arguments) => synthesise::run(arguments),
        Command::Evaluate(arguments) => evaluate::run(arguments),
        Command::Calibrate(arguments) => calibrate::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Ablate(arguments) => ablate::run(arguments),
        Command::Report(arguments) => report::run(arguments),
        Command::Attack(arguments) => attack::run(arguments),
        Command::Predict(arguments) => predict::run(arguments),
        Command::Scan(arguments) => scan::run(arguments),
        Command::Export(arguments) => export::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
        Command::Corrupt(arguments) => corrupt::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::List(arguments) => list::run(arguments),
        Command::Completions(arguments) => manual::completions(arguments),
        Command::Man(arguments) => manual::man(arguments),
    }
}

/// Runs one command as the user would type it.
fn call(words: &[impl AsRef<str>]) -> anyhow::Result<Outcome> {
    run(&CommandLine::try_parse_from(std::iter::once("fauxto").chain(words.iter().map(AsRef::as_ref)))?)
}

/// Refuses to write over a file.
fn expect_new(file: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !file.exists(),
        "{}: found a file; expected a new one; give another path or remove it",
        file.display()
    );
    Ok(())
}

/// Refuses to write over a file unless its name ends as what is written does: a picture is not what anybody means to
/// replace by scores.
fn expect_replaceable(file: &Path, extensions: &[&str]) -> anyhow::Result<()> {
    let extension = file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    anyhow::ensure!(
        !file.is_file() || extensions.iter().any(|one| one.eq_ignore_ascii_case(extension)),
        "{}: found a file; expected a new one, or one to replace whose name ends in .{}; give another path or remove it",
        file.display(),
        extensions.join(" or .")
    );
    Ok(())
}

/// Writes `text` and a line end to standard output.
pub(crate) fn say(text: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(output(), "{text}").context("standard output")
}

/// Writes `value` as JSON to standard output.
pub(crate) fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(value)?)
}
