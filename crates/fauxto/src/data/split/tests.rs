//! Laws of splitting, and the refusals.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const NO_CLUSTERS: [&[String]; 0] = [];

fn content(number: u64) -> ContentHash {
    ContentHash::from(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

fn candidate(number: usize) -> Candidate {
    Candidate {
        identity: format!("image {number}"),
        content: content(number as u64),
        label: Label::ALL[number % 2],
        parent: None,
        side: None,
    }
}

fn named(parent: &str) -> Parent {
    Parent::Identity(parent.to_owned())
}

fn plain(count: usize) -> Vec<Candidate> {
    (0..count).map(candidate).collect()
}

fn sides(split: &Split) -> HashMap<&str, Option<Side>> {
    split.items().iter().map(|item| (item.identity.as_str(), item.side)).collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    match result {
        Err(error @ (Error::Refused(_) | Error::Input { .. } | Error::Setting { .. })) => error.to_string(),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn without_groups_the_shares_are_exact_and_three_ways_work() {
    let split = Split::make(&plain(1000), NO_CLUSTERS, Settings::default()).unwrap();
    let settings = Settings { seed: 1, validation: 0.1, test: 0.3 };
    let three = Split::make(&plain(1000), NO_CLUSTERS, settings).unwrap();
    for label in Label::ALL {
        let count = |split: &Split, side| split.on(side).filter(|item| item.label == label).count();
        assert_eq!([Side::Train, Side::Validation, Side::Test].map(|side| count(&split, side)), [400, 100, 0]);
        assert_eq!([Side::Train, Side::Validation, Side::Test].map(|side| count(&three, side)), [300, 50, 150]);
    }
    let other = Split::make(&plain(1000), NO_CLUSTERS, Settings { seed: 43, ..Settings::default() }).unwrap();
    assert_ne!(sides(&split), sides(&other));
    assert_eq!(split.data_hash(), other.data_hash());
    assert_eq!(split.item("image 7").unwrap().content, content(7));
    assert_eq!(split.item("image x"), None);
}

/// A data set with copies, families and clusters: for each item its label, which earlier item it
/// copies, which earlier item it was derived from; and pairs that look alike.
fn tangled() -> impl Strategy<Value = (Vec<Candidate>, Vec<Vec<String>>)> {
    let item = (
        any::<bool>(),
        prop::option::weighted(0.1, any::<prop::sample::Index>()),
        prop::option::weighted(0.15, any::<prop::sample::Index>()),
    );
    let pairs = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12);
    (prop::collection::vec(item, 60..200), pairs).prop_map(|(items, pairs)| {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (number, (fake, copied, derived)) in items.into_iter().enumerate() {
            let mut new = candidate(number);
            new.label = Label::ALL[usize::from(fake)];
            if number > 0 {
                if let Some(copied) = copied {
                    new.content = copied.get(&candidates).content;
                }
                new.parent = derived.map(|derived| {
                    let parent = derived.get(&candidates);
                    // Both ways of naming, in the same data sets.
                    if number % 2 == 0 { named(&parent.identity) } else { Parent::Content { content: parent.content } }
                });
            }
            candidates.push(new);
        }
        let clusters = pairs
            .into_iter()
            .map(|(first, second)| [first, second].map(|i| i.get(&candidates).identity.clone()).to_vec())
            .collect();
        (candidates, clusters)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_group_is_split_and_shares_are_kept_whatever_the_order(
        (candidates, clusters) in tangled(),
        seed in any::<u64>(),
        test in prop::sample::select(vec![0.0, 0.25]),
        shuffle in any::<u64>(),
    ) {
        let settings = Settings { seed, validation: 0.2, test };
        let made = Split::make(&candidates, clusters.iter().map(Vec::as_slice), settings);
        // Sets that fell into too few groups are refused, which other tests look at.
        prop_assume!(made.is_ok());
        let split = made.unwrap();
        let sides = sides(&split);

        // Linked items share a side; transitivity follows, since every link does.
        let by_name: HashMap<&str, &Candidate> = candidates.iter().map(|c| (c.identity.as_str(), c)).collect();
        for first in &candidates {
            if let Some(parent) = &first.parent {
                prop_assert_eq!(sides[first.identity.as_str()], split.parent(parent).unwrap().side);
            }
            for second in candidates.iter().filter(|second| second.content == first.content) {
                prop_assert_eq!(sides[first.identity.as_str()], sides[second.identity.as_str()]);
            }
        }
        for cluster in &clusters {
            prop_assert_eq!(sides[cluster[0].as_str()], sides[cluster[1].as_str()]);
        }

        // Each class's share is met but for about the largest group.
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        split.items().iter().for_each(|item| *sizes.entry(item.group).or_default() += 1);
        let largest = sizes.values().copied().max().unwrap_or(0) as f64;
        for label in Label::ALL {
            let total = split.items().iter().filter(|item| item.label == label).count() as f64;
            for (side, share) in [(Side::Train, 0.8 - test), (Side::Validation, 0.2), (Side::Test, test)] {
                let count = split.on(side).filter(|item| item.label == label).count() as f64;
                prop_assert!((count - total * share).abs() <= largest + 1.0, "{} {:?}: {} of {}", label, side, count, total);
            }
        }
        prop_assert!(split.items().iter().all(|item| by_name[item.identity.as_str()].content == item.content));

        // Neither the order of items nor that of clusters matters.
        let mut rng = crate::random::stream(shuffle, "test", &[]);
        let (mut reordered, mut reclustered) = (candidates.clone(), clusters.clone());
        rand::seq::SliceRandom::shuffle(&mut reordered[..], &mut rng);
        rand::seq::SliceRandom::shuffle(&mut reclustered[..], &mut rng);
        let again = Split::make(&reordered, reclustered.iter().map(Vec::as_slice), settings).unwrap();
        prop_assert_eq!(&again, &split);
        prop_assert!(split.check(&reordered).is_ok());
    }
}

#[test]
fn a_split_is_read_back_as_written_and_leaves_no_temporary_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("split.json");
    let mut candidates = plain(20);
    candidates[3].identity = "a \"quoted\"\npath/é.jpg".into();
    let split = Split::make(&candidates, NO_CLUSTERS, Settings::default()).unwrap();
    std::fs::write(&path, "old").unwrap();
    split.save(&path).unwrap();
    assert_eq!(Split::load(&path).unwrap(), split);
    split.check(&candidates).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(Split::load(folder.path()).unwrap(), split, "as in the folder of a run");
    assert!(matches!(split.save(&path.join("split.json")), Err(Error::Io { .. })));
    assert!(matches!(Split::load(&folder.path().join("none.json")), Err(Error::Io { .. })));
}

#[test]
fn foreign_newer_and_edited_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("split.json");
    let mut candidates = plain(20);
    candidates[5].parent = Some(named("image 3"));
    let split = Split::make(&candidates, NO_CLUSTERS, Settings::default()).unwrap();
    split.save(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let loading = |text: String| {
        std::fs::write(&path, text).unwrap();
        refusal(Split::load(&path))
    };
    assert!(loading("[]".into()).contains("no split"));
    assert!(loading(text[..text.len() / 2].into()).contains("no split"));
    assert!(loading(text.replace("\"version\": 1", "\"version\": 9")).contains("version 9"));
    assert!(loading(text.replace("\"label\":\"real\"", "\"label\":\"cat\"")).contains("damaged"));
    assert!(loading(text.replacen("\"label\":\"real\"", "\"label\":\"fake\"", 1)).contains("data hash"));
    // Filing a derived image on another side than its original, by hand.
    let line = text.lines().find(|line| line.contains("\"image 5\"")).unwrap();
    let moved = if line.contains("\"side\":\"train\"") {
        line.replace("\"side\":\"train\"", "\"side\":\"validation\"")
    } else {
        line.replace("\"side\":\"validation\"", "\"side\":\"train\"")
    };
    assert!(loading(text.replace(line, &moved)).contains("was derived from image 3"));
    // One image on two sides.
    let line = text.lines().find(|line| line.contains("\"image 7\"")).unwrap();
    let other = if line.contains("\"train\"") {
        line.replace("\"train\"", "\"validation\"")
    } else {
        line.replace("\"validation\"", "\"train\"")
    };
    assert!(loading(text.replace(line, &format!("{line}\n{other}"))).contains("listed twice"));
}

#[test]
fn a_changed_data_set_is_refused_with_the_changes_named() {
    let candidates = plain(20);
    let split = Split::make(&candidates, NO_CLUSTERS, Settings::default()).unwrap();
    let mut changed = candidates.clone();
    changed[1].content = content(999);
    changed[2].label = Label::Fake;
    changed[3].parent = Some(named("image 4"));
    changed[4].identity = "renamed".into();
    changed.push(candidates[0].clone());
    let message = refusal(split.check(&changed));
    for part in [
        "1 changed in content (image 1)",
        "1 changed in label (image 2)",
        "1 changed in parent (image 3)",
        "1 missing (image 4)",
        "1 new (renamed)",
        "1 present twice (image 0)",
        "split anew",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let message = refusal(split.check(&candidates[..10]));
    assert!(message.contains("10 missing") && message.contains("..."), "{message}");
}

/// The original's first mistake: copies made before the split, landing on both sides.
#[test]
fn copies_made_before_the_split_stay_with_their_original_or_are_refused() {
    let mut candidates = plain(40);
    for number in 40..80 {
        let mut augmented = candidate(number);
        augmented.identity = format!("augmented {number}");
        augmented.parent = Some(named(&format!("image {}", number - 40)));
        candidates.push(augmented);
    }
    let split = Split::make(&candidates, NO_CLUSTERS, Settings::default()).unwrap();
    let sides = sides(&split);
    for number in 40..80 {
        let original = format!("image {}", number - 40);
        assert_eq!(sides[format!("augmented {number}").as_str()], sides[original.as_str()]);
    }
    // Filed into other folders by whoever made them.
    for (number, candidate) in candidates.iter_mut().enumerate() {
        candidate.side = Some(if number % 40 < 20 { Side::Train } else { Side::Validation });
    }
    candidates[65].side = Some(Side::Train);
    let message = refusal(Split::make(&candidates, NO_CLUSTERS, Settings::default()));
    assert!(message.contains("augmented 65 (in train) was derived from image 25 (in validation)"), "{message}");
}

/// The original's second mistake: a training set rebuilt from all images, validation included.
#[test]
fn a_rebuilt_training_set_with_held_out_images_is_refused_whatever_their_names() {
    let split = Split::make(&plain(40), NO_CLUSTERS, Settings::default()).unwrap();
    let train: Vec<_> = split.on(Side::Train).map(|item| (item.identity.as_str(), item.content)).collect();
    split.assert_disjoint(train.iter().copied()).unwrap();
    let held_out = split.on(Side::Validation).next().unwrap();
    let rebuilt = train.into_iter().chain([("combined/17.jpg", held_out.content)]);
    let message = refusal(split.assert_disjoint(rebuilt));
    assert!(message.contains(&format!("combined/17.jpg is {} of validation", held_out.identity)), "{message}");
}

fn in_folders() -> Vec<Candidate> {
    let mut candidates = plain(60);
    for (number, candidate) in candidates.iter_mut().enumerate() {
        candidate.side = Some(if number < 40 { Side::Train } else { Side::Test });
    }
    candidates
}

#[test]
fn folders_are_kept_and_validation_is_split_off_train() {
    let mut candidates = in_folders();
    let split = Split::make(&candidates, NO_CLUSTERS, Settings::default()).unwrap();
    assert_eq!([Side::Train, Side::Validation, Side::Test].map(|side| split.on(side).count()), [32, 8, 20]);
    assert!(
        split
            .on(Side::Test)
            .all(|item| { candidates.iter().any(|c| c.identity == item.identity && c.side == item.side) })
    );
    candidates[..10].iter_mut().for_each(|candidate| candidate.side = Some(Side::Validation));
    let split = Split::make(&candidates, NO_CLUSTERS, Settings::default()).unwrap();
    assert_eq!([Side::Train, Side::Validation, Side::Test].map(|side| split.on(side).count()), [30, 10, 20]);
}

#[test]
fn copies_of_test_pictures_are_left_out_of_training() {
    let mut candidates = in_folders();
    candidates[3].content = candidates[50].content;
    let cluster = [candidates[4].identity.clone(), candidates[51].identity.clone()];
    let split = Split::make(&candidates, [cluster.as_slice()], Settings::default()).unwrap();
    let left_out: Vec<&str> = split.left_out().map(|item| item.identity.as_str()).collect();
    assert_eq!(left_out, ["image 3", "image 4"]);
    assert_eq!(split.on(Side::Test).count(), 20);
    assert_eq!(split.on(Side::Train).count() + split.on(Side::Validation).count(), 38);
    split.check(&candidates).unwrap();
}

#[test]
fn folders_that_make_no_sense_are_refused() {
    let make = |candidates: &[Candidate]| refusal(Split::make(candidates, NO_CLUSTERS, Settings::default()));
    let mut stray = in_folders();
    stray[30].side = None;
    assert!(make(&stray).contains("image 30 lies outside"));
    let mut test_only = in_folders();
    test_only.iter_mut().for_each(|candidate| candidate.side = Some(Side::Test));
    assert!(make(&test_only).contains("none is train"));
    let mut one_sided = in_folders();
    one_sided.iter_mut().for_each(|candidate| {
        candidate.side = Some(if candidate.label == Label::Real { Side::Train } else { Side::Validation });
    });
    assert!(make(&one_sided).contains("no fake image is left for train"));
}

#[test]
fn too_little_to_split_is_refused() {
    let make = |candidates: &[Candidate]| refusal(Split::make(candidates, NO_CLUSTERS, Settings::default()));
    assert!(make(&[]).contains("no real image"));
    let real: Vec<Candidate> = plain(40).into_iter().step_by(2).collect();
    assert!(make(&real).contains("no fake image"));
    let mut one_picture = plain(10);
    one_picture.iter_mut().filter(|c| c.label == Label::Fake).for_each(|c| c.content = content(1));
    assert!(make(&one_picture).contains("only 1 different fake image for 2 sides"));
    assert!(make(&plain(4)).contains("validation would get no"));
    let twice = [plain(10), plain(1)].concat();
    assert!(make(&twice).contains("two items called image 0"));
}

#[test]
fn shares_out_of_range_are_refused() {
    for (validation, test) in [(0.0, 0.0), (1.0, 0.0), (f64::NAN, 0.0), (0.2, -0.1), (0.2, f64::NAN), (0.5, 0.5)] {
        let settings = Settings { seed: 1, validation, test };
        assert!(refusal(Split::make(&plain(20), NO_CLUSTERS, settings)).contains("split."));
    }
}
