//! The image without detail, which deletion and insertion put in place of pixels.

use crate::image::FloatImage;

/// Half the kernel's width, in pixels.
const REACH: isize = 5;
const SIGMA: f64 = 5.0;

/// `image` under a Gaussian of deviation 5 cut to 11x11 pixels, as in the authors' code for insertion
/// (Petsiuk et al., `evaluation.py`), at every size: what detectors look for is fine. Beyond its border
/// the image is mirrored, where that code darkens it with zeros.
pub(super) fn blurred(image: &FloatImage) -> FloatImage {
    let weights: Vec<f64> = (-REACH..=REACH).map(|at| (-((at * at) as f64) / (2.0 * SIGMA * SIGMA)).exp()).collect();
    let total: f64 = weights.iter().sum();
    let (width, height) = (image.width as isize, image.height as isize);
    let pass = |pixels: &[f32], step: [isize; 2]| -> Vec<f32> {
        let mut output = Vec::with_capacity(pixels.len());
        for y in 0..height {
            for x in 0..width {
                for channel in 0..3 {
                    let sum: f64 = weights
                        .iter()
                        .zip(-REACH..=REACH)
                        .map(|(weight, at)| {
                            let (y, x) = (mirrored(y + at * step[0], height), mirrored(x + at * step[1], width));
                            weight * f64::from(pixels[((y * width + x) * 3 + channel) as usize])
                        })
                        .sum();
                    output.push((sum / total) as f32);
                }
            }
        }
        output
    };
    let pixels = pass(&pass(&image.pixels, [0, 1]), [1, 0]);
    FloatImage { width: image.width, height: image.height, pixels }
}

/// Where `index` falls in `0..length` when the image is mirrored at its border pixels' outer edges.
fn mirrored(index: isize, length: isize) -> isize {
    let index = index.rem_euclid(2 * length);
    if index < length { index } else { 2 * length - 1 - index }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blurring_keeps_constants_and_the_mean_and_removes_a_checkerboard() {
        let flat = FloatImage { width: 9, height: 4, pixels: [0.2, 0.5, 0.7].repeat(36) };
        for (found, expected) in blurred(&flat).pixels.iter().zip(&flat.pixels) {
            assert!((found - expected).abs() < 1e-6);
        }
        let board = |index: usize| if (index % 16 + index / 16).is_multiple_of(2) { 1.0 } else { 0.0 };
        let board = FloatImage { width: 16, height: 16, pixels: (0..256).flat_map(|i| [board(i); 3]).collect() };
        assert!(blurred(&board).pixels.iter().all(|level| (level - 0.5).abs() < 0.02));
    }

    #[test]
    fn mirrors_at_both_ends() {
        assert_eq!([-2, -1, 0, 3, 4, 5, 9].map(|index| mirrored(index, 4)), [1, 0, 0, 3, 3, 2, 1]);
    }
}
