//! Made images on disk, as a data set to every command.

use std::path::Path;

use crate::data::encode;
use crate::derive::MANIFEST;
use crate::image::RgbImage;
use crate::write_atomically::NewFolder;
use crate::{Error, Label, Result};

/// How images are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lossless.
    Png,
    /// JPEG of this quality, `1..=100`: what the photographs they stand beside are kept as.
    Jpeg(u8),
}

/// Writes `images`, all fake, to the new folder `folder` with a manifest that names `recipe` for each; whole or not
/// at all.
///
/// # Errors
/// The folder exists or cannot be written.
pub fn write(folder: &Path, images: &[RgbImage], format: Format, recipe: &str) -> Result<()> {
    let new = NewFolder::create(folder)?;
    new.make("images")?;
    let failed = |error: String| Error::io(folder, "writing the manifest", std::io::Error::other(error));
    let mut manifest = csv::Writer::from_writer(Vec::new());
    manifest.write_record(["file_name", "label", "recipe"]).map_err(|error| failed(error.to_string()))?;
    for (index, image) in images.iter().enumerate() {
        let (bytes, extension) = match format {
            Format::Png => (encode::png(image)?, "png"),
            Format::Jpeg(quality) => (encode::jpeg(image, quality)?, "jpg"),
        };
        let name = format!("images/{}.{extension}", index + 1);
        new.write(&name, &bytes)?;
        let row = [name.as_str(), Label::Fake.name(), recipe];
        manifest.write_record(row).map_err(|error| failed(error.to_string()))?;
    }
    new.write(MANIFEST, &manifest.into_inner().map_err(|error| failed(error.to_string()))?)?;
    new.finish()
}
