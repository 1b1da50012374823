//! What is said of a calibration.

use std::path::{Path, PathBuf};

use fauxto::calibrate::{Calibration, ClassCoverage, MeasuredRate, Scaling, percent};
use fauxto::evaluate::{Evaluation, metric};
use serde::Serialize;

use super::FOLDS;
use crate::command::evaluate::say_coverage;
use crate::command::say;
use crate::table;

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) written: &'a Path,
    pub(super) data: String,
    pub(super) skipped: usize,
    pub(super) calibration: &'a Calibration,
    /// The calibration that was there before.
    pub(super) replaced: Option<&'a Calibration>,
    pub(super) models: Vec<MemberReport<'a>>,
    /// Whether `after`, `coverage` and `rates` are of images that were fitted on, for want of others.
    pub(super) in_sample: bool,
    pub(super) uncalibrated: Evaluation,
    /// At the calibration that was there before.
    pub(super) before: Option<Evaluation>,
    pub(super) after: Evaluation,
    pub(super) coverage: [ClassCoverage; 2],
    pub(super) rates: Option<Vec<MeasuredRate>>,
}

#[derive(Debug, Serialize)]
pub(super) struct MemberReport<'a> {
    pub(super) name: &'a str,
    pub(super) path: String,
    pub(super) weight: f64,
    /// What makes its own probability honest.
    #[serde(flatten)]
    pub(super) scaling: Scaling,
    /// The split by which it is known not to have been trained on these images.
    pub(super) split: Option<PathBuf>,
    /// Images that its training was stopped on.
    pub(super) stopped_on: usize,
}

/// Says it in words and tables.
pub(super) fn say_tables(report: &Report<'_>) -> anyhow::Result<()> {
    let calibration = report.calibration;
    let skipped = if report.skipped > 0 { format!(", {} skipped", report.skipped) } else { String::new() };
    say(format!(
        "calibrated on {} images of {} ({} real, {} fake{skipped}); written to {}",
        calibration.n_real + calibration.n_fake,
        report.data,
        calibration.n_real,
        calibration.n_fake,
        report.written.display()
    ))?;
    let mut columns = vec![("uncalibrated", Scaling::IDENTITY, &report.uncalibrated)];
    if let (Some(replaced), Some(before)) = (report.replaced, &report.before) {
        columns.push(("before", replaced.scaling, before));
    }
    columns.push(("now", calibration.scaling, &report.after));
    let header: Vec<&str> = std::iter::once("").chain(columns.iter().map(|(name, ..)| *name)).collect();
    let row = |name: &str, cell: fn(Scaling) -> String| -> Vec<String> {
        std::iter::once(name.to_owned()).chain(columns.iter().map(|(_, scaling, _)| cell(*scaling))).collect()
    };
    let mut rows = vec![
        row("temperature", |scaling| format!("{:.4}", scaling.temperature)),
        row("bias", |scaling| format!("{:+.4}", scaling.bias)),
    ];
    for metric in ["nll", "brier", "ece"].into_iter().filter_map(metric::find) {
        let values = columns.iter().map(|(_, _, evaluation)| {
            evaluation.value(metric).map_or_else(|| "undefined".into(), |value| format!("{value:.4}"))
        });
        rows.push(std::iter::once(metric.title.to_owned()).chain(values).collect());
    }
    say(table::table(&header, rows))?;
    if report.models.len() > 1 {
        let of_member = |model: &MemberReport<'_>| {
            let Scaling { temperature, bias } = model.scaling;
            vec![model.name.to_owned(), format!("{temperature:.4}"), format!("{bias:+.4}")]
        };
        say(table::table(&["model by itself", "temperature", "bias"], report.models.iter().map(of_member)))?;
    }
    say(table::table(
        &["real images called fake", "at most", "from P(fake)", "measured [95%]", "fake images found"],
        calibration.thresholds.iter().enumerate().map(|(position, threshold)| {
            let measured = report.rates.as_ref().and_then(|rates| rates.get(position));
            let rate = measured.map(|rate| {
                let [low, high] = rate.interval;
                [
                    format!("{:.4} [{low:.4}, {high:.4}]", rate.false_positive_rate),
                    format!("{:.4}", rate.true_positive_rate),
                ]
            });
            let name = format!("--target-fpr {}", threshold.target_fpr);
            let fixed = [name, format!("{:.4}", threshold.expected_fpr), format!("{:.4}", threshold.threshold)];
            fixed.into_iter().chain(rate.unwrap_or_default()).collect()
        }),
    ))?;
    say_coverage(&report.coverage)?;
    say(format!(
        "the truth shall be allowed for at least {} of each class: real up to P(fake) = {:.4}, fake from {:.4} on",
        percent(calibration.conformal.level),
        calibration.conformal.real_at_most,
        calibration.conformal.fake_at_least
    ))?;
    say(match report.in_sample {
        true => "measured on the images fitted on, too few to keep some apart: these numbers flatter".to_owned(),
        false => format!("now, measured and verdicts: each of {FOLDS} parts judged by a calibration of the others"),
    })
}
