//! What a sample set promises: the same arguments give the same files, whole or not at all.

use std::collections::HashSet;
use std::fs;

use super::*;
use crate::data::audit::Container;
use crate::data::content::ContentHash;

#[test]
fn the_same_arguments_give_the_same_pixels_and_others_give_others() {
    let image = render(42, 5, Label::Real);
    assert_eq!((image.width, image.height, image.pixels.len()), (SIDE, SIDE, SIDE * SIDE * 3));
    assert_eq!(image, render(42, 5, Label::Real));
    for other in [render(43, 5, Label::Real), render(42, 6, Label::Real), render(42, 5, Label::Fake)] {
        assert_ne!(image, other);
    }
}

#[test]
fn both_classes_are_written_by_one_encoder_at_one_quality() {
    let containers: HashSet<String> = (0..10)
        .flat_map(|index| Label::ALL.map(|label| render_jpeg(1, index, label).unwrap()))
        .map(|bytes| format!("{:?}", Container::sniff(&bytes)))
        .collect();
    assert_eq!(containers.len(), 1, "{containers:?}");
    assert!(containers.iter().next().unwrap().contains(&format!("quality: {JPEG_QUALITY}")));
}

#[test]
fn a_set_is_written_whole_numbered_from_one_and_without_repeats() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/sample");
    write(&folder, 6, 5, 42).unwrap();
    let mut contents = HashSet::new();
    for (name, count) in [("real", 6), ("fake", 6), ("test", 5)] {
        assert_eq!(fs::read_dir(folder.join(name)).unwrap().count(), count);
        for number in 1..=count {
            let image = image::open(folder.join(format!("{name}/{number}.jpg"))).unwrap().to_rgb8();
            let pixels = image.into_raw();
            contents.insert(ContentHash::of(&RgbImage { width: SIDE, height: SIDE, pixels }));
        }
    }
    assert_eq!(contents.len(), 17);
    // Nothing temporary stays behind.
    assert_eq!(fs::read_dir(parent.path().join("deep")).unwrap().count(), 1);
    assert_eq!(fs::read(folder.join("fake/3.jpg")).unwrap(), render_jpeg(42, 3, Label::Fake).unwrap());
}

#[test]
fn without_unlabelled_images_there_is_no_test_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("sample");
    write(&folder, 1, 0, 42).unwrap();
    assert!(!folder.join("test").exists());
}

#[test]
fn an_existing_folder_is_never_touched() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine"), "kept").unwrap();
    let message = write(folder.path(), 2, 2, 42).unwrap_err().to_string();
    assert!(message.contains("expected a new folder"), "{message}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let beneath_a_file = folder.path().join("mine/sample");
    assert!(matches!(write(&beneath_a_file, 2, 2, 42), Err(Error::Io { .. })));
}

#[test]
fn the_unlabelled_part_holds_both_classes_in_an_order_of_the_seed() {
    let labels = |seed| -> Vec<Label> { plan(3, 100, seed)[6..].iter().map(|(_, _, label)| *label).collect() };
    assert_eq!(labels(1).iter().filter(|label| **label == Label::Fake).count(), 50);
    assert_eq!(labels(1), labels(1));
    assert_ne!(labels(1), labels(2));
}
