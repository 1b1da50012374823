//! The audit on data made for it, and the proof that the sample set gives nothing away.

use super::*;
use crate::sample;

fn contents(image: RgbImage, bytes: &[u8]) -> Contents {
    Contents {
        encoded_bytes: bytes.len() as u64,
        container: Container::sniff(bytes),
        width: image.width,
        height: image.height,
        image,
    }
}

/// A sample image as its reader would find it: encoded as JPEG and decoded again.
fn stored(seed: u64, index: u64, label: Label) -> Contents {
    let bytes = sample::render_jpeg(seed, index, label).unwrap();
    let decoded = image::load_from_memory(&bytes).unwrap().to_rgb8();
    let (width, height) = (decoded.width() as usize, decoded.height() as usize);
    contents(RgbImage { width, height, pixels: decoded.into_raw() }, &bytes)
}

fn subject(number: usize, label: Option<Label>, contents: Contents) -> Subject {
    Subject { identity: format!("{number}.jpg"), label, contents: Ok(contents) }
}

fn separation(audit: &Audit, name: &str) -> Option<f64> {
    audit.giveaways.iter().find(|finding| finding.name == name).unwrap().separation
}

#[test]
fn the_sample_set_gives_nothing_away() {
    let count = 1200;
    let load = |number: usize| {
        let label = Label::ALL[number % 2];
        subject(number, Some(label), stored(42, (number / 2) as u64, label))
    };
    let audit = audit(count, load, || {});
    assert_eq!(audit.balance, Balance { real: 600, fake: 600, unlabelled: 0 });
    assert_eq!(audit.duplicates, Duplicates::default());
    assert_eq!(audit.stops_training(), None);
    for finding in &audit.giveaways {
        let limit = if finding.kind == Kind::Container { 0.6 } else { 0.75 };
        let separation = finding.separation.unwrap();
        assert!(separation < limit, "{}: {separation}", finding.name);
    }
}

#[test]
fn duplicates_are_found_whatever_their_encoding_and_label() {
    let reencoded = |index: u64| {
        let image = sample::render(7, index, Label::Real);
        let mut bytes = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
        encoder.encode(&image.pixels, 32, 32, jpeg_encoder::ColorType::Rgb).unwrap();
        let decoded = image::load_from_memory(&bytes).unwrap().to_rgb8();
        contents(RgbImage { width: 32, height: 32, pixels: decoded.into_raw() }, &bytes)
    };
    let load = |number: usize| match number {
        // 100 copies 3 exactly, 101 copies 4 under the other label, 102 is 5 at another quality.
        100 => subject(number, Some(Label::Real), stored(7, 3, Label::Real)),
        101 => subject(number, Some(Label::Fake), stored(7, 4, Label::Real)),
        102 => subject(number, None, reencoded(5)),
        _ => subject(number, Some(Label::Real), stored(7, number as u64, Label::Real)),
    };
    let found = audit(103, load, || {}).duplicates;
    let names = |clusters: &[Cluster]| -> Vec<(String, bool)> {
        clusters.iter().map(|cluster| (cluster.identities.join(" "), cluster.across_labels)).collect()
    };
    assert_eq!(names(&found.exact), [("3.jpg 100.jpg".into(), false), ("4.jpg 101.jpg".into(), true)]);
    assert_eq!(names(&found.near), [("5.jpg 102.jpg".into(), false)]);
    assert_eq!((found.redundant, found.across_labels), (3, 1));
    assert_eq!(found.clusters().count(), 3);
}

#[test]
fn blank_images_are_not_chained_together() {
    let load = |number: usize| {
        let mut pixels = vec![200u8; 32 * 32 * 3];
        pixels[number] = 201;
        subject(number, Some(Label::Real), contents(RgbImage { width: 32, height: 32, pixels }, b""))
    };
    assert_eq!(audit(50, load, || {}).duplicates, Duplicates::default());
}

#[test]
fn container_giveaways_stop_training_and_content_ones_do_not() {
    let plain = |level: u8, number: usize, bytes: &[u8]| {
        let mut image = sample::render(9, number as u64, Label::Real);
        image.pixels.iter_mut().for_each(|value| *value = (*value / 4).saturating_add(level));
        contents(image, bytes)
    };
    // Brightness differs, the files do not.
    let by_content = audit(
        40,
        |number| subject(number, Some(Label::ALL[number % 2]), plain(100 * (number % 2) as u8, number, b"same")),
        || {},
    );
    assert_eq!(separation(&by_content, "brightness"), Some(1.0));
    assert_eq!(by_content.stops_training(), None);
    // The files differ, the images do not.
    let png = [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a];
    let gif = *b"GIF89a__";
    let by_format = audit(
        40,
        |number| {
            let bytes = if number % 2 == 0 { &png } else { &gif };
            subject(number, Some(Label::ALL[number % 2]), plain(50, number / 2, bytes))
        },
        || {},
    );
    let explanation = by_format.stops_training().unwrap();
    assert!(explanation.contains("format (file format by its first bytes)"), "{explanation}");
    assert!(!explanation.contains("file_size"), "{explanation}");
}

#[test]
fn unreadable_items_are_listed_and_one_class_has_no_auc() {
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let load = |number: usize| match number {
        1 => Subject {
            identity: "broken.jpg".into(),
            label: Some(Label::Fake),
            contents: Err(crate::Error::input("broken.jpg", "half a file", "a JPEG", "restore it")),
        },
        2 => subject(2, None, contents(RgbImage { width: 0, height: 0, pixels: vec![] }, b"")),
        _ => subject(number, Some(Label::Real), stored(1, number as u64, Label::Real)),
    };
    let audit = audit(5, load, || {
        calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(calls.into_inner(), 5);
    assert_eq!((audit.images, audit.balance.real, audit.balance.fake), (5, 3, 0));
    assert_eq!(audit.unreadable.len(), 2);
    assert_eq!(audit.unreadable[0].identity, "broken.jpg");
    assert!(audit.unreadable[0].reason.contains("restore it"));
    assert!(audit.unreadable[1].reason.contains("0 x 0"));
    assert!(audit.giveaways.iter().all(|finding| finding.auc.is_none()));
    let json = serde_json::to_string(&audit).unwrap();
    assert!(json.contains("\"separation\":null"));
    assert_eq!(serde_json::from_str::<Audit>(&json).unwrap(), audit);
}

#[test]
fn nothing_to_audit_is_an_empty_report() {
    let audit = audit(0, |_| unreachable!("no item to load"), || {});
    assert_eq!((audit.images, audit.giveaways.len()), (0, GIVEAWAYS.len()));
}
