//! Inference without tensors: a trained network as a list of steps over reused buffers.
//!
//! A [`Builder`] takes the layers in order, with normalisation already folded into weights, and gives a
//! [`Program`]. Weights are packed for products once, when a batch first needs them; activations and
//! residuals are applied while a block of output is in cache; buffers are shared by values that are
//! never needed at the same time. Activations are channels-last `f32`, weights have PyTorch's shapes.

mod plan;
mod step;
mod weights;

use crate::flex::{convolution::Geometry, operation::accelerable, team};
pub use crate::{activation::Activation, precision::Precision};
use burn::tensor::Tensor;
use step::{After, Convolution, Depthwise, Excitation, Step};
pub use weights::Weights;

/// Whether programs stand in for tensor operations on these pixels: data of the Flex device that nobody
/// differentiates, kernels not switched off.
#[must_use]
pub fn can_replace_tensors(pixels: &Tensor<4>) -> bool {
    !pixels.is_autodiff() && accelerable(&[pixels.clone().into_dispatch()])
}

/// The output of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value(usize);

/// Scale, shift and epsilon of a layer normalisation, see [`crate::layer_norm`].
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// `[channel]`.
    pub weight: Vec<f32>,
    /// `[channel]`.
    pub bias: Vec<f32>,
    /// Added to the variance.
    pub epsilon: f32,
}

impl LayerNorm {
    fn expect(&self, channels: usize) {
        assert!(self.weight.len() == channels && self.bias.len() == channels, "one weight and bias a channel");
    }
}

/// Builds a [`Program`], layer by layer.
#[derive(Debug)]
pub struct Builder {
    steps: Vec<Step>,
    /// Height, width and channels of every value.
    shapes: Vec<[usize; 3]>,
}

impl Builder {
    /// A network of images `[height, width, channel]`, whose value is returned, too.
    #[must_use]
    pub fn new(image: [usize; 3]) -> (Self, Value) {
        (Self { steps: Vec::new(), shapes: vec![image] }, Value(0))
    }

    fn value(&mut self, shape: [usize; 3]) -> Value {
        self.shapes.push(shape);
        Value(self.shapes.len() - 1)
    }

    /// Height, width and channels of a value.
    #[must_use]
    pub fn shape(&self, value: Value) -> [usize; 3] {
        self.shapes[value.0]
    }

    /// `x * scale + shift` for each channel.
    pub fn affine(&mut self, x: Value, scale: Vec<f32>, shift: Vec<f32>) -> Value {
        let channels = self.shape(x)[2];
        assert!(scale.len() == channels && shift.len() == channels, "one scale and shift a channel");
        let y = self.value(self.shape(x));
        self.steps.push(Step::Affine { x: x.0, y: y.0, scale, shift });
        y
    }

    /// [`crate::conv2d`], plus a residual if there is one, then the activation.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn convolution(
        &mut self,
        x: Value,
        weights: Weights,
        [stride, padding]: [usize; 2],
        residual: Option<Value>,
        activation: Activation,
    ) -> Value {
        let [height, width, channels] = self.shape(x);
        let [outputs, inputs, kernel_height, kernel_width] = weights.shape;
        assert_eq!(channels, inputs, "the input's channels and the weight's differ");
        let geometry = Geometry::new([1, height, width, channels], [kernel_height, kernel_width], stride, padding);
        let shape = [geometry.out_height, geometry.out_width, outputs];
        assert!(residual.is_none_or(|residual| self.shape(residual) == shape), "a residual has the output's shape");
        let y = self.value(shape);
        let residual = residual.map(|residual| residual.0);
        let convolution = Box::new(Convolution::new(geometry, weights));
        self.steps.push(Step::Convolution { x: x.0, y: y.0, convolution, residual, activation: activation.kind() });
        y
    }

    fn push_depthwise(&mut self, x: Value, weights: Weights, [stride, padding]: [usize; 2], after: After) -> Value {
        let [height, width, channels] = self.shape(x);
        let [outputs, one, kernel_height, kernel_width] = weights.shape;
        assert_eq!([channels, 1], [outputs, one], "a depthwise weight is [channel, 1, height, width]");
        let geometry = Geometry::new([1, height, width, channels], [kernel_height, kernel_width], stride, padding);
        let y = self.value([geometry.out_height, geometry.out_width, channels]);
        let depthwise = Depthwise::new(geometry, &weights);
        self.steps.push(Step::Depthwise { x: x.0, y: y.0, depthwise, after });
        y
    }

    /// [`crate::depthwise_conv2d`], then the activation.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn depthwise(
        &mut self,
        x: Value,
        weights: Weights,
        stride_and_padding: [usize; 2],
        activation: Activation,
    ) -> Value {
        self.push_depthwise(x, weights, stride_and_padding, After::Activation(activation.kind()))
    }

    /// [`crate::depthwise_conv2d`], then layer normalisation.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn depthwise_and_norm(
        &mut self,
        x: Value,
        weights: Weights,
        stride_and_padding: [usize; 2],
        norm: LayerNorm,
    ) -> Value {
        norm.expect(self.shape(x)[2]);
        self.push_depthwise(x, weights, stride_and_padding, After::LayerNorm(norm))
    }

    /// [`crate::layer_norm`].
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn layer_norm(&mut self, x: Value, norm: LayerNorm) -> Value {
        norm.expect(self.shape(x)[2]);
        let y = self.value(self.shape(x));
        self.steps.push(Step::LayerNorm { x: x.0, y: y.0, norm });
        y
    }

    /// Squeeze-and-excitation: `x` times the sigmoid of two dense layers of its mean over pixels, with
    /// the activation between them.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn excite(&mut self, x: Value, squeeze: Weights, activation: Activation, expand: Weights) -> Value {
        let channels = self.shape(x)[2];
        let reduced = squeeze.shape[0];
        assert_eq!(squeeze.shape, [reduced, channels, 1, 1], "the first layer takes every channel");
        assert_eq!(expand.shape, [channels, reduced, 1, 1], "the second layer gives every channel back");
        let y = self.value(self.shape(x));
        let excitation = Excitation::new(&squeeze, activation.kind(), &expand);
        self.steps.push(Step::Excite { x: x.0, y: y.0, excitation });
        y
    }

    /// [`crate::global_average_pool`], as a value of one pixel.
    pub fn average_pool(&mut self, x: Value) -> Value {
        let y = self.value([1, 1, self.shape(x)[2]]);
        self.steps.push(Step::AveragePool { x: x.0, y: y.0 });
        y
    }

    /// The network whose output is `output`.
    #[must_use]
    pub fn finish(self, output: Value) -> Program {
        self.finish_all(vec![output])
    }

    /// The network whose outputs are `outputs`, at least one, none of them the pixels themselves.
    ///
    /// # Panics
    /// If there is no output, or one is the pixels.
    #[must_use]
    pub fn finish_all(self, outputs: Vec<Value>) -> Program {
        assert!(!outputs.is_empty() && outputs.iter().all(|output| output.0 > 0), "outputs are what steps wrote");
        let outputs: Vec<usize> = outputs.into_iter().map(|output| output.0).collect();
        let sizes: Vec<usize> = self.shapes.iter().map(|shape| shape.iter().product()).collect();
        let plan = plan::Plan::new(&self.steps, &sizes, &outputs);
        let multiply_adds = self.steps.iter().map(Step::multiply_adds).sum();
        Program { shapes: self.shapes, steps: self.steps, plan, outputs, multiply_adds }
    }
}

/// A network ready to run. See the [module](self).
#[derive(Debug)]
pub struct Program {
    shapes: Vec<[usize; 3]>,
    steps: Vec<Step>,
    plan: plan::Plan,
    outputs: Vec<usize>,
    /// For one image.
    multiply_adds: usize,
}

impl Program {
    /// The first output `[batch, height * width * channel]` for `pixels` `[batch, height, width, channel]`.
    ///
    /// # Panics
    /// If `pixels` are not a whole number of images.
    #[must_use]
    pub fn run(&self, pixels: &[f32]) -> Vec<f32> {
        self.run_all(pixels).swap_remove(0)
    }

    /// Every output, as [`Program::run`] gives the first. It multiplies in what the calling thread does, see
    /// [`multiply_in`](crate::multiply_in).
    ///
    /// # Panics
    /// If `pixels` are not a whole number of images.
    #[must_use]
    pub fn run_all(&self, pixels: &[f32]) -> Vec<Vec<f32>> {
        let image: usize = self.shapes[0].iter().product();
        assert!(pixels.len().is_multiple_of(image), "pixels are whole images of {:?}", self.shapes[0]);
        let batch = pixels.len() / image;
        /// Work that occupies one more thread.
        const MULTIPLY_ADDS: usize = 1_000_000;
        let precision = crate::precision::current();
        let mut values = plan::Values::new(&self.plan, pixels, batch);
        team::lead(self.multiply_adds * batch / MULTIPLY_ADDS, || {
            for step in &self.steps {
                step.run(&mut values, batch, &self.shapes, precision);
            }
        });
        self.outputs.iter().map(|&output| values.get(output).to_vec()).collect()
    }
}
