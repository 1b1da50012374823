//! The kinds of made images.

use super::pseudo::{self, Recompose};
use super::upsampling::{NEAREST, SHUFFLE, TRANSPOSED, Upsampling};
use crate::{Error, Result};

/// A kind of made images.
#[derive(Debug)]
pub struct Kind {
    /// The name in commands.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Paper it follows.
    pub source: &'static str,
    pub(super) maker: Maker,
}

impl Kind {
    /// Whether a generator learns to make them, which takes steps.
    #[must_use]
    pub fn learns(&self) -> bool {
        matches!(self.maker, Maker::Network(_))
    }
}

/// What makes images.
#[derive(Clone, Copy, Debug)]
pub(super) enum Maker {
    /// A generator that learns.
    Network(Network),
    /// A rule.
    Pseudo(Recompose),
}

/// What a generator makes images from, and how it makes maps larger.
#[derive(Clone, Copy, Debug)]
pub(super) struct Network {
    pub(super) origin: Origin,
    pub(super) upsampling: &'static Upsampling,
}

/// What images are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Noise: what they show is invented, and so is how it looks.
    Noise,
    /// Photographs, squeezed to few numbers: what they show is real, and how it looks is invented.
    Photograph,
}

const AUTOENCODER: &str = "Larsen et al. 2016, arXiv 1512.09300; Isola et al. 2017, arXiv 1611.07004";

/// Every kind there is.
pub static KINDS: &[Kind] = &[
    Kind {
        name: "transposed",
        summary: "generator with transposed convolutions, 4x4 at stride 2",
        source: "Radford et al. 2016, arXiv 1511.06434",
        maker: Maker::Network(Network { origin: Origin::Noise, upsampling: &TRANSPOSED }),
    },
    Kind {
        name: "nearest",
        summary: "generator that repeats cells, then convolves",
        source: "Odena et al. 2016, Deconvolution and Checkerboard Artifacts",
        maker: Maker::Network(Network { origin: Origin::Noise, upsampling: &NEAREST }),
    },
    Kind {
        name: "shuffle",
        summary: "generator that convolves to four times the channels and lays them out as pixels",
        source: "Shi et al. 2016, arXiv 1609.05158",
        maker: Maker::Network(Network { origin: Origin::Noise, upsampling: &SHUFFLE }),
    },
    Kind {
        name: "autoencoder_transposed",
        summary: "autoencoder with an adversary; its decoder has transposed convolutions",
        source: AUTOENCODER,
        maker: Maker::Network(Network { origin: Origin::Photograph, upsampling: &TRANSPOSED }),
    },
    Kind {
        name: "autoencoder_nearest",
        summary: "autoencoder with an adversary; its decoder repeats cells, then convolves",
        source: AUTOENCODER,
        maker: Maker::Network(Network { origin: Origin::Photograph, upsampling: &NEAREST }),
    },
    Kind {
        name: "autoencoder_shuffle",
        summary: "autoencoder with an adversary; its decoder lays channels out as pixels",
        source: AUTOENCODER,
        maker: Maker::Network(Network { origin: Origin::Photograph, upsampling: &SHUFFLE }),
    },
    Kind {
        name: "blend",
        summary: "two photographs through a smooth mask",
        source: "Li et al. 2020, arXiv 1912.13458; Shiohara & Yamasaki 2022, arXiv 2204.08376",
        maker: Maker::Pseudo(pseudo::blend),
    },
    Kind {
        name: "warp",
        summary: "a photograph bent out of shape",
        source: "Li & Lyu 2019, arXiv 1811.00656",
        maker: Maker::Pseudo(pseudo::warp),
    },
    Kind {
        name: "rearrange",
        summary: "a photograph whose parts lie elsewhere in it",
        source: "Li et al. 2021, arXiv 2104.04015",
        maker: Maker::Pseudo(pseudo::rearrange),
    },
];

/// The kind called `name`.
///
/// # Errors
/// If there is none, naming those there are.
pub fn kind(name: &str) -> Result<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name).ok_or_else(|| Error::Setting {
        setting: "kind of made images".into(),
        found: format!("`{name}`"),
        expected: format!("one of {}", KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_are_refused_with_those_there_are() {
        assert!(
            kind("bicubic").unwrap_err().to_string().contains("transposed, nearest, shuffle, autoencoder_transposed")
        );
    }
}
