//! Elementary functions the compiler can vectorise.

use super::simd::MultiplyAdd;

/// `exp(x)` with a relative error below 2e-7, for `x` clamped to -87..=88; NaN stays NaN.
///
/// Splits `x = n ln 2 + r` with integer `n` and `|r| <= ln 2 / 2`, and evaluates the Taylor
/// polynomial of degree 7 at `r` (truncation below 6e-9).
#[inline(always)]
pub(crate) fn exp<M: MultiplyAdd>(x: f32) -> f32 {
    /// 1.5 * 2^23: adding it rounds to an integer, left in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = if x > 88.0 { 88.0 } else { x };
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = M::multiply_add(x, std::f32::consts::LOG2_E, ROUND);
    let n = rounded - ROUND;
    let r = M::multiply_add(n, -LN_2_LOW, M::multiply_add(n, -LN_2_HIGH, x));
    let mut p = 1.0 / 5040.0;
    for coefficient in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        p = M::multiply_add(p, r, coefficient);
    }
    let power = f32::from_bits(rounded.to_bits().wrapping_add(127) << 23);
    p * power
}

/// `1 / (1 + exp(-x))`.
#[inline(always)]
pub(crate) fn sigmoid<M: MultiplyAdd>(x: f32) -> f32 {
    1.0 / (1.0 + exp::<M>(-x))
}

/// The standard normal distribution function and `exp(-x^2 / 2)`.
///
/// The upper tail is `exp(-x^2 / 2)` times a polynomial of degree 9 in `1 / (1 + 0.27 |x|)`, the
/// form of Abramowitz and Stegun 7.1.26 with coefficients fitted for least relative error (2.4e-8);
/// in `f32` the absolute error is below 2e-7.
#[inline(always)]
pub(crate) fn normal_distribution<M: MultiplyAdd>(x: f32) -> (f32, f32) {
    const COEFFICIENTS: [f32; 8] = [
        -0.126_255_54,
        0.169_291_97,
        -0.068_621_63,
        0.107_399_89,
        0.072_240_1,
        0.101_759_21,
        0.107_550_5,
        0.107_720_18,
    ];
    let magnitude = x.abs();
    let t = 1.0 / M::multiply_add(0.27, magnitude, 1.0);
    let density = exp::<M>(-0.5 * x * x);
    let mut polynomial = 0.028_915_323;
    for coefficient in COEFFICIENTS {
        polynomial = M::multiply_add(polynomial, t, coefficient);
    }
    let tail = polynomial * t * density;
    (if x > 0.0 { 1.0 - tail } else { tail }, density)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flex::simd::{Fused, Separate};

    #[test]
    fn exp_is_within_its_stated_error() {
        for i in -87_000..=88_000 {
            let x = i as f32 / 1000.0;
            let exact = f64::from(x).exp();
            for value in [exp::<Fused>(x), exp::<Separate>(x)] {
                let error = (f64::from(value) / exact - 1.0).abs();
                assert!(error < 2e-7, "exp({x}) = {value}, {error:e}");
            }
        }
        assert!(exp::<Fused>(f32::NAN).is_nan());
        assert!(normal_distribution::<Fused>(f32::NAN).0.is_nan());
        assert!(sigmoid::<Fused>(f32::NAN).is_nan());
    }

    #[test]
    fn normal_distribution_is_within_its_stated_error() {
        // Simpson's rule on the density from 0, far more exact than the bound tested.
        let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
        let step = 1.0 / 512.0;
        let mut exact = 0.5;
        for i in 0..3072 {
            let x = f64::from(i) * step;
            for (x, exact) in [(x, exact), (-x, 1.0 - exact)] {
                for value in [normal_distribution::<Fused>(x as f32).0, normal_distribution::<Separate>(x as f32).0] {
                    let error = (f64::from(value) - exact).abs();
                    assert!(error < 2e-7, "at {x}: {value} against {exact}");
                }
            }
            exact += step / 6.0 * (density(x) + 4.0 * density(x + step / 2.0) + density(x + step));
        }
    }
}
