//! A corruption one can ask for, and how it meets images.

use rayon::prelude::*;

use super::draws::Draws;
use super::part::raster::Raster;
use super::severity::Severity;
use crate::image::{FloatImage, RgbImage};
use crate::random::stream;
use crate::{Error, Result};

/// The least pixels a side may have: on fewer, radii and shares vanish.
pub const LEAST_SIDE: usize = 8;
/// The most pixels a side may have: libjpeg's limit.
pub const MOST_SIDE: usize = 65_500;

/// A corruption one can ask for by name.
#[derive(Debug)]
pub struct CorruptionEntry {
    /// The name, as in CIFAR-10-C's files.
    pub name: &'static str,
    /// What it does, and its parameters at severities 1 to 5; lengths for 32 pixels a side.
    pub summary: &'static str,
    /// The definition it follows.
    pub source: &'static str,
    /// Whether it is one of the four that CIFAR-10-C adds to its fifteen.
    pub extra: bool,
    /// Where a higher severity takes images no farther from the clean ones.
    pub steps_back: Option<StepsBack>,
    pub(super) apply: fn(&Raster, Severity, &mut dyn Draws) -> Result<Raster>,
}

/// Severities whose images are, on average, no farther from the clean ones than those of the severity
/// before, because the published parameters are such.
#[derive(Debug)]
pub struct StepsBack {
    /// Their numbers.
    pub severities: &'static [u8],
    /// What in the parameters makes it so.
    pub because: &'static str,
}

impl CorruptionEntry {
    /// `image` corrupted by numbers from `draws`: the same size, in `0..=1`.
    ///
    /// # Errors
    /// A side is not in [`LEAST_SIDE`]`..=`[`MOST_SIDE`], the pixels do not fill it, or memory is
    /// short.
    pub fn apply(&self, image: &FloatImage, severity: Severity, draws: &mut dyn Draws) -> Result<FloatImage> {
        let (width, height) = (image.width, image.height);
        let sides = LEAST_SIDE..=MOST_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) || image.pixels.len() != 3 * width * height {
            return Err(Error::Setting {
                setting: format!("image for {}", self.name),
                found: format!("{width} x {height} pixels in {} values", image.pixels.len()),
                expected: format!("from {LEAST_SIDE} to {MOST_SIDE} pixels a side, and three values for each"),
            });
        }
        Ok((self.apply)(&Raster::from(image), severity, draws)?.into())
    }

    /// `image` corrupted as `item` of a set, by numbers that `seed`, this corruption, `severity` and
    /// `item` determine; as bytes by [`truncated`], as the published images are.
    ///
    /// # Errors
    /// As for [`CorruptionEntry::apply`].
    pub fn corrupt(&self, image: &RgbImage, severity: Severity, seed: u64, item: u64) -> Result<RgbImage> {
        let purpose = format!("corruption {}", self.name);
        let mut draws = stream(seed, &purpose, &[severity.number().into(), item]);
        self.apply(&image.into(), severity, &mut draws).map(|image| truncated(&image))
    }

    /// A whole set, each image with its item's number, in parallel; in the order given.
    ///
    /// # Errors
    /// As for [`CorruptionEntry::apply`].
    pub fn corrupt_set(&self, images: &[(u64, RgbImage)], severity: Severity, seed: u64) -> Result<Vec<RgbImage>> {
        images.par_iter().map(|(item, image)| self.corrupt(image, severity, seed, *item)).collect()
    }
}

/// Values in `0..=1` as bytes, cut down to the level below as the authors' `np.uint8(255 * x)` does.
/// Rounding would be truer, but every published image is half a level darker on average, and so are
/// these. Whole levels stay what they are.
#[must_use]
pub fn truncated(image: &FloatImage) -> RgbImage {
    let pixels = image.pixels.iter().map(|value| (value * 255.0) as u8).collect();
    RgbImage { width: image.width, height: image.height, pixels }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_levels_stay_and_others_fall() {
        let image = RgbImage { width: 256, height: 1, pixels: (0..=255).flat_map(|level| [level; 3]).collect() };
        assert_eq!(truncated(&FloatImage::from(&image)), image);
        let half_way = FloatImage { width: 1, height: 1, pixels: vec![0.999 / 255.0, 7.5 / 255.0, 254.99 / 255.0] };
        assert_eq!(truncated(&half_way).pixels, [0, 7, 254]);
    }
}
