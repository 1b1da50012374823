//! Judges on corrupted images, before and after.

use maud::html;

use crate::figure::{self, Room};
use crate::number::{Proportion, percent, thousands};
use crate::page::Section;
use crate::part::marked;
use crate::table::{Cell, Table};
use crate::{Part, Phase, Report, verdict};

/// Every corruption at every severity.
#[derive(Clone, Debug)]
pub struct Corruptions {
    /// Each judge under each corruption at each severity.
    pub results: Vec<Corrupted>,
    /// By judge, the mean accuracy over the benchmark's 15 corruptions and over all 19.
    pub means: Vec<(String, [f64; 2])>,
    /// Images under each.
    pub n: u64,
}

/// One judge under one corruption at one severity.
#[derive(Clone, Debug)]
pub struct Corrupted {
    /// A model's name, or that of the vote.
    pub judge: String,
    /// The corruption.
    pub corruption: String,
    /// In `1..=5`.
    pub severity: u8,
    /// Share judged right.
    pub accuracy: Proportion,
    /// Area under the ROC curve, which tells a moved threshold from lost evidence.
    pub roc_auc: Option<f64>,
}

pub(crate) fn section(report: &Report, room: &Room) -> Section {
    let reason = report.phases.iter().find_map(|phase| match &phase.corruptions {
        Part::Missing(reason) => Some(reason),
        Part::There(_) => None,
    });
    let there = || report.phases.iter().filter_map(|phase| phase.corruptions.there());
    let n = there().next().map_or(0, |corruptions| corruptions.n);
    let body = html! {
        @if let Some(reason) = reason { p.missing { (marked(reason)) } }
        @if n > 0 {
            p {
                "CIFAR-10-C's corruptions at severities 1 to 5, each on the same " (thousands(n)) " images. "
                "Where accuracy falls and the area under the ROC curve stays, the evidence is still there and the "
                "threshold moved; where both fall, it is gone."
            }
            (means(report).markup())
            (figure::figures(&report.figures.corruptions, room))
            details { summary { "Each corruption" } (by_corruption(report).markup()) }
        }
    };
    Section { id: "corruptions", title: "On corrupted images", body }
}

fn when(phases: &[Phase], phase: &Phase, what: &str) -> String {
    if phases.len() > 1 { format!("{what}, {}", phase.name) } else { what.to_owned() }
}

fn means(report: &Report) -> Table {
    let phases: Vec<(&Phase, &Corruptions)> =
        report.phases.iter().filter_map(|phase| Some((phase, phase.corruptions.there()?))).collect();
    let mut columns = vec!["judge".to_owned()];
    for (phase, _) in &phases {
        columns.push(when(&report.phases, phase, "15 corruptions"));
        columns.push(when(&report.phases, phase, "all 19"));
    }
    let judges = crate::accuracy::judges(
        phases.iter().flat_map(|(_, corruptions)| &corruptions.means).map(|(judge, _)| judge.as_str()),
    );
    let rows = judges.into_iter().map(|judge| {
        let cells =
            phases.iter().flat_map(|(_, corruptions)| match corruptions.means.iter().find(|(name, _)| name == judge) {
                Some((_, [benchmark, all])) => [Cell::Chief(percent(*benchmark)), Cell::Number(percent(*all))],
                None => [Cell::Empty, Cell::Empty],
            });
        (judge.to_owned(), cells.collect())
    });
    let caption = format!("Mean accuracy over corruptions and severities{}.", verdict::beside_chance(report));
    Table { caption, columns, rows: rows.collect() }
}

/// Mean and least over the severities, of the report's judge.
fn by_corruption(report: &Report) -> Table {
    let phases: Vec<(&Phase, &Corruptions)> =
        report.phases.iter().filter_map(|phase| Some((phase, phase.corruptions.there()?))).collect();
    let mut columns = vec!["corruption".to_owned()];
    for (phase, _) in &phases {
        for what in ["mean accuracy", "at worst (95% interval)", "mean ROC AUC"] {
            columns.push(when(&report.phases, phase, what));
        }
    }
    let of_judge = |corruptions: &'_ Corruptions, name: &str| -> Vec<Corrupted> {
        let own = |one: &&Corrupted| one.judge == report.judge && one.corruption == name;
        corruptions.results.iter().filter(own).cloned().collect()
    };
    let names = crate::accuracy::judges(
        phases.iter().flat_map(|(_, corruptions)| &corruptions.results).map(|one| one.corruption.as_str()),
    );
    let rows = names.into_iter().map(|name| {
        let mut cells = Vec::new();
        for (_, corruptions) in &phases {
            let found = of_judge(corruptions, name);
            let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len() as f64;
            let worst = found.iter().min_by(|a, b| a.accuracy.value.total_cmp(&b.accuracy.value));
            let Some(worst) = worst else {
                cells.extend([Cell::Empty, Cell::Empty, Cell::Empty]);
                continue;
            };
            cells.push(Cell::Chief(percent(mean(found.iter().map(|one| one.accuracy.value).collect()))));
            cells.push(Cell::Number(worst.accuracy.with_interval()));
            let areas: Option<Vec<f64>> = found.iter().map(|one| one.roc_auc).collect();
            cells.push(areas.map_or(Cell::Empty, |areas| Cell::Number(crate::number::measure(mean(areas)))));
        }
        (name.replace('_', " "), cells)
    });
    Table {
        caption: format!("{}: mean over the five severities, and the worst of them.", report.judge),
        columns,
        rows: rows.collect(),
    }
}
