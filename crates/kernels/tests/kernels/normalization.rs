//! Normalisations against their twins, and against finite differences.

use crate::common::{assert_close, device, normal, values};
use burn::tensor::{Tensor, TensorData};
use kernels::{Activation, BatchNormOutput, twin};

type BatchNorm = fn(Tensor<4>, Tensor<1>, Tensor<1>, f64) -> BatchNormOutput;
type LayerNorm = fn(Tensor<3>, Tensor<1>, Tensor<1>, f64) -> Tensor<3>;

type Loss = Box<dyn Fn(Tensor<4>) -> Tensor<1>>;

const SHAPES: [[usize; 4]; 5] = [[2, 1, 1, 1], [3, 1, 1, 70], [2, 5, 3, 17], [40, 8, 8, 96], [16, 32, 32, 10]];

#[test]
fn batch_norm_in_training_agrees_with_its_twin() {
    for shape in SHAPES {
        let run = |batch_norm: BatchNorm| {
            let x = normal(shape, 1).require_grad();
            let w = normal([shape[3]], 2).require_grad();
            let b = normal([shape[3]], 3).require_grad();
            // A mean far from zero against the deviation, where naive variances cancel.
            let out = batch_norm(x.clone() * 0.5 + 20.0, w.clone(), b.clone(), 1e-3);
            let gradients = (out.output.clone() * normal(shape, 4)).sum().backward();
            assert!(!out.mean.is_require_grad() && !out.variance.is_require_grad());
            [
                values(out.output),
                values(out.mean),
                values(out.variance),
                values(x.grad(&gradients).unwrap()),
                values(w.grad(&gradients).unwrap()),
                values(b.grad(&gradients).unwrap()),
            ]
        };
        let (actual, expected) = (run(kernels::batch_norm_train), run(twin::batch_norm_train));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 1e-4);
        }
    }
}

const ACTIVATIONS: [Activation; 5] =
    [Activation::Identity, Activation::Relu, Activation::Relu6, Activation::Silu, Activation::Gelu];

type BatchNormActivation = fn(Tensor<4>, Tensor<1>, Tensor<1>, Option<Tensor<4>>, Activation, f64) -> BatchNormOutput;

#[test]
fn batch_norm_with_what_follows_agrees_with_its_twin() {
    for (shape, activation, residual) in
        SHAPES.into_iter().flat_map(|s| ACTIVATIONS.into_iter().flat_map(move |a| [(s, a, false), (s, a, true)]))
    {
        let run = |batch_norm: BatchNormActivation| {
            let x = normal(shape, 1).require_grad();
            let w = normal([shape[3]], 2).require_grad();
            let b = normal([shape[3]], 3).require_grad();
            let r = residual.then(|| normal(shape, 5).require_grad());
            // The residual is used twice, so that its gradient is one of two.
            let out = batch_norm(x.clone() * 2.0, w.clone(), b.clone(), r.clone(), activation, 1e-3);
            let sum = r.clone().map_or_else(|| out.output.clone(), |r| out.output.clone() + r);
            let gradients = (sum * normal(shape, 4)).sum().backward();
            let mut all = vec![
                values(out.output),
                values(out.mean),
                values(out.variance),
                values(x.grad(&gradients).unwrap()),
                values(w.grad(&gradients).unwrap()),
                values(b.grad(&gradients).unwrap()),
            ];
            all.extend(r.map(|r| values(r.grad(&gradients).unwrap())));
            all
        };
        let actual = run(kernels::batch_norm_activation_train);
        let expected = run(twin::batch_norm_activation_train);
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?} {activation:?} {residual}"), actual, expected, 1e-4);
        }
    }
}

#[test]
fn a_residual_alone_may_be_tracked() {
    for activation in ACTIVATIONS {
        let run = |batch_norm: BatchNormActivation| {
            let r = normal([3, 4, 4, 24], 2).require_grad();
            let [w, b] = [3, 4].map(|seed| normal([24], seed));
            let out = batch_norm(normal([3, 4, 4, 24], 1), w, b, Some(r.clone()), activation, 1e-3);
            let gradients = (out.output * normal([3, 4, 4, 24], 5)).sum().backward();
            values(r.grad(&gradients).unwrap())
        };
        let (actual, expected) = (run(kernels::batch_norm_activation_train), run(twin::batch_norm_activation_train));
        assert_close(&format!("{activation:?}"), &actual, &expected, 1e-4);
    }
}

#[test]
fn batch_statistics_are_accurate_where_the_mean_dwarfs_the_deviation() {
    let shape = [64, 8, 8, 3];
    let x = normal(shape, 1) * 0.01 + 100.0;
    let exact: Vec<f64> = values(x.clone()).into_iter().map(f64::from).collect();
    let ones = Tensor::<1>::ones([3], &device());
    let out = kernels::batch_norm_train(x, ones.clone(), ones, 1e-5);
    let (mean, variance) = (values(out.mean), values(out.variance));
    for channel in 0..3 {
        let column: Vec<f64> = exact.iter().skip(channel).step_by(3).copied().collect();
        let count = column.len() as f64;
        let m = column.iter().sum::<f64>() / count;
        let v = column.iter().map(|x| (x - m).powi(2)).sum::<f64>() / count;
        assert!((f64::from(mean[channel]) - m).abs() < 1e-5 * m);
        assert!((f64::from(variance[channel]) - v).abs() < 1e-3 * v, "{variance:?} {v}");
    }
}

#[test]
fn batch_norm_with_given_statistics_agrees_with_its_twin() {
    for shape in SHAPES {
        let run = |batch_norm: fn(Tensor<4>, Tensor<1>, Tensor<1>, Tensor<1>, Tensor<1>, f64) -> Tensor<4>| {
            let x = normal(shape, 1).require_grad();
            let parameters = [2, 3, 4].map(|seed| normal([shape[3]], seed).require_grad());
            let [w, b, mean] = parameters.clone();
            let variance = normal([shape[3]], 5).abs() + 0.1;
            let y = batch_norm(x.clone(), w, b, mean, variance, 1e-5);
            let gradients = (y.clone() * normal(shape, 6)).sum().backward();
            let mut all = vec![values(y), values(x.grad(&gradients).unwrap())];
            all.extend(parameters.map(|p| values(p.grad(&gradients).unwrap())));
            all
        };
        let actual = run(kernels::batch_norm_inference);
        let expected = run(twin::batch_norm_inference);
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 1e-5);
        }
    }
}

#[test]
fn layer_norm_agrees_with_its_twin() {
    for shape in [[1, 1, 1], [2, 3, 5], [7, 11, 33], [50, 64, 96], [128, 1, 768]] {
        let run = |layer_norm: LayerNorm| {
            let x = normal(shape, 1).require_grad();
            let w = normal([shape[2]], 2).require_grad();
            let b = normal([shape[2]], 3).require_grad();
            let y = layer_norm(x.clone() + 3.0, w.clone(), b.clone(), 1e-3);
            let gradients = (y.clone() * normal(shape, 4)).sum().backward();
            [
                values(y),
                values(x.grad(&gradients).unwrap()),
                values(w.grad(&gradients).unwrap()),
                values(b.grad(&gradients).unwrap()),
            ]
        };
        let (actual, expected) = (run(kernels::layer_norm), run(twin::layer_norm));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {shape:?}"), actual, expected, 2e-5);
        }
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    let shape = [2, 2, 1, 5];
    let (w, b, target) = (normal([5], 2), normal([5], 3), normal(shape, 4));
    let losses: [(&str, Loss); 3] = [
        ("batch norm, residual and silu", {
            let (w, b, target) = (w.clone(), b.clone(), target.clone());
            Box::new(move |x| {
                let (residual, silu) = (Some(x.clone() * 0.5), Activation::Silu);
                let out = kernels::batch_norm_activation_train(x, w.clone(), b.clone(), residual, silu, 1e-2);
                (out.output * target.clone()).sum()
            })
        }),
        ("batch norm", {
            let (w, b, target) = (w.clone(), b.clone(), target.clone());
            Box::new(move |x| {
                let out = kernels::batch_norm_train(x, w.clone(), b.clone(), 1e-2);
                (out.output * target.clone()).sum()
            })
        }),
        ("layer norm", Box::new(move |x| (kernels::layer_norm(x, w.clone(), b.clone(), 1e-2) * target.clone()).sum())),
    ];
    for (name, loss) in losses {
        let x = normal(shape, 1).require_grad();
        let gradients = loss(x.clone()).backward();
        let analytic = values(x.grad(&gradients).unwrap());
        let base = values(x);
        for (i, analytic) in analytic.into_iter().enumerate() {
            let at = |by: f32| {
                let mut moved = base.clone();
                moved[i] += by;
                let x = Tensor::from_data(TensorData::new(moved, shape), &device());
                loss(x).into_scalar::<f32>()
            };
            // Fourth-order central differences: truncation far below the tolerance.
            let h = 0.02;
            let numeric = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
            assert!((numeric - analytic).abs() < 3e-3, "{name} {i}: {numeric} {analytic}");
        }
    }
}

#[test]
fn nan_passes_through() {
    let data = TensorData::new(vec![1.0, f32::NAN, 2.0, 3.0], [2, 1, 1, 2]);
    let x = Tensor::<4>::from_data(data, &device());
    let ones = Tensor::<1>::ones([2], &device());
    let out = kernels::batch_norm_train(x.clone(), ones.clone(), ones.clone(), 1e-5);
    let y = values(out.output);
    assert!(y[1].is_nan() && y[3].is_nan() && !y[0].is_nan() && !y[2].is_nan());
    for activation in ACTIVATIONS {
        // NaN in the input of one channel, then in the residual of one value.
        let (w, b) = (ones.clone(), ones.clone());
        let out = kernels::batch_norm_activation_train(x.clone(), w, b, None, activation, 1e-5);
        let y = values(out.output);
        assert!(y[1].is_nan() && y[3].is_nan() && !y[0].is_nan() && !y[2].is_nan(), "{activation:?}");
        let (w, b, plain) = (ones.clone(), ones.clone(), normal([2, 1, 1, 2], 1));
        let out = kernels::batch_norm_activation_train(plain, w, b, Some(x.clone()), activation, 1e-5);
        let y = values(out.output);
        assert!(y[1].is_nan() && !y[0].is_nan() && !y[2].is_nan() && !y[3].is_nan(), "{activation:?}");
    }
    let y = values(kernels::layer_norm(x, ones.clone(), ones, 1e-5));
    assert!(y[0].is_nan() && y[1].is_nan() && !y[2].is_nan());
}
