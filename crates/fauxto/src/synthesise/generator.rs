//! From noise to images.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use kernels::Activation;
use rand_distr::{Distribution, StandardNormal};

use super::upsampling::Upsampling;
use crate::model::Start;
use crate::model::initialise::{Initialiser, Scheme};
use crate::model::layer::{BatchNorm2d, Conv2d, Linear, Padding};
use crate::model::pass::Pass;
use crate::random;

/// The side of the images that generators make and discriminators judge.
pub(super) const SIDE: usize = 32;
/// The side of a generator's first map.
const FIRST_SIDE: usize = 4;
/// Channels of the first map; every doubling of the sides halves them.
const FIRST_CHANNELS: usize = 256;
/// Numbers that an image is made of.
const LATENT: usize = 64;
const EPSILON: f64 = 1e-5;

/// Noise `[batch, 64]` to pixels `[batch, 32, 32, 3]` in `0..=1`.
#[derive(Module, Debug)]
pub(super) struct Generator {
    project: Linear,
    norm: BatchNorm2d,
    blocks: Vec<Block>,
    to_pixels: Conv2d,
}

impl Generator {
    pub(super) fn new(upsampling: &'static Upsampling, seed: u64, device: &Device) -> Self {
        let mut initialiser = Initialiser::new(Scheme::TruncatedNormal, Start::Drawn(seed), device);
        let project = Linear::new(&mut initialiser, LATENT, FIRST_SIDE * FIRST_SIDE * FIRST_CHANNELS);
        let norm = BatchNorm2d::new(&mut initialiser, FIRST_CHANNELS, EPSILON);
        let doublings = (SIDE / FIRST_SIDE).ilog2() as usize;
        let channels = |doubling: usize| FIRST_CHANNELS >> doubling;
        let blocks = (0..doublings)
            .map(|index| Block::new(&mut initialiser, upsampling, [channels(index), channels(index + 1)]))
            .collect();
        let to_pixels = Conv2d::same(&mut initialiser, [channels(doublings), 3], 3, 1);
        Self { project, norm, blocks, to_pixels }
    }

    pub(super) fn forward(&self, latent: Tensor<2>, pass: &Pass) -> Tensor<4> {
        let [batch, _] = latent.dims();
        let x = self.project.forward(latent).reshape([batch, FIRST_SIDE, FIRST_SIDE, FIRST_CHANNELS]);
        let x = self.norm.forward_activated(x, None, Activation::Relu, pass);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, pass));
        kernels::sigmoid(self.to_pixels.forward(x))
    }
}

#[derive(Module, Debug)]
struct Block {
    convolution: Conv2d,
    norm: BatchNorm2d,
    #[module(skip)]
    upsampling: &'static Upsampling,
}

impl Block {
    fn new(initialiser: &mut Initialiser, upsampling: &'static Upsampling, [from, to]: [usize; 2]) -> Self {
        let convolution = Conv2d::same(initialiser, [from, to * upsampling.expansion], upsampling.kernel, 1);
        Self {
            convolution: convolution.with_padding(padding(upsampling.kernel)),
            norm: BatchNorm2d::new(initialiser, to, EPSILON),
            upsampling,
        }
    }

    fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let x = (self.upsampling.after)(self.convolution.forward((self.upsampling.before)(x)));
        self.norm.forward_activated(x, None, Activation::Relu, pass)
    }
}

/// What keeps the sides of a map at stride 1; an even kernel cannot have as much on both sides.
fn padding(kernel: usize) -> Padding {
    if kernel.is_multiple_of(2) { Padding::Same } else { Padding::Symmetric(kernel / 2) }
}

/// Standard normal noise `[batch, 64]` of a step.
pub(super) fn latent(batch: usize, seed: u64, step: u64, device: &Device) -> Tensor<2> {
    let mut stream = random::stream(seed, "latent", &[step]);
    let values: Vec<f32> = (0..batch * LATENT).map(|_| StandardNormal.sample(&mut stream)).collect();
    Tensor::from_data(TensorData::new(values, [batch, LATENT]), device)
}
