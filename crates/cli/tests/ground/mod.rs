//! A split to call commands with.

use std::path::Path;

use fauxto::data::split::{Settings, Split};
use fauxto::data::{Dataset, OpenOptions, PixelStore, StoreOptions};
use fauxto::run;

/// A split of the labelled images of `data`.
pub(crate) fn split(data: &Path, settings: Settings) -> Split {
    let dataset = Dataset::open(data, &OpenOptions::default()).unwrap();
    let indices = dataset.labelled();
    let store = PixelStore::fill(&dataset, &indices, &StoreOptions::new(32)).unwrap();
    let positions: Vec<usize> = (0..indices.len()).collect();
    Split::make(&run::candidates(&dataset, &indices, &store, &positions), [], settings).unwrap()
}
