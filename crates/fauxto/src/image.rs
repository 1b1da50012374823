//! Pixels: 8-bit RGB in storage, `f32` in `0..=1` in computation.

/// An RGB image of 8 bits a channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RgbImage {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `[height, width, 3]`, row by row.
    pub pixels: Vec<u8>,
}

/// An RGB image in computation.
#[derive(Clone, PartialEq, Debug)]
pub struct FloatImage {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `[height, width, 3]`, row by row, in `0..=1`.
    pub pixels: Vec<f32>,
}

impl From<&RgbImage> for FloatImage {
    fn from(image: &RgbImage) -> Self {
        Self {
            width: image.width,
            height: image.height,
            pixels: image.pixels.iter().map(|&level| f32::from(level) / 255.0).collect(),
        }
    }
}

impl From<&FloatImage> for RgbImage {
    /// Rounds to the nearest level; what lies outside `0..=1` is cut.
    fn from(image: &FloatImage) -> Self {
        Self {
            width: image.width,
            height: image.height,
            pixels: image.pixels.iter().map(|value| (value * 255.0).round() as u8).collect(),
        }
    }
}
