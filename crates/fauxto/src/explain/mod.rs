//! Explanations: which pixels speak for a verdict. One file per explainer and one line in
//! [`EXPLAINERS`]; [`score`] says what their maps are worth.
//!
//! An explanation is of one frozen detector, the one that decided, and of one class, by default the
//! one it decided for ([`decided`]). What is explained is that class's [`evidence`], the log-odds: with
//! two classes the verdict depends on the difference of the logits alone, and whatever moves both
//! alike would appear in the explanation of a single logit without having decided anything.
//!
//! No explainer shows *why* an image is fake; each shows what the detector's output reacts to, under
//! its own idea of "without this pixel". Which idea holds for a detector is what scores are for.

mod activation;
mod conjugate_gradient;
pub mod evidence;
mod grad_cam;
mod grad_cam_plus_plus;
mod hires_cam;
pub mod integrated_gradients;
pub mod kernel_shap;
pub mod lime;
mod map;
mod masking;
mod occlusion;
mod parameters;
mod random;
pub mod score;
pub mod segments;

use crate::image::FloatImage;
use crate::model::Frozen;
use crate::{Error, Label, Result};

pub use map::{Map, MapKind};
pub use parameters::{ParameterEntry, Parameters};

/// One image and what is asked of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The image, of the detector's input size, in `0..=1`.
    pub image: FloatImage,
    /// The class whose evidence is asked for.
    pub class: Label,
    /// What addresses this image's random streams. An image with the same number gets the same map
    /// alone and in any batch.
    pub item: u64,
}

/// A way to explain.
pub trait Explainer: Send + Sync + std::fmt::Debug {
    /// The maps of `cases`, whose images [`Explainer::explain`] has found to fit. Whatever is random
    /// is drawn from streams addressed by `seed` and each case's item.
    ///
    /// # Errors
    /// If a parameter does not fit the detector or the images.
    fn maps(&self, frozen: &Frozen, cases: &[Case], seed: u64) -> Result<Vec<Map>>;

    /// One map `[height, width]` for each of `cases`, all finite.
    ///
    /// # Errors
    /// If an image has another size than the detector's input, a parameter does not fit, or the
    /// detector's output or its gradient is not finite.
    fn explain(&self, frozen: &Frozen, cases: &[Case], seed: u64) -> Result<Vec<Map>> {
        check(frozen, cases)?;
        let maps = self.maps(frozen, cases, seed)?;
        for (position, map) in maps.iter().enumerate() {
            if let Some(value) = map.values.iter().find(|value| !value.is_finite()) {
                return Err(Error::Diverged(format!(
                    "explanation of image {} of {}: found the value {value}; expected finite numbers; \
                     a detector whose weights or outputs are not finite gives such values",
                    position + 1,
                    maps.len()
                )));
            }
        }
        Ok(maps)
    }
}

/// Refuses images that `frozen` does not take.
fn check(frozen: &Frozen, cases: &[Case]) -> Result<()> {
    let side = frozen.input_size();
    let unfit = |image: &FloatImage| {
        image.width != side || image.height != side || image.pixels.len() != 3 * image.width * image.height
    };
    match cases.iter().position(|case| unfit(&case.image)) {
        None => Ok(()),
        Some(position) => {
            let image = &cases[position].image;
            Err(Error::Setting {
                setting: format!("image {} of {} to explain", position + 1, cases.len()),
                found: format!("{} x {} pixels, {} values", image.width, image.height, image.pixels.len()),
                expected: format!("{side} x {side} RGB pixels, the detector's input; resize it first"),
            })
        }
    }
}

/// The class `frozen` decides for on each image, of its input size: fake from `threshold` on.
#[must_use]
pub fn decided(frozen: &Frozen, images: &[FloatImage], threshold: f64) -> Vec<Label> {
    let probabilities = evidence::in_batches(images, |images| frozen.probability_fake(images), frozen);
    probabilities.into_iter().map(|p| if p >= threshold { Label::Fake } else { Label::Real }).collect()
}

/// An explainer one can ask for by name.
#[derive(Debug)]
pub struct ExplainerEntry {
    /// The name in commands, reports and results; stable.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Paper and reference code it follows.
    pub source: &'static str,
    /// Its parameters with their defaults.
    pub parameters: &'static [ParameterEntry],
    /// Builds it from its parameters.
    pub build: fn(&Parameters) -> Box<dyn Explainer>,
}

/// Every explainer, cheapest first; `random` is the null baseline.
pub static EXPLAINERS: &[ExplainerEntry] = &[
    grad_cam::ENTRY,
    grad_cam_plus_plus::ENTRY,
    hires_cam::ENTRY,
    integrated_gradients::ENTRY,
    occlusion::ENTRY,
    lime::ENTRY,
    kernel_shap::ENTRY,
    random::ENTRY,
];

/// The name of the null baseline within [`EXPLAINERS`].
pub const NULL_BASELINE: &str = "random";

/// The explainer called `name`.
///
/// # Errors
/// If there is none, naming those there are.
pub fn explainer(name: &str) -> Result<&'static ExplainerEntry> {
    EXPLAINERS.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "explainer".into(),
        found: format!("`{name}`"),
        expected: format!("one of {}", EXPLAINERS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    })
}

impl ExplainerEntry {
    /// Its parameters at their defaults.
    #[must_use]
    pub fn defaults(&self) -> Parameters {
        Parameters::new(self.name, self.parameters)
    }
}
