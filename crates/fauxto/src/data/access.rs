//! Encoded bytes of items, one by one or in bulk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

use super::dataset::Dataset;
use super::decode::{Defect, Limits};
use super::{Location, parquet_images};
use crate::Result;

/// Called with a position within the indices asked for, and that item's encoded bytes.
pub type Visit<'call> = dyn Fn(usize, Result<&[u8], Defect>) + Sync + 'call;

impl Dataset {
    /// The encoded bytes of one item, as they are stored. For many items use
    /// [`Dataset::visit_encoded`], which opens each Parquet row group once.
    ///
    /// # Errors
    /// The file cannot be read or is beyond the limits, or the row holds no bytes.
    ///
    /// # Panics
    /// `index` is not below the number of items.
    pub fn encoded(&self, index: usize) -> Result<Vec<u8>> {
        let slot = Mutex::new(None);
        self.visit_encoded(&[index], &|_, outcome| {
            if let Ok(mut slot) = slot.lock() {
                *slot = Some(outcome.map(<[u8]>::to_vec));
            }
        });
        let outcome = slot.into_inner().unwrap_or_default();
        let missing = || Err(Defect::new("nothing", "the item's bytes", "open the data set again"));
        outcome.unwrap_or_else(missing).map_err(|defect| defect.at(self.items[index].location.path()))
    }

    /// Visits the encoded bytes of the items at `indices`, in parallel and in no particular order:
    /// `visit(position, bytes)` is called exactly once for each position in `indices`. Each file and
    /// each Parquet row group is read once; beside the images in work only a few megabytes are held.
    ///
    /// # Panics
    /// An index is not below the number of items.
    pub fn visit_encoded(&self, indices: &[usize], visit: &Visit<'_>) {
        let mut alone = Vec::new();
        let mut by_file: BTreeMap<&PathBuf, Vec<(usize, usize)>> = BTreeMap::new();
        for (position, &index) in indices.iter().enumerate() {
            match &self.items[index].location {
                Location::ParquetRow { file, row } => by_file.entry(file).or_default().push((*row, position)),
                Location::File(_) | Location::Memory(_) => alone.push(position),
            }
        }
        alone.into_par_iter().for_each(|position| match &self.items[indices[position]].location {
            Location::Memory(bytes) => visit(position, within(bytes, &self.limits)),
            location => match read_file(location.path(), &self.limits) {
                Ok(bytes) => visit(position, Ok(&bytes)),
                Err(defect) => visit(position, Err(defect)),
            },
        });
        for (file, mut wanted) in by_file {
            wanted.sort_unstable();
            parquet_images::visit(file, &wanted, &self.limits, visit);
        }
    }
}

fn within<'bytes>(bytes: &'bytes [u8], limits: &Limits) -> Result<&'bytes [u8], Defect> {
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(Defect::too_many_bytes(bytes.len() as u64, limits));
    }
    Ok(bytes)
}

fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, Defect> {
    let refused = |action: &'static str| move |source: std::io::Error| Defect::unreadable(action, &source);
    // Asked before opening: opening a named pipe would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(refused("opening"))?;
    if !metadata.is_file() {
        return Err(Defect::new("no regular file", "an image file", "leave it out"));
    }
    if metadata.len() > limits.max_file_bytes {
        return Err(Defect::too_many_bytes(metadata.len(), limits));
    }
    let file = File::open(path).map_err(refused("opening"))?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    // The file may grow between the question and the reading.
    file.take(limits.max_file_bytes + 1).read_to_end(&mut bytes).map_err(refused("reading"))?;
    within(&bytes, limits)?;
    Ok(bytes)
}
