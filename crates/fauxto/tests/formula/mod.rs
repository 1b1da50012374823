//! Weights and images by the formula of `golden/models/formula.py`.

// Each test file uses its part.
#![allow(dead_code)]

use burn::tensor::TensorData;
use fauxto::model::weights::NamedTensor;

/// Element `index` of the stream called `name`: splitmix64 of FNV-1a-64(name) + index.
pub(crate) fn stream(name: &str, index: u64) -> u64 {
    let state = name
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325u64, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let mut z = state.wrapping_add(index).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The tensor called `name` of `shape`.
pub(crate) fn tensor(name: &str, shape: &[usize], gain: f64) -> NamedTensor {
    let (base, scale) = if shape.len() >= 2 {
        (0.0, gain * (3.0 / shape[1..].iter().product::<usize>() as f64).sqrt())
    } else {
        match name.rsplit('.').next().unwrap_or_default() {
            "weight" => (1.0, 0.1),
            "bias" => (0.5, 0.5),
            "running_mean" => (0.0, 0.1),
            "running_var" => (1.0, 0.25),
            "gamma" => (0.5, 0.25),
            other => panic!("the formula has no kind `{other}`"),
        }
    };
    let values = (0..shape.iter().product::<usize>() as u64)
        .map(|index| {
            let unit = (stream(name, index) >> 40) as f64 / f64::from(1 << 24) * 2.0 - 1.0;
            (base + scale * unit) as f32
        })
        .collect();
    NamedTensor { shape: shape.to_vec(), values }
}

/// Levels `[batch, height, width, 3]` of the images called `name`.
pub(crate) fn levels(name: &str, [batch, height, width]: [usize; 3]) -> Vec<u8> {
    let coarse_name = format!("{name}.coarse");
    let [rows, columns] = [height.div_ceil(8), width.div_ceil(8)];
    let mut levels = Vec::with_capacity(batch * height * width * 3);
    for index in 0..batch * height * width * 3 {
        let (channel, x) = (index % 3, index / 3 % width);
        let (y, image) = (index / 3 / width % height, index / 3 / width / height);
        let block = ((image * rows + y / 8) * columns + x / 8) * 3 + channel;
        let (coarse, fine) = (stream(&coarse_name, block as u64) >> 56, stream(name, index as u64) >> 56);
        levels.push(((3 * coarse + fine) >> 2) as u8);
    }
    levels
}

/// Pixels `[batch, height, width, 3]` in `0..=1` of the images called `name`.
pub(crate) fn pixels(name: &str, [batch, height, width]: [usize; 3]) -> TensorData {
    let values = levels(name, [batch, height, width]).into_iter().map(|level| f32::from(level) / 255.0).collect();
    TensorData::new::<f32, _>(values, [batch, height, width, 3])
}

/// The first `length` elements of the stream called `name`, in `0..1`, in steps of 2^-24.
pub(crate) fn unit(name: &str, length: usize) -> Vec<f32> {
    (0..length as u64).map(|index| (stream(name, index) >> 40) as f32 / (1 << 24) as f32).collect()
}
