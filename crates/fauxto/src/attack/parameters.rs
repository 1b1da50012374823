//! The parameters of one attack, read with their defaults.

use crate::{Error, Result};

/// The parameters given for one attack, taken out one by one so that what remains is unknown.
#[derive(Debug)]
pub struct Parameters {
    of: &'static str,
    values: toml::Table,
}

impl Parameters {
    pub(super) fn new(of: &'static str, values: toml::Table) -> Self {
        Self { of, values }
    }

    /// Takes the number called `name`, which must lie in `low..=high`; `default` where it is not given.
    ///
    /// # Errors
    /// If it is not a number, or out of range.
    pub fn number(&mut self, name: &str, default: f64, [low, high]: [f64; 2]) -> Result<f64> {
        let Some(value) = self.values.remove(name) else { return Ok(default) };
        let number = match value {
            toml::Value::Float(number) => Some(number),
            toml::Value::Integer(number) => Some(number as f64),
            _ => None,
        };
        number
            .filter(|number| (low..=high).contains(number))
            .ok_or_else(|| self.refuse(name, &value.to_string(), format!("a number from {low} to {high}")))
    }

    /// Takes the whole number called `name`, which must lie in `1..=high`; `default` where it is not given.
    ///
    /// # Errors
    /// If it is not a whole number, or out of range.
    pub fn count(&mut self, name: &str, default: usize, high: usize) -> Result<usize> {
        let Some(value) = self.values.remove(name) else { return Ok(default) };
        let number = value.as_integer().and_then(|number| usize::try_from(number).ok());
        number
            .filter(|number| (1..=high).contains(number))
            .ok_or_else(|| self.refuse(name, &value.to_string(), format!("a whole number from 1 to {high}")))
    }

    /// Takes the switch called `name`; `default` where it is not given.
    ///
    /// # Errors
    /// If it is neither `true` nor `false`.
    pub fn switch(&mut self, name: &str, default: bool) -> Result<bool> {
        let Some(value) = self.values.remove(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| self.refuse(name, &value.to_string(), "true or false".into()))
    }

    pub(super) fn finish(self) -> Result<()> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(unknown) => Err(self.refuse(
                unknown,
                "a parameter it does not have",
                "only the parameters that `fauxto list attacks` names".into(),
            )),
        }
    }

    fn refuse(&self, name: &str, found: &str, expected: String) -> Error {
        Error::Setting { setting: format!("attack {}.{name}", self.of), found: found.to_owned(), expected }
    }
}
