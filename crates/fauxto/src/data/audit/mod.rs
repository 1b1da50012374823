//! What a data set gives away before any detector is trained: duplicates, imbalance, unreadable
//! files, and properties other than the picture that tell the classes apart.

mod container;
mod duplicate;
mod giveaway;
mod of_dataset;
mod separation;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::data::content::ContentHash;
use crate::image::RgbImage;
use crate::{Label, Result};

pub use container::{Container, Quantisation};
pub use duplicate::{Cluster, Duplicates};
pub(crate) use duplicate::{Fingerprint, Fingerprinter};
pub use giveaway::{GIVEAWAYS, Giveaway, Kind, Measure};
pub use of_dataset::audit_dataset;

/// Separation from which a container property stops training.
pub const STOPPING_AUC: f64 = 0.9;

/// One item as the audit sees it.
pub struct Subject {
    /// The item's identity.
    pub identity: String,
    /// The class, or `None` for images that are only to be judged.
    pub label: Option<Label>,
    /// The image, or why it could not be read.
    pub contents: Result<Contents>,
}

/// One readable image.
pub struct Contents {
    /// Length of the encoded file in bytes.
    pub encoded_bytes: u64,
    /// What the encoded bytes say of themselves.
    pub container: Container,
    /// Width in pixels as stored, before any resizing.
    pub width: usize,
    /// Height in pixels as stored, before any resizing.
    pub height: usize,
    /// The pixels, preferably as stored; at least one.
    pub image: RgbImage,
}

/// The result of an audit. Serialised field names are part of the public interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// Items looked at, readable or not.
    pub images: usize,
    /// How the readable ones are labelled.
    pub balance: Balance,
    /// Items that could not be read, in the data set's order.
    pub unreadable: Vec<Unreadable>,
    /// Images that occur more than once.
    pub duplicates: Duplicates,
    /// Each property of [`GIVEAWAYS`] and how well it alone tells the classes apart.
    pub giveaways: Vec<Finding>,
}

/// How many readable images each class has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Camera photographs.
    pub real: usize,
    /// Generated images.
    pub fake: usize,
    /// Images that are only to be judged.
    pub unlabelled: usize,
}

/// An item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The item's identity.
    pub identity: String,
    /// The error, in full.
    pub reason: String,
}

/// How well one property tells the classes apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The property's name in [`GIVEAWAYS`].
    pub name: String,
    /// Of the file or of the pixels.
    pub kind: Kind,
    /// Area under the ROC curve, in `0..=1`: above .5 where fakes have the larger values. For
    /// categories ordered by their share of fakes, so never below .5. `null` where a class is
    /// missing.
    pub auc: Option<f64>,
    /// `max(auc, 1 - auc)`: .5 tells nothing, 1 tells everything.
    pub separation: Option<f64>,
}

/// What is kept of one image after its pixels are gone.
struct Trace {
    content: ContentHash,
    fingerprint: duplicate::Fingerprint,
    values: Vec<Value>,
}

enum Value {
    Number(f64),
    Category(String),
}

/// Audits `count` items. `load` is called once for each number below `count`, from several threads
/// and in any order; `progress` after each.
///
/// Memory: about 1 KB an image. Unreadable items are listed and otherwise left out; unlabelled
/// ones count for duplicates only.
pub fn audit(count: usize, load: impl Fn(usize) -> Subject + Sync, progress: impl Fn() + Sync) -> Audit {
    let fingerprinter = duplicate::Fingerprinter::new();
    let traces: Vec<_> = (0..count)
        .into_par_iter()
        .map(|number| {
            let Subject { identity, label, contents } = load(number);
            let trace = contents.map_err(|error| error.to_string()).and_then(|contents| {
                trace(&contents, &fingerprinter).ok_or_else(|| {
                    let RgbImage { width, height, .. } = contents.image;
                    format!("{identity}: decoded to {width} x {height} pixels; expected at least one")
                })
            });
            progress();
            (identity, label, trace)
        })
        .collect();
    conclude(&traces)
}

/// One item with what was kept of it, or why nothing was.
type Traced = (String, Option<Label>, Result<Trace, String>);

fn conclude(traces: &[Traced]) -> Audit {
    let mut unreadable = Vec::new();
    let mut readable = Vec::with_capacity(traces.len());
    for (identity, label, trace) in traces {
        match trace {
            Ok(trace) => readable.push((identity.as_str(), *label, trace)),
            Err(reason) => unreadable.push(Unreadable { identity: identity.clone(), reason: reason.clone() }),
        }
    }
    let mut balance = Balance::default();
    for (_, label, _) in &readable {
        match label {
            Some(Label::Real) => balance.real += 1,
            Some(Label::Fake) => balance.fake += 1,
            None => balance.unlabelled += 1,
        }
    }
    let candidates: Vec<_> = readable
        .iter()
        .map(|&(identity, label, trace)| duplicate::Candidate {
            identity,
            label,
            content: trace.content,
            fingerprint: &trace.fingerprint,
        })
        .collect();
    let duplicates = duplicate::find(&candidates);
    let giveaways = findings(&readable);
    Audit { images: traces.len(), balance, unreadable, duplicates, giveaways }
}

fn trace(contents: &Contents, fingerprinter: &duplicate::Fingerprinter) -> Option<Trace> {
    Some(Trace {
        fingerprint: fingerprinter.take(&contents.image)?,
        content: ContentHash::of(&contents.image),
        values: GIVEAWAYS
            .iter()
            .map(|giveaway| match giveaway.measure {
                Measure::Number(measure) => Value::Number(measure(contents)),
                Measure::Category(measure) => Value::Category(measure(contents)),
            })
            .collect(),
    })
}

fn findings(readable: &[(&str, Option<Label>, &Trace)]) -> Vec<Finding> {
    let finding = |(place, giveaway): (usize, &Giveaway)| {
        let (mut numbers, mut categories) = (Vec::new(), Vec::new());
        for (_, label, trace) in readable {
            match (label, &trace.values[place]) {
                (Some(label), Value::Number(number)) => numbers.push((*number, *label)),
                (Some(label), Value::Category(category)) => categories.push((category.clone(), *label)),
                (None, _) => {}
            }
        }
        let auc = match giveaway.measure {
            Measure::Number(_) => separation::roc_auc(&numbers),
            Measure::Category(_) => separation::category_auc(&categories),
        };
        Finding {
            name: giveaway.name.to_owned(),
            kind: giveaway.kind,
            auc,
            separation: auc.map(|auc| auc.max(1.0 - auc)),
        }
    };
    GIVEAWAYS.iter().enumerate().map(finding).collect()
}

impl Audit {
    /// Why training on this data would learn the files instead of the images, if it would: a
    /// container property separates the classes with an AUC of [`STOPPING_AUC`] or more.
    #[must_use]
    pub fn stops_training(&self) -> Option<String> {
        let causes: Vec<String> = self
            .giveaways
            .iter()
            .filter(|finding| finding.kind == Kind::Container)
            .filter_map(|finding| {
                let separation = finding.separation.filter(|&separation| separation >= STOPPING_AUC)?;
                let summary = GIVEAWAYS.iter().find(|giveaway| giveaway.name == finding.name)?.summary;
                Some(format!("{} ({summary}) alone tells real from fake with an AUC of {separation:.3}", finding.name))
            })
            .collect();
        (!causes.is_empty()).then(|| {
            format!(
                "the data set gives its labels away: {}. A detector trained on it may learn how the files were \
                 made and not what they show, and would fail elsewhere. Store both classes alike (same size, \
                 format and quality), or allow giveaways to train all the same",
                causes.join("; ")
            )
        })
    }
}

#[cfg(test)]
mod tests;
