//! Settings: typed defaults with their reasons, then a preset that holds only differences, then
//! single settings. Unknown names are errors at every step.

mod adversarial;
mod preset;
mod setting;

use serde::{Deserialize, Serialize};

use crate::augment::mix::Mixing;
use crate::augment::{self, Step};
use crate::model::{Classes, Precision};
use crate::{Error, Result, model};

pub use adversarial::AdversarialConfig;
pub use preset::{PRESETS, PresetEntry};
use setting::check_ranges;
pub use setting::{SETTINGS, SettingEntry};

/// Everything that determines a training run besides the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Architecture, by its name in the registry.
    pub model: String,
    /// Initial parameters, order of batches, augmentation and dropout all follow from it.
    pub seed: u64,
    /// Side of the square input, in pixels.
    pub input_size: usize,
    /// The split.
    pub split: SplitConfig,
    /// The base phase.
    pub train: TrainConfig,
}

/// How a data set without sides of its own is split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitConfig {
    /// Share of the images that stops training and sets weights and thresholds.
    pub validation: f64,
    /// Share kept for reporting. 0: the test data are a set of their own.
    pub test: f64,
    /// Seed of the split; separate from the run's, so that runs with several seeds compare on the same
    /// validation images.
    pub seed: u64,
}

/// The base phase.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images a step.
    pub batch_size: usize,
    /// AdamW's step size at the start.
    pub learning_rate: f64,
    /// AdamW's decoupled decay, on every parameter.
    pub weight_decay: f64,
    /// How the step size changes over the run.
    pub schedule: Schedule,
    /// What dense layers and convolutions multiply in, forward and backward, attacks of training included: `half` is
    /// faster where the processor multiplies bf16 (AVX512-BF16, AMX), and `single` elsewhere. Weights, sums and
    /// validation are in `f32`.
    #[serde(default)]
    pub precision: Precision,
    /// Share of every label that is spread over both classes (Szegedy et al. 2016, arXiv 1512.00567). 0: none.
    #[serde(default)]
    pub label_smoothing: f64,
    /// Judge, stop by and keep a moving average of the weights with this decay a step (Polyak & Juditsky 1992), in
    /// place of the weights themselves. Off by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average_decay: Option<f64>,
    /// Epochs without a better validation AUC before training stops.
    pub patience: usize,
    /// Shrinks the step size further when validation AUC stalls. Off by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
    /// Attacks part of every batch. Off by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adversarial: Option<AdversarialConfig>,
    /// Random changes of training images, in order.
    pub augment: Vec<Step>,
    /// What degrades images. If given, the network learns which images were degraded, whatever their labels, to be the gate
    /// of an ensemble. None by default: it learns which are fake.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub degrade: Vec<Step>,
    /// Ways of mixing the images of a batch, and their labels with them. None by default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<Step>,
}

/// How the step size changes over the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// Half a cosine from the initial step size to 0 (Loshchilov & Hutter 2016, without restarts).
    Cosine,
    /// No change.
    Constant,
    /// Up along a cosine from 1/25 of the step size to all of it over 30% of the steps, then down to nothing, by the
    /// step (Smith & Topin 2018, arXiv 1708.07120).
    OneCycle,
}

/// Multiplies the step size by `factor` after more than `patience` epochs without a better validation AUC, as PyTorch does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReduceOnPlateau {
    /// In `0..1`.
    pub factor: f64,
    /// Epochs to wait.
    pub patience: usize,
}

impl Default for Config {
    /// The original project's base phase.
    fn default() -> Self {
        Self {
            model: "resnet_se_small".into(),
            seed: 42,
            input_size: 32,
            split: SplitConfig { validation: 0.2, test: 0.0, seed: 42 },
            train: TrainConfig {
                epochs: 50,
                batch_size: 128,
                learning_rate: 5e-4,
                weight_decay: 1e-4,
                schedule: Schedule::Cosine,
                precision: Precision::Single,
                label_smoothing: 0.0,
                average_decay: None,
                patience: 15,
                reduce_on_plateau: None,
                adversarial: None,
                augment: default_augmentation(),
                degrade: Vec::new(),
                mix: Vec::new(),
            },
        }
    }
}

fn default_augmentation() -> Vec<Step> {
    let mut flip = Step::new();
    flip.insert("name".into(), "horizontal_flip".into());
    flip.insert("probability".into(), 0.5.into());
    let mut rotation = Step::new();
    rotation.insert("name".into(), "rotation".into());
    rotation.insert("degrees".into(), 15.0.into());
    let mut jitter = Step::new();
    jitter.insert("name".into(), "colour_jitter".into());
    for name in ["brightness", "contrast", "saturation"] {
        jitter.insert(name.into(), 0.2.into());
    }
    vec![flip, rotation, jitter]
}

impl Config {
    /// The defaults, changed by the preset called or stored at `preset`, changed by `settings` of the
    /// form `train.epochs=3`, whose right side is a TOML value or a bare word.
    ///
    /// # Errors
    /// If the preset cannot be found or read, or a setting is unknown or out of range.
    pub fn resolve(preset: Option<&str>, settings: &[String]) -> Result<Self> {
        let mut table = toml::Table::try_from(Self::default()).map_err(|error| unwritable(&error))?;
        if let Some(preset) = preset {
            merge(&mut table, preset::parse(preset)?);
        }
        for setting in settings {
            merge(&mut table, parse_setting(setting)?);
        }
        // By way of text, so that a complaint can quote the line it is about.
        Self::from_toml(&toml::to_string(&table).map_err(|error| unwritable(&error))?)
    }

    /// As [`Config::resolve`], to train a detector and no gate.
    ///
    /// # Errors
    /// As for [`Config::resolve`], and if `train.degrade` is given.
    pub fn resolve_detector(preset: &str, settings: &[String]) -> Result<Self> {
        let config = Self::resolve(Some(preset), settings)?;
        if config.classes() == Classes::RealFake {
            return Ok(config);
        }
        Err(Error::Setting {
            setting: format!("preset {preset}, train.degrade"),
            found: "steps, which make a gate of what is trained".into(),
            expected: "none where detectors are trained; `fauxto train` trains a gate".into(),
        })
    }

    /// Reads what [`Config::to_toml`] wrote.
    ///
    /// # Errors
    /// If the text is not a complete configuration.
    pub fn from_toml(text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = text[..start].lines().count().saturating_sub(usize::from(!text[..start].ends_with('\n')));
            malformed(text.lines().nth(line).unwrap_or("settings"), &error)
        })?;
        config.check()?;
        Ok(config)
    }

    /// The complete configuration as TOML.
    ///
    /// # Errors
    /// Never for a configuration that passed its checks.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| unwritable(&error))
    }

    /// What a network trained so tells apart.
    #[must_use]
    pub fn classes(&self) -> Classes {
        if self.train.degrade.is_empty() { Classes::RealFake } else { Classes::PristineDegraded }
    }

    fn check(&self) -> Result<()> {
        model::model(&self.model)?;
        augment::build("train.augment", &self.train.augment)?;
        augment::build("train.degrade", &self.train.degrade)?;
        self.train.adversarial.as_ref().map_or(Ok(()), AdversarialConfig::check)?;
        Mixing::build(&self.train.mix)?;
        if self.train.adversarial.is_some() && !self.train.mix.is_empty() {
            return Err(Error::Setting {
                setting: "train.mix".into(),
                found: "mixing beside train.adversarial".into(),
                expected: "one of the two: a mixed image has no one label to be attacked against".into(),
            });
        }
        check_ranges(self)?;
        if self.split.validation + self.split.test > 0.95 {
            return Err(Error::Setting {
                setting: "split".into(),
                found: format!("validation {} and test {}", self.split.validation, self.split.test),
                expected: "at least 5% of the images left to train on".into(),
            });
        }
        Ok(())
    }
}

fn parse_setting(setting: &str) -> Result<toml::Table> {
    let Some((path, value)) = setting.split_once('=') else {
        return Err(Error::Setting {
            setting: setting.into(),
            found: "no `=`".into(),
            expected: "a setting of the form train.epochs=3".into(),
        });
    };
    let quoted = format!("{} = {}", path.trim(), toml::Value::String(value.trim().into()));
    // TOML's numbers begin with a digit, people's do not.
    let zero = if value.trim().starts_with('.') { "0" } else { "" };
    let plain = format!("{} = {zero}{}", path.trim(), value.trim());
    plain.parse().or_else(|_| quoted.parse()).map_err(|error| malformed(setting, &error))
}

fn unwritable(error: &toml::ser::Error) -> Error {
    Error::Setting { setting: "config".into(), found: error.to_string(), expected: "settings TOML can hold".into() }
}

fn malformed(what: &str, error: &toml::de::Error) -> Error {
    Error::Setting {
        setting: what.into(),
        found: error.message().to_owned(),
        expected: "settings that `fauxto list settings` names".into(),
    }
}

/// Lays `over` onto `under`: tables merge, everything else is replaced.
fn merge(under: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            // `5` where a fraction is meant is no mistake.
            (Some(toml::Value::Float(under)), toml::Value::Integer(over)) => *under = over as f64,
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(settings: &[&str]) -> Result<Config> {
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        Config::resolve(None, &settings)
    }

    #[test]
    fn every_preset_resolves_and_survives_being_written() {
        for preset in PRESETS {
            let config = Config::resolve(Some(preset.name), &[]).unwrap();
            assert_eq!(Config::from_toml(&config.to_toml().unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn a_gate_is_no_detector() {
        let gate = Config::resolve(Some("release_gate"), &[]).unwrap();
        assert_eq!((gate.classes(), Config::default().classes()), (Classes::PristineDegraded, Classes::RealFake));
        assert!(Config::resolve_detector("release_gate", &[]).unwrap_err().to_string().contains("train.degrade"));
        assert_eq!(Config::resolve_detector("base", &[]).unwrap(), Config::default());
    }

    #[test]
    fn settings_override_and_bare_words_are_strings() {
        let config = resolve(&["train.epochs=3", "model=convnext_tiny", "train.learning_rate=1"]).unwrap();
        assert_eq!((config.train.epochs, config.model.as_str()), (3, "convnext_tiny"));
        assert!((config.train.learning_rate - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn what_is_unknown_or_out_of_range_is_refused_by_name() {
        for (setting, named) in [
            ("train.epoch=3", "epoch"),
            ("model=resnet", "convnext_tiny"),
            ("train.batch_size=0", "batch_size"),
            ("train.epochs=many", "epochs"),
            ("train.augment=[{name='twirl'}]", "horizontal_flip"),
            ("train.degrade=[{name='jpeg'}]", "train.degrade"),
            ("train.augment=[{name='rotation'}]", "degrees"),
            ("train.augment=[{name='horizontal_flip'}]", "probability"),
            ("train.augment=[{name='rotation', degrees=3, probability=2}]", "probability"),
            ("train.augment=[{name='jpeg', quality=[90, 30]}]", "quality"),
            ("train.augment=[{name='jpeg', quality=[30.5, 90]}]", "whole"),
            ("train.mix=[{name='mixup'}]", "alpha"),
            ("train.augment=[{name='rotation', degrees=3, colour=1}]", "colour"),
            ("epochs", "="),
        ] {
            let message = resolve(&[setting]).unwrap_err().to_string();
            assert!(message.contains(named), "{setting}: {message}");
        }
    }
}
