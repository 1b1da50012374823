//! What is not an image, or not a whole one, or too much of one: a reason, never a panic and never
//! made-up pixels.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use fauxto::data::decode::{FORMATS, Format, Header, inspect};
use fauxto::data::{Limits, decode};

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(golden().join(path)).unwrap()
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn reason(bytes: &[u8]) -> String {
    decode(bytes, &Limits::default()).unwrap_err().to_string()
}

const SAMPLES: [(&str, Format); 7] = [
    ("jpeg/420_q75_65x47.jpg", Format::Jpeg),
    ("jpeg/420_progressive_q75_31x33.jpg", Format::Jpeg),
    ("formats/rgb.png", Format::Png),
    ("formats/lossy.webp", Format::WebP),
    ("formats/rgb.bmp", Format::Bmp),
    ("formats/palette.gif", Format::Gif),
    ("formats/rgb_lzw.tiff", Format::Tiff),
];

#[test]
fn what_is_no_image_is_named() {
    for (bytes, part) in [
        (&b""[..], "an empty file"),
        (&[0; 100], "zero bytes"),
        (b"hello, world", "text"),
        (b"BMX racing is not a bitmap", "text"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"<svg xmlns=", "an SVG drawing"),
        (b"%PDF-1.7", "a PDF"),
        (b"PK\x03\x04", "a ZIP"),
        (b"PAR1", "a Parquet file"),
        (b"\0\0\0\x1cftypavif", "an AVIF image"),
        (b"\0\0\0\x1cftypheic", "a HEIC image"),
        (b"\0\0\0\x1cftypisom", "a video"),
        (b"\xff\x0a\x01", "a JPEG XL image"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"\x12\x34\x00\xfe", "no known image format"),
    ] {
        let reason = reason(bytes);
        assert!(reason.contains(part) && reason.contains("JPEG, PNG"), "{reason}");
    }
}

#[test]
fn the_content_decides_the_format() {
    for (path, format) in SAMPLES {
        assert_eq!(Format::of(&fixture(path)), Some(format), "{path}");
    }
    let header = inspect(&fixture("jpeg/420_q75_65x47.jpg"), &Limits::default()).unwrap();
    assert_eq!(header, Header { format: Format::Jpeg, width: 65, height: 47 });
    for entry in FORMATS {
        assert!(SAMPLES.iter().any(|(_, format)| *format == entry.format), "no sample of {}", entry.name);
    }
}

/// A palette within a TIFF is whole, but no decoder here reads it.
#[test]
fn rare_kinds_are_not_called_damaged() {
    let reason = reason(&fixture("unsupported/palette.tiff"));
    assert!(
        reason.contains("a kind of TIFF that is not supported") && reason.contains("convert it to PNG"),
        "{reason}"
    );
}

/// Wherever a file is cut there is an error, or all of the pixels: some formats end in bytes that
/// say nothing of them.
#[test]
fn truncation_anywhere_is_an_error_or_harmless() {
    for (path, format) in SAMPLES {
        let whole = fixture(path);
        let image = decode(&whole, &Limits::default()).unwrap();
        for length in 1..whole.len() {
            match decode(&whole[..length], &Limits::default()) {
                Err(defect) => assert!(!defect.found.is_empty()),
                Ok(found) => assert_eq!(found, image, "{path} cut to {length} of {}", whole.len()),
            }
        }
        let half = reason(&whole[..whole.len() / 2]);
        assert!(half.contains(&format!("a damaged or truncated {}", format.name())), "{path}: {half}");
    }
}

/// Flipped bits may change the picture, but nothing worse.
#[test]
fn damage_never_panics() {
    for (path, _) in SAMPLES {
        let whole = fixture(path);
        for position in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[position] ^= 0xff;
            let limits = Limits { max_pixels: 1 << 20, ..Limits::default() };
            if let Ok(image) = decode(&bytes, &limits) {
                assert_eq!(image.pixels.len(), 3 * image.width * image.height);
            }
        }
    }
}

/// Files of a few bytes that promise gigabytes are refused by their header.
#[test]
fn bombs_are_refused_before_their_pixels_are_allocated() {
    let mut png = fixture("formats/rgb.png");
    png[16..24].copy_from_slice(&[0x00, 0x10, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00]);
    let checksum = png_checksum(&png[12..29]);
    png[29..33].copy_from_slice(&checksum.to_be_bytes());

    let mut jpeg = fixture("jpeg/420_q75_65x47.jpg");
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    // 65,000 pixels both ways: libjpeg itself allows 65,500.
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xfd, 0xe8, 0xfd, 0xe8]);

    let mut bmp = fixture("formats/rgb.bmp");
    bmp[18..22].copy_from_slice(&40_000u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&40_000u32.to_le_bytes());

    let mut gif = fixture("formats/palette.gif");
    gif[6..10].fill(0xff);

    for (name, bytes) in [("png", png), ("jpeg", jpeg), ("bmp", bmp), ("gif", gif)] {
        let before = peak_memory();
        let reason = reason(&bytes);
        assert!(reason.contains("pixels") && reason.contains("at most 268435456"), "{name}: {reason}");
        if let (Some(before), Some(after)) = (before, peak_memory()) {
            assert!(after < before + (256 << 20), "{name}: {before} to {after} bytes at peak");
        }
    }
}

#[test]
fn limits_count_pixels_and_bytes_exactly() {
    let bytes = fixture("jpeg/420_q75_65x47.jpg");
    let limits = |max_pixels, max_file_bytes| Limits { max_pixels, max_file_bytes };
    let length = bytes.len() as u64;
    assert!(decode(&bytes, &limits(65 * 47, length)).is_ok());
    assert!(decode(&bytes, &limits(65 * 47 - 1, length)).unwrap_err().found.contains("65x47"));
    assert!(decode(&bytes, &limits(65 * 47, length - 1)).unwrap_err().found.contains("bytes"));
}

/// 16 bits become 8 by rounding `level / 257`, in colour and in grey, with and without alpha.
#[test]
fn sixteen_bits_are_scaled_not_cut() {
    let levels: Vec<u16> = (0..64).map(|step| step * 1040).collect();
    let expected: Vec<u8> = levels.iter().map(|&level| (f64::from(level) / 257.0).round() as u8).collect();
    for format in [image::ImageFormat::Png, image::ImageFormat::Tiff] {
        let grey = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(8, 8, levels.clone()).unwrap();
        let colour =
            image::ImageBuffer::<image::Rgb<u16>, _>::from_fn(8, 8, |x, y| image::Rgb([grey.get_pixel(x, y).0[0]; 3]));
        let opaque = image::ImageBuffer::<image::Rgba<u16>, _>::from_fn(8, 8, |x, y| {
            let level = grey.get_pixel(x, y).0[0];
            image::Rgba([level, level, level, u16::MAX])
        });
        for image in [
            image::DynamicImage::ImageLuma16(grey.clone()),
            image::DynamicImage::ImageRgb16(colour),
            image::DynamicImage::ImageRgba16(opaque),
        ] {
            let mut bytes = Cursor::new(Vec::new());
            image.write_to(&mut bytes, format).unwrap();
            let found = decode(bytes.get_ref(), &Limits::default()).unwrap();
            let pixels: Vec<u8> = expected.iter().flat_map(|&level| [level; 3]).collect();
            assert_eq!(found.pixels, pixels, "{format:?}");
        }
    }
}

/// CRC-32 of PNG, bit by bit: only to write a bomb whose header is believed.
fn png_checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 * (sum & 1)))
    })
}

/// Peak resident bytes, where the system says so.
fn peak_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Where the data of a scan are not whole, libjpeg fills in grey and goes on to the end-of-image marker.
#[test]
fn scans_without_all_their_data_are_damaged_though_the_file_ends_as_it_should() {
    for name in ["420_q75_65x47", "420_progressive_q75_31x33", "420_restart_q75_64x48", "444_q95_32x32"] {
        let whole = fixture(&format!("jpeg/{name}.jpg"));
        let scan = whole.windows(2).rposition(|marker| marker == [0xff, 0xda]).unwrap() + 14;
        let end = whole.len() - 2;
        let cut = [&whole[..scan + (end - scan) / 2], &whole[end..]].concat();
        let found = reason(&cut);
        assert!(found.contains("a damaged or truncated JPEG (the data of a scan end"), "{name}: {found}");
        let mut overwritten = whole.clone();
        overwritten[scan + (end - scan) / 4..scan + (end - scan) / 2].fill(0xff);
        let found = reason(&overwritten);
        assert!(found.contains("a damaged or truncated JPEG (the data of a scan end"), "{name}: {found}");
    }
}

/// Bytes that belong to nothing change no pixel.
#[test]
fn stray_bytes_before_the_end_are_harmless() {
    let whole = fixture("jpeg/420_q75_65x47.jpg");
    let end = whole.len() - 2;
    let stray = [&whole[..end], &[0; 9], &whole[end..]].concat();
    assert_eq!(decode(&stray, &Limits::default()), decode(&whole, &Limits::default()));
}
