//! The steps of a program and how each is computed.

use super::{LayerNorm, Precision, Weights, plan::Values};
use crate::flex::{
    activation::{Kind, activate},
    convolution::{Finish, Geometry, convolve},
    depthwise,
    layer_norm::normalize_rows_in_place,
    memory::Buffer,
    microkernel::Start,
    parallel::{for_each_piece, rows_per_piece},
    product::{Packed, Rows, product},
    scaling, winograd,
};
use std::sync::OnceLock;

/// One layer, from value `x` to value `y`.
#[derive(Debug)]
pub(super) enum Step {
    Affine { x: usize, y: usize, scale: Vec<f32>, shift: Vec<f32> },
    Convolution { x: usize, y: usize, convolution: Box<Convolution>, residual: Option<usize>, activation: Option<Kind> },
    Depthwise { x: usize, y: usize, depthwise: Depthwise, after: After },
    LayerNorm { x: usize, y: usize, norm: LayerNorm },
    Excite { x: usize, y: usize, excitation: Excitation },
    AveragePool { x: usize, y: usize },
}

impl Step {
    /// The values it reads.
    pub(super) fn inputs(&self) -> Vec<usize> {
        match self {
            Self::Convolution { x, residual, .. } => std::iter::once(*x).chain(*residual).collect(),
            Self::Affine { x, .. }
            | Self::Depthwise { x, .. }
            | Self::LayerNorm { x, .. }
            | Self::Excite { x, .. }
            | Self::AveragePool { x, .. } => vec![*x],
        }
    }

    /// The value it writes.
    pub(super) fn output(&self) -> usize {
        match self {
            Self::Affine { y, .. }
            | Self::Convolution { y, .. }
            | Self::Depthwise { y, .. }
            | Self::LayerNorm { y, .. }
            | Self::Excite { y, .. }
            | Self::AveragePool { y, .. } => *y,
        }
    }

    /// Multiply-adds for one image.
    pub(super) fn multiply_adds(&self) -> usize {
        let pixels = |geometry: &Geometry| geometry.out_height * geometry.out_width;
        match self {
            Self::Convolution { convolution, .. } => {
                pixels(&convolution.geometry) * convolution.weights.weight.values().len()
            }
            Self::Depthwise { depthwise, .. } => pixels(&depthwise.geometry) * depthwise.weight.values().len(),
            Self::Excite { excitation, .. } => 2 * excitation.squeeze.packed.depth * excitation.squeeze.packed.columns,
            Self::Affine { .. } | Self::LayerNorm { .. } | Self::AveragePool { .. } => 0,
        }
    }

    pub(super) fn run(&self, values: &mut Values<'_>, batch: usize, shapes: &[[usize; 3]], precision: Precision) {
        match self {
            Self::Affine { x, y, scale, shift } => {
                values.write(*y, |values, y| scaling::affine(values.get(*x), scale, shift, y));
            }
            Self::Convolution { x, y, convolution, residual, activation } => values.write(*y, |values, y| {
                let finish =
                    Finish { residual: residual.map(|residual| values.get(residual)), activation: *activation };
                convolution.run(values.get(*x), batch, precision, finish, y);
            }),
            Self::Depthwise { x, y, depthwise, after } => {
                values.write(*y, |values, y| depthwise.run(values.get(*x), batch, after, y));
            }
            Self::LayerNorm { x, y, norm } => values.write(*y, |values, y| {
                let x = values.get(*x);
                let size = rows_per_piece(norm.weight.len()) * norm.weight.len();
                for_each_piece(y, size, |index, y| {
                    y.copy_from_slice(&x[index * size..][..y.len()]);
                    normalize_rows_in_place(&norm.weight, &norm.bias, norm.epsilon, y);
                });
            }),
            Self::Excite { x, y, excitation } => {
                let [height, width, _] = shapes[*x];
                values.write(*y, |values, y| excitation.run(values.get(*x), height * width, y));
            }
            Self::AveragePool { x, y } => {
                let [height, width, channels] = shapes[*x];
                values.write(*y, |values, y| scaling::average(values.get(*x), height * width, channels, y));
            }
        }
    }
}

/// A dense convolution with its weight packed as the batch needs it.
#[derive(Debug)]
pub(super) struct Convolution {
    geometry: Geometry,
    weights: Weights,
    /// For direct products and for Winograd's, each in `f32` and in pairs of bf16.
    direct: [OnceLock<Packed>; 2],
    winograd: [OnceLock<Packed>; 2],
}

impl Convolution {
    pub(super) fn new(geometry: Geometry, weights: Weights) -> Self {
        Self { geometry, weights, direct: Default::default(), winograd: Default::default() }
    }

    fn run(&self, x: &[f32], batch: usize, precision: Precision, finish: Finish<'_>, y: &mut [f32]) {
        let geometry = Geometry { batch, ..self.geometry };
        let [outputs, inputs, kernel_height, kernel_width] = self.weights.shape;
        let (weight, scale) = (self.weights.weight.values(), self.weights.scale.as_deref());
        let bias = Some(&*self.weights.bias);
        let half = precision == Precision::Half && inputs.is_multiple_of(2);
        let finished = |packed: Packed| packed.scaled(scale).in_precision(precision);
        if winograd::applies(&geometry, outputs, precision) {
            let packed = self.winograd[usize::from(half)].get_or_init(|| {
                finished(winograd::transform_weight(weight, [outputs, inputs], winograd::Kernel::Forward))
            });
            return winograd::convolve(&geometry, x, packed, bias, y, |first, values| finish.apply(first, values));
        }
        let packed = self.direct[usize::from(half)]
            .get_or_init(|| finished(Packed::weight(weight, [outputs, inputs, kernel_height * kernel_width])));
        convolve(&geometry, x, packed, bias, y, |first, values| finish.apply(first, values));
    }
}

/// What follows a depthwise convolution.
#[derive(Debug)]
pub(super) enum After {
    Activation(Option<Kind>),
    LayerNorm(LayerNorm),
}

/// A depthwise convolution with its weight by kernel position.
#[derive(Debug)]
pub(super) struct Depthwise {
    geometry: Geometry,
    weight: Buffer,
    bias: Vec<f32>,
}

impl Depthwise {
    pub(super) fn new(geometry: Geometry, weights: &Weights) -> Self {
        Self { geometry, weight: depthwise::by_position(&geometry, &weights.folded()), bias: weights.bias.clone() }
    }

    fn run(&self, x: &[f32], batch: usize, after: &After, y: &mut [f32]) {
        let geometry = Geometry { batch, ..self.geometry };
        depthwise::forward(&geometry, x, self.weight.values(), Some(&self.bias), y, |values| match after {
            After::Activation(activation) => activate(*activation, values),
            After::LayerNorm(norm) => normalize_rows_in_place(&norm.weight, &norm.bias, norm.epsilon, values),
        });
    }
}

/// Squeeze-and-excitation.
#[derive(Debug)]
pub(super) struct Excitation {
    squeeze: Dense,
    activation: Option<Kind>,
    expand: Dense,
}

#[derive(Debug)]
struct Dense {
    packed: Packed,
    bias: Vec<f32>,
}

impl Dense {
    fn new(weights: &Weights) -> Self {
        let [outputs, inputs, ..] = weights.shape;
        Self {
            packed: Packed::weight(weights.weight.values(), [outputs, inputs, 1]).scaled(weights.scale.as_deref()),
            bias: weights.bias.clone(),
        }
    }

    fn run(&self, x: &[f32], activation: Option<Kind>) -> Buffer {
        let inputs = self.packed.depth;
        let mut y = Buffer::new(x.len() / inputs * self.packed.columns);
        let rows = |range| Rows::of_matrix(x, inputs, range);
        product(y.values_mut(), rows, &self.packed, Start::Bias(&self.bias), |_, values| activate(activation, values));
        y
    }
}

impl Excitation {
    pub(super) fn new(squeeze: &Weights, activation: Option<Kind>, expand: &Weights) -> Self {
        Self { squeeze: Dense::new(squeeze), activation, expand: Dense::new(expand) }
    }

    /// A few images after another, so that they are scaled while they are still in cache from being averaged.
    fn run(&self, x: &[f32], pixels: usize, y: &mut [f32]) {
        let channels = self.squeeze.packed.depth;
        let size = pixels * channels * rows_per_piece(pixels * channels);
        for_each_piece(y, size, |index, y| {
            let x = &x[index * size..][..y.len()];
            let mut mean = Buffer::new(x.len() / pixels);
            scaling::average(x, pixels, channels, mean.values_mut());
            let hidden = self.squeeze.run(mean.values(), self.activation);
            let scale = self.expand.run(hidden.values(), Some(Kind::Sigmoid));
            scaling::scale_images(x, scale.values(), pixels, channels, y);
        });
    }
}
