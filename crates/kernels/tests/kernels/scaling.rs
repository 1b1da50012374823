//! Channel scalings and pooling against their twins.

use crate::common::{assert_close, normal, values};
use burn::tensor::Tensor;
use kernels::{Activation, twin};

const SHAPES: [[usize; 4]; 4] = [[1, 1, 1, 1], [3, 2, 5, 19], [70, 1, 1, 240], [9, 16, 16, 96]];

#[test]
fn scale_channels_agrees_with_its_twin() {
    for shape in SHAPES {
        let run = |scale_channels: fn(Tensor<4>, Tensor<4>) -> Tensor<4>| {
            let x = normal(shape, 1).require_grad();
            let s = normal([shape[0], 1, 1, shape[3]], 2).require_grad();
            let y = scale_channels(x.clone(), s.clone());
            let gradients = (y.clone() * normal(shape, 3)).sum().backward();
            [values(y), values(x.grad(&gradients).unwrap()), values(s.grad(&gradients).unwrap())]
        };
        let (actual, expected) = (run(kernels::scale_channels), run(twin::scale_channels));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 1e-5);
        }
    }
}

#[test]
fn scale_residual_agrees_with_its_twin() {
    for shape in SHAPES {
        let run = |scale_residual: fn(Tensor<4>, Tensor<4>, Tensor<1>) -> Tensor<4>| {
            let r = normal(shape, 1).require_grad();
            let x = normal(shape, 2).require_grad();
            let s = normal([shape[3]], 3).require_grad();
            let y = scale_residual(r.clone(), x.clone(), s.clone());
            let gradients = (y.clone() * normal(shape, 4)).sum().backward();
            [
                values(y),
                values(r.grad(&gradients).unwrap()),
                values(x.grad(&gradients).unwrap()),
                values(s.grad(&gradients).unwrap()),
            ]
        };
        let (actual, expected) = (run(kernels::scale_residual), run(twin::scale_residual));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 1e-5);
        }
    }
}

#[test]
fn global_average_pool_agrees_with_its_twin() {
    for shape in SHAPES {
        let run = |pool: fn(Tensor<4>) -> Tensor<2>| {
            let x = normal(shape, 1).require_grad();
            let y = pool(x.clone());
            let gradients = (y.clone() * normal(y.dims(), 2)).sum().backward();
            [values(y), values(x.grad(&gradients).unwrap())]
        };
        let (actual, expected) = (run(kernels::global_average_pool), run(twin::global_average_pool));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 1e-5);
        }
    }
}

#[test]
fn squeeze_excite_agrees_with_its_twin() {
    type SqueezeExcite = fn(Tensor<4>, (Tensor<4>, Tensor<1>), Activation, (Tensor<4>, Tensor<1>)) -> Tensor<4>;
    for (shape, activation) in
        SHAPES.into_iter().zip([Activation::Identity, Activation::Relu, Activation::Silu, Activation::Relu6])
    {
        let (channels, reduced) = (shape[3], shape[3].div_ceil(4));
        let run = |squeeze_excite: SqueezeExcite| {
            let x = normal(shape, 1).require_grad();
            let [w1, w2] = [([reduced, channels, 1, 1], 2), ([channels, reduced, 1, 1], 3)]
                .map(|(shape, seed)| (normal(shape, seed) * 0.3).detach().require_grad());
            let [b1, b2] = [(reduced, 4), (channels, 5)].map(|(count, seed)| normal([count], seed).require_grad());
            let (squeeze, expand) = ((w1.clone(), b1.clone()), (w2.clone(), b2.clone()));
            let y = squeeze_excite(x.clone(), squeeze, activation, expand);
            let gradients = (y.clone() * normal(shape, 6)).sum().backward();
            [
                values(y),
                values(x.grad(&gradients).unwrap()),
                values(w1.grad(&gradients).unwrap()),
                values(w2.grad(&gradients).unwrap()),
                values(b1.grad(&gradients).unwrap()),
                values(b2.grad(&gradients).unwrap()),
            ]
        };
        let (actual, expected) = (run(kernels::squeeze_excite), run(twin::squeeze_excite));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 2e-5);
        }
    }
}

#[test]
fn squeeze_excite_gives_gradients_of_finite_differences_and_passes_nan_through() {
    let shape = [2, 2, 1, 3];
    let target = normal(shape, 6);
    let excite = |x: Tensor<4>| {
        let [first, second] = [([2, 3], 2), ([3, 2], 3)].map(|(shape, seed)| normal(shape, seed));
        kernels::squeeze_excite(x, (first, normal([2], 4)), Activation::Silu, (second, normal([3], 5)))
    };
    let x = normal(shape, 1).require_grad();
    let gradients = (excite(x.clone()) * target.clone()).sum().backward();
    let analytic = values(x.grad(&gradients).unwrap());
    let base = values(x);
    let at = |values: Vec<f32>| {
        excite(Tensor::from_data(burn::tensor::TensorData::new(values, shape), &crate::common::device()))
    };
    for (i, analytic) in analytic.into_iter().enumerate() {
        let moved = |by: f32| {
            let mut values = base.clone();
            values[i] += by;
            (at(values) * target.clone()).sum().into_scalar::<f32>()
        };
        let h = 0.02;
        let numeric = (8.0 * (moved(h) - moved(-h)) - (moved(2.0 * h) - moved(-2.0 * h))) / (12.0 * h);
        assert!((numeric - analytic).abs() < 2e-3, "{i}: {numeric} {analytic}");
    }
    let mut with_nan = base;
    with_nan[1] = f32::NAN;
    let y = values(at(with_nan));
    assert!(y[..6].iter().all(|y| y.is_nan()) && y[6..].iter().all(|y| !y.is_nan()), "{y:?}");
}
