//! From noise, or from photographs, to images.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use kernels::Activation;
use rand_distr::{Distribution, StandardNormal};

use super::kind::{Network, Origin};
use super::upsampling::Upsampling;
use crate::model::Start;
use crate::model::initialise::{Initialiser, Scheme};
use crate::model::layer::{BatchNorm2d, Conv2d, Linear, Padding};
use crate::model::pass::Pass;
use crate::random;

/// The side of the images that generators make and discriminators judge.
pub(super) const SIDE: usize = 32;
/// Numbers that an image is made of, from noise.
const LATENT: usize = 64;
/// The side of the first map, from noise.
const NOISE_SIDE: usize = 4;
/// The side and the channels of what a photograph is squeezed to: a sixth of its numbers.
const CODE: [usize; 2] = [8, 8];
const EPSILON: f64 = 1e-5;

/// Channels of a generator's map of this side.
fn channels(side: usize) -> usize {
    1024 / side
}

/// Noise or photographs to pixels `[batch, 32, 32, 3]` in `0..=1`.
#[derive(Module, Debug)]
pub(super) struct Generator {
    source: Source,
    norm: BatchNorm2d,
    blocks: Vec<Block>,
    to_pixels: Conv2d,
}

impl Generator {
    pub(super) fn new(network: Network, seed: u64, device: &Device) -> Self {
        let mut initialiser = Initialiser::new(Scheme::TruncatedNormal, Start::Drawn(seed), device);
        let from_noise = network.origin == Origin::Noise;
        let side = if from_noise { NOISE_SIDE } else { CODE[0] };
        let source = if from_noise {
            Source::Noise(Projection::new(&mut initialiser))
        } else {
            Source::Photograph(Encoder::new(&mut initialiser))
        };
        let norm = BatchNorm2d::new(&mut initialiser, channels(side), EPSILON);
        let sides = std::iter::successors(Some(side), |side| Some(side * 2)).take_while(|side| *side < SIDE);
        let blocks = sides
            .map(|side| Block::new(&mut initialiser, network.upsampling, [channels(side), channels(side * 2)]))
            .collect();
        let to_pixels = Conv2d::same(&mut initialiser, [channels(SIDE), 3], 3, 1);
        Self { source, norm, blocks, to_pixels }
    }

    /// As many images as there are `photographs`, `[batch, 32, 32, 3]` in `0..=1`, of which a generator from noise takes
    /// only the number. Noise is that of `step`.
    pub(super) fn forward(&self, photographs: &Tensor<4>, seed: u64, step: u64, pass: &Pass) -> Tensor<4> {
        let x = match &self.source {
            Source::Photograph(encoder) => encoder.forward(photographs.clone(), pass),
            Source::Noise(projection) => {
                projection.forward(latent(photographs.dims()[0], seed, step, &photographs.device()))
            }
        };
        let x = self.norm.forward_activated(x, None, Activation::Relu, pass);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x, pass));
        kernels::sigmoid(self.to_pixels.forward(x))
    }
}

/// What makes the first map.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant, reason = "a game has one")]
enum Source {
    Noise(Projection),
    Photograph(Encoder),
}

/// Noise `[batch, 64]` to a first map `[batch, 4, 4, 256]`.
#[derive(Module, Debug)]
struct Projection {
    linear: Linear,
}

impl Projection {
    fn new(initialiser: &mut Initialiser) -> Self {
        let map = NOISE_SIDE * NOISE_SIDE * channels(NOISE_SIDE);
        Self { linear: Linear::new(initialiser, LATENT, map) }
    }

    fn forward(&self, latent: Tensor<2>) -> Tensor<4> {
        let [batch, _] = latent.dims();
        self.linear.forward(latent).reshape([batch, NOISE_SIDE, NOISE_SIDE, channels(NOISE_SIDE)])
    }
}

/// Photographs `[batch, 32, 32, 3]` to a code `[batch, 8, 8, 8]`, and that to a first map `[batch, 8, 8, 128]`.
#[derive(Module, Debug)]
struct Encoder {
    halvings: Vec<(Conv2d, BatchNorm2d)>,
    to_code: Conv2d,
    from_code: Conv2d,
}

impl Encoder {
    fn new(initialiser: &mut Initialiser) -> Self {
        let [side, code] = CODE;
        let halvings = [[3, channels(SIDE / 2)], [channels(SIDE / 2), channels(side)]]
            .map(|[from, to]| {
                let convolution = Conv2d::same(initialiser, [from, to], 3, 2);
                (convolution, BatchNorm2d::new(initialiser, to, EPSILON))
            })
            .into();
        let to_code = Conv2d::same(initialiser, [channels(side), code], 3, 1);
        let from_code = Conv2d::same(initialiser, [code, channels(side)], 3, 1);
        Self { halvings, to_code, from_code }
    }

    fn forward(&self, photographs: Tensor<4>, pass: &Pass) -> Tensor<4> {
        let x = self.halvings.iter().fold(photographs * 2.0 - 1.0, |x, (convolution, norm)| {
            norm.forward_activated(convolution.forward(x), None, Activation::Silu, pass)
        });
        self.from_code.forward(self.to_code.forward(x))
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
fn latent(batch: usize, seed: u64, step: u64, device: &Device) -> Tensor<2> {
    let mut stream = random::stream(seed, "latent", &[step]);
    let values: Vec<f32> = (0..batch * LATENT).map(|_| StandardNormal.sample(&mut stream)).collect();
    Tensor::from_data(TensorData::new(values, [batch, LATENT]), device)
}
