//! The document: head, table of contents, sections in order.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure::Room;
use crate::number::{percent, thousands};
use crate::{Report, accuracy, attacks, calibration, cases, claims, corruptions, data, limits, training, verdict};

/// The most bytes a report has: mail and issue trackers take files of this size.
pub const MAXIMUM_BYTES: usize = 10_000_000;
/// Left for everything that is no picture.
const TEXT_BYTES: usize = 1_500_000;

const STYLE: &str = include_str!("style.css");
/// Nothing is fetched and nothing runs, whatever a name or a figure might contain.
const POLICY: &str =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'";

/// One section of the document.
pub(crate) struct Section {
    /// The anchor.
    pub(crate) id: &'static str,
    /// The heading.
    pub(crate) title: &'static str,
    /// What is below it.
    pub(crate) body: Markup,
}

pub(crate) fn page(report: &Report) -> Markup {
    let room = Room::new(MAXIMUM_BYTES - TEXT_BYTES);
    // In this order pictures take the room there is; the order on the page is another.
    let cases = cases::section(report, &room);
    let accuracy = accuracy::section(report, &room);
    let calibration = calibration::section(report, &room);
    let corruptions = corruptions::section(report, &room);
    let training = training::section(report, &room);
    let attacks = attacks::section(report, &room);
    let mut sections =
        vec![data::section(report), accuracy, attacks, corruptions, calibration, cases, limits::section(report)];
    sections.extend(report.claims.as_ref().map(claims::section));
    sections.push(training);
    let sentences = verdict::sentences(report);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="color-scheme" content="light dark";
                meta name="generator" content=(report.program);
                // Without one, browsers ask the server for an icon.
                link rel="icon" href="data:,";
                title { (report.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header {
                    p.kind { "Detector report" }
                    h1 { (report.title) }
                    p.lead { (sentences[0]) }
                    p.lead { (sentences[1]) }
                    (key_numbers(report))
                }
                nav aria-labelledby="contents" {
                    h2 #contents { "Contents" }
                    ol { @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                }
                main #content {
                    @for section in &sections {
                        section aria-labelledby=(section.id) {
                            h2 id=(section.id) { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer { p { "Written by " (report.program) ". One file, no network, no scripts." } }
            }
        }
    }
}

fn key_numbers(report: &Report) -> Markup {
    let mut numbers: Vec<(String, String, String)> = Vec::new();
    if let Some(evaluation) = report.judged() {
        numbers.push((
            "accuracy".into(),
            percent(evaluation.accuracy.value),
            format!("{} on {} images", evaluation.accuracy.bounds(), thousands(evaluation.accuracy.n)),
        ));
        if let Some(auc) = evaluation.value("roc_auc") {
            numbers.push(("ROC AUC".into(), format!("{auc:.3}"), "1 is best, .5 guessing".into()));
        }
    }
    if let Some(worst) = report.attacked().and_then(|attacked| attacked.worst_at_smallest()) {
        numbers.push((
            format!("attacked, ε = {}", worst.epsilon),
            percent(worst.accuracy.value),
            format!("{} on {} images; chance is 50%", worst.accuracy.bounds(), thousands(worst.accuracy.n)),
        ));
    }
    if let Some(all) = report.phases.last().and_then(|phase| phase.corruptions.there())
        && let Some((_, [benchmark, _])) = all.means.iter().find(|(judge, _)| *judge == report.judge)
    {
        let note = format!("mean of 15 kinds at 5 severities, {} images", thousands(all.n));
        numbers.push(("corrupted".into(), percent(*benchmark), note));
    }
    html! {
        @if !numbers.is_empty() {
            dl.key {
                @for (name, value, note) in &numbers {
                    div { dt { (name) } dd { strong { (value) } span { (note) } } }
                }
            }
        }
    }
}
