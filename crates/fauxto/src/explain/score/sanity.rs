//! The model parameter randomisation test (Adebayo et al. 2018, "Sanity Checks for Saliency Maps",
//! arXiv 1810.03292, section 4): an explanation of a detector must change when the detector is taken
//! away. Weights are redrawn from the output backwards (cascading randomisation), and maps before and
//! after compared by Spearman's rank correlation, without absolute values.
//!
//! The paper judges by looking at the correlations; here an explainer passes if, with every weight
//! redrawn, the interval of the mean correlation ends below [`CHANGED_BELOW`]. An edge detector, which
//! ignores the weights, keeps a correlation of 1; so does the random map, which has no business passing.

use rand::RngExt;

use super::super::{Case, Explainer, Map};
use super::ranking::spearman;
use super::summary::Summary;

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

/// Whether correlations with every weight redrawn say that the explainer looks at the detector.
#[must_use]
pub fn passes(correlation: &Summary) -> bool {
    correlation.interval.map_or(correlation.mean, |[_, high]| high) < CHANGED_BELOW
}
