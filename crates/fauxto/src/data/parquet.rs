//! Hugging Face image Parquet: one file, or a folder of shards.
//!
//! `image: struct<bytes: binary, path: string>` (or plain binary), `label` as a number whose name the
//! schema metadata gives under `huggingface` (`info.features.label.names`), or as a string; an
//! optional `parent: string` names the item a row was derived from. Without `label` the rows are
//! unlabelled, as are rows whose label is -1, the convention for withheld labels.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::ParquetMetaData;
use walkdir::WalkDir;

use super::dataset::{Broken, Dataset, Labels, OpenOptions, Reader, folder_of, identity, natural_order};
use super::parquet_labels::{LabelKind, Strings};
use super::{Item, Location, Parent, Side, decode, folder};
use crate::{Error, Result};

pub(super) const READER: Reader = Reader {
    name: "parquet",
    summary: "a Parquet file, or a folder of Parquet shards, with image and label",
    source: "https://huggingface.co/docs/datasets/image_dataset",
    recognises,
    open,
};

/// Folders above shards, as in `data/train/0000.parquet`.
const SHARD_DEPTH: usize = 3;

fn recognises(path: &Path) -> bool {
    if path.is_dir() {
        return shards(path).next().is_some();
    }
    is_parquet_name(path) || starts_as_parquet(path)
}

fn starts_as_parquet(path: &Path) -> bool {
    use std::io::Read;
    let mut magic = [0; 4];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut magic).is_ok()) && magic == *b"PAR1"
}

fn is_parquet_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"))
}

fn shards(folder: &Path) -> impl Iterator<Item = PathBuf> {
    WalkDir::new(folder)
        .follow_links(true)
        .max_depth(SHARD_DEPTH)
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'))
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.file_type().is_file() && is_parquet_name(entry.path()))
        .map(walkdir::DirEntry::into_path)
}

fn open(path: &Path, options: &OpenOptions) -> Result<Dataset> {
    let mut rows = Rows::default();
    if path.is_file() {
        let root = folder_of(path);
        // A file given by itself is the whole data set, whatever its name says of a side.
        rows.take(&root, path, None, options)?;
        return rows.into_dataset(root, options);
    }
    let mut files: Vec<PathBuf> = shards(path).collect();
    if options.labels == Labels::Unread {
        let images = folder::open(path, options)?;
        if !images.items.is_empty() {
            return Ok(beside_images(images, files));
        }
    }
    let images_too = visible_images(path);
    if images_too > 0 || folder::has_classes(path) {
        return Err(Error::input(
            path,
            format!("{} Parquet files beside {images_too} images or class folders", files.len()),
            "either Parquet files or folders of images",
            "give the file or folder that is meant",
        ));
    }
    files.sort_by(|first, second| natural_order(&identity(path, first), &identity(path, second)));
    check_complete(path, &files)?;
    for file in &files {
        rows.take(path, file, side_of(path, file), options)?;
    }
    rows.into_dataset(path.to_path_buf(), options)
}

/// Where images are only to be judged, a file of others among them hides none: it is named as what is not judged.
fn beside_images(mut images: Dataset, files: Vec<PathBuf>) -> Dataset {
    images.ignored.retain(|ignored| !files.contains(ignored));
    images.broken.extend(files.into_iter().map(|path| Broken {
        identity: identity(&images.root, &path),
        reason: "found a Parquet file among images; expected images alone; give it by itself".into(),
        path,
    }));
    images
}

fn visible_images(folder: &Path) -> usize {
    folder::visible_entries(folder)
        .map_or(0, |entries| entries.iter().filter(|path| path.is_file() && decode::is_an_image(path)).count())
}

/// `train-00000-of-00002` as split, number and count.
fn shard_name(file: &Path) -> Option<(String, usize, usize)> {
    let stem = file.file_stem()?.to_str()?;
    let (rest, count) = stem.rsplit_once("-of-")?;
    let (split, number) = rest.rsplit_once('-')?;
    // Some names carry a fingerprint after the count.
    let count = count.split('-').next()?;
    Some((split.to_owned(), number.parse().ok()?, count.parse().ok()?))
}

/// The side in the shard's own name, or else in that of the nearest folder below the root.
fn side_of(root: &Path, file: &Path) -> Option<Side> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let own = shard_name(file).map_or(stem, |(split, _, _)| split);
    Side::of_name(&own).or_else(|| {
        let folders = file.parent()?.strip_prefix(root).ok()?;
        folders.components().rev().find_map(|part| Side::of_name(&part.as_os_str().to_string_lossy()))
    })
}

/// A half-finished download must not pass for the data set.
fn check_complete(root: &Path, files: &[PathBuf]) -> Result<()> {
    for file in files {
        let Some((split, _, count)) = shard_name(file) else {
            continue;
        };
        for wanted in 0..count {
            let present = files.iter().any(|other| {
                other.parent() == file.parent() && shard_name(other) == Some((split.clone(), wanted, count))
            });
            if !present {
                return Err(Error::input(
                    root,
                    format!("{} without shard {wanted} of 0 to {}", folder::name_of(file), count - 1),
                    format!("all {count} shards of {split}"),
                    "fetch the missing shard",
                ));
            }
        }
    }
    Ok(())
}

#[derive(Default)]
struct Rows {
    items: Vec<Item>,
    broken: Vec<Broken>,
}

impl Rows {
    fn take(&mut self, root: &Path, file: &Path, side: Option<Side>, options: &OpenOptions) -> Result<()> {
        let builder = open_file(file)?;
        let schema = builder.schema().clone();
        check_image_column(file, &schema)?;
        let read: &[&str] = if options.labels == Labels::Unread { &[] } else { &["label", "parent"] };
        let columns = read.iter().copied().filter(|name| schema.column_with_name(name).is_some());
        let label_kind = match schema.column_with_name("label").filter(|_| read.contains(&"label")) {
            None => LabelKind::Absent,
            Some((_, field)) => LabelKind::of(file, &schema, field.data_type(), options)?,
        };
        let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
        let name = identity(root, file);
        let row_count = row_count(file, builder.metadata())?;
        self.items.try_reserve_exact(row_count).map_err(|error| broken_file(file, error))?;
        let reader = builder.with_projection(mask).build().map_err(|error| broken_file(file, error))?;
        let mut row = 0;
        for batch in reader {
            let batch = batch.map_err(|error| broken_file(file, error))?;
            let parents = batch.column_by_name("parent").and_then(Strings::of);
            let labels = batch.column_by_name("label");
            for within in 0..batch.num_rows() {
                let own = format!("{name}#{row}");
                let label = match labels {
                    None => Ok(None),
                    Some(column) => label_kind.read(file, column, within, row)?,
                };
                match label {
                    Ok(label) => self.items.push(Item {
                        identity: own,
                        label,
                        parent: parents
                            .as_ref()
                            .and_then(|parents| parents.get(within))
                            .map(|parent| Parent::Identity(parent.to_owned())),
                        side,
                        location: Location::ParquetRow { file: file.to_path_buf(), row },
                    }),
                    Err(reason) => self.broken.push(Broken { identity: own, path: file.to_path_buf(), reason }),
                }
                row += 1;
            }
        }
        if row != row_count {
            return Err(broken_file(file, format!("{row} rows, where its footer says {row_count}")));
        }
        Ok(())
    }

    fn into_dataset(self, root: PathBuf, options: &OpenOptions) -> Result<Dataset> {
        let mut dataset = Dataset::from_items(root, self.items, options.limits)?;
        dataset.broken = self.broken;
        Ok(dataset)
    }
}

/// How many rows the footer says there are. What it says of row groups and images must agree: a larger number would
/// take memory for images that are not there, a smaller one would pass over some that are.
fn row_count(file: &Path, metadata: &ParquetMetaData) -> Result<usize> {
    let said = metadata.file_metadata().num_rows();
    let mut sum = Some(0_i64);
    for (number, group) in metadata.row_groups().iter().enumerate() {
        let rows = group.num_rows();
        // Columns that repeat have more values than rows.
        let mut images = group.columns().iter().filter(|column| {
            let path = column.column_path().parts();
            path.first().is_some_and(|name| name == "image") && column.column_descr().max_rep_level() == 0
        });
        if let Some(column) = images.find(|column| column.num_values() != rows) {
            let values = column.num_values();
            return Err(broken_file(file, format!("{rows} rows but {values} images in row group {number}")));
        }
        sum = sum.filter(|_| rows >= 0).and_then(|sum| sum.checked_add(rows));
    }
    match usize::try_from(said) {
        Ok(count) if sum == Some(said) => Ok(count),
        _ => Err(broken_file(file, format!("{said} rows, which its row groups do not add up to"))),
    }
}

fn check_image_column(file: &Path, schema: &SchemaRef) -> Result<()> {
    let binary = |kind: &DataType| matches!(kind, DataType::Binary | DataType::LargeBinary | DataType::BinaryView);
    let fits = schema.column_with_name("image").is_some_and(|(_, field)| match field.data_type() {
        DataType::Struct(fields) => fields.find("bytes").is_some_and(|(_, bytes)| binary(bytes.data_type())),
        kind => binary(kind),
    });
    if fits {
        return Ok(());
    }
    let columns = schema.fields().iter().map(|field| format!("{}: {}", field.name(), field.data_type()));
    Err(Error::input(
        file,
        format!("the columns {}", columns.collect::<Vec<_>>().join(", ")),
        "image: struct<bytes: binary, path: string>",
        "rename the image column, or save the data set with its images embedded",
    ))
}

/// Opens a Parquet file and reads its footer.
pub(super) fn open_file(file: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>> {
    let handle = File::open(file).map_err(|source| Error::io(file, "opening", source))?;
    ParquetRecordBatchReaderBuilder::try_new(handle).map_err(|error| broken_file(file, error))
}

pub(super) fn broken_file(file: &Path, error: impl std::fmt::Display) -> Error {
    Error::input(
        file,
        format!("a damaged or truncated Parquet file ({error})"),
        "a whole Parquet file",
        "fetch the file again",
    )
}
