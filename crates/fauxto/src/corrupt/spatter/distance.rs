//! Distances from edges by a chamfer of five by five (Borgefors, "Distance transformations in digital
//! images", CVGIP 34, 1986), as OpenCV's `distanceTransform` defines it for `DIST_L2`.

use crate::corrupt::part::raster::Raster;

/// Lengths of a step along an axis, along a diagonal, and of a knight's move.
const AXIS: f32 = 1.0;
const DIAGONAL: f32 = 1.4;
const KNIGHT: f32 = 2.1969;

/// The neighbours that a pass from the upper left has already seen: right, down, length.
const SEEN: [(isize, isize, f32); 8] = [
    (-1, -2, KNIGHT),
    (1, -2, KNIGHT),
    (-2, -1, KNIGHT),
    (-1, -1, DIAGONAL),
    (0, -1, AXIS),
    (1, -1, DIAGONAL),
    (2, -1, KNIGHT),
    (-1, 0, AXIS),
];

/// The distance of each pixel, in pixels, from the nearest where `edges` is not 0; infinite where
/// there is none.
pub(super) fn from_edges(edges: &Raster) -> Raster {
    let (width, height) = edges.size();
    let mut lengths: Vec<f32> =
        edges.values.iter().map(|&edge| if edge == 0.0 { f32::INFINITY } else { 0.0 }).collect();
    let places = width * height;
    // From the upper left, then from the lower right.
    for turn in 0..2 * places {
        let (place, sign) = if turn < places { (turn, 1) } else { (2 * places - 1 - turn, -1) };
        let (x, y) = ((place % width) as isize, (place / width) as isize);
        for (right, down, length) in SEEN {
            let (x, y) = (x + sign * right, y + sign * down);
            if (0..width as isize).contains(&x) && (0..height as isize).contains(&y) {
                let through = lengths[y as usize * width + x as usize] + length;
                lengths[place] = lengths[place].min(through);
            }
        }
    }
    edges.with(lengths.into_iter().map(f64::from).collect())
}
