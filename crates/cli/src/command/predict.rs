//! `fauxto predict`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use fauxto::Label;
use fauxto::calibrate::{ConformalVerdict, percent};
use fauxto::data::{Broken, Dataset, Labels, OpenOptions};
use fauxto::predict::{Judgement, Predictor};
use fauxto::submission;
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::options::{BatchOptions, Models, OperatingPoint, PrecisionOptions, tell_if_uncalibrated};
use crate::{pixels, progress, table};

/// Judge images
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto predict runs/mine picture.jpg\n  \
    fauxto predict runs/mine folder/ --json > verdicts.json\n  \
    fauxto predict runs/mine test/ --submission submission.json\n  \
    fauxto predict runs/mine --fail-on-fake - < upload.jpg\n  \
    fauxto predict runs/calibrated folder/ --target-fpr .01\n\n\
    A calibrated model also judges real, fake or unsure, at the level it was calibrated for. \
    Of animations and files of several pages the first picture is judged.\n\
    Exit code 1: an image was judged fake and --fail-on-fake was given.\n\
    Exit code 2: an image could not be judged; the others were.")]
pub(crate) struct Arguments {
    /// Run folders, checkpoints or one ensemble file; several, separated by commas, vote
    #[arg(value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    models: Models,
    /// Images, folders, Parquet files; `-` reads one image from standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    operating_point: OperatingPoint,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
    /// Print nothing but errors
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    quiet: bool,
    /// Also write `[{"index": 1, "prediction": "fake"}, ...]` in natural order
    #[arg(long, value_name = "FILE")]
    submission: Option<PathBuf>,
    /// Exit with 1 if any image's verdict, by the threshold, is fake
    #[arg(long)]
    fail_on_fake: bool,
    #[command(flatten)]
    batches: BatchOptions,
    #[command(flatten)]
    precision: PrecisionOptions,
}

/// One image in the output, in the order of the input. Field names are stable.
#[derive(Debug, Serialize)]
struct Row {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Label>,
    /// Real, fake or unsure, where the model is calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    judgement: Option<ConformalVerdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    probability_fake: Option<f64>,
    /// Probability of fake by model.
    #[serde(skip_serializing_if = "Option::is_none")]
    models: Option<serde_json::Map<String, serde_json::Value>>,
    /// Probability of the image having been degraded since it was made, where the ensemble has a gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    degraded: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    arguments.operating_point.check()?;
    let device = arguments.batches.device.open()?;
    let predictor = Predictor::open(&arguments.models.0, &device)?.in_precision(arguments.precision.choose(&device));
    tell_if_uncalibrated(&predictor);
    let threshold = arguments.operating_point.threshold(&predictor)?;
    let mut rows = Vec::new();
    for path in &arguments.paths {
        match open(path) {
            Ok(dataset) => rows.extend(judge(&predictor, arguments.batches.size(), threshold, &dataset, path)?),
            Err(error) => rows.push(Row::broken(path.display().to_string(), error.to_string())),
        }
    }
    if arguments.quiet {
        say_errors(&rows);
    } else {
        print(arguments, &predictor, &rows)?;
    }
    if let Some(file) = &arguments.submission {
        let verdicts: Vec<(&str, Option<Label>)> = rows.iter().map(|row| (row.path.as_str(), row.verdict)).collect();
        submission::write(file, &verdicts)?;
    }
    let broken = rows.iter().any(|row| row.error.is_some());
    let fake = rows.iter().any(|row| row.verdict == Some(Label::Fake));
    Ok(match (broken, arguments.fail_on_fake && fake) {
        (_, true) => Outcome::No,
        (true, false) => Outcome::Broken,
        (false, false) => Outcome::Done,
    })
}

/// The images at `path`, or one from standard input.
pub(super) fn open(path: &Path) -> anyhow::Result<Dataset> {
    let options = OpenOptions { labels: Labels::Unread, ..OpenOptions::default() };
    if path != Path::new("-") {
        return Ok(Dataset::open(path, &options)?);
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(options.limits.max_file_bytes + 1).read_to_end(&mut bytes)?;
    Ok(Dataset::from_memory(vec![("-".into(), bytes.into())], options.limits)?)
}

fn judge(
    predictor: &Predictor,
    batch: usize,
    threshold: f64,
    dataset: &Dataset,
    given: &Path,
) -> anyhow::Result<Vec<Row>> {
    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    let store = pixels::decode(dataset, &indices, predictor.input_size())?;
    let broken: std::collections::HashMap<usize, &str> =
        store.broken().iter().map(|broken| (broken.position, broken.entry.reason.as_str())).collect();
    let positions: Vec<usize> = indices.iter().copied().filter(|position| !broken.contains_key(position)).collect();
    let bar = progress::bar(positions.len(), "images", "judging");
    let mut judgements =
        predictor.judge(&store, &positions, batch, &mut |done| bar.set_position(done as u64))?.into_iter();
    bar.finish_and_clear();
    let mut rows: Vec<Row> = indices
        .iter()
        .filter_map(|position| {
            let path = shown(given, dataset, *position);
            match broken.get(position) {
                Some(reason) => Some(Row::broken(path, (*reason).to_owned())),
                None => Some(Row::judged(path, predictor, &judgements.next()?, threshold)),
            }
        })
        .collect();
    rows.extend(dataset.broken.iter().map(|entry| Row::broken(shown_broken(given, entry), entry.reason.clone())));
    Ok(rows)
}

/// What the user would type to name the image again.
pub(super) fn shown(given: &Path, dataset: &Dataset, position: usize) -> String {
    let identity = &dataset.items[position].identity;
    if given.is_dir() {
        return given.join(identity).display().to_string();
    }
    if dataset.items.len() == 1 {
        return given.display().to_string();
    }
    given.parent().map_or_else(|| PathBuf::from(identity), |folder| folder.join(identity)).display().to_string()
}

/// The same of what is no image of the data set.
pub(super) fn shown_broken(given: &Path, entry: &Broken) -> String {
    if given.is_dir() { given.join(&entry.identity).display().to_string() } else { entry.identity.clone() }
}

impl Row {
    fn broken(path: String, error: String) -> Self {
        Self {
            path,
            verdict: None,
            judgement: None,
            probability_fake: None,
            models: None,
            degraded: None,
            error: Some(error),
        }
    }

    fn judged(path: String, predictor: &Predictor, judgement: &Judgement, threshold: f64) -> Self {
        let models = predictor
            .members()
            .iter()
            .zip(&judgement.members)
            .map(|(member, probability)| (member.name.clone(), (*probability).into()))
            .collect();
        Self {
            path,
            verdict: Some(judgement.verdict(threshold)),
            judgement: judgement.conformal,
            probability_fake: Some(judgement.probability_fake),
            models: Some(models),
            degraded: judgement.degraded,
            error: None,
        }
    }
}

fn print(arguments: &Arguments, predictor: &Predictor, rows: &[Row]) -> anyhow::Result<()> {
    if arguments.json {
        return say_json(&rows);
    }
    let names: Vec<&str> = predictor.members().iter().map(|member| member.name.as_str()).collect();
    let of_model = |row: &Row, name: &str| row.models.as_ref().and_then(|models| models.get(name)?.as_f64());
    // The column is there with a calibrated model and not without one.
    let judged = |row: &Row| {
        let name = || row.judgement.map_or("", ConformalVerdict::name).to_owned();
        predictor.calibration().map(|_| name())
    };
    let judgement = predictor.calibration().map(|_| "judgement");
    if arguments.csv {
        let mut writer = csv::Writer::from_writer(crate::output::output());
        let fixed = ["path", "verdict"].into_iter().chain(judgement).chain(["probability_fake"]);
        let header = fixed.chain(names.iter().copied());
        writer.write_record(header.chain(["error"]))?;
        for row in rows {
            let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
            let verdict = row.verdict.map_or("", Label::name).to_owned();
            let fixed =
                [row.path.clone(), verdict].into_iter().chain(judged(row)).chain([number(row.probability_fake)]);
            let models = names.iter().map(|name| number(of_model(row, name)));
            writer.write_record(fixed.chain(models).chain([row.error.clone().unwrap_or_default()]))?;
        }
        writer.flush()?;
        return Ok(());
    }
    let several = names.len() > 1;
    let mut header: Vec<&str> = ["", "verdict"].into_iter().chain(judgement).chain(["P(fake)"]).collect();
    if several {
        header.extend(&names);
    }
    let lines = rows.iter().map(|row| {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
        let verdict = row.verdict.map_or("error", Label::name).to_owned();
        let mut line = vec![row.path.clone(), verdict];
        line.extend(judged(row));
        line.push(number(row.probability_fake));
        if several {
            line.extend(names.iter().map(|name| number(of_model(row, name))));
        }
        line
    });
    say(table::table(&header, lines))?;
    let broken = say_errors(rows);
    if rows.len() > 1 {
        let fake = rows.iter().filter(|row| row.verdict == Some(Label::Fake)).count();
        let real = rows.len() - broken - fake;
        say(format!("{real} real, {fake} fake, {broken} not judged"))?;
        if let Some(calibration) = predictor.calibration() {
            let [real, fake, unsure] =
                ConformalVerdict::ALL.map(|verdict| rows.iter().filter(|row| row.judgement == Some(verdict)).count());
            say(format!(
                "judgement at the {} level: {real} real, {fake} fake, {unsure} unsure",
                percent(calibration.conformal.level)
            ))?;
        }
    }
    Ok(())
}

/// Says on standard error which images could not be judged and why, and returns how many.
fn say_errors(rows: &[Row]) -> usize {
    let broken: Vec<&Row> = rows.iter().filter(|row| row.error.is_some()).collect();
    for row in &broken {
        let reason = row.error.as_deref().unwrap_or_default();
        let named = if reason.starts_with(&row.path) { String::new() } else { format!("{}: ", row.path) };
        progress::note(format!("error: {named}{reason}"));
    }
    broken.len()
}
