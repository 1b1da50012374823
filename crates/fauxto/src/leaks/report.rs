//! Reported on what was decided on.

use std::collections::HashMap;

use super::{Evidence, Seen};
use crate::data::{ContentHash, Side};

pub(super) fn find(evidence: &Evidence<'_>) -> Vec<String> {
    let mut decided: HashMap<ContentHash, String> = HashMap::new();
    for item in evidence.split.on(Side::Validation) {
        decided.insert(item.content, format!("{} of the validation side", item.identity));
    }
    for seen in evidence.chosen_on {
        decided.insert(seen.content, format!("{}, on which was decided", seen.name));
    }
    let case = |seen: &Seen| Some(format!("{} is {}", seen.name, decided.get(&seen.content)?));
    evidence.reported.iter().filter_map(case).collect()
}
