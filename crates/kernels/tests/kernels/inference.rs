//! Programs against the operations they are made of.

use crate::common::{assert_close, device, normal, values};
use burn::tensor::Tensor;
use kernels::inference::{Builder, LayerNorm, Precision, Program, Weights};
use kernels::{Activation, multiply_in};

fn weights(shape: [usize; 4], seed: u64) -> (Weights, Tensor<4>, Tensor<1>) {
    let (weight, bias) = ((normal(shape, seed) * 0.1).detach(), normal([shape[0]], seed + 100));
    let weights = Weights::convolution(weight.clone(), values(bias.clone()));
    (weights, weight, bias)
}

/// A program with every kind of step, and the same layers as operations.
fn network() -> (Program, impl Fn(Tensor<4>) -> Tensor<2>) {
    let [stem, residual, strided, depthwise, squeeze, expand, depthwise_norm, head] = [
        weights([64, 3, 3, 3], 1),
        weights([64, 64, 3, 3], 2),
        weights([80, 64, 3, 3], 3),
        weights([80, 1, 5, 5], 4),
        weights([5, 80, 1, 1], 5),
        weights([80, 5, 1, 1], 6),
        weights([80, 1, 7, 7], 7),
        weights([33, 80, 1, 1], 8),
    ];
    let [norm_weight, norm_bias, last_weight, last_bias] = [80, 80, 33, 33].map(|n| normal([n], 9));
    let norm = |weight: &Tensor<1>, bias: &Tensor<1>| LayerNorm {
        weight: values(weight.clone()),
        bias: values(bias.clone()),
        epsilon: 1e-5,
    };
    let (mut builder, image) = Builder::new([16, 16, 3]);
    let x = builder.affine(image, vec![2.0, 0.5, 1.0], vec![0.1, -0.2, 0.3]);
    let x = builder.convolution(x, stem.0, [1, 1], None, Activation::Relu);
    let x = builder.convolution(x, residual.0, [1, 1], Some(x), Activation::Relu6);
    let x = builder.convolution(x, strided.0, [2, 1], None, Activation::Silu);
    let x = builder.depthwise(x, depthwise.0, [1, 2], Activation::Gelu);
    let x = builder.excite(x, squeeze.0, Activation::Silu, expand.0);
    let x = builder.depthwise_and_norm(x, depthwise_norm.0, [1, 3], norm(&norm_weight, &norm_bias));
    let x = builder.average_pool(x);
    let x = builder.convolution(x, head.0, [1, 0], None, Activation::Identity);
    let x = builder.layer_norm(x, norm(&last_weight, &last_bias));
    let operations = move |pixels: Tensor<4>| {
        let batch = pixels.dims()[0];
        let channels = |v: [f32; 3]| Tensor::<1>::from_floats(v, &pixels.device()).reshape([1, 1, 1, 3]);
        let x = pixels.clone() * channels([2.0, 0.5, 1.0]) + channels([0.1, -0.2, 0.3]);
        let x = kernels::relu(kernels::conv2d(x, stem.1.clone(), Some(stem.2.clone()), 1, 1));
        let y = kernels::conv2d(x.clone(), residual.1.clone(), Some(residual.2.clone()), 1, 1);
        let x = kernels::relu6(x + y);
        let x = kernels::silu(kernels::conv2d(x, strided.1.clone(), Some(strided.2.clone()), 2, 1));
        let x = kernels::gelu(kernels::depthwise_conv2d(x, depthwise.1.clone(), Some(depthwise.2.clone()), 1, 2));
        let mean = kernels::global_average_pool(x.clone()).reshape([batch, 1, 1, 80]);
        let hidden = kernels::silu(kernels::conv2d(mean, squeeze.1.clone(), Some(squeeze.2.clone()), 1, 0));
        let scale = kernels::sigmoid(kernels::conv2d(hidden, expand.1.clone(), Some(expand.2.clone()), 1, 0));
        let x = kernels::scale_channels(x, scale);
        let (w, b) = (depthwise_norm.1.clone(), Some(depthwise_norm.2.clone()));
        let x = kernels::depthwise_conv2d(x, w, b, 1, 3);
        let x = kernels::layer_norm(x, norm_weight.clone(), norm_bias.clone(), 1e-5);
        let x = kernels::global_average_pool(x).reshape([batch, 1, 1, 80]);
        let x = kernels::conv2d(x, head.1.clone(), Some(head.2.clone()), 1, 0).reshape([batch, 33]);
        kernels::layer_norm(x, last_weight.clone(), last_bias.clone(), 1e-5)
    };
    (builder.finish(x), operations)
}

#[test]
fn a_program_computes_what_its_operations_do() {
    let (program, operations) = network();
    for batch in [1, 2, 40] {
        let pixels = normal([batch, 16, 16, 3], 20);
        let expected = values(operations(pixels.clone()));
        assert_close(&format!("batch {batch}"), &program.run(&values(pixels)), &expected, 1e-4);
    }
}

#[test]
fn half_precision_is_near_single_and_taken_where_the_processor_has_it() {
    let pixels = values(normal([40, 16, 16, 3], 20));
    let program = network().0;
    let [single, half] =
        [Precision::Single, Precision::Half].map(|precision| multiply_in(precision, || program.run(&pixels)));
    assert_close("half", &half, &single, 0.05);
    assert_eq!(half != single, Precision::Half.is_available_on(&device()));
}

#[test]
fn what_follows_a_layer_is_folded_into_it() {
    let (scale, shift) = (|n: usize| values(normal([n], 30)), |n: usize| values(normal([n], 31)));
    type Layer = fn(&mut Builder, kernels::inference::Value, Weights) -> kernels::inference::Value;
    let layers: [(&str, [usize; 4], Layer); 4] = [
        ("winograd", [40, 24, 3, 3], |builder, x, own| builder.convolution(x, own, [1, 1], None, Activation::Identity)),
        ("strided", [40, 24, 3, 3], |builder, x, own| builder.convolution(x, own, [2, 1], None, Activation::Identity)),
        ("dense", [33, 24, 1, 1], |builder, x, own| builder.convolution(x, own, [1, 0], None, Activation::Identity)),
        ("depthwise", [24, 1, 5, 5], |builder, x, own| builder.depthwise(x, own, [1, 2], Activation::Identity)),
    ];
    for (name, shape, layer) in layers {
        let outputs = shape[0];
        let program = |folded: bool| {
            let (mut builder, image) = Builder::new([16, 16, 24]);
            let own = weights(shape, 40).0;
            let y = if folded {
                // Twice: what follows what follows.
                let ones = vec![0.5; outputs];
                layer(&mut builder, image, own.affine(&scale(outputs), &shift(outputs)).affine(&ones, &ones))
            } else {
                let y = layer(&mut builder, image, own);
                let y = builder.affine(y, scale(outputs), shift(outputs));
                builder.affine(y, vec![0.5; outputs], vec![0.5; outputs])
            };
            builder.finish(y)
        };
        for batch in [1, 20] {
            let pixels = values(normal([batch, 16, 16, 24], 41));
            assert_close(name, &program(true).run(&pixels), &program(false).run(&pixels), 1e-4);
        }
    }
}

#[test]
fn a_program_does_not_depend_on_the_number_of_threads() {
    for batch in [1, 40] {
        let pixels = values(normal([batch, 16, 16, 3], 20));
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.unwrap().install(|| network().0.run(&pixels))
        };
        let single = on(1);
        for threads in [2, 3, 8] {
            assert!(single == on(threads), "{threads} threads differ from one at batch {batch}");
        }
    }
}
