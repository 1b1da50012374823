//! A finished figure and its two files.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use resvg::{tiny_skia, usvg};
use tempfile::NamedTempFile;

use crate::{Error, Result, text};

/// Pixels of the PNG for each pixel of the SVG.
const SCALE: u32 = 2;

/// A finished figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    svg: String,
    width: u32,
    height: u32,
}

impl Figure {
    pub(crate) fn new(svg: String, width: u32, height: u32) -> Self {
        Self { svg, width, height }
    }

    /// The figure as an SVG document.
    #[must_use]
    pub fn svg(&self) -> &str {
        &self.svg
    }

    /// Width and height of the SVG in pixels; the PNG has twice as many.
    #[must_use]
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The figure as a PNG file's bytes.
    ///
    /// # Errors
    /// [`Error::Drawing`] where the SVG cannot be rendered.
    pub fn png(&self) -> Result<Vec<u8>> {
        const ACTION: &str = "rendering as PNG";
        let tree =
            usvg::Tree::from_str(&self.svg, &text::options()).map_err(|reason| Error::drawing(ACTION, reason))?;
        let mut pixels = tiny_skia::Pixmap::new(self.width * SCALE, self.height * SCALE)
            .ok_or_else(|| Error::drawing(ACTION, format!("{} x {} pixels are too many", self.width, self.height)))?;
        let scale = SCALE as f32;
        resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixels.as_mut());
        pixels.encode_png().map_err(|reason| Error::drawing(ACTION, reason))
    }

    /// Writes `{path_stem}.svg` and `{path_stem}.png`, making their folder where it is missing.
    /// Each appears whole or not at all. Returns the two paths.
    ///
    /// # Errors
    /// [`Error::Io`] naming the file that could not be written; [`Error::Drawing`].
    pub fn save(&self, path_stem: impl AsRef<Path>) -> Result<[PathBuf; 2]> {
        let png = self.png()?;
        let stem = path_stem.as_ref();
        let folder = match stem.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder).map_err(|source| Error::io(folder, "making the folder", source))?;
        let svg = write(folder, beside(stem, ".svg"), self.svg.as_bytes())?;
        let png = write(folder, beside(stem, ".png"), &png)?;
        // Both are on disk before either takes its name.
        Ok([rename(svg)?, rename(png)?])
    }
}

/// `stem` with `extension` added, not put in the place of whatever follows a dot in its name.
fn beside(stem: &Path, extension: &str) -> PathBuf {
    let mut name = OsString::from(stem);
    name.push(extension);
    name.into()
}

fn write(folder: &Path, path: PathBuf, bytes: &[u8]) -> Result<(NamedTempFile, PathBuf)> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let written = builder.tempfile_in(folder).and_then(|mut file| {
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        Ok(file)
    });
    written.map(|file| (file, path.clone())).map_err(|source| Error::io(&path, "writing", source))
}

fn rename((file, path): (NamedTempFile, PathBuf)) -> Result<PathBuf> {
    file.persist(&path).map_err(|failure| Error::io(&path, "writing", failure.error))?;
    Ok(path)
}
