//! The command line: parse, run, say. Exit codes: 0 done; 1 a check said no, or an image was judged
//! fake where that was asked for; 2 the call was wrong or something broke.

mod command;
mod figure;
mod images;
mod options;
mod output;
mod pixels;
mod progress;
mod scores_file;
mod table;

use std::process::ExitCode;

use clap::Parser;

/// A detector's weights are there sooner, see [`fauxto::LargePages`].
#[global_allocator]
static ALLOCATOR: fauxto::LargePages = fauxto::LargePages;

fn main() -> ExitCode {
    match command::run(&command::CommandLine::parse()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            progress::note(format!("error: {}", with_causes(&error)));
            let refused = matches!(error.downcast_ref::<fauxto::Error>(), Some(fauxto::Error::Refused(_)));
            ExitCode::from(if refused { 1 } else { 2 })
        }
    }
}

/// An error and what caused it, each said once: most messages name their cause already.
fn with_causes(error: &anyhow::Error) -> String {
    error
        .chain()
        .skip(1)
        .map(ToString::to_string)
        .fold(error.to_string(), |text, cause| if text.contains(&cause) { text } else { format!("{text}: {cause}") })
}
