//! The command line: parse, run, say. Exit codes: 0 done; 1 a check said no, or an image was judged
//! fake where that was asked for; 2 the call was wrong or something broke.

mod command;
mod figure;
mod images;
mod options;
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
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&error);
            let refused = matches!(error.downcast_ref::<fauxto::Error>(), Some(fauxto::Error::Refused(_)));
            ExitCode::from(if refused { 1 } else { 2 })
        }
    }
}

#[allow(clippy::print_stderr)]
fn say_error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}

/// Whoever reads our output has enough, as in `fauxto list | head -1`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
