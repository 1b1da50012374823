//! Mean saturation.

use super::{Giveaway, Kind, Measure};
use crate::image::RgbImage;

pub(super) const GIVEAWAY: Giveaway = Giveaway {
    name: "saturation",
    summary: "mean saturation of HSV, 0..=1",
    kind: Kind::Content,
    measure: Measure::Number(|contents| saturation(&contents.image)),
};

/// Mean of `(max - min) / max` over pixels, black counting 0 (Smith 1978).
fn saturation(image: &RgbImage) -> f64 {
    let sum: f64 = image
        .pixels
        .chunks_exact(3)
        .map(|pixel| {
            let largest = f64::from(pixel[0].max(pixel[1]).max(pixel[2]));
            let smallest = f64::from(pixel[0].min(pixel[1]).min(pixel[2]));
            if largest > 0.0 { (largest - smallest) / largest } else { 0.0 }
        })
        .sum();
    sum / (image.width * image.height) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_has_none_and_pure_colour_has_all() {
        let of = |pixel: [u8; 3]| saturation(&RgbImage { width: 2, height: 2, pixels: pixel.repeat(4) });
        assert_eq!(of([0; 3]), 0.0);
        assert_eq!(of([90; 3]), 0.0);
        assert_eq!(of([0, 7, 0]), 1.0);
        assert_eq!(of([200, 100, 150]), 0.5);
    }
}
