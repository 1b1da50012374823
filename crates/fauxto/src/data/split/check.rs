//! Holding data against a split: the refusals that keep results honest.

use std::collections::{HashMap, HashSet};

use super::{Assignment, Candidate, Split, data_hash, name};
use crate::data::content::ContentHash;
use crate::data::{Parent, Side};
use crate::{Error, Result};

/// How many offenders a message names.
const NAMED: usize = 5;

impl Split {
    /// Checks that none of the images to report on, given by their contents, is learned from or stopped on, whatever it is
    /// called.
    ///
    /// # Errors
    /// [`Error::Refused`], with how many are.
    pub fn require_unused(&self, reported: impl IntoIterator<Item = ContentHash>) -> Result<()> {
        let used = self.items.iter().filter(|item| matches!(item.side, Some(Side::Train | Side::Validation)));
        let used: HashSet<ContentHash> = used.map(|item| item.content).collect();
        let (mut known, mut count) = (0, 0);
        for content in reported {
            count += 1;
            known += usize::from(used.contains(&content));
        }
        if known == 0 {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "found {known} of {count} images to report on among those to learn from or stop on; expected none; report on \
             other images"
        )))
    }

    /// Checks that a data set is the one that was split: the same items with the same contents,
    /// labels and parents. The order of candidates does not matter, nor do their folders' sides.
    ///
    /// # Errors
    /// [`Error::Refused`], naming the first items that are new, missing or changed.
    pub fn check(&self, candidates: &[Candidate]) -> Result<()> {
        self.check_itself()?;
        let mut seen = vec![false; self.items.len()];
        let (mut new, mut content, mut label, mut parent, mut twice) = (vec![], vec![], vec![], vec![], vec![]);
        for candidate in candidates {
            let name = candidate.identity.as_str();
            let Ok(place) = self.items.binary_search_by(|item| item.identity.as_str().cmp(name)) else {
                new.push(name);
                continue;
            };
            let item = &self.items[place];
            if std::mem::replace(&mut seen[place], true) {
                twice.push(name);
            } else if item.content != candidate.content {
                content.push(name);
            } else if item.label != candidate.label {
                label.push(name);
            } else if item.parent != candidate.parent {
                parent.push(name);
            }
        }
        let missing: Vec<&str> =
            self.items.iter().zip(seen).filter(|(_, seen)| !seen).map(|(item, _)| item.identity.as_str()).collect();
        let problems: Vec<String> = [
            ("changed in content", content),
            ("changed in label", label),
            ("changed in parent", parent),
            ("missing", missing),
            ("new", new),
            ("present twice", twice),
        ]
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(what, names)| format!("{} {what} ({})", names.len(), some_of(&names)))
        .collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "the data set is not the one that was split: {}; restore it, or split anew and train anew",
            problems.join(", ")
        )))
    }

    /// Checks that images about to be trained on, given as name and content, include none that is held out, nor a copy of
    /// such a picture that was left out, whatever it is called now: the guard for training sets built after the split.
    ///
    /// # Errors
    /// [`Error::Refused`], naming the first offenders and what they copy.
    pub fn assert_disjoint<'a>(&self, training: impl IntoIterator<Item = (&'a str, ContentHash)>) -> Result<()> {
        let held_out: HashMap<ContentHash, &Assignment> =
            self.items.iter().filter(|item| item.side != Some(Side::Train)).map(|item| (item.content, item)).collect();
        let offenders: Vec<String> = training
            .into_iter()
            .filter_map(|(image, content)| {
                let item = held_out.get(&content)?;
                Some(format!("{image} is {} of {}", item.identity, place(item.side)))
            })
            .collect();
        if offenders.is_empty() {
            return Ok(());
        }
        let names: Vec<&str> = offenders.iter().map(String::as_str).collect();
        Err(Error::Refused(format!(
            "the training set holds {} images that are held out for measuring: {}; train on the split's train side \
             only",
            names.len(),
            some_of(&names)
        )))
    }

    /// Checks what holds for every split, however it was made or edited.
    pub(super) fn check_itself(&self) -> Result<()> {
        let refuse = |found: String| {
            Err(Error::Refused(format!("the split is not sound: {found}; it was edited or damaged, split anew")))
        };
        for pair in self.items.windows(2) {
            if pair[0].identity == pair[1].identity {
                let sides = [place(pair[0].side), place(pair[1].side)];
                return refuse(format!("{} is listed twice, in {} and in {}", pair[0].identity, sides[0], sides[1]));
            }
            if pair[0].identity > pair[1].identity {
                return refuse(format!("{} is out of order", pair[1].identity));
            }
        }
        let mut by_content: HashMap<ContentHash, &Assignment> = HashMap::new();
        for item in self.items.iter().filter(|item| item.side.is_some()) {
            by_content.entry(item.content).or_insert(item);
        }
        let mut by_group: HashMap<usize, &Assignment> = HashMap::new();
        for item in self.items.iter().filter(|item| item.side.is_some()) {
            let parent = item.parent.as_ref().and_then(|parent| match parent {
                Parent::Identity(identity) => self.item(identity),
                Parent::Content { content } => by_content.get(content).copied(),
            });
            let group = *by_group.entry(item.group).or_insert(item);
            for (relation, other) in [
                ("was derived from", parent),
                ("has the same content as", by_content.get(&item.content).copied()),
                ("is one picture with", Some(group)),
            ] {
                if let Some(other) = other.filter(|other| other.side.is_some() && other.side != item.side) {
                    let (own, theirs) = (place(item.side), place(other.side));
                    return refuse(format!("{} ({own}) {relation} {} ({theirs})", item.identity, other.identity));
                }
            }
        }
        if data_hash(&self.items) != self.data {
            return refuse("its items do not agree with its data hash".into());
        }
        Ok(())
    }
}

fn place(side: Option<Side>) -> &'static str {
    side.map_or("no side", name)
}

pub(super) fn some_of(names: &[&str]) -> String {
    let mut text = names[..names.len().min(NAMED)].join(", ");
    if names.len() > NAMED {
        text.push_str(", ...");
    }
    text
}
