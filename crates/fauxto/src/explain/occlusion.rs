//! Occlusion (Zeiler & Fergus 2013, "Visualizing and Understanding Convolutional Networks", arXiv
//! 1311.2901, section 4.2). Reference code: Captum, `occlusion.py`, whose windows and averages these
//! are.
//!
//! A square window slides over the image; each pixel's value is the mean, over the windows that cover
//! it, of the evidence lost when the window is painted over, in log-odds. The paint is the image's mean
//! colour where the paper has one grey: black or a foreign grey would add an edge and a colour that the
//! detector may judge by.

use super::evidence::{of_images, rows_at_once};
use super::{Case, Explainer, ExplainerEntry, Map, MapKind, ParameterEntry};
use crate::Result;
use crate::image::FloatImage;
use crate::model::Frozen;

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "occlusion",
    summary: "evidence lost when a sliding window is painted in the image's mean colour",
    source: "Zeiler & Fergus 2013, arXiv 1311.2901; Captum",
    parameters: &[
        ParameterEntry {
            name: "window",
            summary: "side of the window, as a share of the image's",
            default: 0.25,
            range: (0.01, 1.0),
            whole: false,
        },
        ParameterEntry {
            name: "stride",
            summary: "step of the window, as a share of its side",
            default: 0.5,
            range: (0.01, 1.0),
            whole: false,
        },
    ],
    build: |parameters| {
        Box::new(Occlusion { window: parameters.number("window"), stride: parameters.number("stride") })
    },
};

#[derive(Debug)]
struct Occlusion {
    window: f64,
    stride: f64,
}

impl Explainer for Occlusion {
    fn maps(&self, frozen: &Frozen, cases: &[Case], _: u64) -> Result<Vec<Map>> {
        Ok(cases.iter().map(|case| self.map(frozen, case)).collect())
    }
}

/// The window's first row and column, and one past its last; cut at the image's end.
type Window = ([usize; 2], [usize; 2]);

impl Occlusion {
    fn map(&self, frozen: &Frozen, case: &Case) -> Map {
        let FloatImage { width, height, .. } = case.image;
        let paint = mean_colour(&case.image);
        let windows = self.windows(width, height);
        let whole = of_images(frozen, std::slice::from_ref(&case.image), case.class)[0];
        let mut sums = vec![[0.0; 2]; width * height];
        for windows in windows.chunks(rows_at_once(&case.image, false)) {
            let images: Vec<FloatImage> = windows.iter().map(|window| painted(&case.image, *window, paint)).collect();
            for ((from, to), occluded) in windows.iter().zip(of_images(frozen, &images, case.class)) {
                for row in from[0]..to[0] {
                    for [sum, count] in &mut sums[row * width + from[1]..row * width + to[1]] {
                        *sum += whole - occluded;
                        *count += 1.0;
                    }
                }
            }
        }
        let values = sums.into_iter().map(|[sum, count]| if count > 0.0 { (sum / count) as f32 } else { 0.0 });
        Map { width, height, kind: MapKind::Signed, values: values.collect() }
    }

    fn windows(&self, width: usize, height: usize) -> Vec<Window> {
        let side = ((self.window * width.min(height) as f64).round() as usize).max(1);
        let stride = ((self.stride * side as f64).round() as usize).max(1);
        let starts = |length: usize| (0..=length.saturating_sub(side).div_ceil(stride)).map(move |step| step * stride);
        starts(height)
            .flat_map(|top| starts(width).map(move |left| [top, left]))
            .map(|from| (from, [(from[0] + side).min(height), (from[1] + side).min(width)]))
            .collect()
    }
}

fn mean_colour(image: &FloatImage) -> [f32; 3] {
    let pixels = image.pixels.as_chunks::<3>().0;
    [0, 1, 2].map(|channel| {
        let sum: f64 = pixels.iter().map(|pixel| f64::from(pixel[channel])).sum();
        (sum / pixels.len() as f64) as f32
    })
}

fn painted(image: &FloatImage, (from, to): Window, paint: [f32; 3]) -> FloatImage {
    let mut painted = image.clone();
    let pixels = painted.pixels.as_chunks_mut::<3>().0;
    for row in from[0]..to[0] {
        pixels[row * image.width + from[1]..row * image.width + to[1]].fill(paint);
    }
    painted
}
