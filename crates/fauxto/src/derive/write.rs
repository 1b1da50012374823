//! Derived images on disk.

use std::path::Path;

use crate::data::split::Assignment;
use crate::data::{ManifestWriter, encode};
use crate::image::RgbImage;
use crate::write_atomically::NewFolder;
use crate::{Label, Result};

/// The manifest's name in the folder. A folder with a file of this name is read by it, so that parents
/// are not lost on the way.
pub const MANIFEST: &str = "metadata.csv";

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Written {
    /// Derived images of each class: real, fake.
    pub images: [usize; 2],
    /// Different parents of each class: real, fake.
    pub parents: [usize; 2],
}

/// A set in the making.
pub(super) struct DerivedFolder<'a> {
    folder: NewFolder,
    parents: &'a [&'a Assignment],
}

impl<'a> DerivedFolder<'a> {
    pub(super) fn create(path: &Path, parents: &'a [&'a Assignment]) -> Result<Self> {
        let folder = NewFolder::create(path)?;
        folder.make("images")?;
        Ok(Self { folder, parents })
    }

    /// Writes what was made of the parent at `place`.
    pub(super) fn add(&self, place: usize, image: &RgbImage) -> Result<()> {
        self.folder.write(&self.name(place), &encode::png(image)?)
    }

    /// Writes the manifest, `recipe` saying how the image at a place was made, and puts the set in its place.
    pub(super) fn finish(self, recipe: impl Fn(usize) -> String) -> Result<Written> {
        let columns = ["file_name", "label", "parent", "parent_content_hash", "recipe"];
        let mut manifest = ManifestWriter::new(self.folder.path(), columns)?;
        for (place, parent) in self.parents.iter().enumerate() {
            let content = parent.content.to_string();
            manifest.add([&self.name(place), parent.label.name(), &parent.identity, &content, &recipe(place)])?;
        }
        self.folder.write(MANIFEST, &manifest.finish()?)?;
        self.folder.finish()?;
        let of = |label: Label| self.parents.iter().filter(move |parent| parent.label == label);
        Ok(Written {
            images: Label::ALL.map(|label| of(label).count()),
            parents: Label::ALL.map(|label| {
                let different: std::collections::HashSet<&str> =
                    of(label).map(|parent| parent.identity.as_str()).collect();
                different.len()
            }),
        })
    }

    /// `images/real-1.png`: numbers count within a class.
    fn name(&self, place: usize) -> String {
        let label = self.parents[place].label;
        let first = self.parents.partition_point(|parent| parent.label < label);
        format!("images/{label}-{}.png", place - first + 1)
    }
}
