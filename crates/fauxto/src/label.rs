//! The two classes and their fixed order.

use serde::{Deserialize, Serialize};

/// What an image is. The discriminant is the class index in logits and in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Label {
    /// A camera photograph.
    Real = 0,
    /// A generated image.
    Fake = 1,
}

impl Label {
    /// Both classes in class-index order.
    pub const ALL: [Self; 2] = [Self::Real, Self::Fake];

    /// The class index: real 0, fake 1.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The class's name as written in files: `real` or `fake`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Fake => "fake",
        }
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
