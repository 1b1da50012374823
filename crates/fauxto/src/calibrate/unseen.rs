//! Calibration on images that were trained on would promise what no other image gets.

use std::collections::{HashMap, HashSet};

use crate::data::split::{Assignment, Candidate, Places, Split, line};
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
pub fn require_unseen(split: &Split, added: &[ContentHash], images: &[Candidate]) -> Result<usize> {
    let added: HashSet<ContentHash> = added.iter().copied().collect();
    let known: HashMap<ContentHash, &Assignment> = split.items().iter().map(|item| (item.content, item)).collect();
    let on = |side: Side, content: &ContentHash| known.get(content).filter(|item| item.side == Some(side)).copied();
    let places = Places::of(images);
    // What was learned from of a line's beginnings, as the message calls it.
    let origin = |parent: &Parent| match parent {
        Parent::Identity(identity) => {
            let item = split.item(identity).filter(|item| item.side == Some(Side::Train));
            item.map(|item| item.identity.clone())
        }
        Parent::Content { content } => on(Side::Train, content)
            .map(|item| item.identity.clone())
            .or_else(|| added.contains(content).then(|| "an image that was added to the training side".to_owned())),
    };
    let (mut learned, mut stopped) = (Vec::new(), 0);
    for image in images {
        if let Some(item) = on(Side::Train, &image.content) {
            learned.push(format!("{} is {}", image.identity, item.identity));
        } else if added.contains(&image.content) {
            learned.push(format!("{} was added to the training side", image.identity));
        } else if let Some(from) = line(image, &places).into_iter().find_map(origin) {
            learned.push(format!("{} was derived from {from}", image.identity));
        }
        stopped += usize::from(on(Side::Validation, &image.content).is_some());
    }
    let count = images.len();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::data::split::Settings;

    /// From 200 on they are stopped on, where they are split.
    fn image(number: u8, parent: Option<Parent>) -> Candidate {
        let content = ContentHash::from([number; 32]);
        let label = Label::ALL[usize::from(number % 2)];
        Candidate {
            identity: format!("image {number}"),
            content,
            label,
            parent,
            side: Some(if number < 200 { Side::Train } else { Side::Validation }),
        }
    }

    #[test]
    fn what_was_derived_from_what_was_learned_is_found_however_it_is_named() {
        let images: Vec<Candidate> = (0..10).chain(200..202).map(|number| image(number, None)).collect();
        let split = Split::make(&images, [&[] as &[String]; 0], Settings::default()).unwrap();
        let added = ContentHash::from([50; 32]);
        let by_content = |number: u8| Some(Parent::Content { content: ContentHash::from([number; 32]) });
        let by_name = |number: u8| Some(Parent::Identity(format!("image {number}")));
        let unseen = |images: &[Candidate]| require_unseen(&split, &[added], images);
        assert_eq!(unseen(&[image(60, None), image(61, by_content(62)), image(200, None)]).unwrap(), 1);
        for images in [
            vec![image(3, None)],
            vec![image(50, None)],
            vec![image(60, by_content(3))],
            vec![image(60, by_name(3))],
            vec![image(60, by_content(50))],
            vec![image(60, by_name(61)), image(61, by_content(3))],
            // A line that returns to where it was ends.
            vec![image(60, by_name(61)), image(61, by_name(60)), image(62, by_name(3))],
        ] {
            let error = unseen(&images).unwrap_err().to_string();
            assert!(error.contains("trained on"), "{error}");
        }
    }
}
