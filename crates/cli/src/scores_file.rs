//! Scores as a file: an image a line, with what it is and what was said of it.

use std::path::Path;

use anyhow::Context;
use fauxto::Label;
use fauxto::evaluate::Scores;
use fauxto::write_atomically::write_atomically;

use crate::images::Images;

/// Writes the scores of `images`, in their order, as CSV.
pub(crate) fn write(path: &Path, images: &Images, scores: &Scores) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["path", "label", "probability_fake"])?;
    let identities = images.examples.iter().map(|example| images.identity(example));
    for (identity, (probability, label)) in identities.zip(scores.iter()) {
        writer.write_record([identity, label.name(), &probability.to_string()])?;
    }
    let bytes = writer.into_inner().context("writing scores")?;
    Ok(write_atomically(path, &bytes)?)
}

/// Reads what [`write`] wrote.
pub(crate) fn read(path: &Path) -> anyhow::Result<Scores> {
    let mut reader = csv::Reader::from_path(path).with_context(|| path.display().to_string())?;
    let (mut probabilities, mut labels) = (Vec::new(), Vec::new());
    for record in reader.records() {
        let record = record?;
        probabilities.push(record[2].parse()?);
        labels.push(if &record[1] == Label::Fake.name() { Label::Fake } else { Label::Real });
    }
    Ok(Scores::new(probabilities, labels)?)
}
