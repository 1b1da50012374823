//! Which images learn, which stop and tune, which report: decided once, by content, and written
//! down.
//!
//! What belongs together stays together: images with the same pixels, near duplicates, and
//! everything derived from one original, transitively. Groups are dealt out so that each side has
//! its share of each class. The [`Split`] is a file; every later stage reads it and
//! [checks](Split::check) its data against it, so that two mistakes cannot happen unnoticed:
//! copies made before the split that land on both sides, and a training set rebuilt later from
//! images that were held out.

mod check;
mod deal;
mod derived;
mod file;
mod group;

use serde::{Deserialize, Serialize};

pub use derived::Admission;
pub(crate) use derived::{Places, line};

use super::content::ContentHash;
use super::{Item, Parent, Side};
use crate::{Error, Label, Result};

/// How to split.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Decides which groups go where.
    pub seed: u64,
    /// Share of images for validation, in `(0, 1)`.
    pub validation: f64,
    /// Share of images for testing, in `[0, 1)`; 0 for none. Without meaning where the data set's
    /// folders assign sides.
    pub test: f64,
}

impl Default for Settings {
    /// 80/20 with seed 42.
    fn default() -> Self {
        Self { seed: 42, validation: 0.2, test: 0.0 }
    }
}

/// A labelled item as the split sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The item's identity.
    pub identity: String,
    /// The hash of its decoded pixels.
    pub content: ContentHash,
    /// Its class.
    pub label: Label,
    /// What it was derived from.
    pub parent: Option<Parent>,
    /// The side its folder assigns.
    pub side: Option<Side>,
}

impl Candidate {
    /// The candidate for an item; `None` for unlabelled ones, which are never split.
    #[must_use]
    pub fn new(item: &Item, content: ContentHash) -> Option<Self> {
        Some(Self {
            identity: item.identity.clone(),
            content,
            label: item.label?,
            parent: item.parent.clone(),
            side: item.side,
        })
    }
}

/// A split. Serialised field names and [`VERSION`](Split::VERSION) are a public format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Split {
    format: String,
    version: u32,
    settings: Settings,
    /// Hash over every item's identity, content, label and parent.
    data: ContentHash,
    items: Vec<Assignment>,
}

/// One item's place in a split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The item's identity.
    pub identity: String,
    /// The hash of its decoded pixels.
    pub content: ContentHash,
    /// Its class.
    pub label: Label,
    /// What it was derived from.
    pub parent: Option<Parent>,
    /// The number of the group it belongs to; items of one group are one picture.
    pub group: usize,
    /// Its side, or `None` if it is left out: it lies in the training folder, but the validation
    /// or test folder holds the same picture.
    pub side: Option<Side>,
}

impl Split {
    /// The format's name as written in the file.
    pub const FORMAT: &'static str = "fauxto split";
    /// The format's version as written in the file.
    pub const VERSION: u32 = 1;
    /// The file's name in the folder of a run.
    pub const FILE: &'static str = "split.json";

    /// Splits a data set. The order of candidates and clusters does not matter.
    ///
    /// `clusters` are sets of identities to be kept together, such as the audit's duplicates;
    /// identities that are no candidate's are passed over. Equal contents, and derived items with
    /// their parents, are kept together in any case.
    ///
    /// Where folders assign sides, those are kept: with train and test only, validation is split
    /// off train. A picture found both in train and in validation or test keeps its place there
    /// and is left out of training, since the sides that measure must stay as they were given;
    /// one found both in validation and test is left out of validation.
    ///
    /// # Errors
    /// [`Error::Setting`] for shares out of range. [`Error::Refused`] for a data set that cannot
    /// be split honestly: an identity twice, one class only, too few groups to give every side
    /// both classes, sides assigned to some items only, a derived item in another folder than its
    /// parent's.
    pub fn make<'a>(
        candidates: &[Candidate],
        clusters: impl IntoIterator<Item = &'a [String]>,
        settings: Settings,
    ) -> Result<Self> {
        settings.check()?;
        let groups = group::Groups::form(candidates, clusters)?;
        let sides = if candidates.iter().any(|candidate| candidate.side.is_some()) {
            deal::by_folder(candidates, &groups, settings)?
        } else {
            deal::by_share(candidates, &groups, settings)?
        };
        let mut items: Vec<Assignment> = candidates
            .iter()
            .zip(sides)
            .enumerate()
            .map(|(place, (candidate, side))| Assignment {
                identity: candidate.identity.clone(),
                content: candidate.content,
                label: candidate.label,
                parent: candidate.parent.clone(),
                group: groups.of[place],
                side,
            })
            .collect();
        items.sort_unstable_by(|first, second| first.identity.cmp(&second.identity));
        let split =
            Self { format: Self::FORMAT.into(), version: Self::VERSION, settings, data: data_hash(&items), items };
        split.check_itself()?;
        Ok(split)
    }

    /// How the split was made.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// One hash for the whole data set: identities, contents, labels and parents.
    #[must_use]
    pub fn data_hash(&self) -> ContentHash {
        self.data
    }

    /// Every item, ordered by identity.
    #[must_use]
    pub fn items(&self) -> &[Assignment] {
        &self.items
    }

    /// The items of one side, ordered by identity.
    pub fn on(&self, side: Side) -> impl Iterator<Item = &Assignment> {
        self.items.iter().filter(move |item| item.side == Some(side))
    }

    /// The items on no side: copies of held-out pictures, removed from training.
    pub fn left_out(&self) -> impl Iterator<Item = &Assignment> {
        self.items.iter().filter(|item| item.side.is_none())
    }

    /// The item of this identity. Images derived later (augmented, attacked, re-encoded) are
    /// [admitted](Self::admit) by their parents.
    #[must_use]
    pub fn item(&self, identity: &str) -> Option<&Assignment> {
        let place = self.items.binary_search_by(|item| item.identity.as_str().cmp(identity)).ok()?;
        Some(&self.items[place])
    }
}

impl Settings {
    fn check(self) -> Result<()> {
        let refuse = |setting: &str, found: f64, expected: &str| {
            Err(Error::Setting { setting: setting.into(), found: found.to_string(), expected: expected.into() })
        };
        if !(self.validation > 0.0 && self.validation < 1.0) {
            return refuse("split.validation", self.validation, "a share above 0 and below 1");
        }
        if !(0.0..1.0).contains(&self.test) {
            return refuse("split.test", self.test, "a share of at least 0 and below 1");
        }
        if self.validation + self.test >= 1.0 {
            let sum = self.validation + self.test;
            return refuse("split.validation + split.test", sum, "a sum below 1, to leave images for training");
        }
        Ok(())
    }
}

fn name(side: Side) -> &'static str {
    match side {
        Side::Train => "train",
        Side::Validation => "validation",
        Side::Test => "test",
    }
}

/// The hash of a data set whose items are ordered by identity.
fn data_hash(items: &[Assignment]) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    for item in items {
        // Lengths keep neighbouring texts apart; absence and contents differ from every text.
        let mut update = |length: u64, bytes: &[u8]| {
            hasher.update(&length.to_le_bytes());
            hasher.update(bytes);
        };
        update(item.identity.len() as u64, item.identity.as_bytes());
        match &item.parent {
            None => update(u64::MAX, &[]),
            Some(Parent::Identity(identity)) => update(identity.len() as u64, identity.as_bytes()),
            Some(Parent::Content { content }) => update(u64::MAX - 1, content.as_bytes()),
        }
        hasher.update(item.content.as_bytes());
        hasher.update(&[item.label.index() as u8]);
    }
    ContentHash::from(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests;
