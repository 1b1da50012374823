//! What a network that learned to name what photographs show makes of other images. It never met a generated one; what
//! it cannot name surely is less like the photographs it learned from.

use std::path::Path;

use burn::tensor::{Device, activation};

use crate::data::PixelStore;
use crate::model::weights::{self, ClassifierPolicy};
use crate::model::{Detector, Pass, model};
use crate::train::{Example, batch};
use crate::{Error, Label, Result};

/// Images at a time.
const BATCH: usize = 128;

/// The key of weights' metadata that says whether, after the subjects, there is a class for what shows none of them.
pub const NONE: &str = "none_of_the_subjects";

/// A network with a last layer of subjects.
#[derive(Debug)]
pub struct Recogniser {
    network: Detector,
    /// What it can name, in the order of its logits.
    pub subjects: Vec<String>,
    /// Whether a last logit is of none of them.
    has_none: bool,
}

/// What an image was named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recognition {
    /// The number of the likeliest subject, from 0.
    pub subject: usize,
    /// Its probability, in `0..=1`: how sure the network is (maximum softmax probability, Hendrycks & Gimpel 2017, arXiv
    /// 1610.02136).
    pub probability: f64,
    /// The probability that it shows none of the subjects, in `0..=1`, where the network learned from outliers.
    pub none: Option<f64>,
}

impl Recognition {
    /// How much speaks against its being a photograph, in `0..=1`: that it shows none of the subjects, by a network that
    /// met outliers, and otherwise how unsurely it is named.
    #[must_use]
    pub fn doubt(&self) -> f64 {
        self.none.unwrap_or(1.0 - self.probability)
    }
}

impl Recogniser {
    /// Reads the weights `path` that `fauxto pretrain` wrote.
    ///
    /// # Errors
    /// If the file is no such weights, or they do not fit the model it names.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let (tensors, metadata) = weights::read_safetensors(path)?;
        let value = |key: &str| {
            metadata.get(key).ok_or_else(|| {
                Error::input(
                    path,
                    format!("no `{key}` in its metadata"),
                    "weights that name subjects",
                    "make them with `fauxto pretrain`",
                )
            })
        };
        let subjects: Vec<String> = value("subjects")?.split(',').map(str::to_owned).collect();
        let entry = model(value("model")?)?;
        let size = value("input_size")?.parse().ok().filter(|size| (32..=4096).contains(size)).ok_or_else(|| {
            Error::input(path, "an input size that is no number", "one from 32 to 4096", "run `fauxto pretrain` again")
        })?;
        let has_none = metadata.contains_key(NONE);
        let mut network = Detector::classifier(entry, size, subjects.len() + usize::from(has_none), 0, device);
        weights::assign(network.network.as_mut(), tensors, path, entry.classifier, ClassifierPolicy::Exact)?;
        Ok(Self { network: network.to_inference(), subjects, has_none })
    }

    /// The side of its square input, in pixels.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.network.input_size
    }

    /// Names the images at `positions` of `store`, in their order; `observe` is told how many are done.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn recognise(
        &self,
        store: &PixelStore,
        positions: &[usize],
        observe: &mut dyn FnMut(usize),
    ) -> Result<Vec<Recognition>> {
        let mut named = Vec::with_capacity(positions.len());
        for some in positions.chunks(BATCH) {
            // Pixels are all that is taken of an example.
            let examples: Vec<Example> = some.iter().map(|&index| Example { index, label: Label::Real }).collect();
            let pixels = batch::pixels(store, &examples, None, self.network.device())?;
            let logits = self.network.logits(pixels, &Pass::inference());
            let shares: Vec<f64> = activation::softmax(logits, 1).into_data().iter::<f32>().map(f64::from).collect();
            let classes = self.subjects.len() + usize::from(self.has_none);
            named.extend(shares.chunks_exact(classes).map(|shares| likeliest(shares, self.subjects.len())));
            observe(named.len());
        }
        Ok(named)
    }
}

/// Of `shares` of `subjects` and, where there is one more, of none of them.
fn likeliest(shares: &[f64], subjects: usize) -> Recognition {
    let (named, none) = shares.split_at(subjects);
    let (subject, &probability) =
        named.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("a network names at least one subject");
    Recognition { subject, probability: probability.min(1.0), none: none.first().map(|none| none.min(1.0)) }
}
