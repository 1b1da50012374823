//! Decoded pixels in memory and on disk.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fauxto::data::{ContentHash, Dataset, OpenOptions, PixelStore, StoreOptions, decode, resize};
use tempfile::TempDir;

/// Images of the golden JPEG fixtures, of many sizes, in class folders, and two broken ones.
fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg");
    for class in ["real", "fake"] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
    }
    let mut sources: Vec<PathBuf> = std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "jpg"));
    sources.sort();
    for (number, source) in sources.iter().enumerate() {
        let class = ["real", "fake"][number % 2];
        std::fs::copy(source, folder.path().join(format!("{class}/{number}.jpg"))).unwrap();
    }
    std::fs::write(folder.path().join("fake/3.jpg"), b"").unwrap();
    std::fs::write(folder.path().join("real/8.jpg"), b"not an image").unwrap();
    folder
}

fn all(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.items.len()).collect()
}

fn on_disk(size: usize) -> StoreOptions<'static> {
    StoreOptions { memory_limit: 0, ..StoreOptions::new(size) }
}

#[test]
fn memory_and_disk_hold_the_same_in_any_order() {
    let folder = folder();
    let dataset = Dataset::open(folder.path(), &OpenOptions::default()).unwrap();
    let memory = PixelStore::fill(&dataset, &all(&dataset), &StoreOptions::new(16)).unwrap();
    let disk = PixelStore::fill(&dataset, &all(&dataset), &on_disk(16)).unwrap();
    assert!(!memory.is_on_disk() && disk.is_on_disk());
    assert_eq!(memory.broken(), disk.broken());
    let shuffled: Vec<usize> = (0..memory.len()).map(|step| step * 17 % memory.len()).collect();
    let batch = |store: &PixelStore| {
        let mut batch = vec![1; shuffled.len() * store.image_bytes()];
        store.gather(&shuffled, &mut batch).unwrap();
        batch
    };
    assert_eq!(batch(&memory), batch(&disk));
    for (position, image) in shuffled.iter().zip(batch(&disk).chunks(disk.image_bytes())) {
        let mut single = vec![1; disk.image_bytes()];
        disk.read(*position, &mut single).unwrap();
        assert_eq!(single, image);
        assert_eq!(memory.hash(*position), disk.hash(*position));
    }
}

#[test]
fn what_follows_is_made_of_the_images_before_it_in_memory_and_on_disk() {
    let folder = folder();
    let dataset = Dataset::open(folder.path(), &OpenOptions::default()).unwrap();
    let positions = [5, 0, 5];
    for options in [StoreOptions::new(16), on_disk(16)] {
        let store = PixelStore::fill(&dataset, &all(&dataset), &options).unwrap();
        let more = store
            .followed_by(&positions, &|position, mut image| {
                image.pixels.iter_mut().for_each(|value| *value = value.wrapping_add(position as u8 + 1));
                Ok(image)
            })
            .unwrap();
        assert_eq!((more.len(), more.is_on_disk()), (store.len() + 3, store.is_on_disk()));
        assert_eq!(more.broken(), store.broken());
        for position in 0..store.len() {
            assert_eq!(more.image(position).unwrap(), store.image(position).unwrap());
            assert_eq!(more.hash(position), store.hash(position));
        }
        for (place, position) in positions.into_iter().enumerate() {
            let (own, made) = (store.image(position).unwrap(), more.image(store.len() + place).unwrap());
            assert!(
                own.pixels.iter().zip(&made.pixels).all(|(own, made)| own.wrapping_add(position as u8 + 1) == *made)
            );
            assert_eq!(more.hash(store.len() + place), Some(ContentHash::of(&made)));
        }
        let failing = store.followed_by(&[1], &|_, _| Err(fauxto::Error::Refused("no such image".into())));
        assert!(failing.unwrap_err().to_string().contains("no such image"));
    }
}

#[test]
fn each_position_holds_its_own_item_resized_and_hashed_at_its_own_size() {
    let folder = folder();
    let dataset = Dataset::open(folder.path(), &OpenOptions::default()).unwrap();
    let chosen: Vec<usize> = all(&dataset).into_iter().rev().step_by(3).collect();
    let store = PixelStore::fill(&dataset, &chosen, &StoreOptions::new(32)).unwrap();
    assert_eq!((store.len(), store.size()), (chosen.len(), 32));
    for (position, &index) in chosen.iter().enumerate() {
        let mut found = vec![1; store.image_bytes()];
        store.read(position, &mut found).unwrap();
        match decode(&dataset.encoded(index).unwrap(), &dataset.limits) {
            Ok(image) => {
                assert_eq!(found, resize(&image, 32).unwrap().pixels);
                assert_eq!(store.hash(position), Some(ContentHash::of(&image)));
            }
            Err(defect) => {
                assert!(found.iter().all(|&level| level == 0));
                assert_eq!(store.hash(position), None);
                let broken = store.broken().iter().find(|broken| broken.position == position).unwrap();
                assert_eq!(broken.entry.reason, defect.to_string());
                assert_eq!(broken.entry.identity, dataset.items[index].identity);
            }
        }
    }
}

#[test]
fn broken_files_are_listed_and_progress_counts_every_item_once() {
    let folder = folder();
    let dataset = Dataset::open(folder.path(), &OpenOptions::default()).unwrap();
    let calls = Mutex::new(HashSet::new());
    let progress = |done, total| {
        assert!(calls.lock().unwrap().insert((done, total)), "{done} of {total} twice");
    };
    let options = StoreOptions { progress: Some(&progress), ..StoreOptions::new(8) };
    let store = PixelStore::fill(&dataset, &all(&dataset), &options).unwrap();
    let total = dataset.items.len();
    assert_eq!(*calls.lock().unwrap(), (1..=total).map(|done| (done, total)).collect());
    let broken: Vec<_> = store.broken().iter().map(|broken| broken.entry.identity.as_str()).collect();
    assert_eq!(broken, ["fake/3.jpg", "real/8.jpg"]);
    assert!(store.broken()[0].entry.reason.contains("an empty file"));
    assert_eq!(store.broken()[0].entry.path, folder.path().join("fake/3.jpg"));
}

#[test]
fn hashes_tell_contents_not_containers() {
    let folder = TempDir::new().unwrap();
    let image = image::RgbImage::from_fn(8, 4, |x, y| image::Rgb([x as u8 * 30, y as u8 * 60, 9]));
    for (name, turned) in [("real/a.png", false), ("real/b.bmp", false), ("fake/c.tiff", false), ("fake/d.png", true)] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // The same bytes in another shape are another image.
        let image =
            if turned { image::RgbImage::from_raw(4, 8, image.as_raw().clone()).unwrap() } else { image.clone() };
        image.save(path).unwrap();
    }
    let dataset = Dataset::open(folder.path(), &OpenOptions::default()).unwrap();
    let store = PixelStore::fill(&dataset, &all(&dataset), &StoreOptions::new(4)).unwrap();
    let hashes: Vec<_> = (0..4).map(|position| store.hash(position).unwrap()).collect();
    assert_eq!((hashes[0], hashes[0]), (hashes[2], hashes[3]));
    assert_ne!(hashes[0], hashes[1]);
    assert_eq!(hashes[0].to_string().len(), 64);
}

#[test]
fn a_place_that_cannot_be_written_and_a_size_of_zero_are_errors() {
    let folder = folder();
    let dataset = Dataset::open(folder.path(), &OpenOptions::default()).unwrap();
    let nowhere = StoreOptions { scratch: Some(folder.path().join("absent")), ..on_disk(16) };
    let message = PixelStore::fill(&dataset, &all(&dataset), &nowhere).unwrap_err().to_string();
    assert!(message.contains("absent") && message.contains("temporary file"), "{message}");
    assert!(PixelStore::fill(&dataset, &all(&dataset), &StoreOptions::new(0)).is_err());
    assert!(PixelStore::fill(&dataset, &[], &StoreOptions::new(16)).unwrap().is_empty());
}

/// Every image of CIFAKE's training part: seconds, and at most 1.2 times the raw size in memory.
/// A process of its own, since peak memory is the process's: `cargo test -- --ignored cifake`.
#[test]
#[ignore = "decodes 69,176 images; alone in its process it also measures memory"]
fn cifake_decodes_in_seconds_within_its_memory() {
    let data = std::env::var_os("FAUXTO_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/datasets"), PathBuf::from);
    let path = data.join("cifake/train.parquet");
    if !path.exists() {
        eprintln!("skipped: {} absent", path.display());
        return;
    }
    let start = std::time::Instant::now();
    let before = memory("VmHWM:");
    let dataset = Dataset::open(&path, &OpenOptions::default()).unwrap();
    let opened = start.elapsed();
    let listed = memory("VmHWM:");
    let memory_limit = if std::env::var_os("FAUXTO_DISK").is_some() { 0 } else { u64::MAX };
    let options = StoreOptions { memory_limit, ..StoreOptions::new(32) };
    let store = PixelStore::fill(&dataset, &all(&dataset), &options).unwrap();
    let raw = (store.len() * store.image_bytes()) as u64;
    let peak = memory("VmHWM:");
    eprintln!(
        "{} images of classes {:?}: opened in {opened:?}, stored after {:?}; raw {raw} bytes, peak {before:?} -> {listed:?} -> {peak:?}, disk {}",
        store.len(),
        dataset.class_counts(),
        start.elapsed(),
        store.is_on_disk(),
    );
    assert!(store.broken().is_empty());
    assert_eq!(dataset.class_counts(), [34_829, 34_347]);
    if let (Some(before), Some(peak), false) = (before, peak, store.is_on_disk()) {
        assert!(peak - before <= raw / 5 * 6, "{} of {raw} bytes", peak - before);
    }
}

fn memory(field: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
