//! Manifests of image folders that the project makes, in the form that the manifest reader reads.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// A CSV manifest in the making.
#[derive(Debug)]
pub(crate) struct ManifestWriter {
    /// Named in errors: the folder it is of.
    folder: PathBuf,
    rows: csv::Writer<Vec<u8>>,
}

impl ManifestWriter {
    /// Of the folder `folder`, with these columns.
    pub(crate) fn new<const N: usize>(folder: &Path, columns: [&str; N]) -> Result<Self> {
        let mut writer = Self { folder: folder.to_path_buf(), rows: csv::Writer::from_writer(Vec::new()) };
        writer.add(columns)?;
        Ok(writer)
    }

    /// Adds a row, one cell a column.
    pub(crate) fn add<const N: usize>(&mut self, cells: [&str; N]) -> Result<()> {
        self.rows.write_record(cells).map_err(|error| failed(&self.folder, error.to_string()))
    }

    /// The file's bytes.
    pub(crate) fn finish(self) -> Result<Vec<u8>> {
        let Self { folder, rows } = self;
        rows.into_inner().map_err(|error| failed(&folder, error.to_string()))
    }
}

fn failed(folder: &Path, error: String) -> Error {
    Error::io(folder, "writing the manifest", std::io::Error::other(error))
}
