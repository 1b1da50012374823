//! The three corruptions the original hackathon entry reported, by its names. Each is one of
//! CIFAR-10-C's at some severity, though not always at the number the entry gave it.

use super::severity::Severity;
use super::{CorruptionEntry, find};
use crate::Result;

/// A corruption as the original named it.
#[derive(Debug)]
pub struct OriginalCorruption {
    /// The name in its table.
    pub name: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// The severity it gave.
    pub reported_severity: u8,
    /// The corruption of [`CORRUPTIONS`](super::CORRUPTIONS) it is.
    pub corruption: &'static str,
    /// The severity at which it is that.
    pub severity: u8,
}

/// What the original reported, in its order.
pub static ORIGINAL_CORRUPTIONS: &[OriginalCorruption] = &[
    OriginalCorruption {
        name: "Gaussian Noise",
        summary: "noise of standard deviation .08",
        reported_severity: 3,
        corruption: "gaussian_noise",
        severity: 3,
    },
    OriginalCorruption {
        name: "Gaussian Blur",
        summary: "blur of standard deviation 1.0 pixels",
        reported_severity: 3,
        corruption: "gaussian_blur",
        severity: 5,
    },
    OriginalCorruption {
        name: "JPEG Compression",
        summary: "JPEG of quality 40",
        reported_severity: 3,
        corruption: "jpeg_compression",
        severity: 5,
    },
];

impl OriginalCorruption {
    /// The corruption and the severity to apply.
    ///
    /// # Errors
    /// The table names what there is not, which a test excludes.
    pub fn corruption(&self) -> Result<(&'static CorruptionEntry, Severity)> {
        Ok((find(self.corruption)?, Severity::new(self.severity)?))
    }
}
