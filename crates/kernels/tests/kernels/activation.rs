//! Activations against their twins.

use crate::common::{assert_close, normal, values};
use burn::tensor::{Tensor, TensorData};
use kernels::twin;

type Activation = fn(Tensor<2>) -> Tensor<2>;

const CASES: [(&str, Activation, Activation); 5] = [
    ("gelu", kernels::gelu, twin::gelu),
    ("silu", kernels::silu, twin::silu),
    ("relu", kernels::relu, twin::relu),
    ("relu6", kernels::relu6, twin::relu6),
    ("sigmoid", kernels::sigmoid, twin::sigmoid),
];

#[test]
fn values_and_gradients_agree_with_the_twins() {
    for (name, kernel, twin) in CASES {
        for shape in [[1, 1], [3, 37], [130, 515]] {
            let run = |activation: Activation| {
                // The product makes the activation's input, and later its gradient, an
                // intermediate tensor nobody else holds, which kernels overwrite.
                let x = normal(shape, 1).require_grad();
                let y = activation(x.clone() * 3.0);
                let gradients = (y.clone() * normal(shape, 2)).sum().backward();
                (values(y), values(x.grad(&gradients).unwrap()))
            };
            let (actual, expected) = (run(kernel), run(twin));
            assert_close(name, &actual.0, &expected.0, 1e-6);
            assert_close(&format!("{name} gradient"), &actual.1, &expected.1, 2e-6);
        }
    }
}

#[test]
fn a_tensor_held_elsewhere_is_not_overwritten() {
    for (name, kernel, _) in CASES {
        let x = normal([4, 100], 5);
        let before = values(x.clone());
        let _ = kernel(x.clone());
        assert_eq!(before, values(x), "{name}");
    }
}

#[test]
fn nan_and_extreme_values_pass_through() {
    for (name, kernel, _) in CASES {
        let data = TensorData::new(vec![f32::NAN, 200.0, -200.0, 1.0], [1, 4]);
        let y = values(kernel(Tensor::from_data(data, &crate::common::device())));
        assert!(y[0].is_nan(), "{name} of NaN is {}", y[0]);
        assert!(y[1..].iter().all(|v| v.is_finite()), "{name}: {y:?}");
        assert!(y[2].abs() < 1e-30, "{name} of -200 is {}", y[2]);
    }
}
