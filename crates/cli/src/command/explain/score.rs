//! `fauxto explain --score`: every explainer's scores for every model.

use anyhow::ensure;
use fauxto::Label;
use fauxto::data::{Dataset, OpenOptions};
use fauxto::evaluate::Better;
use fauxto::explain::Case;
use fauxto::explain::score::sanity::SanityVerdict;
use fauxto::explain::score::{self, SCORES, Summary};
use fauxto::image::FloatImage;
use fauxto::predict::Predictor;
use serde::Serialize;

use super::super::train::COMMIT;
use super::super::{Outcome, say, say_json};
use super::{Named, asked};
use crate::{pixels, progress, table};

/// Images judged at a time.
const BATCH: usize = 128;

/// What `--json` prints. Field names are stable.
#[derive(Debug, Serialize)]
struct Report {
    commit: &'static str,
    data: String,
    /// Images scored.
    n: usize,
    skipped: usize,
    threshold: f64,
    seed: u64,
    models: Vec<ModelReport>,
}

#[derive(Debug, Serialize)]
struct ModelReport {
    name: String,
    path: String,
    explainers: Vec<score::Row>,
}

pub(super) fn run(
    arguments: &super::Arguments,
    predictor: &Predictor,
    explainers: &[Named],
) -> anyhow::Result<Outcome> {
    let [data] = &arguments.paths[..] else {
        anyhow::bail!("--score: found {} data sets; expected one", arguments.paths.len());
    };
    let options = OpenOptions { classes: arguments.options.classes.clone(), ..OpenOptions::default() };
    let dataset = Dataset::open(data, &options)?;
    let mut indices = dataset.labelled();
    let all = indices.len();
    if let Some(limit) = arguments.limit {
        let drawn = score::drawn(all, limit as usize, arguments.seed);
        indices = drawn.into_iter().map(|position| indices[position]).collect();
    }
    let store = pixels::decode(&dataset, &indices, predictor.input_size())?;
    let positions = pixels::usable(&dataset, &store, arguments.options.skip_bad)?;
    ensure!(
        positions.len() >= 2,
        "{}: found {} images; expected at least 2 to score on",
        data.display(),
        positions.len()
    );
    let images = positions
        .iter()
        .map(|&position| Ok(FloatImage::from(&store.image(position)?)))
        .collect::<fauxto::Result<Vec<_>>>()?;

    let bar = progress::bar(predictor.members().len() * explainers.len(), "explainers", "scoring");
    let mut models = Vec::new();
    // As `predict` decides, calibrated where the detector is.
    let judgements = predictor.judge(&store, &positions, BATCH, &mut |_| ())?;
    for (place, member) in predictor.members().iter().enumerate() {
        let cases: Vec<Case> = images
            .iter()
            .zip(&judgements)
            .zip(&positions)
            .map(|((image, judgement), &position)| {
                let fake = judgement.members[place] >= arguments.threshold;
                let decided = if fake { Label::Fake } else { Label::Real };
                let class = asked(arguments.class, decided);
                Ok(Case { image: image.clone(), class, item: store.content(position)?.address() })
            })
            .collect::<anyhow::Result<_>>()?;
        let rows = score::table(member.frozen(), explainers, &cases, arguments.seed, &mut |_| bar.inc(1))?;
        models.push(ModelReport {
            name: member.name.clone(),
            path: member.path.display().to_string(),
            explainers: rows,
        });
    }
    bar.finish_and_clear();
    let report = Report {
        commit: COMMIT,
        data: data.display().to_string(),
        n: positions.len(),
        skipped: dataset.broken.len() + store.len() - positions.len(),
        threshold: arguments.threshold,
        seed: arguments.seed,
        models,
    };
    if arguments.json {
        say_json(&report)?
    } else {
        say_tables(&report, all)?
    }
    Ok(Outcome::Done)
}

fn say_tables(report: &Report, all: usize) -> anyhow::Result<()> {
    let titles: Vec<String> = SCORES
        .iter()
        .map(|score| format!("{} ({})", score.title, if score.better == Better::Higher { "more" } else { "less" }))
        .collect();
    let mut header = vec![""];
    for title in &titles {
        header.extend([title.as_str(), "gain over random"]);
    }
    header.extend(["redrawn weights", "s/image"]);
    for model in &report.models {
        say(format!("{} on {} of {all} images of {}", model.name, report.n, report.data))?;
        let lines = model.explainers.iter().map(|row| {
            let mut line = vec![row.explainer.clone()];
            for score in &row.scores {
                line.extend([format!("{:.3}", score.value.mean), with_interval(&score.gain_over_random)]);
            }
            let verdict = match row.sanity {
                SanityVerdict::LooksAtTheDetector => "",
                SanityVerdict::IgnoresTheDetector => ", ignores the detector",
                SanityVerdict::Unclear => ", unclear",
            };
            line.push(format!("{:.2}{verdict}", row.randomised_correlation.mean));
            line.push(format!("{:.4}", row.seconds_per_image));
            line
        });
        say(table::table(&header, lines))?;
    }
    say(
        "gain: better than the random map on the same images, with its 95% interval; redrawn weights: rank correlation",
    )?;
    say("of the map with that of the same detector with fresh weights, which must be low")
}

fn with_interval(summary: &Summary) -> String {
    match summary.interval {
        Some([low, high]) => format!("{:+.3} [{low:+.3}, {high:+.3}]", summary.mean),
        None => format!("{:+.3}", summary.mean),
    }
}
