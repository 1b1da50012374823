//! Judges on images as they are, before and after.

use maud::html;

use crate::figure::{self, Room};
use crate::number::{Proportion, counted, measure};
use crate::page::Section;
use crate::table::{Cell, Table};
use crate::{HeldOut, Phase, Report, verdict};

/// What one judge is worth on images as they are.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// A model's name, or that of the vote.
    pub judge: String,
    /// Real images.
    pub n_real: u64,
    /// Fake images.
    pub n_fake: u64,
    /// Share judged right.
    pub accuracy: Proportion,
    /// The share from which an image is called fake.
    pub threshold: f64,
    /// Every metric.
    pub metrics: Vec<Metric>,
}

/// One metric's value.
#[derive(Clone, Debug)]
pub struct Metric {
    /// The stable name, as in `roc_auc`.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// None where it is undefined on these images.
    pub value: Option<f64>,
}

impl Evaluation {
    /// The metric's value.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|metric| metric.name == name).and_then(|metric| metric.value)
    }
}

/// One judge's verdicts in two phases, compared image by image.
#[derive(Clone, Debug)]
pub struct Change {
    /// A model's name, or that of the vote.
    pub judge: String,
    /// Images judged right before and wrong after.
    pub lost: u64,
    /// Images judged wrong before and right after.
    pub won: u64,
    /// McNemar's p-value.
    pub p: f64,
}

pub(crate) fn section(report: &Report, room: &Room) -> Section {
    let body = html! {
        @if let Some(evaluation) = report.judged() {
            p {
                (counted(evaluation.accuracy.n, "image", "images")) ", "
                (counted(evaluation.n_real, "real one", "real ones")) " and "
                (counted(evaluation.n_fake, "fake one", "fake ones")) ". "
                @match report.held_out {
                    HeldOut::OtherData => "They are a data set of their own: nothing was learned from them or chosen on them.",
                    HeldOut::TestSide => "They are the test side of the split: nothing was learned from them or chosen on them.",
                    HeldOut::ValidationSide => "Nothing was learned from them, but the epoch was chosen on them, which flatters the numbers.",
                }
                " An image is called fake from a probability of " (evaluation.threshold) " on."
            }
        }
        (accuracies(report).markup())
        @if !report.changes.is_empty() { (changes(report).markup()) }
        (figure::figures(&report.figures.accuracy, room))
        details { summary { "Every metric" } (metrics(&report.phases).markup()) }
    };
    Section { id: "accuracy", title: "On images as they are", body }
}

/// The judges of all phases, each once, in their order.
pub(crate) fn judges<'r>(of_phases: impl Iterator<Item = &'r str>) -> Vec<&'r str> {
    let mut judges: Vec<&str> = Vec::new();
    for judge in of_phases {
        if !judges.contains(&judge) {
            judges.push(judge);
        }
    }
    judges
}

fn accuracies(report: &Report) -> Table {
    let phases = &report.phases;
    let mut columns = vec!["judge".to_owned(), "n".to_owned()];
    for phase in phases {
        let when = if phases.len() > 1 { format!(", {}", phase.name) } else { String::new() };
        columns.extend([format!("accuracy (95% interval){when}"), format!("ROC AUC{when}")]);
    }
    let names = judges(phases.iter().flat_map(|phase| &phase.clean).map(|evaluation| evaluation.judge.as_str()));
    let rows = names.into_iter().map(|judge| {
        let found = |phase: &'_ Phase| phase.clean.iter().find(|evaluation| evaluation.judge == judge).cloned();
        let n = phases.iter().find_map(&found).map_or(0, |evaluation| evaluation.accuracy.n);
        let mut cells = vec![Cell::Number(crate::number::thousands(n))];
        for phase in phases {
            match found(phase) {
                Some(evaluation) => {
                    cells.push(Cell::Chief(evaluation.accuracy.with_interval()));
                    cells.push(evaluation.value("roc_auc").map_or(Cell::Empty, |auc| Cell::Number(measure(auc))));
                }
                None => cells.extend([Cell::Empty, Cell::Empty]),
            }
        }
        (judge.to_owned(), cells)
    });
    let caption = format!("Share of images judged right{}.", verdict::beside_chance(report));
    Table { caption, columns, rows: rows.collect() }
}

fn changes(report: &Report) -> Table {
    let row = |change: &Change| {
        let p = if change.p < 0.001 { "below .001".to_owned() } else { format!("{:.3}", change.p) };
        let says = match () {
            () if change.p >= 0.05 => "no difference shown",
            () if change.won > change.lost => "better after",
            () => "worse after",
        };
        let cells = vec![
            Cell::Number(crate::number::thousands(change.won)),
            Cell::Number(crate::number::thousands(change.lost)),
            Cell::Number(p),
            Cell::Words(says.into()),
        ];
        (change.judge.clone(), cells)
    };
    Table {
        caption: "Fine-tuning, compared image by image (McNemar's test).".into(),
        columns: ["judge", "only right after", "only right before", "p", ""].map(String::from).to_vec(),
        rows: report.changes.iter().map(row).collect(),
    }
}

fn metrics(phases: &[Phase]) -> Table {
    let evaluations: Vec<(&Phase, &Evaluation)> =
        phases.iter().flat_map(|phase| phase.clean.iter().map(move |evaluation| (phase, evaluation))).collect();
    let mut columns = vec!["metric".to_owned()];
    columns.extend(evaluations.iter().map(|(phase, evaluation)| {
        if phases.len() > 1 { format!("{}, {}", evaluation.judge, phase.name) } else { evaluation.judge.clone() }
    }));
    let names = evaluations.first().map(|(_, first)| first.metrics.as_slice()).unwrap_or_default();
    let rows = names.iter().map(|metric| {
        let value =
            |evaluation: &Evaluation| evaluation.value(&metric.name).map_or(Cell::Empty, |v| Cell::Number(measure(v)));
        (metric.title.clone(), evaluations.iter().map(|(_, evaluation)| value(evaluation)).collect())
    });
    Table { caption: "A dash where a metric is undefined on these images.".into(), columns, rows: rows.collect() }
}
