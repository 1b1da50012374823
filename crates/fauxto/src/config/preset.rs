//! The presets that come with the program.

use super::malformed;
use crate::{Error, Result};

/// A preset that comes with the program.
#[derive(Debug)]
pub struct PresetEntry {
    /// The name after `--preset`.
    pub name: &'static str,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// Its TOML text.
    pub text: &'static str,
}

/// Every preset that comes with the program.
pub static PRESETS: &[PresetEntry] = &[
    PresetEntry {
        name: "base",
        summary: "the original project's base phase: the defaults",
        text: include_str!("../../../../presets/base.toml"),
    },
    PresetEntry {
        name: "adversarial",
        summary: "the original project's adversarial fine-tuning, from a base checkpoint (--init)",
        text: include_str!("../../../../presets/adversarial.toml"),
    },
    PresetEntry {
        name: "robust",
        summary: "fine-tuning against PGD at small epsilons, from a base checkpoint (--init)",
        text: include_str!("../../../../presets/robust.toml"),
    },
    PresetEntry {
        name: "release",
        summary: "from tens of thousands of images: one cycle, averaged weights, degraded images",
        text: include_str!("../../../../presets/release.toml"),
    },
    PresetEntry {
        name: "release_finish",
        summary: "a last cycle for a release detector, with fewer degraded images (--init)",
        text: include_str!("../../../../presets/release_finish.toml"),
    },
    PresetEntry {
        name: "release_light",
        summary: "a further cycle for a release detector, with changed light and colour, haze and struck values (--init)",
        text: include_str!("../../../../presets/release_light.toml"),
    },
    PresetEntry {
        name: "release_clean",
        summary: "a further cycle for a release detector, on images as they were made (--init), to be averaged with it",
        text: include_str!("../../../../presets/release_clean.toml"),
    },
    PresetEntry {
        name: "release_mixed",
        summary: "a last cycle for the mean of two release detectors, on clean and degraded images (--init)",
        text: include_str!("../../../../presets/release_mixed.toml"),
    },
    PresetEntry {
        name: "release_noisy",
        summary: "a further cycle for a release detector, with noise and struck values most of all (--init)",
        text: include_str!("../../../../presets/release_noisy.toml"),
    },
    PresetEntry {
        name: "release_varied",
        summary: "a release detector in one long cycle on clean and degraded images, from pretrained weights (--init)",
        text: include_str!("../../../../presets/release_varied.toml"),
    },
    PresetEntry {
        name: "release_gate",
        summary: "which images were degraded since they were made: the gate of an ensemble (`fauxto calibrate --gate`)",
        text: include_str!("../../../../presets/release_gate.toml"),
    },
    PresetEntry {
        name: "release_robust",
        summary: "fine-tuning of a release detector against attacks of 1 to 4 levels (--init)",
        text: include_str!("../../../../presets/release_robust.toml"),
    },
    PresetEntry {
        name: "few_images",
        summary: "from a thousand images or two, from pretrained weights (--init)",
        text: include_str!("../../../../presets/few_images.toml"),
    },
    PresetEntry {
        name: "pretrain",
        summary: "what photographs show, before what generated ones look like (`fauxto pretrain`)",
        text: include_str!("../../../../presets/pretrain.toml"),
    },
    PresetEntry {
        name: "demo",
        summary: "minutes on two cores, for the built-in sample set",
        text: include_str!("../../../../presets/demo.toml"),
    },
    PresetEntry {
        name: "demo_adversarial",
        summary: "the demo's fine-tuning against attacks",
        text: include_str!("../../../../presets/demo_adversarial.toml"),
    },
];

/// The settings of the preset called or stored at `preset`.
///
/// # Errors
/// If it cannot be found or read.
pub(super) fn parse(preset: &str) -> Result<toml::Table> {
    if let Some(entry) = PRESETS.iter().find(|entry| entry.name == preset) {
        return entry.text.parse().map_err(|error| malformed(preset, &error));
    }
    let names = PRESETS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    if !preset.ends_with(".toml") {
        return Err(Error::Setting {
            setting: "preset".into(),
            found: format!("`{preset}`"),
            expected: format!("one of {names}, or a .toml file"),
        });
    }
    let text = std::fs::read_to_string(preset).map_err(|source| Error::io(preset, "reading", source))?;
    text.parse().map_err(|error| malformed(preset, &error))
}
