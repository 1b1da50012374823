//! Detectors on corrupted images: every corruption at every severity, and the means CIFAR-10-C's authors
//! report.

use burn::tensor::{Tensor, TensorData};
use serde::Serialize;

use super::{Evaluation, METRICS, Scores};
use crate::corrupt::{CORRUPTIONS, CorruptionEntry, Severity};
use crate::data::PixelStore;
use crate::image::RgbImage;
use crate::predict::Predictor;
use crate::train::Example;
use crate::{Error, Label, Result};

/// One corruption at one severity.
#[derive(Clone, Debug, Serialize)]
pub struct UnderCorruption {
    /// The corruption's name.
    pub corruption: &'static str,
    /// Whether it is one of the four extra ones, outside the mean over 15.
    pub extra: bool,
    /// In 1..=5.
    pub severity: u8,
    /// What each member, then all of them voting, are worth on these images.
    pub columns: Vec<Column>,
}

/// What one judge is worth. The field names are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// The member's name, or `ensemble`.
    pub judge: String,
    /// Images.
    pub n: usize,
    /// Share judged right at a threshold of one half.
    pub accuracy: f64,
    /// Its 95% Wilson interval.
    pub accuracy_interval: [f64; 2],
    /// Area under the ROC curve: beside accuracy it tells a moved threshold from lost evidence.
    pub roc_auc: Option<f64>,
}

impl Column {
    fn new(judge: &str, scores: &Scores) -> Result<Self> {
        let evaluation = Evaluation::new(scores, 0.5)?;
        let auc = METRICS.iter().find(|metric| metric.name == "roc_auc").and_then(|metric| evaluation.value(metric));
        Ok(Self {
            judge: judge.to_owned(),
            n: evaluation.n,
            accuracy: evaluation.confusion.right() as f64 / evaluation.confusion.total() as f64,
            accuracy_interval: evaluation.accuracy_interval,
            roc_auc: auc,
        })
    }
}

/// The probability of fake each member, then all voting, give images of one size, by judge then image.
///
/// # Errors
/// If pixels and size do not fit.
pub fn judge_images(predictor: &Predictor, images: &[RgbImage], batch_size: usize) -> Result<Vec<Vec<f64>>> {
    let size = predictor.input_size();
    let mut columns = vec![Vec::with_capacity(images.len()); predictor.members().len() + 1];
    for images in images.chunks(batch_size.max(1)) {
        if let Some(image) = images.iter().find(|image| (image.width, image.height) != (size, size)) {
            return Err(Error::Refused(format!(
                "judging: found an image of {}x{}; expected {size}x{size}; resize it first",
                image.width, image.height
            )));
        }
        let values: Vec<f32> =
            images.iter().flat_map(|image| image.pixels.iter().map(|&level| f32::from(level) / 255.0)).collect();
        let values = TensorData::new(values, [images.len(), size, size, 3]);
        let pixels = Tensor::from_data(values, predictor.device());
        for judgement in predictor.judge_pixels(&pixels)? {
            let judged = judgement.members.into_iter().chain([judgement.probability_fake]);
            columns.iter_mut().zip(judged).for_each(|(column, probability)| column.push(probability));
        }
    }
    Ok(columns)
}

/// Every corruption in `corruptions` at every severity, of `examples`; images are addressed by their place in
/// the store. Calls `observe` with the number of corrupted sets done.
///
/// # Errors
/// If the store cannot be read or an image cannot be corrupted.
pub fn under_corruptions(
    predictor: &Predictor,
    store: &PixelStore,
    examples: &[Example],
    corruptions: &[&'static CorruptionEntry],
    seed: u64,
    batch_size: usize,
    observe: &mut dyn FnMut(usize),
) -> Result<Vec<UnderCorruption>> {
    let images = examples
        .iter()
        .map(|example| Ok((example.index as u64, store.image(example.index)?)))
        .collect::<Result<Vec<_>>>()?;
    let labels: Vec<Label> = examples.iter().map(|example| example.label).collect();
    let mut names: Vec<&str> = predictor.members().iter().map(|member| member.name.as_str()).collect();
    names.push("ensemble");
    let mut results = Vec::new();
    for entry in corruptions {
        for severity in Severity::ALL {
            let corrupted = entry.corrupt_set(&images, severity, seed)?;
            let columns = judge_images(predictor, &corrupted, batch_size)?;
            let columns = names
                .iter()
                .zip(columns)
                .map(|(name, column)| Column::new(name, &Scores::new(column, labels.clone())?))
                .collect::<Result<Vec<_>>>()?;
            results.push(UnderCorruption {
                corruption: entry.name,
                extra: entry.extra,
                severity: severity.number(),
                columns,
            });
            observe(results.len());
        }
    }
    Ok(results)
}

/// Mean accuracy of a judge over the 15 corruptions of the benchmark, and over all 19, at all severities.
/// None where they were not all measured.
#[must_use]
pub fn mean_accuracies(results: &[UnderCorruption], judge: &str) -> Option<[f64; 2]> {
    let mean = |extra: bool| {
        let accuracies: Vec<f64> = results
            .iter()
            .filter(|result| extra || !result.extra)
            .filter_map(|result| result.columns.iter().find(|column| column.judge == judge))
            .map(|column| column.accuracy)
            .collect();
        let expected = 5 * CORRUPTIONS.iter().filter(|entry| extra || !entry.extra).count();
        (accuracies.len() == expected).then(|| accuracies.iter().sum::<f64>() / expected as f64)
    };
    Some([mean(false)?, mean(true)?])
}
