//! Products in bf16, forward and backward, against those in `f32`.

use crate::common::{assert_close, device, normal, values};
use burn::tensor::{Tensor, TensorData};
use kernels::{Precision, conv2d, linear, linear_gelu, multiply_in};

const NAMES: [&str; 3] = ["output", "input gradient", "weight gradient"];

/// Normal values with the last sixteen bits cleared: rounding to bf16 leaves them as they are.
fn halves<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let cut = |value: f32| f32::from_bits(value.to_bits() & 0xffff_0000);
    let numbers: Vec<f32> = values(normal(shape, seed)).into_iter().map(cut).collect();
    Tensor::from_data(TensorData::new(numbers, shape), &device())
}

/// Output, and gradients of a weighted sum of it, of `layer` whose products are in `precision`. All factors of all
/// products are bf16 values.
fn run<const D: usize, const W: usize>(
    precision: Precision,
    layer: impl Fn(Tensor<D>, Tensor<W>) -> Tensor<D>,
    x: [usize; D],
    weight: [usize; W],
) -> [Vec<f32>; 3] {
    let (x, weight) = (halves(x, 1).require_grad(), halves(weight, 2).require_grad());
    let y = multiply_in(precision, || layer(x.clone(), weight.clone()));
    let gradients = (y.clone() * halves(y.dims(), 3)).sum().backward();
    [values(y), values(x.grad(&gradients).unwrap()), values(weight.grad(&gradients).unwrap())]
}

fn compare<const D: usize, const W: usize>(
    layer: impl Fn(Tensor<D>, Tensor<W>) -> Tensor<D>,
    x: [usize; D],
    weight: [usize; W],
    tolerance: f32,
) {
    let half = run(Precision::Half, &layer, x, weight);
    let single = run(Precision::Single, &layer, x, weight);
    for ((name, half), single) in NAMES.iter().zip(&half).zip(&single) {
        assert_close(&format!("{name} of {x:?} * {weight:?}"), half, single, tolerance);
    }
}

#[test]
fn products_of_bf16_values_are_those_of_f32() {
    let dense = |x: Tensor<2>, weight: Tensor<2>| linear(x, weight, None);
    // Many rows, an odd number of them, few, an odd depth, more inputs than a panel, columns that fill no vector.
    for (rows, inputs, outputs) in
        [(256, 64, 48), (2051, 96, 40), (9, 32, 16), (131, 31, 64), (4099, 130, 24), (70, 48, 33)]
    {
        compare(dense, [rows, inputs], [outputs, inputs], 2e-5);
    }
    // Strided and unstrided, one large weight, one of few channels, pointwise, a patch.
    for (x, weight, stride, padding) in [
        ([3, 9, 7, 16], [24, 16, 3, 3], 1, 1),
        ([5, 8, 8, 64], [96, 64, 3, 3], 2, 1),
        ([9, 4, 4, 160], [136, 160, 3, 3], 2, 1),
        ([2, 8, 8, 3], [32, 3, 4, 4], 4, 0),
        ([4, 6, 6, 32], [64, 32, 1, 1], 1, 0),
        ([3, 8, 8, 32], [48, 32, 2, 2], 2, 0),
        ([2, 7, 9, 16], [16, 16, 5, 5], 1, 2),
    ] {
        compare(|x, weight| conv2d(x, weight, None, stride, padding), x, weight, 2e-5);
    }
}

#[test]
fn winograds_products_are_as_close_as_bf16_allows() {
    for (x, weight) in [([12, 8, 8, 64], [96, 64, 3, 3]), ([40, 4, 4, 160], [144, 160, 3, 3])] {
        compare(|x, weight| conv2d(x, weight, None, 1, 1), x, weight, 2e-2);
    }
}

/// The gradient that reaches the dense layer is no bf16 value here.
#[test]
fn activations_follow_products_in_bf16() {
    let bias = || halves([48], 7);
    let layer = |x: Tensor<2>, weight: Tensor<2>| linear_gelu(x, weight, bias());
    compare(layer, [301, 64], [48, 64], 4e-3);
}

#[test]
fn rounding_shows_where_the_processor_multiplies_bf16() {
    let layer = |x: Tensor<2>, weight: Tensor<2>| linear(x, weight, None);
    let of = |precision| {
        let (x, weight) = (normal([128, 64], 1), normal([32, 64], 2));
        values(multiply_in(precision, || layer(x, weight)))
    };
    let (half, single) = (of(Precision::Half), of(Precision::Single));
    assert_close("output", &half, &single, 1e-2);
    assert_eq!(half != single, Precision::Half.is_available_on(&device()), "half precision is as if it were not there");
}
