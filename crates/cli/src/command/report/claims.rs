//! The original project's claims beside what a run of its three models measured.

use anyhow::Context;
use fauxto::predict::Predictor;
use report::{Claim, Claims, Phase};
use serde::Deserialize;

/// Claims and where they were read, kept with the project's results.
const CLAIMS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../results/original_claims.json"));

#[derive(Deserialize)]
struct File {
    source: String,
    models: Vec<String>,
    claims: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    subject: String,
    claimed: String,
    recorded: String,
    measured: Measured,
}

/// What of a run stands beside a claim.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Measured {
    /// A judge's accuracy, before and after fine-tuning.
    Accuracy { judge: String },
    /// The detectors' accuracy under one attack, after fine-tuning.
    Attack { attack: String, epsilon: String },
    /// A model's size.
    Parameters { judge: String },
    /// How images were split.
    Split,
}

/// The claims, if `models` are the original's three.
pub(super) fn claims(models: &[String], phases: &[Phase], predictor: &Predictor) -> anyhow::Result<Option<Claims>> {
    let file: File = serde_json::from_str(CLAIMS).context("results/original_claims.json")?;
    let mut own = models.to_vec();
    own.sort_unstable();
    if own != file.models {
        return Ok(None);
    }
    let rows = file.claims.into_iter().map(|row| Claim {
        measured: measured(&row.measured, phases, predictor),
        subject: row.subject,
        claimed: row.claimed,
        recorded: row.recorded,
    });
    Ok(Some(Claims { source: file.source, rows: rows.collect() }))
}

fn measured(what: &Measured, phases: &[Phase], predictor: &Predictor) -> Option<String> {
    let share = |value: f64| format!("{:.1}%", 100.0 * value);
    let range = |[low, high]: [f64; 2]| format!("{:.1} to {:.1}", 100.0 * low, 100.0 * high);
    let all = |parts: Vec<String>, between: &str| (!parts.is_empty()).then(|| parts.join(between));
    match what {
        Measured::Accuracy { judge } => {
            let of = |phase: &Phase| {
                let accuracy = phase.clean.iter().find(|evaluation| evaluation.judge == *judge)?.accuracy;
                Some(format!("{} ({}) {}", share(accuracy.value), range(accuracy.interval), phase.name))
            };
            all(phases.iter().filter_map(of).collect(), ", ")
        }
        Measured::Attack { attack, epsilon } => {
            let last = phases.last()?.attacks.there()?;
            let of = |attacked: &report::Attacked| {
                let same = |one: &&report::UnderAttack| one.attack == *attack && one.epsilon == *epsilon;
                let accuracy = attacked.attacks.iter().find(same)?.accuracy;
                Some(format!("{} ({}) {}", share(accuracy.value), range(accuracy.interval), attacked.judge))
            };
            all(last.iter().filter_map(of).collect(), ", ")
        }
        Measured::Parameters { judge } => {
            let member = predictor.members().iter().find(|member| member.name == *judge)?;
            let count = member.frozen().detector().parameter_count() as f64;
            Some(format!("{:.1}M parameters", count / 1e6))
        }
        Measured::Split => Some(
            "by content, each class dealt alike; what shows one picture stays on one side, and copies are made from the \
             training side alone"
                .into(),
        ),
    }
}
