//! Dealing groups out to sides, each class in proportion.

use rand::seq::SliceRandom;

use super::group::Groups;
use super::{Candidate, Settings, name};
use crate::data::{Parent, Side};
use crate::{Error, Label, Result, random};

/// Images of each class.
type Counts = [usize; 2];

/// Sides for a data set without folders that assign them.
pub(super) fn by_share(candidates: &[Candidate], groups: &Groups, settings: Settings) -> Result<Vec<Option<Side>>> {
    let train = 1.0 - settings.validation - settings.test;
    let shares: Vec<(Side, f64)> =
        [(Side::Train, train), (Side::Validation, settings.validation), (Side::Test, settings.test)]
            .into_iter()
            .filter(|(_, share)| *share > 0.0)
            .collect();
    let all: Vec<usize> = (0..groups.members.len()).collect();
    let dealt = deal(candidates, groups, &all, &shares, settings.seed)?;
    let mut sides = vec![None; candidates.len()];
    for (group, side) in all.into_iter().zip(dealt) {
        groups.members[group].iter().for_each(|&place| sides[place] = Some(side));
    }
    Ok(sides)
}

/// Sides for a data set whose folders assign them.
pub(super) fn by_folder(candidates: &[Candidate], groups: &Groups, settings: Settings) -> Result<Vec<Option<Side>>> {
    check_parents(candidates, groups)?;
    let mut sides: Vec<Option<Side>> = vec![None; candidates.len()];
    let mut splittable = Vec::new();
    let has = |side| candidates.iter().any(|candidate| candidate.side == Some(side));
    if !has(Side::Train) {
        return Err(Error::Refused(
            "the data set's folders assign sides, but none is train; add a train folder, or put the classes at \
             the top to have them split"
                .into(),
        ));
    }
    for (number, members) in groups.members.iter().enumerate() {
        // The side that measures last is the one to protect: test, then validation.
        let Some(kept) = members.iter().filter_map(|&place| candidates[place].side).max() else {
            let stray = &candidates[members[0]].identity;
            return Err(Error::Refused(format!(
                "{stray} lies outside the train, validation and test folders that the data set's other images lie \
                 in; move it into one of them"
            )));
        };
        for &place in members {
            // Derived images without a folder of their own follow their picture.
            sides[place] = Some(kept).filter(|&kept| candidates[place].side.is_none_or(|own| own == kept));
        }
        if kept == Side::Train {
            splittable.push(number);
        }
    }
    if !has(Side::Validation) {
        let shares = [(Side::Train, 1.0 - settings.validation), (Side::Validation, settings.validation)];
        let dealt = deal(candidates, groups, &splittable, &shares, settings.seed)?;
        for (group, side) in splittable.into_iter().zip(dealt) {
            groups.members[group].iter().for_each(|&place| sides[place] = Some(side));
        }
    }
    for side in [Side::Train, Side::Validation] {
        for label in Label::ALL {
            if !candidates.iter().zip(&sides).any(|(candidate, at)| candidate.label == label && *at == Some(side)) {
                return Err(Error::Refused(format!(
                    "no {label} image is left for {}; both classes are needed there{}",
                    name(side),
                    if side == Side::Train { ", besides copies of validation and test images" } else { "" }
                )));
            }
        }
    }
    Ok(sides)
}

/// A derived item that its maker filed on another side than its original is a mistake to be shown,
/// not mended.
fn check_parents(candidates: &[Candidate], groups: &Groups) -> Result<()> {
    for members in &groups.members {
        for &place in members {
            let child = &candidates[place];
            let parent = child.parent.as_ref().and_then(|parent| {
                members.iter().map(|&other| &candidates[other]).find(|other| match parent {
                    Parent::Identity(identity) => other.identity == *identity,
                    Parent::Content { content } => other.content == *content,
                })
            });
            if let (Some(own), Some((parent, other))) = (child.side, parent.and_then(|p| Some((p, p.side?))))
                && own != other
            {
                return Err(Error::Refused(format!(
                    "{} (in {}) was derived from {} (in {}); derived images must stay on their original's \
                     side: split first, derive afterwards",
                    child.identity,
                    name(own),
                    parent.identity,
                    name(other)
                )));
            }
        }
    }
    Ok(())
}

/// Deals groups to sides so that each side comes nearest to its share of each class.
///
/// Large groups go first and small ones fill up, as in longest-processing-time scheduling
/// (Graham 1969): a side misses its target by at most about one group. Among equal choices the
/// side furthest behind, relative to its target, is served.
fn deal(
    candidates: &[Candidate],
    groups: &Groups,
    dealt: &[usize],
    shares: &[(Side, f64)],
    seed: u64,
) -> Result<Vec<Side>> {
    let counts: Vec<Counts> = dealt
        .iter()
        .map(|&group| {
            let mut counts = [0, 0];
            groups.members[group].iter().for_each(|&place| counts[candidates[place].label.index()] += 1);
            counts
        })
        .collect();
    check_enough(&counts, shares.len())?;
    let totals: Counts = std::array::from_fn(|label| counts.iter().map(|count| count[label]).sum());
    let targets: Vec<[f64; 2]> = shares.iter().map(|(_, share)| totals.map(|total| total as f64 * share)).collect();

    let mut order: Vec<usize> = (0..dealt.len()).collect();
    order.shuffle(&mut random::stream(seed, "split", &[]));
    order.sort_by_key(|&place| std::cmp::Reverse(counts[place][0] + counts[place][1]));

    let mut filled = vec![[0usize; 2]; shares.len()];
    let mut sides = vec![shares[0].0; dealt.len()];
    for place in order {
        let best = (0..shares.len())
            .min_by(|&first, &second| {
                let cost = |side: usize| cost(counts[place], filled[side], targets[side]);
                let ((growth, progress), (other_growth, other_progress)) = (cost(first), cost(second));
                growth.total_cmp(&other_growth).then(progress.total_cmp(&other_progress))
            })
            .unwrap_or(0);
        (0..2).for_each(|label| filled[best][label] += counts[place][label]);
        sides[place] = shares[best].0;
    }
    for (side, filled) in shares.iter().map(|(side, _)| side).zip(&filled) {
        if let Some(label) = Label::ALL.into_iter().find(|label| filled[label.index()] == 0) {
            return Err(Error::Refused(format!(
                "{} would get no {label} image: {} {label} images cannot be split so; add images or enlarge \
                 the side's share",
                name(*side),
                totals[label.index()]
            )));
        }
    }
    Ok(sides)
}

/// What it costs to give a group to a side: how much further from its targets the side would be,
/// rounded so that equal costs are equal; then how far along the side is already.
fn cost(group: Counts, filled: Counts, target: [f64; 2]) -> (f64, f64) {
    let (mut growth, mut progress) = (0.0, 0.0);
    for label in 0..2 {
        let missing = target[label] - filled[label] as f64;
        growth += (missing - group[label] as f64).abs() - missing.abs();
        progress += group[label] as f64 * filled[label] as f64 / target[label].max(f64::MIN_POSITIVE);
    }
    ((growth * 1e6).round(), progress)
}

fn check_enough(counts: &[Counts], sides: usize) -> Result<()> {
    for label in Label::ALL {
        let groups = counts.iter().filter(|count| count[label.index()] > 0).count();
        if groups == 0 {
            let others = counts.len();
            return Err(Error::Refused(format!(
                "no {label} image among the {others} to split; a split needs both classes"
            )));
        }
        if groups < sides {
            return Err(Error::Refused(format!(
                "only {groups} different {label} image{} for {sides} sides (duplicates and derived images count \
                 as one); add {label} images",
                if groups == 1 { "" } else { "s" }
            )));
        }
    }
    Ok(())
}
