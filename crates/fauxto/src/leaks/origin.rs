//! Learned from images of which nobody knows where they come from.

use std::collections::HashSet;

use super::{Evidence, Seen};
use crate::data::{ContentHash, Parent};

/// A cropped and turned copy cannot be told by sight from another picture, so that what does not name its
/// parent may be anybody's twin.
pub(super) fn find(evidence: &Evidence<'_>) -> Vec<String> {
    let own: HashSet<ContentHash> = evidence.split.items().iter().map(|item| item.content).collect();
    let learned: HashSet<ContentHash> = evidence.learned.iter().map(|seen| seen.content).collect();
    let names: HashSet<&str> = evidence.learned.iter().map(|seen| seen.name.as_str()).collect();
    let is_known = |parent: &Parent| match parent {
        Parent::Identity(identity) => evidence.split.item(identity).is_some() || names.contains(identity.as_str()),
        Parent::Content { content } => own.contains(content) || learned.contains(content),
    };
    let case = |seen: &Seen| match &seen.parent {
        _ if own.contains(&seen.content) => None,
        None => Some(format!("{} is not in the split and names no parent", seen.name)),
        Some(parent) => (!is_known(parent)).then(|| format!("{} names {parent}, which is unknown", seen.name)),
    };
    evidence.learned.iter().filter_map(case).collect()
}
