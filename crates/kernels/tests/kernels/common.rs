//! Comparison of kernels with their twins, forward and backward.

use burn::tensor::{Device, Tensor, TensorData};

/// An autodiff device with kernels.
pub(crate) fn device() -> Device {
    Device::flex().autodiff()
}

/// Standard normal values that depend on the shape and the seed alone.
pub(crate) fn normal<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    // Sums of twelve uniform numbers from a linear congruential generator (Knuth's MMIX constants).
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let count: usize = shape.iter().product();
    let values: Vec<f32> = (0..count).map(|_| (0..12).map(|_| uniform()).sum::<f32>() - 6.0).collect();
    Tensor::from_data(TensorData::new(values, shape), &device())
}

/// The values of a tensor.
pub(crate) fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("tests compute in f32")
}

/// Asserts that two results agree to `tolerance` relative to the largest expected magnitude (and
/// never closer than to one).
pub(crate) fn assert_close(name: &str, actual: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(actual.len(), expected.len(), "{name}: length");
    let scale = expected.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (a - e).abs() <= tolerance * scale,
            "{name}: value {i} is {a}, expected {e} (tolerance {tolerance} of {scale})"
        );
    }
}
