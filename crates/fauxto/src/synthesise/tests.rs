use burn::tensor::Device;

use super::*;
use crate::data::{Dataset, OpenOptions, PixelStore};
use crate::image::RgbImage;
use crate::model::Precision;
use crate::train::Example;
use crate::write_atomically::NewFolder;
use crate::{Label, sample};

fn examples(store: &PixelStore) -> Vec<Example> {
    (0..store.len()).map(|index| Example { index, label: Label::Real }).collect()
}

fn grey(level: u8) -> RgbImage {
    RgbImage { width: 32, height: 32, pixels: vec![level; 32 * 32 * 3] }
}

fn mean(images: &[RgbImage]) -> f64 {
    let levels = images.iter().flat_map(|image| &image.pixels);
    levels.map(|&level| f64::from(level)).sum::<f64>() / (images.len() * 32 * 32 * 3) as f64
}

#[test]
fn equal_games_give_equal_images_and_generators_move_towards_the_photographs() {
    let store = PixelStore::of((0..64).map(|index| grey(225 + index % 16)));
    let examples = examples(&store);
    for kind in KINDS.iter().filter(|kind| kind.learns()) {
        let play = |steps, seed| {
            let task =
                Task { kind, steps, precision: Precision::Single, count: 64, seed, store: &store, examples: &examples };
            let mut losses = Vec::new();
            let made = task.make(&Device::flex(), &mut |now| losses.push(now.discriminator_loss)).unwrap();
            assert_eq!(losses.len(), steps);
            (made, losses)
        };
        let (first, losses) = play(2, 1);
        assert_eq!(first.len(), 64, "{}", kind.name);
        assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0), "{}: {losses:?}", kind.name);
        assert_eq!(first, play(2, 1).0, "{}", kind.name);
        assert_ne!(first, play(2, 2).0, "{}", kind.name);
    }
    let kind = kind("transposed").unwrap();
    let task = |steps| Task {
        kind,
        steps,
        precision: Precision::Single,
        count: 64,
        seed: 1,
        store: &store,
        examples: &examples,
    };
    let [before, after] = [2, 24].map(|steps| mean(&task(steps).make(&Device::flex(), &mut |_| ()).unwrap()));
    assert!(after > before + 10.0, "from {before} towards 232: {after}");
}

#[test]
fn games_that_cannot_be_played_are_refused() {
    let store = PixelStore::of((0..64).map(|_| grey(9)));
    let examples = examples(&store);
    let task = Task {
        kind: &KINDS[0],
        steps: 2,
        precision: Precision::Single,
        count: 64,
        seed: 1,
        store: &store,
        examples: &examples,
    };
    let refused = |task: Task<'_>| {
        let error = task.make(&Device::flex(), &mut |_| ()).unwrap_err().to_string();
        assert!(error.contains("expected at least 64 images, 2 steps"), "{error}");
    };
    refused(Task { steps: 1, ..task });
    refused(Task { count: 65, ..task });
    refused(Task { examples: &examples[1..], ..task });
    let fakes: Vec<Example> = examples.iter().map(|example| Example { label: Label::Fake, ..*example }).collect();
    refused(Task { examples: &fakes, ..task });
}

#[test]
fn what_is_written_is_a_data_set_of_fakes() {
    let folder = tempfile::tempdir().unwrap();
    let images: Vec<RgbImage> = (0..3).map(|index| sample::render(3, index, Label::Real)).collect();
    for (name, format) in [("png", Format::Png), ("jpg", Format::Jpeg(75))] {
        let path = folder.path().join(name);
        write(NewFolder::create(&path).unwrap(), &images, format, "a test").unwrap();
        let dataset = Dataset::open(&path, &OpenOptions::default()).unwrap();
        let names: Vec<&str> = dataset.items.iter().map(|item| item.identity.as_str()).collect();
        assert_eq!(names, [1, 2, 3].map(|index| format!("images/{index}.{name}")));
        assert!(dataset.items.iter().all(|item| item.label == Some(Label::Fake) && item.parent.is_none()));
        assert!(NewFolder::create(&path).is_err(), "a folder that exists is kept");
    }
}
