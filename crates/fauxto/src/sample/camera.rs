//! A simulated camera: lens blur, Bayer mosaic, Poisson-Gaussian sensor noise, demosaicing, white
//! balance and gamma. It leaves what cameras leave: noise whose variance grows with light and
//! whose colours are correlated by interpolation.
//!
//! Sources: Foi, Trimeche, Katkovnik & Egiazarian, "Practical Poissonian-Gaussian Noise Modeling
//! and Fitting for Single-Image Raw-Data", IEEE TIP 17, 2008 (variance = gain * signal + floor);
//! Malvar, He & Cutler, "High-Quality Linear Interpolation for Demosaicing of Bayer-Patterned
//! Color Images", ICASSP 2004 (filter coefficients of its figure 2).

use rand::{Rng, RngExt};

use super::scene::normal;
use crate::image::FloatImage;

/// Share of the light each channel's photosites see under daylight; white balance undoes it.
const SENSITIVITY: [f32; 3] = [0.55, 1.0, 0.70];

/// One exposure: the settings that vary from photograph to photograph.
pub(super) struct Exposure {
    /// Standard deviation of the lens's Gaussian point spread, in pixels.
    pub(super) blur: f32,
    /// Noise variance per unit of signal (shot noise).
    gain: f32,
    /// Noise variance in the dark (read noise).
    floor: f32,
    /// Which of the four pixels of a Bayer cell the picture starts on.
    phase: [usize; 2],
    malvar: bool,
}

impl Exposure {
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        // Uniform in the logarithm, as film speeds are.
        let speed = rng.random_range(0.0f32..1.0);
        Self {
            blur: lens_blur(rng),
            gain: 0.0005 * 8.0f32.powf(speed),
            floor: (0.003 * 2.5f32.powf(speed)).powi(2),
            phase: [rng.random_range(0..2), rng.random_range(0..2)],
            malvar: rng.random_bool(0.5),
        }
    }
}

/// The standard deviation of a lens's blur; generated images imitate photographs, so theirs is
/// drawn from the same distribution.
pub(super) fn lens_blur(rng: &mut impl Rng) -> f32 {
    rng.random_range(0.35..0.75)
}

/// Photographs a scene of linear light; gives gamma-encoded pixels in `0..=1`, same size.
pub(super) fn photograph(scene: &FloatImage, exposure: &Exposure, rng: &mut impl Rng) -> FloatImage {
    let mut light = blur(scene, exposure.blur);
    let raw = expose(&light, exposure, rng);
    demosaic(&raw, &mut light, exposure);
    for pixel in light.pixels.chunks_exact_mut(3) {
        for (value, sensitivity) in pixel.iter_mut().zip(SENSITIVITY) {
            *value = gamma(*value / sensitivity);
        }
    }
    light
}

/// The raw mosaic, one value a pixel: the light of that pixel's colour, with noise, clipped.
fn expose(light: &FloatImage, exposure: &Exposure, rng: &mut impl Rng) -> Vec<f32> {
    let mut raw = Vec::with_capacity(light.width * light.height);
    for y in 0..light.height {
        for x in 0..light.width {
            let channel = filter_colour(x, y, exposure.phase);
            let signal = light.pixels[(y * light.width + x) * 3 + channel] * SENSITIVITY[channel];
            let deviation = (exposure.gain * signal + exposure.floor).sqrt();
            raw.push((signal + deviation * normal(rng)).clamp(0.0, 1.0));
        }
    }
    raw
}

/// The Bayer filter's colour at a pixel: RGGB cells, shifted by the phase.
fn filter_colour(x: usize, y: usize, phase: [usize; 2]) -> usize {
    match ((x + phase[0]) % 2, (y + phase[1]) % 2) {
        (0, 0) => 0,
        (1, 1) => 2,
        _ => 1,
    }
}

/// Fills in the two colours each photosite did not see.
///
/// Bilinear interpolation averages the nearest photosites of the colour sought; Malvar, He &
/// Cutler add a share of the Laplacian of the colour seen there.
fn demosaic(raw: &[f32], image: &mut FloatImage, exposure: &Exposure) {
    let (width, height) = (image.width, image.height);
    let colour = |x: isize, y: isize| {
        // Adding an even number keeps the cell position and avoids a negative remainder.
        filter_colour((x + 4) as usize, (y + 4) as usize, exposure.phase)
    };
    // Mirroring without repeating the edge keeps the mosaic's parity.
    let at = |x: isize, y: isize| raw[mirror(y, height) * width + mirror(x, width)];
    for y in 0..height as isize {
        for x in 0..width as isize {
            let here = at(x, y);
            let cross = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1);
            let diagonal = at(x - 1, y - 1) + at(x + 1, y - 1) + at(x - 1, y + 1) + at(x + 1, y + 1);
            let (row, column) = (at(x - 1, y) + at(x + 1, y), at(x, y - 1) + at(x, y + 1));
            let (far_row, far_column) = (at(x - 2, y) + at(x + 2, y), at(x, y - 2) + at(x, y + 2));
            let seen = colour(x, y);
            for sought in 0..3 {
                let value = if sought == seen {
                    here
                } else if sought == 1 {
                    let laplacian = here - (far_row + far_column) / 4.0;
                    cross / 4.0 + if exposure.malvar { laplacian / 2.0 } else { 0.0 }
                } else if seen == 1 {
                    let (near, along, across) = if colour(x + 1, y) == sought {
                        (row, far_row, far_column)
                    } else {
                        (column, far_column, far_row)
                    };
                    let laplacian = 5.0 * here - diagonal - along + across / 2.0;
                    near / 2.0 + if exposure.malvar { laplacian / 8.0 } else { 0.0 }
                } else {
                    let laplacian = here - (far_row + far_column) / 4.0;
                    diagonal / 4.0 + if exposure.malvar { laplacian * 0.75 } else { 0.0 }
                };
                image.pixels[(y as usize * width + x as usize) * 3 + sought] = value.clamp(0.0, 1.0);
            }
        }
    }
}

/// `position` reflected into `0..length` about the first and last positions.
pub(super) fn mirror(position: isize, length: usize) -> usize {
    let last = length as isize - 1;
    let folded = if position < 0 { -position } else { position };
    (if folded > last { 2 * last - folded } else { folded }).clamp(0, last) as usize
}

/// Gaussian blur by two passes of a five-tap kernel.
pub(super) fn blur(image: &FloatImage, deviation: f32) -> FloatImage {
    let mut taps: [f32; 5] = std::array::from_fn(|tap| {
        let distance = tap as f32 - 2.0;
        (-distance * distance / (2.0 * deviation * deviation)).exp()
    });
    let total: f32 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap /= total);
    filter(&filter(image, &taps, [1, 0]), &taps, [0, 1])
}

/// Correlates with a centred five-tap kernel along `step`.
fn filter(image: &FloatImage, taps: &[f32; 5], step: [isize; 2]) -> FloatImage {
    let mut pixels = Vec::with_capacity(image.pixels.len());
    for y in 0..image.height as isize {
        for x in 0..image.width as isize {
            for channel in 0..3 {
                let value = taps.iter().zip(-2isize..).map(|(tap, offset)| {
                    let row = mirror(y + step[1] * offset, image.height);
                    let column = mirror(x + step[0] * offset, image.width);
                    tap * image.pixels[(row * image.width + column) * 3 + channel]
                });
                pixels.push(value.sum());
            }
        }
    }
    FloatImage { width: image.width, height: image.height, pixels }
}

/// The sRGB transfer function (IEC 61966-2-1): linear light in, encoded value in `0..=1` out.
pub(super) fn gamma(light: f32) -> f32 {
    let light = light.clamp(0.0, 1.0);
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream;

    fn exposure(malvar: bool, noise: f32) -> Exposure {
        Exposure { blur: 0.5, gain: noise, floor: 0.0, phase: [1, 0], malvar }
    }

    fn flat(level: f32) -> FloatImage {
        FloatImage { width: 12, height: 10, pixels: vec![level; 12 * 10 * 3] }
    }

    #[test]
    fn a_noiseless_camera_reproduces_a_flat_field_and_malvar_a_ramp() {
        for malvar in [false, true] {
            let photograph = photograph(&flat(0.3), &exposure(malvar, 0.0), &mut stream(0, "camera", &[]));
            assert!(photograph.pixels.iter().all(|value| (value - gamma(0.3)).abs() < 1e-5));
        }
        // Both interpolators are exact on linear functions away from the border.
        let ramp: Vec<f32> = (0..120).map(|i| 0.1 + 0.05 * (i % 12) as f32).collect();
        for malvar in [false, true] {
            let mut image = flat(0.0);
            demosaic(&ramp, &mut image, &exposure(malvar, 0.0));
            for y in 2..8 {
                for x in 2..10 {
                    for channel in 0..3 {
                        let value = image.pixels[(y * 12 + x) * 3 + channel];
                        assert!((value - ramp[y * 12 + x]).abs() < 1e-5, "{malvar} {x} {y} {channel} {value}");
                    }
                }
            }
        }
    }

    #[test]
    fn noise_variance_is_gain_times_signal() {
        let light = FloatImage { width: 200, height: 200, pixels: vec![0.25; 200 * 200 * 3] };
        let raw = expose(&light, &exposure(false, 0.01), &mut stream(5, "camera", &[]));
        let green: Vec<f32> =
            (0..200 * 200).filter(|i| filter_colour(i % 200, i / 200, [1, 0]) == 1).map(|i| raw[i] - 0.25).collect();
        let variance = green.iter().map(|v| v * v).sum::<f32>() / green.len() as f32;
        assert!((variance / 0.0025 - 1.0).abs() < 0.05, "{variance}");
    }

    #[test]
    fn mirroring_keeps_the_mosaic_parity() {
        assert_eq!([-2, -1, 0, 4, 5, 6].map(|position| mirror(position, 5)), [2, 1, 0, 4, 3, 2]);
    }
}
