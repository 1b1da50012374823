//! From what the science crate measures to what the figures crate draws.

use std::path::{Path, PathBuf};

use fauxto::corrupt::{CorruptedSet, Sheet};
use fauxto::evaluate::{Evaluation, Scores, histogram, metric, roc_curve};
use fauxto::explain::{Map, MapKind};
use fauxto::image::RgbImage;
use fauxto::train::EpochRecord;
use figures::{ContactSheet, Epoch, EvaluationFigure, Explained, ExplanationFigure, Figure, Tile, TrainingFigure};

const HISTOGRAM_BINS: usize = 20;

/// Draws ROC curve, confusion matrix and histogram to `stem` with .svg and .png.
pub(crate) fn evaluation(
    title: &str,
    scores: &Scores,
    evaluation: &Evaluation,
    stem: &Path,
) -> anyhow::Result<[PathBuf; 2]> {
    Ok(evaluation_figure(title, scores, evaluation)?.save(stem)?)
}

/// ROC curve, confusion matrix and histogram.
pub(crate) fn evaluation_figure(title: &str, scores: &Scores, evaluation: &Evaluation) -> anyhow::Result<Figure> {
    let curve: Vec<(f64, f64)> = roc_curve(scores)
        .map(|points| points.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect())
        .unwrap_or_default();
    let histogram = histogram(scores, HISTOGRAM_BINS);
    let confusion = &evaluation.confusion;
    let figure = EvaluationFigure {
        title,
        confusion: [[confusion.real_as_real, confusion.real_as_fake], [confusion.fake_as_real, confusion.fake_as_fake]],
        accuracy_interval: evaluation.accuracy_interval,
        threshold: evaluation.threshold,
        roc_curve: &curve,
        roc_auc: metric::find("roc_auc").and_then(|metric| evaluation.value(metric)),
        histogram_real: &histogram.real,
        histogram_fake: &histogram.fake,
    };
    Ok(figure.draw()?)
}

/// Draws the curves of a training run to `stem` with .svg and .png.
pub(crate) fn training(
    title: &str,
    [train, validation]: [usize; 2],
    history: &[EpochRecord],
    best_epoch: usize,
    stem: &Path,
) -> anyhow::Result<[PathBuf; 2]> {
    let epochs: Vec<Epoch> = history
        .iter()
        .map(|record| Epoch {
            train_loss: record.train_loss,
            validation_loss: record.validation_loss,
            validation_accuracy: record.validation_accuracy,
            validation_auc: record.validation_auc,
            learning_rate: record.learning_rate,
        })
        .collect();
    let figure = TrainingFigure {
        title,
        n_train: train as u64,
        n_validation: validation as u64,
        epochs: &epochs,
        best_epoch: Some(best_epoch),
    };
    Ok(figure.draw()?.save(stem)?)
}

/// Draws the maps of `image`, each with its name and the lines below it, to `stem` with .svg and .png.
pub(crate) fn explanation(
    title: &str,
    caption: &str,
    image: &RgbImage,
    maps: &[(String, Vec<String>, &Map)],
    stem: &Path,
) -> anyhow::Result<[PathBuf; 2]> {
    let rows: Vec<Explained<'_>> = maps
        .iter()
        .map(|(name, notes, map)| Explained {
            name: name.clone(),
            notes: notes.clone(),
            width: map.width as u32,
            height: map.height as u32,
            pixels: &image.pixels,
            values: &map.values,
            signed: map.kind == MapKind::Signed,
        })
        .collect();
    Ok(ExplanationFigure { title, caption, rows: &rows }.draw()?.save(stem)?)
}

/// Draws the first image of a set that can be used, clean and by every corruption and severity.
pub(crate) fn corruptions(set: &CorruptedSet<'_>) -> anyhow::Result<Figure> {
    let Sheet { identity, clean, corrupted } = set.sheet()?;
    let column_titles: Vec<String> = std::iter::once("clean".to_owned())
        .chain(set.severities.iter().map(|severity| format!("severity {severity}")))
        .collect();
    let row_titles: Vec<String> = set.corruptions.iter().map(|entry| entry.name.replace('_', " ")).collect();
    let rows = corrupted.chunks(set.severities.len());
    let images = rows.flat_map(|row| std::iter::once(&clean).chain(row));
    let tiles: Vec<Tile<'_>> = images
        .map(|image| Tile {
            width: image.width as u32,
            height: image.height as u32,
            pixels: &image.pixels,
            caption: Vec::new(),
            frame: None,
        })
        .collect();
    let sheet = ContactSheet {
        title: &format!("{identity}, corrupted"),
        caption: &format!("{} x {} pixels, seed {}; frost is synthesised", clean.width, clean.height, set.seed),
        columns: column_titles.len(),
        column_titles: &column_titles,
        row_titles: &row_titles,
        tiles: &tiles,
    };
    Ok(sheet.draw()?)
}
