//! Batch normalisation in training: statistics, normalisation, gradients.
//!
//! Bound by memory: the statistics read the activations once, the normalisation reads and writes
//! them, the gradients read input and output gradient twice and write once.

use super::{
    array::Array,
    operation::Operation,
    parallel::{for_each_piece, map_pieces, rows_per_piece},
    reduction::add_rows,
};

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

/// Normalises `x` `[batch, height, width, channel]` by [`Statistics`] of the same `x`, with `weight`
/// and `bias` `[channel]`; inputs in the order x, weight, bias, statistics. The gradients account
/// for the statistics' dependence on `x`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Normalize {
    pub(crate) epsilon: f64,
}

impl Normalize {
    /// `1 / sqrt(variance + epsilon)` of every channel.
    fn inverse_deviation(&self, statistics: &[f32]) -> Vec<f32> {
        let variance = &statistics[statistics.len() / 2..];
        let inverse = |&v: &f32| (1.0 / (f64::from(v) + self.epsilon).sqrt()) as f32;
        variance.iter().map(inverse).collect()
    }
}

vectorised! {
    /// `(x - mean) * scale + shift`
    fn normalize_rows<M>(
        x: &[f32],
        mean: &[f32],
        scale: &[f32],
        shift: &[f32],
        y: &mut [f32],
    ) -> () {
        let channels = mean.len();
        let (scale, shift) = (&scale[..channels], &shift[..channels]);
        for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            for channel in 0..channels {
                y[channel] =
                    M::multiply_add(x[channel] - mean[channel], scale[channel], shift[channel]);
            }
        }
    }
}

vectorised! {
    /// Adds `dy` to the first sums and `dy * (x - mean)` to the second.
    fn add_gradient_rows<M>(
        x: &[f32],
        dy: &[f32],
        mean: &[f32],
        sums: &mut [f32],
        products: &mut [f32],
    ) -> () {
        let channels = mean.len();
        let (sums, products) = (&mut sums[..channels], &mut products[..channels]);
        for (dy, x) in dy.chunks_exact(channels).zip(x.chunks_exact(channels)) {
            for channel in 0..channels {
                sums[channel] += dy[channel];
                products[channel] =
                    M::multiply_add(dy[channel], x[channel] - mean[channel], products[channel]);
            }
        }
    }
}

vectorised! {
    /// `dy * scale - offset - (x - mean) * slope`, on top of `dy`
    fn input_gradient_rows<M>(
        x: &[f32],
        mean: &[f32],
        scale: &[f32],
        offset: &[f32],
        slope: &[f32],
        dy: &mut [f32],
    ) -> () {
        let channels = mean.len();
        let (scale, offset, slope) =
            (&scale[..channels], &offset[..channels], &slope[..channels]);
        for (dy, x) in dy.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            for channel in 0..channels {
                let rest = M::multiply_add(x[channel] - mean[channel], slope[channel], offset[channel]);
                dy[channel] = M::multiply_add(dy[channel], scale[channel], -rest);
            }
        }
    }
}

impl Operation<4> for Normalize {
    type Saved = [Array; 3];

    fn forward(&self, [x, weight, bias, statistics]: [Array; 4], _: [bool; 4]) -> (Array, [Array; 3]) {
        let channels = x.last_dim();
        let inverse = self.inverse_deviation(statistics.values());
        let scale: Vec<f32> = weight.values().iter().zip(inverse).map(|(w, i)| w * i).collect();
        let mean = &statistics.values()[..channels];
        let (bias, values) = (bias.values(), x.values());
        let size = rows_per_piece(channels) * channels;
        let output = Array::build(x.shape(), |y| {
            for_each_piece(y, size, |index, y| {
                let x = &values[index * size..][..y.len()];
                normalize_rows(x, mean, &scale, bias, y);
            });
        });
        (output, [x, weight, statistics])
    }

    fn backward(&self, [x, weight, statistics]: [Array; 3], gradient: Array, tracked: [bool; 4]) -> [Option<Array>; 4] {
        let channels = x.last_dim();
        let x = x.values();
        let mean = &statistics.values()[..channels];
        let size = rows_per_piece(channels) * channels;
        let dy = gradient.values();
        let parts = map_pieces(x.len().div_ceil(size), |index| {
            let range = index * size..x.len().min((index + 1) * size);
            let (mut sums, mut products) = (vec![0.0; channels], vec![0.0; channels]);
            add_gradient_rows(&x[range.clone()], &dy[range], mean, &mut sums, &mut products);
            (sums, products)
        });
        let (mut sums, mut products) = (vec![0.0_f64; channels], vec![0.0_f64; channels]);
        for (sum, product) in parts {
            for channel in 0..channels {
                sums[channel] += f64::from(sum[channel]);
                products[channel] += f64::from(product[channel]);
            }
        }
        let inverse = self.inverse_deviation(statistics.values());
        let count = (x.len() / channels) as f64;
        let (mut scale, mut offset, mut slope) = (vec![], vec![], vec![]);
        for channel in 0..channels {
            let inverse = f64::from(inverse[channel]);
            let factor = f64::from(weight.values()[channel]) * inverse;
            scale.push(factor as f32);
            offset.push((factor * sums[channel] / count) as f32);
            slope.push((factor * inverse * inverse * products[channel] / count) as f32);
        }
        let weight_gradient = Array::build([channels], |dw| {
            for channel in 0..channels {
                dw[channel] = (products[channel] * f64::from(inverse[channel])) as f32;
            }
        });
        let bias_gradient = Array::build([channels], |db| {
            for (db, sum) in db.iter_mut().zip(&sums) {
                *db = *sum as f32;
            }
        });
        let input_gradient = tracked[0].then(|| {
            let rows = |index: usize, piece: &mut [f32]| {
                let x = &x[index * size..][..piece.len()];
                input_gradient_rows(x, mean, &scale, &offset, &slope, piece);
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
        [input_gradient, tracked[1].then_some(weight_gradient), tracked[2].then_some(bias_gradient), None]
    }
}
