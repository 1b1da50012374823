//! Variance of the Laplacian.

use super::{Giveaway, Kind, Measure, luminance};
use crate::image::RgbImage;

pub(super) const GIVEAWAY: Giveaway = Giveaway {
    name: "sharpness",
    summary: "variance of the Laplacian of luminance",
    kind: Kind::Content,
    measure: Measure::Number(|contents| sharpness(&contents.image)),
};

/// Variance of the four-neighbour Laplacian over inner pixels (Pech-Pacheco et al., "Diatom
/// Autofocusing in Brightfield Microscopy", ICPR 2000); 0 for images without inner pixels.
fn sharpness(image: &RgbImage) -> f64 {
    let (width, height) = (image.width, image.height);
    if width < 3 || height < 3 {
        return 0.0;
    }
    let light: Vec<f64> = image.pixels.chunks_exact(3).map(luminance).collect();
    let (mut sum, mut squares) = (0.0, 0.0);
    for y in 1..height - 1 {
        for x in 1..width - 1 {
            let at = y * width + x;
            let laplacian = light[at - 1] + light[at + 1] + light[at - width] + light[at + width] - 4.0 * light[at];
            sum += laplacian;
            squares += laplacian * laplacian;
        }
    }
    let count = ((width - 2) * (height - 2)) as f64;
    squares / count - (sum / count).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: usize, level: impl Fn(usize) -> u8) -> RgbImage {
        let pixels = (0..width * width).flat_map(|i| [level(i); 3]).collect();
        RgbImage { width, height: width, pixels }
    }

    #[test]
    fn ramps_have_none_and_a_checkerboard_has_much() {
        assert!(sharpness(&grey(8, |i| (i % 8) as u8 * 10)).abs() < 1e-6);
        // The Laplacian of a checkerboard of 0 and 1 is +-4, half of each.
        let board = sharpness(&grey(8, |i| ((i + i / 8) % 2) as u8));
        assert!((board - 16.0).abs() < 1e-6, "{board}");
        assert_eq!(sharpness(&grey(2, |_| 9)), 0.0);
    }
}
