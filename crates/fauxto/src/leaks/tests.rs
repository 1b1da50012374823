//! Each of the original's leaks, planted; and a clean run.

use super::*;
use crate::augment::{adjust_brightness, flip_horizontally};
use crate::data::split::Settings;
use crate::image::FloatImage;
use crate::sample::render;
use crate::submission::entries;

const PER_CLASS: u64 = 20;

fn picture(identity: &str) -> RgbImage {
    let (label, number) = identity.split_once('/').unwrap();
    let label = if label == "real" { Label::Real } else { Label::Fake };
    render(1, number.parse().unwrap(), label)
}

fn candidate(identity: &str, label: Label, image: &RgbImage, parent: Option<Parent>) -> Candidate {
    Candidate { identity: identity.into(), content: ContentHash::of(image), label, parent, side: None }
}

/// A run: its split, and everything it used.
struct Run {
    split: Split,
    learned: Vec<Seen>,
    chosen_on: Vec<Seen>,
    reported: Vec<Seen>,
    submission: Vec<Entry>,
}

const VERDICTS: [(&str, Option<Label>); 3] =
    [("1.png", Some(Label::Real)), ("2.png", Some(Label::Fake)), ("10.png", Some(Label::Real))];

/// A clean run with augmented and attacked images, reported on images of another set.
fn clean() -> Run {
    let candidates: Vec<Candidate> = Label::ALL
        .into_iter()
        .flat_map(|label| (0..PER_CLASS).map(move |number| (format!("{label}/{number}"), label)))
        .map(|(identity, label)| candidate(&identity, label, &picture(&identity), None))
        .collect();
    let split = Split::make(&candidates, [], Settings::default()).unwrap();
    let used = |side| -> Vec<Seen> {
        let of_side = |item: &&Candidate| split.item(&item.identity).unwrap().side == Some(side);
        let seen = |item: &Candidate| Seen::new(item.clone()).with_pixels(&picture(&item.identity));
        candidates.iter().filter(of_side).map(seen).collect()
    };
    let (mut learned, chosen_on) = (used(Side::Train), used(Side::Validation));
    let derived: Vec<Seen> = learned.iter().map(|parent| derived(parent, "augmented", parent.label, true)).collect();
    learned.extend(derived);
    let reported = (0..10).map(|number| {
        let image = render(2, number, Label::Real);
        Seen::new(candidate(&format!("test/{number}"), Label::Real, &image, None)).with_pixels(&image)
    });
    Run { split, learned, chosen_on, reported: reported.collect(), submission: entries(&VERDICTS) }
}

/// A mirrored, slightly darker copy.
fn twin(image: &RgbImage) -> RgbImage {
    RgbImage::from(&adjust_brightness(flip_horizontally(FloatImage::from(image)), 0.93))
}

fn derived(parent: &Seen, how: &str, label: Label, says_so: bool) -> Seen {
    let image = twin(&picture(&parent.name));
    let parent_content = says_so.then_some(Parent::Content { content: parent.content });
    Seen::new(candidate(&format!("{how}/{}", parent.name), label, &image, parent_content)).with_pixels(&image)
}

/// The names of what is found, and the only finding's cases.
fn found(run: &Run) -> (Vec<&'static str>, Vec<String>) {
    let submissions = [Submission { verdicts: &VERDICTS, entries: &run.submission }];
    let evidence = Evidence {
        split: &run.split,
        learned: &run.learned,
        chosen_on: &run.chosen_on,
        reported: &run.reported,
        submissions: &submissions,
    };
    let leaks = check(&evidence);
    assert_eq!(require_none(&evidence).is_ok(), leaks.is_empty());
    if let (Err(error), Some(first)) = (require_none(&evidence), leaks.first()) {
        assert!(error.to_string().contains(first.name), "{error}");
    }
    let cases = leaks.first().map(|leak| leak.cases.clone()).unwrap_or_default();
    (leaks.iter().map(|leak| leak.name).collect(), cases)
}

#[test]
fn a_clean_run_has_none() {
    let run = clean();
    assert!(run.learned.len() == 64 && run.chosen_on.len() == 8);
    assert_eq!(found(&run), (vec![], vec![]));
}

/// The original's first: copies were augmented before the split.
#[test]
fn an_augmented_twin_of_a_validation_image_is_found_whether_it_says_so_or_not() {
    for (says_so, expected) in [(true, &["twin_of_held_out"][..]), (false, &["twin_of_held_out", "unknown_origin"][..])]
    {
        let mut run = clean();
        let victim = run.chosen_on[3].clone();
        run.learned.push(derived(&victim, "augmented", victim.label, says_so));
        let (names, cases) = found(&run);
        assert_eq!((&names[..], cases.len()), (expected, 1));
        assert!(cases[0].contains(&victim.name) && cases[0].contains("augmented/"), "{cases:?}");
    }
}

/// The original's second: a training set rebuilt from all images.
#[test]
fn a_rebuilt_training_set_is_found() {
    let mut run = clean();
    for (number, seen) in run.chosen_on.clone().into_iter().enumerate() {
        run.learned.push(Seen { name: format!("combined/{number}"), ..seen });
    }
    let (names, cases) = found(&run);
    assert_eq!((names, cases.len()), (vec!["held_out_learned"], 8));
    // Or from what is reported on, which the split has never seen.
    let mut run = clean();
    run.learned.push(run.reported[0].clone());
    assert_eq!(found(&run).0, ["unknown_origin", "held_out_learned"]);
}

/// The original's third: attacked images filed under real or fake by coin toss.
#[test]
fn an_adversarial_image_with_another_label_than_its_parents_is_found() {
    let mut run = clean();
    let parent = run.learned[0].clone();
    let other = Label::ALL[1 - parent.label.index()];
    run.learned.push(derived(&parent, "adversarial", other, true));
    let (names, cases) = found(&run);
    assert_eq!((names, cases.len()), (vec!["label_not_parents"], 1));
    assert!(cases[0].contains("adversarial/") && cases[0].contains(&parent.name), "{cases:?}");
    // So is an image whose own label was changed after the split.
    let mut run = clean();
    run.learned[1].label = Label::ALL[1 - run.learned[1].label.index()];
    assert_eq!(found(&run).0, ["label_not_parents"]);
}

/// The original's sixth: one validation set stops training, weighs the ensemble and reports.
#[test]
fn a_report_on_the_validation_images_is_found() {
    let mut run = clean();
    run.reported = run.chosen_on.clone();
    let (names, cases) = found(&run);
    assert_eq!((names, cases.len()), (vec!["reported_on_chosen"], 8));
    // Also if the run does not say what it decided on: the split does.
    run.chosen_on.clear();
    assert_eq!(found(&run).0, ["reported_on_chosen"]);
}

/// The original's eighth: the index is the place in a lexicographic listing.
#[test]
fn a_submission_in_lexicographic_order_is_found() {
    let mut run = clean();
    let mut listing = VERDICTS;
    listing.sort_unstable();
    assert_eq!(listing[1].0, "10.png");
    let entry = |(place, (_, prediction)): (usize, &(&str, Option<Label>))| {
        Some(Entry { index: place as u64 + 1, prediction: (*prediction)? })
    };
    run.submission = listing.iter().enumerate().filter_map(entry).collect();
    let (names, cases) = found(&run);
    assert_eq!(names, ["submission_index"]);
    assert_eq!(cases, ["index 2 says real, but image 2 was judged fake", "no entry for image 10"]);
    run.submission.pop();
    assert_eq!(found(&run).0, ["submission_index"]);
}

#[test]
fn mirroring_is_complete() {
    let image = RgbImage { width: 2, height: 2, pixels: (0..12).collect() };
    let corners = twin::mirrored(&image).map(|image| [image.pixels[0], image.pixels[3], image.pixels[6]]);
    assert_eq!(corners, [[0, 3, 6], [3, 0, 9], [6, 9, 0], [9, 6, 3]]);
}
