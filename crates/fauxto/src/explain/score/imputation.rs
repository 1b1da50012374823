//! Noisy linear imputation (Rong et al. 2022, "A Consistent and Efficient Evaluation Strategy for
//! Attribution Methods", arXiv 2202.00449, section 4.2). Reference code: the authors' `imputations.py`,
//! also in pytorch-grad-cam.
//!
//! Every missing pixel is the weighted mean of its eight neighbours, one sixth for those beside and one
//! twelfth for those at the corners, in proportion where the image ends; all of them at once, a sparse
//! linear system. The noise keeps a detector from telling imputed pixels by their smoothness.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::explain::conjugate_gradient::solve;
use crate::image::FloatImage;

/// Deviation of the authors' noise, in pixel values.
pub const NOISE: f32 = 0.01;

const NEIGHBOURS: [([isize; 2], f64); 8] = [
    ([-1, -1], 1.0 / 12.0),
    ([-1, 0], 1.0 / 6.0),
    ([-1, 1], 1.0 / 12.0),
    ([0, -1], 1.0 / 6.0),
    ([0, 1], 1.0 / 6.0),
    ([1, -1], 1.0 / 12.0),
    ([1, 0], 1.0 / 6.0),
    ([1, 1], 1.0 / 12.0),
];

/// `image` with its `missing` pixels imputed from the others, and normal noise of deviation `noise`
/// drawn from `stream` on top of them; like the authors', unclamped. Where every pixel is missing,
/// nothing is known, and the image becomes mid-grey.
#[must_use]
pub fn impute(image: &FloatImage, missing: &[usize], noise: f32, stream: &mut ChaCha8Rng) -> FloatImage {
    let mut imputed = image.clone();
    if missing.len() >= image.width * image.height {
        imputed.pixels.fill(0.5);
        return imputed;
    }
    let system = System::new(image, missing);
    for channel in 0..3 {
        for (&pixel, value) in missing.iter().zip(system.solve(image, channel)) {
            let noise = if noise > 0.0 {
                let normal: f32 = StandardNormal.sample(stream);
                noise * normal
            } else {
                0.0
            };
            imputed.pixels[3 * pixel + channel] = value as f32 + noise;
        }
    }
    imputed
}

/// One row for each missing pixel: the sum of its neighbours' weights, and the neighbours themselves.
/// The matrix is symmetric, and positive definite as long as any pixel is known.
struct System {
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    total: f64,
    unknown: Vec<(usize, f64)>,
    known: Vec<(usize, f64)>,
}

impl System {
    fn new(image: &FloatImage, missing: &[usize]) -> Self {
        let (width, height) = (image.width as isize, image.height as isize);
        let mut number = vec![None; image.width * image.height];
        for (index, &pixel) in missing.iter().enumerate() {
            number[pixel] = Some(index);
        }
        let row = |&pixel: &usize| {
            let mut row = Row::default();
            for ([down, across], weight) in NEIGHBOURS {
                let (y, x) = (pixel as isize / width + down, pixel as isize % width + across);
                if !(0..height).contains(&y) || !(0..width).contains(&x) {
                    continue;
                }
                let neighbour = (y * width + x) as usize;
                row.total += weight;
                match number[neighbour] {
                    Some(index) => row.unknown.push((index, weight)),
                    None => row.known.push((neighbour, weight)),
                }
            }
            row
        };
        Self { rows: missing.iter().map(row).collect() }
    }

    fn solve(&self, image: &FloatImage, channel: usize) -> Vec<f64> {
        let known = |row: &Row| {
            row.known.iter().map(|(pixel, weight)| weight * f64::from(image.pixels[3 * pixel + channel])).sum()
        };
        let right: Vec<f64> = self.rows.iter().map(known).collect();
        solve(&right, |x| {
            let product = |(index, row): (usize, &Row)| {
                row.total * x[index] - row.unknown.iter().map(|(other, weight)| weight * x[*other]).sum::<f64>()
            };
            self.rows.iter().enumerate().map(product).collect()
        })
    }
}
