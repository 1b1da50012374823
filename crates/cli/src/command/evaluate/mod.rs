//! `fauxto evaluate`.

mod corrupted;

use std::path::{Path, PathBuf};

use clap::Args;
use fauxto::Label;
use fauxto::calibrate::{ClassCoverage, data_hash};
use fauxto::evaluate::{Evaluation, METRICS, Scores};
use fauxto::model::Classes;
use fauxto::predict::Predictor;
use fauxto::run;
use serde::Serialize;

use self::corrupted::{Corrupted, CorruptedOptions};
use super::{Outcome, expect_replaceable, say, say_json};
use crate::images::Images;
use crate::options::{BatchOptions, DataOptions, Models, OperatingPoint, PrecisionOptions, SideOptions};
use crate::{figure, progress, scores_file, table};

/// Measure a detector on labelled images
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto evaluate runs/mine test.parquet\n  \
    fauxto evaluate runs/mine photos/ --side validation --split runs/mine/split.json\n  \
    fauxto evaluate runs/mine test.parquet --corrupted 500 --corrupted-figure runs/mine/corrupted\n  \
    fauxto evaluate runs/a,runs/b,runs/c test.parquet --json")]
pub(crate) struct Arguments {
    /// Run folders, checkpoints or one ensemble file; several, separated by commas, vote
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    models: Models,
    /// Labelled images
    data: PathBuf,
    #[command(flatten)]
    operating_point: OperatingPoint,
    #[command(flatten)]
    side: SideOptions,
    /// Where to draw the ROC, confusion and histogram figure (.svg and .png are appended)
    #[arg(long, value_name = "STEM")]
    figure: Option<PathBuf>,
    /// Where to draw the reliability diagram
    #[arg(long, value_name = "STEM")]
    reliability: Option<PathBuf>,
    /// Write each image's probability as CSV
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    #[command(flatten)]
    corrupted: CorruptedOptions,
    #[command(flatten)]
    batches: BatchOptions,
    #[command(flatten)]
    precision: PrecisionOptions,
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
    evaluation: &'a Evaluation,
    data: String,
    skipped: usize,
    models: Vec<MemberReport<'a>>,
    /// How the three-way verdicts of a calibrated model do, by class.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<[ClassCoverage; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrupted: Option<Corrupted>,
}

#[derive(Debug, Serialize)]
struct MemberReport<'a> {
    name: &'a str,
    path: String,
    weight: f64,
    evaluation: Evaluation,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    arguments.operating_point.check()?;
    if let Some(path) = &arguments.scores {
        expect_replaceable(path, &["csv"])?;
    }
    let device = arguments.batches.device.open()?;
    let predictor = Predictor::open(&arguments.models.0, &device)?.in_precision(arguments.precision.choose(&device));
    let threshold = arguments.operating_point.threshold(&predictor)?;
    let images = Images::open(&arguments.data, &arguments.options, predictor.input_size())?.on_side(&arguments.side)?;
    let positions = images.positions();
    let bar = progress::bar(positions.len(), "images", "judging");
    let judgements = predictor
        .judge(&images.store, &positions, arguments.batches.size(), &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();

    let candidates = images.candidates();
    let hash = data_hash(candidates.iter().map(|image| (image.content, image.label)));
    if predictor.calibration().and_then(|calibration| calibration.data_hash.as_ref()) == Some(&hash) {
        progress::note("these are the images that the model was calibrated on, which flatters it");
    }
    let members = predictor.members().iter().map(|member| (member.name.as_str(), &member.path));
    for (name, path) in members.chain(predictor.gate().map(|gate| ("the gate", &gate.path))) {
        let learned = run::learned(path)?;
        let known = candidates.iter().filter(|image| learned.contains(&image.content)).count();
        if known > 0 {
            progress::note(format!("{name}: {known} of these images are ones it was trained on, which flatters it"));
        }
    }
    let labels: Vec<Label> = images.examples.iter().map(|example| example.label).collect();
    let scores = Scores::new(judgements.iter().map(|judgement| judgement.probability_fake).collect(), labels.clone())?;
    let evaluation = Evaluation::new(&scores, threshold)?;
    // A threshold fitted to the combined probability is no member's.
    let fitted_together = arguments.operating_point.is_fitted() && predictor.members().len() > 1;
    let own_threshold = if fitted_together { 0.5 } else { threshold };
    let models = predictor
        .members()
        .iter()
        .enumerate()
        .map(|(member, info)| {
            let own = judgements.iter().map(|judgement| judgement.members[member]).collect();
            Ok(MemberReport {
                name: &info.name,
                path: info.path.display().to_string(),
                weight: info.weight,
                evaluation: Evaluation::new(&Scores::new(own, labels.clone())?, own_threshold)?,
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;

    if let Some(stem) = &arguments.figure {
        let names: Vec<&str> = models.iter().map(|model| model.name).collect();
        let title = format!("{} on {}", names.join(" + "), title_of(&arguments.data));
        figure::evaluation(&title, Classes::RealFake, &scores, &evaluation, stem)?;
    }
    if let Some(stem) = &arguments.reliability {
        let title = format!("Reliability on {}", title_of(&arguments.data));
        let panel = figure::Reliability { name: "Probabilities as given".into(), scores: &scores };
        figure::reliability(&title, &[panel], stem)?;
    }
    if let Some(path) = &arguments.scores {
        scores_file::write(path, &images, &scores)?;
    }
    let data = title_of(&arguments.data);
    let corrupted = arguments.corrupted.measure(&predictor, &images, arguments.batches.size(), &data)?;
    let report = Report {
        evaluation: &evaluation,
        data: arguments.data.display().to_string(),
        skipped: images.skipped,
        models,
        coverage: predictor.calibration().map(|found| found.coverage(scores.probability_fake(), &labels)),
        corrupted,
    };
    if arguments.json {
        say_json(&report)?;
    } else {
        say_tables(&report)?;
    }
    Ok(Outcome::Done)
}

/// The last two parts of a path, as in `cifake/test.parquet`: what people recognise.
pub(super) fn title_of(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts[parts.len().saturating_sub(2)..].join("/")
}

fn say_tables(report: &Report<'_>) -> anyhow::Result<()> {
    let evaluation = report.evaluation;
    let [low, high] = evaluation.accuracy_interval;
    say(format!(
        "{} images of {} ({} real, {} fake{}), called fake from {} on",
        evaluation.n,
        report.data,
        evaluation.n_real,
        evaluation.n_fake,
        if report.skipped > 0 { format!(", {} skipped", report.skipped) } else { String::new() },
        evaluation.threshold,
    ))?;
    let several = report.models.len() > 1;
    let mut header = vec![""];
    header.push(if several { "ensemble" } else { report.models[0].name });
    if several {
        header.extend(report.models.iter().map(|model| model.name));
    }
    let columns: Vec<&Evaluation> = std::iter::once(evaluation)
        .chain(report.models.iter().map(|model| &model.evaluation).filter(|_| several))
        .collect();
    let rows = METRICS.iter().map(|metric| {
        let values = columns.iter().map(|column| match column.value(metric) {
            Some(value) => format!("{value:.4}"),
            None => "undefined".into(),
        });
        std::iter::once(metric.title.to_owned()).chain(values).collect()
    });
    say(table::table(&header, rows))?;
    for (name, reason) in &evaluation.undefined {
        say(format!("{name} is undefined: {reason}"))?;
    }
    say(format!("accuracy between {low:.4} and {high:.4} (95% Wilson interval)"))?;
    let confusion = &evaluation.confusion;
    say(table::table(
        &["", "called real", "called fake"],
        [
            vec!["real".into(), confusion.real_as_real.to_string(), confusion.real_as_fake.to_string()],
            vec!["fake".into(), confusion.fake_as_real.to_string(), confusion.fake_as_fake.to_string()],
        ],
    ))?;
    report.coverage.iter().try_for_each(say_coverage)?;
    report.corrupted.iter().try_for_each(Corrupted::say)
}

/// The table of three-way verdicts.
pub(super) fn say_coverage(classes: &[ClassCoverage; 2]) -> anyhow::Result<()> {
    let rows = classes.iter().map(|class| {
        let [low, high] = class.interval;
        let share = class.coverage.map_or_else(String::new, |share| format!("{share:.4} [{low:.4}, {high:.4}]"));
        let counts = [class.n, class.right, class.wrong, class.unsure].map(|count| count.to_string());
        std::iter::once(class.label.to_string()).chain(counts).chain([share]).collect()
    });
    say(table::table(&["three-way verdicts", "images", "right", "wrong", "unsure", "truth allowed [95%]"], rows))
}
