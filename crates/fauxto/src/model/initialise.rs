//! Initial parameters, drawn from one addressed stream in the order of construction, so a seed and an
//! architecture determine them.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

use crate::random;

/// Which published initialisation to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// PyTorch's defaults: weights and biases uniform within `1 / sqrt(fan_in)`.
    PyTorch,
    /// ConvNeXt's (Liu et al. 2022, as timm has it): weights normal with deviation 0.02, biases 0.
    TruncatedNormal,
    /// EfficientNet's (Tan & Le 2019, as timm has it): convolutions normal with variance `2 / fan_out`,
    /// linear weights uniform within `1 / sqrt(fan_out)`, biases 0.
    FanOut,
}

/// Where parameters come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Drawn from the stream of this seed.
    Drawn(u64),
    /// Zeros, to be replaced by a checkpoint's: drawing millions of numbers takes longer than reading them.
    Zeros,
}

/// Draws parameters on a device.
pub struct Initialiser {
    scheme: Scheme,
    stream: Option<ChaCha8Rng>,
    device: Device,
}

impl Initialiser {
    /// Draws by `scheme`, if `start` says so.
    #[must_use]
    pub fn new(scheme: Scheme, start: Start, device: &Device) -> Self {
        let stream = match start {
            Start::Drawn(seed) => Some(random::stream(seed, "initialise", &[])),
            Start::Zeros => None,
        };
        Self { scheme, stream, device: device.clone() }
    }

    /// A dense kernel `[out, in, height, width]`.
    pub fn conv2d_weight(&mut self, shape: [usize; 4]) -> Param<Tensor<4>> {
        let [to, from, height, width] = shape;
        self.weight(shape, from * height * width, to * height * width, true)
    }

    /// A depthwise kernel `[channel, 1, height, width]`.
    pub fn depthwise_weight(&mut self, shape: [usize; 4]) -> Param<Tensor<4>> {
        let [_, _, height, width] = shape;
        self.weight(shape, height * width, height * width, true)
    }

    /// A linear weight `[out, in]`.
    pub fn linear_weight(&mut self, shape: [usize; 2]) -> Param<Tensor<2>> {
        let [to, from] = shape;
        self.weight(shape, from, to, false)
    }

    /// A bias of `channels` values for a weight of `fan_in`.
    pub fn bias(&mut self, channels: usize, fan_in: usize) -> Param<Tensor<1>> {
        match self.scheme {
            Scheme::PyTorch => self.uniform([channels], (fan_in as f64).sqrt().recip()),
            Scheme::TruncatedNormal | Scheme::FanOut => self.constant([channels], 0.0),
        }
    }

    /// The same value everywhere.
    pub fn constant<const D: usize>(&mut self, shape: [usize; D], value: f32) -> Param<Tensor<D>> {
        self.parameter(vec![value; shape.iter().product()], shape)
    }

    fn weight<const D: usize>(
        &mut self,
        shape: [usize; D],
        fan_in: usize,
        fan_out: usize,
        convolution: bool,
    ) -> Param<Tensor<D>> {
        match self.scheme {
            // kaiming_uniform with a = sqrt(5), which comes down to 1 / sqrt(fan_in).
            Scheme::PyTorch => self.uniform(shape, (fan_in as f64).sqrt().recip()),
            // Cut at ±2 in absolute terms, 100 deviations: the cut never acts.
            Scheme::TruncatedNormal => self.normal(shape, 0.02),
            Scheme::FanOut if convolution => self.normal(shape, (2.0 / fan_out as f64).sqrt()),
            Scheme::FanOut => self.uniform(shape, (fan_out as f64).sqrt().recip()),
        }
    }

    fn uniform<const D: usize>(&mut self, shape: [usize; D], bound: f64) -> Param<Tensor<D>> {
        self.drawn(shape, |stream| (stream.random_range(-1.0..1.0) * bound) as f32)
    }

    fn normal<const D: usize>(&mut self, shape: [usize; D], deviation: f64) -> Param<Tensor<D>> {
        let normal = Normal::new(0.0, deviation).expect("deviations are positive and finite");
        self.drawn(shape, |stream| normal.sample(stream) as f32)
    }

    fn drawn<const D: usize>(&mut self, shape: [usize; D], draw: impl Fn(&mut ChaCha8Rng) -> f32) -> Param<Tensor<D>> {
        let count = shape.iter().product();
        let values = match &mut self.stream {
            Some(stream) => (0..count).map(|_| draw(stream)).collect(),
            None => vec![0.0; count],
        };
        self.parameter(values, shape)
    }

    fn parameter<const D: usize>(&self, values: Vec<f32>, shape: [usize; D]) -> Param<Tensor<D>> {
        Param::from_data(TensorData::new(values, shape), &self.device)
    }
}
