//! ConvNeXt (Liu et al. 2022, "A ConvNet for the 2020s", arXiv 2201.03545), with timm's parameter
//! names. At 32x32 its four stages see 8x8, 4x4, 2x2 and 1x1 maps.
//!
//! The normalisation that opens a stage in timm's naming closes the one before in [`Architecture::stage`].
//! It takes every cell's length away, so that the gradient before it is orthogonal to the cell, and
//! gradient times feature map, which explanations are made of, would be nothing but rounding.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use kernels::inference::{Activation, Builder, Value};

use super::initialise::{Initialiser, Scheme, Start};
use super::layer::{Conv2d, DepthwiseConv2d, LayerNorm, Linear, Padding};
use super::network::{Architecture, Network, erase};
use super::pass::Pass;

const EPSILON: f64 = 1e-6;
const PATCH: usize = 4;
const KERNEL: usize = 7;
const EXPANSION: usize = 4;
/// Layer scale starts each residual branch near nothing (section "training techniques", appendix A.1).
const LAYER_SCALE: f32 = 1e-6;

/// ConvNeXt-Tiny: depths 3, 3, 9, 3 and widths 96, 192, 384, 768.
pub(super) fn convnext_tiny(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    erase(ConvNext::new([3, 3, 9, 3], [96, 192, 384, 768], classes, start, device))
}

#[derive(Module, Debug)]
struct ConvNext {
    stem: (Conv2d, LayerNorm),
    stages: Vec<Stage>,
    head: Head,
}

impl ConvNext {
    fn new(depths: [usize; 4], widths: [usize; 4], classes: usize, start: Start, device: &Device) -> Self {
        let mut initialiser = Initialiser::new(Scheme::TruncatedNormal, start, device);
        let stem = (
            Conv2d::patch(&mut initialiser, [3, widths[0]], PATCH),
            LayerNorm::new(&mut initialiser, widths[0], EPSILON),
        );
        let stages = (0..depths.len())
            .map(|index| Stage {
                downsample: (index > 0).then(|| {
                    (
                        LayerNorm::new(&mut initialiser, widths[index - 1], EPSILON),
                        Conv2d::patch(&mut initialiser, [widths[index - 1], widths[index]], 2),
                    )
                }),
                blocks: (0..depths[index]).map(|_| Block::new(&mut initialiser, widths[index])).collect(),
            })
            .collect();
        let head = Head {
            norm: LayerNorm::new(&mut initialiser, widths[3], EPSILON),
            fc: Linear::new(&mut initialiser, widths[3], classes),
        };
        Self { stem, stages, head }
    }
}

impl Architecture for ConvNext {
    fn stages(&self) -> usize {
        self.stages.len()
    }

    fn stage(&self, index: usize, x: Tensor<4>, _: &Pass) -> Tensor<4> {
        let x = match &self.stages[index].downsample {
            Some((_, convolution)) => convolution.forward(x),
            None => self.stem.1.forward(self.stem.0.forward(x)),
        };
        let x = self.stages[index].blocks.iter().fold(x, |x, block| block.forward(x));
        match self.stages.get(index + 1).and_then(|next| next.downsample.as_ref()) {
            Some((norm, _)) => norm.forward(x),
            None => x,
        }
    }

    fn head(&self, features: Tensor<4>, _: &Pass) -> Tensor<2> {
        let pooled = kernels::global_average_pool(features);
        self.head.fc.forward(self.head.norm.forward(pooled))
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, x: Value) -> Option<Value> {
        let mut x = match &self.stages[index].downsample {
            Some((_, convolution)) => convolution.compile(builder, x, None, None, Activation::Identity)?,
            None => {
                let x = self.stem.0.compile(builder, x, None, None, Activation::Identity)?;
                self.stem.1.compile(builder, x)
            }
        };
        for block in &self.stages[index].blocks {
            x = block.compile(builder, x)?;
        }
        Some(match self.stages.get(index + 1).and_then(|next| next.downsample.as_ref()) {
            Some((norm, _)) => norm.compile(builder, x),
            None => x,
        })
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        let pooled = builder.average_pool(features);
        let normalised = self.head.norm.compile(builder, pooled);
        Some(self.head.fc.compile(builder, normalised, None, None, Activation::Identity))
    }
}

#[derive(Module, Debug)]
struct Stage {
    downsample: Option<(LayerNorm, Conv2d)>,
    blocks: Vec<Block>,
}

#[derive(Module, Debug)]
struct Block {
    gamma: Param<Tensor<1>>,
    conv_dw: DepthwiseConv2d,
    norm: LayerNorm,
    mlp: Mlp,
}

impl Block {
    fn new(initialiser: &mut Initialiser, channels: usize) -> Self {
        Self {
            gamma: initialiser.constant([channels], LAYER_SCALE),
            conv_dw: DepthwiseConv2d::new(initialiser, channels, KERNEL, 1, Padding::Symmetric(KERNEL / 2), true),
            norm: LayerNorm::new(initialiser, channels, EPSILON),
            mlp: Mlp {
                fc1: Linear::new(initialiser, channels, EXPANSION * channels),
                fc2: Linear::new(initialiser, EXPANSION * channels, channels),
            },
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.norm.forward(self.conv_dw.forward(x.clone()));
        let y = self.mlp.fc2.forward(self.mlp.fc1.forward_gelu(y));
        kernels::scale_residual(x, y, self.gamma.val())
    }

    fn compile(&self, builder: &mut Builder, x: Value) -> Option<Value> {
        let y = self.conv_dw.compile_with_layer_norm(builder, x, &self.norm)?;
        let y = self.mlp.fc1.compile(builder, y, None, None, Activation::Gelu);
        Some(self.mlp.fc2.compile(builder, y, Some(&self.gamma), Some(x), Activation::Identity))
    }
}

#[derive(Module, Debug)]
struct Mlp {
    fc1: Linear,
    fc2: Linear,
}

#[derive(Module, Debug)]
struct Head {
    norm: LayerNorm,
    fc: Linear,
}
