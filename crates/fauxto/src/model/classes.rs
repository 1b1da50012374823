//! What a network tells apart.

use crate::Label;

/// The two classes of a network, in the order of its logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Classes {
    /// Camera photographs and generated images: a detector.
    #[default]
    RealFake,
    /// Images as they were made and images degraded since, whether photographs or generated: the gate of an ensemble.
    PristineDegraded,
}

impl Classes {
    /// Every pair.
    pub const ALL: [Self; 2] = [Self::RealFake, Self::PristineDegraded];

    /// The names of both.
    #[must_use]
    pub fn names(self) -> [&'static str; 2] {
        match self {
            Self::RealFake => Label::ALL.map(Label::name),
            Self::PristineDegraded => ["pristine", "degraded"],
        }
    }
}

impl std::fmt::Display for Classes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.names().join(","))
    }
}
