//! Histogram equalisation, as OpenCV's `equalizeHist` defines it.

use crate::corrupt::part::raster::Raster;

/// One channel of whole levels, spread so that each level's share of `0..=255` is its share of the
/// pixels; the lowest becomes 0. An image of one level stays as it is.
pub(super) fn equalised(image: &Raster) -> Raster {
    let mut counts = [0usize; 256];
    for &level in &image.values {
        counts[level as usize] += 1;
    }
    let pixels = image.values.len();
    let Some(lowest) = counts.iter().position(|&count| count > 0).filter(|&lowest| counts[lowest] < pixels) else {
        return image.clone();
    };
    let scale = 255.0 / (pixels - counts[lowest]) as f32;
    let mut below = 0;
    let table: Vec<f64> = counts
        .iter()
        .enumerate()
        .map(|(level, &count)| {
            below += if level > lowest { count } else { 0 };
            f64::from((below as f32 * scale).round_ties_even())
        })
        .collect();
    image.map(|level| table[level as usize])
}
