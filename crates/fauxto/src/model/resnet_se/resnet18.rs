//! ResNet-18 as networks for small images have it: a 3x3 stem of stride 1 without pooling, and a first stage that keeps
//! the resolution.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;
use kernels::inference::{Builder, Value};

use super::block::{BasicStage, Head, STEM_CHANNELS, Stem, basic_stage};
use crate::model::initialise::{Initialiser, Scheme, Start};
use crate::model::layer::{BatchNorm2d, Conv2d};
use crate::model::network::{Architecture, Network, erase};
use crate::model::pass::Pass;

/// Channels and stride of the stages.
const STAGES: [(usize, usize); 4] = [(64, 1), (128, 2), (256, 2), (512, 2)];

/// ResNet-18 with attention after every stage, and `resnet_se`'s head.
pub(in crate::model) fn resnet18_se(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    let mut initialiser = Initialiser::new(Scheme::PyTorch, start, device);
    let Stem { conv1, bn1 } = Stem::new(&mut initialiser);
    let mut from = STEM_CHANNELS;
    let [layer1, layer2, layer3, layer4] = STAGES.map(|(to, stride)| {
        let stage = basic_stage(&mut initialiser, [from, to], stride);
        from = to;
        stage
    });
    let head = Head::new(&mut initialiser, from, classes);
    erase(ResNet18Se { conv1, bn1, layer1, layer2, layer3, layer4, head })
}

#[derive(Module, Debug)]
struct ResNet18Se {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: BasicStage,
    layer2: BasicStage,
    layer3: BasicStage,
    layer4: BasicStage,
    head: Head,
}

impl Architecture for ResNet18Se {
    fn stages(&self) -> usize {
        STAGES.len()
    }

    fn stage(&self, index: usize, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        if index == 0 {
            x = self.bn1.forward_activated(self.conv1.forward(x), None, Activation::Relu, pass);
        }
        let (first, second, attention) = [&self.layer1, &self.layer2, &self.layer3, &self.layer4][index];
        attention.forward(second.forward(first.forward(x, pass), pass))
    }

    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.head.forward(features, pass)
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, mut x: Value) -> Option<Value> {
        if index == 0 {
            x = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        }
        let (first, second, attention) = [&self.layer1, &self.layer2, &self.layer3, &self.layer4][index];
        for block in [first, second] {
            x = block.compile(builder, x)?;
        }
        Some(attention.compile(builder, x))
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        Some(self.head.compile(builder, features))
    }
}
