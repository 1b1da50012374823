//! F1 with fake as the positive class: the harmonic mean of precision and recall, in `0..=1`;
//! `2 TP / (2 TP + FP + FN)`. Undefined where nothing is fake and nothing is called fake.
//!
//! Source: van Rijsbergen, "Information Retrieval", 2nd edition 1979, chapter 7.

use super::confusion::Confusion;
use super::{Better, Metric, Undefined};

/// The entry in [`METRICS`](super::METRICS).
pub const METRIC: Metric = Metric {
    name: "f1",
    title: "F1",
    summary: "harmonic mean of precision and recall, fake being positive",
    source: "van Rijsbergen 1979",
    better: Better::Higher,
    range: (0.0, 1.0),
    measure: |scores, threshold| {
        let confusion = Confusion::count(scores, threshold);
        match 2 * confusion.fake_as_fake + confusion.real_as_fake + confusion.fake_as_real {
            0 => Err(Undefined("no image is fake and none is called fake")),
            all => Ok(2.0 * confusion.fake_as_fake as f64 / all as f64),
        }
    },
};
