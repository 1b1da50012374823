//! One file per command.

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
mod report;
mod run;
mod scan;
mod train;

use std::io::Write;
use std::process::ExitCode;

use crate::arguments::{Arguments, Command};

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
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<Outcome> {
    match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Derive(arguments) => derive::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Calibrate(arguments) => calibrate::run(&arguments),
        Command::Run(arguments) => run::run(&arguments),
        Command::Ablate(arguments) => ablate::run(&arguments),
        Command::Report(arguments) => report::run(&arguments),
        Command::Attack(arguments) => attack::run(&arguments),
        Command::Predict(arguments) => predict::run(&arguments),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Corrupt(arguments) => corrupt::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { out } => manual::man(out.as_deref()),
    }
}

/// Writes `text` and a line end to standard output.
pub(crate) fn say(text: impl std::fmt::Display) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Writes `value` as JSON to standard output.
pub(crate) fn say_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    say(serde_json::to_string_pretty(value)?)
}
