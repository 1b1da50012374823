//! Manifests: CSV and JSON Lines that name files and their labels.
//!
//! | column | |
//! |---|---|
//! | `file_name` | the image, relative to the manifest's folder |
//! | `label` | real, fake (or a word that means so), or a number where class names are given; empty: unlabelled |
//! | `parent` | optional: the `file_name` of the image this one was derived from |
//! | `parent_content_hash` | optional: the content hash of that image, which may then lie in any data set; `parent` is its name there, for people |
//! | `split` | optional: train, validation or test |
//! | `prediction` | optional: another detector's verdict, named like `label` |
//!
//! Other columns are left alone. A folder with `metadata.csv` or `metadata.jsonl` in it is read by
//! that (the convention of Hugging Face image folders).

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::class_names::{label_of_name, labels_by_index};
use super::dataset::{Dataset, Labels, OpenOptions, Reader, folder_of, identity};
use super::{Item, Location, Parent, Side, folder};
use crate::{Error, Label, Result};

pub(super) const READER: Reader = Reader {
    name: "manifest",
    summary: "a CSV or JSON Lines file with file_name and label",
    source: "https://huggingface.co/docs/datasets/image_dataset",
    recognises: |path| form(path).is_some() || !in_folder(path).is_empty(),
    open,
};

const FILE_NAME: &str = "file_name";
/// The columns read, by name.
const COLUMNS: [&str; 6] = [FILE_NAME, "label", "parent", "parent_content_hash", "split", "prediction"];

/// One row: the columns present and not empty.
type Row = HashMap<&'static str, String>;

#[derive(Clone, Copy)]
enum Form {
    Csv,
    JsonLines,
}

fn form(path: &Path) -> Option<Form> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    match extension.as_str() {
        _ if path.is_dir() => None,
        "csv" => Some(Form::Csv),
        "jsonl" | "ndjson" => Some(Form::JsonLines),
        _ => None,
    }
}

fn in_folder(folder: &Path) -> Vec<PathBuf> {
    let names = ["metadata.csv", "metadata.jsonl"];
    names.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect()
}

fn open(path: &Path, options: &OpenOptions) -> Result<Dataset> {
    if let Some(form) = form(path) {
        return read(path, form, options);
    }
    if options.labels == Labels::Unread {
        return folder::open(path, options);
    }
    let manifests = in_folder(path);
    let names = || manifests.iter().map(|path| folder::name_of(path)).collect::<Vec<_>>().join(" and ");
    match &manifests[..] {
        [manifest] if !folder::has_classes(path) => read(manifest, form(manifest).unwrap_or(Form::Csv), options),
        _ => Err(Error::input(
            path,
            format!("{}{}", names(), if folder::has_classes(path) { " beside class folders" } else { "" }),
            "one account of the labels",
            "remove what does not hold, or give the manifest itself",
        )),
    }
}

fn read(path: &Path, form: Form, options: &OpenOptions) -> Result<Dataset> {
    let columns = if options.labels == Labels::Unread { &[FILE_NAME][..] } else { &COLUMNS };
    let rows = match form {
        Form::Csv => csv_rows(path, columns)?,
        Form::JsonLines => json_lines_rows(path, columns)?,
    };
    let root = folder_of(path);
    let mut items = Vec::with_capacity(rows.len());
    let mut verdicts = Vec::with_capacity(rows.len());
    let mut lines = HashMap::with_capacity(rows.len());
    for (line, row) in &rows {
        let refuse = |found: String, expected: &str| {
            Error::input(path, format!("{found} in line {line}"), expected.to_owned(), "correct that line")
        };
        let label = |column: &str| -> Result<Option<Label>> {
            let Some(text) = row.get(column) else {
                return Ok(None);
            };
            if let Ok(number) = text.parse::<i64>() {
                let labels = labels_by_index(path, None, options.classes.as_deref())?;
                return match usize::try_from(number).ok().and_then(|index| labels.get(index)) {
                    Some(label) => Ok(Some(*label)),
                    None => Err(refuse(format!("the {column} {number}"), "a number with a class name")),
                };
            }
            match label_of_name(text) {
                Some(label) => Ok(Some(label)),
                None => Err(refuse(format!("the {column} {text}"), "real or fake")),
            }
        };
        let file = |column: &str| -> Result<Option<String>> {
            let Some(text) = row.get(column) else {
                return Ok(None);
            };
            let relative = Path::new(text);
            let inside =
                relative.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
            if !inside {
                return Err(refuse(
                    format!("the {column} {text}"),
                    "a path relative to the manifest's folder and within it, so that identities hold on every machine",
                ));
            }
            Ok(Some(identity(Path::new(""), relative)))
        };
        let Some(own) = file(FILE_NAME)? else {
            return Err(refuse("no file_name".to_owned(), "a file_name in every line"));
        };
        if let Some(first) = lines.insert(own.clone(), line) {
            return Err(refuse(format!("{own} twice, in line {first} and"), "every image once"));
        }
        let side = match row.get("split") {
            None => None,
            Some(name) => Some(
                Side::of_name(name).ok_or_else(|| refuse(format!("the split {name}"), "train, validation or test"))?,
            ),
        };
        let parent = match row.get("parent_content_hash") {
            None => file("parent")?.map(Parent::Identity),
            Some(text) => {
                let content = text.parse().map_err(|_| {
                    refuse(format!("the parent_content_hash {text}"), "the 64 hexadecimal digits of a content hash")
                })?;
                Some(Parent::Content { content })
            }
        };
        verdicts.push(label("prediction")?);
        items.push(Item {
            label: label("label")?,
            parent,
            side,
            location: Location::File(root.join(&own)),
            identity: own,
        });
    }
    let mut dataset = Dataset::from_items(root, items, options.limits)?;
    dataset.verdicts = verdicts.iter().any(Option::is_some).then_some(verdicts);
    Ok(dataset)
}

/// Rows with their line numbers, from 1.
fn csv_rows(path: &Path, columns: &[&'static str]) -> Result<Vec<(u64, Row)>> {
    let broken = |error: csv::Error| {
        Error::input(path, format!("broken CSV ({error})"), "CSV with a header line", "write the file anew")
    };
    let bytes = std::fs::read(path).map_err(|source| Error::io(path, "reading", source))?;
    // Spreadsheets put a byte order mark first, which would become part of the first column's name.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header: Vec<String> = reader.headers().map_err(broken)?.iter().map(str::to_owned).collect();
    if !header.iter().any(|name| name == FILE_NAME) {
        return Err(missing_file_name(path, &header));
    }
    if let Some(name) = named_twice(columns, || header.iter().map(String::as_str)) {
        return Err(column_twice(path, name, 1));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells = header.iter().map(String::as_str).zip(record.iter());
        rows.push((line, row(columns, cells.map(|(name, cell)| (name, cell.to_owned())))));
    }
    Ok(rows)
}

fn json_lines_rows(path: &Path, columns: &[&'static str]) -> Result<Vec<(u64, Row)>> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::io(path, "reading", source))?;
    let mut rows = Vec::new();
    for (line, text) in (1u64..).zip(text.trim_start_matches('\u{feff}').lines()) {
        if text.trim().is_empty() {
            continue;
        }
        let Cells(object) = serde_json::from_str(text).map_err(|error| {
            Error::input(
                path,
                format!("line {line}, which is no JSON object ({error})"),
                "one object a line, as in {\"file_name\": \"1.png\", \"label\": \"real\"}",
                "correct that line",
            )
        })?;
        if rows.is_empty() && !object.iter().any(|(name, _)| name == FILE_NAME) {
            return Err(missing_file_name(path, &object.into_iter().map(|(name, _)| name).collect::<Vec<_>>()));
        }
        if let Some(name) = named_twice(columns, || object.iter().map(|(name, _)| name.as_str())) {
            return Err(column_twice(path, name, line));
        }
        let cells = object.iter().map(|(name, value)| {
            let text = match value {
                Value::Null => String::new(),
                Value::String(text) => text.trim().to_owned(),
                other => other.to_string(),
            };
            (name.as_str(), text)
        });
        rows.push((line, row(columns, cells)));
    }
    Ok(rows)
}

/// A JSON object with all it says: a map would keep the last of two values of one name.
struct Cells(Vec<(String, Value)>);

impl<'text> Deserialize<'text> for Cells {
    fn deserialize<D: Deserializer<'text>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(EveryCell)
    }
}

struct EveryCell;

impl<'text> Visitor<'text> for EveryCell {
    type Value = Cells;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<M: MapAccess<'text>>(self, mut map: M) -> std::result::Result<Cells, M::Error> {
        let mut cells = Vec::new();
        while let Some(cell) = map.next_entry()? {
            cells.push(cell);
        }
        Ok(Cells(cells))
    }
}

fn row<'name>(columns: &[&'static str], cells: impl Iterator<Item = (&'name str, String)>) -> Row {
    cells
        .filter(|(_, cell)| !cell.is_empty())
        .filter_map(|(name, cell)| columns.iter().find(|column| **column == name).map(|column| (*column, cell)))
        .collect()
}

/// The first of the columns read that is there more than once.
fn named_twice<'name, N: Iterator<Item = &'name str>>(
    columns: &[&'static str],
    names: impl Fn() -> N,
) -> Option<&'static str> {
    columns.iter().copied().find(|column| names().filter(|name| name == column).count() > 1)
}

fn column_twice(path: &Path, name: &str, line: u64) -> Error {
    Error::input(
        path,
        format!("the column {name} twice in line {line}"),
        "every column once",
        "remove or rename the one that is not meant",
    )
}

fn missing_file_name(path: &Path, columns: &[String]) -> Error {
    Error::input(
        path,
        format!("the columns {}", columns.join(", ")),
        "a column file_name, and label for labelled images",
        "rename the column that holds the paths",
    )
}
