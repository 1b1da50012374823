//! Attacked images on disk, each naming its parent.

use std::path::Path;

use burn::tensor::Tensor;

use super::Epsilon;
use crate::data::{ContentHash, ManifestWriter, encode};
use crate::image::RgbImage;
use crate::write_atomically::NewFolder;
use crate::{Label, Result};

/// The name of the list within the folder; a data set to every command.
pub const MANIFEST_FILE: &str = "manifest.csv";

/// A folder of attacked images, one folder for each attack and epsilon, and a manifest with the columns
/// `file_name`, `label` (the parent's), `parent` (its identity in its data set), `parent_content_hash`, `attack` and `epsilon`.
///
/// The folder appears whole, when it is [finished](Self::finish), or not at all. PNG holds 8 bits: a value is
/// rounded by up to half a level (0.5/255), which can carry a perturbation beyond an epsilon that is no
/// whole number of levels, and can undo one smaller than a level.
#[derive(Debug)]
pub struct AdversarialFolder {
    folder: NewFolder,
    manifest: ManifestWriter,
    count: usize,
}

/// What is written of one image besides its pixels.
#[derive(Clone, Copy, Debug)]
pub struct Descent<'a> {
    /// The class, which an attack does not change.
    pub label: Label,
    /// Identity of the image it was made from.
    pub parent: &'a str,
    /// Its content.
    pub parent_content: ContentHash,
    /// The attack as asked for.
    pub attack: &'a str,
    /// How far it could go.
    pub epsilon: &'a Epsilon,
}

impl AdversarialFolder {
    /// Starts the new folder `path`.
    ///
    /// # Errors
    /// If there is something at `path`, or the system refuses.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = NewFolder::create(path)?;
        let manifest =
            ManifestWriter::new(path, ["file_name", "label", "parent", "parent_content_hash", "attack", "epsilon"])?;
        Ok(Self { folder, manifest, count: 0 })
    }

    /// Adds images `[batch, height, width, 3]` in `0..=1`, each with its `descent`.
    ///
    /// # Errors
    /// If the system refuses.
    ///
    /// # Panics
    /// If there is not one `descent` for each image.
    pub fn add(&mut self, images: &Tensor<4>, descents: &[Descent<'_>]) -> Result<()> {
        let [batch, height, width, channels] = images.dims();
        assert_eq!(batch, descents.len(), "one descent for each image");
        let levels: Vec<u8> = images.to_data().iter::<f32>().map(|value| (value * 255.0).round() as u8).collect();
        for (pixels, descent) in levels.chunks_exact(height * width * channels).zip(descents) {
            let group = file_name(&format!("{}_{}", descent.attack, descent.epsilon));
            self.folder.make(&group)?;
            self.count += 1;
            let name = format!("{group}/{}.png", self.count);
            let image = RgbImage { width, height, pixels: pixels.to_vec() };
            self.folder.write(&name, &encode::png(&image)?)?;
            let epsilon = descent.epsilon.to_string();
            let content = descent.parent_content.to_string();
            self.manifest.add([&name, descent.label.name(), descent.parent, &content, descent.attack, &epsilon])?;
        }
        Ok(())
    }

    /// Writes the manifest and puts the folder in its place. Returns the number of images.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish(self) -> Result<usize> {
        let Self { folder, manifest, count } = self;
        folder.write(MANIFEST_FILE, &manifest.finish()?)?;
        folder.finish()?;
        Ok(count)
    }
}

/// `text` with everything replaced that some file system refuses.
fn file_name(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}
