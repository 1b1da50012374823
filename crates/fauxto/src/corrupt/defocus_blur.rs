//! Defocus blur: every point becomes a disk, whose edge is softened by a small Gaussian.

use super::draws::Draws;
use super::part::gaussian;
use super::part::raster::{Border, Raster};
use super::severity::Severity;
use crate::Result;

/// Radius of the disk and standard deviation of its softening, in pixels of an image whose shorter
/// side has 32.
const DISK: [(f64, f64); 5] = [(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1)];

pub(super) fn apply(image: &Raster, severity: Severity, _: &mut dyn Draws) -> Result<Raster> {
    let (radius, softening) = severity.of(&DISK);
    let scale = image.scale();
    // The authors soften the disk by a kernel of three weights a side and filter with the result.
    // Filtering by one after the other is the same: the mirrored image knows no edge.
    let reach = scale.ceil() as usize;
    let softened = gaussian::separable(image, &gaussian::kernel(softening * scale, reach), Border::Reflect101);
    Ok(disk_means(&softened, radius * scale))
}

/// The mean over the disk around each pixel, in time proportional to the radius: a disk is a stack
/// of runs, and the sum of a run is the difference of two running sums.
fn disk_means(image: &Raster, radius: f64) -> Raster {
    let (width, channels, reach) = (image.width, image.channels, radius as usize);
    let length = (width + 2 * reach + 1) * channels;
    let running: Vec<Vec<f64>> = (0..image.height)
        .map(|y| {
            let mut sums = vec![0.0; length];
            for place in channels..length {
                let x = (place / channels - 1) as isize - reach as isize;
                let value = image.at(Border::Reflect101.index(x, width), y, place % channels);
                sums[place] = sums[place - channels] + value;
            }
            sums
        })
        .collect();
    let runs: Vec<(isize, usize)> = (0..=2 * reach)
        .map(|row| {
            let down = row as isize - reach as isize;
            (down, (radius * radius - (down * down) as f64).sqrt() as usize)
        })
        .collect();
    let area: usize = runs.iter().map(|(_, half)| 2 * half + 1).sum();
    let mut values = Vec::with_capacity(image.values.len());
    for y in 0..image.height as isize {
        for place in 0..width * channels {
            let (x, channel) = (place / channels, place % channels);
            let sum: f64 = runs
                .iter()
                .map(|&(down, half)| {
                    let sums = &running[Border::Reflect101.index(y + down, image.height)];
                    let from = (x + reach - half) * channels + channel;
                    sums[from + (2 * half + 1) * channels] - sums[from]
                })
                .sum();
            values.push(sum / area as f64);
        }
    }
    image.with(values)
}
