//! From files to items: readers for folders, Parquet and manifests give the same [`Item`]s.

mod access;
pub mod audit;
mod class_names;
mod column;
pub mod content;
pub mod dataset;
pub mod decode;
pub mod encode;
mod folder;
mod groups;
mod manifest;
mod manifest_writer;
mod parent;
mod parquet;
mod parquet_images;
mod parquet_labels;
mod pixel_file;
mod pixels;
pub mod resize;
mod single;
pub mod split;
pub mod store;
mod verdicts;

use std::path::PathBuf;

pub use access::Visit;
pub use class_names::label_of_name;
pub use column::column;
pub use content::ContentHash;
pub use dataset::{Broken, Dataset, Labels, OpenOptions, READERS, Reader};
pub use decode::{Defect, Limits, decode};
pub(crate) use manifest_writer::ManifestWriter;
pub use parent::Parent;
pub use resize::{resize, resize_into};
pub use store::{BrokenPixels, PixelStore, StoreOptions};

use crate::Label;

/// One image of a data set: where it is, what it is, and what it was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Unique within the data set and stable between machines: the path relative to the data set's
    /// root with `/` separators, or `file.parquet#row`. For people and for joining, never a feature.
    pub identity: String,
    /// The class, or `None` for images that are only to be judged.
    pub label: Option<Label>,
    /// What this one was derived from (augmented, attacked, re-encoded).
    pub parent: Option<Parent>,
    /// The side a `train/ validation/ test/` folder assigns, if the data set has such folders.
    pub side: Option<Side>,
    /// Where the encoded bytes are.
    pub location: Location,
}

/// A side of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Learns parameters.
    Train,
    /// Stops training, sets weights, thresholds and calibration.
    Validation,
    /// Reports, and nothing else.
    Test,
}

/// Where an item's encoded bytes are.
#[derive(Clone, Debug, PartialEq)]
pub enum Location {
    /// A file of its own.
    File(PathBuf),
    /// A row of a Parquet file, counted from 0 within that file.
    ParquetRow {
        /// The Parquet file.
        file: PathBuf,
        /// The row.
        row: usize,
    },
    /// Bytes held in memory, such as standard input.
    Memory(std::sync::Arc<[u8]>),
}
