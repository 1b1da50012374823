//! Did what was measured leak into what was learned? One file for each way it happened to the original
//! project, and one line in [`LEAKS`].
//!
//! The checks look at what a run *used*, not at what it meant to use, so that a stage which rebuilt its
//! data behind the split's back is found out. A clean run gives no finding.

mod held_out;
mod label;
mod origin;
mod report;
mod submission;
mod twin;

use crate::data::audit::{Fingerprint, Fingerprinter};
use crate::data::split::{Assignment, Candidate, Split};
use crate::data::{ContentHash, Parent, Side};
use crate::image::RgbImage;
use crate::submission::Entry;
use crate::{Error, Label, Result};

/// An image that a run used.
#[derive(Clone)]
pub struct Seen {
    /// Its name, for messages.
    pub name: String,
    /// The hash of its decoded pixels.
    pub content: ContentHash,
    /// The class it was taken for.
    pub label: Label,
    /// What it was derived from, as far as is said.
    pub parent: Option<Parent>,
    /// Itself and its three mirror images.
    prints: Vec<Fingerprint>,
}

impl Seen {
    /// The image of `candidate`, known by name and content.
    #[must_use]
    pub fn new(candidate: Candidate) -> Self {
        let Candidate { identity, content, label, parent, .. } = candidate;
        Self { name: identity, content, label, parent, prints: Vec::new() }
    }

    /// Known by sight too, so that twins are found of which nothing is said. `image` may be resized.
    #[must_use]
    pub fn with_pixels(mut self, image: &RgbImage) -> Self {
        let fingerprinter = Fingerprinter::new();
        self.prints = twin::mirrored(image).iter().filter_map(|image| fingerprinter.take(image)).collect();
        self
    }
}

/// A submission: what was judged, and what was handed in.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    /// The verdict on each image that could be judged, by its path.
    pub verdicts: &'a [(&'a str, Option<Label>)],
    /// What the file says.
    pub entries: &'a [Entry],
}

/// What a run used.
#[derive(Clone, Copy)]
pub struct Evidence<'a> {
    /// The split it was to keep.
    pub split: &'a Split,
    /// Every image learned from in any phase, derived ones included.
    pub learned: &'a [Seen],
    /// Every image that stopped training, or set weights, thresholds or calibration.
    pub chosen_on: &'a [Seen],
    /// Every image that reported results were measured on.
    pub reported: &'a [Seen],
    /// What was handed in.
    pub submissions: &'a [Submission<'a>],
}

/// A way in which results become better than the detector.
pub struct LeakEntry {
    /// The finding's name.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Where it happened.
    pub source: &'static str,
    /// Each case of it, in words.
    pub find: fn(&Evidence<'_>) -> Vec<String>,
}

/// Every way.
pub static LEAKS: &[LeakEntry] = &[
    LeakEntry {
        name: "twin_of_held_out",
        summary: "an image learned from was derived from one that is held out, or mirrors or nearly equals it",
        source: "the original's augmented copies, made before its split",
        find: twin::find,
    },
    LeakEntry {
        name: "unknown_origin",
        summary: "an image learned from is not in the split and does not say what it was derived from",
        source: "the original's augmented copies, which name no parent",
        find: origin::find,
    },
    LeakEntry {
        name: "held_out_learned",
        summary: "an image learned from shows just what is held out or reported on",
        source: "the original's second phase, which learned from all images",
        find: held_out::find,
    },
    LeakEntry {
        name: "label_not_parents",
        summary: "an image learned from has another label than it, or its parent, has in the split",
        source: "the original's adversarial images, filed by coin toss",
        find: label::find,
    },
    LeakEntry {
        name: "reported_on_chosen",
        summary: "results are reported on images that training was stopped or the ensemble weighted on",
        source: "the original's one validation set for everything",
        find: report::find,
    },
    LeakEntry {
        name: "submission_index",
        summary: "a submission's index is not its image's number",
        source: "the original's submission, in lexicographic order",
        find: submission::find,
    },
];

/// A leak that was found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Leak {
    /// Its name in [`LEAKS`].
    pub name: &'static str,
    /// Each case, in words.
    pub cases: Vec<String>,
}

/// Looks for every leak; empty for a clean run.
#[must_use]
pub fn check(evidence: &Evidence<'_>) -> Vec<Leak> {
    LEAKS
        .iter()
        .map(|entry| Leak { name: entry.name, cases: (entry.find)(evidence) })
        .filter(|leak| !leak.cases.is_empty())
        .collect()
}

/// Refuses results with leaks.
///
/// # Errors
/// [`Error::Refused`], naming each leak and its first cases.
pub fn require_none(evidence: &Evidence<'_>) -> Result<()> {
    const NAMED: usize = 3;
    let leaks: Vec<String> = check(evidence)
        .iter()
        .map(|leak| {
            let more = if leak.cases.len() > NAMED { "; ..." } else { "" };
            let first = leak.cases[..leak.cases.len().min(NAMED)].join("; ");
            format!("{} ({}: {first}{more})", leak.name, leak.cases.len())
        })
        .collect();
    if leaks.is_empty() {
        return Ok(());
    }
    Err(Error::Refused(format!(
        "the results would be better than the detector: {}; split first, derive from the training side, and report on \
         images that nothing was decided on",
        leaks.join(", ")
    )))
}

fn is_held_out(item: &Assignment) -> bool {
    matches!(item.side, Some(Side::Validation | Side::Test))
}

fn side(item: &Assignment) -> &'static str {
    match item.side {
        Some(Side::Validation) => "validation",
        Some(Side::Test) => "test",
        Some(Side::Train) => "train",
        None => "left out",
    }
}

#[cfg(test)]
mod tests;
