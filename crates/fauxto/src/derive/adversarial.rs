//! Training images moved so that a detector misjudges them.

use std::path::Path;
use std::sync::Mutex;

use super::parents::{draw, visit};
use super::write::{DerivedFolder, Written};
use crate::data::split::{Assignment, Split};
use crate::data::{Dataset, resize};
use crate::image::RgbImage;
use crate::{Error, Label, Result};

/// The original project's epsilons, in units of pixels in `0..=1`.
pub const EPSILONS: [f64; 4] = [0.02, 0.03, 0.05, 0.08];

/// By how much f32 arithmetic may carry a pixel beyond an epsilon.
const ROUNDING: f64 = 1e-6;

/// A batch to be attacked.
#[derive(Debug)]
pub struct Attacked<'a> {
    /// Pixels `[batch, size, size, 3]` in `0..=1`.
    pub pixels: &'a [f32],
    /// The side of the images, in pixels.
    pub size: usize,
    /// The class of each image: its parent's.
    pub labels: &'a [Label],
    /// The number of each image within the set: an address for random numbers that does not depend on
    /// how the set is cut into batches.
    pub numbers: &'a [u64],
    /// How far a pixel may be moved.
    pub epsilon: f64,
}

/// A set of attacked images to be made, at the detector's input size. Each class gets every epsilon
/// equally often, to one.
///
/// Levels are rounded, but never out of the ball: PNG holds 8 bits, and epsilons are mostly no whole
/// numbers of levels.
pub struct Adversarial<'call> {
    /// The data set that was split.
    pub dataset: &'call Dataset,
    /// Its split; parents are drawn from the training side.
    pub split: &'call Split,
    /// Images to make, an even number: half real, half fake.
    pub count: usize,
    /// Of the parents. That of the attack is its own affair.
    pub seed: u64,
    /// The side of the detector's square input, in pixels.
    pub size: usize,
    /// Images attacked at a time.
    pub batch: usize,
    /// How far pixels may be moved; the norm is the largest difference of any value. Usually [`EPSILONS`].
    pub epsilons: &'call [f64],
    /// The attack's name, for the manifest.
    pub attack: &'call str,
}

impl Adversarial<'_> {
    /// Writes the new folder `folder`, whole or not at all. `perturb` returns the pixels of a batch,
    /// moved by no more than its epsilon.
    ///
    /// # Errors
    /// As for [`Augmented::write`](super::Augmented::write); or there is no epsilon, one is less than a step
    /// of 8 bits, a class gets fewer images than there are epsilons, `perturb` fails, or what it returns is not
    /// of the batch's size, in `0..=1` and within epsilon.
    pub fn write(&self, folder: &Path, perturb: &mut dyn FnMut(Attacked<'_>) -> Result<Vec<f32>>) -> Result<Written> {
        self.check_settings()?;
        let parents = draw(self.split, self.count, self.seed, "adversarial parents")?;
        let set = DerivedFolder::create(folder, &parents)?;
        for (number, &epsilon) in self.epsilons.iter().enumerate() {
            let places: Vec<usize> = (0..parents.len()).filter(|&place| self.epsilon_of(place) == number).collect();
            for places in places.chunks(self.batch) {
                for (place, image) in places.iter().zip(self.attack_batch(&parents, places, epsilon, perturb)?) {
                    set.add(*place, &image)?;
                }
            }
        }
        set.finish(|place| {
            format!("{} epsilon={} seed={}", self.attack, self.epsilons[self.epsilon_of(place)], self.seed)
        })
    }

    /// Refuses what would give no set, or one that is not what its manifest says.
    fn check_settings(&self) -> Result<()> {
        let refuse = |found, expected| Err(Error::Setting { setting: "adversarial set".into(), found, expected });
        let in_range = |epsilon: &f64| epsilon.is_finite() && *epsilon >= 0.0;
        if self.epsilons.is_empty() || !self.epsilons.iter().all(in_range) || self.batch == 0 {
            return refuse(
                format!("epsilons {:?} and batches of {}", self.epsilons, self.batch),
                "at least one epsilon, none negative, and batches of at least 1".into(),
            );
        }
        if let Some(epsilon) = self.epsilons.iter().find(|epsilon| whole_levels(**epsilon) == 0.0) {
            return refuse(
                format!("an epsilon of {epsilon}"),
                "at least 1/255, as 8 bits hold steps of 1/255 and what is moved by less is a copy of its parent"
                    .into(),
            );
        }
        if self.count / 2 < self.epsilons.len() {
            return refuse(
                format!("{} images for {} epsilons", self.count, self.epsilons.len()),
                format!(
                    "at least {}, as each epsilon takes a real and a fake image; make more, or name fewer epsilons",
                    2 * self.epsilons.len()
                ),
            );
        }
        Ok(())
    }

    /// The place of an image's epsilon. The places of a class follow one another and begin at 0 or half
    /// the count.
    fn epsilon_of(&self, place: usize) -> usize {
        place % (self.count / 2) % self.epsilons.len()
    }

    fn attack_batch(
        &self,
        parents: &[&Assignment],
        places: &[usize],
        epsilon: f64,
        perturb: &mut dyn FnMut(Attacked<'_>) -> Result<Vec<f32>>,
    ) -> Result<Vec<RgbImage>> {
        let chosen: Vec<&Assignment> = places.iter().map(|&place| parents[place]).collect();
        let levels = Mutex::new(vec![Vec::new(); chosen.len()]);
        visit(self.dataset, &chosen, &|place, image| {
            let image = resize(&image, self.size)?;
            if let Ok(mut levels) = levels.lock() {
                levels[place] = image.pixels;
            }
            Ok(())
        })?;
        let levels = levels.into_inner().unwrap_or_default().concat();
        let pixels: Vec<f32> = levels.iter().map(|&level| f32::from(level) / 255.0).collect();
        let labels: Vec<Label> = chosen.iter().map(|parent| parent.label).collect();
        let numbers: Vec<u64> = places.iter().map(|&place| place as u64).collect();
        let batch = Attacked { pixels: &pixels, size: self.size, labels: &labels, numbers: &numbers, epsilon };
        let moved = perturb(batch)?;
        self.check(&pixels, &moved, epsilon)?;
        let rounded: Vec<u8> =
            levels.iter().zip(&moved).map(|(&level, &value)| round_within(value, level, epsilon)).collect();
        let image_len = self.size * self.size * 3;
        let image = |pixels: &[u8]| RgbImage { width: self.size, height: self.size, pixels: pixels.to_vec() };
        Ok(rounded.chunks_exact(image_len).map(image).collect())
    }

    /// Refuses what no attack within epsilon gives.
    fn check(&self, pixels: &[f32], moved: &[f32], epsilon: f64) -> Result<()> {
        let far = pixels.iter().zip(moved).map(|(from, to)| (f64::from(*from) - f64::from(*to)).abs());
        let farthest = far.fold(0.0, f64::max);
        let inside = moved.iter().all(|value| (0.0..=1.0).contains(value));
        if moved.len() == pixels.len() && inside && farthest <= epsilon + ROUNDING {
            return Ok(());
        }
        Err(Error::Refused(format!(
            "{}: found {} values for {}, {} in 0..=1, moved by up to {farthest}; expected pixels in 0..=1 moved by no \
             more than {epsilon}; project the perturbation to the ball, then cut pixels to 0..=1",
            self.attack,
            moved.len(),
            pixels.len(),
            if inside { "all" } else { "not all" }
        )))
    }
}

/// How many levels of 8 bits lie within `epsilon`.
fn whole_levels(epsilon: f64) -> f64 {
    (epsilon * 255.0 + ROUNDING).floor()
}

/// The level nearest to `value` that is no further than `epsilon` from `level`.
fn round_within(value: f32, level: u8, epsilon: f64) -> u8 {
    let most = whole_levels(epsilon);
    let (low, high) = (f64::from(level) - most, f64::from(level) + most);
    (f64::from(value) * 255.0).round().clamp(low, high).clamp(0.0, 255.0) as u8
}
