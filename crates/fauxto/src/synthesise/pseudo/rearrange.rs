//! A photograph whose parts lie elsewhere in it (Li et al. 2021, "CutPaste: Self-Supervised Learning for Anomaly
//! Detection and Localization", arXiv 2104.04015), with soft edges.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::image::FloatImage;

/// Pixels over which a part fades in.
const EDGE: f32 = 4.0;

/// Between three and seven squares, each a quarter to a half of the shorter side, half of them mirrored, laid over
/// others.
pub(in crate::synthesise) fn rearrange(image: &FloatImage, _other: &FloatImage, stream: &mut ChaCha8Rng) -> FloatImage {
    let shorter = image.width.min(image.height);
    let mut rearranged = image.clone();
    for _ in 0..stream.random_range(3..=7) {
        let side = stream.random_range(shorter / 4..=shorter / 2);
        let mut corner = || [image.width, image.height].map(|along| stream.random_range(0..=along - side));
        let ([left, top], [from_left, from_top]) = (corner(), corner());
        let mirrored = stream.random_bool(0.5);
        let before = rearranged.clone();
        for row in 0..side {
            for column in 0..side {
                let edge = |along: usize| along.min(side - 1 - along) as f32 + 1.0;
                let share = (edge(row) / EDGE).min(1.0) * (edge(column) / EDGE).min(1.0);
                let from_column = from_left + if mirrored { side - 1 - column } else { column };
                let from = ((from_top + row) * image.width + from_column) * 3;
                let to = ((top + row) * image.width + left + column) * 3;
                for channel in 0..3 {
                    let value = &mut rearranged.pixels[to + channel];
                    *value += share * (before.pixels[from + channel] - *value);
                }
            }
        }
    }
    rearranged
}
