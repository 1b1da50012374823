//! Batch normalisation in training: statistics, normalisation, gradients.
//!
//! What follows, an addition and an activation, is applied in the same pass, and its derivative in the
//! gradients' passes.
//!
//! Bound by memory: the statistics read the activations once, the normalisation reads and writes
//! them, the gradients read input and output gradient twice and write once. A residual is one more read
//! forward, and one more read and write backward.

use super::{
    activation::{Activation, Identity},
    array::Array,
    operation::Operation,
    parallel::{for_each_piece, map_pieces, map_pieces_mut, rows_per_piece},
    reduction::add_rows,
    simd::{Kernel, MultiplyAdd, dispatch},
};
use std::marker::PhantomData;

/// Mean and biased variance of every channel, as `[2, channel]`. Not differentiable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statistics;

vectorised! {
    /// Adds the squared deviations of every row from `mean` to `sums`.
    fn add_squared_deviations<M>(rows: &[f32], mean: &[f32], sums: &mut [f32]) -> () {
        let channels = sums.len();
        let mean = &mean[..channels];
        for row in rows.chunks_exact(channels) {
            for channel in 0..channels {
                let deviation = row[channel] - mean[channel];
                sums[channel] = M::multiply_add(deviation, deviation, sums[channel]);
            }
        }
    }
}

impl Operation<1> for Statistics {
    type Saved = ();

    /// Means and squared deviations of pieces that stay in cache, combined in order (Chan, Golub and
    /// LeVeque 1979): one pass over memory without the cancellation of `E[x^2] - E[x]^2`.
    fn forward(&self, [x]: [Array; 1], _: [bool; 1]) -> (Array, ()) {
        let channels = x.last_dim();
        let x = x.values();
        let size = rows_per_piece(channels) * channels;
        let parts = map_pieces(x.len().div_ceil(size), |index| {
            let rows = &x[index * size..x.len().min((index + 1) * size)];
            let count = (rows.len() / channels) as f32;
            let mut mean = vec![0.0_f32; channels];
            add_rows(rows, &mut mean);
            for value in &mut mean {
                *value /= count;
            }
            let mut squares = vec![0.0_f32; channels];
            add_squared_deviations(rows, &mean, &mut squares);
            (f64::from(count), mean, squares)
        });
        let mut total = 0.0_f64;
        let mut means = vec![0.0_f64; channels];
        let mut squares = vec![0.0_f64; channels];
        for (count, mean, square) in parts {
            let share = count / (total + count);
            for channel in 0..channels {
                let difference = f64::from(mean[channel]) - means[channel];
                means[channel] += difference * share;
                squares[channel] += f64::from(square[channel]) + difference * difference * total * share;
            }
            total += count;
        }
        let output = Array::build([2, channels], |output| {
            let (mean, variance) = output.split_at_mut(channels);
            for channel in 0..channels {
                mean[channel] = means[channel] as f32;
                variance[channel] = (squares[channel] / total) as f32;
            }
        });
        (output, ())
    }

    fn backward(&self, (): (), _: Array, _: [bool; 1]) -> [Option<Array>; 1] {
        [None]
    }
}

/// `activation(normalised(x) + residual)`: normalises `x` `[batch, height, width, channel]` by
/// [`Statistics`] of the same `x`, with `weight` and `bias` `[channel]`; inputs in the order x, weight,
/// bias, statistics, and the residual if there is one. The gradients account for the statistics'
/// dependence on `x`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalize<A> {
    epsilon: f64,
    activation: PhantomData<A>,
}

/// What the gradients need.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    x: Array,
    weight: Array,
    bias: Array,
    statistics: Array,
    /// Where there is a residual: the output, or, where that does not give the activation's derivative, the
    /// residual. Without one, the activation's input is computed again from `x`.
    other: Option<Array>,
}

/// `(x - mean) * scale + shift` for each channel.
#[derive(Clone, Copy)]
struct Channels<'a> {
    mean: &'a [f32],
    scale: &'a [f32],
    shift: &'a [f32],
}

impl<'a> Channels<'a> {
    /// With every length equal to the first: what the compiler needs to leave out bound checks.
    #[inline(always)]
    fn of_equal_length(self) -> Self {
        let count = self.mean.len();
        Self { mean: self.mean, scale: &self.scale[..count], shift: &self.shift[..count] }
    }

    #[inline(always)]
    fn normalized<M: MultiplyAdd>(&self, channel: usize, x: f32) -> f32 {
        M::multiply_add(x - self.mean[channel], self.scale[channel], self.shift[channel])
    }
}

struct Rows<'a, A> {
    activation: PhantomData<A>,
    channels: Channels<'a>,
    x: &'a [f32],
    residual: Option<&'a [f32]>,
    y: &'a mut [f32],
}

impl<A: Activation> Kernel for Rows<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        let channels = self.channels.of_equal_length();
        let count = channels.mean.len();
        let rows = self.y.chunks_exact_mut(count).zip(self.x.chunks_exact(count));
        match self.residual {
            None => {
                for (y, x) in rows {
                    for channel in 0..count {
                        y[channel] = A::value::<M>(channels.normalized::<M>(channel, x[channel]));
                    }
                }
            }
            Some(residual) => {
                for ((y, x), residual) in rows.zip(residual.chunks_exact(count)) {
                    for channel in 0..count {
                        y[channel] = A::value::<M>(channels.normalized::<M>(channel, x[channel]) + residual[channel]);
                    }
                }
            }
        }
    }
}

/// The gradient before the activation, given that of the output.
#[inline(always)]
fn before_activation<A: Activation, M: MultiplyAdd>(normalized: f32, other: Option<f32>, dy: f32) -> f32 {
    match other {
        Some(output) if A::FROM_OUTPUT => dy * A::derivative::<M>(output),
        Some(residual) => dy * A::derivative_at::<M>(normalized + residual),
        None => dy * A::derivative_at::<M>(normalized),
    }
}

/// Replaces `dy` by the gradient before the activation.
struct BeforeActivation<'a, A> {
    activation: PhantomData<A>,
    channels: Channels<'a>,
    x: &'a [f32],
    other: Option<&'a [f32]>,
    dy: &'a mut [f32],
}

impl<A: Activation> Kernel for BeforeActivation<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        let channels = self.channels.of_equal_length();
        let count = channels.mean.len();
        let rows = self.dy.chunks_exact_mut(count).zip(self.x.chunks_exact(count));
        match self.other {
            None => {
                for (dy, x) in rows {
                    for channel in 0..count {
                        let normalized = channels.normalized::<M>(channel, x[channel]);
                        dy[channel] = before_activation::<A, M>(normalized, None, dy[channel]);
                    }
                }
            }
            Some(other) => {
                for ((dy, x), other) in rows.zip(other.chunks_exact(count)) {
                    for channel in 0..count {
                        let normalized = channels.normalized::<M>(channel, x[channel]);
                        dy[channel] = before_activation::<A, M>(normalized, Some(other[channel]), dy[channel]);
                    }
                }
            }
        }
    }
}

/// Adds the gradient before the activation, `g`, to the first sums and `g * (x - mean)` to the second.
struct GradientSums<'a, A> {
    activation: PhantomData<A>,
    channels: Channels<'a>,
    x: &'a [f32],
    dy: &'a [f32],
    sums: &'a mut [f32],
    products: &'a mut [f32],
}

impl<A: Activation> Kernel for GradientSums<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        let channels = self.channels.of_equal_length();
        let count = channels.mean.len();
        let (sums, products) = (&mut self.sums[..count], &mut self.products[..count]);
        for (dy, x) in self.dy.chunks_exact(count).zip(self.x.chunks_exact(count)) {
            for channel in 0..count {
                let normalized = channels.normalized::<M>(channel, x[channel]);
                let gradient = before_activation::<A, M>(normalized, None, dy[channel]);
                sums[channel] += gradient;
                products[channel] = M::multiply_add(gradient, x[channel] - channels.mean[channel], products[channel]);
            }
        }
    }
}

/// `g * scale - offset - (x - mean) * slope` on top of `dy`, `g` being the gradient before the activation.
struct InputGradient<'a, A> {
    activation: PhantomData<A>,
    channels: Channels<'a>,
    offset: &'a [f32],
    slope: &'a [f32],
    x: &'a [f32],
    dy: &'a mut [f32],
}

impl<A: Activation> Kernel for InputGradient<'_, A> {
    type Output = ();
    #[inline(always)]
    fn run<M: MultiplyAdd>(self) {
        let channels = self.channels.of_equal_length();
        let count = channels.mean.len();
        let (offset, slope) = (&self.offset[..count], &self.slope[..count]);
        for (dy, x) in self.dy.chunks_exact_mut(count).zip(self.x.chunks_exact(count)) {
            for channel in 0..count {
                let normalized = channels.normalized::<M>(channel, x[channel]);
                let gradient = before_activation::<A, M>(normalized, None, dy[channel]);
                let rest = M::multiply_add(x[channel] - channels.mean[channel], slope[channel], offset[channel]);
                dy[channel] = M::multiply_add(gradient, channels.scale[channel], -rest);
            }
        }
    }
}

impl<A: Activation> Normalize<A> {
    pub(crate) fn new(epsilon: f64, _: A) -> Self {
        Self { epsilon, activation: PhantomData }
    }

    /// `1 / sqrt(variance + epsilon)` of every channel.
    fn inverse_deviation(&self, statistics: &[f32]) -> Vec<f32> {
        let variance = &statistics[statistics.len() / 2..];
        let inverse = |&v: &f32| (1.0 / (f64::from(v) + self.epsilon).sqrt()) as f32;
        variance.iter().map(inverse).collect()
    }

    fn scale(weight: &Array, inverse: &[f32]) -> Vec<f32> {
        weight.values().iter().zip(inverse).map(|(w, i)| w * i).collect()
    }

    fn compute(
        &self,
        [x, weight, bias, statistics]: [Array; 4],
        residual: Option<Array>,
        tracked: bool,
    ) -> (Array, Saved) {
        let count = x.last_dim();
        let scale = Self::scale(&weight, &self.inverse_deviation(statistics.values()));
        let channels = Channels { mean: &statistics.values()[..count], scale: &scale, shift: bias.values() };
        let (values, added) = (x.values(), residual.as_ref().map(Array::values));
        let size = rows_per_piece(count) * count;
        let output = Array::build(x.shape(), |y| {
            for_each_piece(y, size, |index, y| {
                let range = index * size..index * size + y.len();
                let residual = added.map(|residual| &residual[range.clone()]);
                dispatch(Rows { activation: self.activation, channels, x: &values[range], residual, y });
            });
        });
        let keep = |residual| if A::FROM_OUTPUT { output.clone() } else { residual };
        let other = if tracked && !A::IDENTITY { residual.map(keep) } else { None };
        (output, Saved { x, weight, bias, statistics, other })
    }

    /// The gradients of x, weight, bias and residual.
    fn gradients(&self, saved: Saved, gradient: Array, tracked: [bool; 4]) -> [Option<Array>; 4] {
        let Saved { x, weight, bias, statistics, other } = saved;
        let inverse = self.inverse_deviation(statistics.values());
        let scale = Self::scale(&weight, &inverse);
        let mean = &statistics.values()[..x.last_dim()];
        let channels = Channels { mean, scale: &scale, shift: bias.values() };
        if A::IDENTITY {
            let residual = tracked[3].then(|| gradient.clone());
            let (dx, dw, db) = self.normalization_gradients(&x, channels, &inverse, gradient, tracked[0]);
            return [dx, tracked[1].then_some(dw), tracked[2].then_some(db), residual];
        }
        // A derivative that costs a comparison is taken twice rather than its product stored.
        if other.is_none() && !tracked[3] && A::FROM_OUTPUT {
            let (dx, dw, db) = self.normalization_gradients(&x, channels, &inverse, gradient, tracked[0]);
            return [dx, tracked[1].then_some(dw), tracked[2].then_some(db), None];
        }
        let mut before = gradient.into_unique();
        let size = rows_per_piece(mean.len()) * mean.len();
        let (values, other) = (x.values(), other.as_ref().map(Array::values));
        let linear = Normalize::new(self.epsilon, Identity);
        // The sums are taken while the piece is in cache.
        let parts = map_pieces_mut(before.values_mut(), size, |index, dy| {
            let range = index * size..index * size + dy.len();
            let (x, other) = (&values[range.clone()], other.map(|other| &other[range]));
            dispatch(BeforeActivation { activation: self.activation, channels, x, other, dy });
            linear.sums(channels, x, dy)
        });
        let residual = tracked[3].then(|| before.clone());
        let (dx, dw, db) = linear.gradients_of_sums(&x, channels, &inverse, before, parts, tracked[0]);
        [dx, tracked[1].then_some(dw), tracked[2].then_some(db), residual]
    }

    /// Sums over rows of the gradient before the activation, and of its products with `x - mean`.
    fn sums(&self, channels: Channels<'_>, x: &[f32], dy: &[f32]) -> [Vec<f32>; 2] {
        let count = channels.mean.len();
        let (mut sums, mut products) = (vec![0.0; count], vec![0.0; count]);
        let activation = self.activation;
        dispatch(GradientSums { activation, channels, x, dy, sums: &mut sums, products: &mut products });
        [sums, products]
    }

    /// The gradients of x, if asked for, weight and bias, without a residual.
    fn normalization_gradients(
        &self,
        x: &Array,
        channels: Channels<'_>,
        inverse: &[f32],
        gradient: Array,
        input: bool,
    ) -> (Option<Array>, Array, Array) {
        let (x_values, dy) = (x.values(), gradient.values());
        let size = rows_per_piece(channels.mean.len()) * channels.mean.len();
        let parts = map_pieces(dy.len().div_ceil(size), |index| {
            let range = index * size..dy.len().min((index + 1) * size);
            self.sums(channels, &x_values[range.clone()], &dy[range])
        });
        self.gradients_of_sums(x, channels, inverse, gradient, parts, input)
    }

    fn gradients_of_sums(
        &self,
        x: &Array,
        channels: Channels<'_>,
        inverse: &[f32],
        gradient: Array,
        parts: Vec<[Vec<f32>; 2]>,
        input: bool,
    ) -> (Option<Array>, Array, Array) {
        let channel_count = channels.mean.len();
        let (mut sums, mut products) = (vec![0.0_f64; channel_count], vec![0.0_f64; channel_count]);
        for [sum, product] in parts {
            for channel in 0..channel_count {
                sums[channel] += f64::from(sum[channel]);
                products[channel] += f64::from(product[channel]);
            }
        }
        let x = x.values();
        let count = (x.len() / channel_count) as f64;
        let (mut offset, mut slope) = (vec![], vec![]);
        for channel in 0..channel_count {
            let inverse = f64::from(inverse[channel]);
            let factor = f64::from(channels.scale[channel]);
            offset.push((factor * sums[channel] / count) as f32);
            slope.push((factor * inverse * inverse * products[channel] / count) as f32);
        }
        let weight = Array::build([channel_count], |dw| {
            for channel in 0..channel_count {
                dw[channel] = (products[channel] * f64::from(inverse[channel])) as f32;
            }
        });
        let bias = Array::build([channel_count], |db| {
            for (db, sum) in db.iter_mut().zip(&sums) {
                *db = *sum as f32;
            }
        });
        let size = rows_per_piece(channel_count) * channel_count;
        let input = input.then(|| {
            let rows = |index: usize, dy: &mut [f32]| {
                let x = &x[index * size..][..dy.len()];
                let (activation, offset, slope) = (self.activation, &offset, &slope);
                dispatch(InputGradient { activation, channels, offset, slope, x, dy });
            };
            gradient.update(
                |gradient| for_each_piece(gradient, size, rows),
                |gradient, dx| {
                    for_each_piece(dx, size, |index, piece| {
                        piece.copy_from_slice(&gradient[index * size..][..piece.len()]);
                        rows(index, piece);
                    });
                },
            )
        });
        (input, weight, bias)
    }
}

impl<A: Activation> Operation<4> for Normalize<A> {
    type Saved = Saved;

    fn forward(&self, inputs: [Array; 4], _: [bool; 4]) -> (Array, Saved) {
        self.compute(inputs, None, true)
    }

    fn backward(&self, saved: Saved, gradient: Array, [x, weight, bias, _]: [bool; 4]) -> [Option<Array>; 4] {
        let [x, weight, bias, _] = self.gradients(saved, gradient, [x, weight, bias, false]);
        [x, weight, bias, None]
    }
}

impl<A: Activation> Operation<5> for Normalize<A> {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias, statistics, residual]: [Array; 5], tracked: [bool; 5]) -> (Array, Saved) {
        self.compute([x, weight, bias, statistics], Some(residual), tracked.contains(&true))
    }

    fn backward(&self, saved: Saved, gradient: Array, tracked: [bool; 5]) -> [Option<Array>; 5] {
        let [x, weight, bias, _, residual] = tracked;
        let [x, weight, bias, residual] = self.gradients(saved, gradient, [x, weight, bias, residual]);
        [x, weight, bias, None, residual]
    }
}
