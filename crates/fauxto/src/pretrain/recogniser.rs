//! What a network that learned to name what photographs show makes of other images. It never met a generated one; what
//! it cannot name surely is less like the photographs it learned from.

use std::path::Path;

use burn::tensor::Device;

use crate::data::PixelStore;
use crate::model::weights::{self, ClassifierPolicy};
use crate::model::{Detector, Pass, model};
use crate::train::{Example, batch};
use crate::{Error, Label, Result};

/// Images at a time.
const BATCH: usize = 128;

/// A network with a last layer of subjects.
#[derive(Debug)]
pub struct Recogniser {
    network: Detector,
    /// What it can name, in the order of its logits.
    pub subjects: Vec<String>,
}

/// What an image was named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recognition {
    /// The number of the likeliest subject, from 0.
    pub subject: usize,
    /// Its probability, in `1/subjects..=1`: how sure the network is (maximum softmax probability, Hendrycks & Gimpel
    /// 2017, arXiv 1610.02136).
    pub probability: f64,
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
        let subjects = value("subjects")?;
        // Files of before name them with commas between.
        let subjects: Vec<String> =
            serde_json::from_str(subjects).unwrap_or_else(|_| subjects.split(',').map(str::to_owned).collect());
        let entry = model(value("model")?)?;
        let size = value("input_size")?.parse().ok().filter(|size| (32..=4096).contains(size)).ok_or_else(|| {
            Error::input(path, "an input size that is no number", "one from 32 to 4096", "run `fauxto pretrain` again")
        })?;
        let mut network = Detector::classifier(entry, size, subjects.len(), 0, device);
        weights::assign(network.network.as_mut(), tensors, path, entry.classifier, ClassifierPolicy::Exact)?;
        Ok(Self { network: network.to_inference(), subjects })
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
            let logits: Vec<f64> = logits.into_data().iter::<f32>().map(f64::from).collect();
            named.extend(logits.chunks_exact(self.subjects.len()).map(likeliest));
            observe(named.len());
        }
        Ok(named)
    }
}

/// In `f64`, or all that a sure network names would be named equally surely.
fn likeliest(logits: &[f64]) -> Recognition {
    let (subject, &greatest) =
        logits.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).expect("a network names at least one subject");
    Recognition { subject, probability: 1.0 / logits.iter().map(|logit| (logit - greatest).exp()).sum::<f64>() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_are_a_softmax_and_tell_sure_from_surer() {
        let probability = |logits: [f64; 3]| likeliest(&logits).probability;
        assert_eq!(likeliest(&[1.0, 3.0, 2.0]).subject, 1);
        assert!((probability([1.0_f64.ln(), 2.0_f64.ln(), 5.0_f64.ln()]) - 0.625).abs() < 1e-12);
        assert!((probability([7.0; 3]) - 1.0 / 3.0).abs() < 1e-12);
        assert!(probability([30.0, 0.0, 0.0]) < probability([31.0, 0.0, 0.0]));
        assert!(probability([1e4, 0.0, 0.0]) <= 1.0);
    }
}
