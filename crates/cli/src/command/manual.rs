//! Completions and manual pages, from the definitions the parser uses.

use std::path::PathBuf;

use clap::{Args, CommandFactory};

use super::{CommandLine, Outcome};

/// Print a shell's completion script
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fauxto completions bash > /etc/bash_completion.d/fauxto")]
pub(crate) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

/// Print the manual page, or write one page per command into a folder
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fauxto man | man -l -\n  fauxto man --out man1/")]
pub(crate) struct Man {
    /// Folder for one page per command
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

pub(super) fn completions(arguments: &Completions) -> anyhow::Result<Outcome> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut CommandLine::command(), "fauxto", &mut text);
    std::io::Write::write_all(&mut crate::output::output(), &text)?;
    Ok(Outcome::Done)
}

pub(super) fn man(arguments: &Man) -> anyhow::Result<Outcome> {
    match &arguments.out {
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(CommandLine::command()).render(&mut text)?;
            std::io::Write::write_all(&mut crate::output::output(), &text)?;
        }
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(CommandLine::command(), folder)?;
        }
    }
    Ok(Outcome::Done)
}
