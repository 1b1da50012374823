//! Weights in 8 bits: symmetric, uniform, per output channel (Krishnamoorthi 2018, "Quantizing deep
//! convolutional networks for efficient inference", arXiv 1806.08342, section 2.2 and table 2).
//!
//! `q = round(w / s)` with `s = max |w| / 127` over the weights of one output channel, so that `q` is in
//! `-127..=127` and zero stays zero; read back as `q s`, off by at most `s / 2`. Only weights of two
//! or more dimensions are worth it. A tensor `NAME` of type I8 has its scales beside it as `NAME_scale`,
//! the convention of compressed-tensors and vLLM.

use super::NamedTensor;

/// What a tensor's scales are called.
pub(super) fn scale_name(name: &str) -> String {
    format!("{name}{SCALE_SUFFIX}")
}

pub(super) const SCALE_SUFFIX: &str = "_scale";

/// The largest quantised value; -128 is not used, so that the range is symmetric.
const LARGEST: f32 = 127.0;

/// A tensor `[out, ...]` in 8 bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantised {
    pub(super) values: Vec<i8>,
    /// `[out]`.
    pub(super) scales: Vec<f32>,
}

/// Whether a tensor of this shape is kept in 8 bits.
pub(super) fn applies(shape: &[usize]) -> bool {
    shape.len() >= 2 && shape.iter().all(|&size| size > 0)
}

/// `tensor` `[out, ...]` in 8 bits; none if a value is not finite.
pub(super) fn quantise(tensor: &NamedTensor) -> Option<Quantised> {
    if !tensor.values.iter().all(|value| value.is_finite()) {
        return None;
    }
    let size = tensor.values.len() / tensor.shape[0];
    let (mut values, mut scales) = (Vec::with_capacity(tensor.values.len()), Vec::with_capacity(tensor.shape[0]));
    for channel in tensor.values.chunks_exact(size) {
        let scale = channel.iter().fold(0.0f32, |largest, value| largest.max(value.abs())) / LARGEST;
        // A channel of zeros, or of numbers too small for a scale, is zero.
        let inverse = if scale > 0.0 && scale.recip().is_finite() { scale.recip() } else { 0.0 };
        values.extend(channel.iter().map(|value| (value * inverse).round().clamp(-LARGEST, LARGEST) as i8));
        scales.push(scale);
    }
    Some(Quantised { values, scales })
}

/// The values of a tensor `[out, ...]` of these bytes, as [`quantise`] gave them, and its scales; none if
/// their numbers do not fit.
pub(super) fn dequantise(bytes: &[u8], scales: &[f32]) -> Option<Vec<f32>> {
    if scales.is_empty() || !bytes.len().is_multiple_of(scales.len()) {
        return None;
    }
    let mut values = Vec::with_capacity(bytes.len());
    for (channel, &scale) in bytes.chunks_exact((bytes.len() / scales.len()).max(1)).zip(scales) {
        values.extend(channel.iter().map(|&byte| f32::from(byte.cast_signed()) * scale));
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(tensor: &NamedTensor) -> (Quantised, Vec<f32>) {
        let quantised = quantise(tensor).unwrap();
        let values = dequantise(bytemuck::cast_slice(&quantised.values), &quantised.scales).unwrap();
        (quantised, values)
    }

    proptest! {
        #[test]
        fn no_weight_is_off_by_more_than_half_a_step_of_its_channel(
            values in proptest::collection::vec(-3.0f32..3.0, 24),
            factors in proptest::collection::vec(1e-6f32..1e3, 4),
        ) {
            let values: Vec<f32> = values.iter().zip((0..24).map(|i| factors[i / 6])).map(|(v, f)| v * f).collect();
            let tensor = NamedTensor { shape: vec![4, 2, 3], values };
            let (quantised, read) = round_trip(&tensor);
            for (channel, &scale) in quantised.scales.iter().enumerate() {
                let own = &tensor.values[channel * 6..][..6];
                let largest = own.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
                prop_assert!((scale * 127.0 - largest).abs() <= 1e-5 * largest);
                for (read, written) in read[channel * 6..].iter().zip(own) {
                    prop_assert!((read - written).abs() <= 0.5001 * scale, "{read} {written} {scale}");
                }
            }
            // What was rounded once is not rounded again.
            let again = round_trip(&NamedTensor { shape: vec![4, 2, 3], values: read });
            prop_assert_eq!(again.0.values, quantised.values);
        }
    }

    #[test]
    fn zeros_stay_zero_and_what_is_not_finite_is_refused() {
        let zeros = NamedTensor { shape: vec![2, 2], values: vec![0.0, 0.0, 0.0, -1.0] };
        assert_eq!(round_trip(&zeros).1, [0.0, 0.0, 0.0, -1.0]);
        let tiny = NamedTensor { shape: vec![1, 2], values: vec![1e-44, -1e-44] };
        assert!(round_trip(&tiny).1.iter().all(|value| value.abs() <= 1e-44));
        for bad in [f32::NAN, f32::INFINITY] {
            assert_eq!(quantise(&NamedTensor { shape: vec![1, 2], values: vec![0.5, bad] }), None);
        }
        assert_eq!(dequantise(&[1, 2, 3], &[0.5, 0.5]), None);
    }
}
