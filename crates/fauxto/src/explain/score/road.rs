//! ROAD, remove and debias (Rong et al. 2022, "A Consistent and Efficient Evaluation Strategy for
//! Attribution Methods", arXiv 2202.00449). Reference code: pytorch-grad-cam, `ROADCombined`.
//!
//! The most relevant pixels are imputed from the others, and in turn the least relevant: half of what
//! the second leaves of the class's probability beyond what the first leaves, averaged over the shares
//! .1, .2 ... .9 of the pixels. In `-.5..=.5`; 0 is what a random map gets.

use super::ScoreEntry;
use super::curve::probabilities;
use super::imputation::{NOISE, impute};
use super::ranking::ranking;
use crate::evaluate::Better;
use crate::explain::{Case, Map};
use crate::image::FloatImage;
use crate::model::Frozen;
use crate::random;

pub(super) const ENTRY: ScoreEntry = ScoreEntry {
    name: "road",
    title: "ROAD",
    summary: "probability lost with the most relevant pixels beyond that with the least relevant, imputed",
    source: "Rong et al. 2022, arXiv 2202.00449; pytorch-grad-cam",
    better: Better::Higher,
    measure: |frozen, case, map, seed| Ok(road(frozen, case, map, NOISE, seed)),
};

/// Percentiles of the map above which pixels are removed.
const PERCENTILES: [usize; 9] = [10, 20, 30, 40, 50, 60, 70, 80, 90];

/// The score with imputed pixels under normal noise of deviation `noise`.
#[must_use]
pub fn road(frozen: &Frozen, case: &Case, map: &Map, noise: f32, seed: u64) -> f64 {
    let most = ranking(map, seed, case.item);
    let least: Vec<usize> = most.iter().rev().copied().collect();
    let mut images: Vec<FloatImage> = Vec::new();
    for percentile in PERCENTILES {
        // NumPy's percentile of distinct values leaves as many below it.
        let kept = ((most.len() - 1) * percentile).div_ceil(100);
        for (direction, order) in [&most, &least].into_iter().enumerate() {
            let address = [case.item, percentile as u64, direction as u64];
            let mut stream = random::stream(seed, "road", &address);
            images.push(impute(&case.image, &order[..order.len() - kept], noise, &mut stream));
        }
    }
    let left = probabilities(frozen, &images, case.class);
    let differences = left.as_chunks::<2>().0.iter().map(|[most, least]| least - most);
    differences.sum::<f64>() / (2 * PERCENTILES.len()) as f64
}
