//! Blur, as by a lens out of focus or a denoiser.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Augmentation, Parameters};
use crate::Result;
use crate::image::FloatImage;

#[derive(Debug)]
struct RandomBlur {
    sigma: [f64; 2],
}

impl Augmentation for RandomBlur {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        let sigma = stream.random_range(self.sigma[0]..=self.sigma[1]);
        Ok(blur(&image, sigma))
    }
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Augmentation>> {
    Ok(Box::new(RandomBlur { sigma: parameters.interval("sigma", 0.0, 32.0)? }))
}

/// Pixels from the kernel's middle to its end: `ceil(3 sigma)`, beyond which lies less than .3% of a
/// Gaussian.
#[must_use]
pub fn kernel_radius(sigma: f64) -> usize {
    (3.0 * sigma).ceil() as usize
}

/// Convolves `image` with a Gaussian of standard deviation `sigma` in pixels; 0 changes nothing.
///
/// torchvision's `gaussian_blur` with a kernel of `2 kernel_radius(sigma) + 1` pixels: the density at whole
/// pixels, scaled to sum 1, over an image mirrored about its border pixels. torchvision asks for the kernel's
/// size and cuts off what lies beyond; here it follows from sigma. Where the kernel is longer than the
/// image, which torchvision refuses, the mirroring goes to and fro.
#[must_use]
pub fn blur(image: &FloatImage, sigma: f64) -> FloatImage {
    let radius = kernel_radius(sigma);
    if radius == 0 {
        return image.clone();
    }
    let density: Vec<f64> =
        (0..=2 * radius).map(|place| (-0.5 * ((place as f64 - radius as f64) / sigma).powi(2)).exp()).collect();
    let sum: f64 = density.iter().sum();
    let kernel: Vec<f32> = density.into_iter().map(|value| (value / sum) as f32).collect();
    let (width, height) = (image.width, image.height);
    let mut across = vec![0.0; image.pixels.len()];
    convolve(&image.pixels, &mut across, &kernel, (height, width * 3), (width, 3));
    let mut pixels = vec![0.0; image.pixels.len()];
    convolve(&across, &mut pixels, &kernel, (1, 0), (height, width * 3));
    // Rounding may carry a sum of weights past 1.
    pixels.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    FloatImage { width, height, pixels }
}

/// Convolves along one axis of `length` steps of `stride` values, for each of `lines` starting
/// `line_stride` values apart.
fn convolve(
    source: &[f32],
    target: &mut [f32],
    kernel: &[f32],
    (lines, line_stride): (usize, usize),
    (length, stride): (usize, usize),
) {
    let radius = kernel.len() / 2;
    for line in 0..lines {
        let start = line * line_stride;
        for place in 0..length {
            let to = start + place * stride;
            for (tap, weight) in kernel.iter().enumerate() {
                let from = start + mirrored(place + tap, radius, length) * stride;
                for step in 0..stride {
                    target[to + step] += weight * source[from + step];
                }
            }
        }
    }
}

/// The pixel that `place - radius` shows in an image mirrored about its first and last pixels.
fn mirrored(place: usize, radius: usize, length: usize) -> usize {
    if length == 1 {
        return 0;
    }
    let period = 2 * (length - 1);
    let within = (place + period * radius.div_ceil(period) - radius) % period;
    within.min(period - within)
}
