//! Pixels while they are being corrupted: in `f64`, as numpy computes, and of any range, so that
//! only the last step cuts to `0..=1`.

use crate::image::FloatImage;

/// The shorter side for which CIFAR-10-C gives its radii and sizes.
const PUBLISHED_SIDE: f64 = 32.0;

/// `[height, width, channels]` values, row by row.
#[derive(Clone, Debug)]
pub(in crate::corrupt) struct Raster {
    pub(in crate::corrupt) width: usize,
    pub(in crate::corrupt) height: usize,
    pub(in crate::corrupt) channels: usize,
    pub(in crate::corrupt) values: Vec<f64>,
}

/// What lies beyond the edge of `a b c d`.
#[derive(Clone, Copy, Debug)]
pub(in crate::corrupt) enum Border {
    /// `a a | a b c d | d d`: scipy's `nearest`.
    Nearest,
    /// `b a | a b c d | d c`: scipy's `reflect`.
    Reflect,
    /// `c b | a b c d | c b`: OpenCV's `BORDER_REFLECT_101`, its default; scipy's `mirror`.
    Reflect101,
}

impl Border {
    /// The position within `0..length` whose value stands at `position`.
    pub(in crate::corrupt) fn index(self, position: isize, length: usize) -> usize {
        let length = length as isize;
        let folded = match self {
            Self::Nearest => position.clamp(0, length - 1),
            Self::Reflect => {
                let phase = position.rem_euclid(2 * length);
                phase.min(2 * length - 1 - phase)
            }
            Self::Reflect101 => {
                let period = (2 * length - 2).max(1);
                let phase = position.rem_euclid(period);
                phase.min(period - phase)
            }
        };
        folded as usize
    }
}

impl Raster {
    /// One channel of `value(self)` drawn for each pixel in turn.
    pub(in crate::corrupt) fn layer((width, height): (usize, usize), mut value: impl FnMut() -> f64) -> Self {
        Self { width, height, channels: 1, values: (0..width * height).map(|_| value()).collect() }
    }

    /// The same size and channels, each value by `change`.
    pub(in crate::corrupt) fn map(&self, change: impl FnMut(f64) -> f64) -> Self {
        self.with(self.values.iter().copied().map(change).collect())
    }

    /// The same size and channels with other values.
    pub(in crate::corrupt) fn with(&self, values: Vec<f64>) -> Self {
        Self { values, ..*self }
    }

    /// Each pixel by `change`, given the value that `layer`, of one channel, has there.
    pub(in crate::corrupt) fn zip(&self, layer: &Self, mut change: impl FnMut([f64; 3], f64) -> [f64; 3]) -> Self {
        let pixels = self.values.as_chunks::<3>().0.iter().zip(&layer.values);
        self.with(pixels.flat_map(|(pixel, &value)| change(*pixel, value)).collect())
    }

    pub(in crate::corrupt) fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    pub(in crate::corrupt) fn shorter_side(&self) -> usize {
        self.width.min(self.height)
    }

    /// How much larger the image is than those of CIFAR-10-C; lengths are multiplied by it.
    pub(in crate::corrupt) fn scale(&self) -> f64 {
        self.shorter_side() as f64 / PUBLISHED_SIDE
    }

    /// The size this image would have at CIFAR-10-C's scale. Layers with a grain, such as snow, are
    /// made at it and enlarged: what they look like follows from how the grain meets thresholds.
    pub(in crate::corrupt) fn published_size(&self) -> (usize, usize) {
        let of = |side: usize| (side as f64 / self.scale()).round() as usize;
        (of(self.width), of(self.height))
    }

    pub(in crate::corrupt) fn maximum(&self) -> f64 {
        self.values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The value at a position within the image.
    pub(in crate::corrupt) fn at(&self, x: usize, y: usize, channel: usize) -> f64 {
        self.values[(y * self.width + x) * self.channels + channel]
    }

    /// Between the four nearest pixels.
    pub(in crate::corrupt) fn bilinear(&self, x: f64, y: f64, channel: usize, border: Border) -> f64 {
        let (left, top) = (x.floor(), y.floor());
        let (across, down) = (x - left, y - top);
        let columns = [0, 1].map(|step| border.index(left as isize + step, self.width));
        let rows = [0, 1].map(|step| border.index(top as isize + step, self.height));
        let row =
            |y: usize| (1.0 - across) * self.at(columns[0], y, channel) + across * self.at(columns[1], y, channel);
        (1.0 - down) * row(rows[0]) + down * row(rows[1])
    }

    /// Values in `0..=1` as whole levels `0.0..=255.0`, the nearest ones.
    pub(in crate::corrupt) fn to_levels(&self) -> Self {
        self.map(|value| (value * 255.0).round())
    }

    /// Whole levels as bytes.
    pub(in crate::corrupt) fn level_bytes(&self) -> Vec<u8> {
        self.values.iter().map(|&level| level as u8).collect()
    }
}

/// Values from `0..=255` to `0..=1`.
pub(in crate::corrupt) fn from_level(level: f64) -> f64 {
    level / 255.0
}

/// A value in `0..=1` to the level below, as numpy casts to 8 bits; outside, to the nearest level.
pub(in crate::corrupt) fn truncated_level(value: f64) -> f64 {
    (value * 255.0).clamp(0.0, 255.0).floor()
}

impl From<&FloatImage> for Raster {
    fn from(image: &FloatImage) -> Self {
        let values = image.pixels.iter().map(|&value| f64::from(value)).collect();
        Self { width: image.width, height: image.height, channels: 3, values }
    }
}

impl From<Raster> for FloatImage {
    fn from(raster: Raster) -> Self {
        let pixels = raster.values.iter().map(|value| value.clamp(0.0, 1.0) as f32).collect();
        Self { width: raster.width, height: raster.height, pixels }
    }
}

#[cfg(test)]
mod tests {
    use super::Border;

    #[test]
    fn borders_are_those_of_scipy_and_opencv() {
        let around = |border: Border| [-6, -5, -2, -1, 0, 3, 4, 5, 9].map(|position| border.index(position, 4));
        assert_eq!(around(Border::Nearest), [0, 0, 0, 0, 0, 3, 3, 3, 3]);
        assert_eq!(around(Border::Reflect), [2, 3, 1, 0, 0, 3, 3, 2, 1]);
        assert_eq!(around(Border::Reflect101), [0, 1, 2, 1, 0, 3, 2, 1, 3]);
        assert_eq!(Border::Reflect101.index(-3, 1), 0);
    }
}
