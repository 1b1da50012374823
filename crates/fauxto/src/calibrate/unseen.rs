//! Calibration on images that were trained on would promise what no other image gets.

use std::collections::{HashMap, HashSet};

use crate::data::split::{Assignment, Candidate, Split};
use crate::data::{ContentHash, Parent, Side};
use crate::{Error, Result};

/// How many offenders the message names.
const NAMED: usize = 3;

/// Checks that no image to calibrate on, nor what it was derived from, is on the training side of the split that
/// the detector was trained by, or among those it learned from besides (`added`), whatever it is called now. Returns how
/// many of the images are on its validation side, where training was stopped: they flatter the detector a little.
///
/// # Errors
/// [`Error::Refused`], naming the first offenders.
pub fn require_unseen<'a>(
    split: &Split,
    added: &[ContentHash],
    images: impl IntoIterator<Item = &'a Candidate>,
) -> Result<usize> {
    let added: HashSet<ContentHash> = added.iter().copied().collect();
    let known: HashMap<ContentHash, &Assignment> = split.items().iter().map(|item| (item.content, item)).collect();
    let on = |side: Side, content: &ContentHash| known.get(content).filter(|item| item.side == Some(side));
    let (mut learned, mut stopped, mut count) = (Vec::new(), 0, 0);
    for image in images {
        count += 1;
        let origin = match &image.parent {
            Some(Parent::Content { content }) => on(Side::Train, content),
            Some(Parent::Identity(_)) | None => None,
        };
        if let Some(item) = on(Side::Train, &image.content) {
            learned.push(format!("{} is {}", image.identity, item.identity));
        } else if let Some(item) = origin {
            learned.push(format!("{} was derived from {}", image.identity, item.identity));
        } else if added.contains(&image.content) {
            learned.push(format!("{} was added to the training side", image.identity));
        }
        stopped += usize::from(on(Side::Validation, &image.content).is_some());
    }
    if learned.is_empty() {
        return Ok(stopped);
    }
    let more = if learned.len() > NAMED { "; ..." } else { "" };
    Err(Error::Refused(format!(
        "calibration: found {} of {count} images that the detector was trained on ({}{more}); expected images it has \
         not seen; give others, or a side of its split with --split and --side",
        learned.len(),
        learned[..learned.len().min(NAMED)].join("; "),
    )))
}
