//! Learned under another label.

use std::collections::HashMap;

use super::{Evidence, Seen};
use crate::data::ContentHash;
use crate::data::split::Assignment;

pub(super) fn find(evidence: &Evidence<'_>) -> Vec<String> {
    let items = evidence.split.items().iter();
    let by_content: HashMap<ContentHash, &Assignment> = items.map(|item| (item.content, item)).collect();
    let case = |seen: &Seen| {
        let parent = seen.parent.as_ref().and_then(|parent| evidence.split.parent(parent));
        let (relation, item) = match parent {
            Some(parent) => ("derived from", parent),
            None => ("the same as", *by_content.get(&seen.content)?),
        };
        (item.label != seen.label)
            .then(|| format!("{} ({}) is {relation} {} ({})", seen.name, seen.label, item.identity, item.label))
    };
    evidence.learned.iter().filter_map(case).collect()
}
