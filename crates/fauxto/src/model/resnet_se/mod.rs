//! ResNet-SE: residual blocks (He et al. 2015, arXiv 1512.03385) in stages, each closed by one squeeze-and-excitation
//! block (Hu et al. 2017, arXiv 1709.01507), for 32x32 images.
//!
//! `resnet_se` is the network of the original project's code: three stages of two basic blocks, 11,196,666 parameters.
//! `resnet_se_small` keeps its stem, stages, attention and head within the 2-million budget its description claims, by
//! three bottleneck blocks a stage. `resnet18_se` has ResNet-18's four stages: the first keeps the image's resolution.

mod block;
mod deepen;
mod small;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;
use kernels::inference::{Builder, Value};

use super::initialise::{Initialiser, Scheme, Start};
use super::layer::{BatchNorm2d, Conv2d};
use super::network::{Architecture, Network, erase};
use super::pass::Pass;
use block::{BasicStage, Head, STEM_CHANNELS, Stem, basic_stage};
pub(super) use deepen::deepen;
pub(super) use small::resnet_se_small;

/// Channels and stride of a stage.
type Plan = (usize, usize);

/// Channels of the stages that halve the resolution.
const STAGE_CHANNELS: [usize; 3] = [128, 256, 512];

/// The original project's network.
pub(super) fn resnet_se(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    ResNetSe::with_stages(STAGE_CHANNELS.map(|channels| (channels, 2)), None, classes, start, device)
}

/// ResNet-18 as networks for small images have it, a 3x3 stem of stride 1 without pooling before a first stage that keeps
/// the resolution, with attention after every stage.
pub(super) fn resnet18_se(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    ResNetSe::with_stages([(64, 1), (128, 2), (256, 2)], Some((512, 2)), classes, start, device)
}

#[derive(Module, Debug)]
struct ResNetSe {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: BasicStage,
    layer2: BasicStage,
    layer3: BasicStage,
    layer4: Option<BasicStage>,
    head: Head,
}

impl ResNetSe {
    fn with_stages(
        first: [Plan; 3],
        fourth: Option<Plan>,
        classes: usize,
        start: Start,
        device: &Device,
    ) -> Box<dyn Network> {
        let mut initialiser = Initialiser::new(Scheme::PyTorch, start, device);
        let Stem { conv1, bn1 } = Stem::new(&mut initialiser);
        let mut from = STEM_CHANNELS;
        let mut stage = |(to, stride)| basic_stage(&mut initialiser, [std::mem::replace(&mut from, to), to], stride);
        let [layer1, layer2, layer3] = first.map(&mut stage);
        let layer4 = fourth.map(stage);
        let head = Head::new(&mut initialiser, from, classes);
        erase(Self { conv1, bn1, layer1, layer2, layer3, layer4, head })
    }

    fn basic_stages(&self) -> impl Iterator<Item = &BasicStage> {
        [&self.layer1, &self.layer2, &self.layer3].into_iter().chain(&self.layer4)
    }

    fn basic_stage(&self, index: usize) -> &BasicStage {
        self.basic_stages().nth(index).expect("a stage of the network")
    }
}

impl Architecture for ResNetSe {
    fn stages(&self) -> usize {
        self.basic_stages().count()
    }

    fn stage(&self, index: usize, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        if index == 0 {
            x = self.bn1.forward_activated(self.conv1.forward(x), None, Activation::Relu, pass);
        }
        let (first, second, attention) = self.basic_stage(index);
        attention.forward(second.forward(first.forward(x, pass), pass))
    }

    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.head.forward(features, pass)
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, mut x: Value) -> Option<Value> {
        if index == 0 {
            x = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        }
        let (first, second, attention) = self.basic_stage(index);
        for block in [first, second] {
            x = block.compile(builder, x)?;
        }
        Some(attention.compile(builder, x))
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        Some(self.head.compile(builder, features))
    }
}
