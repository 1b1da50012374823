//! The image as a plane seen from another point.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

/// Where the corners go, `[x, y]` in pixels: top left, top right, bottom right, bottom left.
pub type Corners = [[f64; 2]; 4];

#[derive(Debug)]
struct RandomPerspective {
    distortion: f64,
}

impl Augmentation for RandomPerspective {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let across = (self.distortion * (image.width / 2) as f64) as usize;
        let down = (self.distortion * (image.height / 2) as f64) as usize;
        let (last_x, last_y) = (image.width - 1, image.height - 1);
        let corners = [(false, false), (true, false), (true, true), (false, true)].map(|(right, bottom)| {
            let (x, y) = (stream.random_range(0..=across), stream.random_range(0..=down));
            [if right { last_x - x } else { x } as f64, if bottom { last_y - y } else { y } as f64]
        });
        Ok(warp(&image, &corners))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomPerspective { distortion: parameters.number("distortion", 0.0, 1.0)? }))
}

/// Moves the corners of `image` to `corners` by a projective map; bilinear, black outside.
///
/// torchvision's `perspective` on tensors without a fill, whose corners are pixels `0` and `width - 1`
/// but whose map is evaluated at `x + 1/2`: with the corners where they were, nothing changes.
/// `RandomPerspective` itself passes a fill of 0 and thereby multiplies the pixels on the border by
/// their coverage twice; here it is once.
#[must_use]
pub fn warp(image: &FloatImage, corners: &Corners) -> FloatImage {
    let (width, height) = (image.width, image.height);
    let map = to_source(corners, (width - 1) as f64, (height - 1) as f64);
    let mut pixels = vec![0.0; image.pixels.len()];
    for (index, pixel) in pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        let (x, y) = ((index % width) as f64 + 0.5, (index / width) as f64 + 0.5);
        let [source_x, source_y, scale] = map.map(|row| row[0] * x + row[1] * y + row[2]);
        *pixel = sample(image, source_x / scale - 0.5, source_y / scale - 0.5);
    }
    FloatImage { width, height, pixels }
}

/// The homogeneous map from a warped point to its source, up to scale: the inverse (as adjugate, which
/// needs no division and so exists for collapsed corners too) of the map from the rectangle `right` x
/// `bottom` to `corners`.
///
/// Source: Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
fn to_source(corners: &Corners, right: f64, bottom: f64) -> [[f64; 3]; 3] {
    let [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = *corners;
    let (dx1, dx2, sx) = (x1 - x2, x3 - x2, x0 - x1 + x2 - x3);
    let (dy1, dy2, sy) = (y1 - y2, y3 - y2, y0 - y1 + y2 - y3);
    // Scaled by the determinant `d`, again to avoid dividing by it.
    let d = dx1 * dy2 - dx2 * dy1;
    let (g, h) = (sx * dy2 - dx2 * sy, dx1 * sy - sx * dy1);
    let [a, b, c] = [d * (x1 - x0) + g * x1, d * (x3 - x0) + h * x3, d * x0];
    let [e, f, i] = [d * (y1 - y0) + g * y1, d * (y3 - y0) + h * y3, d * y0];
    [
        [right * (f * d - h * i), right * (h * c - b * d), right * (b * i - f * c)],
        [bottom * (g * i - e * d), bottom * (a * d - g * c), bottom * (e * c - a * i)],
        [e * h - f * g, b * g - a * h, a * f - b * e],
    ]
}

/// The value at a point between pixel centres, with black beyond the border.
fn sample(image: &FloatImage, x: f64, y: f64) -> [f32; 3] {
    let (left, top) = (x.floor(), y.floor());
    let mut sum = [0.0; 3];
    for (column, share_x) in [(left, left + 1.0 - x), (left + 1.0, x - left)] {
        for (row, share_y) in [(top, top + 1.0 - y), (top + 1.0, y - top)] {
            // Points at infinity are compared as not a number, and are outside.
            if (0.0..image.width as f64).contains(&column) && (0.0..image.height as f64).contains(&row) {
                let start = (row as usize * image.width + column as usize) * 3;
                for (sum, value) in sum.iter_mut().zip(&image.pixels[start..start + 3]) {
                    *sum += f64::from(*value) * share_x * share_y;
                }
            }
        }
    }
    sum.map(|value| (value as f32).clamp(0.0, 1.0))
}
