//! Dead-leaves scenes: opaque shapes of power-law sizes dropped on one another until they hide the
//! ground. With a size density of r^-3 the result is scale invariant and has the occlusion edges,
//! marginal statistics and power spectrum of natural images.
//!
//! Source: Lee, Mumford & Huang, "Occlusion Models for Natural Images: A Statistical Study of a
//! Scale-Invariant Dead Leaves Model", IJCV 41, 2001. Where we depart: leaves are ellipses and
//! rectangles rather than disks only, and are shaded and textured, so that a scene has smooth and
//! rough surfaces as a photograph does.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};

use crate::image::FloatImage;

/// Scene samples along each side of a sensor pixel.
const OVERSAMPLING: usize = 3;
/// Smallest and, as a share of the scene's side, largest leaf radius, in sensor pixels.
const SMALLEST_RADIUS: f32 = 2.4;
const LARGEST_RADIUS_SHARE: f32 = 0.7;
/// Share of samples to cover before what is left is taken as the ground; the last few would
/// need as many leaves again as all the others.
const COVERAGE: f32 = 0.995;
const TEXTURE_SIDE: usize = 64;

/// Draws a scene: linear light, `[side, side, 3]`, in `0..=1`, area-averaged to sensor pixels.
pub(super) fn draw(side: usize, rng: &mut impl Rng) -> FloatImage {
    let fine_side = side * OVERSAMPLING;
    let palette = Palette::draw(rng);
    let texture = Texture::draw(rng);
    let mut fine = vec![0.0f32; fine_side * fine_side * 3];
    let mut covered = vec![false; fine_side * fine_side];
    let mut remaining = covered.len();
    let enough = (covered.len() as f32 * (1.0 - COVERAGE)) as usize;
    // Front to back: a leaf only paints what no earlier leaf hides, so each sample is written once.
    while remaining > enough {
        let leaf = Leaf::draw(side as f32, &palette, rng);
        remaining -= leaf.paint(fine_side, &texture, &mut fine, &mut covered);
    }
    let ground = palette.colour(rng);
    for (sample, _) in fine.chunks_exact_mut(3).zip(&covered).filter(|(_, covered)| !**covered) {
        sample.copy_from_slice(&ground);
    }
    area_average(&fine, side)
}

/// The light of one scene: how bright and varied it is, its hues and the colour of the illuminant.
struct Palette {
    exposure: f32,
    contrast: f32,
    saturation: f32,
    hues: [f32; 3],
    illuminant: [f32; 3],
}

impl Palette {
    fn draw(rng: &mut impl Rng) -> Self {
        Self {
            exposure: -1.7 + 0.5 * normal(rng),
            contrast: rng.random_range(0.45..0.95),
            saturation: rng.random_range(0.08..0.45),
            hues: std::array::from_fn(|_| rng.random_range(0.0..std::f32::consts::TAU)),
            illuminant: std::array::from_fn(|_| (0.06 * normal(rng)).exp()),
        }
    }

    /// A colour in linear light: log-normal luminance, hue near one of the scene's hues.
    fn colour(&self, rng: &mut impl Rng) -> [f32; 3] {
        let luminance = (self.exposure + self.contrast * normal(rng)).exp();
        let hue = self.hues[rng.random_range(0..self.hues.len())] + 0.25 * normal(rng);
        let chroma = self.saturation * rng.random_range(0.2..1.4);
        let third = std::f32::consts::TAU / 3.0;
        std::array::from_fn(|channel| {
            luminance * (1.0 + chroma * (hue - channel as f32 * third).cos()).max(0.05) * self.illuminant[channel]
        })
    }
}

/// A tile of smooth noise of several octaves, mean 0 and standard deviation 1, that wraps around.
struct Texture(Vec<f32>);

impl Texture {
    fn draw(rng: &mut impl Rng) -> Self {
        let mut tile = vec![0.0f32; TEXTURE_SIDE * TEXTURE_SIDE];
        for cell in [2usize, 4, 8] {
            let grid_side = TEXTURE_SIDE / cell;
            let grid: Vec<f32> = (0..grid_side * grid_side).map(|_| normal(rng)).collect();
            for y in 0..TEXTURE_SIDE {
                for x in 0..TEXTURE_SIDE {
                    let (row, down) = (y / cell, (y % cell) as f32 / cell as f32);
                    let (column, along) = (x / cell, (x % cell) as f32 / cell as f32);
                    let at = |r: usize, c: usize| grid[(r % grid_side) * grid_side + c % grid_side];
                    let above = at(row, column) * (1.0 - along) + at(row, column + 1) * along;
                    let below = at(row + 1, column) * (1.0 - along) + at(row + 1, column + 1) * along;
                    tile[y * TEXTURE_SIDE + x] += above * (1.0 - down) + below * down;
                }
            }
        }
        let deviation = (tile.iter().map(|v| v * v).sum::<f32>() / tile.len() as f32).sqrt();
        tile.iter_mut().for_each(|value| *value /= deviation);
        Self(tile)
    }

    fn at(&self, x: usize, y: usize) -> f32 {
        self.0[(y % TEXTURE_SIDE) * TEXTURE_SIDE + x % TEXTURE_SIDE]
    }
}

struct Leaf {
    centre: [f32; 2],
    radius: f32,
    aspect: f32,
    direction: [f32; 2],
    rectangle: bool,
    colour: [f32; 3],
    shading: [f32; 2],
    roughness: f32,
    texture_offset: [usize; 2],
}

impl Leaf {
    fn draw(side: f32, palette: &Palette, rng: &mut impl Rng) -> Self {
        let largest = side * LARGEST_RADIUS_SHARE;
        // Inverse of the cumulative distribution of a density proportional to r^-3.
        let (near, far) = (SMALLEST_RADIUS.powi(-2), largest.powi(-2));
        let radius = (near + rng.random::<f32>() * (far - near)).powf(-0.5);
        let angle = rng.random_range(0.0..std::f32::consts::TAU);
        Self {
            centre: std::array::from_fn(|_| rng.random_range(-radius..side + radius)),
            radius,
            aspect: rng.random_range(0.45..1.0),
            direction: [angle.cos(), angle.sin()],
            rectangle: rng.random_bool(0.4),
            colour: palette.colour(rng),
            shading: std::array::from_fn(|_| 0.18 * normal(rng)),
            // Most surfaces are smooth, some are rough.
            roughness: 0.35 * rng.random::<f32>().powi(2),
            texture_offset: std::array::from_fn(|_| rng.random_range(0..TEXTURE_SIDE)),
        }
    }

    /// Paints the samples not yet covered; returns how many.
    fn paint(&self, fine_side: usize, texture: &Texture, fine: &mut [f32], covered: &mut [bool]) -> usize {
        let scale = OVERSAMPLING as f32;
        // A rectangle's corner lies sqrt(2) radii from its centre.
        let reach = self.radius * if self.rectangle { std::f32::consts::SQRT_2 } else { 1.0 };
        let range = |centre: f32| {
            let from = ((centre - reach) * scale).floor().max(0.0) as usize;
            let to = ((centre + reach) * scale).ceil().clamp(0.0, fine_side as f32) as usize;
            from.min(to)..to
        };
        let mut painted = 0;
        for y in range(self.centre[1]) {
            for x in range(self.centre[0]) {
                let index = y * fine_side + x;
                if covered[index] {
                    continue;
                }
                let offset = [(x as f32 + 0.5) / scale - self.centre[0], (y as f32 + 0.5) / scale - self.centre[1]];
                let along = (offset[0] * self.direction[0] + offset[1] * self.direction[1]) / self.radius;
                let across =
                    (offset[1] * self.direction[0] - offset[0] * self.direction[1]) / (self.radius * self.aspect);
                let inside = if self.rectangle {
                    along.abs().max(across.abs()) <= 1.0
                } else {
                    along * along + across * across <= 1.0
                };
                if !inside {
                    continue;
                }
                let grain = texture.at(x + self.texture_offset[0], y + self.texture_offset[1]);
                let light = (self.shading[0] * along + self.shading[1] * across + self.roughness * grain).exp();
                for (channel, value) in self.colour.iter().enumerate() {
                    fine[index * 3 + channel] = value * light;
                }
                covered[index] = true;
                painted += 1;
            }
        }
        painted
    }
}

fn area_average(fine: &[f32], side: usize) -> FloatImage {
    let fine_side = side * OVERSAMPLING;
    let mut pixels = vec![0.0f32; side * side * 3];
    for y in 0..fine_side {
        for x in 0..fine_side {
            let to = ((y / OVERSAMPLING) * side + x / OVERSAMPLING) * 3;
            let from = (y * fine_side + x) * 3;
            for channel in 0..3 {
                pixels[to + channel] += fine[from + channel];
            }
        }
    }
    let samples = (OVERSAMPLING * OVERSAMPLING) as f32;
    pixels.iter_mut().for_each(|value| *value = (*value / samples).clamp(0.0, 1.0));
    FloatImage { width: side, height: side, pixels }
}

pub(super) fn normal(rng: &mut impl Rng) -> f32 {
    StandardNormal.sample(rng)
}

#[cfg(test)]
mod tests {
    use super::{draw, normal};
    use crate::random::stream;

    #[test]
    fn scenes_lie_in_range_and_differ_from_one_another() {
        let first = draw(40, &mut stream(1, "scene", &[0]));
        let second = draw(40, &mut stream(1, "scene", &[1]));
        assert_eq!(first.pixels.len(), 40 * 40 * 3);
        assert!(first.pixels.iter().all(|value| (0.0..=1.0).contains(value)));
        assert_ne!(first, second);
        assert_eq!(first, draw(40, &mut stream(1, "scene", &[0])));
    }

    /// Natural images have a power spectrum near f^-2, so differences between neighbours are small
    /// against differences between distant pixels, yet heavy-tailed (kurtosis above a Gaussian's 3).
    #[test]
    fn neighbour_differences_are_small_and_heavy_tailed() {
        let (mut near, mut far, mut fourth, mut count) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        for index in 0..60 {
            let image = draw(40, &mut stream(7, "scene", &[index]));
            let green = |x: usize, y: usize| f64::from(image.pixels[(y * 40 + x) * 3 + 1]).max(1e-3).ln();
            for y in 0..40 {
                for x in 0..20 {
                    let step = green(x, y) - green(x + 1, y);
                    near += step * step;
                    fourth += step.powi(4);
                    far += (green(x, y) - green(x + 19, y)).powi(2);
                    count += 1.0;
                }
            }
        }
        assert!(near * 3.0 < far, "near {near}, far {far}");
        let kurtosis = fourth / count / (near / count).powi(2);
        assert!(kurtosis > 6.0, "kurtosis {kurtosis}");
    }

    #[test]
    fn normal_has_unit_variance() {
        let mut rng = stream(3, "normal", &[]);
        let squares: f32 = (0..20_000).map(|_| normal(&mut rng).powi(2)).sum();
        assert!((squares / 20_000.0 - 1.0).abs() < 0.05);
    }
}
