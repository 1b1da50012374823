//! Image formats and how their content shows them.

use std::io::Read;

/// A supported image format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JPEG (JFIF, Exif, Adobe).
    Jpeg,
    /// Portable Network Graphics.
    Png,
    /// WebP, lossy and lossless.
    WebP,
    /// Windows bitmap.
    Bmp,
    /// Graphics Interchange Format.
    Gif,
    /// Tagged Image File Format.
    Tiff,
}

/// One supported format.
#[derive(Debug)]
pub struct FormatEntry {
    /// The format.
    pub format: Format,
    /// Its name as people write it.
    pub name: &'static str,
    /// Usual file extensions, lower case.
    pub extensions: &'static [&'static str],
    recognises: fn(&[u8]) -> bool,
    pub(super) codec: ::image::ImageFormat,
}

/// Every supported format.
pub static FORMATS: &[FormatEntry] = &[
    FormatEntry {
        format: Format::Jpeg,
        name: "JPEG",
        extensions: &["jpg", "jpeg", "jpe", "jfif"],
        recognises: |bytes| bytes.starts_with(&[0xff, 0xd8, 0xff]),
        codec: ::image::ImageFormat::Jpeg,
    },
    FormatEntry {
        format: Format::Png,
        name: "PNG",
        extensions: &["png", "apng"],
        recognises: |bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        codec: ::image::ImageFormat::Png,
    },
    FormatEntry {
        format: Format::WebP,
        name: "WebP",
        extensions: &["webp"],
        recognises: |bytes| bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        codec: ::image::ImageFormat::WebP,
    },
    FormatEntry {
        format: Format::Bmp,
        name: "BMP",
        extensions: &["bmp", "dib"],
        // Two letters alone would take any text beginning "BM": the pixel offset must follow the headers.
        recognises: |bytes| {
            bytes.starts_with(b"BM")
                && bytes
                    .get(14..18)
                    .is_some_and(|size| (12..=256).contains(&u32::from_le_bytes([size[0], size[1], size[2], size[3]])))
        },
        codec: ::image::ImageFormat::Bmp,
    },
    FormatEntry {
        format: Format::Gif,
        name: "GIF",
        extensions: &["gif"],
        recognises: |bytes| bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a"),
        codec: ::image::ImageFormat::Gif,
    },
    FormatEntry {
        format: Format::Tiff,
        name: "TIFF",
        extensions: &["tif", "tiff"],
        recognises: |bytes| [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| bytes.starts_with(*magic)),
        codec: ::image::ImageFormat::Tiff,
    },
];

/// Images this project does not read. Folders list them all the same, so that they are reported
/// rather than silently passed over.
const UNSUPPORTED_EXTENSIONS: &[&str] =
    &["heic", "heif", "avif", "jxl", "jp2", "j2k", "psd", "dng", "cr2", "nef", "arw"];

impl Format {
    /// The format that the content shows, if it is a supported image.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        FORMATS.iter().find(|entry| (entry.recognises)(bytes)).map(|entry| entry.format)
    }

    /// The format's name as people write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        FORMATS.iter().find(|entry| entry.format == self).map_or("image", |entry| entry.name)
    }

    pub(super) fn codec(self) -> Option<::image::ImageFormat> {
        FORMATS.iter().find(|entry| entry.format == self).map(|entry| entry.codec)
    }
}

/// Whether a file name's extension belongs to images, supported or not.
pub(crate) fn names_an_image(path: &std::path::Path) -> bool {
    let Some(extension) = path.extension().and_then(|extension| extension.to_str()) else {
        return false;
    };
    let extension = extension.to_ascii_lowercase();
    FORMATS.iter().flat_map(|entry| entry.extensions).chain(UNSUPPORTED_EXTENSIONS).any(|known| *known == extension)
}

/// Whether a file is an image: by name, so that a broken one is reported as that, or by what it begins with, so that one
/// without an extension is not passed over.
pub(crate) fn is_an_image(path: &std::path::Path) -> bool {
    names_an_image(path) || path.is_file() && first_bytes(path).is_some_and(|bytes| Format::of(&bytes).is_some())
}

fn first_bytes(path: &std::path::Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Every supported format's name, for messages.
pub(super) fn names() -> String {
    FORMATS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

/// What bytes that are no supported image seem to be.
pub(super) fn describe_other(bytes: &[u8]) -> String {
    let brand = (bytes.get(4..8) == Some(b"ftyp")).then(|| bytes.get(8..12)).flatten();
    let text = std::str::from_utf8(&bytes[..bytes.len().min(64)])
        .map(|text| text.trim_start().to_ascii_lowercase())
        .unwrap_or_default();
    let kind = match () {
        () if bytes.is_empty() => "an empty file",
        () if bytes.iter().all(|&byte| byte == 0) => "nothing but zero bytes",
        () if matches!(brand, Some(b"avif" | b"avis")) => "an AVIF image",
        () if matches!(brand, Some(b"heic" | b"heix" | b"mif1" | b"hevc" | b"msf1")) => "a HEIC image",
        () if brand.is_some() => "a video",
        () if bytes.starts_with(b"\0\0\0\x0cJXL ") || bytes.starts_with(&[0xff, 0x0a]) => "a JPEG XL image",
        () if bytes.starts_with(b"\0\0\0\x0cjP  ") => "a JPEG 2000 image",
        () if bytes.starts_with(b"8BPS") => "a Photoshop document",
        () if bytes.starts_with(b"%PDF") => "a PDF document",
        () if bytes.starts_with(b"PK") => "a ZIP archive",
        () if bytes.starts_with(b"PAR1") => "a Parquet file",
        () if bytes.starts_with(b"version https://git-lfs") => "a Git LFS pointer, not the file it stands for",
        () if text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg")) => "an SVG drawing",
        () if text.starts_with("<!doctype html") || text.starts_with("<html") => "an HTML page (a failed download?)",
        () if !text.is_empty() && !text.contains('\0') => "text",
        () => "no known image format",
    };
    kind.to_owned()
}
