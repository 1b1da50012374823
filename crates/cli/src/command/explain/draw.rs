//! Maps of images as figures and numbers.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use fauxto::Label;
use fauxto::data::{Dataset, PixelStore};
use fauxto::explain::{Case, Map};
use fauxto::image::{FloatImage, RgbImage};
use fauxto::predict::{Judgement, Predictor};
use serde::Serialize;

use super::super::{Outcome, predict, say, say_json};
use super::{Named, asked, files};
use crate::{pixels, progress, table};

/// Images explained at a time: enough for class activation maps to gain from a batch.
const BATCH: usize = 16;

/// One image in the output, in the order of the input. Field names are stable.
#[derive(Debug, Serialize)]
struct Row {
    path: String,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    explained: Option<Explained>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Explained {
    pub(super) verdict: Label,
    pub(super) probability_fake: f64,
    /// The class whose evidence the maps show.
    pub(super) class: Label,
    pub(super) figure: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) maps: Option<PathBuf>,
}

/// An image with what was decided of it and what is asked.
pub(super) struct Judged {
    pub(super) path: String,
    pub(super) image: RgbImage,
    pub(super) judgement: Judgement,
    pub(super) case: Case,
}

pub(super) fn run(
    arguments: &super::Arguments,
    predictor: &Predictor,
    explainers: &[Named],
) -> anyhow::Result<Outcome> {
    let mut rows = Vec::new();
    let mut outcome = Outcome::Done;
    let mut stems = HashSet::new();
    for path in &arguments.paths {
        match predict::open(path) {
            Ok(dataset) => rows.extend(explain(arguments, predictor, explainers, &dataset, path, &mut stems)?),
            // A path at which there is nothing to read is a slip, which --skip-bad does not excuse.
            Err(error) => {
                outcome = Outcome::Broken;
                rows.push(Row::broken(path.display().to_string(), error.to_string()));
            }
        }
    }
    if arguments.json {
        say_json(&rows)?;
    } else {
        let lines = rows.iter().filter_map(|row| {
            let explained = row.explained.as_ref()?;
            let probability = format!("{:.3}", explained.probability_fake);
            let figure = explained.figure.display().to_string();
            Some(vec![
                row.path.clone(),
                explained.verdict.name().into(),
                probability,
                explained.class.name().into(),
                figure,
            ])
        });
        say(table::table(&["", "verdict", "P(fake)", "evidence for", "figure"], lines))?;
    }
    for row in &rows {
        if let Some(error) = &row.error {
            if !arguments.options.skip_bad {
                outcome = Outcome::Broken;
            }
            let named = if error.starts_with(&row.path) { String::new() } else { format!("{}: ", row.path) };
            progress::note(format!("error: {named}{error}"));
        }
    }
    Ok(outcome)
}

impl Row {
    fn explained(judged: &Judged, explained: Explained) -> Self {
        Self { path: judged.path.clone(), explained: Some(explained), error: None }
    }

    fn broken(path: String, error: String) -> Self {
        Self { path, explained: None, error: Some(error) }
    }
}

fn explain(
    arguments: &super::Arguments,
    predictor: &Predictor,
    explainers: &[Named],
    dataset: &Dataset,
    given: &Path,
    stems: &mut HashSet<String>,
) -> anyhow::Result<Vec<Row>> {
    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    let store = pixels::decode(dataset, &indices, predictor.input_size())?;
    let broken: HashMap<usize, &str> =
        store.broken().iter().map(|broken| (broken.position, broken.entry.reason.as_str())).collect();
    let usable: Vec<usize> = indices.iter().copied().filter(|position| !broken.contains_key(position)).collect();
    let bar = progress::bar(usable.len(), "images", "explaining");
    let mut rows: Vec<(usize, Row)> = Vec::new();
    for positions in usable.chunks(BATCH) {
        let judgements = predictor.judge(&store, positions, BATCH, &mut |_| ())?;
        let batch = positions
            .iter()
            .zip(judgements)
            .map(|(&position, judgement)| judged(arguments, dataset, given, &store, position, judgement))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let maps = maps(arguments.seed, predictor, explainers, &batch)?;
        for ((position, image), maps) in positions.iter().zip(&batch).zip(maps) {
            let stem = arguments.out.join(files::stem(&image.path, stems));
            rows.push((*position, Row::explained(image, files::write(arguments, predictor, image, &maps, &stem)?)));
        }
        bar.inc(positions.len() as u64);
    }
    bar.finish_and_clear();
    let path = |position| predict::shown(given, dataset, position);
    rows.extend(broken.iter().map(|(&position, reason)| (position, Row::broken(path(position), (*reason).to_owned()))));
    rows.sort_by_key(|(position, _)| *position);
    let unread =
        dataset.broken.iter().map(|entry| Row::broken(predict::shown_broken(given, entry), entry.reason.clone()));
    Ok(rows.into_iter().map(|(_, row)| row).chain(unread).collect())
}

fn judged(
    arguments: &super::Arguments,
    dataset: &Dataset,
    given: &Path,
    store: &PixelStore,
    position: usize,
    judgement: Judgement,
) -> anyhow::Result<Judged> {
    let image = store.image(position)?;
    let class = asked(arguments.class, judgement.verdict(arguments.threshold));
    // By what it shows, so that its maps depend neither on its place nor on other images.
    let case = Case { image: FloatImage::from(&image), class, item: store.content(position)?.address() };
    Ok(Judged { path: predict::shown(given, dataset, position), image, judgement, case })
}

/// A map with the member and the explainer it comes from.
pub(super) type Attributed = (usize, String, Map);

/// The maps of each image: of every member by every explainer.
fn maps(
    seed: u64,
    predictor: &Predictor,
    explainers: &[Named],
    batch: &[Judged],
) -> anyhow::Result<Vec<Vec<Attributed>>> {
    let cases: Vec<Case> = batch.iter().map(|judged| judged.case.clone()).collect();
    let mut maps: Vec<Vec<Attributed>> = batch.iter().map(|_| Vec::new()).collect();
    for (position, member) in predictor.members().iter().enumerate() {
        for (name, explainer) in explainers {
            for (image, map) in explainer.explain(member.frozen(), &cases, seed)?.into_iter().enumerate() {
                maps[image].push((position, name.clone(), map));
            }
        }
    }
    Ok(maps)
}
