//! Means over images with their uncertainty.

use serde::Serialize;

/// A mean over images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Number of images.
    pub n: usize,
    /// Their mean.
    pub mean: f64,
    /// 95% interval of the mean by the normal approximation, `mean ± 1.96 s / sqrt(n)`; none for a single
    /// image.
    pub interval: Option<[f64; 2]>,
}

impl Summary {
    /// The mean of `values`; of none at all where there are none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let interval = (n > 1).then(|| {
            let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
            let half = 1.959_963_984_540_054 * (variance / n as f64).sqrt();
            [mean - half, mean + half]
        });
        Some(Self { n, mean, interval })
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn intervals_follow_from_the_spread() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[2.0]), Some(Summary { n: 1, mean: 2.0, interval: None }));
        let Summary { n, mean, interval } = Summary::of(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        let [low, high] = interval.unwrap();
        // Deviation sqrt(5/3), so half a width of 1.96 * sqrt(5/12).
        assert_eq!((n, mean), (4, 2.5));
        assert!((high - 2.5 - 1.265_152).abs() < 1e-5 && (2.5 - low - 1.265_152).abs() < 1e-5);
    }
}
