//! What explanations are worth. One file per score and one line in [`SCORES`]; [`sanity`] asks whether
//! an explainer looks at the detector at all; [`table`] puts everything beside the random map.
//!
//! No score is the truth: each replaces pixels in its own way, and what a detector says of replaced
//! pixels is part of what is measured. A detector of generated images may take blur itself for evidence.
//! Only the difference to the random map, under the same replacement on the same images, says something.

mod blur;
mod curve;
pub mod imputation;
mod ranking;
mod road;
pub mod sanity;
mod summary;
mod table;

use super::{Case, Map};
use crate::Result;
use crate::evaluate::Better;
use crate::model::Frozen;

pub use curve::{Curve, deletion_curve, insertion_curve};
pub use ranking::{ranking, spearman};
pub use road::road;
pub use summary::Summary;
pub use table::{Row, ScoreValue, drawn, table};

/// A number for one map.
#[derive(Debug)]
pub struct ScoreEntry {
    /// The name in commands and results; stable.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What it says, in a line.
    pub summary: &'static str,
    /// Paper and reference code it follows.
    pub source: &'static str,
    /// Which direction is good.
    pub better: Better,
    /// Its value for one case and its map. Ties and noise are drawn from streams addressed by the seed
    /// and the case's item.
    pub measure: fn(&Frozen, &Case, &Map, seed: u64) -> Result<f64>,
}

/// Every score of a single map.
pub static SCORES: &[ScoreEntry] = &[curve::DELETION, curve::INSERTION, road::ENTRY];
