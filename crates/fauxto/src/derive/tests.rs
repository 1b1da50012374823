//! Laws of derived sets.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::data::split::{Candidate, Settings, Split};
use crate::data::{ContentHash, Dataset, OpenOptions, Parent, Side, decode, resize};
use crate::image::RgbImage;
use crate::{Error, Label, Result, sample};

struct Ground {
    folder: TempDir,
    dataset: Dataset,
    split: Split,
}

fn image(dataset: &Dataset, index: usize) -> RgbImage {
    decode(&dataset.encoded(index).unwrap(), &dataset.limits).unwrap()
}

fn candidates(dataset: &Dataset) -> Vec<Candidate> {
    let of = |index| Candidate::new(&dataset.items[index], ContentHash::of(&image(dataset, index)));
    (0..dataset.items.len()).filter_map(of).collect()
}

/// Ten images of each class, eight of them to learn from.
fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    sample::write(&data, 10, 0, 5).unwrap();
    let dataset = Dataset::open(&data, &OpenOptions::default()).unwrap();
    let split = Split::make(&candidates(&dataset), [], Settings::default()).unwrap();
    Ground { folder, dataset, split }
}

impl Ground {
    fn augmented(&self, count: usize, seed: u64, name: &str) -> Result<Written> {
        let steps = recipe().unwrap();
        let Self { folder, dataset, split } = self;
        let set = Augmented { dataset, split, count, seed, steps: &steps, progress: None };
        set.write(&folder.path().join(name))
    }

    fn adversarial(&self, batch: usize, name: &str, shift: f32) -> Result<Written> {
        let Self { folder, dataset, split } = self;
        let (epsilons, attack) = (&EPSILONS, "darkening");
        let set = Adversarial { dataset, split, count: 24, seed: 3, size: 32, batch, epsilons, attack };
        set.write(&folder.path().join(name), &mut |batch| {
            assert_eq!(batch.pixels.len(), batch.labels.len() * batch.size * batch.size * 3);
            assert_eq!(batch.numbers.len(), batch.labels.len());
            let epsilon = batch.epsilon as f32 * shift;
            Ok(batch.pixels.iter().map(|value| (value - epsilon).max(0.0)).collect())
        })
    }

    fn open(&self, name: &str) -> Dataset {
        Dataset::open(self.folder.path().join(name), &OpenOptions::default()).unwrap()
    }

    fn files(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let root = self.folder.path().join(name);
        let mut files: Vec<(String, Vec<u8>)> = walkdir::WalkDir::new(&root)
            .into_iter()
            .map(|entry| entry.unwrap().into_path())
            .filter(|path| path.is_file())
            .map(|path| (path.strip_prefix(&root).unwrap().display().to_string(), std::fs::read(&path).unwrap()))
            .collect();
        files.sort();
        files
    }

    fn entries(&self) -> HashSet<String> {
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
        std::fs::read_dir(self.folder.path()).unwrap().map(name).collect()
    }
}

fn parent_of(dataset: &Dataset, index: usize) -> ContentHash {
    match dataset.items[index].parent {
        Some(Parent::Content { content }) => content,
        ref other => panic!("found {other:?}"),
    }
}

#[test]
fn an_augmented_set_descends_from_training_images_alone_and_keeps_labels() {
    let ground = ground();
    let written = ground.augmented(40, 7, "derived").unwrap();
    assert_eq!(written, Written { images: [20, 20], parents: [8, 8] });
    let derived = ground.open("derived");
    assert_eq!(derived.class_counts(), [20, 20]);
    let mut times: HashMap<ContentHash, usize> = HashMap::new();
    for (index, item) in derived.items.iter().enumerate() {
        let parent = ground.split.parent(item.parent.as_ref().unwrap()).unwrap();
        assert_eq!((parent.side, Some(parent.label)), (Some(Side::Train), item.label));
        let image = image(&derived, index);
        assert_eq!((image.width, image.height), (sample::SIDE, sample::SIDE));
        assert_ne!(ContentHash::of(&image), parent.content);
        *times.entry(parent.content).or_default() += 1;
    }
    // 20 of 8 without replacement while there are any: each two or three times.
    assert!(times.len() == 16 && times.values().all(|&times| times == 2 || times == 3), "{times:?}");
    let manifest = std::fs::read_to_string(ground.folder.path().join("derived").join(MANIFEST)).unwrap();
    assert!(manifest.starts_with("file_name,label,parent,parent_content_hash,recipe\nimages/real-1.png,real,real/"));
    assert!(manifest.contains("perspective seed=7 number=39"));
}

#[test]
fn the_seed_decides_and_nothing_else() {
    let ground = ground();
    for (name, seed) in [("first", 7), ("again", 7), ("other", 8)] {
        ground.augmented(16, seed, name).unwrap();
    }
    assert_eq!(ground.files("first"), ground.files("again"));
    assert_ne!(ground.files("first"), ground.files("other"));
    for (name, batch) in [("by one", 1), ("by five", 5)] {
        ground.adversarial(batch, name, 1.0).unwrap();
    }
    assert_eq!(ground.files("by one"), ground.files("by five"));
}

#[test]
fn attacked_images_stay_in_their_ball_after_rounding_and_keep_labels() {
    let ground = ground();
    let written = ground.adversarial(100, "derived", 1.0).unwrap();
    assert_eq!(written, Written { images: [12, 12], parents: [8, 8] });
    let derived = ground.open("derived");
    let manifest = std::fs::read_to_string(ground.folder.path().join("derived").join(MANIFEST)).unwrap();
    for (index, row) in manifest.lines().skip(1).enumerate() {
        let epsilon = EPSILONS[index % 12 % 4];
        assert!(row.ends_with(&format!("darkening epsilon={epsilon} seed=3")), "{row}");
        let content = parent_of(&derived, index);
        let parent = ground.split.parent(derived.items[index].parent.as_ref().unwrap()).unwrap();
        assert_eq!((parent.side, Some(parent.label)), (Some(Side::Train), derived.items[index].label));
        let of_parent = |place: &usize| ContentHash::of(&image(&ground.dataset, *place)) == content;
        let source = (0..ground.dataset.items.len()).find(of_parent).unwrap();
        let source = resize(&image(&ground.dataset, source), 32).unwrap();
        let distance = source.pixels.iter().zip(&image(&derived, index).pixels).map(|(a, b)| a.abs_diff(*b)).max();
        // As far as whole levels within epsilon go: 5, 7, 12 and 20.
        assert_eq!(distance, Some((epsilon * 255.0 + 1e-9) as u8));
    }
}

#[test]
fn what_cannot_be_derived_is_refused_and_nothing_is_left() {
    let ground = ground();
    let before = ground.entries();
    let says = |result: Result<Written>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "{part}: {message}");
    };
    says(ground.augmented(3, 1, "x"), "even");
    says(ground.augmented(0, 1, "x"), "even");
    says(ground.adversarial(4, "x", 1.5), "project the perturbation");
    says(ground.adversarial(0, "x", 1.0), "batches of at least 1");
    says(ground.adversarial(4, "x", -50.0), "not all in 0..=1");
    let set = |count, epsilons: &[f64]| {
        let (dataset, split) = (&ground.dataset, &ground.split);
        let set = Adversarial { dataset, split, count, seed: 3, size: 32, batch: 4, epsilons, attack: "none" };
        set.write(&ground.folder.path().join("x"), &mut |batch| Ok(batch.pixels.to_vec()))
    };
    says(set(8, &[0.02, 0.003]), "found an epsilon of 0.003; expected at least 1/255");
    says(set(6, &EPSILONS), "found 6 images for 4 epsilons; expected at least 8");
    let path = |index: usize| ground.dataset.items[index].location.path();
    std::fs::copy(path(19), path(0)).unwrap();
    says(ground.augmented(32, 1, "x"), "not the image that was split");
    assert_eq!(ground.entries(), before);
    ground.augmented(2, 1, "data").map(|_| ()).unwrap_err();
}

/// A manifest in a folder of its own, as attacks and corruptions write them: parents by name.
fn by_name(root: &Path, rows: &[(&str, Label, &str)]) -> Dataset {
    std::fs::create_dir_all(root).unwrap();
    let mut text = "file_name,label,parent\n".to_owned();
    for (place, (name, label, parent)) in rows.iter().enumerate() {
        let image = sample::render(99, place as u64, *label);
        std::fs::write(root.join(name), crate::data::encode::png(&image).unwrap()).unwrap();
        text += &format!("{name},{label},{parent}\n");
    }
    std::fs::write(root.join(MANIFEST), text).unwrap();
    Dataset::open(root, &OpenOptions::default()).unwrap()
}

#[test]
fn derived_images_join_training_where_their_parents_do() {
    let ground = ground();
    ground.augmented(16, 7, "derived").unwrap();
    let of = |side| ground.split.on(side).next().unwrap();
    let (learned, held_out) = (of(Side::Train), of(Side::Validation));
    let named = by_name(
        &ground.folder.path().join("named"),
        &[
            ("a.png", learned.label, &learned.identity),
            ("b.png", held_out.label, &held_out.identity),
            // Made of a derived image: its first parent counts.
            ("c.png", held_out.label, "b.png"),
        ],
    );
    let whole =
        add_derived(ground.dataset.clone(), vec![("derived".into(), ground.open("derived")), ("named".into(), named)])
            .unwrap();
    assert_eq!((whole.own, whole.dataset.items.len()), (20, 39));
    let contents: Vec<ContentHash> =
        (0..whole.dataset.items.len()).map(|index| ContentHash::of(&image(&whole.dataset, index))).collect();
    let admission = whole.admit(&ground.split, Parentless::Refuse, |index| Some(contents[index])).unwrap();
    assert_eq!(admission.admitted, (20..37).collect::<Vec<_>>());
    assert_eq!(admission.held_out, [37, 38]);

    // A copy of a held-out picture under a training parent's name is held out too.
    let held_out = whole.dataset.items.iter().position(|item| item.identity == held_out.identity).unwrap();
    let swapped = |index| Some(contents[if index == 20 { held_out } else { index }]);
    let admission = whole.admit(&ground.split, Parentless::Refuse, swapped).unwrap();
    assert_eq!(admission.held_out, [20, 37, 38]);
}

#[test]
fn derived_images_without_parents_or_with_other_labels_are_refused() {
    let ground = ground();
    let learned = ground.split.on(Side::Train).next().unwrap();
    let other = Label::ALL[1 - learned.label.index()];
    for (label, parent, part) in [
        (learned.label, "real/none.jpg", "without a parent in the split (named/a.png)"),
        (learned.label, "", "without a parent"),
        // A line that leads back to itself.
        (learned.label, "a.png", "without a parent"),
        (other, learned.identity.as_str(), "another label than their parent's (named/a.png)"),
    ] {
        let root = ground.folder.path().join("named");
        let set = by_name(&root, &[("a.png", label, parent)]);
        let whole = add_derived(ground.dataset.clone(), vec![("named".into(), set)]).unwrap();
        let contents = |index| Some(ContentHash::of(&image(&whole.dataset, index)));
        let error = whole.admit(&ground.split, Parentless::Refuse, contents).unwrap_err();
        assert!(matches!(&error, Error::Refused(reason) if reason.contains(part)), "{part}: {error}");
    }
}

#[test]
fn images_of_nobody_join_training_where_that_is_asked_for_unless_they_are_held_out() {
    let ground = ground();
    let root = ground.folder.path().join("made");
    let set = by_name(&root, &[("a.png", Label::Fake, ""), ("b.png", Label::Fake, "")]);
    let whole = add_derived(ground.dataset.clone(), vec![("made".into(), set)]).unwrap();
    let own = whole.own;
    let contents = |index| Some(ContentHash::of(&image(&whole.dataset, index)));
    let admission = whole.admit(&ground.split, Parentless::Admit, contents).unwrap();
    assert_eq!((admission.admitted, admission.held_out), (vec![own, own + 1], vec![]));

    let held_out = ground.split.on(Side::Validation).next().unwrap().content;
    let copied = |index| if index == own { Some(held_out) } else { contents(index) };
    let error = whole.admit(&ground.split, Parentless::Admit, copied).unwrap_err().to_string();
    assert!(error.contains("held out for measuring") && error.contains("made/a.png"), "{error}");
}

#[test]
fn a_split_made_over_derived_images_keeps_them_with_their_parents() {
    let ground = ground();
    ground.augmented(16, 7, "derived").unwrap();
    let mut dataset = ground.dataset.clone();
    dataset.append(ground.open("derived"), "derived").unwrap();
    let split = Split::make(&candidates(&dataset), [], Settings { seed: 1, ..Settings::default() }).unwrap();
    let mut held_out = 0;
    for item in split.items().iter().filter(|item| item.parent.is_some()) {
        let parent = split.parent(item.parent.as_ref().unwrap()).unwrap();
        assert_eq!((item.side, item.group), (parent.side, parent.group));
        held_out += usize::from(item.side == Some(Side::Validation));
    }
    assert!(held_out > 0, "some parent is held out under another seed");
    let path = ground.folder.path().join("split.json");
    split.save(&path).unwrap();
    assert_eq!(Split::load(&path).unwrap(), split);
}
