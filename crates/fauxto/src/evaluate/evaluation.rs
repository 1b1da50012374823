//! Every metric at once, in the form in which it is printed, written and read back.

use std::collections::BTreeMap;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::metric::accuracy::wilson_interval;
use super::metric::confusion::Confusion;
use super::{METRICS, Metric, Scores, metric};
use crate::{Error, Label, Result};

/// What a detector is worth on one data set.
///
/// As JSON, the fields below and beside them one field for each metric of [`METRICS`] under its
/// name, `null` where the metric is undefined: `n`, `n_real`, `n_fake`, `threshold`, `accuracy`,
/// `balanced_accuracy`, `f1`, `roc_auc`, `average_precision`, `eer`, `tpr_at_1_percent_fpr`,
/// `tpr_at_5_percent_fpr`, `nll`, `brier`, `ece`, `accuracy_interval`, `confusion`, `undefined`.
/// These names are stable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Number of images, at least 1.
    pub n: usize,
    /// Number of real images.
    pub n_real: usize,
    /// Number of fake images.
    pub n_fake: usize,
    /// Images with at least this probability are called fake; in `0..=1`.
    pub threshold: f64,
    /// The metrics' values.
    #[serde(flatten)]
    pub values: Values,
    /// 95% Wilson score interval of the accuracy, `[low, high]`, in `0..=1`.
    pub accuracy_interval: [f64; 2],
    /// Verdicts counted by truth.
    pub confusion: Confusion,
    /// Why the metrics that are `null` have no value, by name; absent where all have one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub undefined: BTreeMap<String, String>,
}

impl Evaluation {
    /// Measures everything, calling images fake from `threshold` (in `0..=1`) on.
    ///
    /// # Errors
    /// [`Error::Setting`] where the threshold is not a finite number in `0..=1`.
    pub fn new(scores: &Scores, threshold: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Error::Setting {
                setting: "threshold".into(),
                found: threshold.to_string(),
                expected: "a finite number in 0..=1".into(),
            });
        }
        let confusion = Confusion::count(scores, threshold);
        let mut undefined = BTreeMap::new();
        let values = METRICS
            .iter()
            .map(|metric| {
                let value = (metric.measure)(scores, threshold)
                    .map_err(|reason| undefined.insert(metric.name.to_owned(), reason.to_string()))
                    .ok();
                (metric, value)
            })
            .collect();
        Ok(Self {
            n: scores.n(),
            n_real: scores.count(Label::Real),
            n_fake: scores.count(Label::Fake),
            threshold,
            values: Values(values),
            accuracy_interval: wilson_interval(confusion.right(), confusion.total()),
            confusion,
            undefined,
        })
    }

    /// The metric's value; `None` where it is undefined on these data.
    #[must_use]
    pub fn value(&self, metric: &Metric) -> Option<f64> {
        self.values.iter().find(|(found, _)| found.name == metric.name).and_then(|(_, value)| value)
    }
}

/// The value of each metric, in the order of [`METRICS`]; `None` where it is undefined. In files, a
/// map from the metric's name.
#[derive(Clone, Debug)]
pub struct Values(Vec<(&'static Metric, Option<f64>)>);

impl Values {
    /// Each metric with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Metric, Option<f64>)> + '_ {
        self.0.iter().copied()
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        let named = |values: &Self| values.iter().map(|(metric, value)| (metric.name, value)).collect::<Vec<_>>();
        named(self) == named(other)
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (metric, value) in self.iter() {
            map.serialize_entry(metric.name, &value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByName;
        impl<'de> Visitor<'de> for ByName {
            type Value = Values;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a map from metric names to numbers or null")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values, A::Error> {
                let mut values = Vec::with_capacity(METRICS.len());
                while let Some(name) = map.next_key::<String>()? {
                    let metric = metric::find(&name).ok_or_else(|| {
                        let known: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
                        A::Error::custom(format!("found field {name}; expected one of {}", known.join(", ")))
                    })?;
                    values.push((metric, map.next_value()?));
                }
                Ok(Values(values))
            }
        }
        deserializer.deserialize_map(ByName)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation(labels: [Label; 3]) -> Evaluation {
        Evaluation::new(&Scores::new(vec![0.9, 0.2, 0.6], labels.to_vec()).unwrap(), 0.5).unwrap()
    }

    #[test]
    fn is_written_with_stable_names_and_read_back_as_it_was() {
        let before = evaluation([Label::Fake, Label::Real, Label::Real]);
        let written = serde_json::to_string_pretty(&before).unwrap();
        let names: Vec<String> =
            serde_json::from_str::<serde_json::Map<_, _>>(&written).unwrap().keys().cloned().collect();
        assert_eq!(
            names.join(" "),
            "n n_real n_fake threshold accuracy balanced_accuracy f1 roc_auc average_precision eer \
             tpr_at_1_percent_fpr tpr_at_5_percent_fpr nll brier ece accuracy_interval confusion"
        );
        assert_eq!(serde_json::from_str::<Evaluation>(&written).unwrap(), before);
        let strange = written.replace("\"f1\"", "\"f2\"");
        let message = serde_json::from_str::<Evaluation>(&strange).unwrap_err().to_string();
        assert!(message.contains("found field f2; expected one of accuracy"), "{message}");
    }

    #[test]
    fn one_class_gives_null_with_the_reason() {
        let written = serde_json::to_value(evaluation([Label::Fake; 3])).unwrap();
        assert!(written["roc_auc"].is_null());
        assert_eq!(written["undefined"]["roc_auc"], "there are no real images");
        assert_eq!(written["accuracy"], 2.0 / 3.0);
    }

    #[test]
    fn a_threshold_outside_the_range_is_refused() {
        let scores = Scores::new(vec![0.5], vec![Label::Real]).unwrap();
        for threshold in [f64::NAN, -0.1, 1.1] {
            let message = Evaluation::new(&scores, threshold).unwrap_err().to_string();
            assert!(message.starts_with("threshold: found"), "{message}");
        }
    }
}
