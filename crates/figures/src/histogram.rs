//! The vertical axis of a histogram, linear or logarithmic.

use crate::number::{round_up, thousands, whole_ticks};
use crate::panel::Axis;

/// How counts become heights. A good detector puts nearly all images into the outermost bins;
/// there the axis is logarithmic, or its mistakes would be invisible.
pub(crate) enum Height {
    Linear,
    Logarithmic,
}

impl Height {
    /// For counts of at most `most`, at least 1.
    pub(crate) fn new(most: u64, real: &[u64], fake: &[u64]) -> Self {
        let mut filled: Vec<u64> = real.iter().chain(fake).copied().filter(|&count| count > 0).collect();
        filled.sort_unstable();
        let median = filled.get(filled.len() / 2).copied().unwrap_or(most);
        if most > 30 * median { Self::Logarithmic } else { Self::Linear }
    }

    /// The height of a count.
    pub(crate) fn of(&self, count: u64) -> f64 {
        match self {
            Self::Linear => count as f64,
            Self::Logarithmic if count == 0 => self.floor(),
            Self::Logarithmic => (count as f64).log10(),
        }
    }

    /// Where no image is; on the logarithmic axis below one image.
    pub(crate) fn floor(&self) -> f64 {
        match self {
            Self::Linear => 0.0,
            Self::Logarithmic => -0.3,
        }
    }

    /// The axis up to `most`.
    pub(crate) fn axis(&self, most: u64) -> Axis {
        let low = self.floor();
        match self {
            Self::Linear => {
                let high = round_up(most as f64).max(2.0);
                let ticks = whole_ticks(0, high as u64, 5);
                Axis { low, high, ticks, title: "images in a bin".into() }
            }
            Self::Logarithmic => {
                let high = self.of(most) + 0.1;
                let powers = (0..=high.floor() as u32).map(|power| (f64::from(power), thousands(10_u64.pow(power))));
                Axis { low, high, ticks: powers.collect(), title: "images in a bin (log scale)".into() }
            }
        }
    }
}
