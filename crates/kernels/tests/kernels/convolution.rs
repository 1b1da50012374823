//! Dense convolutions and dense layers against their twins.

use crate::common::{assert_close, normal, values};
use burn::tensor::Tensor;
use kernels::twin;
use proptest::prelude::*;

type Convolution = fn(Tensor<4>, Tensor<4>, Option<Tensor<1>>, usize, usize) -> Tensor<4>;

/// Output and the gradients of a randomly weighted sum of it by input, weight and bias.
fn run(
    convolution: Convolution,
    x: [usize; 4],
    weight: [usize; 4],
    bias: bool,
    stride: usize,
    padding: usize,
) -> Vec<Vec<f32>> {
    let x = normal(x, 1).require_grad();
    let w = normal(weight, 2).require_grad();
    let b = bias.then(|| normal([weight[0]], 3).require_grad());
    let y = convolution(x.clone(), w.clone(), b.clone(), stride, padding);
    let gradients = (y.clone() * normal(y.dims(), 4)).sum().backward();
    let mut all = vec![values(y), values(x.grad(&gradients).unwrap()), values(w.grad(&gradients).unwrap())];
    all.extend(b.map(|b| values(b.grad(&gradients).unwrap())));
    all
}

fn compare(
    kernel: Convolution,
    twin: Convolution,
    x: [usize; 4],
    weight: [usize; 4],
    bias: bool,
    stride: usize,
    padding: usize,
) {
    let actual = run(kernel, x, weight, bias, stride, padding);
    let expected = run(twin, x, weight, bias, stride, padding);
    let names = ["output", "input gradient", "weight gradient", "bias gradient"];
    for ((name, actual), expected) in names.iter().zip(&actual).zip(&expected) {
        let case = format!("{name} of {x:?} * {weight:?}, stride {stride}, padding {padding}");
        assert_close(&case, actual, expected, 1e-5);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn conv2d_agrees_with_its_twin(
        batch in 1..5_usize,
        height in 1..10_usize,
        width in 1..10_usize,
        inputs in 1..20_usize,
        outputs in 1..20_usize,
        kernel in 1..6_usize,
        kernel_width in 1..4_usize,
        stride in 1..4_usize,
        padding in 0..3_usize,
        bias: bool,
    ) {
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel_width);
        compare(
            kernels::conv2d, twin::conv2d,
            [batch, height, width, inputs], [outputs, inputs, kernel, kernel_width],
            bias, stride, padding,
        );
    }
}

#[test]
fn conv2d_agrees_on_the_detectors_layers() {
    let cases = [
        // Weights large enough to be divided by kernel position, in halves of channels.
        ([9, 4, 4, 160], [136, 160, 3, 3], 1, 1),
        ([40, 8, 8, 64], [96, 64, 3, 3], 2, 1),
        // Winograd: whole tiles, ragged tiles of a large image, several chunks.
        ([40, 4, 4, 160], [144, 160, 3, 3], 1, 1),
        ([2, 17, 15, 48], [32, 48, 3, 3], 1, 0),
        ([9, 6, 7, 32], [64, 32, 3, 3], 1, 2),
        ([40, 16, 16, 64], [64, 64, 3, 3], 1, 1),
        // Many rows: sums over several blocks of lines.
        ([6, 32, 32, 3], [64, 3, 3, 3], 1, 1),
        // Patch stem and downsampling.
        ([5, 32, 32, 3], [96, 3, 4, 4], 4, 0),
        ([5, 8, 8, 96], [192, 96, 2, 2], 2, 0),
        ([7, 8, 8, 64], [128, 64, 1, 1], 2, 0),
        // Strides beyond the kernel and padding beyond it, blocks of several images.
        ([33, 5, 7, 24], [40, 24, 2, 2], 3, 0),
        ([3, 6, 5, 16], [48, 16, 3, 3], 2, 4),
        ([300, 4, 4, 40], [240, 40, 1, 1], 1, 0),
        ([3, 1, 1, 672], [40, 672, 1, 1], 1, 0),
    ];
    for (x, weight, stride, padding) in cases {
        compare(kernels::conv2d, twin::conv2d, x, weight, true, stride, padding);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn depthwise_conv2d_agrees_with_its_twin(
        batch in 1..5_usize,
        height in 1..10_usize,
        width in 1..10_usize,
        channels in 1..75_usize,
        kernel in 1..8_usize,
        kernel_width in 1..4_usize,
        stride in 1..4_usize,
        padding in 0..4_usize,
        bias: bool,
    ) {
        prop_assume!(height + 2 * padding >= kernel && width + 2 * padding >= kernel_width);
        compare(
            kernels::depthwise_conv2d, twin::depthwise_conv2d,
            [batch, height, width, channels], [channels, 1, kernel, kernel_width],
            bias, stride, padding,
        );
    }
}

#[test]
fn depthwise_conv2d_agrees_on_the_detectors_layers() {
    let cases = [
        ([33, 8, 8, 96], 7, 1, 3),
        ([17, 4, 4, 192], 7, 1, 3),
        ([40, 2, 2, 384], 7, 1, 3),
        ([40, 1, 1, 768], 7, 1, 3),
        ([5, 16, 16, 96], 3, 2, 1),
        ([20, 4, 4, 144], 5, 2, 2),
    ];
    for (x, kernel, stride, padding) in cases {
        let weight = [x[3], 1, kernel, kernel];
        compare(kernels::depthwise_conv2d, twin::depthwise_conv2d, x, weight, true, stride, padding);
    }
}

#[test]
fn linear_agrees_with_its_twin() {
    for (rows, inputs, outputs, bias) in
        [(1, 1, 1, true), (3, 5, 7, true), (130, 96, 33, false), (5000, 40, 24, true), (128, 768, 200, true)]
    {
        let run = |linear: fn(Tensor<3>, Tensor<2>, Option<Tensor<1>>) -> Tensor<3>| {
            let x = normal([1, rows, inputs], 1).require_grad();
            let w = normal([outputs, inputs], 2).require_grad();
            let b = bias.then(|| normal([outputs], 3).require_grad());
            let y = linear(x.clone(), w.clone(), b.clone());
            let gradients = (y.clone() * normal(y.dims(), 4)).sum().backward();
            let mut all = vec![values(y), values(x.grad(&gradients).unwrap()), values(w.grad(&gradients).unwrap())];
            all.extend(b.map(|b| values(b.grad(&gradients).unwrap())));
            all
        };
        let (actual, expected) = (run(kernels::linear), run(twin::linear));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {rows} {inputs} {outputs}"), actual, expected, 1e-5);
        }
    }
}

#[test]
fn linear_gelu_agrees_with_its_twin_with_and_without_gradients() {
    type LinearGelu = fn(Tensor<3>, Tensor<2>, Tensor<1>) -> Tensor<3>;
    for (rows, inputs, outputs) in [(1, 1, 1), (3, 5, 7), (130, 96, 33), (2000, 40, 160)] {
        let run = |linear_gelu: LinearGelu| {
            let x = normal([1, rows, inputs], 1).require_grad();
            let w = normal([outputs, inputs], 2).require_grad();
            let b = normal([outputs], 3).require_grad();
            let y = linear_gelu(x.clone(), w.clone(), b.clone());
            let gradients = (y.clone() * normal(y.dims(), 4)).sum().backward();
            let plain = linear_gelu(x.clone().inner(), w.clone().inner(), b.clone().inner());
            [
                values(y),
                values(plain),
                values(x.grad(&gradients).unwrap()),
                values(w.grad(&gradients).unwrap()),
                values(b.grad(&gradients).unwrap()),
            ]
        };
        let (actual, expected) = (run(kernels::linear_gelu), run(twin::linear_gelu));
        for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_close(&format!("{i} of {rows} {inputs} {outputs}"), actual, expected, 1e-5);
        }
    }
}

#[test]
fn linear_gelu_passes_nan_through() {
    for rows in [2, 100] {
        let mut x = vec![1.0; rows * 3];
        x[4] = f32::NAN;
        let x = Tensor::<2>::from_data(burn::tensor::TensorData::new(x, [rows, 3]), &crate::common::device());
        let y = values(kernels::linear_gelu(x, normal([5, 3], 1), normal([5], 2)));
        assert!(y.iter().enumerate().all(|(i, y)| y.is_nan() == (i / 5 == 1)), "{y:?}");
    }
}

#[test]
fn untracked_inputs_get_no_gradient_and_constants_may_live_outside_the_graph() {
    let x = normal([2, 5, 5, 3], 1);
    let w = normal([4, 3, 3, 3], 2).require_grad();
    let y = kernels::conv2d(x.clone(), w.clone(), None, 1, 1);
    let gradients = y.sum().backward();
    assert!(x.grad(&gradients).is_none());
    assert!(w.grad(&gradients).is_some());
    let inner = kernels::conv2d(x.clone().inner(), w.clone().inner(), None, 1, 1);
    let expected = twin::conv2d(x.inner(), w.inner(), None, 1, 1);
    assert_close("inner", &values(inner), &values(expected), 1e-5);
}

#[test]
fn gradients_agree_with_finite_differences() {
    let x = normal([1, 4, 3, 2], 1);
    let w = normal([3, 2, 3, 3], 2);
    let target = normal([1, 2, 2, 3], 3);
    let loss = |x: Tensor<4>, w: Tensor<4>| (kernels::conv2d(x, w, None, 2, 1) * target.clone()).sum();
    let (x_leaf, w_leaf) = (x.clone().require_grad(), w.clone().require_grad());
    let gradients = loss(x_leaf.clone(), w_leaf.clone()).backward();
    // The loss is linear in each argument: the only error is rounding.
    let step = 0.5;
    let difference =
        |plus: Tensor<1>, minus: Tensor<1>| (plus.into_scalar::<f32>() - minus.into_scalar::<f32>()) / (2.0 * step);
    for (tensor, gradient, is_x) in
        [(x.clone(), x_leaf.grad(&gradients).unwrap(), true), (w.clone(), w_leaf.grad(&gradients).unwrap(), false)]
    {
        let dims = tensor.dims();
        let base = values(tensor);
        for (i, analytic) in values(gradient).into_iter().enumerate() {
            let moved = |by: f32| {
                let mut values = base.clone();
                values[i] += by;
                let data = burn::tensor::TensorData::new(values, dims);
                Tensor::<4>::from_data(data, &crate::common::device())
            };
            let numeric = if is_x {
                difference(loss(moved(step), w.clone()), loss(moved(-step), w.clone()))
            } else {
                difference(loss(x.clone(), moved(step)), loss(x.clone(), moved(-step)))
            };
            assert!((numeric - analytic).abs() < 1e-4, "{i}: {numeric} against {analytic}");
        }
    }
}
