//! `fauxto recognise`.

use std::path::PathBuf;

use clap::Args;
use fauxto::Label;
use fauxto::data::{Dataset, Labels, OpenOptions};
use fauxto::evaluate::Scores;
use fauxto::evaluate::metric::roc_auc::roc_auc;
use fauxto::pretrain::Recogniser;
use serde::Serialize;

use super::{Outcome, say, say_json};
use crate::options::{DataOptions, DeviceOptions};
use crate::{pixels, progress, table};

/// Name what images show, and say how surely: generated ones are named less surely than photographs
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    fauxto recognise pretrained.safetensors photos/\n  \
    fauxto recognise pretrained.safetensors test.parquet --json > named.json\n\n\
    The network learned from photographs alone, so what it is worth does not depend on a generator. Of labelled images \
    the ROC AUC says how well its doubt tells generated ones: .5 is chance.")]
pub(crate) struct Arguments {
    /// Weights that `fauxto pretrain` wrote
    weights: PathBuf,
    /// Images, labelled or not
    data: PathBuf,
    #[command(flatten)]
    device: DeviceOptions,
    #[command(flatten)]
    options: DataOptions,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Report<'a> {
    weights: &'a PathBuf,
    subjects: &'a [String],
    n: usize,
    /// Mean probability of the subject named.
    mean_probability: f64,
    /// Of doubt, 1 less that probability, as a score of being fake; none without labels of both classes.
    roc_auc: Option<f64>,
    images: Vec<Named<'a>>,
}

#[derive(Debug, Serialize)]
struct Named<'a> {
    path: &'a str,
    label: Option<&'static str>,
    subject: &'a str,
    probability: f64,
}

impl Named<'_> {
    fn line(&self) -> String {
        table::visible(&format!("{:>5.1}%  {}  {}", 100.0 * self.probability, self.subject, self.path), &[])
    }
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let recogniser = Recogniser::load(&arguments.weights, &arguments.device.open()?)?;
    let classes = arguments.options.classes.clone();
    let options = OpenOptions { classes, labels: Labels::Optional, ..OpenOptions::default() };
    let dataset = Dataset::open(&arguments.data, &options)?;
    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    let store = pixels::decode(&dataset, &indices, recogniser.input_size())?;
    let positions = pixels::usable(&dataset, &store, arguments.options.skip_bad)?;
    anyhow::ensure!(
        !positions.is_empty(),
        "{}: found no images that can be used; expected at least one; check the data set",
        arguments.data.display()
    );
    let bar = progress::bar(positions.len(), "images", "naming");
    let named = recogniser.recognise(&store, &positions, &mut |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let labels: Option<Vec<Label>> = positions.iter().map(|&position| dataset.items[position].label).collect();
    let doubts = named.iter().map(|recognition| 1.0 - recognition.probability).collect();
    let roc_auc =
        labels.map(|labels| Scores::new(doubts, labels)).transpose()?.and_then(|scores| roc_auc(&scores).ok());
    let report = Report {
        weights: &arguments.weights,
        subjects: &recogniser.subjects,
        n: named.len(),
        mean_probability: named.iter().map(|recognition| recognition.probability).sum::<f64>() / named.len() as f64,
        roc_auc,
        images: positions
            .iter()
            .zip(&named)
            .map(|(&position, recognition)| Named {
                path: &dataset.items[position].identity,
                label: dataset.items[position].label.map(Label::name),
                subject: &recogniser.subjects[recognition.subject],
                probability: recognition.probability,
            })
            .collect(),
    };
    if arguments.json {
        say_json(&report)?;
        return Ok(Outcome::Done);
    }
    for image in &report.images {
        say(image.line())?;
    }
    let auc =
        report.roc_auc.map_or_else(String::new, |auc| format!("; ROC AUC of its doubt as a sign of fakes {auc:.3}"));
    progress::note(format!("{} images, named at {:.1}% on average{auc}", report.n, 100.0 * report.mean_probability));
    Ok(Outcome::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_do_not_move_the_cursor() {
        let named = Named { path: "a\u{1b}[8m.png", label: None, subject: "cat\r", probability: 0.5 };
        assert_eq!(named.line(), r" 50.0%  cat\r  a\u{1b}[8m.png");
    }
}
