//! Enlarging, as `scipy.ndimage.zoom` of order 1 does: corners stay on corners.

use super::raster::{Border, Raster};

/// `image` at another size, bilinear.
pub(in crate::corrupt) fn resize(image: &Raster, (width, height): (usize, usize)) -> Raster {
    if image.size() == (width, height) {
        return image.clone();
    }
    let ratio = |from: usize, to: usize| if to > 1 { (from - 1) as f64 / (to - 1) as f64 } else { 0.0 };
    let (across, down) = (ratio(image.width, width), ratio(image.height, height));
    let mut values = Vec::with_capacity(width * height * image.channels);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..image.channels {
                values.push(image.bilinear(x as f64 * across, y as f64 * down, channel, Border::Nearest));
            }
        }
    }
    Raster { width, height, channels: image.channels, values }
}

/// The middle of `image`, `factor` (at least 1) times larger, at the image's size.
pub(in crate::corrupt) fn enlarged_middle(image: &Raster, factor: f64) -> Raster {
    let part = |side: usize| (side as f64 / factor).ceil() as usize;
    let (width, height) = (part(image.width), part(image.height));
    let middle = cut(image, (width, height));
    // Ties to even, as Python rounds: 26 pixels times 1.25 are 32.
    let enlarged = |side: usize| (side as f64 * factor).round_ties_even() as usize;
    cut(&resize(&middle, (enlarged(width), enlarged(height))), image.size())
}

/// The part of the given size in the middle of `image`; what does not divide evenly goes to the
/// right and the bottom.
fn cut(image: &Raster, (width, height): (usize, usize)) -> Raster {
    let (left, top) = ((image.width - width) / 2, (image.height - height) / 2);
    let row = |y: usize| {
        let start = ((top + y) * image.width + left) * image.channels;
        &image.values[start..start + width * image.channels]
    };
    Raster { width, height, channels: image.channels, values: (0..height).flat_map(row).copied().collect() }
}
