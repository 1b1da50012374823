//! From the names of folders and classes to labels. Names decide, never numbers: copies of the same
//! data exist with either class as 0.

use std::path::Path;

use crate::{Error, Label, Result};

/// Words that settle the matter whatever else stands beside them.
const PLAIN: [(&str, Label); 4] =
    [("real", Label::Real), ("reals", Label::Real), ("fake", Label::Fake), ("fakes", Label::Fake)];

/// Words that other collections use for the two classes.
const SYNONYMS: &[(&str, Label)] = &[
    ("authentic", Label::Real),
    ("camera", Label::Real),
    ("genuine", Label::Real),
    ("human", Label::Real),
    ("natural", Label::Real),
    ("nature", Label::Real),
    ("photo", Label::Real),
    ("photos", Label::Real),
    ("photograph", Label::Real),
    ("photographs", Label::Real),
    ("ai", Label::Fake),
    ("artificial", Label::Fake),
    ("generated", Label::Fake),
    ("synthetic", Label::Fake),
];

const NEGATIONS: [&str; 3] = ["no", "non", "not"];

/// The label that a class or folder name means: `real`, `FAKE`, `0_real`, `fake_cifake_images`,
/// `AI-generated`. `None` where it means neither, or both, or denies one.
///
/// Whole words count ("cifake" is not "fake", "realistic" is not "real").
#[must_use]
pub fn label_of_name(name: &str) -> Option<Label> {
    let words = words(name);
    if words.iter().any(|word| NEGATIONS.contains(&word.as_str())) {
        return None;
    }
    for vocabulary in [&PLAIN[..], SYNONYMS] {
        let mut labels =
            words.iter().filter_map(|word| vocabulary.iter().find(|(known, _)| known == word)).map(|(_, label)| *label);
        if let Some(first) = labels.next() {
            return labels.all(|label| label == first).then_some(first);
        }
    }
    None
}

/// Lower-case words, parted at anything that is no letter and before a capital that follows a small
/// letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_small = false;
    for character in name.chars() {
        if !character.is_alphabetic() || (after_small && character.is_uppercase()) {
            words.push(String::new());
        }
        if character.is_alphabetic() {
            words.last_mut().into_iter().for_each(|word| word.extend(character.to_lowercase()));
        }
        after_small = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The label of each class index, from the names a file carries and those the caller gives
/// (`--classes`). The caller's names help where the file's say nothing; they may not contradict it.
pub(super) fn labels_by_index(path: &Path, own: Option<&[String]>, given: Option<&[String]>) -> Result<Vec<Label>> {
    let remedy = "name the classes in index order, as in --classes fake,real";
    let understood = |names: &[String]| names.iter().map(|name| label_of_name(name)).collect::<Option<Vec<_>>>();
    let given_labels = match given {
        None => None,
        Some(names) => Some(understood(names).ok_or_else(|| Error::Setting {
            setting: "classes".to_owned(),
            found: names.join(","),
            expected: "a name that means real or fake for every class index, as in fake,real".to_owned(),
        })?),
    };
    match (own, given_labels) {
        (None, None) => Err(Error::input(
            path,
            "labels given as numbers without class names",
            "class names: which number is real is not the same in every collection",
            remedy,
        )),
        (None, Some(labels)) => Ok(labels),
        (Some(names), given_labels) => match (understood(names), given_labels) {
            (Some(labels), None) => Ok(labels),
            (Some(labels), Some(given_labels)) if labels == given_labels => Ok(labels),
            (Some(_), Some(_)) => Err(Error::input(
                path,
                format!("the classes {} in the file", names.join(",")),
                format!("the classes given, {}", given.unwrap_or_default().join(",")),
                "leave --classes out: the file's own names are clear",
            )),
            (None, Some(labels)) if labels.len() == names.len() => Ok(labels),
            (None, Some(labels)) => Err(Error::input(
                path,
                format!("{} classes: {}", names.len(), names.join(", ")),
                format!("as many as --classes names, {}", labels.len()),
                remedy,
            )),
            (None, None) => Err(Error::input(
                path,
                format!("the classes {}", names.join(", ")),
                "classes that mean real or fake",
                remedy,
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{label_of_name, labels_by_index};
    use crate::Label::{Fake, Real};

    #[test]
    fn whole_words_decide() {
        for (name, label) in [
            ("real", Some(Real)),
            ("REAL", Some(Real)),
            ("FAKE", Some(Fake)),
            ("0_real", Some(Real)),
            ("1_fake", Some(Fake)),
            ("real_cifake_images", Some(Real)),
            ("fake_cifake_images", Some(Fake)),
            ("RealFaces", Some(Real)),
            ("fake2024", Some(Fake)),
            ("AI-generated", Some(Fake)),
            ("nature", Some(Real)),
            ("real-photos", Some(Real)),
            // "fake" settles it, whatever "photos" would mean alone.
            ("fake_photos", Some(Fake)),
            ("ai_photos", None),
            ("real_vs_fake", None),
            ("not_real", None),
            ("cifake", None),
            ("realistic", None),
            ("unreal", None),
            ("surreal_fakery", None),
            ("cat", None),
            ("", None),
        ] {
            assert_eq!(label_of_name(name), label, "{name}");
        }
    }

    #[test]
    fn names_decide_not_numbers_and_contradictions_are_refused() {
        let path = Path::new("data.parquet");
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let swapped = names(&["FAKE", "REAL"]);
        assert_eq!(labels_by_index(path, Some(&swapped), None).unwrap(), [Fake, Real]);
        assert_eq!(labels_by_index(path, None, Some(&swapped)).unwrap(), [Fake, Real]);
        assert_eq!(
            labels_by_index(path, Some(&names(&["camera", "sd", "gan"])), Some(&names(&["real", "fake", "fake"])))
                .unwrap(),
            [Real, Fake, Fake]
        );
        for (own, given, part) in [
            (None, None, "without class names"),
            (Some(swapped.clone()), Some(names(&["real", "fake"])), "leave --classes out"),
            (Some(names(&["cat", "dog"])), None, "cat, dog"),
            (Some(names(&["cat", "dog", "owl"])), Some(names(&["real", "fake"])), "3 classes: cat, dog, owl"),
            (None, Some(names(&["cat", "dog"])), "cat,dog"),
        ] {
            let message = labels_by_index(path, own.as_deref(), given.as_deref()).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
