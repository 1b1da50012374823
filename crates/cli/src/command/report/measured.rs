//! What a pipeline wrote of its detectors, read back as plain data.

use fauxto::attack::robustness::Robustness;
use fauxto::attack::{ATTACKS, AttackEntry, Knowledge};
use fauxto::evaluate::{Evaluation, McNemar};
use report::{Attacked, Change, Corrupted, Corruptions, Metric, Part, Phase, Proportion, UnderAttack};
use serde::Deserialize;

/// `results.json`, as far as a report looks.
#[derive(Deserialize)]
pub(super) struct Results {
    pub(super) phases: Vec<PhaseRecord>,
    pub(super) changes: Vec<ChangeRecord>,
}

/// One phase of it.
#[derive(Deserialize)]
pub(super) struct PhaseRecord {
    pub(super) phase: String,
    clean: Vec<JudgedRecord>,
    robustness: Vec<AttackedRecord>,
    corruption_images: u64,
    corruptions: Vec<CorruptionRecord>,
    corruption_means: Vec<(String, Option<[f64; 2]>)>,
}

#[derive(Deserialize)]
struct JudgedRecord {
    judge: String,
    evaluation: Evaluation,
}

#[derive(Deserialize)]
struct AttackedRecord {
    judge: String,
    attacks: Robustness,
    strongest: Option<Robustness>,
}

#[derive(Deserialize)]
struct CorruptionRecord {
    corruption: String,
    severity: u8,
    columns: Vec<ColumnRecord>,
}

#[derive(Deserialize)]
struct ColumnRecord {
    judge: String,
    n: u64,
    accuracy: f64,
    accuracy_interval: [f64; 2],
    roc_auc: Option<f64>,
}

#[derive(Deserialize)]
pub(super) struct ChangeRecord {
    judge: String,
    base_against_final: McNemar,
}

/// The phase called `name`, of the judges that `shown` takes.
pub(super) fn phase(record: &PhaseRecord, name: &str, shown: &dyn Fn(&str) -> bool) -> Phase {
    let clean = record.clean.iter().filter(|judged| shown(&judged.judge));
    let attacks = record.robustness.iter().filter(|attacked| shown(&attacked.judge));
    let corrupted = |result: &CorruptionRecord| {
        let (corruption, severity) = (result.corruption.clone(), result.severity);
        let one = move |column: &ColumnRecord| Corrupted {
            judge: column.judge.clone(),
            corruption: corruption.clone(),
            severity,
            accuracy: Proportion { value: column.accuracy, interval: column.accuracy_interval, n: column.n },
            roc_auc: column.roc_auc,
        };
        result.columns.iter().filter(|column| shown(&column.judge)).map(one).collect::<Vec<_>>()
    };
    let means = record.corruption_means.iter().filter(|(judge, _)| shown(judge));
    Phase {
        name: name.to_owned(),
        clean: clean.map(|judged| evaluation(&judged.judge, &judged.evaluation)).collect(),
        attacks: Part::There(attacks.map(attacked).collect()),
        corruptions: Part::There(Corruptions {
            results: record.corruptions.iter().flat_map(corrupted).collect(),
            means: means.filter_map(|(judge, means)| Some((judge.clone(), (*means)?))).collect(),
            n: record.corruption_images,
        }),
    }
}

/// How verdicts changed, of the judges that `shown` takes.
pub(super) fn changes(records: &[ChangeRecord], shown: &dyn Fn(&str) -> bool) -> Vec<Change> {
    let change = |record: &ChangeRecord| Change {
        judge: record.judge.clone(),
        lost: record.base_against_final.only_first_right,
        won: record.base_against_final.only_second_right,
        p: record.base_against_final.p_value,
    };
    records.iter().filter(|record| shown(&record.judge)).map(change).collect()
}

/// An evaluation in plain data.
pub(super) fn evaluation(judge: &str, evaluation: &Evaluation) -> report::Evaluation {
    let metric = |(metric, value): (&'static fauxto::evaluate::Metric, Option<f64>)| Metric {
        name: metric.name.to_owned(),
        title: metric.title.to_owned(),
        value,
    };
    report::Evaluation {
        judge: judge.to_owned(),
        n_real: evaluation.n_real as u64,
        n_fake: evaluation.n_fake as u64,
        accuracy: proportion(evaluation),
        threshold: evaluation.threshold,
        metrics: evaluation.values.iter().map(metric).collect(),
    }
}

fn proportion(evaluation: &Evaluation) -> Proportion {
    Proportion {
        value: fauxto::attack::robustness::accuracy(evaluation),
        interval: evaluation.accuracy_interval,
        n: evaluation.n as u64,
    }
}

fn attacked(record: &AttackedRecord) -> Attacked {
    let campaigns = [Some(&record.attacks), record.strongest.as_ref()].into_iter().flatten();
    let attack = |clean: Proportion, attack: &fauxto::attack::robustness::UnderAttack| UnderAttack {
        clean,
        title: title(&attack.attack),
        is_noise: entry(&attack.attack).is_some_and(|entry| entry.knowledge == Knowledge::None),
        attack: attack.attack.clone(),
        epsilon: attack.epsilon.to_string(),
        epsilon_value: attack.epsilon_value,
        accuracy: proportion(&attack.evaluation),
    };
    Attacked {
        judge: record.judge.clone(),
        clean: proportion(&record.attacks.clean),
        attacks: campaigns
            .flat_map(|campaign| campaign.attacks.iter().map(|one| attack(proportion(&campaign.clean), one)))
            .collect(),
        zero_gradient_share: record.attacks.zero_gradient_share,
    }
}

fn entry(attack: &str) -> Option<&'static AttackEntry> {
    ATTACKS.iter().find(|entry| entry.name == name(attack))
}

/// The attack's name without its parameters.
fn name(attack: &str) -> &str {
    attack.split(':').next().unwrap_or(attack)
}

/// `pgd:steps=50` as `PGD, 50 steps`; names without abbreviation as words.
fn title(attack: &str) -> String {
    let own = name(attack);
    let known = entry(attack).is_some();
    let abbreviations = ["fgsm", "pgd", "apgd", "ce", "fab", "l2"];
    let word = |word: &str| if known && abbreviations.contains(&word) { word.to_uppercase() } else { word.to_owned() };
    let mut words: Vec<String> = own.split('_').map(word).collect();
    if own == "autoattack_two_class" {
        // One word in the paper, and neither of two classes without a change.
        words = vec!["AutoAttack for two classes".into()];
    }
    let parameters = attack.split(':').skip(1).map(|parameter| match parameter.split_once('=') {
        Some((key, value)) => format!(", {value} {}", key.replace('_', " ")),
        None => format!(", {parameter}"),
    });
    words.join(" ") + &parameters.collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn attacks_are_called_as_papers_call_them() {
        assert_eq!(title("pgd:steps=50"), "PGD, 50 steps");
        assert_eq!(title("fgsm"), "FGSM");
        assert_eq!(title("fgsm_random_start"), "FGSM random start");
        assert_eq!(title("random_noise"), "random noise");
        assert_eq!(title("autoattack_two_class"), "AutoAttack for two classes");
    }
}
