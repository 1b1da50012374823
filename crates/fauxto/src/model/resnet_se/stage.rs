//! Blocks and the attention that closes them.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use kernels::inference::{Builder, Value};

use super::block::{BasicBlock, Bottleneck, SqueezeExcitation};
use crate::model::initialise::Initialiser;
use crate::model::pass::Pass;

pub(super) trait Stage: Module + ModuleDisplay + Sync {
    fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4>;

    /// Adds [`Stage::forward`] in inference to a program; none where a layer cannot be expressed in one.
    fn compile(&self, builder: &mut Builder, x: Value) -> Option<Value>;
}

pub(super) type BasicStage = (BasicBlock, BasicBlock, SqueezeExcitation);

pub(super) fn basic_stage(initialiser: &mut Initialiser, [from, to]: [usize; 2], stride: usize) -> BasicStage {
    (
        BasicBlock::new(initialiser, [from, to], stride),
        BasicBlock::new(initialiser, [to, to], 1),
        SqueezeExcitation::new(initialiser, to),
    )
}

impl Stage for BasicStage {
    fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let (first, second, attention) = self;
        attention.forward(second.forward(first.forward(x, pass), pass))
    }

    fn compile(&self, builder: &mut Builder, mut x: Value) -> Option<Value> {
        let (first, second, attention) = self;
        for block in [first, second] {
            x = block.compile(builder, x)?;
        }
        Some(attention.compile(builder, x))
    }
}

pub(super) type BottleneckStage = (Bottleneck, Bottleneck, Bottleneck, SqueezeExcitation);

/// Halves the resolution.
pub(super) fn bottleneck_stage(initialiser: &mut Initialiser, [from, width, to]: [usize; 3]) -> BottleneckStage {
    (
        Bottleneck::new(initialiser, [from, width, to], 2),
        Bottleneck::new(initialiser, [to, width, to], 1),
        Bottleneck::new(initialiser, [to, width, to], 1),
        SqueezeExcitation::new(initialiser, to),
    )
}

impl Stage for BottleneckStage {
    fn forward(&self, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let (first, second, third, attention) = self;
        for block in [first, second, third] {
            x = block.forward(x, pass);
        }
        attention.forward(x)
    }

    fn compile(&self, builder: &mut Builder, mut x: Value) -> Option<Value> {
        let (first, second, third, attention) = self;
        for block in [first, second, third] {
            x = block.compile(builder, x)?;
        }
        Some(attention.compile(builder, x))
    }
}
