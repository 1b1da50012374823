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
    let step = |x: usize, by: isize| border.index(x as isize + by, image.width);
    let fall = |y: usize, by: isize| border.index(y as isize + by, image.height);
    let down = pass(image, half, |image, x, y, channel, by| image.at(x, fall(y, by), channel));
    pass(&down, half, |image, x, y, channel, by| image.at(step(x, by), y, channel))
}

fn pass(image: &Raster, half: &[f64], at: impl Fn(&Raster, usize, usize, usize, isize) -> f64) -> Raster {
    let mut values = Vec::with_capacity(image.values.len());
    for y in 0..image.height {
        for x in 0..image.width {
            for channel in 0..image.channels {
                // Both arms at once and from their ends inwards, as scipy adds: where a flat area
                // falls after cutting to 8 bits depends on the last bit.
                let centre = half[0] * at(image, x, y, channel, 0);
                let arms = half.iter().enumerate().skip(1).rev().map(|(by, weight)| {
                    let by = by as isize;
                    weight * (at(image, x, y, channel, -by) + at(image, x, y, channel, by))
                });
                values.push(arms.fold(centre, |sum, arm| sum + arm));
            }
        }
    }
    image.with(values)
}
