//! Made images on disk, as a data set to every command.

use crate::data::{ManifestWriter, encode};
use crate::derive::MANIFEST;
use crate::image::RgbImage;
use crate::write_atomically::NewFolder;
use crate::{Label, Result};

/// How images are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lossless.
    Png,
    /// JPEG of this quality, `1..=100`: what the photographs they stand beside are kept as.
    Jpeg(u8),
}

/// Writes `images`, all fake, to `folder` with a manifest that names `recipe` for each, and puts it in its place.
///
/// # Errors
/// The folder cannot be written.
pub fn write(folder: NewFolder, images: &[RgbImage], format: Format, recipe: &str) -> Result<()> {
    folder.make("images")?;
    let mut manifest = ManifestWriter::new(folder.path(), ["file_name", "label", "recipe"])?;
    for (index, image) in images.iter().enumerate() {
        let (bytes, extension) = match format {
            Format::Png => (encode::png(image)?, "png"),
            Format::Jpeg(quality) => (encode::jpeg(image, quality)?, "jpg"),
        };
        let name = format!("images/{}.{extension}", index + 1);
        folder.write(&name, &bytes)?;
        manifest.add([&name, Label::Fake.name(), recipe])?;
    }
    folder.write(MANIFEST, &manifest.finish()?)?;
    folder.finish()
}
