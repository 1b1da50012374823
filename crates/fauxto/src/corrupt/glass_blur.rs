//! Glass blur: pixels seen through frosted glass, each in the place of a near one.

use super::draws::Draws;
use super::part::gaussian;
use super::part::raster::{Raster, from_level, truncated_level};
use super::severity::Severity;
use crate::Result;

/// Standard deviation of the blur before and after, greatest displacement, rounds; lengths in pixels
/// of an image whose shorter side has 32.
const GLASS: [(f64, f64, usize); 5] = [(0.05, 1.0, 1), (0.25, 1.0, 1), (0.4, 1.0, 1), (0.25, 1.0, 2), (0.4, 1.0, 2)];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let (deviation, reach, rounds) = severity.of(&GLASS);
    let deviation = deviation * image.scale();
    let reach = (reach * image.scale()).round().max(1.0) as usize;
    // To whole levels and back, since where flat areas fall when they are cut depends on the last bit.
    let exact = image.to_levels().map(from_level);
    let mut levels = gaussian::blur(&exact, deviation).map(truncated_level);
    for _ in 0..rounds {
        displace(&mut levels, reach, draws);
    }
    Ok(gaussian::blur(&levels.map(from_level), deviation))
}

/// The authors mean to swap two pixels. Theirs are views into one array: assigning the first has
/// already changed what the second is given, so that a pixel is overwritten and its partner stays.
/// The published images were made so. The displacement ends before `reach` on the positive side.
fn displace(levels: &mut Raster, reach: usize, draws: &mut dyn Draws) {
    let (width, channels) = (levels.width, levels.channels);
    let most = reach as isize;
    let moved = |position: usize, by: isize| position.saturating_add_signed(by);
    for y in (reach + 1..=levels.height - reach).rev() {
        for x in (reach + 1..=width - reach).rev() {
            let (right, down) = (draws.integer(-most, most), draws.integer(-most, most));
            let from = (moved(y, down) * width + moved(x, right)) * channels;
            levels.values.copy_within(from..from + channels, (y * width + x) * channels);
        }
    }
}
