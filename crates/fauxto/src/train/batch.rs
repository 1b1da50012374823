//! From stored pixels to a batch on the device.

use burn::tensor::{Device, Int, Tensor, TensorData};
use rayon::prelude::*;

use crate::augment::Augmentation;
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
    let size = store.size();
    let mut values = vec![0.0f32; examples.len() * size * size * 3];
    values.par_chunks_exact_mut(size * size * 3).zip(examples).try_for_each(|(out, example)| -> Result<()> {
        let mut stored = RgbImage { width: size, height: size, pixels: vec![0; size * size * 3] };
        store.read(example.index, &mut stored.pixels)?;
        let mut image = FloatImage::from(&stored);
        if let Some(EpochAugmentation { augmentations, seed, epoch }) = augmentation {
            let mut stream = random::stream(seed, "augment", &[epoch, example.index as u64]);
            for augmentation in augmentations {
                image = augmentation.apply(image, &mut stream);
            }
        }
        out.copy_from_slice(&image.pixels);
        Ok(())
    })?;
    Ok(Tensor::from_data(TensorData::new(values, [examples.len(), size, size, 3]), device))
}

/// Class indices `[batch]` of `examples`.
#[must_use]
pub fn labels(examples: &[Example], device: &Device) -> Tensor<1, Int> {
    let indices: Vec<i64> = examples.iter().map(|example| example.label.index() as i64).collect();
    Tensor::from_data(TensorData::new(indices, [examples.len()]), device)
}
