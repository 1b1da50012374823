//! Columns of Parquet files beyond those that make an item: what an image shows, what it was made by.

use std::collections::HashMap;
use std::path::Path;

use parquet::arrow::ProjectionMask;

use super::parquet::{broken_file, open_file};
use super::parquet_labels::Strings;
use super::{Item, Location};
use crate::{Error, Result};

/// The text in column `name` for every one of `items`, in order; none where it is null.
///
/// # Errors
/// If an item is not a row of a Parquet file, or a file has no such column of strings or cannot be read.
pub fn column(items: &[Item], name: &str) -> Result<Vec<Option<String>>> {
    let mut columns: HashMap<&Path, Vec<Option<String>>> = HashMap::new();
    let mut texts = Vec::with_capacity(items.len());
    for item in items {
        let Location::ParquetRow { file, row } = &item.location else {
            return Err(Error::input(
                item.location.path(),
                format!("no column `{name}`"),
                "a row of a Parquet file with that column",
                "give the data as Parquet",
            ));
        };
        let column = match columns.entry(file) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(unknown) => unknown.insert(read(file, name)?),
        };
        texts.push(column.get(*row).cloned().flatten());
    }
    Ok(texts)
}

fn read(file: &Path, name: &str) -> Result<Vec<Option<String>>> {
    let builder = open_file(file)?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let missing = || {
        Error::input(
            file,
            format!("the columns {}", names.join(", ")),
            format!("`{name}`, a column of strings"),
            "name another column",
        )
    };
    if !names.iter().any(|own| own == name) {
        return Err(missing());
    }
    let mask = ProjectionMask::columns(builder.parquet_schema(), [name]);
    let mut texts = Vec::new();
    for batch in builder.with_projection(mask).build().map_err(|error| broken_file(file, error))? {
        let batch = batch.map_err(|error| broken_file(file, error))?;
        let column = batch.column_by_name(name).and_then(Strings::of).ok_or_else(missing)?;
        texts.extend((0..batch.num_rows()).map(|row| column.get(row).map(str::to_owned)));
    }
    Ok(texts)
}
