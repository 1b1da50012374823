//! Mean luminance.

use super::{Giveaway, Kind, Measure, luminance};
use crate::image::RgbImage;

pub(super) const GIVEAWAY: Giveaway = Giveaway {
    name: "brightness",
    summary: "mean luminance, 0..=255",
    kind: Kind::Content,
    measure: Measure::Number(|contents| brightness(&contents.image)),
};

fn brightness(image: &RgbImage) -> f64 {
    let sum: f64 = image.pixels.chunks_exact(3).map(luminance).sum();
    sum / (image.width * image.height) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_is_as_bright_as_its_level_and_green_outshines_blue() {
        let of = |pixel: [u8; 3]| brightness(&RgbImage { width: 2, height: 2, pixels: pixel.repeat(4) });
        assert!((of([100; 3]) - 100.0).abs() < 1e-9);
        assert!(of([0, 255, 0]) > of([0, 0, 255]));
    }
}
