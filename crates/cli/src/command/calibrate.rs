//! `fauxto calibrate`.

use std::path::{Path, PathBuf};

use clap::Args;
use fauxto::calibrate::{
    self, Calibration, ClassCoverage, MeasuredRate, Scaling, Settings, cross_fit, percent, require_unseen,
};
use fauxto::data::split::{Candidate, Split};
use fauxto::ensemble_file::EnsembleFile;
use fauxto::evaluate::{Evaluation, Scores, judge_images, metric};
use fauxto::image::RgbImage;
use fauxto::predict::Predictor;
use fauxto::run::RunFolder;
use fauxto::scan::stability::VARIANTS;
use fauxto::{Label, checkpoint};
use serde::Serialize;

use super::evaluate::{say_coverage, title_of};
use super::{Outcome, say, say_json};
use crate::images::Images;
use crate::options::{BatchOptions, DataOptions, Models, SideOptions};
use crate::{figure, progress, table};

/// Fit probabilities, thresholds and three-way verdicts to labelled images, without retraining
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto calibrate runs/mine mine/labelled/\n  \
    fauxto calibrate runs/mine photos/ --split runs/mine/split.json --side test --figure reliability\n  \
    fauxto calibrate runs/mine few/ --level .9 --target-fpr .05 --out runs/mine/checkpoint_mine.safetensors\n  \
    fauxto calibrate runs/a,runs/b,runs/c labelled/ --out runs/ensemble.json\n  \
    fauxto calibrate runs/a,runs/b labelled/ --gate runs/gate --degraded runs/b,runs/c --out runs/ensemble.json\n\n\
    Writes into the checkpoint or the ensemble file, or to --out: a checkpoint, or an ensemble file where its\n\
    name ends in .json. Several models need the latter; other commands take it like a run folder.\n\
    Where images will have been re-encoded or resized on their way, --versions keeps the verdict at .5 from\n\
    being fitted to untouched ones alone; thresholds and three-way verdicts are of the images as they are.\n\
    A level of 95% takes 19 images of each class, a false-positive rate of 1% takes 99 real ones. What was\n\
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

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report<'a> {
    written: &'a Path,
    data: String,
    skipped: usize,
    calibration: &'a Calibration,
    /// The calibration that was there before.
    replaced: Option<&'a Calibration>,
    models: Vec<MemberReport<'a>>,
    /// Whether `after`, `coverage` and `rates` are of images that were fitted on, for want of others.
    in_sample: bool,
    uncalibrated: Evaluation,
    /// At the calibration that was there before.
    before: Option<Evaluation>,
    after: Evaluation,
    coverage: [ClassCoverage; 2],
    rates: Option<Vec<MeasuredRate>>,
}

#[derive(Debug, Serialize)]
struct MemberReport<'a> {
    name: &'a str,
    path: String,
    weight: f64,
    /// What makes its own probability honest.
    #[serde(flatten)]
    scaling: Scaling,
    /// The split by which it is known not to have been trained on these images.
    split: Option<PathBuf>,
    /// Images that its training was stopped on.
    stopped_on: usize,
}

/// Where the calibration goes.
enum Destination {
    Checkpoint(PathBuf),
    Ensemble(PathBuf),
}

impl Destination {
    fn of(predictor: &Predictor, out: Option<&Path>) -> anyhow::Result<Self> {
        let alone = match (predictor.ensemble_file(), predictor.members()) {
            (None, [only]) => Some(&only.path),
            _ => None,
        };
        let is_json = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        match (out, alone, predictor.ensemble_file()) {
            (Some(out), _, _) if is_json(out) => Ok(Self::Ensemble(out.to_path_buf())),
            (Some(out), Some(_), _) => Ok(Self::Checkpoint(out.to_path_buf())),
            (None, Some(own), _) => Ok(Self::Checkpoint(own.clone())),
            (None, None, Some(own)) => Ok(Self::Ensemble(own.to_path_buf())),
            (found, None, _) => anyhow::bail!(
                "--out: found {}; expected a file whose name ends in .json, where several models are written as an \
                 ensemble, as in --out ensemble.json",
                found.map_or_else(|| "none".into(), |path| path.display().to_string())
            ),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Checkpoint(path) | Self::Ensemble(path) => path,
        }
    }

    fn write(&self, predictor: &Predictor, calibration: &Calibration, scalings: &[Scaling]) -> anyhow::Result<()> {
        if let Some(folder) = self.path().parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        match self {
            Self::Checkpoint(path) => {
                Ok(checkpoint::write_calibration(&predictor.members()[0].path, path, calibration)?)
            }
            Self::Ensemble(path) => {
                let file: EnsembleFile = predictor.to_ensemble_file(path, calibration.clone(), scalings)?;
                Ok(file.save(path)?)
            }
        }
    }
}

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

    destination.write(&predictor, &calibration, &scalings)?;
    if let Some(stem) = &arguments.figure {
        let title = format!("Reliability on {}", title_of(&arguments.data));
        let first = match (&before, &replaced) {
            (Some(scores), Some(replaced)) => named("Before", replaced.scaling, scores),
            _ => figure::Reliability { name: "Uncalibrated".into(), scores: &raw },
        };
        let panels = [first, named("Calibrated", calibration.scaling, &after)];
        figure::reliability(&title, &panels, stem)?;
    }
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
    let folder = path.parent().unwrap_or(Path::new(""));
    let file = RunFolder::new(folder).split();
    if !file.exists() {
        progress::note(format!(
            "{}: no split.json beside it, so nothing tells whether it was trained on these images",
            path.display()
        ));
        return Ok((None, 0));
    }
    let stopped_on = require_unseen(&Split::load(&file)?, images)?;
    if stopped_on > 0 {
        progress::note(format!(
            "{name}: its training was stopped on {stopped_on} of {} images, which flatter it a little; images it has not \
             met are better",
            images.len()
        ));
    }
    Ok((Some(file), stopped_on))
}

fn say_tables(report: &Report<'_>) -> anyhow::Result<()> {
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
