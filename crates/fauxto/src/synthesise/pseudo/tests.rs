use super::super::{KINDS, Task};
use crate::data::PixelStore;
use crate::image::RgbImage;
use crate::model::Precision;
use crate::train::Example;
use crate::{Label, sample};
use burn::tensor::Device;

const PSEUDO: [&str; 3] = ["blend", "warp", "rearrange"];

fn made(store: &PixelStore, kind: &str, count: usize, seed: u64) -> Vec<RgbImage> {
    let examples: Vec<Example> = (0..store.len()).map(|index| Example { index, label: Label::Real }).collect();
    let kind = KINDS.iter().find(|entry| entry.name == kind).unwrap();
    let task = Task { kind, steps: 2, precision: Precision::Single, count, seed, store, examples: &examples };
    task.make(&Device::flex(), &mut |_| unreachable!("nothing learns")).unwrap()
}

fn distance(first: &RgbImage, second: &RgbImage) -> f64 {
    let levels = first.pixels.iter().zip(&second.pixels).map(|(a, b)| f64::from(a.abs_diff(*b)));
    levels.sum::<f64>() / first.pixels.len() as f64
}

/// Mean difference of neighbours in a row.
fn roughness(images: &[RgbImage]) -> f64 {
    let rough = |image: &RgbImage| {
        let rows = image.pixels.chunks_exact(image.width * 3);
        let differences = rows.flat_map(|row| row.iter().zip(&row[3..]).map(|(a, b)| f64::from(a.abs_diff(*b))));
        differences.sum::<f64>() / image.pixels.len() as f64
    };
    images.iter().map(rough).sum::<f64>() / images.len() as f64
}

#[test]
fn pseudo_fakes_differ_from_every_photograph_and_look_like_photographs_pixel_by_pixel() {
    let photographs: Vec<RgbImage> = (0..24).map(|index| sample::render(5, index, Label::Real)).collect();
    let store = PixelStore::of(photographs.iter().cloned());
    for kind in PSEUDO {
        let images = made(&store, kind, 48, 3);
        assert_eq!(images.len(), 48, "{kind}");
        assert_eq!(images, made(&store, kind, 48, 3), "{kind}");
        assert_ne!(images, made(&store, kind, 48, 4), "{kind}");
        for image in &images {
            assert!(photographs.iter().all(|photograph| distance(image, photograph) > 1.0), "{kind}");
        }
        let ratio = roughness(&images) / roughness(&photographs);
        assert!((0.6..1.4).contains(&ratio), "{kind}: {ratio} times as rough as photographs");
    }
}

#[test]
fn of_one_grey_every_pseudo_fake_is_that_grey() {
    let grey = RgbImage { width: 32, height: 32, pixels: vec![77; 32 * 32 * 3] };
    let store = PixelStore::of((0..2).map(|_| grey.clone()));
    for kind in PSEUDO {
        assert!(made(&store, kind, 4, 1).iter().all(|image| *image == grey), "{kind}");
    }
}
