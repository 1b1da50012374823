//! The parameters that a preset gives an augmentation.

use crate::{Error, Result};

/// The parameters of one step of a preset, taken out one by one so that what remains is unknown.
#[derive(Debug)]
pub struct Parameters {
    setting: String,
    values: toml::Table,
}

impl Parameters {
    /// `setting` names the step in complaints, as in `train.augment rotation`.
    pub(super) fn new(setting: String, values: toml::Table) -> Self {
        Self { setting, values }
    }

    /// Takes the number called `name`, which must lie in `low..=high`.
    ///
    /// # Errors
    /// If it is missing, not a number, or out of range.
    pub fn number(&mut self, name: &str, low: f64, high: f64) -> Result<f64> {
        let found = self.values.remove(name);
        let number = found.as_ref().and_then(as_number).filter(|number| (low..=high).contains(number));
        number.ok_or_else(|| self.refuse(name, found, format!("a number from {low} to {high}")))
    }

    /// Takes the number called `name`, which must lie in `low..=high`, if it is there.
    ///
    /// # Errors
    /// If it is not a number or out of range.
    pub fn optional_number(&mut self, name: &str, low: f64, high: f64) -> Result<Option<f64>> {
        if self.values.contains_key(name) { self.number(name, low, high).map(Some) } else { Ok(None) }
    }

    /// Takes the interval called `name`, written `[least, most]`, which must lie within `low..=high`.
    ///
    /// # Errors
    /// If it is missing, not two numbers in ascending order, or out of range.
    pub fn interval(&mut self, name: &str, low: f64, high: f64) -> Result<[f64; 2]> {
        let found = self.values.remove(name);
        let bounds: Option<Vec<f64>> =
            found.as_ref().and_then(toml::Value::as_array).and_then(|bounds| bounds.iter().map(as_number).collect());
        match bounds.as_deref() {
            Some(&[least, most]) if low <= least && least <= most && most <= high => Ok([least, most]),
            _ => Err(self.refuse(name, found, format!("two ascending numbers [least, most] from {low} to {high}"))),
        }
    }

    /// Takes the interval called `name`, or `default` where the preset gives none.
    ///
    /// # Errors
    /// If it is not two numbers in ascending order, or out of range.
    pub fn interval_or(&mut self, name: &str, low: f64, high: f64, default: [f64; 2]) -> Result<[f64; 2]> {
        if self.values.contains_key(name) { self.interval(name, low, high) } else { Ok(default) }
    }

    /// Takes the interval of whole numbers called `name`.
    ///
    /// # Errors
    /// As for [`Parameters::interval`], or the bounds are no whole numbers.
    pub fn whole_interval(&mut self, name: &str, low: u8, high: u8) -> Result<[u8; 2]> {
        let found = self.values.get(name).cloned();
        let bounds = self.interval(name, f64::from(low), f64::from(high))?;
        if bounds.iter().any(|bound| bound.fract() != 0.0) {
            return Err(self.refuse(name, found, format!("two whole numbers from {low} to {high}")));
        }
        Ok(bounds.map(|bound| bound as u8))
    }

    pub(super) fn finish(self, listing: &str) -> Result<()> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(Error::Setting {
                setting: format!("{}.{unknown}", self.setting),
                found: "a parameter it does not have".into(),
                expected: format!("only the parameters that `fauxto list {listing}` names"),
            }),
        }
    }

    fn refuse(&self, name: &str, found: Option<toml::Value>, expected: String) -> Error {
        Error::Setting {
            setting: format!("{}.{name}", self.setting),
            found: found.map_or_else(|| "nothing".into(), |value| value.to_string()),
            expected,
        }
    }
}

fn as_number(value: &toml::Value) -> Option<f64> {
    match value {
        toml::Value::Float(number) => Some(*number),
        toml::Value::Integer(number) => Some(*number as f64),
        _ => None,
    }
}
