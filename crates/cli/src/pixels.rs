//! Decoding a data set with progress, and saying what could not be decoded.

use std::collections::HashSet;

use anyhow::bail;
use fauxto::data::{Broken, Dataset, PixelStore, StoreOptions};

use crate::progress;

/// How many broken images a message names before it only counts.
const NAMED: usize = 5;

/// Decodes the items at `indices` to `size`.
pub(crate) fn decode(dataset: &Dataset, indices: &[usize], size: usize) -> anyhow::Result<PixelStore> {
    let bar = progress::bar(indices.len(), "images", "decoding");
    let advance = |done: usize, _: usize| bar.set_position(done as u64);
    let options = StoreOptions { progress: Some(&advance), ..StoreOptions::new(size) };
    let store = PixelStore::fill(dataset, indices, &options)?;
    bar.finish_and_clear();
    Ok(store)
}

/// The positions of `store` that can be used. Broken ones stop the command unless `skip`, and are
/// named on standard error if they do not.
pub(crate) fn usable(dataset: &Dataset, store: &PixelStore, skip: bool) -> anyhow::Result<Vec<usize>> {
    let broken: Vec<&Broken> = dataset.broken.iter().chain(store.broken().iter().map(|broken| &broken.entry)).collect();
    if !broken.is_empty() {
        let mut named: Vec<String> =
            broken.iter().take(NAMED).map(|broken| format!("  {}: {}", broken.identity, broken.reason)).collect();
        if broken.len() > NAMED {
            named.push(format!("  and {} more (`fauxto audit` lists all)", broken.len() - NAMED));
        }
        let message = format!(
            "{} of {} images cannot be used:\n{}",
            broken.len(),
            store.len() + dataset.broken.len(),
            named.join("\n")
        );
        if !skip {
            bail!("{message}\nrepair or remove them, or pass --skip-bad to leave them out");
        }
        progress::note(&message);
    }
    let positions: HashSet<usize> = store.broken().iter().map(|broken| broken.position).collect();
    Ok((0..store.len()).filter(|position| !positions.contains(position)).collect())
}
