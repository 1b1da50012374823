//! Learned from what is measured on.

use std::collections::HashMap;

use super::{Evidence, is_held_out, side};
use crate::data::ContentHash;

pub(super) fn find(evidence: &Evidence<'_>) -> Vec<String> {
    let mut measured: HashMap<ContentHash, String> = HashMap::new();
    for seen in evidence.reported.iter().chain(evidence.chosen_on) {
        measured.insert(seen.content, format!("{}, which is measured on", seen.name));
    }
    for item in evidence.split.items().iter().filter(|item| is_held_out(item)) {
        measured.insert(item.content, format!("{} ({})", item.identity, side(item)));
    }
    let case = |seen: &super::Seen| Some(format!("{} is {}", seen.name, measured.get(&seen.content)?));
    evidence.learned.iter().filter_map(case).collect()
}
