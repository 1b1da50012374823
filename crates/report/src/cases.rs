//! Verdicts on single images, explained.

use std::collections::HashSet;

use maud::{Markup, html};

use crate::Report;
use crate::figure::{Pixels, Room};
use crate::number::{counted, percent};
use crate::page::Section;

/// Chosen images with their verdicts.
#[derive(Clone, Debug)]
pub struct Cases {
    /// What the maps are, as in "Grad-CAM".
    pub explainer: String,
    /// The images by why they were chosen.
    pub groups: Vec<CaseGroup>,
}

/// Images chosen for one reason.
#[derive(Clone, Debug)]
pub struct CaseGroup {
    /// The reason.
    pub title: String,
    /// What to make of them, and of how many they are.
    pub note: String,
    /// The images; may be empty.
    pub cases: Vec<Case>,
}

/// One image and its verdict.
#[derive(Clone, Debug)]
pub struct Case {
    /// The image's name in its data set.
    pub name: String,
    /// What it is: `real` or `fake`.
    pub label: String,
    /// What it was judged to be: `real` or `fake`.
    pub verdict: String,
    /// The calibrated verdict, `real`, `fake` or `unsure`, where there is a calibration.
    pub judgement: Option<String>,
    /// In `0..=1`.
    pub probability_fake: f64,
    /// Each member's probability, where several vote.
    pub members: Vec<(String, f64)>,
    /// The member whose evidence the map shows.
    pub explained_by: String,
    /// The image as the detector sees it.
    pub image: Pixels,
    /// The map over the image.
    pub map: Pixels,
}

pub(crate) fn section(report: &Report, room: &Room) -> Section {
    let body = report.cases.or_reason(|cases| {
        html! {
            p {
                "Images as the detector sees them, and beside each what spoke for its verdict (" (cases.explainer)
                "): the stronger the colour, the more. It is a map of the detector that decided: where several vote, "
                "of the one whose vote moved the outcome most. Such a map shows what a detector reacts to, not "
                "why an image is fake."
            }
            @for group in &cases.groups {
                h3 { (group.title) }
                p { (group.note) }
                @if !group.cases.is_empty() {
                    ul.cases { @for case in &group.cases { li { (case.markup(room)) } } }
                }
            }
        }
    });
    Section { id: "verdicts", title: "Verdicts, explained", body }
}

impl Case {
    fn markup(&self, room: &Room) -> Markup {
        let right = self.label == self.verdict;
        html! {
            div.case.right[right].wrong[!right] {
                div.pair { (self.image.markup(room)) (self.map.markup(room)) }
                p.verdict {
                    strong { (self.verdict) } ", "
                    (percent(self.probability_fake)) " fake "
                    span.mark { @if right { "✓ right" } @else { "✗ is " (self.label) } }
                }
                @if let Some(judgement) = &self.judgement { p.small { "calibrated verdict: " (judgement) } }
                p.small.name { (self.name) }
                @if self.members.len() > 1 {
                    p.small {
                        @for (place, (name, probability)) in self.members.iter().enumerate() {
                            @if place > 0 { ", " }
                            (name) " " (percent(*probability))
                        }
                    }
                    p.small { "map of " (self.explained_by) }
                }
            }
        }
    }
}

impl Cases {
    /// How many images are shown; one may be in several groups.
    pub(crate) fn shown(&self) -> String {
        let cases = self.groups.iter().flat_map(|group| &group.cases);
        let names: HashSet<&str> = cases.map(|case| case.name.as_str()).collect();
        counted(names.len() as u64, "image", "images")
    }
}
