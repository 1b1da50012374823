//! What can be set, by name.

use super::{AdversarialConfig, Config};
use crate::{Error, Result};

/// A setting of presets and `--set`.
#[derive(Debug)]
pub struct SettingEntry {
    /// Its place, as in `train.epochs`.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    range: Option<Range>,
}

/// The values a number may have.
#[derive(Debug)]
struct Range {
    low: f64,
    high: f64,
    /// Whether `high` itself is one.
    closed: bool,
    read: fn(&Config) -> f64,
}

const fn free(name: &'static str, summary: &'static str) -> SettingEntry {
    SettingEntry { name, summary, range: None }
}

const fn within(
    name: &'static str,
    summary: &'static str,
    [low, high]: [f64; 2],
    read: fn(&Config) -> f64,
) -> SettingEntry {
    SettingEntry { name, summary, range: Some(Range { low, high, closed: true, read }) }
}

/// Every setting.
pub static SETTINGS: &[SettingEntry] = &[
    free("model", "architecture (`fauxto list models`)"),
    free("seed", "of initial weights, order of images, augmentation and dropout"),
    within("input_size", "side of the square input, in pixels", [32.0, 4096.0], |c| c.input_size as f64),
    within("split.validation", "share of the images that stops training and sets thresholds", [0.01, 0.9], |c| {
        c.split.validation
    }),
    within("split.test", "share of the images kept for reporting", [0.0, 0.9], |c| c.split.test),
    free("split.seed", "of the split alone, so that runs with several seeds stop on the same images"),
    within("train.epochs", "passes over the training images, at most", [1.0, 1e6], |c| c.train.epochs as f64),
    within("train.batch_size", "images a step", [2.0, 1e6], |c| c.train.batch_size as f64),
    within("train.learning_rate", "AdamW's greatest step size", [1e-12, 10.0], |c| c.train.learning_rate),
    within("train.weight_decay", "AdamW's decoupled decay", [0.0, 10.0], |c| c.train.weight_decay),
    free("train.schedule", "how the step size changes: cosine, constant or one_cycle"),
    free("train.precision", "what layers multiply in: single, or half (bf16) where the processor does so"),
    within("train.label_smoothing", "share of every label that is spread over both classes", [0.0, 0.9], |c| {
        c.train.label_smoothing
    }),
    within(
        "train.average_decay",
        "decay a step of a moving average of the weights, which then is kept",
        [0.0, 0.999_999],
        |c| c.train.average_decay.unwrap_or(0.0),
    ),
    within("train.patience", "epochs without a better validation AUC before training stops", [1.0, 1e6], |c| {
        c.train.patience as f64
    }),
    SettingEntry {
        name: "train.reduce_on_plateau.factor",
        summary: "what the step size is multiplied by when validation AUC stalls",
        range: Some(Range {
            low: 0.0,
            high: 1.0,
            closed: false,
            read: |c| c.train.reduce_on_plateau.map_or(0.0, |plateau| plateau.factor),
        }),
    },
    free("train.reduce_on_plateau.patience", "epochs without a better one before that"),
    within("train.adversarial.share", "share of every batch that is attacked", [0.0, 1.0], |c| {
        c.train.adversarial.as_ref().map_or(0.0, |adversarial| adversarial.share)
    }),
    free("train.adversarial.attack", "the attack (`fauxto list attacks`), as in pgd:steps=7"),
    free("train.adversarial.epsilons", "one is drawn for each step, as in [\"2/255\", \".02\"]"),
    within(
        "train.adversarial.trades",
        "factor of TRADES's divergence, in place of cross entropy on attacked images",
        [0.0, 1000.0],
        |c| c.train.adversarial.as_ref().and_then(|adversarial| adversarial.trades).unwrap_or(0.0),
    ),
    free("train.adversarial.validation_attack", "the attack that, with clean images, decides which epoch is best"),
    free("train.adversarial.validation_epsilon", "its epsilon"),
    free("train.augment", "changes of training images, in order (`fauxto list augmentations`)"),
    free("train.degrade", "degradations that a gate learns to tell; what is trained then is no detector"),
    free("train.mix", "ways of mixing images of a batch (`fauxto list mixes`)"),
];

impl SettingEntry {
    /// The value it has where nobody sets it, as TOML; none where there is none.
    ///
    /// # Errors
    /// Never: the defaults can be written.
    pub fn default_value(&self) -> Result<Option<String>> {
        // What attacks a batch has values of its own, once anything of it is set.
        let mut config = Config::default();
        config.train.adversarial = Some(AdversarialConfig::default());
        let table = toml::Table::try_from(config).map_err(|error| super::unwritable(&error))?;
        let mut parts = self.name.split('.');
        let first = parts.next().and_then(|part| table.get(part));
        let value = parts.fold(first, |value, part| value.and_then(|value| value.get(part)));
        Ok(value.map(ToString::to_string))
    }
}

/// Refuses numbers that are out of their range.
pub(super) fn check_ranges(config: &Config) -> Result<()> {
    for entry in SETTINGS {
        let Some(Range { low, high, closed, read }) = &entry.range else { continue };
        let value = read(config);
        let within = if *closed { (*low..=*high).contains(&value) } else { (*low..*high).contains(&value) };
        if !within {
            return Err(Error::Setting {
                setting: entry.name.into(),
                found: value.to_string(),
                expected: format!("a value from {low} to {}{high}", if *closed { "" } else { "below " }),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ReduceOnPlateau;

    fn leaves(prefix: &str, table: &toml::Table) -> Vec<String> {
        let leaf = |(key, value): (&String, &toml::Value)| {
            let name = format!("{prefix}{key}");
            value.as_table().map_or_else(|| vec![name.clone()], |inner| leaves(&format!("{name}."), inner))
        };
        table.iter().flat_map(leaf).collect()
    }

    #[test]
    fn every_setting_is_listed_and_every_listed_one_exists() {
        let mut config = Config::default();
        let step = config.train.augment.clone();
        config.train.average_decay = Some(0.9);
        config.train.reduce_on_plateau = Some(ReduceOnPlateau { factor: 0.5, patience: 3 });
        config.train.adversarial = Some(AdversarialConfig { trades: Some(6.0), ..AdversarialConfig::default() });
        (config.train.degrade, config.train.mix) = (step.clone(), step);
        let mut found = leaves("", &toml::Table::try_from(config).unwrap());
        let mut listed: Vec<&str> = SETTINGS.iter().map(|entry| entry.name).collect();
        found.sort();
        listed.sort_unstable();
        assert_eq!(found, listed);
    }

    #[test]
    fn a_factor_that_changes_nothing_is_refused() {
        let resolve = |factor: f64| {
            let settings = [factor.to_string(), "3".into()];
            let names = ["factor", "patience"].map(|name| format!("train.reduce_on_plateau.{name}"));
            let settings: Vec<String> =
                names.iter().zip(settings).map(|(name, value)| format!("{name}={value}")).collect();
            Config::resolve(None, &settings)
        };
        assert!(resolve(0.5).is_ok());
        assert!(resolve(1.0).unwrap_err().to_string().contains("a value from 0 to below 1"));
    }

    #[test]
    fn defaults_are_those_of_a_run_without_a_preset() {
        let default = |name: &str| SETTINGS.iter().find(|entry| entry.name == name).unwrap().default_value().unwrap();
        assert_eq!(default("train.epochs").unwrap(), Config::default().train.epochs.to_string());
        assert_eq!(default("model").unwrap(), "\"resnet_se_small\"");
        assert_eq!(default("train.reduce_on_plateau.factor"), None);
    }
}
