//! The original project's claims beside what a run of its three models measured.

use anyhow::Context;
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

/// The claims, if `models` are the original's three; `parameters` counts those of a model by its name.
pub(super) fn claims(
    models: &[String],
    phases: &[Phase],
    parameters: &dyn Fn(&str) -> Option<usize>,
) -> anyhow::Result<Option<Claims>> {
    let file: File = serde_json::from_str(CLAIMS).context("results/original_claims.json")?;
    let mut own = models.to_vec();
    own.sort_unstable();
    if own != file.models {
        return Ok(None);
    }
    let rows = file.claims.into_iter().map(|row| Claim {
        measured: measured(&row.measured, phases, parameters),
        subject: row.subject,
        claimed: row.claimed,
        recorded: row.recorded,
    });
    Ok(Some(Claims { source: file.source, rows: rows.collect() }))
}

fn measured(what: &Measured, phases: &[Phase], parameters: &dyn Fn(&str) -> Option<usize>) -> Option<String> {
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
            parameters(judge).map(|count| format!("{:.1}M parameters", count as f64 / 1e6))
        }
        Measured::Split => Some(
            "by content, each class dealt alike; what shows one picture stays on one side, and copies are made from the \
             training side alone"
                .into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use report::{Attacked, Evaluation, Part, Proportion, UnderAttack};

    use super::*;

    fn phase(name: &str, accuracy: f64) -> Phase {
        let share = |value: f64| Proportion { value, interval: [value - 0.01, value + 0.01], n: 500 };
        let evaluation = |judge: &str| Evaluation {
            judge: judge.into(),
            n_real: 250,
            n_fake: 250,
            accuracy: share(accuracy),
            threshold: 0.5,
            metrics: Vec::new(),
        };
        let attack = UnderAttack {
            attack: "fgsm".into(),
            title: "FGSM".into(),
            is_noise: false,
            epsilon: ".05".into(),
            epsilon_value: 0.05,
            accuracy: share(accuracy / 2.0),
            clean: share(accuracy),
        };
        let attacked = Attacked {
            judge: "resnet_se".into(),
            clean: share(accuracy),
            attacks: vec![attack],
            zero_gradient_share: 0.0,
        };
        Phase {
            name: name.into(),
            clean: ["convnext_tiny", "efficientnet_b0", "resnet_se", "ensemble"].map(evaluation).to_vec(),
            attacks: Part::There(vec![attacked]),
            corruptions: Part::Missing("none".into()),
        }
    }

    #[test]
    fn claims_stand_beside_what_a_run_of_the_same_models_measured() {
        let phases = [phase("before", 0.9), phase("after", 0.8)];
        let models = ["resnet_se", "convnext_tiny", "efficientnet_b0"].map(String::from);
        let parameters = |model: &str| (model == "resnet_se").then_some(11_196_666);
        let claims = claims(&models, &phases, &parameters).unwrap().unwrap();
        let measured =
            |subject: &str| claims.rows.iter().find(|row| row.subject.contains(subject)).unwrap().measured.clone();
        let both = "90.0% (89.0 to 91.0) before, 80.0% (79.0 to 81.0) after";
        assert_eq!(measured("Accuracy of the ensemble").as_deref(), Some(both));
        assert_eq!(measured("FGSM, epsilon .05").as_deref(), Some("40.0% (39.0 to 41.0) resnet_se"));
        assert_eq!(measured("FGSM, epsilon .08"), None, "not attacked so");
        assert_eq!(measured("Size").as_deref(), Some("11.2M parameters"));
        assert!(measured("Split").is_some());
    }

    #[test]
    fn runs_of_other_models_have_no_claims_to_stand_beside() {
        let models = ["resnet_se_small".to_owned()];
        assert!(claims(&models, &[phase("after", 0.8)], &|_| None).unwrap().is_none());
    }
}
