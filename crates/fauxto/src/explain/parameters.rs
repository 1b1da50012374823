//! The numbers an explainer can be given, declared once for defaults, checks and lists.

use crate::{Error, Result};

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct ParameterEntry {
    /// Its name.
    pub name: &'static str,
    /// What it is, with its unit, in a line.
    pub summary: &'static str,
    /// Its value where none is given.
    pub default: f64,
    /// The least and the greatest value allowed.
    pub range: (f64, f64),
    /// Whether it counts something.
    pub whole: bool,
}

/// The parameters of one explainer, each within its range.
#[derive(Clone, Debug)]
pub struct Parameters {
    of: &'static str,
    entries: &'static [ParameterEntry],
    values: Vec<f64>,
}

impl Parameters {
    pub(super) fn new(of: &'static str, entries: &'static [ParameterEntry]) -> Self {
        Self { of, entries, values: entries.iter().map(|entry| entry.default).collect() }
    }

    /// Sets the parameter called `name`.
    ///
    /// # Errors
    /// If there is none of that name, or `value` is not allowed.
    pub fn set(&mut self, name: &str, value: f64) -> Result<()> {
        let setting = format!("{}.{name}", self.of);
        let Some(position) = self.entries.iter().position(|entry| entry.name == name) else {
            let names: Vec<&str> = self.entries.iter().map(|entry| entry.name).collect();
            let expected =
                if names.is_empty() { "no parameter".into() } else { format!("one of {}", names.join(", ")) };
            return Err(Error::Setting { setting, found: "a parameter it does not have".into(), expected });
        };
        let ParameterEntry { range: (low, high), whole, .. } = self.entries[position];
        if !(low..=high).contains(&value) || (whole && value.fract() != 0.0) {
            let kind = if whole { "a whole number" } else { "a number" };
            let expected = format!("{kind} from {low} to {high}");
            return Err(Error::Setting { setting, found: value.to_string(), expected });
        }
        self.values[position] = value;
        Ok(())
    }

    /// The value of the parameter called `name`, which the explainer's entry declares.
    pub(super) fn number(&self, name: &str) -> f64 {
        let position = self.entries.iter().position(|entry| entry.name == name);
        self.values[position.expect("builders ask for declared parameters only")]
    }

    /// The same, as a count.
    pub(super) fn whole(&self, name: &str) -> usize {
        self.number(name) as usize
    }
}
