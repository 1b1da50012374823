//! Encoded bytes to RGB, as viewers show them and as Pillow decodes them.
//!
//! - The format is told by the content, never by the name.
//! - JPEG goes through libjpeg (`jpeg.rs` says why); everything else through the `image` crate.
//! - Grey becomes three equal channels, palettes their colours; 16 bits become 8 by rounding
//!   `level / 257`; CMYK and YCCK become RGB by Pillow's formula.
//! - Transparency is composited on white, the ground of pages and documents. Pillow's
//!   `convert("RGB")` would uncover the colours under transparent pixels instead: those are unseen,
//!   and differ by the tool that wrote the file, not by what the picture shows. Opaque images do
//!   not depend on this choice.
//! - The Exif orientation is applied; of an animation the first frame counts; embedded colour
//!   profiles are not applied (neither does Pillow).
//! - Dimensions are checked against [`Limits`] before pixels are allocated.

mod format;
mod jpeg;
mod jpeg_warnings;
mod raster;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use format::{FORMATS, Format, FormatEntry};
pub(crate) use format::{is_an_image, names_an_image};

use crate::Error;
use crate::image::RgbImage;

/// What an image may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Width times height. The default, 2^28, admits the 200-megapixel photographs of telephones.
    pub max_pixels: u64,
    /// Encoded bytes. The default is 2^30.
    pub max_file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 1 << 28, max_file_bytes: 1 << 30 }
    }
}

/// Why bytes are not a usable image; [`Defect::at`] adds the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("found {found}; expected {expected}; {remedy}")]
pub struct Defect {
    /// What is there.
    pub found: String,
    /// What was needed.
    pub expected: String,
    /// What the user can do.
    pub remedy: String,
}

impl Defect {
    pub(crate) fn new(found: impl Into<String>, expected: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { found: found.into(), expected: expected.into(), remedy: remedy.into() }
    }

    /// The file could not be read.
    pub(crate) fn unreadable(action: &str, source: &std::io::Error) -> Self {
        Self::new(
            format!("a file on which {action} failed ({source})"),
            "a readable file",
            "check that it exists and that its permissions allow reading",
        )
    }

    /// More encoded bytes than allowed.
    pub(crate) fn too_many_bytes(bytes: u64, limits: &Limits) -> Self {
        Self::new(
            format!("{bytes} bytes"),
            format!("at most {} bytes", limits.max_file_bytes),
            "make it smaller, or leave it out",
        )
    }

    fn broken(format: Format, reason: impl std::fmt::Display) -> Self {
        Self::new(
            format!("a damaged or truncated {} ({reason})", format.name()),
            format!("a whole {} image", format.name()),
            "fetch the file again, or leave it out",
        )
    }

    /// The error for a file with this defect.
    #[must_use]
    pub fn at(self, path: impl AsRef<Path>) -> Error {
        Error::input(path, self.found, self.expected, self.remedy)
    }
}

/// What an image says of itself before its pixels are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The format, by content.
    pub format: Format,
    /// Pixels across as stored, before the Exif orientation.
    pub width: u32,
    /// Pixels down as stored, before the Exif orientation.
    pub height: u32,
}

/// Decodes an image to RGB, upright, first frame.
///
/// # Errors
/// The bytes are empty, no image, of an unsupported format, damaged, truncated, or beyond `limits`.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, Defect> {
    let format = recognise(bytes, limits)?;
    guarded(format, || match format {
        Format::Jpeg => jpeg::decode(bytes, limits),
        _ => raster::decode(bytes, format, limits),
    })
}

/// Reads format and dimensions without decoding pixels.
///
/// # Errors
/// As for [`decode`], as far as the header shows.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Header, Defect> {
    let format = recognise(bytes, limits)?;
    let (width, height) = guarded(format, || match format {
        Format::Jpeg => jpeg::dimensions(bytes, limits),
        _ => raster::dimensions(bytes, format, limits),
    })?;
    Ok(Header { format, width, height })
}

fn recognise(bytes: &[u8], limits: &Limits) -> Result<Format, Defect> {
    if bytes.len() as u64 > limits.max_file_bytes {
        return Err(Defect::too_many_bytes(bytes.len() as u64, limits));
    }
    Format::of(bytes).ok_or_else(|| {
        Defect::new(
            format::describe_other(bytes),
            format!("an image ({})", format::names()),
            "convert it to PNG, or leave it out",
        )
    })
}

/// libjpeg reports errors by unwinding, and no decoder's panic may take the process down.
fn guarded<T>(format: Format, work: impl FnOnce() -> Result<T, Defect>) -> Result<T, Defect> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let reason = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("the decoder failed");
        Err(Defect::broken(format, reason))
    })
}

/// Refuses dimensions beyond the limits; to be called before any pixel is allocated.
fn check_dimensions(width: u32, height: u32, format: Format, limits: &Limits) -> Result<(), Defect> {
    if width == 0 || height == 0 {
        return Err(Defect::broken(format, format!("{width}x{height} pixels")));
    }
    if u64::from(width) * u64::from(height) > limits.max_pixels {
        return Err(Defect::new(
            format!("{width}x{height} pixels"),
            format!("at most {} pixels", limits.max_pixels),
            "make it smaller, or leave it out",
        ));
    }
    Ok(())
}
