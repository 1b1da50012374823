//! ResNet-SE: residual blocks (He et al. 2015, arXiv 1512.03385) in stages, each closed by one squeeze-and-excitation
//! block (Hu et al. 2017, arXiv 1709.01507), for 32x32 images.
//!
//! `resnet_se` is the network of the original project's code: three stages of two basic blocks, 11,196,666 parameters.
//! `resnet_se_small` keeps its stem, stages, attention and head within the 2-million budget its description claims, by
//! three bottleneck blocks a stage. `resnet18_se` has ResNet-18's four stages: the first keeps the image's resolution.

mod block;
mod deepen;
mod stage;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;
use kernels::inference::{Builder, Value};

use super::initialise::{Initialiser, Scheme, Start};
use super::layer::{BatchNorm2d, Conv2d};
use super::network::{Architecture, Network, erase};
use super::pass::Pass;
use block::{Head, STEM_CHANNELS, Stem};
pub(super) use deepen::deepen;
use stage::{Stage, basic_stage, bottleneck_stage};

/// Channels of the stages that halve the resolution.
const STAGE_CHANNELS: [usize; 3] = [128, 256, 512];

/// Inner widths of `resnet_se_small`'s bottlenecks. Wide early, where resolution still carries a generator's traces,
/// and a quarter of the stage's width at the end.
const BOTTLENECK_CHANNELS: [usize; 3] = [64, 128, 128];

/// The original project's network.
pub(super) fn resnet_se(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    with_stages(&STAGE_CHANNELS, classes, start, device, |initialiser, _, channels| {
        basic_stage(initialiser, channels, 2)
    })
}

/// The plan of `resnet_se` within two million parameters.
pub(super) fn resnet_se_small(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    with_stages(&STAGE_CHANNELS, classes, start, device, |initialiser, index, [from, to]| {
        bottleneck_stage(initialiser, [from, BOTTLENECK_CHANNELS[index], to])
    })
}

/// ResNet-18 as networks for small images have it, a 3x3 stem of stride 1 without pooling before a first stage that keeps
/// the resolution, with attention after every stage.
pub(super) fn resnet18_se(classes: usize, start: Start, device: &Device) -> Box<dyn Network> {
    with_stages(&[64, 128, 256, 512], classes, start, device, |initialiser, index, channels| {
        basic_stage(initialiser, channels, if index == 0 { 1 } else { 2 })
    })
}

/// A network of three or four stages that end with `channels`; `stage` makes one of its index and channels in and out.
fn with_stages<S: Stage + 'static>(
    channels: &[usize],
    classes: usize,
    start: Start,
    device: &Device,
    stage: impl Fn(&mut Initialiser, usize, [usize; 2]) -> S,
) -> Box<dyn Network> {
    let mut initialiser = Initialiser::new(Scheme::PyTorch, start, device);
    let Stem { conv1, bn1 } = Stem::new(&mut initialiser);
    let mut from = STEM_CHANNELS;
    let mut stages = channels.iter().enumerate().map(|(index, &to)| {
        let made = stage(&mut initialiser, index, [from, to]);
        from = to;
        made
    });
    let mut required = || stages.next().expect("three stages at least");
    let (layer1, layer2, layer3) = (required(), required(), required());
    let layer4 = stages.next();
    let head = Head::new(&mut initialiser, from, classes);
    erase(ResNetSe { conv1, bn1, layer1, layer2, layer3, layer4, head })
}

#[derive(Module, Debug)]
struct ResNetSe<S> {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: S,
    layer2: S,
    layer3: S,
    layer4: Option<S>,
    head: Head,
}

impl<S: Stage> ResNetSe<S> {
    fn layers(&self) -> impl Iterator<Item = &S> {
        [&self.layer1, &self.layer2, &self.layer3].into_iter().chain(&self.layer4)
    }

    fn layer(&self, index: usize) -> &S {
        self.layers().nth(index).expect("a stage of the network")
    }
}

impl<S: Stage> Architecture for ResNetSe<S> {
    fn stages(&self) -> usize {
        self.layers().count()
    }

    fn stage(&self, index: usize, mut x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        if index == 0 {
            x = self.bn1.forward_activated(self.conv1.forward(x), None, Activation::Relu, pass);
        }
        self.layer(index).forward(x, pass)
    }

    fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.head.forward(features, pass)
    }

    fn compile_stage(&self, index: usize, builder: &mut Builder, mut x: Value) -> Option<Value> {
        if index == 0 {
            x = self.conv1.compile(builder, x, Some(&self.bn1), None, Activation::Relu)?;
        }
        self.layer(index).compile(builder, x)
    }

    fn compile_head(&self, builder: &mut Builder, features: Value) -> Option<Value> {
        Some(self.head.compile(builder, features))
    }
}
