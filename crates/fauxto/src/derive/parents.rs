//! Which images are parents, and their pixels.

use std::collections::HashMap;
use std::sync::Mutex;

use rand::seq::SliceRandom;

use crate::data::split::{Assignment, Split};
use crate::data::{ContentHash, Dataset, Side, decode};
use crate::image::RgbImage;
use crate::{Error, Label, Result, random};

/// Draws `count` parents from the training side, half of them real and half fake: first the real ones.
/// None is drawn twice before every other of its class was drawn once. Only originals are drawn, no
/// derived images.
///
/// # Errors
/// [`Error::Setting`] if `count` is odd, [`Error::Refused`] if a class has no original on the training side.
pub fn draw<'a>(split: &'a Split, count: usize, seed: u64, purpose: &str) -> Result<Vec<&'a Assignment>> {
    if !count.is_multiple_of(2) || count == 0 {
        return Err(Error::Setting {
            setting: "number of derived images".into(),
            found: count.to_string(),
            expected: "an even number above 0, half of them real and half fake".into(),
        });
    }
    let mut drawn = Vec::with_capacity(count);
    for label in Label::ALL {
        let originals: Vec<&Assignment> =
            split.on(Side::Train).filter(|item| item.label == label && item.parent.is_none()).collect();
        if originals.is_empty() {
            return Err(Error::Refused(format!(
                "the split's training side has no {label} original to derive images from; split data with both classes"
            )));
        }
        let mut of_label = Vec::with_capacity(count / 2 + originals.len());
        for round in 0u64.. {
            let mut order = originals.clone();
            order.shuffle(&mut random::stream(seed, purpose, &[label.index() as u64, round]));
            of_label.extend(order);
            if of_label.len() >= count / 2 {
                break;
            }
        }
        drawn.extend(of_label.into_iter().take(count / 2));
    }
    Ok(drawn)
}

/// Calls `visit` with the place of each of `parents` and its decoded pixels, in parallel and in no
/// particular order.
///
/// # Errors
/// A parent is not in `dataset`, cannot be decoded, or is not what was split; or `visit` fails.
pub(super) fn visit(
    dataset: &Dataset,
    parents: &[&Assignment],
    visit: &(dyn Fn(usize, RgbImage) -> Result<()> + Sync),
) -> Result<()> {
    let places: HashMap<&str, usize> =
        dataset.items.iter().enumerate().map(|(place, item)| (item.identity.as_str(), place)).collect();
    let missing = |parent: &Assignment, what: &str| {
        Error::Refused(format!(
            "{} is {what}; derive images from the data set that was split, unchanged",
            parent.identity
        ))
    };
    let indices = parents
        .iter()
        .map(|parent| {
            let place = places.get(parent.identity.as_str()).copied();
            place.ok_or_else(|| missing(parent, "in the split but not in the data set"))
        })
        .collect::<Result<Vec<_>>>()?;
    let failure = Mutex::new(None);
    dataset.visit_encoded(&indices, &|place, outcome| {
        if failure.lock().is_ok_and(|failure| failure.is_some()) {
            return;
        }
        let done = outcome
            .and_then(|bytes| decode(bytes, &dataset.limits))
            .map_err(|defect| defect.at(dataset.items[indices[place]].location.path()))
            .and_then(|image| {
                if ContentHash::of(&image) == parents[place].content {
                    visit(place, image)
                } else {
                    Err(missing(parents[place], "not the image that was split"))
                }
            });
        if let (Err(error), Ok(mut failure)) = (done, failure.lock()) {
            failure.get_or_insert(error);
        }
    });
    failure.into_inner().unwrap_or_default().map_or(Ok(()), Err)
}
