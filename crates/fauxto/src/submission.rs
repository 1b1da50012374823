//! The original project's submission file: `[{"index": 1, "prediction": "fake"}, ...]`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::dataset::natural_order;
use crate::write_atomically::write_atomically;
use crate::{Error, Label, Result};

/// One image of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The number in the file's name where all names are numbers, the place in natural order (from 1)
    /// otherwise.
    pub index: u64,
    /// The verdict.
    pub prediction: Label,
}

/// Entries for images `(path, verdict)`, in natural order of their paths (2.png before 10.png). An image without a verdict
/// has its place and no entry.
#[must_use]
pub fn entries(verdicts: &[(&str, Option<Label>)]) -> Vec<Entry> {
    let mut ordered = verdicts.to_vec();
    ordered.sort_by(|(left, _), (right, _)| natural_order(left, right));
    // What has no verdict may be no image at all, and its name no image's.
    let judged = ordered.iter().filter(|(_, verdict)| verdict.is_some());
    let numbers: Option<Vec<u64>> = judged.map(|(path, _)| number(path)).collect();
    let distinct = numbers.is_some_and(|mut numbers| {
        numbers.sort_unstable();
        numbers.windows(2).all(|pair| pair[0] != pair[1])
    });
    let mut entries: Vec<Entry> = ordered
        .iter()
        .enumerate()
        .filter_map(|(place, (path, prediction))| {
            let index = number(path).filter(|_| distinct).unwrap_or(place as u64 + 1);
            Some(Entry { index, prediction: (*prediction)? })
        })
        .collect();
    entries.sort_by_key(|entry| entry.index);
    entries
}

fn number(path: &str) -> Option<u64> {
    Path::new(path).file_stem()?.to_str()?.parse().ok()
}

/// Writes the submission, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, verdicts: &[(&str, Option<Label>)]) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(&entries(verdicts))
        .map_err(|error| Error::io(path, "writing", std::io::Error::other(error)))?;
    text.push(b'\n');
    write_atomically(path, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(paths: &[&str]) -> Vec<u64> {
        let verdicts: Vec<_> = paths.iter().map(|path| (*path, Some(Label::Real))).collect();
        entries(&verdicts).iter().map(|entry| entry.index).collect()
    }

    #[test]
    fn the_index_is_the_number_in_the_name_where_all_names_are_numbers() {
        assert_eq!(indices(&["test/10.png", "test/2.png", "test/1.png"]), [1, 2, 10]);
        assert_eq!(indices(&["b.png", "a10.png", "a2.png"]), [1, 2, 3]);
        // The same number in two folders names no image.
        assert_eq!(indices(&["a/1.png", "b/1.png"]), [1, 2]);
    }

    #[test]
    fn verdicts_stay_with_their_images() {
        let entries = entries(&[("10.png", Some(Label::Fake)), ("2.png", Some(Label::Real))]);
        assert_eq!(
            serde_json::to_string(&entries).unwrap(),
            r#"[{"index":2,"prediction":"real"},{"index":10,"prediction":"fake"}]"#
        );
    }

    #[test]
    fn an_image_that_could_not_be_judged_keeps_its_place() {
        let entries = entries(&[("a.png", Some(Label::Fake)), ("b.png", None), ("c.png", Some(Label::Real))]);
        let expected = [(1, Label::Fake), (3, Label::Real)].map(|(index, prediction)| Entry { index, prediction });
        assert_eq!(entries, expected);
    }

    #[test]
    fn what_is_no_image_takes_no_number_from_those_that_are() {
        let verdicts = [
            ("test/20.png", Some(Label::Fake)),
            ("test/x.parquet", None),
            ("nowhere", None),
            ("10.png", Some(Label::Real)),
        ];
        assert_eq!(entries(&verdicts).iter().map(|entry| entry.index).collect::<Vec<_>>(), [10, 20]);
    }
}
