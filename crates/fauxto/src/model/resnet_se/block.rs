//! What the networks are made of.

use burn::module::Module;
use burn::tensor::Tensor;
use kernels::Activation;
use kernels::inference::{Builder, Value};

use crate::model::initialise::Initialiser;
use crate::model::layer::{BatchNorm2d, Conv2d, Linear};
use crate::model::pass::Pass;

const EPSILON: f64 = 1e-5;
/// Channels after the stem.
pub(super) const STEM_CHANNELS: usize = 64;
const REDUCTION: usize = 16;
const HIDDEN_CHANNELS: usize = 256;
const DROPOUT: [f64; 2] = [0.4, 0.3];

pub(super) struct Stem {
    pub(super) conv1: Conv2d,
    pub(super) bn1: BatchNorm2d,
}

impl Stem {
    pub(super) fn new(initialiser: &mut Initialiser) -> Self {
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
pub(super) struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    shortcut: Option<(Conv2d, BatchNorm2d)>,
}

impl BasicBlock {
    pub(super) fn new(initialiser: &mut Initialiser, [from, to]: [usize; 2], stride: usize) -> Self {
        Self {
            conv1: Conv2d::same(initialiser, [from, to], 3, stride),
            bn1: BatchNorm2d::new(initialiser, to, EPSILON),
            conv2: Conv2d::same(initialiser, [to, to], 3, 1),
            bn2: BatchNorm2d::new(initialiser, to, EPSILON),
            shortcut: shortcut(initialiser, [from, to], stride),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let y = self.bn1.forward_activated(self.conv1.forward(x.clone()), None, Activation::Relu, pass);
        let residual = project(self.shortcut.as_ref(), x, pass);
        self.bn2.forward_activated(self.conv2.forward(y), Some(residual), Activation::Relu, pass)
    }

    pub(super) fn compile(&self, builder: &mut Builder, x: Value) -> Option<Value> {
        let y = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        let residual = compile_projection(self.shortcut.as_ref(), builder, x)?;
        self.conv2.compile(builder, y, Some(&self.bn2), Some(residual), Activation::Relu)
    }
}

#[derive(Module, Debug)]
pub(super) struct Bottleneck {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    conv3: Conv2d,
    bn3: BatchNorm2d,
    shortcut: Option<(Conv2d, BatchNorm2d)>,
}

impl Bottleneck {
    pub(super) fn new(initialiser: &mut Initialiser, [from, width, to]: [usize; 3], stride: usize) -> Self {
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

    pub(super) fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let y = self.bn1.forward_activated(self.conv1.forward(x.clone()), None, Activation::Relu, pass);
        let y = self.bn2.forward_activated(self.conv2.forward(y), None, Activation::Relu, pass);
        let residual = project(self.shortcut.as_ref(), x, pass);
        self.bn3.forward_activated(self.conv3.forward(y), Some(residual), Activation::Relu, pass)
    }

    pub(super) fn compile(&self, builder: &mut Builder, x: Value) -> Option<Value> {
        let y = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        let y = self.conv2.compile(builder, y, Some(&self.bn2), None, Activation::Relu)?;
        let residual = compile_projection(self.shortcut.as_ref(), builder, x)?;
        self.conv3.compile(builder, y, Some(&self.bn3), Some(residual), Activation::Relu)
    }
}

#[derive(Module, Debug)]
pub(super) struct SqueezeExcitation {
    fc1: Linear,
    fc2: Linear,
}

impl SqueezeExcitation {
    pub(super) fn new(initialiser: &mut Initialiser, channels: usize) -> Self {
        Self {
            fc1: Linear::new(initialiser, channels, channels / REDUCTION),
            fc2: Linear::new(initialiser, channels / REDUCTION, channels),
        }
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        kernels::squeeze_excite(x, self.fc1.parameters(), Activation::Relu, self.fc2.parameters())
    }

    pub(super) fn compile(&self, builder: &mut Builder, x: Value) -> Value {
        builder.excite(x, self.fc1.weights(), Activation::Relu, self.fc2.weights())
    }
}

#[derive(Module, Debug)]
pub(super) struct Head {
    fc1: Linear,
    fc2: Linear,
}

impl Head {
    pub(super) fn new(initialiser: &mut Initialiser, channels: usize, classes: usize) -> Self {
        Self {
            fc1: Linear::new(initialiser, channels, HIDDEN_CHANNELS),
            fc2: Linear::new(initialiser, HIDDEN_CHANNELS, classes),
        }
    }

    pub(super) fn forward(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        let pooled = pass.dropout(kernels::global_average_pool(features), DROPOUT[0]);
        let hidden = kernels::relu(self.fc1.forward(pooled));
        self.fc2.forward(pass.dropout(hidden, DROPOUT[1]))
    }

    pub(super) fn compile(&self, builder: &mut Builder, x: Value) -> Value {
        let pooled = builder.average_pool(x);
        let hidden = self.fc1.compile(builder, pooled, None, None, Activation::Relu);
        self.fc2.compile(builder, hidden, None, None, Activation::Identity)
    }
}
