//! From what the science crate measures to what the figures crate draws.

use std::path::{Path, PathBuf};

use fauxto::ablate::{AblationResult, StudyResult};
use fauxto::corrupt::{CorruptedSet, Sheet};
use fauxto::evaluate::{Evaluation, Scores, histogram, metric, reliability_bins, roc_curve};
use fauxto::explain::{Map, MapKind};
use fauxto::image::RgbImage;
use fauxto::model::Classes;
use fauxto::train::EpochRecord;
use figures::{
    ContactSheet, Epoch, EvaluationFigure, Explained, ExplanationFigure, Figure, HeatMap, HeatMapBlock, ReliabilityBin,
    ReliabilityFigure, ReliabilityPanel, Strip, StripPanel, StripPlot, Tile, TrainingFigure,
};

const HISTOGRAM_BINS: usize = 20;
const RELIABILITY_BINS: usize = 10;

/// Draws ROC curve, confusion matrix and histogram to `stem` with .svg and .png.
pub(crate) fn evaluation(
    title: &str,
    classes: Classes,
    scores: &Scores,
    evaluation: &Evaluation,
    stem: &Path,
) -> anyhow::Result<[PathBuf; 2]> {
    Ok(evaluation_figure(title, classes, scores, evaluation)?.save(stem)?)
}

/// ROC curve, confusion matrix and histogram.
pub(crate) fn evaluation_figure(
    title: &str,
    classes: Classes,
    scores: &Scores,
    evaluation: &Evaluation,
) -> anyhow::Result<Figure> {
    let curve: Vec<(f64, f64)> = roc_curve(scores)
        .map(|points| points.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect())
        .unwrap_or_default();
    let histogram = histogram(scores, HISTOGRAM_BINS);
    let confusion = &evaluation.confusion;
    let figure = EvaluationFigure {
        title,
        classes: classes.names(),
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

/// One panel of a reliability diagram.
pub(crate) struct Reliability<'s> {
    /// Its heading.
    pub(crate) name: String,
    /// Probabilities with the truth.
    pub(crate) scores: &'s Scores,
}

/// Draws the share of fake images against the probability of it, a panel for each set of probabilities of the same
/// images, to `stem` with .svg and .png.
pub(crate) fn reliability(title: &str, panels: &[Reliability<'_>], stem: &Path) -> anyhow::Result<[PathBuf; 2]> {
    let bins: Vec<Vec<ReliabilityBin>> = panels
        .iter()
        .map(|panel| {
            let bins = reliability_bins(panel.scores, RELIABILITY_BINS);
            bins.iter()
                .map(|bin| ReliabilityBin {
                    count: bin.count,
                    mean_probability: bin.mean_probability,
                    share_fake: bin.share_fake,
                    interval: bin.interval,
                })
                .collect()
        })
        .collect();
    let values = |scores: &Scores| {
        ["nll", "brier", "ece"]
            .into_iter()
            .filter_map(metric::find)
            .filter_map(|metric| Some((metric.name.to_uppercase(), (metric.measure)(scores, 0.5).ok()?)))
            .map(|(name, value)| format!("{} {value:.4}", if name == "BRIER" { "Brier" } else { &name }))
            .collect::<Vec<_>>()
    };
    let panels: Vec<ReliabilityPanel<'_>> = panels
        .iter()
        .zip(&bins)
        .map(|(panel, bins)| ReliabilityPanel { name: &panel.name, notes: values(panel.scores), bins })
        .collect();
    Ok(ReliabilityFigure { title, panels: &panels }.draw()?.save(stem)?)
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

/// Corruptions, each with the accuracy at every severity.
pub(crate) type CorruptionRows = Vec<(String, Vec<f64>)>;

/// Accuracy by corruption and severity of a judge on as many images each, in titled blocks side by side, with the
/// same corruptions in every block.
pub(crate) fn under_corruptions(
    judge: &str,
    images: usize,
    blocks: Vec<(String, CorruptionRows)>,
) -> anyhow::Result<Figure> {
    let rows: Vec<String> = blocks[0].1.iter().map(|(name, _)| name.clone()).collect();
    let blocks: Vec<HeatMapBlock> = blocks
        .into_iter()
        .map(|(title, rows)| HeatMapBlock { title, values: rows.into_iter().map(|(_, values)| values).collect() })
        .collect();
    let columns: Vec<String> = (1..=5).map(|severity| severity.to_string()).collect();
    let figure = HeatMap {
        title: &format!("{judge} under CIFAR-10-C's corruptions"),
        caption: &format!("Accuracy in percent on {images} reported images; white is chance."),
        axis: "severity",
        rows: &rows,
        columns: &columns,
        neutral: 0.5,
        blocks: &blocks,
    };
    Ok(figure.draw()?)
}

/// A condition for people, as in "PGD-10 2/255".
pub(crate) fn condition(name: &str) -> String {
    name.replace("pgd:steps=", "PGD-").replace("fgsm", "FGSM")
}

/// Draws every run of an ablation: a row for each arm, a series for each group, a panel for each condition.
pub(crate) fn ablation(ablation: &AblationResult, study: &StudyResult, reported_on: &str) -> anyhow::Result<Figure> {
    let mut rows: Vec<String> = Vec::new();
    for arm in ablation.groups.iter().flat_map(|group| &group.arms) {
        if !rows.contains(&arm.arm) {
            rows.push(arm.arm.clone());
        }
    }
    let row_of = |arm: &str| rows.iter().position(|row| row == arm);
    let conditions = ablation.groups.first().and_then(|group| group.arms.first()).map(|arm| &arm.conditions);
    let claims = ablation.claimed.map_or(&[][..], |claimed| claimed.rows);
    let panels: Vec<StripPanel> = conditions
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(place, first)| StripPanel {
            title: condition(&first.condition),
            strips: ablation
                .groups
                .iter()
                .enumerate()
                .flat_map(|(series, group)| group.arms.iter().map(move |arm| (series, arm)))
                .filter_map(|(series, arm)| {
                    let values = arm.conditions[place].runs.iter().map(|run| run.accuracy).collect();
                    Some(Strip { row: row_of(&arm.arm)?, series, values })
                })
                .collect(),
            compared: claims
                .iter()
                .filter(|claim| claim.condition == first.condition)
                .filter_map(|claim| Some((row_of(claim.arm)?, claim.accuracy)))
                .collect(),
        })
        .collect();
    let series: Vec<&str> = ablation.groups.iter().map(|group| group.group.as_str()).collect();
    let caption = format!(
        "{reported_on}: {} images, {} of them attacked  ·  {} seeds on the same split  ·  mean in percent",
        study.n_reported,
        study.n_attacked,
        study.seeds.len()
    );
    let plot = StripPlot {
        title: ablation.title,
        caption: &caption,
        axis: "accuracy",
        rows: &rows,
        series: &series,
        compared: panels.iter().any(|panel| !panel.compared.is_empty()).then_some("claimed by the original"),
        reference: Some(("chance", study.chance)),
        panels: &panels,
    };
    Ok(plot.draw()?)
}
