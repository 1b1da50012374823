//! Elastic transform (Simard, Steinkraus & Platt, "Best Practices for Convolutional Neural Networks
//! Applied to Visual Document Analysis", ICDAR 2003): a random affine warp, then every pixel from a
//! place displaced by smoothed noise.

use super::draws::Draws;
use super::part::raster::{Border, Raster};
use super::part::{gaussian, zoom};
use super::severity::Severity;
use crate::Result;

/// Displacement, its smoothing's standard deviation, and how far corners move; shares of the shorter
/// side.
const ELASTIC: [(f64, f64, f64); 5] =
    [(0.0, 0.0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)];

pub(super) fn apply(image: &Raster, severity: Severity, draws: &mut dyn Draws) -> Result<Raster> {
    let side = image.shorter_side() as f64;
    let (shift, deviation, corner) = severity.of(&ELASTIC);
    let leant = lean(image, corner * side, draws);
    let (width, height) = image.published_size();
    let [across, down] = [(); 2].map(|()| {
        let noise = Raster::layer((width, height), || draws.uniform(-1.0, 1.0));
        let smooth = gaussian::filter(&noise, deviation * width.min(height) as f64, 3.0, Border::Reflect);
        zoom::resize(&smooth, image.size()).map(|distance| distance * shift * side)
    });
    Ok(warped(&leant, Border::Reflect, |x, y| (x as f64 + across.at(x, y, 0), y as f64 + down.at(x, y, 0))))
}

/// Moves three corners of a centred square by up to `corner` pixels along each axis, and the image
/// with them. The authors' `cv2.warpAffine` rounded source positions to 1/32 pixel; these are exact.
fn lean(image: &Raster, corner: f64, draws: &mut dyn Draws) -> Raster {
    let (x, y) = ((image.width / 2) as f64, (image.height / 2) as f64);
    let arm = (image.shorter_side() / 3) as f64;
    let before = [(x + arm, y + arm), (x + arm, y - arm), (x - arm, y - arm)];
    let after = before.map(|(x, y)| (x + draws.uniform(-corner, corner), y + draws.uniform(-corner, corner)));
    // A position seen from the middle point, along the ways to the two others, lies as far along
    // the ways before. No corner moves as far as half an arm, so the ways never fall together.
    let way = |points: &[(f64, f64); 3], to: usize| (points[to].0 - points[1].0, points[to].1 - points[1].1);
    let ((ax, ay), (bx, by)) = (way(&after, 0), way(&after, 2));
    let ((cx, cy), (dx, dy)) = (way(&before, 0), way(&before, 2));
    let area = ax * by - ay * bx;
    warped(image, Border::Reflect101, |x, y| {
        let (x, y) = (x as f64 - after[1].0, y as f64 - after[1].1);
        let (a, b) = ((x * by - y * bx) / area, (ax * y - ay * x) / area);
        (before[1].0 + a * cx + b * dx, before[1].1 + a * cy + b * dy)
    })
}

/// Every pixel from the place `source` of its column and row.
fn warped(image: &Raster, border: Border, source: impl Fn(usize, usize) -> (f64, f64)) -> Raster {
    let mut values = Vec::with_capacity(image.values.len());
    for row in 0..image.height {
        for column in 0..image.width {
            let (x, y) = source(column, row);
            values.extend((0..image.channels).map(|channel| image.bilinear(x, y, channel, border)));
        }
    }
    image.with(values)
}
