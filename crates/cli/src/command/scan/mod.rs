//! `fauxto scan`.

mod explain;
mod row;
mod say;

use fauxto::calibrate::ConformalVerdict;
use fauxto::data::Dataset;
use fauxto::device;
use fauxto::predict::Predictor;
use fauxto::scan::{Level, Scanner, Settings};

use super::{Outcome, predict};
use crate::arguments::{Scan, StabilityLevel};
use crate::progress;
use row::Row;

pub(super) fn run(arguments: &Scan) -> anyhow::Result<Outcome> {
    arguments.operating_point.check()?;
    let device = device::device(&arguments.device)?;
    let predictor = match &arguments.model {
        Some(models) => Predictor::open(&models.0, &device)?,
        None => Predictor::built_in(&device)?,
    };
    let opened: Vec<_> = arguments.paths.iter().map(|path| (path, predict::open(path))).collect();
    let images = opened.iter().filter_map(|(_, dataset)| Some(dataset.as_ref().ok()?.items.len())).sum();
    let scanner = Scanner {
        predictor: &predictor,
        settings: Settings {
            stability: level(arguments.stability, images),
            most_tiles: arguments.tiles as usize,
            batch_size: arguments.batch as usize,
            threshold: arguments.operating_point.threshold(&predictor)?,
        },
    };
    let explainer = arguments.explain.as_deref().map(explain::Writer::new).transpose()?;
    let bar = progress::bar(images, "images", "scanning");
    let (mut rows, mut done, mut explainer) = (Vec::new(), 0, explainer);
    for (path, dataset) in opened {
        let dataset: Dataset = match dataset {
            Ok(dataset) => dataset,
            Err(error) => {
                rows.push(Row::broken(path.display().to_string(), error.to_string()));
                continue;
            }
        };
        let indices: Vec<usize> = (0..dataset.items.len()).collect();
        let found = scanner.scan(&dataset, &indices, &mut |images| bar.set_position((done + images) as u64));
        done += indices.len();
        let explanations = match &mut explainer {
            Some(writer) => writer.write(&predictor, &dataset, path, &found)?,
            None => vec![None; found.len()],
        };
        for ((index, found), explanation) in indices.into_iter().zip(found).zip(explanations) {
            let shown = predict::shown(path, &dataset, index);
            rows.push(match found {
                Ok(finding) => Row::found(shown, &predictor, finding, explanation),
                Err(broken) => Row::broken(shown, broken.reason),
            });
        }
        rows.extend(dataset.broken.iter().map(|entry| Row::broken(entry.identity.clone(), entry.reason.clone())));
    }
    bar.finish_and_clear();
    say::rows(arguments, &predictor, &rows)?;
    let broken = rows.iter().any(|row| row.error.is_some());
    let fake = rows.iter().any(|row| row.judgement == Some(ConformalVerdict::Fake));
    Ok(match (broken, arguments.fail_on_fake && fake) {
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
