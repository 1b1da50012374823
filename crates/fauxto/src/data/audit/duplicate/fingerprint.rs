//! What is remembered of an image to recognise it: a perceptual hash and a thumbnail.

use image::{ImageBuffer, Rgb, imageops};
use image_hasher::{HashAlg, Hasher, HasherConfig};

use crate::image::RgbImage;

/// Side of the thumbnail kept, in pixels.
const THUMBNAIL: u32 = 16;
/// Side to which images are averaged before hashing: the DCT hash looks at coarse structure only,
/// and large photographs need not be filtered at full size.
const HASHED: u32 = 32;
/// Root mean square deviation from the mean colour, in levels, below which an image is blank.
const BLANK: f32 = 3.0;
/// Largest root mean square difference of one picture's two thumbnails, as a share of the fainter
/// one's contrast: unrelated pictures lie near 1.4. Of the pairs that the hash proposes among
/// CIFAKE's images, those below this limit show the same picture to the eye; between .5 and .7
/// some show only a like pose.
const RELATIVE_DIFFERENCE: f32 = 0.5;

/// Some 800 bytes that stand for an image.
#[derive(Clone)]
pub(crate) struct Fingerprint {
    pub(super) hash: u64,
    contrast: f32,
    thumbnail: Box<[u8]>,
}

/// Makes fingerprints.
///
/// The hash is the sign pattern of low DCT coefficients against their median ("pHash"; Zauner,
/// "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010), 64 bits.
pub(crate) struct Fingerprinter(Hasher<[u8; 8]>);

impl Fingerprinter {
    pub(crate) fn new() -> Self {
        let config = HasherConfig::with_bytes_type().hash_size(8, 8).hash_alg(HashAlg::Median).preproc_dct();
        Self(config.to_hasher())
    }

    /// `None` for an image without pixels, or with a size that its pixels do not fill.
    pub(crate) fn take(&self, image: &RgbImage) -> Option<Fingerprint> {
        let (width, height) = (u32::try_from(image.width).ok()?, u32::try_from(image.height).ok()?);
        if width == 0 || height == 0 {
            return None;
        }
        let whole = ImageBuffer::<Rgb<u8>, &[u8]>::from_raw(width, height, &image.pixels)?;
        let reduced = imageops::thumbnail(&whole, HASHED, HASHED);
        let hash = u64::from_le_bytes(self.0.hash_image(&reduced).into_inner());
        let thumbnail = imageops::thumbnail(&reduced, THUMBNAIL, THUMBNAIL).into_raw().into_boxed_slice();
        Some(Fingerprint { hash, contrast: contrast(&thumbnail), thumbnail })
    }
}

impl Fingerprint {
    /// Whether the search for duplicates would find the two.
    pub(crate) fn is_one_picture_with(&self, other: &Self) -> bool {
        let near = (self.hash ^ other.hash).count_ones() <= super::index::DISTANCE;
        near && self.has_contrast() && other.has_contrast() && self.shows_the_same_as(other)
    }

    /// Whether there is anything to recognise.
    pub(super) fn has_contrast(&self) -> bool {
        self.contrast >= BLANK
    }

    /// Whether the thumbnails differ by no more than re-encoding or retouching would make them.
    pub(super) fn shows_the_same_as(&self, other: &Self) -> bool {
        let limit = RELATIVE_DIFFERENCE * self.contrast.min(other.contrast);
        let squares: u32 = self
            .thumbnail
            .iter()
            .zip(&other.thumbnail)
            .map(|(&first, &second)| u32::from(first.abs_diff(second)).pow(2))
            .sum();
        (squares as f32 / self.thumbnail.len() as f32).sqrt() <= limit
    }
}

/// Root mean square deviation of the pixels from their mean colour, in levels.
fn contrast(pixels: &[u8]) -> f32 {
    let count = pixels.len() as f32 / 3.0;
    let variances = (0..3).map(|channel| {
        let levels = || pixels.iter().skip(channel).step_by(3).map(|&level| f32::from(level));
        let mean = levels().sum::<f32>() / count;
        levels().map(|level| (level - mean).powi(2)).sum::<f32>() / count
    });
    (variances.sum::<f32>() / 3.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::sample::render;

    #[test]
    fn contrast_of_a_flat_image_is_zero_and_of_a_half_and_half_one_is_half_its_step() {
        assert_eq!(contrast(&[7; 30]), 0.0);
        assert_eq!(contrast(&[[0u8; 3], [40; 3]].concat()), 20.0);
    }

    #[test]
    fn retouching_is_recognised_and_other_pictures_are_not() {
        let fingerprinter = Fingerprinter::new();
        let prints: Vec<_> = (0..40).map(|i| fingerprinter.take(&render(1, i, Label::Real)).unwrap()).collect();
        for (i, print) in prints.iter().enumerate() {
            let mut brighter = render(1, i as u64, Label::Real);
            brighter.pixels.iter_mut().for_each(|level| *level = level.saturating_add(4));
            let brighter = fingerprinter.take(&brighter).unwrap();
            assert!((brighter.hash ^ print.hash).count_ones() <= 7);
            assert!(!print.has_contrast() || print.shows_the_same_as(&brighter), "image {i}");
            for other in &prints[..i] {
                assert!(!print.shows_the_same_as(other));
            }
        }
    }

    #[test]
    fn an_image_without_pixels_has_no_fingerprint() {
        let fingerprinter = Fingerprinter::new();
        assert!(fingerprinter.take(&RgbImage { width: 0, height: 3, pixels: vec![] }).is_none());
        assert!(fingerprinter.take(&RgbImage { width: 2, height: 2, pixels: vec![0; 3] }).is_none());
        assert!(fingerprinter.take(&RgbImage { width: 1, height: 1, pixels: vec![0; 3] }).is_some());
    }
}
