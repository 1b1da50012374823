//! Rectangles of random size and shape within an image.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rectangle {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

/// How often torchvision tries to draw a rectangle that fits.
pub(super) const ATTEMPTS: usize = 10;

/// Two sides whose product is a share of `area` drawn uniformly from `scale` and whose quotient (first by
/// second) is drawn from `ratio`, uniformly in its logarithm; rounded to pixels.
pub(super) fn draw_sides(area: usize, scale: [f64; 2], ratio: [f64; 2], stream: &mut ChaCha8Rng) -> (usize, usize) {
    let area = area as f64 * stream.random_range(scale[0]..=scale[1]);
    let ratio = stream.random_range(ratio[0].ln()..=ratio[1].ln()).exp();
    ((area * ratio).sqrt().round() as usize, (area / ratio).sqrt().round() as usize)
}

/// A rectangle of the given size anywhere within `height` x `width`, which it must fit into.
pub(super) fn place(size: (usize, usize), within: (usize, usize), stream: &mut ChaCha8Rng) -> Rectangle {
    let top = stream.random_range(0..=within.0 - size.0);
    let left = stream.random_range(0..=within.1 - size.1);
    Rectangle { top, left, height: size.0, width: size.1 }
}
