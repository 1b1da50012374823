//! Images in pieces, for explainers that hide pieces: a grid where an image has no room for shapes,
//! superpixels ([`slic`]) where it has.

mod slic;

use crate::image::FloatImage;

pub use slic::slic;

/// Images with a shorter side than this are cut into a grid: at 32x32 a superpixel would be a few
/// pixels wide, and its outline mostly JPEG blocks.
const LEAST_SIDE_FOR_SUPERPIXELS: usize = 64;

/// Which segment each pixel of an image belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segments {
    count: usize,
    of_pixels: Vec<usize>,
}

impl Segments {
    /// Segments numbered from 0 without gaps in the order in which `names` `[height, width]` first
    /// mentions them.
    #[must_use]
    pub fn new(names: &[usize]) -> Self {
        let mut numbers = std::collections::HashMap::new();
        let of_pixels = names
            .iter()
            .map(|name| {
                let next = numbers.len();
                *numbers.entry(name).or_insert(next)
            })
            .collect();
        Self { count: numbers.len(), of_pixels }
    }

    /// Number of segments.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The segment of each pixel, `[height, width]`, below [`Segments::count`].
    #[must_use]
    pub fn of_pixels(&self) -> &[usize] {
        &self.of_pixels
    }

    /// Number of pixels of each segment, at least 1.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.count];
        for &segment in &self.of_pixels {
            sizes[segment] += 1;
        }
        sizes
    }

    /// `image` with every segment in its mean colour: what it is without detail.
    #[must_use]
    pub fn flattened(&self, image: &FloatImage) -> FloatImage {
        let mut sums = vec![[0.0_f64; 3]; self.count];
        let pixels = image.pixels.as_chunks::<3>().0;
        for (pixel, &segment) in pixels.iter().zip(&self.of_pixels) {
            for channel in 0..3 {
                sums[segment][channel] += f64::from(pixel[channel]);
            }
        }
        let means: Vec<[f32; 3]> =
            sums.iter().zip(self.sizes()).map(|(sum, size)| sum.map(|sum| (sum / size as f64) as f32)).collect();
        let pixels = self.of_pixels.iter().flat_map(|&segment| means[segment]).collect();
        FloatImage { width: image.width, height: image.height, pixels }
    }
}

/// About `count` segments of `image`: a grid for small images, superpixels for large ones.
#[must_use]
pub fn segment(image: &FloatImage, count: usize) -> Segments {
    if image.width.min(image.height) < LEAST_SIDE_FOR_SUPERPIXELS {
        grid(image.width, image.height, count)
    } else {
        slic(image, count)
    }
}

/// A grid of about `count` cells that are as equal and as square as whole pixels allow.
#[must_use]
pub fn grid(width: usize, height: usize, count: usize) -> Segments {
    let cell = ((width * height) as f64 / count.max(1) as f64).sqrt();
    let cells = |length: usize| ((length as f64 / cell).round() as usize).clamp(1, length.max(1));
    let (columns, rows) = (cells(width), cells(height));
    let name = |y: usize, x: usize| (y * rows / height) * columns + x * columns / width;
    Segments::new(&(0..height).flat_map(|y| (0..width).map(move |x| name(y, x))).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_tiles_the_image_in_equal_cells() {
        let segments = grid(32, 32, 64);
        assert_eq!((segments.count(), segments.sizes()), (64, vec![16; 64]));
        assert_eq!(segments.of_pixels()[0..5], [0, 0, 0, 0, 1]);
        assert_eq!(grid(32, 32, 1).count(), 1);
        assert_eq!(grid(5, 3, 1000).count(), 15);
        let uneven = grid(30, 20, 24);
        assert_eq!((uneven.count(), uneven.sizes()), (24, vec![25; 24]));
    }

    #[test]
    fn flattening_keeps_each_segments_mean() {
        let image = FloatImage { width: 2, height: 2, pixels: (0..12).map(|value| value as f32 / 12.0).collect() };
        let segments = Segments::new(&[7, 7, 3, 7]);
        assert_eq!((segments.count(), segments.of_pixels()), (2, &[0, 0, 1, 0][..]));
        let flat = segments.flattened(&image);
        assert_eq!(flat.pixels[6..9], image.pixels[6..9]);
        assert_eq!(flat.pixels[0..3], flat.pixels[9..12]);
        assert!((flat.pixels[0] - (0.0 + 3.0 + 9.0) / 36.0).abs() < 1e-6);
    }
}
