//! How an image differs from those the detector learned from: in resolution, and in what the detector
//! sees in it. Neither changes the probability.

use serde::Serialize;

use crate::out_of_distribution::Unlikeness;
use crate::predict::Predictor;

/// Pixels of the image for one of the detector's input, below which enlarging has made most of what the
/// detector sees.
pub const ENLARGED_BELOW: f64 = 0.8;
/// The same, above which shrinking has averaged the traces of single pixels away.
pub const REDUCED_ABOVE: f64 = 2.0;

/// What was done to an image to fit the detector's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// Little: it has about the size of the training images.
    Fits,
    /// It has fewer pixels, and was enlarged.
    Enlarged,
    /// It has many more pixels, and was brought down.
    Reduced,
}

/// How an image differs from the training images. The field names are stable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unlike {
    /// Pixels of the shorter side for one of the detector's input.
    pub scale: f64,
    /// What that means.
    pub resolution: Resolution,
    /// What the detectors see in it, where statistics of their training images are known.
    pub content: Option<Content>,
}

/// How far an image is from the training images.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Content {
    /// What the detectors that can tell agree on, by weight: at least half of it says so.
    pub judged: Unlikeness,
    /// Each member's score, see [`OutOfDistribution::score`](crate::out_of_distribution::OutOfDistribution::score);
    /// none for one without statistics.
    pub scores: Vec<Option<f64>>,
}

impl Unlike {
    /// An image of `size` whose content scored `scores`, one a member.
    #[must_use]
    pub fn new(size: [usize; 2], predictor: &Predictor, scores: Vec<Option<f64>>) -> Self {
        let votes: Vec<(f64, Unlikeness)> = predictor
            .members()
            .iter()
            .zip(&scores)
            .filter_map(|(member, score)| Some((member.weight, member.out_of_distribution.as_ref()?.judge((*score)?))))
            .collect();
        let scale = size[0].min(size[1]) as f64 / predictor.input_size() as f64;
        let content = agreed(&votes).map(|judged| Content { judged, scores });
        Self { scale, resolution: resolution(scale), content }
    }

    /// Whether there is something to warn of.
    #[must_use]
    pub fn warns(&self) -> bool {
        self.resolution != Resolution::Fits
            || self.content.as_ref().is_some_and(|content| content.judged != Unlikeness::Alike)
    }
}

fn resolution(scale: f64) -> Resolution {
    if scale < ENLARGED_BELOW {
        Resolution::Enlarged
    } else if scale > REDUCED_ABOVE {
        Resolution::Reduced
    } else {
        Resolution::Fits
    }
}

/// The greatest unlikeness that at least half of the weight reaches, of those whose weight is above 0; none without any.
fn agreed(votes: &[(f64, Unlikeness)]) -> Option<Unlikeness> {
    let votes = || votes.iter().filter(|(weight, _)| *weight > 0.0);
    let total: f64 = votes().map(|(weight, _)| weight).sum();
    let reached = |least: Unlikeness| votes().filter(|(_, vote)| *vote >= least).map(|(weight, _)| weight).sum::<f64>();
    (total > 0.0).then(|| {
        let levels = [Unlikeness::Far, Unlikeness::Unlike];
        levels.into_iter().find(|&level| 2.0 * reached(level) >= total).unwrap_or(Unlikeness::Alike)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_weight_decides_what_is_unlike() {
        use Unlikeness::{Alike, Far, Unlike};
        assert_eq!(agreed(&[]), None);
        assert_eq!(agreed(&[(0.0, Far), (-0.5, Unlike)]), None, "who can tell has no say");
        assert_eq!(agreed(&[(0.0, Far), (1.0, Alike)]), Some(Alike));
        assert_eq!(agreed(&[(1.0, Far)]), Some(Far));
        assert_eq!(agreed(&[(0.4, Far), (0.6, Alike)]), Some(Alike));
        assert_eq!(agreed(&[(0.4, Far), (0.3, Unlike), (0.3, Alike)]), Some(Unlike));
    }

    #[test]
    fn the_scale_says_what_resizing_did() {
        assert_eq!([0.5, 1.0, 2.0, 8.0].map(resolution), {
            use Resolution::{Enlarged, Fits, Reduced};
            [Enlarged, Fits, Fits, Reduced]
        });
    }
}
