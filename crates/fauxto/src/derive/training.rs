//! Further images beside those that were split, to be learned from together: derived ones, whose parents decide, and
//! ones of their own.

use crate::data::split::{Admission, Candidate, Split};
use crate::data::{ContentHash, Dataset};
use crate::{Error, Result};

/// What to do with further images that name no parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parentless {
    /// They should: without a parent nobody can tell which side they belong to.
    Refuse,
    /// They are nobody's: made anew, or photographed. They may be learned from unless they show what is held out.
    Admit,
}

/// A data set with further ones after its own items.
#[derive(Debug)]
pub struct WithDerived {
    /// The data set's own items, as they were, then those of the derived sets.
    pub dataset: Dataset,
    /// How many are its own.
    pub own: usize,
}

/// Adds `derived` sets, each under its name, to `dataset`.
///
/// # Errors
/// Two sets have the same name.
pub fn add_derived(mut dataset: Dataset, derived: Vec<(String, Dataset)>) -> Result<WithDerived> {
    let own = dataset.items.len();
    for (name, set) in derived {
        dataset.append(set, &name)?;
    }
    Ok(WithDerived { dataset, own })
}

impl WithDerived {
    /// Which further items may be learned from, as indices into the data set's items; for those that name a parent see
    /// [`Split::admit`]. `contents` gives the content of the item at an index, `None` for those that
    /// cannot be read, which are passed over as are unlabelled ones.
    ///
    /// # Errors
    /// As for [`Split::admit`]; or an admitted image shows what is held out for measuring.
    pub fn admit(
        &self,
        split: &Split,
        parentless: Parentless,
        contents: impl Fn(usize) -> Option<ContentHash>,
    ) -> Result<Admission> {
        let further = (self.own..self.dataset.items.len())
            .filter_map(|index| Some((index, Candidate::new(&self.dataset.items[index], contents(index)?)?)));
        let (strangers, derived): (Vec<_>, Vec<_>) = further
            .partition(|(index, _)| parentless == Parentless::Admit && self.dataset.items[*index].parent.is_none());
        split.assert_disjoint(strangers.iter().map(|(_, stranger)| (stranger.identity.as_str(), stranger.content)))?;
        let (indices, candidates): (Vec<usize>, Vec<Candidate>) = derived.into_iter().unzip();
        let admission = split.admit(&candidates).map_err(|error| match error {
            Error::Refused(reason) => Error::Refused(format!("derived data: {reason}")),
            other => other,
        })?;
        let training =
            admission.admitted.iter().map(|&place| (candidates[place].identity.as_str(), candidates[place].content));
        split.assert_disjoint(training)?;
        let of = |places: Vec<usize>| places.into_iter().map(|place| indices[place]).collect();
        let mut admitted: Vec<usize> = of(admission.admitted);
        admitted.extend(strangers.into_iter().map(|(index, _)| index));
        admitted.sort_unstable();
        Ok(Admission { admitted, held_out: of(admission.held_out) })
    }
}
