//! Whom to ask.

use std::path::PathBuf;

/// Checkpoints or run folders, separated by commas, or an ensemble file.
#[derive(Clone, Debug)]
pub(crate) struct Models(pub(crate) Vec<PathBuf>);

/// Refuses a name that is given twice with `option`.
pub(crate) fn require_distinct(option: &str, names: &[String]) -> anyhow::Result<()> {
    for (place, name) in names.iter().enumerate() {
        anyhow::ensure!(
            !names[..place].contains(name),
            "{option}: found {name} twice; expected each once; name it once"
        );
    }
    Ok(())
}

impl Models {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let paths: Vec<PathBuf> = text.split(',').filter(|part| !part.is_empty()).map(PathBuf::from).collect();
        if paths.is_empty() { Err("expected at least one path".into()) } else { Ok(Self(paths)) }
    }
}
