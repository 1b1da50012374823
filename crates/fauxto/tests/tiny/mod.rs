//! The tiny network of `golden/attack/generate.py`, in plain Burn operations: something to attack in
//! microseconds.

// Each test file uses its part.
#![allow(dead_code)]

use burn::tensor::{Device, Gradients, Tensor, TensorData, activation};
use fauxto::Label;
use fauxto::attack::{Batch, Target};
use kernels::twin;
use serde_json::Value;

use crate::formula;

pub(crate) struct Tiny {
    conv1: (Tensor<4>, Tensor<1>),
    conv2: (Tensor<4>, Tensor<1>),
    fc: (Tensor<2>, Tensor<1>),
}

pub(crate) fn golden() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/attack/attack.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn numbers(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap() as f32).collect()
}

/// The golden images with their labels.
pub(crate) fn images(golden: &Value) -> Batch {
    let [batch, height, width] = [0, 1, 2].map(|axis| golden["shape"][axis].as_u64().unwrap() as usize);
    let pixels = Tensor::from_data(formula::pixels("attack", [batch, height, width]), &Device::flex());
    let labels = golden["labels"].as_array().unwrap().iter();
    let labels = labels.map(|label| Label::ALL[label.as_u64().unwrap() as usize]).collect();
    Batch::new(pixels, labels, (0..batch as u64).collect()).unwrap()
}

impl Tiny {
    pub(crate) fn new(golden: &Value) -> Self {
        let device = Device::flex();
        let gain = golden["gain"].as_f64().unwrap();
        let values = |name: &str, shape: &[usize]| {
            let tensor = formula::tensor(&format!("tiny.{name}"), shape, gain);
            TensorData::new(tensor.values, shape.to_vec())
        };
        let conv = |name: &str, shape: [usize; 4]| {
            let bias = values(&format!("{name}.bias"), &shape[..1]);
            let weight = values(&format!("{name}.weight"), &shape);
            (Tensor::from_data(weight, &device), Tensor::from_data(bias, &device))
        };
        let bias = numbers(&golden["bias"]);
        Self {
            conv1: conv("conv1", [6, 3, 3, 3]),
            conv2: conv("conv2", [8, 6, 3, 3]),
            fc: (
                Tensor::from_data(values("fc.weight", &[2, 8]), &device),
                Tensor::from_data(TensorData::new(bias, [2]), &device),
            ),
        }
    }
}

impl Tiny {
    /// Trained by plain gradient descent on cross entropy, all images at once.
    pub(crate) fn trained(mut self, pixels: &Tensor<4>, labels: &[Label], steps: usize) -> Self {
        const LEARNING_RATE: f64 = 0.3;
        let signs: Vec<f32> = labels.iter().map(|label| if *label == Label::Fake { 1.0 } else { -1.0 }).collect();
        let signs = Tensor::<2>::from_data(TensorData::new(signs, [labels.len(), 1]), &Device::flex());
        fn tracked<const D: usize>((weight, bias): &(Tensor<D>, Tensor<1>)) -> (Tensor<D>, Tensor<1>) {
            (weight.clone().autodiff().require_grad(), bias.clone().autodiff().require_grad())
        }
        fn stepped<const D: usize>(
            (weight, bias): (Tensor<D>, Tensor<1>),
            gradients: &Gradients,
        ) -> (Tensor<D>, Tensor<1>) {
            let weight_step = weight.grad(gradients).unwrap() * LEARNING_RATE;
            let bias_step = bias.grad(gradients).unwrap() * LEARNING_RATE;
            (weight.detach().without_autodiff() - weight_step, bias.detach().without_autodiff() - bias_step)
        }
        for _ in 0..steps {
            let Self { conv1, conv2, fc } = &self;
            let learning = Self { conv1: tracked(conv1), conv2: tracked(conv2), fc: tracked(fc) };
            let logits = learning.logits(pixels.clone());
            let margins = (logits.clone().narrow(1, 1, 1) - logits.narrow(1, 0, 1)) * signs.clone();
            let gradients = activation::softplus(margins.neg(), 1.0).mean().backward();
            let Self { conv1, conv2, fc } = learning;
            self = Self {
                conv1: stepped(conv1, &gradients),
                conv2: stepped(conv2, &gradients),
                fc: stepped(fc, &gradients),
            };
        }
        self
    }
}

impl Target for Tiny {
    fn device(&self) -> Device {
        Device::flex()
    }

    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let conv = |x, (weight, bias): &(Tensor<4>, Tensor<1>), stride| {
            activation::silu(twin::conv2d(x, weight.clone(), Some(bias.clone()), stride, 1))
        };
        let x = conv((pixels - 0.5) * 4.0, &self.conv1, 1);
        let pooled = twin::global_average_pool(conv(x, &self.conv2, 2));
        twin::linear(pooled, self.fc.0.clone(), Some(self.fc.1.clone()))
    }
}
