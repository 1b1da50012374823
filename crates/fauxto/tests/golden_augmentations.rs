//! The augmentations against torchvision, Pillow and timm: `golden/augment/augment.json`, made by
//! `generate.py` beside it.

mod formula;

use fauxto::Label;
use fauxto::augment::{self, Filter, Rectangle, mix};
use fauxto::image::{FloatImage, RgbImage};
use serde_json::Value;

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/augment/augment.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Images `[batch, height, width, 3]` of a case, one after the other.
fn levels_of(golden: &Value, case: &Value, batch: usize) -> RgbImage {
    let [height, width] = ["height", "width"].map(|side| case[side].as_u64().unwrap() as usize);
    let pixels = formula::levels(golden["input"].as_str().unwrap(), [batch, height, width]);
    RgbImage { width, height: batch * height, pixels }
}

fn image(golden: &Value, case: &Value) -> FloatImage {
    FloatImage::from(&levels_of(golden, case, 1))
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn rectangle(case: &Value) -> Rectangle {
    let numbers = numbers(&case["rectangle"]);
    let [top, left, height, width] = [0, 1, 2, 3].map(|place| numbers[place] as usize);
    Rectangle { top, left, height, width }
}

fn levels(image: &FloatImage) -> Vec<u8> {
    RgbImage::from(image).pixels
}

fn rows(case: &Value) -> Vec<u8> {
    let digits: String = case["rows"].as_array().unwrap().iter().map(|row| row.as_str().unwrap()).collect();
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// Compares an image with samples of the true one, and its mean and mean square.
fn compare(golden: &Value, case: &Value, found: &FloatImage, tolerance: f64, what: &str) {
    let columns = numbers(&golden["columns"]);
    let rows = (0..4).chain(found.height - 4..found.height);
    let mut expected = numbers(&case["values"]).into_iter();
    for row in rows {
        for column in &columns {
            for channel in 0..3 {
                let value = f64::from(found.pixels[(row * found.width + *column as usize) * 3 + channel]);
                let truth = expected.next().unwrap();
                assert!((value - truth).abs() < tolerance, "{what} at {row}, {column}: {value}, {truth}");
            }
        }
    }
    assert!(expected.next().is_none());
    let mean = |power| {
        let sum: f64 = found.pixels.iter().map(|&value| f64::from(value).powi(power)).sum();
        sum / found.pixels.len() as f64
    };
    for (name, value) in [("mean", mean(1)), ("mean_square", mean(2))] {
        let truth = case[name].as_f64().unwrap();
        assert!((value - truth).abs() < tolerance, "{what}: {name} {value}, {truth}");
    }
}

/// Rounding of f32 in a few operations.
const ROUNDING: f64 = 2e-6;

/// Holds `change` against every case called `kind`.
fn check(kind: &str, tolerance: f64, change: impl Fn(&Value, FloatImage) -> FloatImage) {
    let golden = golden();
    for case in golden[kind].as_array().unwrap() {
        let found = change(case, image(&golden, case));
        let parameters: Vec<String> =
            ["adjust", "factor", "rectangle", "shift", "corners", "sigma", "small", "filters"]
                .iter()
                .filter(|name| !case[**name].is_null())
                .map(|name| case[*name].to_string())
                .collect();
        compare(&golden, case, &found, tolerance, &format!("{kind} {}", parameters.join(" ")));
    }
}

#[test]
fn flips_are_torchvisions() {
    let golden = golden();
    for case in golden["horizontal_flip"].as_array().unwrap() {
        assert_eq!(levels(&augment::flip_horizontally(image(&golden, case))), rows(case));
    }
    for case in golden["vertical_flip"].as_array().unwrap() {
        assert_eq!(levels(&augment::flip_vertically(image(&golden, case))), rows(case));
    }
}

#[test]
fn rotations_are_torchvisions() {
    let golden = golden();
    for case in golden["rotate"].as_array().unwrap() {
        let degrees = case["degrees"].as_f64().unwrap();
        let found = levels(&augment::rotate(&image(&golden, case), degrees));
        let expected = rows(case);
        let other = found.chunks(3).zip(expected.chunks(3)).filter(|(found, expected)| found != expected).count();
        // Where a source lies half-way between two pixels, rounding decides.
        let ties = case["near_ties"].as_u64().unwrap() as usize;
        assert!(other <= ties, "{degrees} degrees: {other} pixels differ, {ties} may");
    }
}

#[test]
fn colour_adjustments_are_torchvisions() {
    check("colour", ROUNDING, |case, image| {
        let factor = case["factor"].as_f64().unwrap() as f32;
        match case["adjust"].as_str().unwrap() {
            "brightness" => augment::adjust_brightness(image, factor),
            "contrast" => augment::adjust_contrast(image, factor),
            "saturation" => augment::adjust_saturation(image, factor),
            "hue" => augment::adjust_hue(image, factor),
            other => panic!("no adjustment `{other}`"),
        }
    });
}

#[test]
fn crops_and_shifts_are_torchvisions() {
    check("crop", ROUNDING, |case, image| augment::resized_crop(&image, rectangle(case)).unwrap());
    check("translate", ROUNDING, |case, image| {
        let shift = numbers(&case["shift"]);
        augment::translate(&image, shift[0] as isize, shift[1] as isize)
    });
    check("erase", ROUNDING, |case, image| {
        augment::erase(image, rectangle(case), case["value"].as_f64().unwrap() as f32)
    });
}

#[test]
fn perspective_is_torchvisions() {
    // torchvision rounds the map's eight coefficients and the coordinates, of up to 32, to f32: up to 1e-5
    // pixels, between neighbours that differ by up to 1.
    check("perspective", 3e-5, |case, image| {
        let corners = case["corners"].as_array().unwrap();
        let corner = |place: usize| {
            let point = numbers(&corners[place]);
            [point[0], point[1]]
        };
        augment::warp(&image, &[corner(0), corner(1), corner(2), corner(3)])
    });
}

#[test]
fn blur_is_torchvisions() {
    check("blur", ROUNDING, |case, image| augment::blur(&image, case["sigma"].as_f64().unwrap()));
}

#[test]
fn rescaling_is_pillows() {
    check("rescale", ROUNDING, |case, image| {
        let filter = |place: usize| match case["filters"][place].as_str().unwrap() {
            "box" => Filter::Box,
            "bilinear" => Filter::Bilinear,
            "bicubic" => Filter::Bicubic,
            "lanczos" => Filter::Lanczos,
            other => panic!("no filter `{other}`"),
        };
        let small = numbers(&case["small"]);
        augment::rescale(&image, [small[0] as usize, small[1] as usize], [filter(0), filter(1)]).unwrap()
    });
}

#[test]
fn compression_is_pillows() {
    let golden = golden();
    for case in golden["jpeg"].as_array().unwrap() {
        let quality = case["quality"].as_u64().unwrap() as u8;
        let found = augment::reencode(&image(&golden, case), quality).unwrap();
        assert_eq!(levels(&found), rows(case), "quality {quality}");
    }
}

#[test]
fn mixing_is_timms() {
    let golden = golden();
    for case in golden["mix"].as_array().unwrap() {
        let stacked = levels_of(&golden, case, 3);
        let (width, height) = (stacked.width, stacked.height / 3);
        let mut values = FloatImage::from(&stacked).pixels;
        let mut batch = mix::Batch { values: &mut values, height, width };
        let share = case["share"].as_f64().unwrap();
        let kept = match case["mix"].as_str().unwrap() {
            "mixup" => {
                mix::blend(&mut batch, share);
                share
            }
            "cutmix" => {
                let centre = numbers(&case["centre"]);
                let cut = mix::cut_rectangle([height, width], share, [centre[0] as usize, centre[1] as usize]);
                mix::cut_and_mix(&mut batch, cut)
            }
            other => panic!("no mix `{other}`"),
        };
        assert!((kept - case["kept"].as_f64().unwrap()).abs() < 1e-12);
        for (image, expected) in values.chunks(height * width * 3).zip(case["images"].as_array().unwrap()) {
            let found = FloatImage { width, height, pixels: image.to_vec() };
            compare(&golden, expected, &found, ROUNDING, &format!("{} {share}", case["mix"]));
        }
        let found = mix::mixed_labels(&[Label::Real, Label::Fake, Label::Fake], kept).into_flattened();
        for (found, expected) in found.iter().zip(numbers(&case["shares"])) {
            assert!((f64::from(*found) - expected).abs() < 1e-6);
        }
    }
}
