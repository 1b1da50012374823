//! From images to how real they look.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use kernels::Activation;

use super::generator::SIDE;
use crate::model::Start;
use crate::model::initialise::{Initialiser, Scheme};
use crate::model::layer::{BatchNorm2d, Conv2d, Linear};
use crate::model::pass::Pass;

const CHANNELS: [usize; 3] = [64, 128, 256];
const EPSILON: f64 = 1e-5;

/// Pixels `[batch, 32, 32, 3]` in `0..=1` to the log-odds of being real, `[batch, 1]`. SiLU stands for DCGAN's leaky
/// ReLU: it too passes something of negative values on.
#[derive(Module, Debug)]
pub(super) struct Discriminator {
    first: Conv2d,
    blocks: Vec<(Conv2d, BatchNorm2d)>,
    judge: Linear,
}

impl Discriminator {
    pub(super) fn new(seed: u64, device: &Device) -> Self {
        let mut initialiser = Initialiser::new(Scheme::TruncatedNormal, Start::Drawn(seed), device);
        let first = Conv2d::same(&mut initialiser, [3, CHANNELS[0]], 3, 2);
        let blocks = CHANNELS
            .windows(2)
            .map(|pair| {
                let convolution = Conv2d::same(&mut initialiser, [pair[0], pair[1]], 3, 2);
                (convolution, BatchNorm2d::new(&mut initialiser, pair[1], EPSILON))
            })
            .collect();
        let side = SIDE >> CHANNELS.len();
        let judge = Linear::new(&mut initialiser, side * side * CHANNELS[CHANNELS.len() - 1], 1);
        Self { first, blocks, judge }
    }

    pub(super) fn forward(&self, pixels: Tensor<4>, pass: &Pass) -> Tensor<2> {
        let x = kernels::silu(self.first.forward(pixels * 2.0 - 1.0));
        let x = self.blocks.iter().fold(x, |x, (convolution, norm)| {
            norm.forward_activated(convolution.forward(x), None, Activation::Silu, pass)
        });
        self.judge.forward(x.flatten(1, 3))
    }
}
