//! Decoded and resized pixels against Pillow's, from files that `golden/*/generate.py` wrote.

use std::path::{Path, PathBuf};

use fauxto::data::{Limits, decode, resize};
use fauxto::image::RgbImage;

fn golden(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder)
}

fn files(folder: &str, keep: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(golden(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| keep(path.file_name().unwrap().to_str().unwrap()))
        .collect();
    files.sort();
    files
}

fn decoded(path: &Path) -> RgbImage {
    let bytes = std::fs::read(path).unwrap();
    decode(&bytes, &Limits::default()).unwrap_or_else(|defect| panic!("{}: {defect}", path.display()))
}

/// The expected pixels, through the `image` crate alone.
fn expected(path: &Path) -> RgbImage {
    let image = image::open(path).unwrap().into_rgb8();
    RgbImage { width: image.width() as usize, height: image.height() as usize, pixels: image.into_raw() }
}

fn largest_difference(found: &RgbImage, expected: &RgbImage, what: &Path) -> u8 {
    assert_eq!((found.width, found.height), (expected.width, expected.height), "{}", what.display());
    let pairs = found.pixels.iter().zip(&expected.pixels);
    pairs.map(|(found, expected)| found.abs_diff(*expected)).max().unwrap_or(0)
}

/// The requirement is 2 levels; measured is 0, and anything else would mean another decoder.
#[test]
fn jpeg_equals_libjpeg_turbo_as_pillow_uses_it() {
    let fixtures = files("jpeg", |name| name.ends_with(".jpg"));
    assert!(fixtures.len() >= 55, "{} fixtures", fixtures.len());
    for path in fixtures {
        let difference = largest_difference(&decoded(&path), &expected(&path.with_extension("png")), &path);
        assert_eq!(difference, 0, "{}", path.display());
    }
}

/// Exactly, lossy WebP included; only inks in TIFF are mixed by a formula that rounds otherwise.
#[test]
fn other_formats_equal_pillow() {
    let fixtures =
        files("formats", |name| !name.ends_with(".expected.png") && !name.ends_with(".py") && !name.ends_with(".txt"));
    assert!(fixtures.len() >= 29, "{} fixtures", fixtures.len());
    let mut failures = Vec::new();
    for path in fixtures {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let tolerance = u8::from(name == "cmyk.tiff");
        let difference =
            largest_difference(&decoded(&path), &expected(&path.with_file_name(format!("{name}.expected.png"))), &path);
        if difference > tolerance {
            failures.push(format!("{name}: {difference} levels"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

/// Pillow rounds its filter weights to 22 bits and fast_image_resize to fewer: 1 level at most.
#[test]
fn resizing_equals_pillow_within_one_level() {
    let results = files("resize", |name| name.contains("_to_"));
    assert!(results.len() >= 9, "{} results", results.len());
    let mut failures = Vec::new();
    for path in results {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let (source, size) = stem.split_once("_to_").unwrap();
        let source = expected(&golden("resize").join(format!("{source}.png")));
        let found = resize(&source, size.parse().unwrap()).unwrap();
        let difference = largest_difference(&found, &expected(&path), &path);
        if difference > 1 {
            failures.push(format!("{stem}: {difference} levels"));
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}
