//! The augmentations against torchvision: `golden/augment/augment.json`, made by `generate.py` beside
//! it.

mod formula;

use fauxto::augment::{adjust_brightness, adjust_contrast, adjust_saturation, flip_horizontally, rotate};
use fauxto::image::{FloatImage, RgbImage};
use serde_json::Value;

fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/augment/augment.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn image(golden: &Value, case: &Value) -> FloatImage {
    let [height, width] = ["height", "width"].map(|side| case[side].as_u64().unwrap() as usize);
    let pixels = formula::levels(golden["input"].as_str().unwrap(), [1, height, width]);
    FloatImage::from(&RgbImage { width, height, pixels })
}

fn levels(image: &FloatImage) -> Vec<u8> {
    image.pixels.iter().map(|value| (value * 255.0).round() as u8).collect()
}

fn rows(case: &Value) -> Vec<u8> {
    let digits: String = case["rows"].as_array().unwrap().iter().map(|row| row.as_str().unwrap()).collect();
    (0..digits.len() / 2).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect()
}

#[test]
fn flips_are_torchvisions() {
    let golden = golden();
    for case in golden["horizontal_flip"].as_array().unwrap() {
        assert_eq!(levels(&flip_horizontally(image(&golden, case))), rows(case));
    }
}

#[test]
fn rotations_are_torchvisions() {
    let golden = golden();
    for case in golden["rotate"].as_array().unwrap() {
        let degrees = case["degrees"].as_f64().unwrap();
        let found = levels(&rotate(&image(&golden, case), degrees));
        let expected = rows(case);
        let other = found.chunks(3).zip(expected.chunks(3)).filter(|(found, expected)| found != expected).count();
        // Where a source lies half-way between two pixels, rounding decides.
        let ties = case["near_ties"].as_u64().unwrap() as usize;
        assert!(other <= ties, "{degrees} degrees: {other} pixels differ, {ties} may");
    }
}

#[test]
fn colour_adjustments_are_torchvisions() {
    let golden = golden();
    let columns: Vec<usize> =
        golden["columns"].as_array().unwrap().iter().map(|column| column.as_u64().unwrap() as usize).collect();
    for case in golden["colour"].as_array().unwrap() {
        let (name, factor) = (case["adjust"].as_str().unwrap(), case["factor"].as_f64().unwrap() as f32);
        let adjust = match name {
            "brightness" => adjust_brightness,
            "contrast" => adjust_contrast,
            "saturation" => adjust_saturation,
            other => panic!("no adjustment `{other}`"),
        };
        let found = adjust(image(&golden, case), factor);
        let rows = (0..4).chain(found.height - 4..found.height);
        let mut expected = case["values"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap());
        for row in rows {
            for column in &columns {
                for channel in 0..3 {
                    let value = f64::from(found.pixels[(row * found.width + column) * 3 + channel]);
                    let truth = expected.next().unwrap();
                    assert!((value - truth).abs() < 2e-6, "{name} {factor} at {row}, {column}: {value}, {truth}");
                }
            }
        }
        assert!(expected.next().is_none());
    }
}
