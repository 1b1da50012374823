//! What the detectors of one phase are worth: clean, attacked, corrupted; alone and voting.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use fauxto::Label;
use fauxto::attack::robustness::{self, Campaign, Robustness, Trial};
use fauxto::attack::{ChosenAttack, Epsilon, Target};
use fauxto::corrupt::{CORRUPTIONS, CorruptionEntry};
use fauxto::data::split::Split;
use fauxto::ensemble::{COMBINATIONS, Combination};
use fauxto::evaluate::{Evaluation, McNemar, Scores, UnderCorruption, mcnemar, mean_accuracies, under_corruptions};
use fauxto::predict::Predictor;
use fauxto::train::Example;
use fauxto::write_atomically::write_atomically;
use serde::Serialize;
use serde_json::{Value, json};

use super::Pipeline;
use crate::command::train::COMMIT;
use crate::images::Images;
use crate::options::{SideName, SideOptions};
use crate::progress;
use crate::scores_file::{self, Scored};

/// Before and after adversarial fine-tuning.
pub(in crate::command) const PHASES: [&str; 2] = ["base", "final"];

/// One step at the original project's sizes and at those of the literature; then attacks that iterate.
const SINGLE_STEP: [&str; 8] = [".02", ".03", ".05", ".08", "1/255", "2/255", "4/255", "8/255"];
const ITERATIVE: [&str; 2] = ["pgd:steps=10", "pgd:steps=50"];
const STRONGEST: &str = "autoattack_two_class";
const SMALL: [&str; 2] = ["1/255", "2/255"];

/// Everything measured in one phase.
#[derive(Serialize)]
struct Phase {
    phase: &'static str,
    clean: Vec<Judged>,
    combinations: Vec<Combined>,
    /// One [`Attacked`] a judge.
    robustness: Vec<Value>,
    corruption_images: usize,
    corruptions: Vec<UnderCorruption>,
    /// Mean accuracy over 15 and over 19 corruptions at all severities, by judge.
    corruption_means: Vec<(String, Option<[f64; 2]>)>,
}

#[derive(Serialize)]
struct Judged {
    judge: String,
    weight: Option<f64>,
    evaluation: Evaluation,
}

#[derive(Serialize)]
struct Combined {
    name: &'static str,
    fitted: Combination,
    validation: Evaluation,
    reported: Evaluation,
    /// Against the accuracy-weighted vote on the reported images.
    against_accuracy_weighted: McNemar,
}

#[derive(Serialize)]
struct Attacked {
    judge: String,
    attacks: Robustness,
    /// None where no images were set aside for it.
    strongest: Option<Robustness>,
}

/// The images of one side, or the reported ones, which are a data set of their own if one was given.
pub(super) fn images(pipeline: &Pipeline<'_>, side: SideName, size: usize) -> anyhow::Result<Images> {
    let arguments = pipeline.arguments;
    match &arguments.reported.report {
        Some(report) if side == SideName::Test => Images::open(report, &arguments.options, size),
        _ => {
            let split = SideOptions { side: vec![side], split: Some(pipeline.path(Split::FILE)) };
            Images::open(&arguments.data, &arguments.options, size)?.on_side(&split)
        }
    }
}

pub(super) fn predictor(pipeline: &Pipeline<'_>, phase: &str) -> anyhow::Result<Predictor> {
    let paths: Vec<_> =
        pipeline.arguments.models.iter().map(|model| pipeline.folder(phase, model).root().to_path_buf()).collect();
    Ok(Predictor::open(&paths, &pipeline.arguments.device.open()?)?)
}

/// Every member's probabilities, `[member][image]`.
fn members(predictor: &Predictor, images: &Images) -> anyhow::Result<Vec<Vec<f64>>> {
    let bar = progress::bar(images.examples.len(), "images", "judging");
    let judgements =
        predictor.judge(&images.store, &images.positions(), 128, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    Ok((0..predictor.members().len())
        .map(|member| judgements.iter().map(|judgement| judgement.members[member]).collect())
        .collect())
}

pub(super) fn measure(pipeline: &Pipeline<'_>, phase: &'static str) -> anyhow::Result<()> {
    let predictor = predictor(pipeline, phase)?;
    let size = predictor.input_size();
    let reported = images(pipeline, SideName::Test, size)?;
    let validation = images(pipeline, SideName::Validation, size)?;
    let (clean, combinations) = judge(pipeline, phase, &predictor, &reported, &validation)?;
    let corrupted =
        robustness::subset(&reported.examples, pipeline.arguments.corruption_images as usize, pipeline.arguments.seed);
    let entries: Vec<&'static CorruptionEntry> = CORRUPTIONS.iter().collect();
    let bar = progress::bar(entries.len() * 5, "corrupted sets", "corrupting");
    let corruptions = under_corruptions(
        &predictor,
        &reported.store,
        &corrupted,
        &entries,
        pipeline.arguments.seed,
        128,
        &mut |done| bar.set_position(done as u64),
    )?;
    bar.finish_and_clear();
    let judges: Vec<String> = clean.iter().map(|judged| judged.judge.clone()).collect();
    let result = Phase {
        phase,
        corruption_means: judges.iter().map(|judge| (judge.clone(), mean_accuracies(&corruptions, judge))).collect(),
        clean,
        combinations,
        robustness: attack(pipeline, phase, &predictor, &reported)?,
        corruption_images: corrupted.len(),
        corruptions,
    };
    let path = pipeline.path(format!("{phase}.json"));
    write_atomically(&path, &serde_json::to_vec_pretty(&result)?)?;
    for judge in judges {
        let kept = attacked_file(pipeline, phase, &judge);
        if kept.exists() {
            std::fs::remove_file(&kept).with_context(|| kept.display().to_string())?;
        }
    }
    Ok(())
}

/// Where the attacks on a judge are kept until all of the phase is measured.
fn attacked_file(pipeline: &Pipeline<'_>, phase: &str, judge: &str) -> PathBuf {
    pipeline.path(format!("{phase}_{judge}_attacked.json"))
}

fn judge(
    pipeline: &Pipeline<'_>,
    phase: &str,
    predictor: &Predictor,
    reported: &Images,
    validation: &Images,
) -> anyhow::Result<(Vec<Judged>, Vec<Combined>)> {
    let labels = |images: &Images| images.examples.iter().map(|example| example.label).collect::<Vec<Label>>();
    let (on_reported, on_validation) = (members(predictor, reported)?, members(predictor, validation)?);
    let (reported_labels, validation_labels) = (labels(reported), labels(validation));
    let mut clean = Vec::new();
    for (member, probabilities) in predictor.members().iter().zip(&on_reported) {
        let scores = Scores::new(probabilities.clone(), reported_labels.clone())?;
        scores_file::write(&scores_file(pipeline, phase, &member.name), reported, &scores)?;
        let evaluation = Evaluation::new(&scores, 0.5)?;
        clean.push(Judged { judge: member.name.clone(), weight: Some(member.weight), evaluation });
    }
    let mut combinations: Vec<Combined> = Vec::new();
    let mut first: Option<Vec<Label>> = None;
    for entry in COMBINATIONS {
        let fitted = entry.fit(&on_validation, &validation_labels)?;
        let scores = Scores::new(fitted.combine(&on_reported), reported_labels.clone())?;
        let verdicts = scores.verdicts(0.5);
        let first = first.get_or_insert_with(|| verdicts.clone());
        if combinations.is_empty() {
            scores_file::write(&scores_file(pipeline, phase, "ensemble"), reported, &scores)?;
            clean.push(Judged { judge: "ensemble".into(), weight: None, evaluation: Evaluation::new(&scores, 0.5)? });
        }
        combinations.push(Combined {
            name: entry.name,
            validation: Evaluation::new(&Scores::new(fitted.combine(&on_validation), validation_labels.clone())?, 0.5)?,
            reported: Evaluation::new(&scores, 0.5)?,
            against_accuracy_weighted: mcnemar(&verdicts, first, &reported_labels)?,
            fitted,
        });
    }
    Ok((clean, combinations))
}

/// Every member and the vote, each attacked for itself. What was measured of a judge is kept in a file of its own, where
/// a pipeline that was stopped finds it: attacks take longest.
fn attack(
    pipeline: &Pipeline<'_>,
    phase: &str,
    predictor: &Predictor,
    reported: &Images,
) -> anyhow::Result<Vec<Value>> {
    let arguments = pipeline.arguments;
    let mut planned: Vec<(ChosenAttack, Epsilon)> = Vec::new();
    for epsilon in SINGLE_STEP {
        planned.push((ChosenAttack::parse("fgsm")?, epsilon.parse()?));
        planned.push((ChosenAttack::parse("random_noise")?, epsilon.parse()?));
    }
    for name in ITERATIVE {
        for epsilon in SMALL {
            planned.push((ChosenAttack::parse(name)?, epsilon.parse()?));
        }
    }
    let strongest: Vec<(ChosenAttack, Epsilon)> = SMALL
        .iter()
        .map(|epsilon| Ok((ChosenAttack::parse(STRONGEST)?, epsilon.parse()?)))
        .collect::<anyhow::Result<_>>()?;
    let many = robustness::subset(&reported.examples, arguments.attack_images as usize, arguments.seed);
    let few = robustness::subset(&reported.examples, arguments.strong_images as usize, arguments.seed);
    let together = predictor.target()?;
    let mut targets: Vec<(&str, &dyn Target)> =
        predictor.members().iter().map(|member| (member.name.as_str(), member.frozen() as &dyn Target)).collect();
    if targets.len() > 1 {
        targets.push(("ensemble", &*together));
    }
    let mut results = Vec::new();
    for (judge, target) in targets {
        let kept = attacked_file(pipeline, phase, judge);
        if let Ok(text) = std::fs::read(&kept) {
            results.push(serde_json::from_slice(&text).with_context(|| kept.display().to_string())?);
            continue;
        }
        let measured = |examples: &[Example], planned: &[(ChosenAttack, Epsilon)]| {
            let bar = progress::bar(examples.len() * (planned.len() + 1), "images", judge.to_owned());
            let campaign = Campaign { target, store: &reported.store, examples, seed: arguments.seed, batch_size: 128 };
            let trials: Vec<Trial<'_>> = planned.iter().map(|(attack, epsilon)| Trial { attack, epsilon }).collect();
            let result = campaign.run(&trials, &mut |attacked| {
                bar.set_position(attacked.done as u64);
                if let Some(Trial { attack, epsilon }) = attacked.trial {
                    bar.set_message(format!("{judge} {} {epsilon}", attack.name));
                }
                Ok(())
            });
            bar.finish_and_clear();
            result
        };
        let attacked = serde_json::to_value(Attacked {
            judge: judge.to_owned(),
            attacks: measured(&many, &planned)?,
            strongest: if few.is_empty() { None } else { Some(measured(&few, &strongest)?) },
        })?;
        write_atomically(&kept, &serde_json::to_vec_pretty(&attacked)?)?;
        results.push(attacked);
    }
    Ok(results)
}

/// Where [`measure`] keeps what a judge said of every image.
fn scores_file(pipeline: &Pipeline<'_>, phase: &str, judge: &str) -> PathBuf {
    pipeline.path(format!("{phase}_{judge}.csv"))
}

/// Reads what a judge said of every image.
pub(super) fn read_scores(pipeline: &Pipeline<'_>, phase: &str, judge: &str) -> anyhow::Result<Scores> {
    scores_file::scores(&scores_file::read(&scores_file(pipeline, phase, judge))?)
}

/// Both phases, whether they differ, and what everything took, in `results.json`.
pub(super) fn summarise(pipeline: &Pipeline<'_>) -> anyhow::Result<()> {
    let mut phases = Vec::new();
    for phase in PHASES {
        let path = pipeline.path(format!("{phase}.json"));
        phases
            .push(serde_json::from_slice::<Value>(&std::fs::read(&path)?).with_context(|| path.display().to_string())?);
    }
    let mut judges: Vec<&str> = pipeline.arguments.models.iter().map(String::as_str).collect();
    judges.push("ensemble");
    let mut changes = Vec::new();
    for judge in judges {
        let [base, last] = PHASES.map(|phase| scores_file::read(&scores_file(pipeline, phase, judge)));
        let (base, last) = (base?, last?);
        let shown = |lines: &[Scored]| lines.iter().map(|line| (line.path.clone(), line.content)).collect::<Vec<_>>();
        ensure!(
            shown(&base) == shown(&last),
            "{}: found that other images were measured after fine-tuning than before; expected the same; the data to report \
             on changed meanwhile: begin anew in another --out",
            pipeline.arguments.out.display()
        );
        let (base, last) = (scores_file::scores(&base)?, scores_file::scores(&last)?);
        let comparison = mcnemar(&base.verdicts(0.5), &last.verdicts(0.5), base.labels())?;
        changes.push(json!({ "judge": judge, "base_against_final": comparison }));
    }
    let results = json!({
        "data": pipeline.arguments.data.display().to_string(),
        "reported_on": pipeline.arguments.reported.report.as_ref().map_or_else(
            || "the test side of the split".to_owned(), |path| path.display().to_string()),
        "seed": pipeline.arguments.seed,
        "presets": [pipeline.arguments.phases.preset, pipeline.arguments.phases.finetune],
        "commit": COMMIT,
        "threads": std::thread::available_parallelism().map_or(1, usize::from),
        "stages": pipeline.stages,
        "phases": phases,
        "changes": changes,
    });
    Ok(write_atomically(&pipeline.path("results.json"), &serde_json::to_vec_pretty(&results)?)?)
}
