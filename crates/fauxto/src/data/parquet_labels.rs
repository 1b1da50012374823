//! The label column of a Parquet file: numbers with names, or names.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, SchemaRef};

use super::class_names::{label_of_name, labels_by_index};
use super::dataset::OpenOptions;
use crate::{Error, Label, Result};

/// How a file's `label` column is to be understood.
pub(super) enum LabelKind {
    Absent,
    Number(Vec<Label>),
    Name,
}

impl LabelKind {
    pub(super) fn of(file: &Path, schema: &SchemaRef, kind: &DataType, options: &OpenOptions) -> Result<Self> {
        match kind {
            kind if kind.is_integer() => {
                let own = class_names(schema);
                Ok(Self::Number(labels_by_index(file, own.as_deref(), options.classes.as_deref())?))
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(Self::Name),
            other => Err(Error::input(
                file,
                format!("a label column of type {other}"),
                "integers with class names, or strings",
                "write the labels as int64",
            )),
        }
    }

    /// The label of a row; the inner error is the reason why that row alone cannot be used.
    pub(super) fn read(
        &self,
        file: &Path,
        column: &ArrayRef,
        within: usize,
        row: usize,
    ) -> Result<std::result::Result<Option<Label>, String>> {
        if column.is_null(within) {
            return Ok(Err("found a null label; expected a class; leave the row out or label it".to_owned()));
        }
        let refuse = |found: String, expected: String| {
            Error::input(file, format!("the label {found} in row {row}"), expected, "correct the label column")
        };
        match self {
            Self::Absent => Ok(Ok(None)),
            Self::Number(labels) => match integer(column, within) {
                Some(-1) => Ok(Ok(None)),
                Some(number) => match usize::try_from(number).ok().and_then(|index| labels.get(index)) {
                    Some(label) => Ok(Ok(Some(*label))),
                    None => Err(refuse(number.to_string(), format!("0 to {}, or -1 for unlabelled", labels.len() - 1))),
                },
                None => Err(refuse("beyond 64 bits".to_owned(), "a class index".to_owned())),
            },
            Self::Name => {
                let name =
                    Strings::of(column).and_then(|names| names.get(within).map(str::to_owned)).unwrap_or_default();
                match label_of_name(&name) {
                    Some(label) => Ok(Ok(Some(label))),
                    None => Err(refuse(name, "real or fake".to_owned())),
                }
            }
        }
    }
}

/// Class names in index order, from the feature description in the schema metadata.
fn class_names(schema: &SchemaRef) -> Option<Vec<String>> {
    let description: serde_json::Value = serde_json::from_str(schema.metadata().get("huggingface")?).ok()?;
    let names = description.pointer("/info/features/label/names")?.as_array()?;
    names.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The three layouts of string columns.
pub(super) enum Strings<'column> {
    Short(&'column arrow_array::StringArray),
    Long(&'column arrow_array::LargeStringArray),
    View(&'column arrow_array::StringViewArray),
}

impl<'column> Strings<'column> {
    pub(super) fn of(column: &'column ArrayRef) -> Option<Self> {
        match column.data_type() {
            DataType::Utf8 => Some(Self::Short(column.as_string())),
            DataType::LargeUtf8 => Some(Self::Long(column.as_string())),
            DataType::Utf8View => Some(Self::View(column.as_string_view())),
            _ => None,
        }
    }

    pub(super) fn get(&self, row: usize) -> Option<&'column str> {
        match self {
            Self::Short(column) => column.is_valid(row).then(|| column.value(row)),
            Self::Long(column) => column.is_valid(row).then(|| column.value(row)),
            Self::View(column) => column.is_valid(row).then(|| column.value(row)),
        }
    }
}

fn integer(column: &ArrayRef, row: usize) -> Option<i64> {
    Some(match column.data_type() {
        DataType::Int8 => column.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => column.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row),
        DataType::UInt8 => column.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => column.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => column.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => {
            return column.as_primitive::<UInt64Type>().value(row).try_into().ok();
        }
        _ => return None,
    })
}
