//! The model parameter randomisation test (Adebayo et al. 2018, "Sanity Checks for Saliency Maps",
//! arXiv 1810.03292, section 4): an explanation of a detector must change when the detector is taken
//! away. Weights are redrawn from the output backwards (cascading randomisation), and maps before and
//! after compared by Spearman's rank correlation, without absolute values.
//!
//! The paper judges by looking at the correlations; here an explainer looks at the detector if, with every
//! weight redrawn, the interval of the mean correlation lies below [`CHANGED_BELOW`], and ignores it if it
//! lies above. An edge detector keeps a correlation of 1; so does the random map, which has no business
//! passing.

use rand::RngExt;
use serde::Serialize;

use super::ranking::spearman;
use super::summary::Summary;
use crate::explain::{Case, Explainer, Map};

use crate::model::{Detector, Frozen};
use crate::{Result, random};

/// Half the rank order kept is no longer the same explanation.
pub const CHANGED_BELOW: f64 = 0.5;

/// `frozen` with the last `share`, in `0..=1`, of its parameter tensors redrawn by `seed`, as its
/// architecture draws them, statistics included.
#[must_use]
pub fn randomised(frozen: &Frozen, share: f64, seed: u64) -> Frozen {
    let trained = frozen.detector();
    // The run's own seed would give the weights that training started from.
    let seed = random::stream(seed, "redrawn weights", &[]).random();
    let mut detector = Detector::new(trained.entry, trained.input_size, seed, trained.device());
    detector.normalisation = trained.normalisation;
    detector.test_time_flip = trained.test_time_flip;
    let mut kept = Vec::new();
    trained.network.visit(&mut |parameter| kept.push(parameter.tensor));
    kept.truncate(kept.len() - (share.clamp(0.0, 1.0) * kept.len() as f64).round() as usize);
    let mut kept = kept.into_iter();
    detector.network.replace(&mut |fresh| kept.next().unwrap_or(fresh.tensor));
    detector.freeze()
}

/// The rank correlation of each of `maps`, which `explainer` made of `frozen` for `cases` with `seed`,
/// with the one it makes once the last `share` of the detector's weights is redrawn.
///
/// # Errors
/// If the explainer fails on the redrawn detector.
pub fn correlations(
    explainer: &dyn Explainer,
    frozen: &Frozen,
    cases: &[Case],
    maps: &[Map],
    share: f64,
    seed: u64,
) -> Result<Vec<f64>> {
    let after = explainer.explain(&randomised(frozen, share, seed), cases, seed)?;
    Ok(maps.iter().zip(&after).map(|(before, after)| spearman(&before.values, &after.values)).collect())
}

/// What correlations with every weight redrawn say of an explainer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SanityVerdict {
    /// Its maps change with the weights.
    LooksAtTheDetector,
    /// Its maps stay what they are.
    IgnoresTheDetector,
    /// Too few images to say.
    Unclear,
}

/// The verdict on a mean correlation; that of a single image is taken as it is.
#[must_use]
pub fn verdict(correlation: &Summary) -> SanityVerdict {
    let [low, high] = correlation.interval.unwrap_or([correlation.mean; 2]);
    if high < CHANGED_BELOW {
        SanityVerdict::LooksAtTheDetector
    } else if low >= CHANGED_BELOW {
        SanityVerdict::IgnoresTheDetector
    } else {
        SanityVerdict::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_needs_the_whole_interval_on_one_side() {
        let of = |interval| verdict(&Summary { n: 9, mean: 0.45, interval });
        assert_eq!(of(Some([0.3, 0.49])), SanityVerdict::LooksAtTheDetector);
        assert_eq!(of(Some([0.5, 0.7])), SanityVerdict::IgnoresTheDetector);
        assert_eq!(of(Some([0.3, 0.6])), SanityVerdict::Unclear);
        assert_eq!(of(None), SanityVerdict::LooksAtTheDetector);
    }
}
