//! What the detector was trained on: audit and split.

use maud::{Markup, html};

use crate::number::{counted, measure, thousands};
use crate::page::Section;
use crate::table::{Cell, Table, pairs};
use crate::{Part, Report};

/// The images behind a run.
#[derive(Clone, Debug)]
pub struct Data {
    /// The labelled images, as given to the command.
    pub name: Part<String>,
    /// The images the numbers are about, in words.
    pub reported_on: String,
    /// What was found in the labelled images before any training.
    pub audit: Part<Audit>,
    /// Which of them learn, stop and report.
    pub split: Part<Split>,
    /// The side of the square the detector sees, in pixels.
    pub input_size: Option<u64>,
}

/// What an audit found.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Items looked at.
    pub images: u64,
    /// Readable ones labelled real.
    pub real: u64,
    /// Readable ones labelled fake.
    pub fake: u64,
    /// Readable ones without a label.
    pub unlabelled: u64,
    /// Those that could not be read.
    pub unreadable: u64,
    /// Sets of images with the same pixels.
    pub same_pixels: u64,
    /// Sets of images with nearly the same pixels.
    pub near_pixels: u64,
    /// Sets of either kind that hold both real and fake images.
    pub across_labels: u64,
    /// Each property and how well it alone tells the classes apart.
    pub giveaways: Vec<Giveaway>,
    /// Why training on these data would have been refused, if it would.
    pub stops_training: Option<String>,
}

/// How well one property tells the classes apart.
#[derive(Clone, Debug)]
pub struct Giveaway {
    /// The property.
    pub name: String,
    /// What it is.
    pub summary: String,
    /// Whether of the file; else of the pixels.
    pub of_the_file: bool,
    /// In `0.5..=1`: .5 tells nothing, 1 everything; none where undefined.
    pub separation: Option<f64>,
}

/// A split.
#[derive(Clone, Debug)]
pub struct Split {
    /// The seed that dealt.
    pub seed: u64,
    /// Hash over every image's identity, content, label and parent.
    pub hash: String,
    /// Each side.
    pub sides: Vec<Side>,
    /// Images left out of training, because a held-out folder shows the same picture.
    pub left_out: u64,
}

/// One side of a split.
#[derive(Clone, Debug)]
pub struct Side {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// Real images.
    pub real: u64,
    /// Fake images.
    pub fake: u64,
}

pub(crate) fn section(report: &Report) -> Section {
    let data = &report.data;
    let body = html! {
        @if let Some(about) = &report.about { p { (about) } }
        (data.name.or_reason(|name| html! { p { "Labelled images: " code { (name) } ". Numbers are about " (data.reported_on) "." } }))
        @if data.name.there().is_none() { p { "Numbers are about " (data.reported_on) "." } }
        h3 { "Audit" }
        (data.audit.or_reason(audit))
        h3 { "Split" }
        (data.split.or_reason(split))
    };
    Section { id: "data", title: "What it was trained on", body }
}

fn audit(audit: &Audit) -> Markup {
    let facts = [
        ("Images", thousands(audit.images)),
        (
            "Balance",
            format!(
                "{} real, {} fake{}",
                thousands(audit.real),
                thousands(audit.fake),
                if audit.unlabelled > 0 {
                    format!(", {} unlabelled", thousands(audit.unlabelled))
                } else {
                    String::new()
                }
            ),
        ),
        ("Unreadable", thousands(audit.unreadable)),
        (
            "Duplicates",
            format!(
                "{} of the same pixels, {} of nearly the same; {} of them across labels",
                counted(audit.same_pixels, "set", "sets"),
                counted(audit.near_pixels, "set", "sets"),
                thousands(audit.across_labels)
            ),
        ),
    ];
    let giveaways = Table {
        caption: "How well each property alone tells the classes apart, as an area under the ROC curve: .5 tells \
                  nothing, 1 everything."
            .into(),
        columns: ["property", "of the", "what it is", "separation"].map(String::from).to_vec(),
        rows: audit
            .giveaways
            .iter()
            .map(|giveaway| {
                let separation = giveaway.separation.map_or(Cell::Empty, |value| match value {
                    high if high >= 0.9 && giveaway.of_the_file => Cell::Chief(measure(high)),
                    usual => Cell::Number(measure(usual)),
                });
                let of = if giveaway.of_the_file { "file" } else { "pixels" };
                let cells = vec![Cell::Words(of.into()), Cell::Words(giveaway.summary.clone()), separation];
                (giveaway.name.replace('_', " "), cells)
            })
            .collect(),
    };
    html! {
        (pairs(&facts))
        @if let Some(reason) = &audit.stops_training { p.warning { "Trained although " (reason) "." } }
        (giveaways.markup())
    }
}

fn split(split: &Split) -> Markup {
    let table = Table {
        caption: "Images of each side. What shows one picture stays on one side.".into(),
        columns: ["side", "real", "fake", "all", "what for"].map(String::from).to_vec(),
        rows: split
            .sides
            .iter()
            .map(|side| {
                let counts = [side.real, side.fake, side.real + side.fake].map(|count| Cell::Number(thousands(count)));
                (side.name.clone(), counts.into_iter().chain([Cell::Words(side.purpose.clone())]).collect())
            })
            .collect(),
    };
    let mut facts = vec![("Seed", split.seed.to_string()), ("Hash of images and labels", split.hash.clone())];
    if split.left_out > 0 {
        facts.push((
            "Left out of training",
            format!("{}: a held-out folder shows the same picture", counted(split.left_out, "image", "images")),
        ));
    }
    html! { (table.markup()) (pairs(&facts)) }
}
