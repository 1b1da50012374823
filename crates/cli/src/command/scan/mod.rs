//! `fauxto scan`.

mod explain;
mod row;
mod say;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fauxto::calibrate::ConformalVerdict;
use fauxto::data::Dataset;
use fauxto::predict::Predictor;
use fauxto::scan::{Level, Scanner, Settings};

use super::{Outcome, predict};
use crate::options::{BatchOptions, Models, OperatingPoint, PrecisionOptions, tell_if_uncalibrated};
use crate::progress;
use row::Row;

/// Judge images with the built-in detector, and say what the verdict is worth
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto scan picture.jpg\n  \
    fauxto scan folder/ other.png test.parquet --json > verdicts.json\n  \
    fauxto scan photo.jpg --explain why/\n  \
    fauxto scan archive/ --json-lines > verdicts.jsonl\n  \
    curl -s https://example.org/picture.jpg | fauxto scan -\n  \
    fauxto scan folder/ --model runs/mine --fail-on-fake\n\n\
    The built-in detector learned from CIFAKE, photographs and Stable Diffusion 1.4's images at 32x32 pixels. It has \
    seen no other generator, and takes most of their images for real; train one of your own for them (fauxto train). \
    The verdict is withheld (judgement: unsure) where the probability is between the classes or the threshold \
    contradicts the calibration, where a re-encoded, resized or mirrored version of the image gets another verdict, \
    or where the image is far from what the detector learned from. Photographs of at least twice the detector's \
    input are also judged by tiles. Of animations and files of several pages the first picture is judged.\n\
    Exit code 1: an image was judged fake and --fail-on-fake was given.\n\
    Exit code 2: an image could not be judged; the others were.")]
pub(crate) struct Arguments {
    /// Images, folders, Parquet files; `-` reads one image from standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Run folders or checkpoints in place of the built-in detector; several, separated by commas, vote
    #[arg(long, value_name = "RUN|CHECKPOINT", value_parser = Models::parse)]
    model: Option<Models>,
    /// Versions of each image to judge: the verdict shall survive them
    #[arg(long, value_name = "LEVEL", default_value = "auto")]
    stability: StabilityLevel,
    /// Tiles of a large photograph at most; 0: none
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(0..=1024))]
    tiles: u32,
    #[command(flatten)]
    operating_point: OperatingPoint,
    /// Folder for a heat map of what speaks for each verdict
    #[arg(long, value_name = "FOLDER")]
    explain: Option<PathBuf>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print each image as one line of JSON once it and some after it are judged, for large collections
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    json_lines: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
    /// Exit with 1 if any image is judged fake; unsure is not
    #[arg(long)]
    fail_on_fake: bool,
    #[command(flatten)]
    batches: BatchOptions,
    #[command(flatten)]
    precision: PrecisionOptions,
}

/// Which versions of each image to judge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StabilityLevel {
    /// All up to 100 images, the fast ones up to 1000, none beyond
    Auto,
    /// None
    None,
    /// One re-encoded, one mirrored
    Fast,
    /// All (`fauxto list variants`)
    Full,
}

/// Images that are judged before any of them is said where they are said line by line. Between pieces the detector waits for
/// decoding, and a Parquet file is opened anew.
const PIECE: usize = 4096;

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    arguments.operating_point.check()?;
    let device = arguments.batches.device.open()?;
    let predictor = match &arguments.model {
        Some(models) => Predictor::open(&models.0, &device)?,
        None => Predictor::built_in(&device)?,
    }
    .in_precision(arguments.precision.choose(&device));
    tell_if_uncalibrated(&predictor);
    let opened: Vec<_> = arguments.paths.iter().map(|path| (path, predict::open(path))).collect();
    let images = opened.iter().filter_map(|(_, dataset)| Some(dataset.as_ref().ok()?.items.len())).sum();
    let scanner = Scanner {
        predictor: &predictor,
        settings: Settings {
            stability: level(arguments.stability, images),
            most_tiles: arguments.tiles as usize,
            batch_size: arguments.batches.size(),
            threshold: arguments.operating_point.threshold(&predictor)?,
        },
    };
    let explainer = arguments.explain.as_deref().map(explain::Writer::new).transpose()?;
    let bar = progress::bar(images, "images", "scanning");
    let (mut rows, mut done, mut explainer) = (Vec::new(), 0, explainer);
    let (mut broken, mut fake, mut unexplained) = (false, false, false);
    let mut take = |row: Row| -> anyhow::Result<()> {
        broken |= row.error.is_some();
        fake |= row.judgement == Some(ConformalVerdict::Fake);
        if arguments.json_lines {
            return bar.suspend(|| super::say(serde_json::to_string(&row)?));
        }
        rows.push(row);
        Ok(())
    };
    for (path, dataset) in opened {
        let dataset: Dataset = match dataset {
            Ok(dataset) => dataset,
            Err(error) => {
                take(Row::broken(path.display().to_string(), error.to_string()))?;
                continue;
            }
        };
        let indices: Vec<usize> = (0..dataset.items.len()).collect();
        for piece in indices.chunks(PIECE) {
            let found = scanner.scan(&dataset, piece, &mut |images| bar.set_position((done + images) as u64));
            done += piece.len();
            let explanations = match &mut explainer {
                Some(writer) => writer.write(&predictor, &dataset, path, piece, &found).unwrap_or_else(|error| {
                    // What was judged is said all the same.
                    progress::note(format!("error: heat maps: {error:#}"));
                    unexplained = true;
                    vec![None; found.len()]
                }),
                None => vec![None; found.len()],
            };
            for ((&index, found), explanation) in piece.iter().zip(found).zip(explanations) {
                let shown = predict::shown(path, &dataset, index);
                take(match found {
                    Ok(finding) => Row::found(shown, &predictor, finding, explanation),
                    Err(broken) => Row::broken(shown, broken.reason),
                })?;
            }
        }
        for entry in &dataset.broken {
            take(Row::broken(predict::shown_broken(path, entry), entry.reason.clone()))?;
        }
    }
    bar.finish_and_clear();
    if !arguments.json_lines {
        say::rows(arguments, &predictor, &rows)?;
    }
    Ok(match (broken || unexplained, arguments.fail_on_fake && fake) {
        (_, true) => Outcome::No,
        (true, false) => Outcome::Broken,
        (false, false) => Outcome::Done,
    })
}

/// The versions asked for, or those that fit the number of images, which is said where it leaves some out.
fn level(asked: StabilityLevel, images: usize) -> Level {
    match asked {
        StabilityLevel::None => Level::None,
        StabilityLevel::Fast => Level::Fast,
        StabilityLevel::Full => Level::Full,
        StabilityLevel::Auto => {
            let level = Level::for_images(images);
            if level != Level::Full {
                progress::note(format!(
                    "{images} images: stability {}; ask for more with --stability full",
                    match level {
                        Level::None => "not measured",
                        _ => "measured on the fast versions only",
                    }
                ));
            }
            level
        }
    }
}
