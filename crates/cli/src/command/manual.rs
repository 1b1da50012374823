//! Completions and manual pages, from the definitions the parser uses.

use std::path::Path;

use clap::CommandFactory;

use super::Outcome;
use crate::arguments::Arguments;

pub(super) fn completions(shell: clap_complete::Shell) -> anyhow::Result<Outcome> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "fauxto", &mut text);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &text)?;
    Ok(Outcome::Done)
}

pub(super) fn man(out: Option<&Path>) -> anyhow::Result<Outcome> {
    match out {
        None => {
            let mut text = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut text)?;
            std::io::Write::write_all(&mut std::io::stdout().lock(), &text)?;
        }
        Some(folder) => {
            std::fs::create_dir_all(folder)?;
            clap_mangen::generate_to(Arguments::command(), folder)?;
        }
    }
    Ok(Outcome::Done)
}
