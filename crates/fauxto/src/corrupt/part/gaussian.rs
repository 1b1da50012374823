//! Gaussian filters, as `scipy.ndimage.gaussian_filter` and through it `skimage.filters.gaussian`
//! define them: one pass down, one across, with a kernel cut after a number of standard deviations.

use super::raster::{Border, Raster};

/// `skimage.filters.gaussian` with its defaults: the edge is repeated, the kernel ends after four
/// standard deviations.
pub(in crate::corrupt) fn blur(image: &Raster, deviation: f64) -> Raster {
    filter(image, deviation, 4.0, Border::Nearest)
}

/// The kernel ends after `truncate` standard deviations, rounded to the nearest pixel.
pub(in crate::corrupt) fn filter(image: &Raster, deviation: f64, truncate: f64, border: Border) -> Raster {
    let radius = (truncate * deviation + 0.5) as usize;
    if radius == 0 {
        return image.clone();
    }
    separable(image, &kernel(deviation, radius), border)
}

/// The right half of a normalised Gaussian kernel, its centre first.
pub(in crate::corrupt) fn kernel(deviation: f64, radius: usize) -> Vec<f64> {
    let weight = |distance: usize| (-0.5 / (deviation * deviation) * (distance * distance) as f64).exp();
    let half: Vec<f64> = (0..=radius).map(weight).collect();
    // From end to end, as numpy adds so few.
    let total: f64 = half.iter().skip(1).rev().chain(&half).sum();
    half.into_iter().map(|weight| weight / total).collect()
}

/// Filters down, then across, by the symmetric kernel whose right half is `half`.
pub(in crate::corrupt) fn separable(image: &Raster, half: &[f64], border: Border) -> Raster {
    let row = image.width * image.channels;
    let mut result = image.clone();
    for start in 0..row {
        filter_line(&mut result.values, (start, row, image.height), half, border);
    }
    for start in (0..image.height).flat_map(|y| (0..image.channels).map(move |channel| y * row + channel)) {
        filter_line(&mut result.values, (start, image.channels, image.width), half, border);
    }
    result
}

/// Filters `length` values, `stride` apart from `start` on.
fn filter_line(values: &mut [f64], (start, stride, length): (usize, usize, usize), half: &[f64], border: Border) {
    let radius = half.len() - 1;
    let line: Vec<f64> = (0..length + 2 * radius)
        .map(|place| values[start + stride * border.index(place as isize - radius as isize, length)])
        .collect();
    for place in 0..length {
        let centre = place + radius;
        // Both arms at once and from their ends inwards, as scipy adds: where a flat area falls after
        // cutting to 8 bits depends on the last bit.
        let arms = half.iter().enumerate().skip(1).rev();
        values[start + stride * place] = arms
            .fold(half[0] * line[centre], |sum, (by, weight)| sum + weight * (line[centre - by] + line[centre + by]));
    }
}
