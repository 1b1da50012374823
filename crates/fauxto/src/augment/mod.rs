//! Augmentations: one file each and one line in [`AUGMENTATIONS`]. Each takes an image in `0..=1` and
//! a random stream addressed by epoch and item, so what an image becomes depends on neither the order
//! of the batch nor the number of threads.
//!
//! Any of them may be given a `probability`, torchvision's `RandomApply`: it is then drawn for each image
//! whether the step is taken at all. What [`mix`] does is done to batches, since it needs two images.

mod colour_jitter;
mod flip;
mod gaussian_blur;
mod gaussian_noise;
mod haze;
mod jpeg;
pub mod mix;
mod parameters;
mod perspective;
mod random_erasing;
mod random_resized_crop;
mod rectangle;
mod resample;
mod rescale;
mod rotation;
mod salt_and_pepper;
mod translation;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::image::FloatImage;
use crate::{Error, Result};

pub use colour_jitter::{adjust_brightness, adjust_contrast, adjust_hue, adjust_saturation};
pub use flip::{flip_horizontally, flip_vertically};
pub use gaussian_blur::{blur, kernel_radius};
pub use haze::haze;
pub use jpeg::reencode;
pub use parameters::Parameters;
pub use perspective::{Corners, warp};
pub use random_erasing::erase;
pub use random_resized_crop::resized_crop;
pub use rectangle::Rectangle;
pub use rescale::{Filter, resample, rescale};
pub use rotation::rotate;
pub use translation::translate;

/// A random change of an image that leaves its label and its size as they are.
pub trait Augmentation: Send + Sync + std::fmt::Debug {
    /// Changes `image`, in `0..=1`, by numbers drawn from `stream`; the result is in `0..=1`.
    ///
    /// # Errors
    /// If the image's size is beyond what the change can handle.
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage>;
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
    /// Parameters as a preset may give them, besides `name` and `probability`.
    pub example: &'static str,
    /// Whether a preset must give its `probability`, because taking the step always is not random enough
    /// to be meant. Elsewhere none means always.
    pub needs_probability: bool,
    /// Reads its parameters from a preset's table.
    pub build: fn(&mut Parameters) -> Result<Box<dyn Augmentation>>,
}

/// Every augmentation.
pub static AUGMENTATIONS: &[AugmentationEntry] = &[
    AugmentationEntry {
        name: "horizontal_flip",
        summary: "mirrors left and right with `probability`",
        source: "torchvision RandomHorizontalFlip",
        example: "",
        needs_probability: true,
        build: flip::build_horizontal,
    },
    AugmentationEntry {
        name: "vertical_flip",
        summary: "mirrors top and bottom with `probability`",
        source: "torchvision RandomVerticalFlip",
        example: "",
        needs_probability: true,
        build: flip::build_vertical,
    },
    AugmentationEntry {
        name: "rotation",
        summary: "turns about the centre by up to `degrees` either way; nearest pixel, black outside",
        source: "torchvision RandomRotation",
        example: "degrees = 15",
        needs_probability: false,
        build: rotation::build,
    },
    AugmentationEntry {
        name: "translation",
        summary: "shifts by up to the shares `horizontal` and `vertical` of its size, by whole pixels; black outside",
        source: "torchvision RandomAffine(0, translate)",
        example: "horizontal = 0.1, vertical = 0.1",
        needs_probability: false,
        build: translation::build,
    },
    AugmentationEntry {
        name: "perspective",
        summary: "moves the corners inwards by up to `distortion` of half the size, with `probability`; bilinear",
        source: "torchvision RandomPerspective",
        example: "distortion = 0.5",
        needs_probability: true,
        build: perspective::build,
    },
    AugmentationEntry {
        name: "random_resized_crop",
        summary: "enlarges a rectangle of a `scale` of the area and a `ratio` of the sides ([3/4, 4/3]); bilinear",
        source: "torchvision RandomResizedCrop",
        example: "scale = [0.7, 1.0]",
        needs_probability: false,
        build: random_resized_crop::build,
    },
    AugmentationEntry {
        name: "colour_jitter",
        summary: "scales `brightness`, `contrast`, `saturation` by 1 ± the given amount and turns the hue by up to \
                  `hue` (0) of the circle, in random order",
        source: "torchvision ColorJitter",
        example: "brightness = 0.3, contrast = 0.3, saturation = 0.3, hue = 0.1",
        needs_probability: false,
        build: colour_jitter::build,
    },
    AugmentationEntry {
        name: "jpeg",
        summary: "compresses as JPEG (4:2:0) of a whole `quality` in [low, high], and decodes",
        source: "torchvision v2 JPEG; Wang et al. 2020, arXiv 1912.11035",
        example: "quality = [30, 95]",
        needs_probability: false,
        build: jpeg::build,
    },
    AugmentationEntry {
        name: "rescale",
        summary: "shrinks by a `factor` in [low, high] and enlarges again, each with a random filter",
        source: "Pillow's Image.resize: box, bilinear, bicubic, Lanczos",
        example: "factor = [0.5, 1.0]",
        needs_probability: false,
        build: rescale::build,
    },
    AugmentationEntry {
        name: "gaussian_blur",
        summary: "blurs with a standard deviation `sigma` in [low, high] pixels",
        source: "torchvision GaussianBlur",
        example: "sigma = [0.1, 2.0]",
        needs_probability: false,
        build: gaussian_blur::build,
    },
    AugmentationEntry {
        name: "gaussian_noise",
        summary: "adds noise of a standard deviation `sigma` in [low, high]",
        source: "torchvision v2 GaussianNoise",
        example: "sigma = [0.0, 0.1]",
        needs_probability: false,
        build: gaussian_noise::build,
    },
    AugmentationEntry {
        name: "salt_and_pepper",
        summary: "strikes a share `amount` in [low, high] of all values to black or white",
        source: "scikit-image random_noise, mode s&p",
        example: "amount = [0.0, 0.1]",
        needs_probability: false,
        build: salt_and_pepper::build,
    },
    AugmentationEntry {
        name: "haze",
        summary: "veils by a grey `airlight` ([.6, 1]) of a smoothly varying density of at most an `opacity` in [low, high]",
        source: "Koschmieder 1924; Narasimhan & Nayar 2002, Vision and the Atmosphere, eq. 13",
        example: "opacity = [0.0, 0.7]",
        needs_probability: false,
        build: haze::build,
    },
    AugmentationEntry {
        name: "random_erasing",
        summary: "fills a rectangle of a `scale` of the area ([.02, .33]) and a `ratio` of the sides ([.3, 3.3]) with \
                  the grey `value` (0), with `probability`",
        source: "torchvision RandomErasing; Zhong et al. 2017, arXiv 1708.04896",
        example: "scale = [0.02, 0.33]",
        needs_probability: true,
        build: random_erasing::build,
    },
];

/// One augmentation as a preset names it: `{ name = "rotation", degrees = 15 }`.
pub type Step = toml::Table;

/// Builds the augmentations that the preset's `setting` names, in its order.
///
/// # Errors
/// If a name or parameter is unknown, missing or out of range.
pub fn build(setting: &str, steps: &[Step]) -> Result<Vec<Box<dyn Augmentation>>> {
    steps.iter().map(|step| build_step(setting, step)).collect()
}

/// Applies `augmentations` in order.
///
/// # Errors
/// As for [`Augmentation::apply`].
pub fn apply_all(
    augmentations: &[Box<dyn Augmentation>],
    image: FloatImage,
    stream: &mut ChaCha8Rng,
) -> Result<FloatImage> {
    augmentations.iter().try_fold(image, |image, augmentation| augmentation.apply(image, stream))
}

fn build_step(setting: &str, step: &Step) -> Result<Box<dyn Augmentation>> {
    let (name, values) = named(step, setting, "augmentation")?;
    let entry = AUGMENTATIONS
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| unknown(setting, &name, &AUGMENTATIONS.iter().map(|entry| entry.name).collect::<Vec<_>>()))?;
    let mut parameters = Parameters::new(format!("{setting} {name}"), values);
    let probability = if entry.needs_probability {
        Some(parameters.number("probability", 0.0, 1.0)?)
    } else {
        parameters.optional_number("probability", 0.0, 1.0)?
    };
    let built = (entry.build)(&mut parameters)?;
    parameters.finish("augmentations")?;
    Ok(match probability {
        None => built,
        Some(probability) => Box::new(RandomApply { probability, augmentation: built }),
    })
}

/// A step's name and its other values.
fn named(step: &Step, setting: &str, kind: &str) -> Result<(String, toml::Table)> {
    let mut values = step.clone();
    match values.remove("name") {
        Some(toml::Value::String(name)) => Ok((name, values)),
        other => Err(Error::Setting {
            setting: format!("{setting}.name"),
            found: other.map_or_else(|| "nothing".into(), |value| value.to_string()),
            expected: format!("the name of an {kind}"),
        }),
    }
}

fn unknown(setting: &str, name: &str, names: &[&str]) -> Error {
    Error::Setting {
        setting: format!("{setting}.name"),
        found: format!("`{name}`"),
        expected: format!("one of {}", names.join(", ")),
    }
}

/// Takes a step or leaves the image as it is, as torchvision's `RandomApply`.
#[derive(Debug)]
struct RandomApply {
    probability: f64,
    augmentation: Box<dyn Augmentation>,
}

impl Augmentation for RandomApply {
    fn apply(&self, image: FloatImage, stream: &mut ChaCha8Rng) -> Result<FloatImage> {
        if stream.random_bool(self.probability) { self.augmentation.apply(image, stream) } else { Ok(image) }
    }
}

#[cfg(test)]
mod laws;
