//! Images derived after the split was made: they follow their parents.

use std::collections::HashMap;

use super::check::some_of;
use super::{Assignment, Candidate, Split};
use crate::data::content::ContentHash;
use crate::data::{Parent, Side};
use crate::{Error, Result};

/// What became of derived images; positions are places in the list that was asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Those that may be learned from: their parents are.
    pub admitted: Vec<usize>,
    /// Those left out because their parent, or the very picture they show, is held out for measuring or
    /// was itself left out of training.
    pub held_out: Vec<usize>,
}

impl Split {
    /// The item that `parent` names.
    #[must_use]
    pub fn parent(&self, parent: &Parent) -> Option<&Assignment> {
        match parent {
            Parent::Identity(identity) => self.item(identity),
            Parent::Content { content } => self.items.iter().find(|item| item.content == *content),
        }
    }

    /// Decides which derived images may be learned from. An image goes where its parent is; what was
    /// derived from derived images goes where the first parent is. The images' own folders' sides do not
    /// count.
    ///
    /// # Errors
    /// [`Error::Refused`] for images that name no parent, a parent that is neither in the split nor among
    /// `derived`, or another label than their parent's.
    pub fn admit(&self, derived: &[Candidate]) -> Result<Admission> {
        let by_content: HashMap<ContentHash, &Assignment> =
            self.items.iter().map(|item| (item.content, item)).collect();
        let origins = Origins { split: self, by_content: &by_content, derived: Places::of(derived) };
        let mut admission = Admission::default();
        let (mut orphans, mut relabelled) = (Vec::new(), Vec::new());
        for (place, candidate) in derived.iter().enumerate() {
            let Some(origin) = origins.of(candidate) else {
                orphans.push(candidate.identity.as_str());
                continue;
            };
            if origin.label != candidate.label {
                relabelled.push(candidate.identity.as_str());
            }
            let shown = by_content.get(&candidate.content);
            let learns = |item: &Assignment| item.side == Some(Side::Train);
            if learns(origin) && shown.is_none_or(|item| learns(item)) {
                admission.admitted.push(place);
            } else {
                admission.held_out.push(place);
            }
        }
        let problems: Vec<String> =
            [("without a parent in the split", orphans), ("with another label than their parent's", relabelled)]
                .into_iter()
                .filter(|(_, names)| !names.is_empty())
                .map(|(what, names)| format!("{} {what} ({})", names.len(), some_of(&names)))
                .collect();
        if problems.is_empty() {
            return Ok(admission);
        }
        Err(Error::Refused(format!(
            "found derived images {}; expected each to name its parent, by identity or content hash, and to keep its \
             label; derive them anew from the data that were split",
            problems.join(", and ")
        )))
    }
}

/// Derived images by what others may call them.
pub(crate) struct Places<'a> {
    by_identity: HashMap<&'a str, &'a Candidate>,
    by_content: HashMap<ContentHash, &'a Candidate>,
}

impl<'a> Places<'a> {
    pub(crate) fn of(derived: impl IntoIterator<Item = &'a Candidate>) -> Self {
        let mut places = Self { by_identity: HashMap::new(), by_content: HashMap::new() };
        for candidate in derived {
            places.by_identity.insert(candidate.identity.as_str(), candidate);
            places.by_content.insert(candidate.content, candidate);
        }
        places
    }

    fn get(&self, parent: &Parent) -> Option<&'a Candidate> {
        match parent {
            Parent::Identity(identity) => self.by_identity.get(identity.as_str()).copied(),
            Parent::Content { content } => self.by_content.get(content).copied(),
        }
    }
}

/// What an image was derived from, what that was derived from, and so on, as far as `images` tell. A line that returns to
/// where it was ends there.
pub(crate) fn line<'a>(candidate: &'a Candidate, images: &Places<'a>) -> Vec<&'a Parent> {
    let mut line: Vec<&Parent> = Vec::new();
    let mut next = candidate.parent.as_ref();
    while let Some(parent) = next.filter(|parent| !line.contains(parent)) {
        line.push(parent);
        next = images.get(parent).and_then(|image| image.parent.as_ref());
    }
    line
}

struct Origins<'a> {
    split: &'a Split,
    by_content: &'a HashMap<ContentHash, &'a Assignment>,
    derived: Places<'a>,
}

impl<'a> Origins<'a> {
    /// The item of the split at the beginning of a derived image's line, if the line leads to one.
    fn of(&self, candidate: &Candidate) -> Option<&'a Assignment> {
        line(candidate, &self.derived).into_iter().find_map(|parent| match parent {
            Parent::Identity(identity) => self.split.item(identity),
            Parent::Content { content } => self.by_content.get(content).copied(),
        })
    }
}
