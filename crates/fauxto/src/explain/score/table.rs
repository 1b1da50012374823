//! Every score of several explainers on the same images.

use std::time::Instant;

use serde::Serialize;

use super::sanity::SanityVerdict;
use super::{SCORES, Summary, sanity};
use crate::evaluate::Better;
use crate::explain::{Case, Explainer, Map, NULL_BASELINE, explainer};
use crate::model::Frozen;
use crate::{Result, random};

/// One explainer's scores. The field names are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The explainer.
    pub explainer: String,
    /// Mean time to explain an image, in seconds.
    pub seconds_per_image: f64,
    /// One for each of [`SCORES`].
    pub scores: Vec<ScoreValue>,
    /// Rank correlation with the map of the same detector with all weights redrawn.
    pub randomised_correlation: Summary,
    /// What that correlation says of the explainer.
    pub sanity: SanityVerdict,
}

/// One score of one explainer. The field names are stable.
#[derive(Clone, Debug, Serialize)]
pub struct ScoreValue {
    /// The score.
    pub name: &'static str,
    /// Its mean over the images.
    pub value: Summary,
    /// How much better than the random map on the same images; above 0 is better, whatever the score's
    /// own direction.
    pub gain_over_random: Summary,
}

/// The rows of `explainers`, named, on `cases`, of which there is at least one; calls `progress` with the
/// number of explainers done.
///
/// # Errors
/// If an explainer or a score fails.
pub fn table(
    frozen: &Frozen,
    explainers: &[(String, Box<dyn Explainer>)],
    cases: &[Case],
    seed: u64,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<Row>> {
    let null = explainer(NULL_BASELINE)?;
    let random = (null.build)(&null.defaults()).explain(frozen, cases, seed)?;
    let baseline = measure(frozen, cases, &random, seed)?;
    let mut rows = Vec::with_capacity(explainers.len());
    for (name, explainer) in explainers {
        let start = Instant::now();
        let maps = explainer.explain(frozen, cases, seed)?;
        let seconds = start.elapsed().as_secs_f64();
        let measured = measure(frozen, cases, &maps, seed)?;
        let scores = SCORES.iter().zip(measured.iter().zip(&baseline)).filter_map(|(score, (own, random))| {
            let sign = if score.better == Better::Higher { 1.0 } else { -1.0 };
            // Adding 0 leaves no negative zero.
            let gains: Vec<f64> = own.iter().zip(random).map(|(own, random)| sign * (own - random) + 0.0).collect();
            Some(ScoreValue { name: score.name, value: Summary::of(own)?, gain_over_random: Summary::of(&gains)? })
        });
        let correlations = sanity::correlations(explainer.as_ref(), frozen, cases, &maps, 1.0, seed)?;
        let Some(correlation) = Summary::of(&correlations) else { continue };
        rows.push(Row {
            explainer: name.clone(),
            seconds_per_image: seconds / cases.len() as f64,
            scores: scores.collect(),
            randomised_correlation: correlation,
            sanity: sanity::verdict(&correlation),
        });
        progress(rows.len());
    }
    Ok(rows)
}

/// At most `limit` of the positions `0..count`, drawn by `seed`, in ascending order.
#[must_use]
pub fn drawn(count: usize, limit: usize, seed: u64) -> Vec<usize> {
    let mut stream = random::stream(seed, "scored images", &[]);
    let mut positions = rand::seq::index::sample(&mut stream, count, limit.min(count)).into_vec();
    positions.sort_unstable();
    positions
}

/// For each of [`SCORES`], its value for each case.
fn measure(frozen: &Frozen, cases: &[Case], maps: &[Map], seed: u64) -> Result<Vec<Vec<f64>>> {
    let of_score = |score: &super::ScoreEntry| {
        cases.iter().zip(maps).map(|(case, map)| (score.measure)(frozen, case, map, seed)).collect()
    };
    SCORES.iter().map(of_score).collect()
}
