//! LIME (Ribeiro et al. 2016, "'Why Should I Trust You?': Explaining the Predictions of Any
//! Classifier", arXiv 1602.04938). Reference code: the authors' `lime` package, `lime_image.py` and
//! `lime_base.py`.
//!
//! Random halves of the image's segments are replaced by their mean colour; a ridge regression of the
//! evidence on what was kept, weighted by how near to the whole image each sample is, gives every
//! segment its coefficient, in log-odds. As in the package: the first sample is the whole image, nearness
//! is `sqrt(exp(-d^2 / width^2))` of the cosine distance `d` of the masks, the penalty is 1, and the
//! intercept is free. Departures: no selection of features, since a map needs all of them; log-odds
//! instead of probabilities, which saturate; a grid or SLIC instead of quickshift (see `segments`).

use rand::RngExt;

use super::conjugate_gradient::least_squares;
use super::masking::evidence_of_masks;
use super::segments::segment;
use super::{Case, Explainer, ExplainerEntry, Map, MapKind, ParameterEntry};
use crate::model::Frozen;
use crate::{Result, random};

/// How many segments an image is cut into.
pub(super) const SEGMENTS: ParameterEntry = ParameterEntry {
    name: "segments",
    summary: "about how many segments an image is cut into",
    default: 64.0,
    range: (1.0, 1024.0),
    whole: true,
};

pub(super) const ENTRY: ExplainerEntry = ExplainerEntry {
    name: "lime",
    summary: "coefficients of a local linear model over hidden segments",
    source: "Ribeiro et al. 2016, arXiv 1602.04938; lime",
    parameters: &[
        SEGMENTS,
        ParameterEntry {
            name: "samples",
            summary: "images judged, the whole one included",
            default: 1000.0,
            range: (2.0, 1_000_000.0),
            whole: true,
        },
        ParameterEntry {
            name: "kernel_width",
            summary: "cosine distance over which samples lose weight",
            default: 0.25,
            range: (0.01, 100.0),
            whole: false,
        },
    ],
    build: |parameters| {
        Box::new(Lime {
            segments: parameters.whole("segments"),
            samples: parameters.whole("samples"),
            kernel_width: parameters.number("kernel_width"),
        })
    },
};

/// The penalty on squared coefficients.
const PENALTY: f64 = 1.0;

#[derive(Debug)]
struct Lime {
    segments: usize,
    samples: usize,
    kernel_width: f64,
}

impl Explainer for Lime {
    fn maps(&self, frozen: &Frozen, cases: &[Case], seed: u64) -> Result<Vec<Map>> {
        Ok(cases.iter().map(|case| self.map(frozen, case, seed)).collect())
    }
}

impl Lime {
    fn map(&self, frozen: &Frozen, case: &Case, seed: u64) -> Map {
        let segments = segment(&case.image, self.segments);
        let mut stream = random::stream(seed, "lime", &[case.item]);
        let masks: Vec<Vec<bool>> = (0..self.samples)
            .map(|sample| (0..segments.count()).map(|_| sample == 0 || stream.random_bool(0.5)).collect())
            .collect();
        let evidence = evidence_of_masks(frozen, case, &segments, &segments.flattened(&case.image), &masks);
        let coefficients = coefficients(&masks, &evidence, self.kernel_width);
        let values = segments.of_pixels().iter().map(|&segment| coefficients[segment] as f32).collect();
        Map { width: case.image.width, height: case.image.height, kind: MapKind::Signed, values }
    }
}

/// The local model's coefficients `[segment]`, given which segments each sample kept and what the
/// detector said of it.
#[must_use]
pub fn coefficients(masks: &[Vec<bool>], evidence: &[f64], kernel_width: f64) -> Vec<f64> {
    let weights: Vec<f64> = masks.iter().map(|mask| nearness(mask, kernel_width)).collect();
    let total: f64 = weights.iter().sum();
    let mean = |value: &dyn Fn(usize) -> f64| {
        weights.iter().enumerate().map(|(sample, weight)| weight * value(sample)).sum::<f64>() / total
    };
    // A free intercept is what centring leaves out.
    let segments = masks.first().map_or(0, Vec::len);
    let means: Vec<f64> =
        (0..segments).map(|segment| mean(&|sample| f64::from(u8::from(masks[sample][segment])))).collect();
    let centre = mean(&|sample| evidence[sample]);
    let rows: Vec<Vec<f64>> = masks
        .iter()
        .map(|mask| mask.iter().zip(&means).map(|(&kept, mean)| f64::from(u8::from(kept)) - mean).collect())
        .collect();
    let targets: Vec<f64> = evidence.iter().map(|value| value - centre).collect();
    least_squares(&rows, &targets, &weights, PENALTY)
}

/// The kernel over the cosine distance from the whole image, which for a mask keeping `k` of `n`
/// segments is `1 - sqrt(k / n)`.
fn nearness(mask: &[bool], kernel_width: f64) -> f64 {
    let kept = mask.iter().filter(|&&kept| kept).count();
    let distance = 1.0 - (kept as f64 / mask.len().max(1) as f64).sqrt();
    (-(distance * distance) / (kernel_width * kernel_width)).exp().sqrt()
}
