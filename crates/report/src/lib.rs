//! Plain data in, one self-contained HTML file out. Knows nothing of models, data sets or drawing.
//!
//! The file needs no network and no scripts; images are data URIs, and a content security policy in
//! the file forbids anything else. What a run does not have is said in its place ([`Part::Missing`]),
//! never left out in silence. Text is escaped by type (`maud`), since names of files and classes come
//! from elsewhere.
//!
//! To add a section: write its file with a struct of plain data and a `section` that returns a
//! `Section`, give [`Report`] the struct, and name it in `page.rs`.

mod accuracy;
mod attacks;
mod calibration;
mod cases;
mod claims;
mod corruptions;
mod data;
mod figure;
mod limits;
mod number;
mod page;
mod part;
mod table;
mod training;
mod verdict;

pub use accuracy::{Change, Evaluation, Metric};
pub use attacks::{Attacked, UnderAttack};
pub use calibration::{Calibration, TargetRate};
pub use cases::{Case, CaseGroup, Cases};
pub use claims::{Claim, Claims};
pub use corruptions::{Corrupted, Corruptions};
pub use data::{Audit, Data, Giveaway, Side, Split};
pub use figure::{Figure, Format, Pixels};
pub use number::Proportion;
pub use page::MAXIMUM_BYTES;
pub use part::Part;
pub use training::{Stage, Trained, Training};

/// Which images the numbers are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldOut {
    /// A data set of their own.
    OtherData,
    /// The test side of the split: nothing was learned from them or chosen on them.
    TestSide,
    /// The validation side: nothing was learned from them, but the epoch was chosen on them.
    ValidationSide,
}

/// What was measured at one point of a run.
#[derive(Clone, Debug)]
pub struct Phase {
    /// When, as in "before fine-tuning".
    pub name: String,
    /// Each judge on images as they are; at least the report's own judge.
    pub clean: Vec<Evaluation>,
    /// Each judge under attack.
    pub attacks: Part<Vec<Attacked>>,
    /// Each judge on corrupted images.
    pub corruptions: Part<Corruptions>,
}

/// Figures by the section that shows them, or why they are missing.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// How training went.
    pub training: Vec<Part<Figure>>,
    /// ROC curves, confusion matrices, histograms; models side by side.
    pub accuracy: Vec<Part<Figure>>,
    /// Accuracy against epsilon.
    pub attacks: Vec<Part<Figure>>,
    /// Sample images under attack; shown folded.
    pub attacked_samples: Vec<Part<Figure>>,
    /// Accuracy by corruption and severity.
    pub corruptions: Vec<Part<Figure>>,
    /// Reliability diagrams.
    pub calibration: Vec<Part<Figure>>,
}

/// A run, in plain data.
#[derive(Clone, Debug)]
pub struct Report {
    /// The heading.
    pub title: String,
    /// Where the images come from and what they are, in the words of whoever made the run.
    pub about: Option<String>,
    /// The judge the verdict is about: a model's name, or that of the vote.
    pub judge: String,
    /// How the judge is to be called in a sentence, as in "the vote of three detectors".
    pub judge_in_words: String,
    /// The program that wrote the report, with version and revision.
    pub program: String,
    /// Which images the numbers are about.
    pub held_out: HeldOut,
    /// What it was trained on.
    pub data: Data,
    /// How it was trained.
    pub training: Training,
    /// What was measured: one phase, or those before and after fine-tuning. Not empty.
    pub phases: Vec<Phase>,
    /// Whether the phases differ on the same images.
    pub changes: Vec<Change>,
    /// How probabilities were calibrated.
    pub calibration: Part<Vec<Calibration>>,
    /// Verdicts on single images.
    pub cases: Part<Cases>,
    /// What another project claimed for the same models, if the run is of those.
    pub claims: Option<Claims>,
    /// The figures.
    pub figures: Figures,
}

impl Report {
    /// The document, of at most [`MAXIMUM_BYTES`]: pictures for which there is no room are named with
    /// their file instead.
    #[must_use]
    pub fn html(&self) -> String {
        page::page(self).into_string()
    }

    /// What the report's judge was worth at the end.
    fn judged(&self) -> Option<&Evaluation> {
        self.phases.last()?.clean.iter().find(|evaluation| evaluation.judge == self.judge)
    }

    /// How the report's judge did under attack at the end.
    fn attacked(&self) -> Option<&Attacked> {
        self.phases.last()?.attacks.there()?.iter().find(|attacked| attacked.judge == self.judge)
    }

    /// How the report's judge did on corrupted images at the end.
    fn corrupted(&self) -> impl Iterator<Item = &Corrupted> {
        let corruptions = self.phases.last().and_then(|phase| phase.corruptions.there());
        corruptions.into_iter().flat_map(|all| &all.results).filter(|result| result.judge == self.judge)
    }
}
