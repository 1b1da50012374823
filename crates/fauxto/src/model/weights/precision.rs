//! How values are kept in a file.

use crate::{Error, Result};

/// How the weights of convolutions and dense layers are kept in a file. Computation is in `f32` whatever
/// the file holds, so a smaller file loads faster and judges as fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: exact.
    F32,
    /// 16 bits, rounded to nearest: half the size.
    F16,
    /// 8 bits with a scale for each output channel: a quarter of the size. What is no weight of a
    /// convolution or dense layer (biases, normalisation) stays `f32`.
    Int8,
}

impl Precision {
    /// Every precision, largest first.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Int8];

    /// Its name in commands and in the metadata of files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }

    /// What it does to weights, in a line.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::F32 => "32-bit floating point, exact",
            Self::F16 => "16-bit floating point, rounded to nearest",
            Self::Int8 => "weights as 8-bit integers, symmetric per output channel, with f32 scales; the rest f32",
        }
    }

    /// The precision called `name`.
    ///
    /// # Errors
    /// If there is none, naming those there are.
    pub fn find(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|precision| precision.name() == name).ok_or_else(|| Error::Setting {
            setting: "precision".into(),
            found: format!("`{name}`"),
            expected: format!("one of {}", Self::ALL.map(Self::name).join(", ")),
        })
    }
}
