//! ResNet-SE: residual blocks (He et al. 2015, arXiv 1512.03385) in three stages, each closed by one
//! squeeze-and-excitation block (Hu et al. 2017, arXiv 1709.01507), for 32x32 images.
//!
//! `resnet_se` is the network of the original project's code: two basic blocks a stage, 11,196,666
//! parameters. `resnet_se_small` keeps its stem, stages, attention and head within the 2-million
//! budget its description claims, by three bottleneck blocks a stage.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;
use kernels::inference::{Builder, Value};

use super::initialise::{Initialiser, Scheme, Start};
use super::layer::{BatchNorm2d, Conv2d, Linear};
use super::network::{Architecture, Network, erase};
use super::pass::Pass;

const EPSILON: f64 = 1e-5;
const STEM_CHANNELS: usize = 64;
const STAGE_CHANNELS: [usize; 3] = [128, 256, 512];
/// Inner widths of the bottlenecks. Wide early, where resolution still carries a generator's traces,
/// and a quarter of the stage's width at the end.
const BOTTLENECK_CHANNELS: [usize; 3] = [64, 128, 128];
const REDUCTION: usize = 16;
const HIDDEN_CHANNELS: usize = 256;
const DROPOUT: [f64; 2] = [0.4, 0.3];

/// The original project's network.
pub(super) fn resnet_se(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    let mut initialiser = Initialiser::new(Scheme::PyTorch, start, device);
    let mut from = STEM_CHANNELS;
    let stem = Stem::new(&mut initialiser);
    let [layer1, layer2, layer3] = STAGE_CHANNELS.map(|to| {
        let stage = (
            BasicBlock::new(&mut initialiser, [from, to], 2),
            BasicBlock::new(&mut initialiser, [to, to], 1),
            SqueezeExcitation::new(&mut initialiser, to),
        );
        from = to;
        stage
    });
    let head = Head::new(&mut initialiser, from, classes);
    let Stem { conv1, bn1 } = stem;
    erase(ResNetSe { conv1, bn1, layer1, layer2, layer3, head })
}

/// The same plan within two million parameters.
pub(super) fn resnet_se_small(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    let mut initialiser = Initialiser::new(Scheme::PyTorch, start, device);
    let Stem { conv1, bn1 } = Stem::new(&mut initialiser);
    let mut stage = |index: usize| {
        let (to, width) = (STAGE_CHANNELS[index], BOTTLENECK_CHANNELS[index]);
        let from = if index == 0 { STEM_CHANNELS } else { STAGE_CHANNELS[index - 1] };
        (
            Bottleneck::new(&mut initialiser, [from, width, to], 2),
            Bottleneck::new(&mut initialiser, [to, width, to], 1),
            Bottleneck::new(&mut initialiser, [to, width, to], 1),
            SqueezeExcitation::new(&mut initialiser, to),
        )
    };
    let (layer1, layer2, layer3) = (stage(0), stage(1), stage(2));
    let head = Head::new(&mut initialiser, STAGE_CHANNELS[2], classes);
    erase(ResNetSeSmall { conv1, bn1, layer1, layer2, layer3, head })
}

#[derive(Module, Debug)]
struct ResNetSe {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: (BasicBlock, BasicBlock, SqueezeExcitation),
    layer2: (BasicBlock, BasicBlock, SqueezeExcitation),
    layer3: (BasicBlock, BasicBlock, SqueezeExcitation),
    head: Head,
}

impl Architecture for ResNetSe {
    fn stages(&self) -> usize {
        STAGE_CHANNELS.len()
    }

    fn stage(&self, index: usize, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        if index == 0 {
            x = self.bn1.forward_activated(self.conv1.forward(x), None, Activation::Relu, pass);
        }
        let (first, second, attention) = [&self.layer1, &self.layer2, &self.layer3][index];
        attention.forward(second.forward(first.forward(x, pass), pass))
    }

    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.head.forward(features, pass)
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, mut x: Value) -> Option<Value> {
        if index == 0 {
            x = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        }
        let (first, second, attention) = [&self.layer1, &self.layer2, &self.layer3][index];
        for block in [first, second] {
            x = block.compile(builder, x)?;
        }
        Some(attention.compile(builder, x))
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        Some(self.head.compile(builder, features))
    }
}

#[derive(Module, Debug)]
struct ResNetSeSmall {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: (Bottleneck, Bottleneck, Bottleneck, SqueezeExcitation),
    layer2: (Bottleneck, Bottleneck, Bottleneck, SqueezeExcitation),
    layer3: (Bottleneck, Bottleneck, Bottleneck, SqueezeExcitation),
    head: Head,
}

impl Architecture for ResNetSeSmall {
    fn stages(&self) -> usize {
        STAGE_CHANNELS.len()
    }

    fn stage(&self, index: usize, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        if index == 0 {
            x = self.bn1.forward_activated(self.conv1.forward(x), None, Activation::Relu, pass);
        }
        let (first, second, third, attention) = [&self.layer1, &self.layer2, &self.layer3][index];
        for block in [first, second, third] {
            x = block.forward(x, pass);
        }
        attention.forward(x)
    }

    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.head.forward(features, pass)
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, mut x: Value) -> Option<Value> {
        if index == 0 {
            x = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        }
        let (first, second, third, attention) = [&self.layer1, &self.layer2, &self.layer3][index];
        for block in [first, second, third] {
            x = block.compile(builder, x)?;
        }
        Some(attention.compile(builder, x))
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        Some(self.head.compile(builder, features))
    }
}

struct Stem {
    conv1: Conv2d,
    bn1: BatchNorm2d,
}

impl Stem {
    fn new(initialiser: &mut Initialiser) -> Self {
        Self {
            conv1: Conv2d::same(initialiser, [3, STEM_CHANNELS], 3, 1),
            bn1: BatchNorm2d::new(initialiser, STEM_CHANNELS, EPSILON),
        }
    }
}

/// A projection where a block changes the resolution or the width, the identity elsewhere.
fn shortcut(initialiser: &mut Initialiser, [from, to]: [usize; 2], stride: usize) -> Option<(Conv2d, BatchNorm2d)> {
    (stride != 1 || from != to)
        .then(|| (Conv2d::same(initialiser, [from, to], 1, stride), BatchNorm2d::new(initialiser, to, EPSILON)))
}

fn project(shortcut: Option<&(Conv2d, BatchNorm2d)>, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
    match shortcut {
        Some((convolution, norm)) => norm.forward(convolution.forward(x), pass),
        None => x,
    }
}

fn compile_projection(shortcut: Option<&(Conv2d, BatchNorm2d)>, builder: &mut Builder, x: Value) -> Option<Value> {
    match shortcut {
        Some((convolution, norm)) => convolution.compile(builder, x, Some(norm), None, Activation::Identity),
        None => Some(x),
    }
}

#[derive(Module, Debug)]
struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    shortcut: Option<(Conv2d, BatchNorm2d)>,
}

impl BasicBlock {
    fn new(initialiser: &mut Initialiser, [from, to]: [usize; 2], stride: usize) -> Self {
        Self {
            conv1: Conv2d::same(initialiser, [from, to], 3, stride),
            bn1: BatchNorm2d::new(initialiser, to, EPSILON),
            conv2: Conv2d::same(initialiser, [to, to], 3, 1),
            bn2: BatchNorm2d::new(initialiser, to, EPSILON),
            shortcut: shortcut(initialiser, [from, to], stride),
        }
    }

    fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let y = self.bn1.forward_activated(self.conv1.forward(x.clone()), None, Activation::Relu, pass);
        let residual = project(self.shortcut.as_ref(), x, pass);
        self.bn2.forward_activated(self.conv2.forward(y), Some(residual), Activation::Relu, pass)
    }

    fn compile(&self, builder: &mut Builder, x: Value) -> Option<Value> {
        let y = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        let residual = compile_projection(self.shortcut.as_ref(), builder, x)?;
        self.conv2.compile(builder, y, Some(&self.bn2), Some(residual), Activation::Relu)
    }
}

#[derive(Module, Debug)]
struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Conv2d,
    bn3: BatchNorm2d,
    shortcut: Option<(Conv2d, BatchNorm2d)>,
}

impl Bottleneck {
    fn new(initialiser: &mut Initialiser, [from, width, to]: [usize; 3], stride: usize) -> Self {
        Self {
            conv1: Conv2d::same(initialiser, [from, width], 1, 1),
            bn1: BatchNorm2d::new(initialiser, width, EPSILON),
            conv2: Conv2d::same(initialiser, [width, width], 3, stride),
            bn2: BatchNorm2d::new(initialiser, width, EPSILON),
            conv3: Conv2d::same(initialiser, [width, to], 1, 1),
            bn3: BatchNorm2d::new(initialiser, to, EPSILON),
            shortcut: shortcut(initialiser, [from, to], stride),
        }
    }

    fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let y = self.bn1.forward_activated(self.conv1.forward(x.clone()), None, Activation::Relu, pass);
        let y = self.bn2.forward_activated(self.conv2.forward(y), None, Activation::Relu, pass);
        let residual = project(self.shortcut.as_ref(), x, pass);
        self.bn3.forward_activated(self.conv3.forward(y), Some(residual), Activation::Relu, pass)
    }

    fn compile(&self, builder: &mut Builder, x: Value) -> Option<Value> {
        let y = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        let y = self.conv2.compile(builder, y, Some(&self.bn2), None, Activation::Relu)?;
        let residual = compile_projection(self.shortcut.as_ref(), builder, x)?;
        self.conv3.compile(builder, y, Some(&self.bn3), Some(residual), Activation::Relu)
    }
}

#[derive(Module, Debug)]
struct SqueezeExcitation {
    fc1: Linear,
    fc2: Linear,
}

impl SqueezeExcitation {
    fn new(initialiser: &mut Initialiser, channels: usize) -> Self {
        Self {
            fc1: Linear::new(initialiser, channels, channels / REDUCTION),
            fc2: Linear::new(initialiser, channels / REDUCTION, channels),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        kernels::squeeze_excite(x, self.fc1.parameters(), Activation::Relu, self.fc2.parameters())
    }

    fn compile(&self, builder: &mut Builder, x: Value) -> Value {
        builder.excite(x, self.fc1.weights(), Activation::Relu, self.fc2.weights())
    }
}

#[derive(Module, Debug)]
struct Head {
    fc1: Linear,
    fc2: Linear,
}

impl Head {
    fn new(initialiser: &mut Initialiser, channels: usize, classes: usize) -> Self {
        Self {
            fc1: Linear::new(initialiser, channels, HIDDEN_CHANNELS),
            fc2: Linear::new(initialiser, HIDDEN_CHANNELS, classes),
        }
    }

    fn forward(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        let pooled = pass.dropout(kernels::global_average_pool(features), DROPOUT[0]);
        let hidden = kernels::relu(self.fc1.forward(pooled));
        self.fc2.forward(pass.dropout(hidden, DROPOUT[1]))
    }

    fn compile(&self, builder: &mut Builder, x: Value) -> Value {
        let pooled = builder.average_pool(x);
        let hidden = self.fc1.compile(builder, pooled, None, None, Activation::Relu);
        self.fc2.compile(builder, hidden, None, None, Activation::Identity)
    }
}
