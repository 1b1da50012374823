//! Augmentations: one file each and one line in [`AUGMENTATIONS`]. Each takes an image in `0..=1` and
//! a random stream addressed by epoch and item, so what an image becomes depends on neither the order
//! of the batch nor the number of threads.

mod colour_jitter;
mod flip;
mod rotation;

use rand_chacha::ChaCha8Rng;

use crate::image::FloatImage;
use crate::{Error, Result};

pub use colour_jitter::{adjust_brightness, adjust_contrast, adjust_saturation};
pub use flip::{flip_horizontally, flip_vertically};
pub use rotation::rotate;

/// A random change of an image that leaves its label as it is.
pub trait Augmentation: Send + Sync + std::fmt::Debug {
    /// Changes `image` by numbers drawn from `stream`.
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> FloatImage;
}

/// An augmentation one can ask for by name, with its parameters, in a preset.
#[derive(Debug)]
pub struct AugmentationEntry {
    /// The name in presets.
    pub name: &'static str,
    /// What it does and its parameters, in a line.
    pub summary: &'static str,
    /// The definition it follows.
    pub source: &'static str,
    /// Reads its parameters from a preset's table.
    pub build: fn(&mut Parameters) -> Result<Box<dyn Augmentation>>,
}

/// Every augmentation.
pub static AUGMENTATIONS: &[AugmentationEntry] = &[
    AugmentationEntry {
        name: "horizontal_flip",
        summary: "mirrors left and right with `probability`",
        source: "torchvision RandomHorizontalFlip",
        build: flip::build_horizontal,
    },
    AugmentationEntry {
        name: "vertical_flip",
        summary: "mirrors top and bottom with `probability`",
        source: "torchvision RandomVerticalFlip",
        build: flip::build_vertical,
    },
    AugmentationEntry {
        name: "rotation",
        summary: "turns about the centre by up to `degrees` either way; nearest pixel, black outside",
        source: "torchvision RandomRotation",
        build: rotation::build,
    },
    AugmentationEntry {
        name: "colour_jitter",
        summary: "scales `brightness`, `contrast` and `saturation` by 1 ± the given amount, in random order",
        source: "torchvision ColorJitter",
        build: colour_jitter::build,
    },
];

/// One augmentation as a preset names it: `{ name = "rotation", degrees = 15 }`.
pub type Step = toml::Table;

/// Builds the augmentations of a preset, in its order.
///
/// # Errors
/// If a name or parameter is unknown, missing or out of range.
pub fn build(steps: &[Step]) -> Result<Vec<Box<dyn Augmentation>>> {
    steps.iter().map(build_step).collect()
}

fn build_step(step: &Step) -> Result<Box<dyn Augmentation>> {
    let mut values = step.clone();
    let name = match values.remove("name") {
        Some(toml::Value::String(name)) => name,
        other => {
            return Err(Error::Setting {
                setting: "train.augment.name".into(),
                found: other.map_or_else(|| "nothing".into(), |value| value.to_string()),
                expected: "the name of an augmentation".into(),
            });
        }
    };
    let entry = AUGMENTATIONS.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "train.augment.name".into(),
        found: format!("`{name}`"),
        expected: format!("one of {}", AUGMENTATIONS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    })?;
    let mut parameters = Parameters { of: name, values };
    let built = (entry.build)(&mut parameters)?;
    parameters.finish()?;
    Ok(built)
}

/// The parameters of one augmentation, taken out one by one so that what remains is unknown.
#[derive(Debug)]
pub struct Parameters {
    of: String,
    values: toml::Table,
}

impl Parameters {
    /// Takes the number called `name`, which must lie in `low..=high`.
    ///
    /// # Errors
    /// If it is missing, not a number, or out of range.
    pub fn number(&mut self, name: &str, low: f64, high: f64) -> Result<f64> {
        let value = self.values.remove(name);
        let number = match &value {
            Some(toml::Value::Float(number)) => Some(*number),
            Some(toml::Value::Integer(number)) => Some(*number as f64),
            _ => None,
        };
        number.filter(|number| (low..=high).contains(number)).ok_or_else(|| Error::Setting {
            setting: format!("train.augment {}.{name}", self.of),
            found: value.map_or_else(|| "nothing".into(), |value| value.to_string()),
            expected: format!("a number from {low} to {high}"),
        })
    }

    fn finish(self) -> Result<()> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(Error::Setting {
                setting: format!("train.augment {}.{unknown}", self.of),
                found: "a parameter it does not have".into(),
                expected: "only the parameters that `fauxto list augmentations` names".into(),
            }),
        }
    }
}
