//! Images that occur more than once: pixel for pixel, or re-encoded, resized or lightly retouched.
//!
//! A perceptual hash proposes pairs, the pixels of a small thumbnail confirm them. The hash alone
//! would merge unrelated photographs: among tens of thousands of 32 x 32 images many share their
//! coarse layout.

mod fingerprint;
mod index;

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Label;
use crate::data::content::ContentHash;
use crate::data::groups::DisjointSets;

pub(crate) use fingerprint::{Fingerprint, Fingerprinter};

/// What was found to occur more than once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Duplicates {
    /// Sets of images with the very same pixels.
    pub exact: Vec<Cluster>,
    /// Sets of images that look the same, with at least two different contents; exact duplicates
    /// of a member are members too.
    pub near: Vec<Cluster>,
    /// Images that could be removed without losing a picture: members beyond the first of each
    /// set, sets that overlap counted once.
    pub redundant: usize,
    /// Sets, exact or near, that hold both real and fake images: at least one label is wrong.
    pub across_labels: usize,
}

/// Images that are one picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The members' identities, in the data set's order.
    pub identities: Vec<String>,
    /// Whether both classes occur among the members.
    pub across_labels: bool,
}

impl Duplicates {
    /// All sets as lists of identities, for keeping them together in a split.
    pub fn clusters(&self) -> impl Iterator<Item = &[String]> {
        self.exact.iter().chain(&self.near).map(|cluster| cluster.identities.as_slice())
    }
}

/// One image as the search sees it.
pub(super) struct Candidate<'a> {
    pub(super) identity: &'a str,
    pub(super) label: Option<Label>,
    pub(super) content: ContentHash,
    pub(super) fingerprint: &'a Fingerprint,
}

/// Finds every set of duplicates.
pub(super) fn find(candidates: &[Candidate<'_>]) -> Duplicates {
    let mut by_content: HashMap<ContentHash, usize> = HashMap::with_capacity(candidates.len());
    let mut distinct: Vec<Vec<usize>> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        let slot = *by_content.entry(candidate.content).or_insert(distinct.len());
        if slot == distinct.len() {
            distinct.push(Vec::new());
        }
        distinct[slot].push(place);
    }
    let cluster = |members: &[usize]| Cluster {
        identities: members.iter().map(|&place| candidates[place].identity.to_owned()).collect(),
        across_labels: Label::ALL.iter().all(|label| members.iter().any(|&m| candidates[m].label == Some(*label))),
    };
    let exact = distinct.iter().filter(|members| members.len() > 1).map(|members| cluster(members)).collect();

    let prints: Vec<&Fingerprint> = distinct.iter().map(|members| candidates[members[0]].fingerprint).collect();
    let mut sets = DisjointSets::new(prints.len());
    for (first, second) in similar_pairs(&prints) {
        sets.union(first, second);
    }
    let sets = sets.sets();
    let redundant = candidates.len() - sets.len();
    let near = sets
        .iter()
        .filter(|set| set.len() > 1)
        .map(|set| {
            let mut members: Vec<usize> = set.iter().flat_map(|&slot| distinct[slot].iter().copied()).collect();
            members.sort_unstable();
            cluster(&members)
        })
        .collect();
    let mut found = Duplicates { exact, near, redundant, across_labels: 0 };
    // A mixed exact set inside a near set is one finding.
    let near_members: std::collections::HashSet<&str> =
        found.near.iter().flat_map(|cluster| cluster.identities.iter().map(String::as_str)).collect();
    found.across_labels = found.near.iter().filter(|cluster| cluster.across_labels).count()
        + found
            .exact
            .iter()
            .filter(|cluster| cluster.across_labels && !near_members.contains(cluster.identities[0].as_str()))
            .count();
    found
}

/// Every pair of fingerprints that are one picture.
fn similar_pairs(prints: &[&Fingerprint]) -> Vec<(usize, usize)> {
    // Images without contrast all resemble one another and say nothing; only their exact
    // duplicates count.
    let searched: Vec<usize> = (0..prints.len()).filter(|&i| prints[i].has_contrast()).collect();
    let index = index::HammingIndex::build(searched.iter().map(|&i| prints[i].hash).collect());
    (0..searched.len())
        .into_par_iter()
        .flat_map_iter(|query| {
            let mut pairs = Vec::new();
            index.visit_earlier(query, |other| {
                let (first, second) = (searched[other], searched[query]);
                if prints[first].shows_the_same_as(prints[second]) {
                    pairs.push((first, second));
                }
            });
            pairs
        })
        .collect()
}
