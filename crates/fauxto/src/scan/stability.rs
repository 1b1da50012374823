//! How firmly a verdict stands: the same picture in a few other versions, as it would arrive after an
//! upload or a resize. One line each in [`VARIANTS`], made by the augmentations' own functions.
//!
//! Nothing is drawn: the same image always gives the same versions. A photograph of more than
//! [`MOST_PIXELS`] pixels is first brought down to that, as platforms do before they compress.

use serde::Serialize;

use crate::Result;
use crate::augment::{Filter, flip_horizontally, reencode, rescale};
use crate::image::{FloatImage, RgbImage};

/// Pixels above which versions are made of a smaller copy.
pub const MOST_PIXELS: usize = 1 << 20;

/// Another version of a picture that one can ask for by name.
#[derive(Debug)]
pub struct VariantEntry {
    /// The name in reports; stable.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Whether it is among the few that are judged where time is short.
    pub fast: bool,
    make: fn(FloatImage) -> Result<FloatImage>,
}

/// Every version.
pub static VARIANTS: &[VariantEntry] = &[
    VariantEntry {
        name: "jpeg_90",
        summary: "compressed as JPEG of quality 90, chroma halved",
        fast: false,
        make: |image| reencode(&image, 90),
    },
    VariantEntry {
        name: "jpeg_75",
        summary: "compressed as JPEG of quality 75, chroma halved",
        fast: true,
        make: |image| reencode(&image, 75),
    },
    VariantEntry {
        name: "jpeg_50",
        summary: "compressed as JPEG of quality 50, chroma halved",
        fast: false,
        make: |image| reencode(&image, 50),
    },
    VariantEntry {
        name: "rescale_75",
        summary: "brought to three quarters of its sides and back, bicubic",
        fast: false,
        make: |image| {
            let sides = [image.width, image.height].map(|side| ((side as f64 * 0.75).round() as usize).max(1));
            rescale(&image, sides, [Filter::Bicubic; 2])
        },
    },
    VariantEntry {
        name: "horizontal_flip",
        summary: "seen in a mirror",
        fast: true,
        make: |image| Ok(flip_horizontally(image)),
    },
];

/// How many versions of an image are judged besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// None.
    None,
    /// Those marked [`VariantEntry::fast`].
    Fast,
    /// All.
    Full,
}

impl Level {
    /// What fits `images` images: every version up to a hundred, the fast ones up to a thousand, none
    /// beyond, where they would multiply a wait of minutes.
    #[must_use]
    pub fn for_images(images: usize) -> Self {
        match images {
            0..=100 => Self::Full,
            101..=1000 => Self::Fast,
            _ => Self::None,
        }
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Fast => "fast",
            Self::Full => "full",
        }
    }

    /// The versions that are judged.
    pub fn variants(self) -> impl Iterator<Item = &'static VariantEntry> {
        VARIANTS.iter().filter(move |entry| match self {
            Self::None => false,
            Self::Fast => entry.fast,
            Self::Full => true,
        })
    }
}

impl VariantEntry {
    /// This version of `image`, of its size.
    ///
    /// # Errors
    /// If the image is empty or beyond what JPEG allows.
    pub fn make(&self, image: &RgbImage) -> Result<RgbImage> {
        (self.make)(FloatImage::from(image)).map(|made| RgbImage::from(&made))
    }
}

/// `image` itself where it has at most [`MOST_PIXELS`], else a copy of about that many.
///
/// # Errors
/// If the image's size is beyond what can be resized.
pub fn working_copy(image: &RgbImage) -> Result<std::borrow::Cow<'_, RgbImage>> {
    let pixels = image.width * image.height;
    if pixels <= MOST_PIXELS {
        return Ok(std::borrow::Cow::Borrowed(image));
    }
    let factor = (MOST_PIXELS as f64 / pixels as f64).sqrt();
    let [width, height] = [image.width, image.height].map(|side| ((side as f64 * factor) as usize).max(1));
    let smaller = crate::augment::resample(&FloatImage::from(image), [width, height], Filter::Bicubic)?;
    Ok(std::borrow::Cow::Owned(RgbImage::from(&smaller)))
}

/// How an image's probability moves between its versions. The field names are stable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stability {
    /// Which versions were judged.
    pub level: Level,
    /// Greatest minus least probability of fake among the image and its versions, in `0..=1`.
    pub spread: f64,
    /// The versions with another verdict than the image's.
    pub flips: Vec<&'static str>,
    /// Probability of fake of each version.
    pub variants: Vec<VariantScore>,
}

/// What one version scored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantScore {
    /// The version's name.
    pub name: &'static str,
    /// Its probability of fake.
    pub probability_fake: f64,
}

impl Stability {
    /// Compares the versions' probabilities, in the order of `level`'s, with the image's own; fake is
    /// from `threshold` on. None where no version was judged.
    #[must_use]
    pub fn new(level: Level, own: f64, versions: &[f64], threshold: f64) -> Option<Self> {
        let variants: Vec<VariantScore> = level
            .variants()
            .zip(versions)
            .map(|(entry, &probability_fake)| VariantScore { name: entry.name, probability_fake })
            .collect();
        if variants.is_empty() {
            return None;
        }
        let (least, greatest) =
            versions.iter().fold((own, own), |(least, greatest), &p| (least.min(p), greatest.max(p)));
        let flips = variants
            .iter()
            .filter(|variant| (variant.probability_fake >= threshold) != (own >= threshold))
            .map(|variant| variant.name)
            .collect();
        Some(Self { level, spread: greatest - least, flips, variants })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::sample::render;

    #[test]
    fn every_version_is_the_same_picture_of_the_same_size_every_time() {
        let odd = RgbImage { width: 37, height: 21, pixels: (0..37 * 21 * 3).map(|i| (i * 7 % 256) as u8).collect() };
        for image in [render(1, 1, Label::Real), odd, RgbImage { width: 1, height: 1, pixels: vec![9, 99, 199] }] {
            for entry in VARIANTS {
                let made = entry.make(&image).unwrap();
                assert_eq!((made.width, made.height), (image.width, image.height), "{}", entry.name);
                assert_eq!(made.pixels.len(), image.pixels.len(), "{}", entry.name);
                assert_eq!(made, entry.make(&image).unwrap(), "{}", entry.name);
            }
        }
    }

    #[test]
    fn versions_differ_from_the_image_and_yet_show_it() {
        let image = render(1, 2, Label::Fake);
        let mean = |image: &RgbImage| {
            image.pixels.iter().map(|&level| f64::from(level)).sum::<f64>() / image.pixels.len() as f64
        };
        for entry in VARIANTS {
            let made = entry.make(&image).unwrap();
            assert_ne!(made, image, "{}", entry.name);
            assert!((mean(&made) - mean(&image)).abs() < 3.0, "{}", entry.name);
        }
        let names: std::collections::HashSet<&str> = VARIANTS.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), VARIANTS.len());
        let mirror = VARIANTS.iter().find(|entry| entry.name == "horizontal_flip").unwrap();
        assert_eq!(mirror.make(&mirror.make(&image).unwrap()).unwrap(), image);
    }

    #[test]
    fn a_version_on_the_other_side_of_the_threshold_is_a_flip() {
        let stability = Stability::new(Level::Fast, 0.7, &[0.4, 0.9], 0.5).unwrap();
        assert_eq!(stability.flips, ["jpeg_75"]);
        assert!((stability.spread - 0.5).abs() < 1e-12);
        assert_eq!(Stability::new(Level::Fast, 0.7, &[0.4, 0.9], 0.3).unwrap().flips, [""; 0]);
        assert_eq!(Stability::new(Level::None, 0.7, &[], 0.5), None);
        assert!(Level::Fast.variants().count() < Level::Full.variants().count());
    }

    #[test]
    fn only_large_photographs_are_brought_down_first() {
        let image = RgbImage { width: 2048, height: 1024, pixels: vec![77; 2048 * 1024 * 3] };
        let copy = working_copy(&image).unwrap();
        assert!(copy.width * copy.height <= MOST_PIXELS && copy.width * copy.height > MOST_PIXELS / 2);
        assert!(copy.pixels.iter().all(|&level| level == 77));
        let small = render(1, 1, Label::Real);
        assert_eq!(*working_copy(&small).unwrap(), small);
    }
}
