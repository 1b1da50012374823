//! `fauxto attack`.

use std::path::PathBuf;

use clap::Args;
use fauxto::attack::folder::{AdversarialFolder, Descent};
use fauxto::attack::masking::{self, Finding};
use fauxto::attack::robustness::{self, Campaign, Robustness, Trial};
use fauxto::attack::{ChosenAttack, Epsilon, Knowledge, Norm};
use fauxto::evaluate::{Evaluation, metric};
use fauxto::predict::Predictor;
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::images::Images;
use crate::options::{BatchOptions, DataOptions, Models, SideOptions};
use crate::{progress, table};

/// Measure a detector under adversarial attacks
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto attack runs/mine test.parquet --limit 1000\n  \
    fauxto attack runs/mine test.parquet --attack fgsm,pgd:steps=50,apgd_ce --epsilon 2/255,.03 --check\n  \
    fauxto attack runs/a,runs/b test.parquet --attack autoattack_two_class --epsilon 1/255 --limit 200 --json\n  \
    fauxto attack runs/mine photos/ --attack pgd --epsilon 4/255 --limit 50 --out attacked/\n\n\
    Exit code 1: --check was given and a check found masked gradients.")]
pub(crate) struct Arguments {
    /// Run folders or checkpoints; several, separated by commas, vote and are attacked together
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    models: Models,
    /// Labelled images
    data: PathBuf,
    /// Attacks (`fauxto list attacks`), with parameters as in `pgd:steps=50:restarts=5`; noise is measured
    /// beside those in L-infinity
    #[arg(long = "attack", value_name = "NAMES", value_delimiter = ',', default_value = "fgsm,pgd")]
    attacks: Vec<String>,
    /// How far attacks in L-infinity may go
    #[arg(long = "epsilon", value_name = "EPSILONS", value_delimiter = ',', default_value = "1/255,2/255,4/255,8/255")]
    epsilons: Vec<Epsilon>,
    /// How far attacks in L2 may go
    #[arg(long, value_name = "EPSILONS", value_delimiter = ',', default_value = "0.25,0.5")]
    epsilon_l2: Vec<Epsilon>,
    /// Attack this many images, drawn by the seed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Look for masked gradients, with the attacks that takes
    #[arg(long)]
    check: bool,
    /// New folder for the attacked images as PNG, with a manifest
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Seed of the attacks and of --limit
    #[arg(long, default_value_t = 42)]
    seed: u64,
    #[command(flatten)]
    side: SideOptions,
    #[command(flatten)]
    batches: BatchOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints: the measurements at the top, then where they come from.
#[derive(Debug, Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    robustness: &'a Robustness,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<&'a [Finding]>,
    data: String,
    available: usize,
    skipped: usize,
    models: Vec<MemberReport<'a>>,
}

#[derive(Debug, Serialize)]
struct MemberReport<'a> {
    name: &'a str,
    path: String,
    weight: f64,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let planned = plan(arguments)?;
    let mut folder = arguments.out.as_deref().map(AdversarialFolder::create).transpose()?;
    let device = arguments.batches.device.open()?;
    let predictor = Predictor::open(&arguments.models.0, &device)?;
    let images = Images::open(&arguments.data, &arguments.options, predictor.input_size())?.on_side(&arguments.side)?;
    let available = &images.examples;
    let limit = arguments.limit.map_or(available.len(), |limit| limit as usize);
    let examples = robustness::subset(available, limit, arguments.seed);

    let members = predictor.members();
    let target = predictor.target()?;
    let campaign = Campaign {
        target: &*target,
        store: &images.store,
        examples: &examples,
        seed: arguments.seed,
        batch_size: arguments.batches.size(),
    };
    let trials: Vec<Trial<'_>> = planned.iter().map(|(attack, epsilon)| Trial { attack, epsilon }).collect();
    let bar = progress::bar(examples.len() * (trials.len() + 1), "images", "attacking");
    let robustness = campaign.run(&trials, &mut |attacked| {
        bar.set_position(attacked.done as u64);
        let Some(Trial { attack, epsilon }) = attacked.trial else { return Ok(()) };
        bar.set_message(format!("{} {epsilon}", attack.name));
        let Some(folder) = folder.as_mut().filter(|_| asked_for(arguments, attack, epsilon)) else { return Ok(()) };
        let descents: Vec<Descent<'_>> = attacked
            .examples
            .iter()
            .filter_map(|example| {
                Some(Descent {
                    label: example.label,
                    parent: images.identity(example),
                    parent_content: images.store.hash(example.index)?,
                    attack: &attack.name,
                    epsilon,
                })
            })
            .collect();
        folder.add(attacked.pixels, &descents)
    })?;
    bar.finish_and_clear();
    if let (Some(folder), Some(path)) = (folder, &arguments.out) {
        let count = folder.finish()?;
        progress::note(format!("{count} attacked images in {}", path.display()));
    }

    let findings = arguments.check.then(|| masking::examine(&robustness)).transpose()?;
    let models = members
        .iter()
        .map(|member| MemberReport {
            name: &member.name,
            path: member.path.display().to_string(),
            weight: member.weight,
        })
        .collect();
    let report = Report {
        robustness: &robustness,
        checks: findings.as_deref(),
        data: arguments.data.display().to_string(),
        available: available.len(),
        skipped: images.skipped,
        models,
    };
    if arguments.json {
        say_json(&report)?;
    } else {
        say_tables(&report)?;
    }
    if let Some(findings) = &findings {
        masking::require(findings)?;
    }
    Ok(Outcome::Done)
}

/// Every attack with its epsilons: those asked for, noise of the same sizes, and what the checks need.
fn plan(arguments: &Arguments) -> anyhow::Result<Vec<(ChosenAttack, Epsilon)>> {
    let mut planned: Vec<(ChosenAttack, Epsilon)> = Vec::new();
    // With other parameters it is another attack: PGD of 2 steps is not the one that the checks need.
    let mut add = |text: &str, epsilon: &Epsilon| -> anyhow::Result<()> {
        let attack = ChosenAttack::parse(text)?;
        attack.entry.norm.check(epsilon)?;
        if !planned.iter().any(|(other, at)| other.name == attack.name && at == epsilon) {
            planned.push((attack, epsilon.clone()));
        }
        Ok(())
    };
    let mut in_l_infinity = false;
    for text in &arguments.attacks {
        let norm = ChosenAttack::parse(text)?.entry.norm;
        in_l_infinity |= norm == Norm::LInfinity;
        for epsilon in epsilons(arguments, norm) {
            add(text, epsilon)?;
        }
    }
    for epsilon in arguments.epsilons.iter().filter(|_| in_l_infinity) {
        add("random_noise", epsilon)?;
    }
    for (attack, epsilon) in masking::needed(&arguments.epsilons).iter().filter(|_| arguments.check) {
        add(attack, epsilon)?;
    }
    Ok(planned)
}

/// How far attacks in `norm` were asked to go.
fn epsilons(arguments: &Arguments, norm: Norm) -> &[Epsilon] {
    match norm {
        Norm::LInfinity => &arguments.epsilons,
        Norm::L2 => &arguments.epsilon_l2,
    }
}

/// Whether the user named this attack and this epsilon, rather than the plan adding them.
fn asked_for(arguments: &Arguments, attack: &ChosenAttack, epsilon: &Epsilon) -> bool {
    let named = |text: &String| ChosenAttack::parse(text).is_ok_and(|asked| asked.name == attack.name);
    arguments.attacks.iter().any(named) && epsilons(arguments, attack.entry.norm).contains(epsilon)
}

fn say_tables(report: &Report<'_>) -> anyhow::Result<()> {
    let Report { robustness, .. } = report;
    let names: Vec<&str> = report.models.iter().map(|model| model.name).collect();
    say(format!(
        "{} on {} of {} images of {} ({} real, {} fake{}), seed {}",
        names.join(" + "),
        robustness.n,
        report.available,
        report.data,
        robustness.clean.n_real,
        robustness.clean.n_fake,
        if report.skipped > 0 { format!(", {} skipped", report.skipped) } else { String::new() },
        robustness.seed,
    ))?;
    let measured = |evaluation: &Evaluation| {
        let [low, high] = evaluation.accuracy_interval;
        let auc = metric::find("roc_auc").and_then(|auc| evaluation.value(auc));
        [
            format!("{:.4}", robustness::accuracy(evaluation)),
            format!("{low:.4} to {high:.4}"),
            auc.map_or_else(|| "undefined".into(), |auc| format!("{auc:.4}")),
        ]
    };
    let [accuracy, interval, auc] = measured(&robustness.clean);
    let clean =
        vec!["none".into(), String::new(), String::new(), accuracy, interval, auc, String::new(), String::new()];
    let rows = robustness.attacks.iter().map(|attack| {
        let [accuracy, interval, auc] = measured(&attack.evaluation);
        let norm = if attack.norm == Norm::LInfinity { "L-infinity" } else { "L2" };
        let sizes = [attack.mean_l_infinity, attack.mean_l2].map(|size| format!("{size:.4}"));
        let [largest, length] = sizes;
        vec![attack.attack.clone(), norm.into(), attack.epsilon.to_string(), accuracy, interval, auc, largest, length]
    });
    say(table::table(
        &["attack", "norm", "epsilon", "accuracy", "95% interval", "AUC", "mean L-inf", "mean L2"],
        std::iter::once(clean).chain(rows),
    ))?;
    say(format!("With two classes, guessing has an accuracy of {}.", robustness.chance))?;
    let two_class = robustness.attacks.iter().any(|attack| attack.attack.starts_with("autoattack_two_class"));
    if two_class {
        say("autoattack_two_class is APGD-CE, FAB and Square; AutoAttack's own DLR loss needs three classes.")?;
    }
    let Some(findings) = report.checks else {
        if uses_gradients(robustness) {
            say("Not checked for masked gradients; --check does.")?;
        }
        return Ok(());
    };
    let rows = findings.iter().map(|finding| {
        let values: Vec<String> = finding.values.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        vec![
            finding.name.replace('_', " "),
            finding.epsilon.as_ref().map_or_else(String::new, Epsilon::to_string),
            if finding.passed { "passed" } else { "FAILED" }.into(),
            values.join(", "),
        ]
    });
    say(table::table(&["check", "epsilon", "", "values"], rows))
}

fn uses_gradients(robustness: &Robustness) -> bool {
    let white =
        |name: &str| ChosenAttack::parse(name).is_ok_and(|attack| attack.entry.knowledge == Knowledge::Gradients);
    robustness.attacks.iter().any(|attack| white(&attack.attack))
}
