//! How strongly to corrupt: the five steps of CIFAR-10-C.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::{Error, Result};

/// A severity from 1, the mildest, to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Severity(u8);

impl Severity {
    /// All five, from the mildest on.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The severity called `number`.
    ///
    /// # Errors
    /// `number` is not in `1..=5`.
    pub fn new(number: u8) -> Result<Self> {
        Self::ALL.into_iter().find(|severity| severity.0 == number).ok_or_else(|| refuse(&number.to_string()))
    }

    /// Its number, in `1..=5`.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }

    /// The parameters of this severity in a table of all five.
    pub(super) fn of<T: Copy>(self, table: &[T; 5]) -> T {
        table[usize::from(self.0) - 1]
    }
}

impl FromStr for Severity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map_err(|_| refuse(text)).and_then(Self::new)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

fn refuse(found: &str) -> Error {
    Error::Setting {
        setting: "severity".into(),
        found: format!("`{found}`"),
        expected: "a whole number from 1 (mild) to 5".into(),
    }
}
