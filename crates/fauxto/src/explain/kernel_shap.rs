//! Kernel SHAP (Lundberg & Lee 2017, "A Unified Approach to Interpreting Model Predictions", arXiv
//! 1705.07874). Reference code: the authors' `shap` package, `explainers/_kernel.py`.
//!
//! Shapley values of an image's segments, where a hidden segment shows its mean colour: the weighted
//! regression of the evidence on coalitions of segments with the Shapley kernel (theorem 2). As in the
//! package: coalitions of the smallest and largest sizes are enumerated as long as the samples reach,
//! the rest are drawn by the kernel's weights together with their complements, and the constraint that
//! the values sum to the whole is met by eliminating the last segment. Departures: no selection of
//! features; log-odds, which add up; `samples` counts those beyond two a segment, as the package's
//! default does.
//!
//! Each segment's value is spread evenly over its pixels, so that the map sums to the evidence of the
//! image less that of its flattened twin.

use std::collections::HashMap;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::conjugate_gradient::least_squares;
use super::lime::SEGMENTS;
use super::masking::evidence_of_masks;
use super::segments::segment;
use super::{Case, Explainer, ExplainerEntry, Map, MapKind, ParameterEntry};
use crate::model::Frozen;
use crate::{Result, random};

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "kernel_shap",
    summary: "Shapley values of segments, by regression over coalitions",
    source: "Lundberg & Lee 2017, arXiv 1705.07874; shap",
    parameters: &[
        SEGMENTS,
        ParameterEntry {
            name: "samples",
            summary: "coalitions judged, besides two for each segment",
            default: 2048.0,
            range: (0.0, 1_000_000.0),
            whole: true,
        },
    ],
    build: |parameters| {
        Box::new(KernelShap { segments: parameters.whole("segments"), samples: parameters.whole("samples") })
    },
};

#[derive(Debug)]
struct KernelShap {
    segments: usize,
    samples: usize,
}

impl Explainer for KernelShap {
    fn maps(&self, frozen: &Frozen, cases: &[Case], seed: u64) -> Result<Vec<Map>> {
        Ok(cases.iter().map(|case| self.map(frozen, case, seed)).collect())
    }
}

impl KernelShap {
    fn map(&self, frozen: &Frozen, case: &Case, seed: u64) -> Map {
        let segments = segment(&case.image, self.segments);
        let count = segments.count();
        let mut stream = random::stream(seed, "kernel shap", &[case.item]);
        let coalitions = coalitions(count, 2 * count + self.samples, &mut stream);
        let mut masks = vec![vec![false; count], vec![true; count]];
        masks.extend(coalitions.iter().map(|coalition| coalition.mask.clone()));
        let hidden = segments.flattened(&case.image);
        let evidence = evidence_of_masks(frozen, case, &segments, &hidden, &masks);
        let values = shapley_values(&coalitions, &evidence[2..], [evidence[0], evidence[1]]);
        let sizes = segments.sizes();
        let values = segments.of_pixels().iter().map(|&segment| (values[segment] / sizes[segment] as f64) as f32);
        Map { width: case.image.width, height: case.image.height, kind: MapKind::Signed, values: values.collect() }
    }
}

/// Some segments together.
#[derive(Clone, Debug, PartialEq)]
pub struct Coalition {
    /// Which segments are shown, `[segment]`; neither none nor all.
    pub mask: Vec<bool>,
    /// What it counts in the regression.
    pub weight: f64,
}

/// At most `samples` coalitions of `segments` segments, weighted by the Shapley kernel: complete sizes
/// first, from the outermost inwards, then pairs of complements drawn from `stream`.
#[must_use]
pub fn coalitions(segments: usize, samples: usize, stream: &mut ChaCha8Rng) -> Vec<Coalition> {
    if segments < 2 {
        return Vec::new();
    }
    let proper = if segments <= 30 { (1 << segments) - 2 } else { usize::MAX };
    let samples = samples.min(proper);
    // Sizes s and n - s go together; an even number's middle size is its own partner.
    let (sizes, paired) = (segments / 2, (segments - 1) / 2);
    let mut weights: Vec<f64> = (1..=sizes)
        .map(|size| {
            let both = if size <= paired { 2.0 } else { 1.0 };
            both * (segments - 1) as f64 / (size * (segments - size)) as f64
        })
        .collect();
    let total: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= total);

    let mut found = Vec::new();
    let (mut complete, mut left, mut weight_left) = (0, samples as f64, 1.0);
    for size in 1..=sizes {
        let both = if size <= paired { 2.0 } else { 1.0 };
        let number = both * choose(segments, size);
        if left * weights[size - 1] / weight_left / number < 1.0 - 1e-8 {
            break;
        }
        enumerate(segments, size, &mut |mask| {
            let weight = weights[size - 1] / number;
            found.push(Coalition { mask: mask.to_vec(), weight });
            if size <= paired {
                found.push(Coalition { mask: complement(mask), weight });
            }
        });
        complete += 1;
        left -= number;
        weight_left -= weights[size - 1];
    }
    if complete < sizes {
        let drawn = draw(segments, complete, samples - found.len(), &weights, stream);
        let total: f64 = drawn.iter().map(|coalition| coalition.weight).sum();
        let weight_left: f64 = weights[complete..].iter().sum();
        found.extend(
            drawn
                .into_iter()
                .map(|Coalition { mask, weight }| Coalition { mask, weight: weight * weight_left / total }),
        );
    }
    found
}

/// `samples` different coalitions of the sizes beyond the first `complete`, each with the number of times
/// it came up.
fn draw(segments: usize, complete: usize, samples: usize, weights: &[f64], stream: &mut ChaCha8Rng) -> Vec<Coalition> {
    let paired = (segments - 1) / 2;
    // A paired size is drawn once for two coalitions.
    let shares: Vec<f64> = weights
        .iter()
        .enumerate()
        .skip(complete)
        .map(|(index, weight)| if index < paired { weight / 2.0 } else { *weight })
        .collect();
    let total: f64 = shares.iter().sum();
    let mut found: Vec<Coalition> = Vec::new();
    let mut positions: HashMap<Vec<bool>, usize> = HashMap::new();
    let mut order: Vec<usize> = (0..segments).collect();
    // Late draws mostly repeat; the package stops after as many.
    for _ in 0..4 * samples {
        if found.len() >= samples {
            break;
        }
        let mut remaining = stream.random_range(0.0..1.0) * total;
        let drawn = shares.iter().position(|share| {
            remaining -= share;
            remaining < 0.0
        });
        let size = complete + 1 + drawn.unwrap_or(shares.len() - 1);
        order.shuffle(stream);
        let mut mask = vec![false; segments];
        order[..size].iter().for_each(|&segment| mask[segment] = true);
        let masks = if size <= paired { vec![complement(&mask), mask] } else { vec![mask] };
        for mask in masks.into_iter().rev() {
            match positions.get(&mask) {
                Some(&position) => found[position].weight += 1.0,
                None if found.len() < samples => {
                    positions.insert(mask.clone(), found.len());
                    found.push(Coalition { mask, weight: 1.0 });
                }
                None => {}
            }
        }
    }
    found
}

fn complement(mask: &[bool]) -> Vec<bool> {
    mask.iter().map(|shown| !shown).collect()
}

fn choose(n: usize, k: usize) -> f64 {
    (0..k).map(|index| (n - index) as f64 / (k - index) as f64).product()
}

/// Calls `visit` with every mask of `size` out of `n`, in lexicographic order.
fn enumerate(n: usize, size: usize, visit: &mut dyn FnMut(&[bool])) {
    let mut members: Vec<usize> = (0..size).collect();
    loop {
        let mut mask = vec![false; n];
        members.iter().for_each(|&member| mask[member] = true);
        visit(&mask);
        let Some(moving) = (0..size).rev().find(|&index| members[index] + size < n + index) else { return };
        members[moving] += 1;
        for index in moving + 1..size {
            members[index] = members[index - 1] + 1;
        }
    }
}

/// The values `[segment]` that sum to `whole - none` and otherwise fit `evidence`, one for each of
/// `coalitions`, best; exact Shapley values if every coalition is there.
#[must_use]
pub fn shapley_values(coalitions: &[Coalition], evidence: &[f64], [none, whole]: [f64; 2]) -> Vec<f64> {
    let Some(segments) = coalitions.first().map(|coalition| coalition.mask.len()) else {
        return vec![whole - none];
    };
    let shown = |coalition: &Coalition, segment: usize| f64::from(u8::from(coalition.mask[segment]));
    let last = segments - 1;
    let rows: Vec<Vec<f64>> = coalitions
        .iter()
        .map(|coalition| (0..last).map(|segment| shown(coalition, segment) - shown(coalition, last)).collect())
        .collect();
    let targets: Vec<f64> = coalitions
        .iter()
        .zip(evidence)
        .map(|(coalition, value)| value - none - shown(coalition, last) * (whole - none))
        .collect();
    let weights: Vec<f64> = coalitions.iter().map(|coalition| coalition.weight).collect();
    let mut values = least_squares(&rows, &targets, &weights, 0.0);
    values.push(whole - none - values.iter().sum::<f64>());
    values
}
