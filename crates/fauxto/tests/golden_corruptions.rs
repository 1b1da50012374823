//! The corruptions against CIFAR-10-C's definitions on the libraries that its authors used:
//! `golden/corrupt/exact.json` and `statistics.json`, made by `generate.py` beside them.

mod formula;

use fauxto::corrupt::{Draws, Severity, find};
use fauxto::image::{FloatImage, RgbImage};
use serde_json::Value;

const SIDE: usize = 32;

fn golden(file: &str) -> Value {
    let path = format!("{}/tests/golden/corrupt/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

/// The images of `generate.py`.
fn image(name: &str) -> RgbImage {
    let pixels = match name {
        "grain" => formula::levels("corrupt", [1, SIDE, SIDE]),
        "scene" => (0..SIDE * SIDE).flat_map(|place| scene(place % SIDE, place / SIDE)).collect(),
        other => panic!("no image `{other}`"),
    };
    RgbImage { width: SIDE, height: SIDE, pixels }
}

fn scene(x: usize, y: usize) -> [u8; 3] {
    match ((4..12).contains(&y), (20..28).contains(&y), (4..12).contains(&x), (20..28).contains(&x)) {
        (true, _, true, _) => [128; 3],
        (true, _, _, true) => [255; 3],
        (_, true, true, _) => [0; 3],
        (_, true, _, true) => [200, 40, 30],
        _ => [x * 7 + 20, y * 8, 255 - (x + y) * 4].map(|level| level as u8),
    }
}

/// The numbers of `generate.py`'s `Formula`.
struct Formula {
    name: String,
    at: u64,
}

impl Draws for Formula {
    fn unit(&mut self) -> f64 {
        self.at += 1;
        (formula::stream(&self.name, self.at - 1) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    fn poisson(&mut self, mean: f64) -> f64 {
        (mean + (2.0 * self.unit() - 1.0) * mean.sqrt()).floor().max(0.0)
    }
}

#[test]
fn results_are_the_definitions() {
    let golden = golden("exact.json");
    let positions: Vec<usize> = numbers(&golden["positions"]).into_iter().map(|at| at as usize).collect();
    let weights: Vec<f64> = (0..SIDE * SIDE * 3)
        .map(|at| 2.0 * ((formula::stream("corrupt.projection", at as u64) >> 11) as f64 / (1u64 << 53) as f64) - 1.0)
        .collect();
    let mut failures = Vec::new();
    for case in golden["cases"].as_array().unwrap() {
        let name = case["corruption"].as_str().unwrap();
        let severity = Severity::new(case["severity"].as_u64().unwrap() as u8).unwrap();
        let clean = FloatImage::from(&image(case["image"].as_str().unwrap()));
        let mut draws = Formula { name: format!("corrupt.{name}.{severity}"), at: 0 };
        let result = find(name).unwrap().apply(&clean, severity, &mut draws).unwrap();
        let values: Vec<f64> = result.pixels.iter().map(|&value| f64::from(value)).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let projection: f64 = values.iter().zip(&weights).map(|(value, weight)| value * weight).sum();
        let worst = positions
            .iter()
            .zip(numbers(&case["values"]))
            .map(|(&at, expected)| (values[at] - expected).abs())
            .fold(0.0, f64::max);
        let by = (
            worst,
            (mean - case["mean"].as_f64().unwrap()).abs(),
            (projection - case["projection"].as_f64().unwrap()).abs(),
        );
        if by.0 > 2e-6 || by.1 > 1e-6 || by.2 > 1e-4 {
            failures.push(format!("{name} {severity} {}: {by:?}", case["image"]));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
