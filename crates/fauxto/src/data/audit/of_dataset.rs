//! The audit of a data set on disk, each file and each Parquet row group read once.

use std::sync::{Mutex, PoisonError};

use super::{Audit, Container, Contents, Traced, conclude, duplicate, trace};
use crate::data::Dataset;
use crate::data::decode::decode;

/// Audits every item of `dataset`; `progress` is called after each, from several threads. Entries that
/// never became items (rows without a label, say) are listed as unreadable.
#[must_use]
pub fn audit_dataset(dataset: &Dataset, progress: &(dyn Fn() + Sync)) -> Audit {
    let fingerprinter = duplicate::Fingerprinter::new();
    let unseen = || Err("it was never read".to_owned());
    let traces: Mutex<Vec<Traced>> =
        Mutex::new(dataset.items.iter().map(|item| (item.identity.clone(), item.label, unseen())).collect());
    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    dataset.visit_encoded(&indices, &|position, outcome| {
        let path = dataset.items[position].location.path();
        let traced = outcome
            .and_then(|bytes| Ok((bytes, decode(bytes, &dataset.limits)?)))
            .map_err(|defect| defect.at(path).to_string())
            .and_then(|(bytes, image)| {
                let (width, height) = (image.width, image.height);
                let contents = Contents {
                    encoded_bytes: bytes.len() as u64,
                    container: Container::sniff(bytes),
                    width,
                    height,
                    image,
                };
                trace(&contents, &fingerprinter).ok_or_else(|| format!("decoded to {width} x {height} pixels"))
            });
        traces.lock().unwrap_or_else(PoisonError::into_inner)[position].2 = traced;
        progress();
    });
    let mut traces = traces.into_inner().unwrap_or_else(PoisonError::into_inner);
    traces.extend(dataset.broken.iter().map(|entry| (entry.identity.clone(), None, Err(entry.reason.clone()))));
    conclude(&traces)
}
