//! What is written for one image: its figure, and its maps as numbers.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use fauxto::Label;
use fauxto::explain::MapKind;
use fauxto::predict::{Judgement, Predictor};
use fauxto::write_atomically::write_atomically;
use serde::Serialize;

use super::super::evaluate;
use super::draw::{Attributed, Explained, Judged};
use crate::figure;

/// The file of an image's maps. Field names are stable.
#[derive(Serialize)]
struct MapFile<'a> {
    path: &'a str,
    verdict: Label,
    probability_fake: f64,
    class: Label,
    seed: u64,
    /// Of the detector's input, to which the image was resized.
    width: usize,
    height: usize,
    maps: Vec<NumberedMap<'a>>,
}

#[derive(Serialize)]
struct NumberedMap<'a> {
    model: &'a str,
    probability_fake: f64,
    explainer: &'a str,
    kind: MapKind,
    /// `[height][width]`.
    values: Vec<&'a [f32]>,
}

/// Draws the figure of one image and, where JSON was asked for, writes its maps beside it.
pub(super) fn write(
    arguments: &super::Arguments,
    predictor: &Predictor,
    judged: &Judged,
    maps: &[Attributed],
    stem: &Path,
) -> anyhow::Result<Explained> {
    let Judgement { probability_fake, members, .. } = &judged.judgement;
    let verdict = judged.judgement.verdict(arguments.threshold);
    let class = judged.case.class;
    let name = evaluate::title_of(Path::new(&judged.path));
    let title = format!("{}, P(fake) = {probability_fake:.3}: {name}", verdict.name());
    let caption = format!(
        "vermillion speaks for {}, blue against it; each map on its own scale, at the detector's {1} x {1} pixels",
        class.name(),
        judged.image.width
    );
    let rows: Vec<_> = maps
        .iter()
        .map(|(member, explainer, map)| {
            let notes = vec![predictor.members()[*member].name.clone(), format!("P(fake) = {:.3}", members[*member])];
            (explainer.clone(), notes, map)
        })
        .collect();
    let [figure, _] = figure::explanation(&title, &caption, &judged.image, &rows, stem)?;
    let file = arguments.json.then(|| PathBuf::from(format!("{}.json", stem.display())));
    if let Some(path) = &file {
        let contents = MapFile {
            path: &judged.path,
            verdict,
            probability_fake: *probability_fake,
            class,
            seed: arguments.seed,
            width: judged.image.width,
            height: judged.image.height,
            maps: maps
                .iter()
                .map(|(member, explainer, map)| NumberedMap {
                    model: &predictor.members()[*member].name,
                    probability_fake: members[*member],
                    explainer,
                    kind: map.kind,
                    values: map.values.chunks(map.width).collect(),
                })
                .collect(),
        };
        write_atomically(path, &serde_json::to_vec(&contents)?)?;
    }
    Ok(Explained { verdict, probability_fake: *probability_fake, class, figure, maps: file })
}

/// Bytes of a name; file systems take 255, endings and numbers among them.
const LONGEST: usize = 200;

/// A file name for the image at `path` that is not among `taken`: its last folder and name, as far as they go.
pub(in super::super) fn stem(path: &str, taken: &mut HashSet<String>) -> String {
    let path = Path::new(path);
    let part = |part: Option<&std::ffi::OsStr>| part.map(|part| part.to_string_lossy().into_owned());
    let folder = path.parent().and_then(Path::file_name);
    let name: String = [part(folder), part(path.file_stem())].into_iter().flatten().collect::<Vec<_>>().join("_");
    let name: String = name.chars().map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' }).collect();
    let name = name[..name.floor_char_boundary(LONGEST)].to_owned();
    let name = if name.trim_matches('_').is_empty() { "image".to_owned() } else { name };
    let mut free = name.clone();
    let mut number = 1;
    while !taken.insert(free.clone()) {
        number += 1;
        free = format!("{name}_{number}");
    }
    free
}
