//! The images under attack, and the worst found for each.

use burn::tensor::{Int, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

use super::target::is_fooled;
use crate::{Error, Label, Result, random};

/// Images to attack.
#[derive(Clone, Debug)]
pub struct Batch {
    /// `[batch, height, width, 3]` in `0..=1`, without autodiff.
    pub pixels: Tensor<4>,
    /// What each image is, `[batch]`.
    pub labels: Vec<Label>,
    /// The address of each image's random numbers, `[batch]`: an image with the same address gets the same
    /// numbers in any batch.
    pub items: Vec<u64>,
}

impl Batch {
    /// Images with their labels and addresses.
    ///
    /// # Errors
    /// If their numbers differ, there is none, or a pixel is outside `0..=1`.
    pub fn new(pixels: Tensor<4>, labels: Vec<Label>, items: Vec<u64>) -> Result<Self> {
        let pixels = pixels.detach().without_autodiff();
        let images = pixels.dims()[0];
        if images == 0 || labels.len() != images || items.len() != images {
            return Err(Error::Refused(format!(
                "attack: found {images} images, {} labels and {} addresses; expected at least one image, and a label \
                 and an address for each",
                labels.len(),
                items.len()
            )));
        }
        let outside = pixels.to_data().iter::<f32>().find(|value| !(0.0..=1.0).contains(value));
        if let Some(value) = outside {
            return Err(Error::Refused(format!(
                "attack: found a pixel of {value}; expected pixels in 0..=1; attack pixels, not normalised values"
            )));
        }
        Ok(Self { pixels, labels, items })
    }

    /// The images at `rows`, in that order.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        if rows.iter().copied().eq(0..self.labels.len()) {
            return self.clone();
        }
        Self {
            pixels: select(self.pixels.clone(), rows),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            items: rows.iter().map(|&row| self.items[row]).collect(),
        }
    }

    /// One random stream for each image.
    pub(super) fn streams(&self, seed: u64, attack: &str, restart: usize) -> Vec<ChaCha8Rng> {
        let purpose = format!("attack {attack}");
        self.items.iter().map(|&item| random::stream(seed, &purpose, &[item, restart as u64])).collect()
    }
}

/// The worst version found of each image: the one whose wrong class leads most.
#[derive(Debug)]
pub(super) struct Worst {
    pub(super) pixels: Tensor<4>,
    pub(super) leads: Vec<f32>,
}

impl Worst {
    /// Takes `pixels` for the images at `rows` where they are worse than what there is.
    pub(super) fn offer(&mut self, rows: &[usize], pixels: Tensor<4>, leads: &[f32]) {
        let mut sources: Vec<usize> = (0..self.leads.len()).collect();
        for (offered, (&row, &lead)) in rows.iter().zip(leads).enumerate() {
            if lead > self.leads[row] {
                sources[row] = self.leads.len() + offered;
                self.leads[row] = lead;
            }
        }
        self.pixels = gather(self.pixels.clone(), pixels, &sources);
    }

    /// The images still judged right.
    pub(super) fn still_right(&self, labels: &[Label]) -> Vec<usize> {
        (0..labels.len()).filter(|&row| !is_fooled(labels[row], self.leads[row])).collect()
    }
}

/// Each image from `yes` where `mask` says so, from `no` elsewhere.
pub(super) fn choose(mask: &[bool], yes: &Tensor<4>, no: Tensor<4>) -> Tensor<4> {
    let sources: Vec<usize> =
        mask.iter().enumerate().map(|(row, &yes)| if yes { mask.len() + row } else { row }).collect();
    gather(no, yes.clone(), &sources)
}

/// The rows `sources` of `first` and `second` put after one another.
fn gather(first: Tensor<4>, second: Tensor<4>, sources: &[usize]) -> Tensor<4> {
    let images = sources.len();
    if sources.iter().copied().eq(0..images) {
        first
    } else if sources.iter().copied().eq(images..2 * images) {
        second
    } else {
        select(Tensor::cat(vec![first, second], 0), sources)
    }
}

/// The images of `pixels` at `rows`.
pub(super) fn select(pixels: Tensor<4>, rows: &[usize]) -> Tensor<4> {
    let indices: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [rows.len()]), &pixels.device());
    pixels.select(0, indices)
}

/// A tensor of `values` shaped and placed like `like`.
pub(super) fn of_values(values: Vec<f32>, like: &Tensor<4>) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, like.dims()), &like.device())
}

/// One number for each image, `[batch, 1, 1, 1]`, on the device of `like`.
pub(super) fn per_image(values: &[f32], like: &Tensor<4>) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len(), 1, 1, 1]), &like.device())
}
