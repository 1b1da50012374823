//! How far an attack may go.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

/// The radius of the ball in which an attack may move an image, in units of pixels in `0..=1`: finite
/// and not negative. Read from `.03` or `8/255` and written as it was given.
#[derive(Clone, Debug)]
pub struct Epsilon {
    value: f64,
    text: String,
}

impl Epsilon {
    /// The radius.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.value
    }
}

impl FromStr for Epsilon {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let number = |part: &str| part.trim().parse::<f64>().ok();
        let value = match text.split_once('/') {
            Some((numerator, denominator)) => number(numerator)
                .zip(number(denominator).filter(|below| *below > 0.0))
                .map(|(above, below)| above / below),
            None => number(text),
        };
        match value.filter(|value| value.is_finite() && *value >= 0.0) {
            // `-0` is not negative, but prints as if it were.
            Some(value) => Ok(Self { value: value.abs(), text: text.to_owned() }),
            None => Err(Error::Setting {
                setting: "epsilon".into(),
                found: format!("`{text}`"),
                expected: "a number that is not negative, as in `.03` or `8/255`".into(),
            }),
        }
    }
}

impl Display for Epsilon {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Two ways of writing one radius are equal.
impl PartialEq for Epsilon {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Serialize for Epsilon {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Epsilon {
    /// From a string as above, or from a number.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(number) => number.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Epsilon;

    #[test]
    fn fractions_and_decimals_are_read_and_written_as_given() {
        for (text, value) in
            [(".03", 0.03), ("8/255", 8.0 / 255.0), ("0", 0.0), ("1e-3", 0.001), ("0.5/255", 0.5 / 255.0)]
        {
            let epsilon: Epsilon = text.parse().unwrap();
            assert_eq!((epsilon.value(), epsilon.to_string().as_str()), (value, text));
            let written = serde_json::to_string(&epsilon).unwrap();
            assert_eq!(serde_json::from_str::<Epsilon>(&written).unwrap(), epsilon);
        }
        assert_eq!(serde_json::from_str::<Epsilon>("0.25").unwrap().value(), 0.25);
        for text in ["", "8/", "/255", "8/0", "-1/255", "1/-2", "nan", "inf", "inf/inf", "1/2/3", "eight"] {
            let message = text.parse::<Epsilon>().unwrap_err().to_string();
            assert!(message.contains("8/255") && message.contains(text), "{message}");
        }
    }
}
