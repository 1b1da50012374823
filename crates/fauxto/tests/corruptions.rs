//! Laws that every corruption keeps.

use std::collections::HashSet;

use fauxto::corrupt::{CORRUPTIONS, CorruptionEntry, LEAST_SIDE, ORIGINAL_CORRUPTIONS, Severity, find};
use fauxto::image::{FloatImage, RgbImage};
use fauxto::random::stream;
use fauxto::{Label, sample};

const SEED: u64 = 11;

/// Images of the built-in sample set, as items of a set.
fn images(count: u64) -> Vec<(u64, RgbImage)> {
    (0..count).map(|item| (item, sample::render(7, item, Label::ALL[item as usize % 2]))).collect()
}

fn every_entry_and_severity() -> impl Iterator<Item = (&'static CorruptionEntry, Severity)> {
    CORRUPTIONS.iter().flat_map(|entry| Severity::ALL.into_iter().map(move |severity| (entry, severity)))
}

/// A picture of any size: slopes, an edge, and a grain.
fn picture(width: usize, height: usize) -> RgbImage {
    let pixel = |place: usize| {
        let (x, y) = (place % width, place / width);
        let edge = if 2 * x > width { 90 } else { 0 };
        [x * 120 / width + edge, y * 200 / height, (x * 7 + y * 13) % 64 + 60].map(|level| level as u8)
    };
    RgbImage { width, height, pixels: (0..width * height).flat_map(pixel).collect() }
}

#[test]
fn there_are_the_fifteen_and_the_four_of_cifar_10_c() {
    let names: HashSet<&str> = CORRUPTIONS.iter().map(|entry| entry.name).collect();
    assert_eq!((CORRUPTIONS.len(), names.len()), (19, 19));
    let extra: Vec<&str> = CORRUPTIONS.iter().filter(|entry| entry.extra).map(|entry| entry.name).collect();
    assert_eq!(extra, ["speckle_noise", "gaussian_blur", "spatter", "saturate"]);
}

#[test]
fn results_lie_in_the_unit_interval_and_keep_the_size() {
    let extremes = |level: u8| RgbImage { width: 32, height: 32, pixels: vec![level; 32 * 32 * 3] };
    let sizes = [(32, 32), (LEAST_SIDE, LEAST_SIDE), (LEAST_SIDE, 21), (50, 33), (33, 70)];
    let pictures = sizes.map(|(width, height)| picture(width, height));
    for (entry, severity) in every_entry_and_severity() {
        for image in pictures.iter().chain(&[extremes(0), extremes(255)]) {
            let result = entry.apply(&image.into(), severity, &mut stream(SEED, "law", &[])).unwrap();
            let name = format!("{} {severity} at {} x {}", entry.name, image.width, image.height);
            assert_eq!(
                (result.width, result.height, result.pixels.len()),
                (image.width, image.height, image.pixels.len()),
                "{name}"
            );
            assert!(result.pixels.iter().all(|value| (0.0..=1.0).contains(value)), "{name}");
        }
    }
}

#[test]
fn the_seed_and_the_item_decide_and_nothing_else() {
    let images = images(6);
    for (entry, severity) in every_entry_and_severity() {
        let set = entry.corrupt_set(&images, severity, SEED).unwrap();
        for ((item, image), of_set) in images.iter().zip(&set).rev() {
            let alone = entry.corrupt(image, severity, SEED, *item).unwrap();
            assert_eq!(&alone, of_set, "{} {severity} of {item}", entry.name);
        }
    }
}

#[test]
fn random_corruptions_differ_by_item_and_seed_and_the_others_do_not() {
    const RANDOM: [&str; 11] = [
        "gaussian_noise",
        "shot_noise",
        "impulse_noise",
        "glass_blur",
        "motion_blur",
        "snow",
        "frost",
        "fog",
        "elastic_transform",
        "speckle_noise",
        "spatter",
    ];
    let (_, image) = &images(1)[0];
    for (entry, severity) in every_entry_and_severity() {
        let result = |seed, item| entry.corrupt(image, severity, seed, item).unwrap();
        let random = RANDOM.contains(&entry.name);
        assert_eq!(result(SEED, 0) != result(SEED, 1), random, "{} {severity} by item", entry.name);
        assert_eq!(result(SEED, 0) != result(SEED + 1, 0), random, "{} {severity} by seed", entry.name);
    }
}

/// Mean absolute distance from the clean images, in levels, by severity.
fn distances(entry: &CorruptionEntry, images: &[(u64, RgbImage)]) -> [f64; 5] {
    Severity::ALL.map(|severity| {
        let set = entry.corrupt_set(images, severity, SEED).unwrap();
        let pairs = images.iter().zip(&set).flat_map(|((_, clean), result)| clean.pixels.iter().zip(&result.pixels));
        let (count, sum) = pairs
            .fold((0.0, 0.0), |(count, sum), (&clean, &result)| (count + 1.0, sum + f64::from(clean.abs_diff(result))));
        sum / count
    })
}

#[test]
fn distance_from_the_clean_image_grows_with_severity_but_where_the_entry_says_otherwise() {
    let images = images(48);
    for entry in CORRUPTIONS {
        let distances = distances(entry, &images);
        for severity in 2..=5u8 {
            let [before, here] = [severity - 2, severity - 1].map(|at| distances[usize::from(at)]);
            let steps_back = entry.steps_back.as_ref().is_some_and(|steps| steps.severities.contains(&severity));
            assert_eq!(here <= before, steps_back, "{} at {severity}: {distances:.2?}", entry.name);
        }
    }
}

#[test]
fn frost_adds_the_same_ice_to_every_image() {
    let frost = find("frost").unwrap();
    let black = FloatImage { width: 32, height: 32, pixels: vec![0.0; 32 * 32 * 3] };
    let scene = FloatImage::from(&images(1)[0].1);
    for (severity, share) in Severity::ALL.into_iter().zip([1.0, 1.0, 0.9, 0.85, 0.75]) {
        let with = |image| frost.apply(image, severity, &mut stream(SEED, "frost", &[])).unwrap().pixels;
        for ((result, ice), value) in with(&scene).into_iter().zip(with(&black)).zip(&scene.pixels) {
            assert!((result - (share * value + ice).min(1.0)).abs() < 1e-6);
        }
    }
}

#[test]
fn a_corruption_looks_the_same_at_twice_the_size() {
    // Enlarged by repeating pixels, corrupted, and made smaller again by averaging: what blurs by
    // lengths in pixels must blur twice as far.
    let (_, image) = &images(1)[0];
    let double = RgbImage {
        width: 64,
        height: 64,
        pixels: (0..64 * 64)
            .flat_map(|place| {
                let from = (place / 64 / 2 * 32 + place % 64 / 2) * 3;
                image.pixels[from..from + 3].to_vec()
            })
            .collect(),
    };
    for name in
        ["gaussian_blur", "defocus_blur", "motion_blur", "zoom_blur", "fog", "frost", "snow", "elastic_transform"]
    {
        let entry = find(name).unwrap();
        let severity = Severity::new(5).unwrap();
        let corrupted =
            |image: &RgbImage| entry.apply(&image.into(), severity, &mut stream(SEED, "size", &[])).unwrap().pixels;
        let (small, large) = (corrupted(image), corrupted(&double));
        let averaged = |at: usize| {
            let (place, channel) = (at / 3, at % 3);
            let corner = (place / 32 * 2 * 64 + place % 32 * 2) * 3 + channel;
            [0, 3, 192, 195].map(|by| large[corner + by]).iter().sum::<f32>() / 4.0
        };
        let clean = FloatImage::from(image).pixels;
        let (off, change) =
            small.iter().zip(&clean).enumerate().fold((0.0, 0.0), |(off, change), (at, (value, clean))| {
                (off + (averaged(at) - value).abs(), change + (value - clean).abs())
            });
        assert!(off < 0.3 * change, "{name}: {}", off / change);
    }
}

#[test]
fn the_originals_three_are_entries_of_the_slice() {
    let found: Vec<(&str, u8)> = ORIGINAL_CORRUPTIONS
        .iter()
        .map(|original| original.corruption().map(|(entry, severity)| (entry.name, severity.number())).unwrap())
        .collect();
    // Standard deviations .08 and 1.0 and quality 40, which CIFAR-10-C has at these severities.
    assert_eq!(found, [("gaussian_noise", 3), ("gaussian_blur", 5), ("jpeg_compression", 5)]);
    assert!(ORIGINAL_CORRUPTIONS.iter().all(|original| original.reported_severity == 3));
}

#[test]
fn wrong_names_severities_and_sizes_are_refused_with_what_there_is() {
    for text in ["0", "6", "-1", "2.5", "", "severe", "256"] {
        let message = text.parse::<Severity>().unwrap_err().to_string();
        assert!(message.contains(text) && message.contains("from 1 (mild) to 5"), "{message}");
    }
    assert_eq!("4".parse::<Severity>().unwrap(), Severity::new(4).unwrap());
    assert!(Severity::new(0).is_err() && Severity::new(6).is_err());
    let message = find("rain").unwrap_err().to_string();
    assert!(message.contains("`rain`") && message.contains("snow, frost, fog"), "{message}");
    for entry in CORRUPTIONS {
        let message = entry.corrupt(&picture(LEAST_SIDE, LEAST_SIDE - 1), Severity::ALL[0], SEED, 0).unwrap_err();
        assert!(message.to_string().contains(entry.name), "{message}");
        let torn = RgbImage { pixels: vec![0; 5], ..picture(16, 16) };
        assert!(entry.corrupt(&torn, Severity::ALL[0], SEED, 0).is_err());
    }
}
