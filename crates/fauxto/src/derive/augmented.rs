//! Randomly changed copies of training images.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::parents::{draw, visit};
use super::write::{DerivedFolder, Written};
use crate::augment::{self, Step, apply_all};
use crate::data::Dataset;
use crate::data::split::Split;
use crate::image::{FloatImage, RgbImage};
use crate::{Error, Result, random};

/// The original project's augmentations, in its order.
const RECIPE: &str = r#"
step = [
    { name = "horizontal_flip", probability = 0.5 },
    { name = "vertical_flip", probability = 0.3 },
    { name = "rotation", degrees = 30 },
    { name = "random_resized_crop", scale = [0.7, 1.0] },
    { name = "colour_jitter", brightness = 0.3, contrast = 0.3, saturation = 0.3, hue = 0.1 },
    { name = "translation", horizontal = 0.1, vertical = 0.1 },
    { name = "perspective", distortion = 0.2, probability = 0.5 },
]
"#;

/// The original project's augmentations: flips, rotation by 30 degrees, a crop of 70% or more, colour
/// jitter, a shift by 10%, and with probability .5 a perspective of .2.
///
/// # Errors
/// Never; a test builds it.
pub fn recipe() -> Result<Vec<Step>> {
    let malformed = |found: String| Error::Setting {
        setting: "recipe of the augmented set".into(),
        found,
        expected: "steps as presets have them".into(),
    };
    let table: toml::Table = RECIPE.parse().map_err(|error: toml::de::Error| malformed(error.to_string()))?;
    let steps = table.get("step").and_then(toml::Value::as_array).cloned().unwrap_or_default();
    steps
        .into_iter()
        .map(|step| step.try_into().map_err(|error: toml::de::Error| malformed(error.to_string())))
        .collect()
}

/// A set of augmented images to be made, at their parents' own sizes.
pub struct Augmented<'call> {
    /// The data set that was split.
    pub dataset: &'call Dataset,
    /// Its split; parents are drawn from the training side.
    pub split: &'call Split,
    /// Images to make, an even number: half real, half fake.
    pub count: usize,
    /// Of parents and changes.
    pub seed: u64,
    /// What is done to each, in order; see [`recipe`].
    pub steps: &'call [Step],
    /// Called after each image with the number done, from any thread.
    pub progress: Option<&'call (dyn Fn(usize) + Sync)>,
}

impl Augmented<'_> {
    /// Writes the new folder `folder`, whole or not at all.
    ///
    /// # Errors
    /// The folder exists or cannot be written, the count is odd, a step is unknown, the split has no
    /// training images of a class, or the data set is not the one that was split.
    pub fn write(&self, folder: &Path) -> Result<Written> {
        let augmentations = augment::build("train.augment", self.steps)?;
        let parents = draw(self.split, self.count, self.seed, "augmented parents")?;
        let set = DerivedFolder::create(folder, &parents)?;
        let done = AtomicUsize::new(0);
        visit(self.dataset, &parents, &|place, image| {
            let mut stream = random::stream(self.seed, "augmented set", &[place as u64]);
            let changed = apply_all(&augmentations, FloatImage::from(&image), &mut stream)?;
            set.add(place, &RgbImage::from(&changed))?;
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(progress) = self.progress {
                progress(done);
            }
            Ok(())
        })?;
        let names: Vec<&str> = self.steps.iter().filter_map(|step| step.get("name")?.as_str()).collect();
        let recipe = names.join("+");
        set.finish(|place| format!("{recipe} seed={} number={place}", self.seed))
    }
}
