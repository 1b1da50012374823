//! What probabilities were calibrated on, and what follows for verdicts.

use maud::{Markup, html};

use crate::Report;
use crate::figure::{self, Room};
use crate::number::{percent, probability, short, thousands};
use crate::page::Section;
use crate::table::{Cell, Table, pairs};

/// One judge's calibration.
#[derive(Clone, Debug)]
pub struct Calibration {
    /// A model's name, or that of the vote.
    pub judge: String,
    /// What log-odds are divided by; above 1 where the detector was too sure.
    pub temperature: f64,
    /// What is added to them then; above 0 where it called too much real.
    pub bias: f64,
    /// Real images it was fitted on.
    pub n_real: u64,
    /// Fake images it was fitted on.
    pub n_fake: u64,
    /// Hash of those images.
    pub data_hash: Option<String>,
    /// The share of images of each class that the conformal verdict promises not to misjudge, in `0..=1`.
    pub level: f64,
    /// Thresholds for false-positive rates.
    pub thresholds: Vec<TargetRate>,
}

/// A threshold chosen for a false-positive rate.
#[derive(Clone, Copy, Debug)]
pub struct TargetRate {
    /// The share of real images that may be called fake, in `0..=1`.
    pub target: f64,
    /// Images with at least this calibrated probability are called fake.
    pub threshold: f64,
}

pub(crate) fn section(report: &Report, room: &Room) -> Section {
    let body = html! {
        (report.calibration.or_reason(|all| html! { @for calibration in all { (one(calibration)) } }))
        (figure::figures(&report.figures.calibration, room))
    };
    Section { id: "calibration", title: "How far to trust a probability", body }
}

fn one(calibration: &Calibration) -> Markup {
    let temperature = calibration.temperature;
    let says = match temperature {
        sure if sure > 1.0 => "it was too sure",
        unsure if unsure < 1.0 => "it was not sure enough",
        _ => "nothing to correct",
    };
    let leaned = match calibration.bias {
        real if real > 0.0 => "called too much real",
        fake if fake < 0.0 => "called too much fake",
        _ => "leaned to neither side",
    };
    let hash = calibration.data_hash.as_deref().map_or_else(String::new, |hash| format!(" (data {})", short(hash)));
    let (real, fake) = (thousands(calibration.n_real), thousands(calibration.n_fake));
    let facts = [
        ("Temperature", format!("{temperature:.3}: {says}")),
        ("Bias", format!("{:+.3}: it {leaned}", calibration.bias)),
        ("Fitted on", format!("{real} real and {fake} fake images{hash}")),
        (
            "Verdict real, fake or unsure",
            format!(
                "of images like those, at least {} of each class are not called the other one",
                percent(calibration.level)
            ),
        ),
    ];
    let thresholds = Table {
        caption: "Thresholds on the calibrated probability, by the share of real images that may be called fake."
            .into(),
        columns: ["false-positive rate", "threshold"].map(String::from).to_vec(),
        rows: calibration
            .thresholds
            .iter()
            .map(|rate| (percent(rate.target), vec![Cell::Number(probability(rate.threshold))]))
            .collect(),
    };
    html! {
        h3 { (calibration.judge) }
        (pairs(&facts))
        @if !calibration.thresholds.is_empty() { (thresholds.markup()) }
    }
}
