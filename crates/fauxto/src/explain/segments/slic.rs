//! SLIC superpixels (Achanta et al. 2012, "SLIC Superpixels Compared to State-of-the-Art Superpixel
//! Methods", IEEE TPAMI 34): k-means over colour and place, started on a grid, each centre looking no
//! farther than twice its spacing (algorithm 1), and pieces cut off from their segment joined to a
//! neighbour.
//!
//! Colours are compared in CIELAB as in the paper, with its compactness of 10. Centres are not moved to
//! the lowest gradient at the start, as in scikit-image, which finds that it makes no difference.

use std::collections::VecDeque;

use super::Segments;
use crate::image::FloatImage;

/// Weight of place against colour: `m` in the paper's equation 3, for CIELAB.
const COMPACTNESS: f32 = 10.0;
/// "10 iterations suffices for most images" (section 3).
const ITERATIONS: usize = 10;
/// Pieces below this share of the mean segment join a neighbour, as in scikit-image.
const LEAST_SHARE: f64 = 0.5;

/// Colour in CIELAB and place in pixels.
#[derive(Clone, Copy, Default)]
struct Point {
    colour: [f32; 3],
    place: [f32; 2],
}

/// About `count` superpixels of `image`, each connected.
#[must_use]
pub fn slic(image: &FloatImage, count: usize) -> Segments {
    let (width, height) = (image.width, image.height);
    let points: Vec<Point> = image
        .pixels
        .as_chunks::<3>()
        .0
        .iter()
        .enumerate()
        .map(|(index, rgb)| Point { colour: lab(*rgb), place: [(index / width) as f32, (index % width) as f32] })
        .collect();
    let spacing = ((width * height) as f32 / count.max(1) as f32).sqrt().max(1.0);
    let start = super::grid(width, height, count);
    let mut assigned = start.of_pixels().to_vec();
    let mut centres = means(&points, &assigned, vec![Point::default(); start.count()]);
    for _ in 0..ITERATIONS {
        assign(&points, &centres, [width, height], spacing, &mut assigned);
        centres = means(&points, &assigned, centres);
    }
    connected(&assigned, [width, height], (LEAST_SHARE * f64::from(spacing * spacing)) as usize)
}

/// Gives every pixel to the nearest centre within reach.
fn assign(points: &[Point], centres: &[Point], [width, height]: [usize; 2], spacing: f32, assigned: &mut [usize]) {
    let mut nearest = vec![f32::INFINITY; points.len()];
    let by_place = (COMPACTNESS / spacing).powi(2);
    let square = |a: f32, b: f32| (a - b) * (a - b);
    for (number, centre) in centres.iter().enumerate() {
        let reach = |at: f32, length: usize| {
            let low = (at - spacing).floor().max(0.0) as usize;
            low..((at + spacing).ceil() as usize + 1).min(length)
        };
        for y in reach(centre.place[0], height) {
            for x in reach(centre.place[1], width) {
                let point = &points[y * width + x];
                let colour: f32 = (0..3).map(|axis| square(point.colour[axis], centre.colour[axis])).sum();
                let place: f32 = (0..2).map(|axis| square(point.place[axis], centre.place[axis])).sum();
                let distance = colour + by_place * place;
                if distance < nearest[y * width + x] {
                    nearest[y * width + x] = distance;
                    assigned[y * width + x] = number;
                }
            }
        }
    }
}

/// The mean point of every segment; one without pixels stays where it was.
fn means(points: &[Point], assigned: &[usize], before: Vec<Point>) -> Vec<Point> {
    let mut sums = vec![([0.0_f64; 5], 0.0); before.len()];
    for (point, &segment) in points.iter().zip(assigned) {
        let [l, a, b] = point.colour;
        let [y, x] = point.place;
        for (sum, value) in sums[segment].0.iter_mut().zip([l, a, b, y, x]) {
            *sum += f64::from(value);
        }
        sums[segment].1 += 1.0;
    }
    let mean = |((sum, count), before): (([f64; 5], f64), Point)| {
        if count == 0.0 {
            return before;
        }
        let [l, a, b, y, x] = sum.map(|sum| (sum / count) as f32);
        Point { colour: [l, a, b], place: [y, x] }
    };
    sums.into_iter().zip(before).map(mean).collect()
}

/// Every connected piece as a segment of its own; pieces smaller than `least` join the segment met just
/// before them in reading order.
fn connected(assigned: &[usize], [width, height]: [usize; 2], least: usize) -> Segments {
    const NONE: usize = usize::MAX;
    let mut names = vec![NONE; assigned.len()];
    for start in 0..assigned.len() {
        if names[start] != NONE {
            continue;
        }
        let before = [start % width > 0, start >= width];
        let neighbour = match before {
            [true, _] => Some(names[start - 1]),
            [false, true] => Some(names[start - width]),
            [false, false] => None,
        };
        let mut piece = vec![start];
        let mut waiting = VecDeque::from([start]);
        names[start] = start;
        while let Some(pixel) = waiting.pop_front() {
            let (y, x) = (pixel / width, pixel % width);
            let beside = [
                (x > 0).then(|| pixel - 1),
                (x + 1 < width).then(|| pixel + 1),
                (y > 0).then(|| pixel - width),
                (y + 1 < height).then(|| pixel + width),
            ];
            for next in beside.into_iter().flatten() {
                if names[next] == NONE && assigned[next] == assigned[start] {
                    names[next] = start;
                    piece.push(next);
                    waiting.push_back(next);
                }
            }
        }
        if let Some(neighbour) = neighbour
            && piece.len() < least
        {
            for pixel in piece {
                names[pixel] = neighbour;
            }
        }
    }
    Segments::new(&names)
}

/// sRGB in `0..=1` to CIELAB under D65 (IEC 61966-2-1; CIE 15).
fn lab(rgb: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = rgb.map(|c| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    let x = (0.412_453 * r + 0.357_580 * g + 0.180_423 * b) / 0.950_47;
    let y = 0.212_671 * r + 0.715_160 * g + 0.072_169 * b;
    let z = (0.019_334 * r + 0.119_193 * g + 0.950_227 * b) / 1.088_83;
    let [x, y, z] = [x, y, z].map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_in_lab_are_scikit_images() {
        // skimage 0.26.0, color.rgb2lab.
        for (rgb, expected) in [
            ([1.0, 1.0, 1.0], [100.0, -0.0025, 0.0047]),
            ([0.2, 0.5, 0.7], [50.9720, -6.3982, -33.7093]),
            ([0.0, 0.0, 0.01], [0.0505, 0.3546, -0.9650]),
        ] {
            let found = lab(rgb);
            for axis in 0..3 {
                assert!((found[axis] - expected[axis]).abs() < 0.02, "{rgb:?}: {found:?} {expected:?}");
            }
        }
    }

    /// Four flat quadrants of distinct colours, not aligned with the starting grid.
    fn quadrants() -> (FloatImage, Vec<usize>) {
        let (width, height) = (96, 80);
        let part: Vec<usize> = (0..width * height)
            .map(|index| usize::from(index % width >= 37) + 2 * usize::from(index / width >= 45))
            .collect();
        let colours = [[0.9, 0.1, 0.1], [0.1, 0.8, 0.2], [0.1, 0.2, 0.9], [0.9, 0.9, 0.8]];
        let pixels = part.iter().flat_map(|&part| colours[part]).collect();
        (FloatImage { width, height, pixels }, part)
    }

    #[test]
    fn superpixels_are_connected_about_as_many_as_asked_for_and_respect_edges() {
        let (image, part) = quadrants();
        for count in [16, 64] {
            let segments = slic(&image, count);
            assert!((count / 2..=count * 3 / 2).contains(&segments.count()), "{count}: {}", segments.count());
            assert_eq!(connected(segments.of_pixels(), [96, 80], 0), segments, "every segment is one piece");
            let mut parts = vec![None; segments.count()];
            let crossing = segments
                .of_pixels()
                .iter()
                .zip(&part)
                .filter(|(segment, part)| *parts[**segment].get_or_insert(**part) != **part);
            assert_eq!(crossing.count(), 0, "no superpixel holds two colours");
        }
    }
}
