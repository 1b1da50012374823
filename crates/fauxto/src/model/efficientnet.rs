//! EfficientNet (Tan & Le 2019, arXiv 1905.11946) and its Lite variant (no squeeze-and-excitation,
//! ReLU6; Liu 2020), with timm's parameter names, and with PyTorch's or TensorFlow's padding.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;
use kernels::inference::{Builder, Value};

use super::initialise::{Initialiser, Scheme, Start};
use super::layer::{BatchNorm2d, Conv2d, DepthwiseConv2d, Linear, Padding};
use super::network::{Architecture, Network, erase};
use super::pass::Pass;

const STEM_CHANNELS: usize = 32;
const FINAL_CHANNELS: usize = 1280;
const FIRST_CHANNELS: usize = 16;

/// Inverted-residual stages of B0 after the first, separable one (table 1 of the paper).
const STAGES: [StagePlan; 6] = [
    StagePlan { repeats: 2, kernel: 3, stride: 2, channels: 24 },
    StagePlan { repeats: 2, kernel: 5, stride: 2, channels: 40 },
    StagePlan { repeats: 3, kernel: 3, stride: 2, channels: 80 },
    StagePlan { repeats: 3, kernel: 5, stride: 1, channels: 112 },
    StagePlan { repeats: 4, kernel: 5, stride: 2, channels: 192 },
    StagePlan { repeats: 1, kernel: 3, stride: 1, channels: 320 },
];
const EXPANSION: usize = 6;
/// Squeeze-and-excitation narrows to a quarter of the block's *input* channels.
const REDUCTION: usize = 4;

struct StagePlan {
    repeats: usize,
    kernel: usize,
    stride: usize,
    channels: usize,
}

/// What distinguishes the members of the family here.
#[derive(Clone, Copy)]
struct Variant {
    attention: bool,
    activation: Activation,
    padding: fn(usize) -> Padding,
    epsilon: f64,
    stem_stride: usize,
}

impl Variant {
    const B0: Self =
        Self { attention: true, activation: Activation::Silu, padding: symmetric, epsilon: 1e-5, stem_stride: 2 };
    const LITE0: Self = Self { attention: false, activation: Activation::Relu6, ..Self::B0 };
}

/// PyTorch's padding for a kernel of this size.
fn symmetric(kernel: usize) -> Padding {
    Padding::Symmetric(kernel / 2)
}

/// TensorFlow's, whatever the kernel.
fn same(_: usize) -> Padding {
    Padding::Same
}

/// EfficientNet-B0.
pub(super) fn efficientnet_b0(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    erase(EfficientNet::new(Variant::B0, classes, start, device))
}

/// EfficientNet-B0 that keeps the resolution in its stem: maps twice as wide and high, parameters the same.
pub(super) fn efficientnet_b0_cifar(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    erase(EfficientNet::new(Variant { stem_stride: 1, ..Variant::B0 }, classes, start, device))
}

/// EfficientNet-Lite0.
pub(super) fn efficientnet_lite0(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    erase(EfficientNet::new(Variant::LITE0, classes, start, device))
}

/// EfficientNet-Lite0 as its TensorFlow original pads and normalises.
pub(super) fn tf_efficientnet_lite0(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    erase(EfficientNet::new(Variant { padding: same, epsilon: 1e-3, ..Variant::LITE0 }, classes, start, device))
}

type Stage = Vec<InvertedResidual>;

#[derive(Module, Debug)]
struct EfficientNet {
    conv_stem: Conv2d,
    bn1: BatchNorm2d,
    blocks: (Vec<DepthwiseSeparable>, Stage, Stage, Stage, Stage, Stage, Stage),
    conv_head: Conv2d,
    bn2: BatchNorm2d,
    classifier: Linear,
    #[module(skip)]
    activation: Activation,
}

impl EfficientNet {
    fn new(variant: Variant, classes: usize, start: Start, device: &Device) -> Self {
        let mut initialiser = Initialiser::new(Scheme::FanOut, start, device);
        let initialiser = &mut initialiser;
        let conv_stem =
            Conv2d::same(initialiser, [3, STEM_CHANNELS], 3, variant.stem_stride).with_padding((variant.padding)(3));
        let bn1 = BatchNorm2d::new(initialiser, STEM_CHANNELS, variant.epsilon);
        let first = vec![DepthwiseSeparable::new(initialiser, variant, [STEM_CHANNELS, FIRST_CHANNELS])];
        let mut from = FIRST_CHANNELS;
        let [second, third, fourth, fifth, sixth, seventh] = STAGES.map(|plan| {
            (0..plan.repeats)
                .map(|index| {
                    let stride = if index == 0 { plan.stride } else { 1 };
                    let block = InvertedResidual::new(initialiser, variant, [from, plan.channels], plan.kernel, stride);
                    from = plan.channels;
                    block
                })
                .collect()
        });
        Self {
            conv_stem,
            bn1,
            blocks: (first, second, third, fourth, fifth, sixth, seventh),
            conv_head: Conv2d::same(initialiser, [from, FINAL_CHANNELS], 1, 1),
            bn2: BatchNorm2d::new(initialiser, FINAL_CHANNELS, variant.epsilon),
            classifier: Linear::new(initialiser, FINAL_CHANNELS, classes),
            activation: variant.activation,
        }
    }
}

impl Architecture for EfficientNet {
    fn stages(&self) -> usize {
        1 + STAGES.len()
    }

    fn stage(&self, index: usize, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let activation = self.activation;
        let (first, second, third, fourth, fifth, sixth, seventh) = &self.blocks;
        if index == 0 {
            x = self.bn1.forward_activated(self.conv_stem.forward(x), None, activation, pass);
            return first.iter().fold(x, |x, block| block.forward(x, activation, pass));
        }
        for block in [second, third, fourth, fifth, sixth, seventh][index - 1] {
            x = block.forward(x, activation, pass);
        }
        if index < STAGES.len() {
            return x;
        }
        self.bn2.forward_activated(self.conv_head.forward(x), None, activation, pass)
    }

    fn head(&self, features: Tensor<4>, _: &Pass) -> Tensor<2> {
        self.classifier.forward(kernels::global_average_pool(features))
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, mut x: Value) -> Option<Value> {
        let activation = self.activation;
        let (first, second, third, fourth, fifth, sixth, seventh) = &self.blocks;
        if index == 0 {
            x = self.conv_stem.compile(builder, x, Some(&self.bn1), None, activation)?;
            return first.iter().try_fold(x, |x, block| block.compile(builder, x, activation));
        }
        for block in [second, third, fourth, fifth, sixth, seventh][index - 1] {
            x = block.compile(builder, x, activation)?;
        }
        if index < STAGES.len() {
            return Some(x);
        }
        self.conv_head.compile(builder, x, Some(&self.bn2), None, activation)
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        let pooled = builder.average_pool(features);
        Some(self.classifier.compile(builder, pooled, None, None, Activation::Identity))
    }
}

#[derive(Module, Debug)]
struct DepthwiseSeparable {
    conv_dw: DepthwiseConv2d,
    bn1: BatchNorm2d,
    se: Option<SqueezeExcitation>,
    conv_pw: Conv2d,
    bn2: BatchNorm2d,
}

impl DepthwiseSeparable {
    fn new(initialiser: &mut Initialiser, variant: Variant, [from, to]: [usize; 2]) -> Self {
        Self {
            conv_dw: DepthwiseConv2d::new(initialiser, from, 3, 1, (variant.padding)(3), false),
            bn1: BatchNorm2d::new(initialiser, from, variant.epsilon),
            se: variant.attention.then(|| SqueezeExcitation::new(initialiser, from, from / REDUCTION)),
            conv_pw: Conv2d::same(initialiser, [from, to], 1, 1),
            bn2: BatchNorm2d::new(initialiser, to, variant.epsilon),
        }
    }

    fn forward(&self, x: Tensor<4>, activation: Activation, pass: &Pass) -> Tensor<4> {
        let x = self.bn1.forward_activated(self.conv_dw.forward(x), None, activation, pass);
        let x = excite(self.se.as_ref(), x, activation);
        self.bn2.forward(self.conv_pw.forward(x), pass)
    }

    fn compile(&self, builder: &mut Builder, x: Value, activation: Activation) -> Option<Value> {
        let x = self.conv_dw.compile(builder, x, Some(&self.bn1), activation)?;
        let x = compile_excitation(self.se.as_ref(), builder, x, activation);
        self.conv_pw.compile(builder, x, Some(&self.bn2), None, Activation::Identity)
    }
}

#[derive(Module, Debug)]
struct InvertedResidual {
    conv_pw: Conv2d,
    bn1: BatchNorm2d,
    conv_dw: DepthwiseConv2d,
    bn2: BatchNorm2d,
    se: Option<SqueezeExcitation>,
    conv_pwl: Conv2d,
    bn3: BatchNorm2d,
    #[module(skip)]
    residual: bool,
}

impl InvertedResidual {
    fn new(
        initialiser: &mut Initialiser,
        variant: Variant,
        [from, to]: [usize; 2],
        kernel: usize,
        stride: usize,
    ) -> Self {
        let width = EXPANSION * from;
        Self {
            conv_pw: Conv2d::same(initialiser, [from, width], 1, 1),
            bn1: BatchNorm2d::new(initialiser, width, variant.epsilon),
            conv_dw: DepthwiseConv2d::new(initialiser, width, kernel, stride, (variant.padding)(kernel), false),
            bn2: BatchNorm2d::new(initialiser, width, variant.epsilon),
            se: variant.attention.then(|| SqueezeExcitation::new(initialiser, width, from / REDUCTION)),
            conv_pwl: Conv2d::same(initialiser, [width, to], 1, 1),
            bn3: BatchNorm2d::new(initialiser, to, variant.epsilon),
            residual: stride == 1 && from == to,
        }
    }

    fn forward(&self, x: Tensor<4>, activation: Activation, pass: &Pass) -> Tensor<4> {
        let y = self.bn1.forward_activated(self.conv_pw.forward(x.clone()), None, activation, pass);
        let y = self.bn2.forward_activated(self.conv_dw.forward(y), None, activation, pass);
        let y = excite(self.se.as_ref(), y, activation);
        let residual = self.residual.then_some(x);
        self.bn3.forward_activated(self.conv_pwl.forward(y), residual, Activation::Identity, pass)
    }

    fn compile(&self, builder: &mut Builder, x: Value, activation: Activation) -> Option<Value> {
        let y = self.conv_pw.compile(builder, x, Some(&self.bn1), None, activation)?;
        let y = self.conv_dw.compile(builder, y, Some(&self.bn2), activation)?;
        let y = compile_excitation(self.se.as_ref(), builder, y, activation);
        let residual = self.residual.then_some(x);
        self.conv_pwl.compile(builder, y, Some(&self.bn3), residual, Activation::Identity)
    }
}

#[derive(Module, Debug)]
struct SqueezeExcitation {
    conv_reduce: Conv2d,
    conv_expand: Conv2d,
}

impl SqueezeExcitation {
    fn new(initialiser: &mut Initialiser, channels: usize, reduced: usize) -> Self {
        Self {
            conv_reduce: Conv2d::pointwise_with_bias(initialiser, [channels, reduced]),
            conv_expand: Conv2d::pointwise_with_bias(initialiser, [reduced, channels]),
        }
    }
}

fn excite(attention: Option<&SqueezeExcitation>, x: Tensor<4>, activation: Activation) -> Tensor<4> {
    let Some(attention) = attention else { return x };
    let (reduce, expand) = (attention.conv_reduce.parameters(), attention.conv_expand.parameters());
    kernels::squeeze_excite(x, reduce, activation, expand)
}

fn compile_excitation(
    attention: Option<&SqueezeExcitation>,
    builder: &mut Builder,
    x: Value,
    activation: Activation,
) -> Value {
    let Some(attention) = attention else { return x };
    let (squeeze, expand) = (attention.conv_reduce.weights(), attention.conv_expand.weights());
    builder.excite(x, squeeze, activation, expand)
}
