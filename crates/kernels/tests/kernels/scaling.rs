//! Channel scalings and pooling against their twins.

use crate::common::{assert_close, normal, values};
use burn::tensor::Tensor;
use kernels::twin;

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
