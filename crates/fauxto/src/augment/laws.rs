//! Laws that every augmentation keeps.

use super::*;
use crate::image::RgbImage;
use crate::random::stream;
use crate::{Label, sample};

fn image() -> FloatImage {
    FloatImage::from(&sample::render(3, 1, Label::Real))
}

/// Another shape than square, and neither side even.
fn oblong() -> FloatImage {
    let whole = sample::render(3, 2, Label::Fake);
    FloatImage::from(&RgbImage { width: 17, height: 31, pixels: whole.pixels[..31 * 17 * 3].to_vec() })
}

fn augmentation(entry: &AugmentationEntry, probability: Option<f64>) -> Box<dyn Augmentation> {
    let probability = probability.or(entry.needs_probability.then_some(1.0));
    let mut text = format!("name = '{}'", entry.name);
    if let Some(probability) = probability {
        text += &format!(", probability = {probability}");
    }
    if !entry.example.is_empty() {
        text += &format!(", {}", entry.example);
    }
    let table: toml::Table = format!("step = {{ {text} }}").parse().unwrap();
    build("train.augment", &[table["step"].as_table().unwrap().clone()]).unwrap().remove(0)
}

fn apply(augmentation: &dyn Augmentation, image: &FloatImage, coordinate: u64) -> FloatImage {
    augmentation.apply(image.clone(), &mut stream(1, "augment", &[0, coordinate])).unwrap()
}

#[test]
fn size_and_range_stay_and_the_stream_decides() {
    for entry in AUGMENTATIONS {
        let augmentation = augmentation(entry, None);
        for image in [image(), oblong()] {
            let mut results = Vec::new();
            for coordinate in 0..30 {
                let result = apply(augmentation.as_ref(), &image, coordinate);
                assert_eq!((result.width, result.height), (image.width, image.height), "{}", entry.name);
                assert_eq!(result.pixels.len(), image.pixels.len());
                assert!(result.pixels.iter().all(|value| (0.0..=1.0).contains(value)), "{}", entry.name);
                assert_eq!(result, apply(augmentation.as_ref(), &image, coordinate), "{}", entry.name);
                results.push(result);
            }
            assert!(results.iter().any(|result| *result != image), "{} changes nothing", entry.name);
            // A flip knows one change, everything else has parameters to draw.
            let varies = results.iter().any(|result| *result != results[0]);
            assert_eq!(varies, !entry.name.ends_with("_flip"), "{}", entry.name);
        }
    }
}

#[test]
fn probability_is_how_often_a_step_is_taken() {
    let image = image();
    for entry in AUGMENTATIONS {
        let taken = |probability| {
            let augmentation = augmentation(entry, Some(probability));
            (0..200).filter(|&coordinate| apply(augmentation.as_ref(), &image, coordinate) != image).count()
        };
        assert_eq!(taken(0.0), 0, "{}", entry.name);
        let (always, seldom) = (taken(1.0), taken(0.25));
        // Some draws change nothing, such as a shift by less than half a pixel.
        assert!(always > 150, "{}: {always} of 200", entry.name);
        assert!((20..=80).contains(&seldom), "{}: {seldom} of 200", entry.name);
    }
}

#[test]
fn one_pixel_is_an_image_too() {
    let pixel = FloatImage { width: 1, height: 1, pixels: vec![0.25, 0.5, 0.75] };
    for entry in AUGMENTATIONS {
        for coordinate in 0..20 {
            let result = apply(augmentation(entry, None).as_ref(), &pixel, coordinate);
            assert!(result.pixels.iter().all(|value| (0.0..=1.0).contains(value)), "{}", entry.name);
        }
    }
}

#[test]
fn changes_of_no_size_are_none() {
    let image = oblong();
    assert_eq!(translate(&image, 0, 0), image);
    assert_eq!(blur(&image, 0.0), image);
    assert_eq!(adjust_hue(FloatImage { width: 1, height: 1, pixels: vec![0.4; 3] }, 0.3).pixels, [0.4; 3]);
    let whole = Rectangle { top: 0, left: 0, height: image.height, width: image.width };
    assert_eq!(resized_crop(&image, whole).unwrap(), image);
    assert_eq!(rescale(&image, [image.width, image.height], [Filter::Box, Filter::Lanczos]).unwrap(), image);
    let (right, bottom) = ((image.width - 1) as f64, (image.height - 1) as f64);
    let unmoved = warp(&image, &[[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]]);
    assert!(unmoved.pixels.iter().zip(&image.pixels).all(|(found, expected)| (found - expected).abs() < 1e-6));
    for turn in [-0.5, 0.5] {
        let back = adjust_hue(adjust_hue(image.clone(), turn), turn);
        assert!(back.pixels.iter().zip(&image.pixels).all(|(found, expected)| (found - expected).abs() < 1e-5));
    }
}

#[test]
fn shifting_beyond_the_border_leaves_black() {
    let image = oblong();
    for (right, down) in [(17, 0), (0, -31), (40, 40), (-17, 5)] {
        assert!(translate(&image, right, down).pixels.iter().all(|&value| value == 0.0));
    }
}

#[test]
fn noise_has_the_deviation_asked_for() {
    let table: toml::Table = "step = { name = 'gaussian_noise', sigma = [0.05, 0.05] }".parse().unwrap();
    let noise = build("train.augment", &[table["step"].as_table().unwrap().clone()]).unwrap().remove(0);
    let grey = FloatImage { width: 64, height: 64, pixels: vec![0.5; 64 * 64 * 3] };
    let values = apply(noise.as_ref(), &grey, 0).pixels;
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let deviation = (values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count).sqrt();
    // Four standard errors: .05 / sqrt(12288) of the mean, that over sqrt(2) of the deviation.
    assert!((mean - 0.5).abs() < 1.8e-3 && (deviation - 0.05).abs() < 1.3e-3, "{mean} {deviation}");
}

#[test]
fn struck_values_are_as_many_as_asked_for_and_half_of_them_white() {
    let table: toml::Table = "step = { name = 'salt_and_pepper', amount = [0.2, 0.2] }".parse().unwrap();
    let striking = build("train.augment", &[table["step"].as_table().unwrap().clone()]).unwrap().remove(0);
    let grey = FloatImage { width: 64, height: 64, pixels: vec![0.5; 64 * 64 * 3] };
    let values = apply(striking.as_ref(), &grey, 0).pixels;
    let share = |wanted: f32| values.iter().filter(|&&value| value == wanted).count() as f64 / values.len() as f64;
    // Four standard errors of a share of .1 among 12,288.
    assert!((share(0.0) - 0.1).abs() < 0.011 && (share(1.0) - 0.1).abs() < 0.011, "{} {}", share(0.0), share(1.0));
    assert!((share(0.5) - 0.8).abs() < 0.015);
}

#[test]
fn haze_lies_between_the_picture_and_the_airlight_and_is_bilinear() {
    let image = oblong();
    assert_eq!(haze(image.clone(), &[0.3; 9], 0.0, 0.9), image);
    assert!(haze(image.clone(), &[1.0; 9], 1.0, 0.9).pixels.iter().all(|value| (value - 0.9).abs() < 1e-6));
    let veiled = haze(image.clone(), &[0.0, 1.0, 0.5, 0.2, 0.9, 0.1, 1.0, 0.0, 0.6], 0.7, 0.8);
    for (before, after) in image.pixels.iter().zip(&veiled.pixels) {
        assert!((after - 0.8).abs() <= (before - 0.8).abs() + 1e-6);
        assert!((after - 0.8) * (before - 0.8) >= -1e-6);
    }
    // From 0 at the left to 1 at the right, sampled at pixels' centres: 1/8, 3/8, 5/8, 7/8.
    let black = FloatImage { width: 4, height: 1, pixels: vec![0.0; 12] };
    let ramp = haze(black, &[0.0, 1.0, 0.0, 1.0], 1.0, 1.0);
    assert_eq!(ramp.pixels, [0.125, 0.375, 0.625, 0.875].iter().flat_map(|&value| [value; 3]).collect::<Vec<f32>>());
}

#[test]
fn erased_rectangles_are_as_large_as_asked_for() {
    let table: toml::Table =
        "step = { name = 'random_erasing', probability = 1, scale = [0.2, 0.3], value = 0.5 }".parse().unwrap();
    let erasing = build("train.augment", &[table["step"].as_table().unwrap().clone()]).unwrap().remove(0);
    let black = FloatImage { width: 32, height: 32, pixels: vec![0.0; 32 * 32 * 3] };
    for coordinate in 0..100 {
        let grey = apply(erasing.as_ref(), &black, coordinate).pixels.iter().filter(|&&value| value == 0.5).count();
        // Sides are rounded to pixels.
        let share = grey as f64 / (32.0 * 32.0 * 3.0);
        assert!((0.17..0.34).contains(&share), "{share}");
    }
}
