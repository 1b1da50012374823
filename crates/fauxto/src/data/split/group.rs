//! Which items are one picture.

use std::collections::HashMap;

use super::Candidate;
use crate::data::Parent;
use crate::data::content::ContentHash;
use crate::data::groups::DisjointSets;
use crate::{Error, Result};

/// The groups of a data set, numbered in an order that depends on contents alone.
pub(super) struct Groups {
    /// Each candidate's group.
    pub(super) of: Vec<usize>,
    /// Each group's candidates.
    pub(super) members: Vec<Vec<usize>>,
}

impl Groups {
    pub(super) fn form<'a>(candidates: &[Candidate], clusters: impl IntoIterator<Item = &'a [String]>) -> Result<Self> {
        let mut by_identity: HashMap<&str, usize> = HashMap::with_capacity(candidates.len());
        for (place, candidate) in candidates.iter().enumerate() {
            if by_identity.insert(&candidate.identity, place).is_some() {
                return Err(Error::Refused(format!(
                    "the data set has two items called {}; identities must be unique to split it",
                    candidate.identity
                )));
            }
        }
        let mut sets = DisjointSets::new(candidates.len());
        let mut by_content: HashMap<ContentHash, usize> = HashMap::with_capacity(candidates.len());
        // Siblings belong together even if their parent is not in the data set.
        let mut by_parent: HashMap<&str, usize> = HashMap::new();
        for (place, candidate) in candidates.iter().enumerate() {
            sets.union(place, *by_content.entry(candidate.content).or_insert(place));
            match &candidate.parent {
                None => {}
                Some(Parent::Identity(parent)) => {
                    let kin = by_identity.get(parent.as_str()).copied().unwrap_or(place);
                    sets.union(place, *by_parent.entry(parent).or_insert(kin));
                }
                // Whoever shows that content, before or after this one, meets it here.
                Some(Parent::Content { content }) => sets.union(place, *by_content.entry(*content).or_insert(place)),
            }
        }
        for cluster in clusters {
            let mut members = cluster.iter().filter_map(|identity| by_identity.get(identity.as_str()));
            if let Some(&first) = members.next() {
                members.for_each(|&member| sets.union(first, member));
            }
        }
        let mut members = sets.sets();
        members.sort_by_cached_key(|group| group.iter().map(|&place| candidates[place].content).min());
        let mut of = vec![0; candidates.len()];
        for (number, group) in members.iter().enumerate() {
            group.iter().for_each(|&place| of[place] = number);
        }
        Ok(Self { of, members })
    }
}
