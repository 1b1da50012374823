//! Motion blur, as ImageMagick defines it (`MotionBlurImage` in `effect.c`): one half of a Gaussian,
//! laid in the direction of motion from each pixel on, at the nearest whole pixels.

use super::raster::{Border, Raster};

/// Blurs `levels`, and cuts down to whole ones: ImageMagick 6.9 rounds to 16 bits, then cuts to 8
/// where it writes an image that had 8 bits as PNG, which is how the authors take it back.
///
/// `radius` and `deviation` in pixels, the kernel having `2 ceil(radius) + 1` weights; `degrees`
/// clockwise from the right. Beyond the edge the edge is repeated.
pub(in crate::corrupt) fn blur(levels: &Raster, radius: f64, deviation: f64, degrees: f64) -> Raster {
    let length = 2 * radius.ceil() as usize + 1;
    let weight = |step: f64| (-step * step / (2.0 * deviation * deviation)).exp();
    let total: f64 = (0..length).map(|step| weight(step as f64)).sum();
    let (sine, cosine) = degrees.to_radians().sin_cos();
    let path: Vec<(isize, isize, f64)> = (0..length)
        .map(|step| {
            let step = step as f64;
            let nearest = |position: f64| (position - 0.5).ceil() as isize;
            (nearest(step * cosine), nearest(step * sine), weight(step) / total)
        })
        .collect();
    let mut values = Vec::with_capacity(levels.values.len());
    for y in 0..levels.height as isize {
        for x in 0..levels.width as isize {
            for channel in 0..levels.channels {
                let sum: f64 = path
                    .iter()
                    .map(|&(right, down, weight)| {
                        let column = Border::Nearest.index(x + right, levels.width);
                        let row = Border::Nearest.index(y + down, levels.height);
                        weight * levels.at(column, row, channel)
                    })
                    .sum();
                values.push(((257.0 * sum).round() / 257.0).floor());
            }
        }
    }
    levels.with(values)
}
