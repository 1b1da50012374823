//! A network with everything needed to feed it pixels.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData, activation};
use kernels::Precision;
use kernels::inference::{Builder, Program, can_replace_tensors};
use serde::{Deserialize, Serialize};

use super::{Classes, ModelEntry, Network, Pass, Start};

/// Per-channel shift and scale, the first layer of every detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// Subtracted from pixels in `0..=1`.
    pub mean: [f32; 3],
    /// Divided by, after that.
    pub deviation: [f32; 3],
}

impl Normalisation {
    /// ImageNet's channel statistics, which published weights expect.
    pub const IMAGENET: Self = Self { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

    /// A number that no pixel can be shifted or scaled by, if there is one.
    pub(crate) fn odd(self) -> Option<f32> {
        let shift = self.mean.into_iter().find(|mean| !mean.is_finite());
        shift.or_else(|| self.deviation.into_iter().find(|deviation| !deviation.is_finite() || *deviation <= 0.0))
    }
}

/// Number of classes of a detector: real and fake.
pub const CLASSES: usize = 2;

/// A detector that can learn.
#[derive(Debug)]
pub struct Detector {
    /// Its architecture.
    pub entry: &'static ModelEntry,
    /// What it tells apart.
    pub classes: Classes,
    /// Its first layer.
    pub normalisation: Normalisation,
    /// The side of its square input, in pixels.
    pub input_size: usize,
    /// Whether it judges by the mean of the logits of an image and of its mirror image: twice the work for verdicts
    /// that a mirror does not turn. It learns from single images either way.
    pub test_time_flip: bool,
    /// Its parameters.
    pub network: Box<dyn Network>,
    device: Device,
}

impl Detector {
    /// A detector with freshly drawn parameters.
    #[must_use]
    pub fn new(entry: &'static ModelEntry, input_size: usize, seed: u64, device: &Device) -> Self {
        Self::classifier(entry, input_size, CLASSES, seed, device)
    }

    /// A detector whose parameters are 0, to be replaced by a checkpoint's.
    #[must_use]
    pub fn blank(entry: &'static ModelEntry, input_size: usize, device: &Device) -> Self {
        Self::start(entry, input_size, CLASSES, Start::Zeros, device)
    }

    /// The same architecture with a last layer of `classes` outputs, to learn other things than real and fake;
    /// its logits are `[batch, classes]`.
    #[must_use]
    pub fn classifier(
        entry: &'static ModelEntry,
        input_size: usize,
        classes: usize,
        seed: u64,
        device: &Device,
    ) -> Self {
        Self::start(entry, input_size, classes, Start::Drawn(seed), device)
    }

    fn start(entry: &'static ModelEntry, input_size: usize, classes: usize, start: Start, device: &Device) -> Self {
        Self {
            entry,
            classes: Classes::default(),
            normalisation: Normalisation::IMAGENET,
            input_size,
            test_time_flip: false,
            network: (entry.build)(classes, start, device),
            device: device.clone(),
        }
    }

    /// The device its parameters are on.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Number of trainable parameters.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        let mut count = 0;
        self.network.visit(&mut |parameter| {
            if !is_buffer(parameter.name) {
                count += parameter.shape.iter().product::<usize>();
            }
        });
        count
    }

    /// Pixels `[batch, height, width, 3]` in `0..=1` to the last feature map `[batch, height', width',
    /// channel]`.
    #[must_use]
    pub fn features(&self, pixels: Tensor<4>, pass: &Pass) -> Tensor<4> {
        self.network.features(self.normalise(pixels), pass)
    }

    /// The last feature map to logits `[batch, 2]`.
    #[must_use]
    pub fn head(&self, features: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.network.head(features, pass)
    }

    /// Pixels `[batch, height, width, 3]` in `0..=1` to logits `[batch, 2]`: `head(features(pixels))`.
    #[must_use]
    pub fn logits(&self, pixels: Tensor<4>, pass: &Pass) -> Tensor<2> {
        self.head(self.features(pixels, pass), pass)
    }

    /// A copy without autodiff.
    #[must_use]
    pub fn to_inference(&self) -> Self {
        Self {
            entry: self.entry,
            classes: self.classes,
            normalisation: self.normalisation,
            input_size: self.input_size,
            test_time_flip: self.test_time_flip,
            network: self.network.to_inference(),
            device: self.device.clone().without_autodiff(),
        }
    }

    /// A copy that can only judge.
    #[must_use]
    pub fn freeze(&self) -> Frozen {
        Frozen {
            detector: self.to_inference(),
            precision: Precision::Single,
            program: OnceLock::new(),
            describing: OnceLock::new(),
        }
    }

    /// The detector as a program from pixels to logits and, with `describe`, the mean over cells of every
    /// stage's map, if all its layers can be expressed in one.
    fn compile(&self, describe: bool) -> Option<Program> {
        let (mut builder, x) = Builder::new([self.input_size, self.input_size, 3]);
        let Normalisation { mean, deviation } = self.normalisation;
        let scale = deviation.map(|deviation| 1.0 / deviation);
        let shift = [0, 1, 2].map(|channel| -mean[channel] * scale[channel]);
        let mut x = builder.affine(x, scale.to_vec(), shift.to_vec());
        let mut means = Vec::new();
        for index in 0..self.network.stages() {
            x = self.network.compile_stage(index, &mut builder, x)?;
            if describe {
                means.push(builder.average_pool(x));
            }
        }
        let logits = self.network.compile_head(&mut builder, x)?;
        Some(builder.finish_all([vec![logits], means].concat()))
    }

    fn normalise(&self, pixels: Tensor<4>) -> Tensor<4> {
        let device = pixels.device();
        let channels =
            |values: [f32; 3]| Tensor::<4>::from_data(TensorData::new(values.to_vec(), [1, 1, 1, 3]), &device);
        (pixels - channels(self.normalisation.mean)) / channels(self.normalisation.deviation)
    }
}

/// A detector that only judges: running statistics, no dropout, no parameter gradients. The one kind
/// that evaluation, prediction, attacks and explanations accept.
///
/// Its parameters lie outside autodiff, and Burn takes such tensors for constants: pixels or feature
/// maps given with `autodiff().require_grad()` get their gradient, and nothing else is recorded.
#[derive(Debug)]
pub struct Frozen {
    detector: Detector,
    /// What it judges in where nobody differentiates.
    precision: Precision,
    /// Compiled when first needed; none if it cannot be.
    program: OnceLock<Option<Program>>,
    /// The same with the means of every stage's map.
    describing: OnceLock<Option<Program>>,
}

/// What a detector says of a batch, and what it saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Described {
    /// Probability of fake, one an image.
    pub probability_fake: Vec<f64>,
    /// What it saw in each image.
    pub descriptors: Vec<Descriptor>,
}

/// What a detector saw in an image: the mean over cells of every stage's map, `[stage][channel]`.
pub type Descriptor = Vec<Vec<f32>>;

impl Frozen {
    /// The same, judging in `precision` where the device multiplies in it: faster, and rounded (see [`Precision`]). Where
    /// it is differentiated or explained it multiplies in what the calling thread does, see [`kernels::multiply_in`].
    #[must_use]
    pub fn in_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// What it was frozen from.
    #[must_use]
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The side of its square input, in pixels.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.detector.input_size
    }

    /// The last feature map of the pixels as they are, without a mirror; see [`Detector::features`].
    #[must_use]
    pub fn features(&self, pixels: Tensor<4>) -> Tensor<4> {
        self.detector.features(pixels, &Pass::inference())
    }

    /// Number of stages between pixels and [`Frozen::head`], at least 1.
    #[must_use]
    pub fn stages(&self) -> usize {
        self.detector.network.stages()
    }

    /// The map `[batch, height', width', channel]` of stage `index` in `0..stages()`: stage 0 takes
    /// pixels `[batch, height, width, 3]` in `0..=1`, every other the map of the one before; the map of
    /// the last is [`Frozen::features`].
    #[must_use]
    pub fn stage(&self, index: usize, x: Tensor<4>) -> Tensor<4> {
        let x = if index == 0 { self.detector.normalise(x) } else { x };
        self.detector.network.stage(index, x, &Pass::inference())
    }

    /// The map of stage `index` to logits `[batch, 2]`: the remaining stages and the head.
    #[must_use]
    pub fn logits_from(&self, index: usize, map: Tensor<4>) -> Tensor<2> {
        self.head((index + 1..self.stages()).fold(map, |map, index| self.stage(index, map)))
    }

    /// Feature map to logits; see [`Detector::head`].
    #[must_use]
    pub fn head(&self, features: Tensor<4>) -> Tensor<2> {
        self.detector.head(features, &Pass::inference())
    }

    /// Pixels `[batch, height, width, 3]` in `0..=1` to logits `[batch, 2]`, the mean over both views where it
    /// judges mirror images too. On a CPU, and where nobody differentiates, a compiled [`Program`] computes them.
    #[must_use]
    pub fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let device = pixels.device();
        let views = self.views(pixels);
        let logits = self.judging(views, |views| match self.run(&self.program, false, &views) {
            Some(mut outputs) => from_numbers(outputs.swap_remove(0), &device),
            None => self.detector.logits(views, &Pass::inference()),
        });
        self.mean_of_views(logits)
    }

    /// What `work` makes of `views` in the precision to judge them in.
    fn judging<T>(&self, views: Tensor<4>, work: impl FnOnce(Tensor<4>) -> T) -> T {
        if self.precision == Precision::Half && !views.is_autodiff() {
            kernels::multiply_in(self.precision, || work(views))
        } else {
            work(views)
        }
    }

    /// What is judged of `pixels` `[batch, height, width, 3]`: themselves and, if it is to, their mirror images
    /// behind them, `[2 batch, height, width, 3]`.
    fn views(&self, pixels: Tensor<4>) -> Tensor<4> {
        if !self.detector.test_time_flip {
            return pixels;
        }
        let mirrored = pixels.clone().flip([2]);
        Tensor::cat(vec![pixels, mirrored], 0)
    }

    /// The logits `[batch, 2]` of images from those of their views.
    fn mean_of_views(&self, logits: Tensor<2>) -> Tensor<2> {
        if !self.detector.test_time_flip {
            return logits;
        }
        let batch = logits.dims()[0] / 2;
        (logits.clone().narrow(0, 0, batch) + logits.narrow(0, batch, batch)) / 2.0
    }

    /// Probability of fake and descriptor for each image of `pixels` `[batch, height, width, 3]` in
    /// `0..=1`; the descriptor is of the image as it is.
    #[must_use]
    pub fn describe(&self, pixels: Tensor<4>) -> Described {
        let (batch, device) = (pixels.dims()[0], pixels.device());
        let views = self.views(pixels);
        let judged = views.dims()[0];
        let (logits, means) = self.judging(views, |views| match self.run(&self.describing, true, &views) {
            Some(mut outputs) => (from_numbers(outputs.remove(0), &device), outputs),
            None => {
                let mut means = Vec::new();
                let features = (0..self.stages()).fold(views, |x, index| {
                    let map = self.stage(index, x);
                    means.push(numbers(kernels::global_average_pool(map.clone())));
                    map
                });
                (self.head(features), means)
            }
        });
        let descriptors = (0..batch)
            .map(|image| {
                let own = |means: &Vec<f32>| {
                    let channels = means.len() / judged;
                    means[image * channels..(image + 1) * channels].to_vec()
                };
                means.iter().map(own).collect()
            })
            .collect();
        Described { probability_fake: probability_fake(self.mean_of_views(logits)), descriptors }
    }

    /// The outputs of the program in `slot`, if one can stand in for tensors.
    fn run(&self, slot: &OnceLock<Option<Program>>, describe: bool, pixels: &Tensor<4>) -> Option<Vec<Vec<f32>>> {
        let [_, height, width, _] = pixels.dims();
        if [height, width] != [self.input_size(); 2] || !can_replace_tensors(pixels) {
            return None;
        }
        let program = slot.get_or_init(|| self.detector.compile(describe)).as_ref()?;
        let pixels = pixels.clone().into_data();
        Some(match pixels.as_slice::<f32>() {
            Ok(pixels) => program.run_all(pixels),
            Err(_) => program.run_all(&pixels.iter::<f32>().collect::<Vec<_>>()),
        })
    }

    /// Probability of fake for each image of `pixels` `[batch, height, width, 3]` in `0..=1`.
    #[must_use]
    pub fn probability_fake(&self, pixels: Tensor<4>) -> Vec<f64> {
        probability_fake(self.logits(pixels))
    }
}

fn probability_fake(logits: Tensor<2>) -> Vec<f64> {
    numbers(activation::softmax(logits, 1)).into_iter().skip(1).step_by(CLASSES).map(f64::from).collect()
}

/// Logits `[images, 2]` from what a program says.
fn from_numbers(logits: Vec<f32>, device: &Device) -> Tensor<2> {
    let images = logits.len() / CLASSES;
    Tensor::from_data(TensorData::new(logits, [images, CLASSES]), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Whether `name` is a buffer: written to checkpoints, never moved by the optimiser.
#[must_use]
pub fn is_buffer(name: &str) -> bool {
    name.ends_with(".running_mean") || name.ends_with(".running_var")
}
