//! AdamW against its twin.

use crate::common::{assert_close, normal, values};
use burn::tensor::Tensor;
use kernels::{AdamWStep, adamw, twin};

type Update = fn(Tensor<2>, Tensor<2>, Tensor<2>, Tensor<2>, &AdamWStep) -> (Tensor<2>, Tensor<2>, Tensor<2>);

/// Five updates, each with its own gradient.
fn run(update: Update, shape: [usize; 2], keep: bool) -> [Vec<f32>; 3] {
    let mut parameter = normal(shape, 1).inner();
    let mut first = Tensor::zeros(shape, &parameter.device());
    let mut second = first.clone();
    let mut kept = vec![];
    for step in 1..=5 {
        let gradient = normal(shape, 10 + step).inner();
        let step =
            AdamWStep { learning_rate: 0.01, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.05, step };
        if keep {
            kept.push((parameter.clone(), values(parameter.clone())));
        }
        (parameter, first, second) = update(parameter, gradient, first, second, &step);
    }
    for (tensor, before) in kept {
        assert_eq!(values(tensor), before, "a tensor held elsewhere was overwritten");
    }
    [values(parameter), values(first), values(second)]
}

#[test]
fn updates_agree_with_the_twin_in_place_and_not() {
    for shape in [[1, 1], [7, 31], [300, 401]] {
        let expected = run(twin::adamw, shape, false);
        for keep in [false, true] {
            let actual = run(adamw, shape, keep);
            for (i, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
                assert_close(&format!("{i} of {shape:?}"), actual, expected, 1e-6);
            }
        }
    }
}
