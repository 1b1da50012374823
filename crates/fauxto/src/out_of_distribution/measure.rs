//! From images to statistics of what a detector sees in them.

use super::OutOfDistribution;
use crate::data::PixelStore;
use crate::model::{Descriptor, Frozen};
use crate::train::batch::{self, Example};
use crate::{Label, Result};

/// Training images that statistics are of at most: some dozen for each channel of the widest descriptor.
const MOST_TRAINING: usize = 12_000;

/// Images looked at at a time.
const BATCH: usize = 128;

/// So many of `training`, evenly spread, that more would not change statistics much.
#[must_use]
pub fn sample(training: &[Example]) -> Vec<Example> {
    training.iter().step_by(training.len().div_ceil(MOST_TRAINING).max(1)).copied().collect()
}

/// Statistics of what `frozen` sees in images of `store`: those learned from, with their labels, and others
/// of the same source. Calls `progress` with the number of images done.
///
/// # Errors
/// As for [`OutOfDistribution::fit`], or if the store cannot be read.
pub fn measure(
    frozen: &Frozen,
    store: &PixelStore,
    training: &[Example],
    held_out: &[Example],
    progress: &mut dyn FnMut(usize),
) -> Result<OutOfDistribution> {
    let mut done = 0;
    let mut describe = |examples: &[Example]| -> Result<Vec<Descriptor>> {
        let mut descriptors = Vec::with_capacity(examples.len());
        for examples in examples.chunks(BATCH) {
            let pixels = batch::pixels(store, examples, None, frozen.detector().device())?;
            descriptors.extend(frozen.describe(pixels).descriptors);
            done += examples.len();
            progress(done);
        }
        Ok(descriptors)
    };
    let (seen, others) = (describe(training)?, describe(held_out)?);
    let labels: Vec<Label> = training.iter().map(|example| example.label).collect();
    OutOfDistribution::fit(&seen, &labels, &others)
}
