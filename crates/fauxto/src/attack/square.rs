//! Square Attack (Andriushchenko et al. 2020, arXiv 1912.00049), L-infinity: random search with squares that
//! shrink, by the target's answers alone, without gradients.
//!
//! Reference code: github.com/fra31/auto-attack, `square.py`, with the schedule as AutoAttack uses it (made
//! for 10,000 queries and not compressed to fewer). Three departures: every image draws its own squares, so
//! that the result does not depend on the batch; a square may lie at the last row and column too, as in the
//! paper's algorithm 2, where the code's integer draw leaves them out; and what is not fooled is returned
//! with the worst point met instead of untouched, which changes no accuracy.

use burn::tensor::Tensor;
use rand::RngExt;
use rayon::prelude::*;

use super::batch::{Worst, of_values, select};
use super::target::{is_fooled, wrong_leads};
use super::{Attack, Batch, Epsilon, Parameters, Target};
use crate::model::Precision;
use crate::{Label, Result};

/// Square Attack in the L-infinity ball.
#[derive(Clone, Copy, Debug)]
pub struct Square {
    /// Queries after the first, at most.
    pub queries: usize,
    /// Share of the image's area in the first squares.
    pub p_init: f64,
    /// Whether the target judges candidates in half precision, where the device multiplies in it. What fools it so is
    /// judged again, and counts only if it fools it in single precision as well.
    pub half: bool,
}

/// After how many queries the squares' area is halved.
const HALVINGS: [usize; 9] = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];

impl Default for Square {
    fn default() -> Self {
        Self { queries: 5000, p_init: 0.8, half: false }
    }
}

impl Attack for Square {
    fn perturb(&self, target: &dyn Target, batch: &Batch, epsilon: &Epsilon, seed: u64) -> Result<Tensor<4>> {
        let streams = batch.streams(seed, "square", 0).into_iter();
        let draws = streams.map(|mut stream| move || stream.random_range(0.0..1.0f32));
        self.search(target, batch, epsilon, draws.collect())
    }
}

impl Square {
    /// The search with numbers in `0..1` from `draws`, one source for each image. Each image takes, in this
    /// order, a sign for every channel and column, then for each query the square's row, its column, and a
    /// sign for every channel.
    ///
    /// # Errors
    /// If a logit is not finite.
    ///
    /// # Panics
    /// If the number of sources is not that of images.
    pub fn search<D: FnMut() -> f32 + Send>(
        &self,
        target: &dyn Target,
        batch: &Batch,
        epsilon: &Epsilon,
        draws: Vec<D>,
    ) -> Result<Tensor<4>> {
        let [images, height, width, channels] = batch.pixels.dims();
        assert_eq!(draws.len(), images, "a source of numbers for each image");
        let radius = epsilon.value() as f32;
        let leads = wrong_leads(target, batch.pixels.clone(), &batch.labels)?;
        let mut worst = Worst { pixels: batch.pixels.clone(), leads };
        let rows = worst.still_right(&batch.labels);
        if rows.is_empty() {
            return Ok(worst.pixels);
        }
        let mut rest = batch.select(&rows);
        let clean: Vec<f32> = rest.pixels.to_data().iter::<f32>().collect();
        let draws = draws.into_iter().enumerate().filter(|(row, _)| rows.binary_search(row).is_ok());
        let mut images: Vec<Image<D>> = clean
            .chunks_exact(height * width * channels)
            .zip(draws)
            .map(|(clean, (row, draw))| Image {
                row,
                clean: clean.to_vec(),
                best: clean.to_vec(),
                lead: f32::NEG_INFINITY,
                draw,
            })
            .collect();
        for query in 0..=self.queries {
            let side = (query > 0).then(|| self.side(query - 1, height, width));
            let candidates: Vec<Vec<f32>> = images
                .par_iter_mut()
                .map(|image| match side {
                    None => image.striped([height, width, channels], radius),
                    Some(side) => image.with_square([height, width, channels], side, radius),
                })
                .collect();
            let pixels = of_values(candidates.concat(), &rest.pixels);
            let leads = self.leads(target, pixels, &rest.labels)?;
            for ((image, candidate), lead) in images.iter_mut().zip(candidates).zip(leads) {
                if lead > image.lead {
                    (image.best, image.lead) = (candidate, lead);
                }
            }
            let search = Worst { pixels: rest.pixels.clone(), leads: images.iter().map(|image| image.lead).collect() };
            let unfooled = search.still_right(&rest.labels);
            if unfooled.len() < images.len() {
                let (going_on, done) = divide(images, &unfooled);
                offer(&mut worst, &done);
                images = going_on;
                rest = rest.select(&unfooled);
            }
            if images.is_empty() {
                return Ok(worst.pixels);
            }
        }
        offer(&mut worst, &images);
        Ok(worst.pixels)
    }

    /// The wrong classes' leads; see [`Square::half`].
    fn leads(&self, target: &dyn Target, pixels: Tensor<4>, labels: &[Label]) -> Result<Vec<f32>> {
        if !self.half {
            return wrong_leads(target, pixels, labels);
        }
        let mut leads = kernels::multiply_in(Precision::Half, || wrong_leads(target, pixels.clone(), labels))?;
        let fooled: Vec<usize> = (0..labels.len()).filter(|&row| is_fooled(labels[row], leads[row])).collect();
        if !fooled.is_empty() {
            let labels: Vec<Label> = fooled.iter().map(|&row| labels[row]).collect();
            let exact = wrong_leads(target, select(pixels, &fooled), &labels)?;
            fooled.iter().zip(exact).for_each(|(&row, lead)| leads[row] = lead);
        }
        Ok(leads)
    }

    /// The side of the squares of `query`, from 0.
    fn side(&self, query: usize, height: usize, width: usize) -> usize {
        let halvings = HALVINGS.iter().filter(|&&after| query > after).count() as i32;
        let area = self.p_init * 0.5f64.powi(halvings) * (height * width) as f64;
        (area.sqrt().round_ties_even() as usize).clamp(1, height.min(width))
    }
}

/// One image while it is searched.
struct Image<D> {
    /// Its place in the batch.
    row: usize,
    clean: Vec<f32>,
    best: Vec<f32>,
    lead: f32,
    /// Where its numbers in `0..1` come from.
    draw: D,
}

impl<D: FnMut() -> f32> Image<D> {
    /// Vertical stripes one pixel wide, the first guess.
    fn striped(&mut self, [_, width, channels]: [usize; 3], radius: f32) -> Vec<f32> {
        let signs: Vec<f32> = (0..channels * width).map(|_| sign((self.draw)())).collect();
        self.clean
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let (channel, column) = (index % channels, index / channels % width);
                (value + radius * signs[channel * width + column]).clamp(0.0, 1.0)
            })
            .collect()
    }

    /// The best image with one square moved up or down to the ball's edge, each channel by its own sign.
    fn with_square(&mut self, [height, width, channels]: [usize; 3], side: usize, radius: f32) -> Vec<f32> {
        let mut place = |free: usize| (((self.draw)() * (free + 1) as f32) as usize).min(free);
        let (top, left) = (place(height - side), place(width - side));
        let signs: Vec<f32> = (0..channels).map(|_| sign((self.draw)())).collect();
        let mut pixels = self.best.clone();
        for y in top..top + side {
            for x in left..left + side {
                for (channel, sign) in signs.iter().enumerate() {
                    let index = (y * width + x) * channels + channel;
                    let moved = pixels[index] + 2.0 * radius * sign;
                    let clean = self.clean[index];
                    pixels[index] = moved.clamp(clean - radius, clean + radius).clamp(0.0, 1.0);
                }
            }
        }
        pixels
    }
}

fn sign(draw: f32) -> f32 {
    if draw < 0.5 { -1.0 } else { 1.0 }
}

/// The images at `kept` and the others.
fn divide<D>(images: Vec<Image<D>>, kept: &[usize]) -> (Vec<Image<D>>, Vec<Image<D>>) {
    let mut kept = kept.iter().copied().peekable();
    let (left, right): (Vec<_>, Vec<_>) =
        images.into_iter().enumerate().partition(|(index, _)| kept.next_if_eq(index).is_some());
    let strip = |images: Vec<(usize, Image<D>)>| images.into_iter().map(|(_, image)| image).collect();
    (strip(left), strip(right))
}

fn offer<D>(worst: &mut Worst, images: &[Image<D>]) {
    let rows: Vec<usize> = images.iter().map(|image| image.row).collect();
    let leads: Vec<f32> = images.iter().map(|image| image.lead).collect();
    let [_, height, width, channels] = worst.pixels.dims();
    let like = Tensor::<4>::empty([images.len(), height, width, channels], &worst.pixels.device());
    let values: Vec<f32> = images.iter().flat_map(|image| image.best.iter().copied()).collect();
    worst.offer(&rows, of_values(values, &like), &leads);
}

pub(super) fn build(parameters: &mut Parameters) -> Result<Box<dyn Attack>> {
    let default = Square::default();
    Ok(Box::new(Square {
        queries: parameters.count("queries", default.queries, 10_000_000)?,
        p_init: parameters.number("p_init", default.p_init, [0.0, 1.0])?,
        half: parameters.switch("half", default.half)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::Square;

    #[test]
    fn squares_shrink_by_the_published_schedule() {
        let square = Square::default();
        // sqrt(.8 * 1024) = 28.6, then divided by sqrt(2) at each of the nine thresholds.
        for (query, side) in [(0, 29), (10, 29), (11, 20), (51, 14), (201, 10), (501, 7), (4999, 3), (8001, 1)] {
            assert_eq!(square.side(query, 32, 32), side, "query {query}");
        }
        assert_eq!(square.side(100_000, 8, 8), 1);
    }
}
