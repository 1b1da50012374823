//! What a run begins from beyond its settings and its data.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunFolder;
use crate::data::split::Split;
use crate::data::{ContentHash, Side};
use crate::{Error, Result};

/// Weights to begin with, and images learned from beside those that were split. A run that goes on takes them again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The weights, unless they are drawn.
    pub init: Option<Weights>,
    /// The further data sets.
    pub also: Vec<PathBuf>,
    /// The images of those that are learned from, by content.
    pub added: Vec<ContentHash>,
}

/// A file of weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Where it is, as it was given.
    pub path: PathBuf,
    /// BLAKE3 of its bytes.
    pub hash: ContentHash,
}

impl Weights {
    /// The file at `path`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|source| Error::io(path, "reading", source))?;
        Ok(Self { path: path.to_path_buf(), hash: ContentHash::from(*blake3::hash(&bytes).as_bytes()) })
    }
}

impl Origin {
    /// What the call asks for.
    ///
    /// # Errors
    /// If the weights cannot be read.
    pub fn asked(init: Option<&Path>, also: &[PathBuf]) -> Result<Self> {
        Ok(Self { init: init.map(Weights::of).transpose()?, also: also.to_vec(), added: Vec::new() })
    }

    /// What a run goes on from that began from this: what the call does not say is as it was.
    ///
    /// # Errors
    /// [`Error::Refused`] if the call says otherwise, or the weights have changed since.
    pub fn go_on(self, asked: Self) -> Result<Self> {
        let refuse = |found: &str| {
            Err(Error::Refused(format!(
                "the run to go on with began from {found}; go on without --init and --also, or use another --out"
            )))
        };
        match (&self.init, &asked.init) {
            (Some(begun), None) if Weights::of(&begun.path)?.hash != begun.hash => {
                return refuse(&format!("{}, which has changed since", begun.path.display()));
            }
            (Some(begun), Some(now)) if begun.hash != now.hash => {
                return refuse(&format!("other weights, {}", begun.path.display()));
            }
            (None, Some(_)) => return refuse("weights that were drawn"),
            _ => {}
        }
        if !asked.also.is_empty() && asked.also != self.also {
            return refuse(&format!("{} other further data sets", self.also.len()));
        }
        Ok(self)
    }
}

/// Checks that the `weights` to begin with, or to average with, learned from no image that `split` holds out, as far as
/// the run tells that they lie in the folder of.
///
/// # Errors
/// [`Error::Refused`], naming the first images they learned from; or if the run's split cannot be read.
pub fn require_apart(weights: &Path, split: &Split) -> Result<()> {
    let folder = RunFolder::beside(weights);
    if !folder.has_started() {
        return Ok(());
    }
    let earlier = Split::load(&folder.split())?;
    let learned = earlier.on(Side::Train).map(|item| (item.identity.as_str(), item.content));
    split.assert_disjoint(learned).map_err(|error| match error {
        Error::Refused(reason) => Error::Refused(format!(
            "{}: these weights learned from images that are to be measured on: {reason}; --split {} keeps its sides",
            weights.display(),
            folder.split().display()
        )),
        other => other,
    })
}

/// What the detector of the checkpoint learned from, by content, as far as the run tells that it lies in the folder of.
///
/// # Errors
/// If the run's split or origin cannot be read.
pub fn learned(checkpoint: &Path) -> Result<HashSet<ContentHash>> {
    let folder = RunFolder::beside(checkpoint);
    if !folder.has_started() {
        return Ok(HashSet::new());
    }
    let split = Split::load(&folder.split())?;
    Ok(split.on(Side::Train).map(|item| item.content).chain(folder.read_added()?).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_goes_on_from_what_it_began_from_and_from_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["first", "second"].map(|name| {
            let path = folder.path().join(name);
            std::fs::write(&path, name).unwrap();
            path
        });
        let begun = Origin::asked(Some(&first), &["more".into()]).unwrap();
        let nothing = Origin::default;
        let on = |from: &Origin, asked: Origin| from.clone().go_on(asked);
        assert_eq!(on(&begun, nothing()).unwrap(), begun);
        assert_eq!(on(&begun, Origin::asked(Some(&first), &[]).unwrap()).unwrap(), begun);
        assert!(on(&begun, Origin::asked(Some(&second), &[]).unwrap()).is_err());
        assert!(on(&begun, Origin::asked(None, &["others".into()]).unwrap()).is_err());
        assert!(on(&nothing(), Origin::asked(Some(&first), &[]).unwrap()).is_err());
        // A file of the same bytes elsewhere is the same weights.
        std::fs::write(&second, "first").unwrap();
        assert_eq!(on(&begun, Origin::asked(Some(&second), &[]).unwrap()).unwrap(), begun);
        std::fs::write(&first, "changed").unwrap();
        assert!(on(&begun, nothing()).unwrap_err().to_string().contains("changed since"));
    }
}
