//! The built-in sample set: images the project renders itself, for the demonstration, for tests
//! and for documentation. It is no benchmark: a detector that solves it has learnt one simulated
//! camera and one simulated generator.
//!
//! Both classes show dead-leaves scenes (`scene.rs`) drawn from one distribution. *Real* ones pass
//! through a simulated camera (`camera.rs`), *fake* ones through a simulated generator (`generator.rs`);
//! both end as JPEG of quality 75 with 4:2:0 chroma. What differs is in the fine structure of the
//! pixels; brightness, colour, sharpness and file size do not give the class away.

mod camera;
mod generator;
mod scene;

use std::path::Path;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use rand::seq::SliceRandom;
use rayon::prelude::*;

use crate::image::{FloatImage, RgbImage};
use crate::random::stream;
use crate::write_atomically::NewFolder;
use crate::{Error, Label, Result};

/// Width and height of the sample set's images, in pixels.
pub const SIDE: usize = 32;
/// JPEG quality of the sample set's files (the libjpeg scale).
pub const JPEG_QUALITY: u8 = 75;
/// Scene drawn beyond the picture's edge, so that filters do not see the border; even, to keep
/// the mosaic's and the enlargement's grids in place.
const MARGIN: usize = 4;

/// Renders one image, [`SIDE`] x [`SIDE`], as it is before JPEG. The same arguments always give
/// the same pixels.
#[must_use]
pub fn render(seed: u64, index: u64, label: Label) -> RgbImage {
    let coordinates = [index, label.index() as u64];
    let scene = scene::draw(SIDE + 2 * MARGIN, &mut stream(seed, "sample scene", &coordinates));
    let rng = &mut stream(seed, "sample artefacts", &coordinates);
    let encoded = match label {
        Label::Real => camera::photograph(&scene, &camera::Exposure::draw(rng), rng),
        Label::Fake => generator::Generator::draw(rng).imagine(&scene, rng),
    };
    crop(&encoded)
}

/// Renders one image and encodes it as the sample set's files are.
///
/// # Errors
/// When the encoder fails, which it does not for images of this size.
pub fn render_jpeg(seed: u64, index: u64, label: Label) -> Result<Vec<u8>> {
    let image = render(seed, index, label);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, JPEG_QUALITY);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder
        .encode(&image.pixels, SIDE as u16, SIDE as u16, ColorType::Rgb)
        .map_err(|error| Error::io("sample image", "encoding as JPEG", std::io::Error::other(error)))?;
    Ok(bytes)
}

/// Writes a sample set into the new folder `folder`: `real/1.jpg` ... and `fake/1.jpg` ...
/// (`per_class` of each), and `test/1.jpg` ... (`unlabelled` images, half of each class in an
/// order drawn from the seed; none is also in the labelled part).
///
/// The folder appears whole or not at all.
///
/// # Errors
/// When `folder` exists already, or cannot be written.
pub fn write(folder: &Path, per_class: usize, unlabelled: usize, seed: u64) -> Result<()> {
    let whole = NewFolder::create(folder)?;
    let files = plan(per_class, unlabelled, seed);
    for name in ["real", "fake", "test"] {
        if name != "test" || unlabelled > 0 {
            whole.make(name)?;
        }
    }
    files.par_iter().try_for_each(|(name, index, label)| whole.write(name, &render_jpeg(seed, *index, *label)?))?;
    whole.finish()
}

/// Every file of a sample set: its name, and the image it holds.
fn plan(per_class: usize, unlabelled: usize, seed: u64) -> Vec<(String, u64, Label)> {
    let mut files = Vec::with_capacity(2 * per_class + unlabelled);
    for label in Label::ALL {
        files.extend((1..=per_class).map(|n| (format!("{label}/{n}.jpg"), n as u64, label)));
    }
    let mut labels: Vec<Label> = (0..unlabelled).map(|n| Label::ALL[n % 2]).collect();
    labels.shuffle(&mut stream(seed, "sample test order", &[]));
    files
        .extend(labels.into_iter().zip(1..).map(|(label, n)| (format!("test/{n}.jpg"), (per_class + n) as u64, label)));
    files
}

fn crop(image: &FloatImage) -> RgbImage {
    let mut pixels = Vec::with_capacity(SIDE * SIDE * 3);
    for y in MARGIN..MARGIN + SIDE {
        let row = &image.pixels[(y * image.width + MARGIN) * 3..][..SIDE * 3];
        pixels.extend(row.iter().map(|value| (value * 255.0).round() as u8));
    }
    RgbImage { width: SIDE, height: SIDE, pixels }
}

#[cfg(test)]
mod tests;
