//! Scores as a file: an image a line, with what it is and what was said of it.

use std::path::Path;

use anyhow::Context;
use fauxto::Label;
use fauxto::data::ContentHash;
use fauxto::evaluate::Scores;
use fauxto::write_atomically::write_atomically;
use serde::{Deserialize, Serialize};

use crate::images::Images;

/// One image with its score: a line, by the names of its columns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scored {
    /// The image's identity in its data set.
    pub(crate) path: String,
    /// What it is.
    pub(crate) label: Label,
    /// In `0..=1`.
    pub(crate) probability_fake: f64,
    /// What it shows; none in files of before.
    #[serde(default)]
    pub(crate) content: Option<ContentHash>,
}

/// Writes the scores of `images`, in their order, as CSV.
pub(crate) fn write(path: &Path, images: &Images, scores: &Scores) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (example, (probability_fake, label)) in images.examples.iter().zip(scores.iter()) {
        writer.serialize(Scored {
            path: images.identity(example).to_owned(),
            label,
            probability_fake,
            content: images.store.hash(example.index),
        })?;
    }
    let bytes = writer.into_inner().context("writing scores")?;
    Ok(write_atomically(path, &bytes)?)
}

/// Reads what [`write`] wrote.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Scored>> {
    let lines = csv::Reader::from_path(path).map(csv::Reader::into_deserialize);
    lines.and_then(Iterator::collect).with_context(|| path.display().to_string())
}

/// The scores alone.
pub(crate) fn scores(lines: &[Scored]) -> anyhow::Result<Scores> {
    let probabilities = lines.iter().map(|line| line.probability_fake).collect();
    Ok(Scores::new(probabilities, lines.iter().map(|line| line.label).collect())?)
}
