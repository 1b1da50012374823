//! Lists of verdicts: `[{"index": 1, "label": "real", "prediction": "fake"}, ...]`, about the
//! numbered images in the folder beside the list whose name matches, as `real_cifake_preds.json`
//! goes with `real_cifake_images/`.
//!
//! The predictions are exposed so that the detector that made them can be evaluated; the index is
//! the number in the image's name, not its place in a listing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::class_names::label_of_name;
use super::dataset::{Dataset, Labels, OpenOptions, Reader, folder_of, identity};
use super::decode::names_an_image;
use super::folder::{name_of, visible_entries};
use super::{Item, Location};
use crate::{Error, Label, Result};

pub(super) const READER: Reader = Reader {
    name: "verdicts",
    summary: "a JSON list of verdicts (index, label, prediction) beside the folder of numbered images it is about",
    source: "the form in which other detectors' verdicts on CIFAKE subsets were published",
    recognises: |path| {
        path.is_file() && path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
    },
    open,
};

#[derive(Deserialize)]
struct Verdict {
    index: u64,
    label: Option<String>,
    prediction: Option<String>,
}

fn open(path: &Path, options: &OpenOptions) -> Result<Dataset> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, "reading", source))?;
    let list: Vec<Verdict> = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| {
        Error::input(
            path,
            format!("something else ({error})"),
            "a list as in [{\"index\": 1, \"label\": \"real\", \"prediction\": \"fake\"}]",
            "correct the list",
        )
    })?;
    let list_folder = folder_of(path);
    let images_folder = matching_folder(path, &list_folder)?;
    let images = numbered_images(&images_folder)?;

    let mut by_index = BTreeMap::new();
    for verdict in list {
        let index = verdict.index;
        if by_index.insert(index, verdict).is_some() {
            return Err(Error::input(
                path,
                format!("index {index} twice"),
                "every index once",
                "remove one of the two",
            ));
        }
    }
    let label = |index: u64, name: Option<String>| -> Result<Option<Label>> {
        let Some(name) = name.filter(|_| options.labels != Labels::Unread) else { return Ok(None) };
        match label_of_name(&name) {
            Some(label) => Ok(Some(label)),
            None => Err(Error::input(path, format!("{name} at index {index}"), "real or fake", "correct that entry")),
        }
    };
    let (mut items, mut verdicts) = (Vec::new(), Vec::new());
    for (index, verdict) in by_index {
        let Some(image) = images.get(&index) else {
            return Err(Error::input(
                path,
                format!("index {index}, but no image of that number in {}", images_folder.display()),
                "an image for every index",
                "add the image or remove the entry",
            ));
        };
        items.push(Item {
            identity: identity(&list_folder, image),
            label: label(index, verdict.label)?,
            parent: None,
            side: None,
            location: Location::File(image.clone()),
        });
        verdicts.push(label(index, verdict.prediction)?);
    }
    let mut dataset = Dataset::from_items(list_folder, items, options.limits)?;
    dataset.verdicts = Some(verdicts);
    Ok(dataset)
}

/// The folder beside the list that it is about: `X_preds.json` goes with `X/` or `X_images/`.
fn matching_folder(path: &Path, list_folder: &Path) -> Result<PathBuf> {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let subject = without_ending(&stem, &["_preds", "_predictions", "_verdicts"]).to_owned();
    let folders: Vec<PathBuf> = visible_entries(list_folder)?.into_iter().filter(|path| path.is_dir()).collect();
    let mut matching = folders
        .iter()
        .filter(|folder| without_ending(&name_of(folder), &["_images"]) == without_ending(&subject, &["_images"]));
    match (matching.next(), matching.next()) {
        (Some(folder), None) => Ok(folder.clone()),
        _ => Err(Error::input(
            path,
            format!(
                "the folders {} beside it",
                folders.iter().map(|folder| format!("{}/", name_of(folder))).collect::<Vec<_>>().join(", ")
            ),
            format!("exactly one of {subject}/ and {subject}_images/"),
            "put the list beside the images it is about, under their folder's name",
        )),
    }
}

fn without_ending<'name>(name: &'name str, endings: &[&str]) -> &'name str {
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

fn numbered_images(folder: &Path) -> Result<BTreeMap<u64, PathBuf>> {
    let mut images = BTreeMap::new();
    for path in visible_entries(folder)? {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let (true, Ok(number)) = (names_an_image(&path), stem.parse::<u64>()) else {
            continue;
        };
        if let Some(other) = images.insert(number, path.clone()) {
            return Err(Error::input(
                folder,
                format!("{} and {}", name_of(&other), name_of(&path)),
                "one image of each number",
                "remove or rename one of the two",
            ));
        }
    }
    Ok(images)
}
