//! A photograph bent out of shape, as by Li & Lyu 2019, "Exposing DeepFake Videos By Detecting Face Warping Artifacts",
//! arXiv 1811.00656, but everywhere and smoothly.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::field::Field;
use crate::image::FloatImage;

/// Every pixel from a place that two random fields displace. Catmull-Rom's cubic keeps what bilinear would blur, which
/// would tell a pseudo-fake without looking at what it shows.
pub(in crate::synthesise) fn warp(image: &FloatImage, _other: &FloatImage, stream: &mut ChaCha8Rng) -> FloatImage {
    let period = stream.random_range(12.0..24.0);
    let displacement = stream.random_range(1.5..3.5);
    let [across, down] = [(); 2].map(|()| Field::draw(period, stream));
    let mut warped = image.clone();
    for (place, pixel) in warped.pixels.chunks_exact_mut(3).enumerate() {
        let (x, y) = (place % image.width, place / image.width);
        let [column, row] = [(x, &across), (y, &down)].map(|(at, field)| at as f64 + displacement * field.at(x, y));
        pixel.copy_from_slice(&cubic(image, column, row));
    }
    warped
}

/// The pixel at a place between pixels (Keys 1981, "Cubic Convolution Interpolation for Digital Image Processing", with
/// a = -1/2), cut to `0..=1`; beyond the border the image is mirrored.
fn cubic(image: &FloatImage, x: f64, y: f64) -> [f32; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (weights(x - left), weights(y - top));
    let mut pixel = [0.0f64; 3];
    for (row, by_row) in down.iter().enumerate() {
        let row = mirrored(top as i64 + row as i64 - 1, image.height);
        for (column, by_column) in across.iter().enumerate() {
            let column = mirrored(left as i64 + column as i64 - 1, image.width);
            let values = &image.pixels[(row * image.width + column) * 3..][..3];
            pixel.iter_mut().zip(values).for_each(|(sum, value)| *sum += by_row * by_column * f64::from(*value));
        }
    }
    pixel.map(|value| value.clamp(0.0, 1.0) as f32)
}

/// Of the four pixels around a place `t` in `0..1` beyond the second.
fn weights(t: f64) -> [f64; 4] {
    let (t2, t3) = (t * t, t * t * t);
    [(-t + 2.0 * t2 - t3) / 2.0, 1.0 + (-5.0 * t2 + 3.0 * t3) / 2.0, (t + 4.0 * t2 - 3.0 * t3) / 2.0, (t3 - t2) / 2.0]
}

/// `.. 1 0 | 0 1 .. n-1 | n-1 n-2 ..`
fn mirrored(place: i64, n: usize) -> usize {
    let n = n as i64;
    let place = place.rem_euclid(2 * n);
    place.min(2 * n - 1 - place) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_met_exactly_lines_stay_lines_and_borders_mirror() {
        let ramp = FloatImage {
            width: 8,
            height: 8,
            pixels: (0..64).flat_map(|place| [(place % 8) as f32 / 10.0, (place / 8) as f32 / 10.0, 0.5]).collect(),
        };
        for (x, y) in [(3.0, 4.0), (3.25, 4.5), (2.9, 2.1)] {
            let [red, green, blue] = cubic(&ramp, x, y).map(f64::from);
            assert!((red - x / 10.0).abs() < 1e-6 && (green - y / 10.0).abs() < 1e-6 && (blue - 0.5).abs() < 1e-6);
        }
        assert_eq!([-1, -2, 0, 7, 8, 9, 16].map(|place| mirrored(place, 8)), [0, 1, 0, 7, 7, 6, 0]);
        for t in [0.0, 0.3, 0.99] {
            assert!((weights(t).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
    }
}
