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

/// The run in whose folder `weights` lie, the run that this one began from, and so on, as far as the files are there and
/// are what they were.
fn lineage(weights: &Path) -> Result<Vec<RunFolder>> {
    let mut runs: Vec<RunFolder> = Vec::new();
    let mut next = Some(weights.to_path_buf());
    while let Some(weights) = next.take() {
        let folder = RunFolder::beside(&weights);
        if !folder.has_started() || runs.iter().any(|earlier| earlier.root() == folder.root()) {
            break;
        }
        let init = folder.read_origin()?.and_then(|origin| origin.init);
        next = init.filter(|init| Weights::of(&init.path).is_ok_and(|now| now.hash == init.hash)).map(|init| init.path);
        runs.push(folder);
    }
    Ok(runs)
}

/// Checks that the `weights` to begin with, or to average with, learned from no image that `split` holds out, as far as
/// the runs tell that made them.
///
/// # Errors
/// [`Error::Refused`], naming the first images they learned from; or if a run's split or origin cannot be read.
pub fn require_apart(weights: &Path, split: &Split) -> Result<()> {
    for folder in lineage(weights)? {
        let earlier = Split::load(&folder.split())?;
        let learned = earlier.on(Side::Train).map(|item| (item.identity.as_str(), item.content));
        let added = folder.read_added()?.into_iter().map(|content| ("an image that was added", content));
        split.assert_disjoint(learned.chain(added)).map_err(|error| match error {
            Error::Refused(reason) => Error::Refused(format!(
                "{}: these weights learned from images that are to be measured on: {reason}; --split {} keeps its sides",
                weights.display(),
                folder.root().display()
            )),
            other => other,
        })?;
    }
    Ok(())
}

/// What the detector of the checkpoint learned from, by content, as far as the runs tell that made it.
///
/// # Errors
/// If a run's split or origin cannot be read.
pub fn learned(checkpoint: &Path) -> Result<HashSet<ContentHash>> {
    let mut learned = HashSet::new();
    for folder in lineage(checkpoint)? {
        learned.extend(Split::load(&folder.split())?.on(Side::Train).map(|item| item.content));
        learned.extend(folder.read_added()?);
    }
    Ok(learned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::config::Config;
    use crate::data::split::{Candidate, Settings};

    /// A split that learns from the images of some numbers and holds out those of others.
    fn split(learned: std::ops::Range<u8>, held_out: std::ops::Range<u8>) -> Split {
        let image = |number: u8, side| Candidate {
            identity: format!("image {number}"),
            content: ContentHash::from([number; 32]),
            label: Label::ALL[usize::from(number % 2)],
            parent: None,
            side: Some(side),
        };
        let learned = learned.map(|number| image(number, Side::Train));
        let held_out = held_out.map(|number| image(number, Side::Test));
        let stopped_on = [200, 201].map(|number| image(number, Side::Validation));
        let candidates: Vec<Candidate> = learned.chain(held_out).chain(stopped_on).collect();
        Split::make(&candidates, [&[] as &[String]; 0], Settings::default()).unwrap()
    }

    #[test]
    fn what_weights_learned_from_is_followed_through_all_runs_before() {
        let folder = tempfile::tempdir().unwrap();
        let run = |name: &str, split: &Split, origin: Origin| {
            let run = RunFolder::new(folder.path().join(name));
            run.start(&Config::default(), split, &origin).unwrap();
            std::fs::write(run.checkpoint(), name).unwrap();
            run.checkpoint()
        };
        let added = ContentHash::from([50; 32]);
        let (first, second) = (split(0..20, 20..30), split(30..40, 40..50));
        let one = run("one", &first, Origin { added: vec![added], ..Origin::default() });
        let two = run("two", &second, Origin::asked(Some(&one), &[]).unwrap());
        let on_train = |split: &Split| split.on(Side::Train).map(|item| item.content).collect::<HashSet<_>>();
        let mut all: HashSet<ContentHash> = on_train(&first).union(&on_train(&second)).copied().collect();
        all.insert(added);
        assert_eq!(learned(&two).unwrap(), all);

        for held_out in [20..30, 40..50, 51..60] {
            require_apart(&two, &split(60..70, held_out)).unwrap();
        }
        for (held_out, said) in [(0..2, "image 0"), (30..32, "image 30"), (49..51, "an image that was added")] {
            let error = require_apart(&two, &split(60..70, held_out)).unwrap_err().to_string();
            assert!(error.contains(said) && error.contains("to be measured on"), "{error}");
        }
        // Of weights that have changed since, nobody knows what they learned from.
        std::fs::write(&one, "changed").unwrap();
        assert_eq!(learned(&two).unwrap(), on_train(&second));
    }

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
