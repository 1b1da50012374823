//! A simulated image generator: a coarse latent enlarged by transposed convolution, with a
//! decoder's sketch of the detail. It leaves what generators leave: a checkerboard with peaks in
//! the spectrum, texture smoothed away, and grain that is not a sensor's.
//!
//! Sources: Odena, Dumoulin & Olah, "Deconvolution and Checkerboard Artifacts", Distill 2016
//! (uneven kernel overlap); Durall, Keuper & Keuper, "Watch your Up-Convolution", CVPR 2020, and
//! Zhang, Karaman & Chang, "Detecting and Simulating Artifacts in GAN Fake Images", WIFS 2019
//! (spectral copies left by up-sampling, simulated by such a pipeline).

use rand::{Rng, RngExt};

use super::camera::{blur, gamma, lens_blur, mirror};
use super::scene::normal;
use crate::image::FloatImage;

/// One generator's quirks.
pub(super) struct Generator {
    blur: f32,
    /// Unevenness of kernel overlap: the share by which even and odd positions differ.
    unevenness: [f32; 3],
    /// Residuals smaller than this (in encoded levels, `0..=1`) are lost as texture.
    smoothing: f32,
    /// How much the surviving detail is exaggerated.
    sharpening: f32,
    /// Standard deviation of the grain in the latent.
    grain: f32,
}

impl Generator {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        let strength = rng.random_range(0.025f32..0.05);
        Self {
            blur: lens_blur(rng),
            unevenness: std::array::from_fn(|_| strength * rng.random_range(0.7..1.3)),
            smoothing: rng.random_range(0.01..0.028),
            sharpening: rng.random_range(1.05..1.3),
            grain: rng.random_range(0.012..0.03),
        }
    }

    /// Imagines a scene: linear light in, gamma-encoded pixels in `0..=1` out, same size.
    pub(super) fn imagine(&self, scene: &FloatImage, rng: &mut impl Rng) -> FloatImage {
        let mut target = blur(scene, self.blur);
        target.pixels.iter_mut().for_each(|value| *value = gamma(*value));
        let latent = self.encode(&target, rng);
        let mut decoded = self.enlarge(&latent, target.width, target.height);
        for (value, wanted) in decoded.pixels.iter_mut().zip(&target.pixels) {
            let residual = wanted - *value;
            // Soft threshold: what a decoder trained on squared error does to fine texture.
            let kept = residual.signum() * (residual.abs() - self.smoothing).max(0.0);
            *value = (*value + self.sharpening * kept).clamp(0.0, 1.0);
        }
        decoded
    }

    /// The latent: 2x2 means with grain, `[ceil(height / 2), ceil(width / 2), 3]`.
    fn encode(&self, image: &FloatImage, rng: &mut impl Rng) -> FloatImage {
        let (width, height) = (image.width.div_ceil(2), image.height.div_ceil(2));
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                for channel in 0..3 {
                    let sum: f32 = [(0, 0), (0, 1), (1, 0), (1, 1)]
                        .map(|(down, along)| {
                            let row = (2 * y + down).min(image.height - 1);
                            let column = (2 * x + along).min(image.width - 1);
                            image.pixels[(row * image.width + column) * 3 + channel]
                        })
                        .iter()
                        .sum();
                    pixels.push(sum / 4.0 + self.grain * normal(rng));
                }
            }
        }
        FloatImage { width, height, pixels }
    }

    /// Transposed convolution of stride 2 with a separable kernel of four taps (a triangle, as a
    /// trained one comes near) whose even and odd taps do not sum to the same.
    fn enlarge(&self, latent: &FloatImage, width: usize, height: usize) -> FloatImage {
        let mut pixels = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            let rows = sources(y, latent.height);
            for x in 0..width {
                let columns = sources(x, latent.width);
                for (channel, unevenness) in self.unevenness.iter().enumerate() {
                    let gain =
                        |position: usize| 1.0 + if position.is_multiple_of(2) { *unevenness } else { -*unevenness };
                    let mut value = 0.0;
                    for (row, vertical) in rows {
                        for (column, horizontal) in columns {
                            value += vertical * horizontal * latent.pixels[(row * latent.width + column) * 3 + channel];
                        }
                    }
                    pixels.push(value * gain(x) * gain(y));
                }
            }
        }
        FloatImage { width, height, pixels }
    }
}

/// The two latent positions that reach an output position, with their weights.
fn sources(position: usize, length: usize) -> [(usize, f32); 2] {
    let near = position / 2;
    let other = if position.is_multiple_of(2) { near as isize - 1 } else { near as isize + 1 };
    [(near, 0.75), (mirror(other, length), 0.25)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    fn flat(level: f32) -> FloatImage {
        FloatImage { width: 17, height: 12, pixels: vec![level; 17 * 12 * 3] }
    }

    /// On a flat scene only the checkerboard is left: even and odd positions of each row differ
    /// by the unevenness, at the highest frequency there is.
    #[test]
    fn a_flat_scene_shows_the_checkerboard_and_nothing_else() {
        let generator = Generator { blur: 0.5, unevenness: [0.1; 3], smoothing: 1.0, sharpening: 1.0, grain: 0.0 };
        let image = generator.imagine(&flat(0.2), &mut stream(0, "generator", &[]));
        assert_eq!((image.width, image.height), (17, 12));
        let level = gamma(0.2);
        for y in 0..12 {
            for x in 0..17 {
                let gain = |position: usize| if position.is_multiple_of(2) { 1.1 } else { 0.9 };
                let found = image.pixels[(y * 17 + x) * 3];
                assert!((found - level * gain(x) * gain(y)).abs() < 1e-4, "{x} {y} {found}");
            }
        }
    }

    #[test]
    fn a_generator_that_loses_nothing_gives_the_target_back() {
        let generator = Generator { blur: 0.5, unevenness: [0.05; 3], smoothing: 0.0, sharpening: 1.0, grain: 0.02 };
        let scene = super::super::scene::draw(20, &mut stream(0, "scene", &[]));
        let image = generator.imagine(&scene, &mut stream(0, "generator", &[]));
        let target = blur(&scene, 0.5);
        for (found, light) in image.pixels.iter().zip(&target.pixels) {
            assert!((found - gamma(*light)).abs() < 1e-5);
        }
    }
}
