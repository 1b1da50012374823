//! Properties that should not tell real from fake. Where one does, a detector may learn it
//! instead of the image.
//!
//! To add one: a file beside this one with a function, and a line in [`GIVEAWAYS`].

mod brightness;
mod dimensions;
mod file_size;
mod format;
mod quantisation_table;
mod saturation;
mod sharpness;

use serde::{Deserialize, Serialize};

use super::Contents;

/// What kind of property a giveaway is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Of the file: says how the image was stored, nothing of what it shows.
    Container,
    /// Of the pixels, as a whole: may differ for good reasons.
    Content,
}

/// How a giveaway is measured on one image.
#[derive(Clone, Copy)]
pub enum Measure {
    /// A number; larger and smaller both may speak for fake.
    Number(fn(&Contents) -> f64),
    /// A name without order.
    Category(fn(&Contents) -> String),
}

/// A property to be checked.
pub struct Giveaway {
    /// Stable name in reports, as in `file_size`.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// Of the file or of the pixels.
    pub kind: Kind,
    /// Its value for one image.
    pub measure: Measure,
}

/// Every property checked, in report order.
pub static GIVEAWAYS: &[Giveaway] = &[
    file_size::GIVEAWAY,
    dimensions::WIDTH,
    dimensions::HEIGHT,
    dimensions::DIMENSIONS,
    format::GIVEAWAY,
    quantisation_table::GIVEAWAY,
    brightness::GIVEAWAY,
    saturation::GIVEAWAY,
    sharpness::GIVEAWAY,
];

/// Luminance of one pixel in `0..=255` (ITU-R BT.601 weights, as in JPEG).
fn luminance(pixel: &[u8]) -> f64 {
    0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2])
}
