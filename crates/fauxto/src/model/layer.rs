//! The layers every architecture is made of. Parameters have PyTorch's names and shapes, so the path
//! of a parameter in a model is its name in a checkpoint; activations are `[batch, height, width,
//! channel]`.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use kernels::Activation;
use kernels::inference::{self, Builder, Value, Weights};

use super::initialise::Initialiser;
use super::pass::{BatchStatistics, Pass};

/// Dense convolution. Weight `[out, in, height, width]`.
#[derive(Module, Debug)]
pub struct Conv2d {
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    padding: Padding,
}

/// What surrounds the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// This many zeros on every side, as PyTorch pads.
    Symmetric(usize),
    /// As many zeros as make the output `ceil(input / stride)`, an odd one after the image: TensorFlow's
    /// "same", which networks converted from there expect.
    Same,
}

impl Padding {
    /// Pads `x` `[batch, height, width, channel]` as far as a convolution with one number for all sides
    /// cannot, and returns that number.
    fn apply(self, x: Tensor<4>, kernel: usize, stride: usize) -> (Tensor<4>, usize) {
        let Self::Symmetric(padding) = self else {
            let [_, height, width, _] = x.dims();
            let missing = |size: usize| ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size);
            let x = surround(x, 1, missing(height));
            return (surround(x, 2, missing(width)), 0);
        };
        (x, padding)
    }
}

/// Adds `missing` zeros along `axis`, the smaller half before.
fn surround(x: Tensor<4>, axis: usize, missing: usize) -> Tensor<4> {
    let zeros = |count: usize| {
        let mut shape = x.dims();
        shape[axis] = count;
        Tensor::zeros(shape, &x.device())
    };
    let parts =
        [(missing / 2, zeros(missing / 2)), (1, x.clone()), (missing - missing / 2, zeros(missing - missing / 2))];
    Tensor::cat(parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, part)| part).collect(), axis)
}

impl Conv2d {
    /// A square kernel with `size / 2` padding and no bias, as before a normalisation layer.
    pub fn same(initialiser: &mut Initialiser, [from, to]: [usize; 2], size: usize, stride: usize) -> Self {
        Self {
            weight: initialiser.conv2d_weight([to, from, size, size]),
            bias: None,
            stride,
            padding: Padding::Symmetric(size / 2),
        }
    }

    /// The same with another padding.
    #[must_use]
    pub fn with_padding(mut self, padding: Padding) -> Self {
        self.padding = padding;
        self
    }

    /// A kernel that tiles the image: stride as large as the kernel, no padding, with bias.
    pub fn patch(initialiser: &mut Initialiser, [from, to]: [usize; 2], size: usize) -> Self {
        let shape = [to, from, size, size];
        Self {
            weight: initialiser.conv2d_weight(shape),
            bias: Some(initialiser.bias(to, from * size * size)),
            stride: size,
            padding: Padding::Symmetric(0),
        }
    }

    /// A pointwise convolution with bias, as in squeeze-and-excitation.
    pub fn pointwise_with_bias(initialiser: &mut Initialiser, [from, to]: [usize; 2]) -> Self {
        Self {
            weight: initialiser.conv2d_weight([to, from, 1, 1]),
            bias: Some(initialiser.bias(to, from)),
            stride: 1,
            padding: Padding::Symmetric(0),
        }
    }

    /// Weight and bias, zeros where there is none.
    #[must_use]
    pub fn parameters(&self) -> (Tensor<4>, Tensor<1>) {
        let weight = self.weight.val();
        let bias = self.bias.as_ref().map_or_else(|| Tensor::zeros([weight.dims()[0]], &weight.device()), Param::val);
        (weight, bias)
    }

    /// `[batch, height, width, in]` to `[batch, height', width', out]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let bias = self.bias.as_ref().map(Param::val);
        let [_, _, size, _] = self.weight.dims();
        let (x, padding) = self.padding.apply(x, size, self.stride);
        kernels::conv2d(x, self.weight.val(), bias, self.stride, padding)
    }

    /// Adds this layer to a program, with `norm` folded in: then the residual, then the activation. None
    /// if it pads as no program does.
    pub fn compile(
        &self,
        builder: &mut Builder,
        x: Value,
        norm: Option<&BatchNorm2d>,
        residual: Option<Value>,
        activation: Activation,
    ) -> Option<Value> {
        let Padding::Symmetric(padding) = self.padding else { return None };
        let weights = normalised(self.weights(), norm);
        Some(builder.convolution(x, weights, [self.stride, padding], residual, activation))
    }

    /// Weight and bias as a program takes them.
    #[must_use]
    pub fn weights(&self) -> Weights {
        weights(&self.weight, self.bias.as_ref())
    }
}

/// Convolution of each channel with a kernel of its own. Weight `[channel, 1, height, width]`.
#[derive(Module, Debug)]
pub struct DepthwiseConv2d {
    weight: Param<Tensor<4>>,
    bias: Option<Param<Tensor<1>>>,
    #[module(skip)]
    stride: usize,
    #[module(skip)]
    padding: Padding,
}

impl DepthwiseConv2d {
    /// A square kernel.
    pub fn new(
        initialiser: &mut Initialiser,
        channels: usize,
        size: usize,
        stride: usize,
        padding: Padding,
        bias: bool,
    ) -> Self {
        Self {
            weight: initialiser.depthwise_weight([channels, 1, size, size]),
            bias: bias.then(|| initialiser.bias(channels, size * size)),
            stride,
            padding,
        }
    }

    /// `[batch, height, width, channel]` to `[batch, height', width', channel]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, size, _] = self.weight.dims();
        let bias = self.bias.as_ref().map(Param::val);
        let (x, padding) = self.padding.apply(x, size, self.stride);
        kernels::depthwise_conv2d(x, self.weight.val(), bias, self.stride, padding)
    }

    /// Adds this layer to a program, with `norm` folded in, then the activation. None if it pads as no
    /// program does.
    pub fn compile(
        &self,
        builder: &mut Builder,
        x: Value,
        norm: Option<&BatchNorm2d>,
        activation: Activation,
    ) -> Option<Value> {
        let Padding::Symmetric(padding) = self.padding else { return None };
        let weights = normalised(weights(&self.weight, self.bias.as_ref()), norm);
        Some(builder.depthwise(x, weights, [self.stride, padding], activation))
    }

    /// Adds this layer and the layer normalisation after it to a program.
    pub fn compile_with_layer_norm(&self, builder: &mut Builder, x: Value, norm: &LayerNorm) -> Option<Value> {
        let Padding::Symmetric(padding) = self.padding else { return None };
        let weights = weights(&self.weight, self.bias.as_ref());
        Some(builder.depthwise_and_norm(x, weights, [self.stride, padding], norm.parameters()))
    }
}

/// Affine map of the last axis. Weight `[out, in]`.
#[derive(Module, Debug)]
pub struct Linear {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Linear {
    /// From `from` to `to` channels.
    pub fn new(initialiser: &mut Initialiser, from: usize, to: usize) -> Self {
        Self { weight: initialiser.linear_weight([to, from]), bias: initialiser.bias(to, from) }
    }

    /// Weight and bias.
    #[must_use]
    pub fn parameters(&self) -> (Tensor<2>, Tensor<1>) {
        (self.weight.val(), self.bias.val())
    }

    /// `[..., in]` to `[..., out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        kernels::linear(x, self.weight.val(), Some(self.bias.val()))
    }

    /// The Gaussian error linear unit of the same.
    pub fn forward_gelu<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        kernels::linear_gelu(x, self.weight.val(), self.bias.val())
    }

    /// Adds this layer to a program: a convolution of one pixel. `scale`, if any, multiplies its outputs;
    /// then come the residual and the activation.
    pub fn compile(
        &self,
        builder: &mut Builder,
        x: Value,
        scale: Option<&Param<Tensor<1>>>,
        residual: Option<Value>,
        activation: Activation,
    ) -> Value {
        let mut weights = self.weights();
        if let Some(scale) = scale {
            let scale = numbers(scale);
            let zeros = vec![0.0; scale.len()];
            weights = weights.affine(&scale, &zeros);
        }
        builder.convolution(x, weights, [1, 0], residual, activation)
    }

    /// Weight and bias as a program takes them.
    #[must_use]
    pub fn weights(&self) -> Weights {
        Weights::dense(self.weight.val(), numbers(&self.bias))
    }
}

/// Batch normalisation (Ioffe & Szegedy 2015) over batch, height and width. The running statistics
/// are buffers: written to checkpoints, moved by momentum, never by the optimiser.
#[derive(Module, Debug)]
pub struct BatchNorm2d {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    running_mean: Param<Tensor<1>>,
    running_var: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

/// How far one batch moves the running statistics; PyTorch's default.
pub const BATCH_NORM_MOMENTUM: f64 = 0.1;

impl BatchNorm2d {
    /// Weight 1, bias 0, running mean 0, running variance 1.
    pub fn new(initialiser: &mut Initialiser, channels: usize, epsilon: f64) -> Self {
        Self {
            weight: initialiser.constant([channels], 1.0),
            bias: initialiser.constant([channels], 0.0),
            running_mean: initialiser.constant([channels], 0.0).set_require_grad(false),
            running_var: initialiser.constant([channels], 1.0).set_require_grad(false),
            epsilon,
        }
    }

    /// Normalises `[batch, height, width, channel]` by the batch's statistics in a training pass, by
    /// the running ones otherwise.
    pub fn forward(&self, x: Tensor<4>, pass: &Pass) -> Tensor<4> {
        self.forward_activated(x, None, Activation::Identity, pass)
    }

    /// The same, plus the residual, if any, then the activation.
    pub fn forward_activated(
        &self,
        x: Tensor<4>,
        residual: Option<Tensor<4>>,
        activation: Activation,
        pass: &Pass,
    ) -> Tensor<4> {
        let (weight, bias) = (self.weight.val(), self.bias.val());
        if !pass.is_training() {
            let (mean, variance) = (self.running_mean.val(), self.running_var.val());
            let y = kernels::batch_norm_inference(x, weight, bias, mean, variance, self.epsilon);
            return activation.forward(match residual {
                Some(residual) => y + residual,
                None => y,
            });
        }
        let [batch, height, width, _] = x.dims();
        let count = (batch * height * width) as f64;
        let normalised = kernels::batch_norm_activation_train(x, weight, bias, residual, activation, self.epsilon);
        // Running variance estimates the population's, hence Bessel's correction (as PyTorch does);
        // a single value per channel has none to give.
        let bessel = if count > 1.0 { count / (count - 1.0) } else { 1.0 };
        pass.record(BatchStatistics {
            running_mean: self.running_mean.id,
            running_variance: self.running_var.id,
            mean: normalised.mean.detach().without_autodiff(),
            variance: normalised.variance.detach().without_autodiff().mul_scalar(bessel),
        });
        normalised.output
    }
}

/// The values of a parameter.
fn numbers<const D: usize>(parameter: &Param<Tensor<D>>) -> Vec<f32> {
    parameter.val().into_data().iter::<f32>().collect()
}

fn weights(weight: &Param<Tensor<4>>, bias: Option<&Param<Tensor<1>>>) -> Weights {
    let bias = bias.map_or_else(|| vec![0.0; weight.dims()[0]], numbers);
    Weights::convolution(weight.val(), bias)
}

/// The layer followed by `norm` with its running statistics.
fn normalised(weights: Weights, norm: Option<&BatchNorm2d>) -> Weights {
    let Some(norm) = norm else { return weights };
    let (weight, bias) = (numbers(&norm.weight), numbers(&norm.bias));
    let (mean, variance) = (numbers(&norm.running_mean), numbers(&norm.running_var));
    let deviation = variance.iter().map(|&variance| (f64::from(variance) + norm.epsilon).sqrt());
    let scale: Vec<f32> = weight.iter().zip(deviation).map(|(&w, d)| (f64::from(w) / d) as f32).collect();
    let shift: Vec<f32> = (0..scale.len()).map(|channel| bias[channel] - mean[channel] * scale[channel]).collect();
    weights.affine(&scale, &shift)
}

/// Layer normalisation (Ba et al. 2016) over channels.
#[derive(Module, Debug)]
pub struct LayerNorm {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    #[module(skip)]
    epsilon: f64,
}

impl LayerNorm {
    /// Weight 1, bias 0.
    pub fn new(initialiser: &mut Initialiser, channels: usize, epsilon: f64) -> Self {
        Self { weight: initialiser.constant([channels], 1.0), bias: initialiser.constant([channels], 0.0), epsilon }
    }

    /// Normalises the last axis.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        kernels::layer_norm(x, self.weight.val(), self.bias.val(), self.epsilon)
    }

    /// Adds this layer to a program.
    pub fn compile(&self, builder: &mut Builder, x: Value) -> Value {
        builder.layer_norm(x, self.parameters())
    }

    fn parameters(&self) -> inference::LayerNorm {
        inference::LayerNorm { weight: numbers(&self.weight), bias: numbers(&self.bias), epsilon: self.epsilon as f32 }
    }
}
