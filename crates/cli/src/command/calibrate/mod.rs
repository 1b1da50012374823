//! `fauxto calibrate`.

mod destination;
mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use fauxto::Label;
use fauxto::calibrate::{self, Calibration, Scaling, Settings, cross_fit, require_unseen};
use fauxto::data::split::{Candidate, Split};
use fauxto::evaluate::{Evaluation, Scores, judge_images};
use fauxto::image::RgbImage;
use fauxto::predict::Predictor;
use fauxto::run::RunFolder;
use fauxto::scan::stability::VARIANTS;

use self::destination::Destination;
use self::report::{MemberReport, Report, say_tables};
use super::evaluate::title_of;
use super::{Outcome, expect_replaceable, say_json};
use crate::images::Images;
use crate::options::{BatchOptions, DataOptions, Models, SideOptions};
use crate::{figure, progress};

/// Fit probabilities, thresholds and three-way verdicts to labelled images, without retraining
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto calibrate runs/mine mine/labelled/\n  \
    fauxto calibrate runs/mine photos/ --split runs/mine/split.json --side validation --figure reliability\n  \
    fauxto calibrate runs/mine few/ --level .9 --target-fpr .05 --out runs/mine/checkpoint_mine.safetensors\n  \
    fauxto calibrate runs/a,runs/b,runs/c labelled/ --out runs/ensemble.json\n  \
    fauxto calibrate runs/a,runs/b labelled/ --gate runs/gate --degraded runs/b,runs/c --out runs/ensemble.json\n\n\
    Writes into the checkpoint or the ensemble file, or to --out: a checkpoint, or an ensemble file where its \
    name ends in .json. Several models need the latter; other commands take it like a run folder. \
    Where images will have been re-encoded or resized on their way, --versions keeps the verdict at .5 from \
    being fitted to untouched ones alone; thresholds and three-way verdicts are of the images as they are. \
    A level of 95% takes 19 images of each class, a false-positive rate of 1% takes 99 real ones. What was \
    promised holds for images that come from where these came from.\n\
    Exit code 1: the model was trained on some of the images, or there are too few.")]
pub(crate) struct Arguments {
    /// Run folders, checkpoints or one ensemble file; several, separated by commas, vote
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    models: Models,
    /// Labelled images that the models were not trained on
    data: PathBuf,
    /// Let this network tell pristine images, which the models judge, from degraded ones (preset `release_gate`)
    #[arg(long, value_name = "RUN|CHECKPOINT", requires_all = ["degraded", "out"])]
    gate: Option<PathBuf>,
    /// What judges images that the gate calls degraded; may name some of the models again
    #[arg(long, value_name = "RUN|CHECKPOINT", value_parser = Models::parse, requires = "gate")]
    degraded: Option<Models>,
    #[command(flatten)]
    side: SideOptions,
    /// Of each class, the share of images whose true label the three-way verdict must allow
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    level: f64,
    /// False-positive rates to fit thresholds for
    #[arg(long = "target-fpr", value_name = "RATES", value_delimiter = ',', default_value = "0.01,0.05")]
    target_fprs: Vec<f64>,
    /// Fit probabilities to the images' versions as well: re-encoded, resized, mirrored (`fauxto list variants`)
    #[arg(long)]
    versions: bool,
    /// Write to this file and leave the models as they are
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Where to draw the reliability diagram, before and after (.svg and .png are appended)
    #[arg(long, value_name = "STEM")]
    figure: Option<PathBuf>,
    #[command(flatten)]
    batches: BatchOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Parts the calibration images are dealt into, to measure each by what the others give.
const FOLDS: usize = 5;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let settings = Settings { level: arguments.level, target_fprs: arguments.target_fprs.clone() };
    settings.needed()?;
    let device = arguments.batches.device.open()?;
    let models = &arguments.models.0;
    let predictor = match (&arguments.gate, &arguments.degraded) {
        (Some(gate), Some(degraded)) => Predictor::open_gated(models, &degraded.0, gate, &device)?,
        _ => Predictor::open(models, &device)?,
    };
    let destination = Destination::of(&predictor, arguments.out.as_deref())?;
    expect_replaceable(destination.path(), &["safetensors", "json"])?;
    let replaced = predictor.calibration().cloned();
    let predictor = predictor.without_calibration();

    let images = Images::open(&arguments.data, &arguments.options, predictor.input_size())?.on_side(&arguments.side)?;
    let positions = images.positions();
    let candidates = images.candidates();
    let splits = predictor
        .members()
        .iter()
        .map(|member| unseen(&member.name, &member.path, &candidates))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(gate) = predictor.gate() {
        unseen("the gate", &gate.path, &candidates)?;
    }

    let bar = progress::bar(positions.len(), "images", "judging");
    let judgements = predictor
        .judge(&images.store, &positions, arguments.batches.size(), &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let labels: Vec<Label> = candidates.iter().map(|image| image.label).collect();
    let uncalibrated: Vec<f64> = judgements.iter().map(|judgement| judgement.probability_fake).collect();
    let versions =
        if arguments.versions { judge_versions(&predictor, &images, &positions, arguments)? } else { Vec::new() };
    let of_column = |column: usize| versions.iter().map(|version| version[column].clone()).collect::<Vec<_>>();
    let combined = of_column(predictor.members().len());
    let mut calibration = Calibration::fit_with_versions(&uncalibrated, &combined, &labels, &settings)?;
    calibration.data_hash = Some(calibrate::data_hash(candidates.iter().map(|image| (image.content, image.label))));
    let scalings: Vec<Scaling> = (0..predictor.members().len())
        .map(|member| {
            let own: Vec<f64> = judgements.iter().map(|judgement| judgement.members[member]).collect();
            Scaling::fit_with_versions(&own, &of_column(member), &labels)
        })
        .collect();

    let at = |calibration: &Calibration| uncalibrated.iter().map(|&p| calibration.probability(p)).collect::<Vec<f64>>();
    let scores = |probabilities: Vec<f64>| Scores::new(probabilities, labels.clone());
    let crossed = cross_fit(&uncalibrated, &combined, &labels, &settings, FOLDS).ok();
    let (after, coverage, rates) = match &crossed {
        Some(crossed) => (scores(crossed.probabilities.clone())?, crossed.coverage, Some(crossed.rates.clone())),
        None => {
            let fitted = at(&calibration);
            let coverage = calibration.coverage(&fitted, &labels);
            (scores(fitted)?, coverage, None)
        }
    };
    let raw = scores(uncalibrated.clone())?;
    let before = replaced.as_ref().map(|replaced| scores(at(replaced))).transpose()?;

    if let Some(stem) = &arguments.figure {
        let title = format!("Reliability on {}", title_of(&arguments.data));
        let first = match (&before, &replaced) {
            (Some(scores), Some(replaced)) => named("Before", replaced.scaling, scores),
            _ => figure::Reliability { name: "Uncalibrated".into(), scores: &raw },
        };
        let panels = [first, named("Calibrated", calibration.scaling, &after)];
        figure::reliability(&title, &panels, stem)?;
    }
    // Last: what cannot be said of it leaves the model as it was.
    destination.write(&predictor, &calibration, &scalings)?;
    let models = predictor.members().iter().zip(splits).zip(scalings);
    let report = Report {
        written: destination.path(),
        data: arguments.data.display().to_string(),
        skipped: images.skipped,
        calibration: &calibration,
        replaced: replaced.as_ref(),
        models: models
            .map(|((member, (split, stopped_on)), scaling)| MemberReport {
                name: &member.name,
                path: member.path.display().to_string(),
                weight: member.weight,
                scaling,
                split,
                stopped_on,
            })
            .collect(),
        in_sample: crossed.is_none(),
        uncalibrated: Evaluation::new(&raw, 0.5)?,
        before: before.map(|scores| Evaluation::new(&scores, 0.5)).transpose()?,
        after: Evaluation::new(&after, 0.5)?,
        coverage,
        rates,
    };
    if arguments.json {
        say_json(&report)?;
    } else {
        say_tables(&report)?;
    }
    Ok(Outcome::Done)
}

/// The uncalibrated probability of fake of each version of the images, `[version][member, then all][image]`.
fn judge_versions(
    predictor: &Predictor,
    images: &Images,
    positions: &[usize],
    arguments: &Arguments,
) -> anyhow::Result<Vec<Vec<Vec<f64>>>> {
    let bar = progress::bar(VARIANTS.len(), "versions", "judging");
    let judged = VARIANTS.iter().map(|variant| {
        let made: Vec<RgbImage> = positions
            .iter()
            .map(|&position| variant.make(&images.store.image(position)?))
            .collect::<fauxto::Result<_>>()?;
        let columns = judge_images(predictor, &made, arguments.batches.size())?;
        bar.inc(1);
        Ok(columns)
    });
    let judged = judged.collect();
    bar.finish_and_clear();
    judged
}

fn named<'s>(name: &str, Scaling { temperature, bias }: Scaling, scores: &'s Scores) -> figure::Reliability<'s> {
    figure::Reliability { name: format!("{name}: temperature {temperature:.3}, bias {bias:+.3}"), scores }
}

/// Refuses images that `name` was trained on, as far as the split beside its checkpoint at `path` tells. Returns that
/// split and the number of images that training was stopped on.
fn unseen(name: &str, path: &Path, images: &[Candidate]) -> anyhow::Result<(Option<PathBuf>, usize)> {
    let run = RunFolder::beside(path);
    let file = run.split();
    if !file.exists() {
        progress::note(format!(
            "{}: no split.json beside it, so nothing tells whether it was trained on these images",
            path.display()
        ));
        return Ok((None, 0));
    }
    let stopped_on = require_unseen(&Split::load(&file)?, &run.read_added()?, images)?;
    if stopped_on > 0 {
        progress::note(format!(
            "{name}: its training was stopped on {stopped_on} of {} images, which flatter it a little; images it has not \
             met are better",
            images.len()
        ));
    }
    Ok((Some(file), stopped_on))
}
