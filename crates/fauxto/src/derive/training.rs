//! Derived images beside those they were made from, to be learned from together.

use crate::data::split::{Admission, Candidate, Split};
use crate::data::{ContentHash, Dataset};
use crate::{Error, Result};

/// A data set with derived ones after its own items.
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
    /// Which derived items may be learned from, as indices into the data set's items; see
    /// [`Split::admit`]. `contents` gives the content of the item at an index, `None` for those that
    /// cannot be read, which are passed over as are unlabelled ones.
    ///
    /// # Errors
    /// As for [`Split::admit`]; or an admitted image shows what is held out for measuring.
    pub fn admit(&self, split: &Split, contents: impl Fn(usize) -> Option<ContentHash>) -> Result<Admission> {
        let (indices, candidates): (Vec<usize>, Vec<Candidate>) = (self.own..self.dataset.items.len())
            .filter_map(|index| Some((index, Candidate::new(&self.dataset.items[index], contents(index)?)?)))
            .unzip();
        let admission = split.admit(&candidates).map_err(|error| match error {
            Error::Refused(reason) => Error::Refused(format!("derived data: {reason}")),
            other => other,
        })?;
        let training =
            admission.admitted.iter().map(|&place| (candidates[place].identity.as_str(), candidates[place].content));
        split.assert_disjoint(training)?;
        let of = |places: Vec<usize>| places.into_iter().map(|place| indices[place]).collect();
        Ok(Admission { admitted: of(admission.admitted), held_out: of(admission.held_out) })
    }
}
