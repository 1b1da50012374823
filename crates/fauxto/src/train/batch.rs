//! From stored pixels to a batch on the device.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;

use super::loss::smooth;
use crate::augment::mix::{self, Mixing, mixed_labels};
use crate::augment::{Augmentation, apply_all};
use crate::data::PixelStore;
use crate::image::{FloatImage, RgbImage};
use crate::{Label, Result, random};

/// An image to learn from: its place in the store, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Index in the [`PixelStore`].
    pub index: usize,
    /// The class.
    pub label: Label,
}

/// The random changes of one epoch.
#[derive(Clone, Copy, Debug)]
pub struct EpochAugmentation<'a> {
    /// Applied in order.
    pub augmentations: &'a [Box<dyn Augmentation>],
    /// The run's seed.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
}

/// Pixels `[batch, size, size, 3]` in `0..=1` of `examples`, changed by `augmentation` if given.
///
/// # Errors
/// If the store cannot be read.
pub fn pixels(
    store: &PixelStore,
    examples: &[Example],
    augmentation: Option<EpochAugmentation<'_>>,
    device: &Device,
) -> Result<Tensor<4>> {
    Ok(on_device(values(store, examples, augmentation)?, store.size(), device))
}

/// Pixels as from [`pixels`], mixed by `mixing` at `step` of the epoch, from 0; and the share that each
/// image kept of itself, in `0..=1`, where the rest is its counterpart's from the batch's other end.
///
/// # Errors
/// If the store cannot be read.
pub fn mixed(
    store: &PixelStore,
    examples: &[Example],
    augmentation: EpochAugmentation<'_>,
    mixing: &Mixing,
    step: u64,
    device: &Device,
) -> Result<(Tensor<4>, f64)> {
    let size = store.size();
    let mut values = values(store, examples, Some(augmentation))?;
    let mut stream = random::stream(augmentation.seed, "mix", &[augmentation.epoch, step]);
    let share = mixing.apply(&mut mix::Batch { values: &mut values, height: size, width: size }, &mut stream);
    Ok((on_device(values, size, device), share))
}

fn values(store: &PixelStore, examples: &[Example], augmentation: Option<EpochAugmentation<'_>>) -> Result<Vec<f32>> {
    let size = store.size();
    let mut values = vec![0.0f32; examples.len() * size * size * 3];
    values.par_chunks_exact_mut(size * size * 3).zip(examples).try_for_each(|(out, example)| -> Result<()> {
        let mut image = FloatImage::from(&store.image(example.index)?);
        if let Some(EpochAugmentation { augmentations, seed, epoch }) = augmentation {
            let mut stream = random::stream(seed, "augment", &[epoch, example.index as u64]);
            // In 256 levels, as every image that is judged: what little contrast leaves is learned from as files keep it.
            image = FloatImage::from(&RgbImage::from(&apply_all(augmentations, image, &mut stream)?));
        }
        out.copy_from_slice(&image.pixels);
        Ok(())
    })?;
    Ok(values)
}

fn on_device(values: Vec<f32>, size: usize, device: &Device) -> Tensor<4> {
    let batch = values.len() / (size * size * 3);
    Tensor::from_data(TensorData::new(values, [batch, size, size, 3]), device)
}

/// Class indices `[batch]` of `examples`.
#[must_use]
pub fn labels(examples: &[Example], device: &Device) -> Tensor<1, Int> {
    let indices: Vec<i64> = examples.iter().map(|example| example.label.index() as i64).collect();
    Tensor::from_data(TensorData::new(indices, [examples.len()]), device)
}

/// How much of each class, `[batch, 2]`, the images of `examples` are after a mixing in which each kept
/// `share` of itself, with `smoothing` of it spread over both classes.
#[must_use]
pub fn soft_labels(examples: &[Example], share: f64, smoothing: f64, device: &Device) -> Tensor<2> {
    let labels: Vec<Label> = examples.iter().map(|example| example.label).collect();
    let shares = mixed_labels(&labels, share);
    smooth(Tensor::from_data(TensorData::new(shares.into_flattened(), [examples.len(), 2]), device), smoothing)
}

/// The class that each image is most of after a mixing in which it kept `share` of itself.
pub fn dominant_labels(examples: &[Example], share: f64) -> impl Iterator<Item = Label> {
    let counterparts = examples.iter().rev();
    examples.iter().zip(counterparts).map(move |(own, other)| if share >= 0.5 { own.label } else { other.label })
}
