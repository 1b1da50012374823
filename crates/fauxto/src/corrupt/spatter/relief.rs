//! Light on drops, as if their height grew from the edge inwards: edges, the distance from them,
//! equalised and embossed.

use super::{canny, distance, histogram};
use crate::corrupt::part::raster::{Border, Raster};

/// Gradients, in levels, that are edges beside others, and edges by themselves.
const EDGE: [i32; 2] = [50, 150];
/// Pixels from an edge beyond which the relief is flat.
const FARTHEST: f64 = 20.0;
/// The embossing kernel, row by row.
const EMBOSS: [f64; 9] = [-2.0, -1.0, 0.0, -1.0, 1.0, 1.0, 0.0, 1.0, 2.0];

/// The light on drops of this `depth`, both in whole levels.
pub(super) fn of(depth: &Raster) -> Raster {
    let distances = distance::from_edges(&canny::edges(depth, EDGE)).map(|distance| distance.min(FARTHEST));
    let heights = means(&distances).map(|mean| f64::from(mean as f32).floor());
    let embossed = filter(&histogram::equalised(&heights), &EMBOSS).map(|level| level.clamp(0.0, 255.0));
    means(&embossed).map(f64::round)
}

/// The mean of each pixel and its eight neighbours, scaled last, as OpenCV's `blur` does: a flat
/// area keeps its value to the last bit.
fn means(image: &Raster) -> Raster {
    filter(image, &[1.0; 9]).map(|sum| sum * (1.0 / 9.0))
}

/// OpenCV's `filter2D` of one channel by a kernel of three by three.
fn filter(image: &Raster, kernel: &[f64; 9]) -> Raster {
    let mut values = Vec::with_capacity(image.values.len());
    for y in 0..image.height as isize {
        for x in 0..image.width as isize {
            let weighted = kernel.iter().zip(0isize..).map(|(weight, place)| {
                let column = Border::Reflect101.index(x + place % 3 - 1, image.width);
                let row = Border::Reflect101.index(y + place / 3 - 1, image.height);
                weight * image.at(column, row, 0)
            });
            values.push(weighted.sum());
        }
    }
    image.with(values)
}
