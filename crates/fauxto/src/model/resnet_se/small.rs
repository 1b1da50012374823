//! Three bottleneck blocks a stage, within two million parameters.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;
use kernels::inference::{Builder, Value};

use super::STAGE_CHANNELS;
use super::block::{Bottleneck, Head, STEM_CHANNELS, SqueezeExcitation, Stem};
use crate::model::initialise::{Initialiser, Scheme, Start};
use crate::model::layer::{BatchNorm2d, Conv2d};
use crate::model::network::{Architecture, Network, erase};
use crate::model::pass::Pass;

/// Inner widths of the bottlenecks. Wide early, where resolution still carries a generator's traces,
/// and a quarter of the stage's width at the end.
const BOTTLENECK_CHANNELS: [usize; 3] = [64, 128, 128];

/// The plan of `resnet_se` within two million parameters.
pub(in crate::model) fn resnet_se_small(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
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
