//! What a network tells apart.

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

    /// The names of both, as written in checkpoints.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RealFake => "real,fake",
            Self::PristineDegraded => "pristine,degraded",
        }
    }
}

impl std::fmt::Display for Classes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name())
    }
}
