//! The leak checks on real photographs, which resemble one another more than rendered ones do.
#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};

use fauxto::augment::Step;
use fauxto::data::audit::audit_dataset;
use fauxto::data::split::{Settings, Split};
use fauxto::data::{Dataset, OpenOptions, PixelStore, Side, StoreOptions};
use fauxto::derive::{Augmented, recipe};
use fauxto::image::RgbImage;
use fauxto::leaks::{self, Evidence, Seen};
use fauxto::run;

/// Every labelled image of `dataset`, seen.
fn seen(dataset: &Dataset) -> Vec<Seen> {
    let indices = dataset.labelled();
    let store = PixelStore::fill(dataset, &indices, &StoreOptions::new(32)).unwrap();
    let positions: Vec<usize> = (0..indices.len()).collect();
    let see = |(position, candidate)| {
        let mut image = RgbImage { width: 32, height: 32, pixels: vec![0; store.image_bytes()] };
        store.read(position, &mut image.pixels).unwrap();
        Seen::new(candidate).with_pixels(&image)
    };
    run::candidates(dataset, &indices, &store, &positions).into_iter().enumerate().map(see).collect()
}

#[test]
fn an_augmented_set_of_photographs_leaks_nothing_and_one_made_before_the_split_does() {
    let data = std::env::var_os("FAUXTO_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/datasets"), PathBuf::from);
    let path = data.join("synergy");
    if !path.exists() {
        eprintln!("skipped: {} absent", path.display());
        return;
    }
    let dataset = Dataset::open(&path, &OpenOptions::default()).unwrap();
    let indices = dataset.labelled();
    let store = PixelStore::fill(&dataset, &indices, &StoreOptions::new(32)).unwrap();
    let candidates = run::candidates(&dataset, &indices, &store, &(0..indices.len()).collect::<Vec<_>>());
    let audit = audit_dataset(&dataset, &|| ());
    let split =
        |seed| Split::make(&candidates, audit.duplicates.clusters(), Settings { seed, ..Settings::default() }).unwrap();
    let (kept, other) = (split(42), split(43));

    let images = seen(&dataset);
    let on = |side| -> Vec<Seen> {
        let there = |seen: &&Seen| kept.item(&seen.name).unwrap().side == Some(side);
        images.iter().filter(there).cloned().collect()
    };
    let (train, chosen_on) = (on(Side::Train), on(Side::Validation));
    let names = |learned: &[Seen]| -> Vec<(&'static str, usize)> {
        let evidence = Evidence { split: &kept, learned, chosen_on: &chosen_on, reported: &[], submissions: &[] };
        leaks::check(&evidence).iter().map(|leak| (leak.name, leak.cases.len())).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let learned = |name: &str, split: &Split, steps: &[Step]| {
        let out = folder.path().join(name);
        Augmented { dataset: &dataset, split, count: 500, seed: 42, steps, progress: None }.write(&out).unwrap();
        let derived = seen(&Dataset::open(&out, &OpenOptions::default()).unwrap());
        [train.clone(), derived].concat()
    };
    let silent = |mut learned: Vec<Seen>| {
        learned.iter_mut().for_each(|seen| seen.parent = None);
        learned
    };

    let clean = learned("clean", &kept, &recipe().unwrap());
    assert_eq!(names(&clean), []);
    // Sight alone sees no twin where there is none.
    assert_eq!(names(&silent(clean)), [("unknown_origin", 500)]);

    // As if derived before the split: a fifth of the parents is held out now.
    let early = learned("early", &other, &recipe().unwrap());
    let [("twin_of_held_out", said)] = names(&early)[..] else { panic!("found {:?}", names(&early)) };
    assert!((60..140).contains(&said), "{said} of about 100");
    assert!(names(&silent(early)).contains(&("unknown_origin", 500)));

    // Of lightly changed copies, sight finds most that do not say whose they are. Compressing what was
    // compressed so before can change nothing, which makes an image of the split of it.
    let light = "step = [{ name = 'horizontal_flip', probability = 0.5 }, { name = 'jpeg', quality = [60, 95] }]";
    let light: toml::Table = light.parse().unwrap();
    let light: Vec<Step> = light["step"].clone().try_into().unwrap();
    let early = learned("light", &other, &light);
    let [("twin_of_held_out", said)] = names(&early)[..] else { panic!("found {:?}", names(&early)) };
    let found = names(&silent(early));
    let [("twin_of_held_out", seen), ("unknown_origin", 490..=500)] = found[..] else { panic!("found {found:?}") };
    assert!(seen * 10 >= said * 9, "{seen} of {said} seen");
}
