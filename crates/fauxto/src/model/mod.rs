//! The detectors. One file per architecture and one line in [`MODELS`].
//!
//! A [`Detector`] is an architecture with its parameters, its input size and its normalisation, which
//! is the first layer: whoever calls it passes pixels in `0..=1`, so that an epsilon means the same
//! for every model. [`Frozen`] is a detector that can only judge.

mod classes;
mod convnext;
mod detector;
mod efficientnet;
pub mod initialise;
pub mod layer;
pub mod network;
pub mod pass;
mod resnet_se;
pub mod weights;

use burn::tensor::Device;

pub use classes::Classes;
pub use detector::{CLASSES, Described, Descriptor, Detector, Frozen, Normalisation, is_buffer};
pub use initialise::Start;
pub use kernels::Precision;
pub use network::{Network, Parameters};
pub use pass::Pass;

use crate::{Error, Result};
use weights::StateDict;

/// An architecture one can ask for by name.
#[derive(Debug)]
pub struct ModelEntry {
    /// The name in commands, presets and checkpoints.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Paper or code it follows.
    pub source: &'static str,
    /// Where the parameters of the last layer live: what changes with the number of classes.
    pub classifier: &'static str,
    /// Builds it: number of classes, where parameters come from, device.
    pub build: fn(usize, Start, &Device) -> Box<dyn Network>,
    /// Where the network can begin as a shallower one: what makes such weights, and those drawn for it, its own.
    pub deepen: Option<fn(StateDict, StateDict) -> StateDict>,
}

/// Every architecture.
pub static MODELS: &[ModelEntry] = &[
    ModelEntry {
        name: "convnext_tiny",
        summary: "ConvNeXt-Tiny, 27.8M parameters: depthwise 7x7, layer norm, GELU",
        source: "Liu et al. 2022, arXiv 2201.03545; timm convnext_tiny",
        classifier: "head.fc",
        build: convnext::convnext_tiny,
        deepen: None,
    },
    ModelEntry {
        name: "efficientnet_b0",
        summary: "EfficientNet-B0, 4.0M parameters: inverted residuals with squeeze-and-excitation",
        source: "Tan & Le 2019, arXiv 1905.11946; timm efficientnet_b0",
        classifier: "classifier",
        build: efficientnet::efficientnet_b0,
        deepen: None,
    },
    ModelEntry {
        name: "efficientnet_b0_cifar",
        summary: "EfficientNet-B0 for small images: a stem of stride 1, so that 32x32 ends in 2x2 cells and not in one",
        source: "Tan & Le 2019, arXiv 1905.11946; the stem as CIFAR variants of networks have it",
        classifier: "classifier",
        build: efficientnet::efficientnet_b0_cifar,
        deepen: None,
    },
    ModelEntry {
        name: "efficientnet_lite0",
        summary: "EfficientNet-Lite0, 3.4M parameters: B0 without attention, ReLU6",
        source: "Liu 2020, EfficientNet-Lite; timm efficientnet_lite0",
        classifier: "classifier",
        build: efficientnet::efficientnet_lite0,
        deepen: None,
    },
    ModelEntry {
        name: "tf_efficientnet_lite0",
        summary: "EfficientNet-Lite0 with TensorFlow's padding and epsilon, for weights converted from there",
        source: "Liu 2020, EfficientNet-Lite; timm tf_efficientnet_lite0",
        classifier: "classifier",
        build: efficientnet::tf_efficientnet_lite0,
        deepen: None,
    },
    ModelEntry {
        name: "resnet_se",
        summary: "ResNet-SE, 11.2M parameters: the original project's network for 32x32",
        source: "He et al. 2015, arXiv 1512.03385; Hu et al. 2017, arXiv 1709.01507",
        classifier: "head.fc2",
        build: resnet_se::resnet_se,
        deepen: None,
    },
    ModelEntry {
        name: "resnet_se_small",
        summary: "ResNet-SE within two million parameters: bottleneck blocks",
        source: "He et al. 2015, arXiv 1512.03385; Hu et al. 2017, arXiv 1709.01507",
        classifier: "head.fc2",
        build: resnet_se::resnet_se_small,
        deepen: None,
    },
    ModelEntry {
        name: "resnet18_se",
        summary: "ResNet-18 for small images with squeeze-and-excitation, 11.3M parameters: a first stage at full resolution",
        source: "He et al. 2015, arXiv 1512.03385; Hu et al. 2017, arXiv 1709.01507",
        classifier: "head.fc2",
        build: resnet_se::resnet18_se,
        deepen: Some(resnet_se::deepen),
    },
];

/// The architecture called `name`.
///
/// # Errors
/// If there is none, naming those there are.
pub fn model(name: &str) -> Result<&'static ModelEntry> {
    MODELS.iter().find(|entry| entry.name == name).ok_or_else(|| Error::Setting {
        setting: "model".into(),
        found: format!("`{name}`"),
        expected: format!("one of {}", MODELS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")),
    })
}
