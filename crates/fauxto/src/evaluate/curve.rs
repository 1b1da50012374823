//! The curves behind the metrics, as points for drawing: ROC, calibration, histogram.

use serde::Serialize;

use super::metric::accuracy::wilson_interval;
use super::{Scores, Undefined};
use crate::Label;

/// One point of the ROC curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// Images with at least this probability are called fake; `None` at the first point, where
    /// nothing is called fake.
    pub threshold: Option<f64>,
    /// Share of real images called fake, in `0..=1`.
    pub false_positive_rate: f64,
    /// Share of fake images called fake, in `0..=1`.
    pub true_positive_rate: f64,
}

/// The ROC curve: one point for each distinct probability, from (0, 0) to (1, 1), both rates never
/// falling (Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006).
///
/// # Errors
/// [`Undefined`] where a class is absent: its rate is then a share of nothing.
pub fn roc_curve(scores: &Scores) -> Result<Vec<RocPoint>, Undefined> {
    let (n_real, n_fake) = both_classes(scores)?;
    let (mut false_positives, mut true_positives) = (0, 0);
    let origin = RocPoint { threshold: None, false_positive_rate: 0.0, true_positive_rate: 0.0 };
    let rest = scores.ranking().iter().map(|tie| {
        false_positives += tie.n_real;
        true_positives += tie.n_fake;
        RocPoint {
            threshold: Some(tie.probability_fake),
            false_positive_rate: false_positives as f64 / n_real as f64,
            true_positive_rate: true_positives as f64 / n_fake as f64,
        }
    });
    Ok(std::iter::once(origin).chain(rest).collect())
}

/// The number of real and of fake images, neither of them 0.
///
/// # Errors
/// [`Undefined`] where a class is absent.
pub(super) fn both_classes(scores: &Scores) -> Result<(usize, usize), Undefined> {
    match (scores.count(Label::Real), scores.count(Label::Fake)) {
        (0, _) => Err(Undefined("there are no real images")),
        (_, 0) => Err(Undefined("there are no fake images")),
        counts => Ok(counts),
    }
}

/// Images whose confidence falls between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Confidence above this.
    pub lower: f64,
    /// Confidence up to and including this.
    pub upper: f64,
    /// Number of images.
    pub count: u64,
    /// Mean confidence of these images; `None` where there are none.
    pub mean_confidence: Option<f64>,
    /// Share of these images whose more probable class is the right one; `None` where there are none.
    pub accuracy: Option<f64>,
}

/// The reliability diagram's `bins` equal-width bins over `0..=1` of the confidence, which is the
/// probability of the more probable class (fake on a tie at .5), so at least .5 (Guo et al., "On
/// Calibration of Modern Neural Networks", ICML 2017, section 2). Bins are open below and closed
/// above, as there.
#[must_use]
pub fn calibration_bins(scores: &Scores, bins: usize) -> Vec<CalibrationBin> {
    #[derive(Clone, Default)]
    struct Sum {
        count: u64,
        right: u64,
        confidence: f64,
    }
    let upper = |bin: usize| (bin + 1) as f64 / bins as f64;
    let mut sums = vec![Sum::default(); bins];
    for (probability, label) in scores.iter() {
        let (confidence, most_probable) =
            if probability >= 0.5 { (probability, Label::Fake) } else { (1.0 - probability, Label::Real) };
        // Compared with the bounds themselves: scaling by the number of bins rounds differently.
        let guess = (confidence * bins as f64) as usize;
        let bin = (guess.saturating_sub(1)..bins).find(|&bin| confidence <= upper(bin));
        if let Some(sum) = bin.and_then(|bin| sums.get_mut(bin)) {
            sum.count += 1;
            sum.right += u64::from(most_probable == label);
            sum.confidence += confidence;
        }
    }
    let mean = |total: f64, count: u64| (count > 0).then(|| total / count as f64);
    sums.iter()
        .enumerate()
        .map(|(bin, sum)| CalibrationBin {
            lower: bin as f64 / bins as f64,
            upper: upper(bin),
            count: sum.count,
            mean_confidence: mean(sum.confidence, sum.count),
            accuracy: mean(sum.right as f64, sum.count),
        })
        .collect()
}

/// Images whose probability of fake falls between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Probability of at least this.
    pub lower: f64,
    /// Probability below this; in the last bin up to and including it.
    pub upper: f64,
    /// Number of images.
    pub count: u64,
    /// Mean probability of these images; `None` where there are none.
    pub mean_probability: Option<f64>,
    /// Share of these images that are fake; `None` where there are none.
    pub share_fake: Option<f64>,
    /// Its 95% Wilson interval.
    pub interval: [f64; 2],
}

/// The reliability diagram of the probability of fake itself, in `bins` equal-width bins over `0..=1` (DeGroot and
/// Fienberg, "The comparison and evaluation of forecasters", The Statistician 32, 1983).
#[must_use]
pub fn reliability_bins(scores: &Scores, bins: usize) -> Vec<ReliabilityBin> {
    let mut sums = vec![(0_u64, 0_u64, 0.0); bins];
    for (probability, label) in scores.iter() {
        let bin = ((probability * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some((count, fake, total)) = sums.get_mut(bin) {
            *count += 1;
            *fake += u64::from(label == Label::Fake);
            *total += probability;
        }
    }
    let mean = |total: f64, count: u64| (count > 0).then(|| total / count as f64);
    let bin = |(bin, (count, fake, total)): (usize, (u64, u64, f64))| ReliabilityBin {
        lower: bin as f64 / bins as f64,
        upper: (bin + 1) as f64 / bins as f64,
        count,
        mean_probability: mean(total, count),
        share_fake: mean(fake as f64, count),
        interval: wilson_interval(fake, count),
    };
    sums.into_iter().enumerate().map(bin).collect()
}

/// How often each class gets which probability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// Number of real images in each bin.
    pub real: Vec<u64>,
    /// Number of fake images in each bin.
    pub fake: Vec<u64>,
}

/// Counts both classes in `bins` equal-width bins of `probability_fake` over `0..=1`; bins are
/// closed below and open above, the last closed.
#[must_use]
pub fn histogram(scores: &Scores, bins: usize) -> Histogram {
    let mut histogram = Histogram { real: vec![0; bins], fake: vec![0; bins] };
    for (probability, label) in scores.iter() {
        let counts = match label {
            Label::Real => &mut histogram.real,
            Label::Fake => &mut histogram.fake,
        };
        let bin = ((probability * bins as f64) as usize).min(bins.saturating_sub(1));
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    histogram
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(probability_fake: &[f64], labels: &[usize]) -> Scores {
        Scores::new(probability_fake.to_vec(), labels.iter().map(|&label| Label::ALL[label]).collect()).unwrap()
    }

    #[test]
    fn the_roc_curve_runs_from_corner_to_corner_with_one_point_a_tie() {
        let curve = roc_curve(&scores(&[0.9, 0.4, 0.4, 0.1], &[1, 1, 0, 0])).unwrap();
        let points: Vec<_> =
            curve.iter().map(|point| (point.threshold, point.false_positive_rate, point.true_positive_rate)).collect();
        assert_eq!(points, [(None, 0.0, 0.0), (Some(0.9), 0.0, 0.5), (Some(0.4), 0.5, 1.0), (Some(0.1), 1.0, 1.0)]);
        assert_eq!(roc_curve(&scores(&[0.9], &[1])), Err(Undefined("there are no real images")));
        assert_eq!(roc_curve(&scores(&[0.9], &[0])), Err(Undefined("there are no fake images")));
    }

    #[test]
    fn calibration_bins_are_closed_above_and_hold_every_image() {
        let bins = calibration_bins(&scores(&[0.6, 0.4, 0.61, 1.0, 0.0, 0.5], &[1, 1, 1, 1, 0, 0]), 10);
        let counts: Vec<u64> = bins.iter().map(|bin| bin.count).collect();
        // .5 belongs to (.4, .5], .6 and its mirror .4 to (.5, .6], .61 to (.6, .7], 0 and 1 to (.9, 1].
        assert_eq!(counts, [0, 0, 0, 0, 1, 2, 1, 0, 0, 2]);
        assert_eq!((bins[5].accuracy, bins[5].mean_confidence), (Some(0.5), Some(0.6)));
        assert_eq!((bins[0].accuracy, bins[0].mean_confidence), (None, None));
    }

    #[test]
    fn reliability_bins_hold_every_image_and_compare_share_with_mean() {
        let bins = reliability_bins(&scores(&[0.0, 0.1, 0.5, 0.7, 0.7, 1.0], &[0, 1, 1, 0, 1, 1]), 2);
        assert_eq!((bins[0].count, bins[0].share_fake, bins[0].mean_probability), (2, Some(0.5), Some(0.05)));
        assert_eq!((bins[1].count, bins[1].share_fake, bins[1].mean_probability), (4, Some(0.75), Some(2.9 / 4.0)));
        assert_eq!(bins[1].interval, wilson_interval(3, 4));
        let empty = reliability_bins(&scores(&[0.9], &[1]), 3)[0];
        assert_eq!((empty.count, empty.share_fake, empty.interval), (0, None, [0.0, 1.0]));
    }

    #[test]
    fn the_histogram_keeps_both_ends() {
        let counted = histogram(&scores(&[0.0, 0.24, 0.25, 1.0, 1.0], &[0, 0, 1, 1, 0]), 4);
        assert_eq!(counted, Histogram { real: vec![2, 0, 0, 1], fake: vec![0, 1, 0, 1] });
    }
}
