//! How numbers are shown in tables.

use serde_json::Value;

/// A number with so many digits behind the point.
pub(crate) fn number(value: &Value, digits: usize) -> String {
    format!("{:.digits$}", value.as_f64().unwrap())
}

/// A share in percent.
pub(crate) fn share(value: &Value) -> String {
    format!("{:.1}", 100.0 * value.as_f64().unwrap())
}

/// A share and its interval as `95.6 (95.2 to 96.0)`, in percent.
pub(crate) fn share_within(value: &Value, interval: &Value) -> String {
    format!("{} ({} to {})", share(value), share(&interval[0]), share(&interval[1]))
}

/// Accuracy and interval as `95.6 (95.2 to 96.0)`, in percent.
pub(crate) fn accuracy(result: &Value) -> String {
    share_within(&result["accuracy"], &result["accuracy_interval"])
}

/// `0.953`.
pub(crate) fn auc(result: &Value) -> String {
    number(&result["roc_auc"], 3)
}

/// A mean and, where there is more than one value, from which to which they go, as `87.3 (86.4 to 88.7)`; times `scale`.
pub(crate) fn range(spread: &Value, scale: f64, digits: usize) -> String {
    between(["mean", "lowest", "highest"].map(|field| scale * spread[field].as_f64().unwrap()), digits)
}

/// The same of `field` over runs on test images.
pub(crate) fn range_of(runs: &[Value], field: &str, scale: f64, digits: usize) -> String {
    let values = || runs.iter().map(|run| scale * run["test"][field].as_f64().unwrap());
    let mean = values().sum::<f64>() / runs.len() as f64;
    between([mean, values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max)], digits)
}

fn between([mean, lowest, highest]: [f64; 3], digits: usize) -> String {
    let from_to = if lowest < highest { format!(" ({lowest:.digits$} to {highest:.digits$})") } else { String::new() };
    format!("{mean:.digits$}{from_to}")
}

/// The same of shares, in percent.
pub(crate) fn percent(spread: &Value) -> String {
    range(spread, 100.0, 1)
}

/// Cells of a row.
pub(crate) fn join(cells: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    cells.into_iter().map(|cell| cell.as_ref().to_owned()).collect::<Vec<_>>().join(" | ")
}
