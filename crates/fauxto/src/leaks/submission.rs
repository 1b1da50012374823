//! Verdicts handed in for other images.

use super::Evidence;
use crate::submission::entries;

pub(super) fn find(evidence: &Evidence<'_>) -> Vec<String> {
    let mut cases = Vec::new();
    for submission in evidence.submissions {
        let expected = entries(submission.verdicts);
        let found = submission.entries;
        if expected.len() != found.len() {
            cases.push(format!("{} entries for {} images", found.len(), expected.len()));
        }
        for expected in &expected {
            let mut of_index = found.iter().filter(|entry| entry.index == expected.index);
            match (of_index.next(), of_index.next()) {
                (Some(entry), None) if entry.prediction == expected.prediction => {}
                (Some(entry), None) => cases.push(format!(
                    "index {} says {}, but image {} was judged {}",
                    entry.index, entry.prediction, expected.index, expected.prediction
                )),
                (None, _) => cases.push(format!("no entry for image {}", expected.index)),
                (Some(_), Some(_)) => cases.push(format!("several entries for image {}", expected.index)),
            }
        }
    }
    cases
}
