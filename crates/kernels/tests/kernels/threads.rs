//! Results are the same bit for bit on one thread and on several.

use crate::common::{normal, values};
use burn::tensor::Tensor;
use kernels::{Activation, Precision, multiply_in};

/// A small network through every kernel with a reduction, forward and backward.
fn network() -> Vec<Vec<f32>> {
    let parameters4 = [
        normal([64, 3, 3, 3], 1),
        normal([160, 64, 3, 3], 2),
        normal([160, 1, 5, 5], 3),
        normal([96, 160, 1, 1], 4),
        normal([96, 96, 3, 3], 8),
    ]
    .map(|p| (p * 0.1).detach().require_grad());
    let parameters1 = [160, 160, 96, 96, 96].map(|n| normal([n], 5).require_grad());
    let [stem, conv, depthwise, pointwise, winograd] = parameters4.clone();
    let [bn_weight, bn_bias, ln_weight, ln_bias, scale] = parameters1.clone();
    let x = kernels::conv2d(normal([32, 16, 16, 3], 6), stem, None, 1, 1);
    let x = kernels::conv2d(kernels::relu(x), conv, None, 2, 1);
    let residual = Some(x.clone());
    let x = kernels::batch_norm_activation_train(x, bn_weight, bn_bias, residual, Activation::Silu, 1e-5).output;
    let x = kernels::depthwise_conv2d(x, depthwise, None, 1, 2);
    let x = kernels::conv2d(x, pointwise, None, 1, 0);
    let x = kernels::conv2d(x, winograd, None, 1, 1);
    let y = kernels::gelu(kernels::layer_norm(x.clone(), ln_weight, ln_bias, 1e-6));
    let (w, b) = (normal([96, 96], 10) * 0.1, normal([96], 11));
    let y = kernels::linear_gelu(y, w, b);
    let x = kernels::scale_residual(x, y, scale);
    let [first, second] = [([8, 96], 12), ([96, 8], 13)].map(|(shape, seed)| normal(shape, seed) * 0.3);
    let (squeeze, expand) = ((first, normal([8], 14)), (second, normal([96], 15)));
    let x = kernels::squeeze_excite(x, squeeze, Activation::Relu, expand);
    let excitation = kernels::sigmoid(kernels::global_average_pool(x.clone()));
    let x = kernels::scale_channels(x, excitation.reshape([32, 1, 1, 96]));
    let gradients = (x.clone() * normal(x.dims(), 7)).sum().backward();
    let mut all = vec![values(x)];
    all.extend(parameters4.map(|p: Tensor<4>| values(p.grad(&gradients).unwrap())));
    all.extend(parameters1.map(|p: Tensor<1>| values(p.grad(&gradients).unwrap())));
    all
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for precision in [Precision::Single, Precision::Half] {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| multiply_in(precision, network))
        };
        let one = on(1);
        assert!(one.iter().flatten().all(|v| v.is_finite()));
        for threads in [2, 3, 8] {
            assert!(one == on(threads), "{threads} threads differ from one, in {precision:?}");
        }
    }
}
