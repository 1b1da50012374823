//! Layer normalisation over the last axis. Bound by memory: one read and one write forward, two
//! reads and one write backward, which gives all three gradients.

use super::{
    array::Array,
    operation::Operation,
    parallel::{for_each_piece, map_pieces_mut, rows_per_piece},
    simd::MultiplyAdd,
};

/// [`crate::layer_norm`]; inputs in the order x, weight, bias.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LayerNorm {
    pub(crate) epsilon: f32,
}

/// The sum of `term(values, sum)` over corresponding values of rows of equal length, in sixteen running sums.
/// Blocks are arrays, because the compiler makes no vectors of what it must check bounds for.
#[inline(always)]
fn sum<const N: usize>(rows: [&[f32]; N], term: impl Fn([f32; N], f32) -> f32) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0_f32; LANES];
    let count = rows[0].len();
    let whole = count / LANES * LANES;
    let mut start = 0;
    while start < whole {
        let block: [&[f32; LANES]; N] =
            std::array::from_fn(|n| rows[n][start..start + LANES].try_into().expect("the range has LANES values"));
        for lane in 0..LANES {
            sums[lane] = term(block.map(|block| block[lane]), sums[lane]);
        }
        start += LANES;
    }
    // Left to see the additions that follow, the compiler takes the sums apart into pairs, and the loop with them.
    let mut sums = std::hint::black_box(sums);
    let mut total = 0.0;
    for index in whole..count {
        total = term(rows.map(|row| row[index]), total);
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    total + sums[0]
}

/// Mean and inverse deviation of a row.
#[inline(always)]
fn row_statistics<M: MultiplyAdd>(row: &[f32], epsilon: f32) -> (f32, f32) {
    let count = row.len() as f32;
    let mean = sum([row], |[x], total| total + x) / count;
    let squares = sum([row], |[x], total| M::multiply_add(x - mean, x - mean, total));
    (mean, 1.0 / (squares / count + epsilon).sqrt())
}

vectorised! {
    fn normalize_rows<M>(
        x: &[f32],
        weight: &[f32],
        bias: &[f32],
        epsilon: f32,
        y: &mut [f32],
    ) -> () {
        let width = weight.len();
        let bias = &bias[..width];
        for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
            let (mean, inverse) = row_statistics::<M>(x, epsilon);
            for i in 0..width {
                y[i] = M::multiply_add((x[i] - mean) * inverse, weight[i], bias[i]);
            }
        }
    }
}

vectorised! {
    /// Normalises rows where they are.
    pub(crate) fn normalize_rows_in_place<M>(weight: &[f32], bias: &[f32], epsilon: f32, x: &mut [f32]) -> () {
        let width = weight.len();
        let bias = &bias[..width];
        for x in x.chunks_exact_mut(width) {
            let (mean, inverse) = row_statistics::<M>(x, epsilon);
            for i in 0..width {
                x[i] = M::multiply_add((x[i] - mean) * inverse, weight[i], bias[i]);
            }
        }
    }
}

vectorised! {
    /// Input gradients of rows; adds those of weight and bias to `dweight` and `dbias`, while the rows are
    /// in cache.
    fn gradient_rows<M>(
        x: &[f32],
        dy: &[f32],
        weight: &[f32],
        epsilon: f32,
        dx: &mut [f32],
        dweight: &mut [f32],
        dbias: &mut [f32],
    ) -> () {
        let width = weight.len();
        let (dweight, dbias) = (&mut dweight[..width], &mut dbias[..width]);
        let rows = x.chunks_exact(width).zip(dy.chunks_exact(width));
        for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(width)) {
            let (mean, inverse) = row_statistics::<M>(x, epsilon);
            let scaled = sum([dy, weight], |[dy, weight], total| M::multiply_add(dy, weight, total));
            let projected = sum([x, dy, weight], |[x, dy, weight], total| {
                M::multiply_add(dy * weight, (x - mean) * inverse, total)
            });
            let (scaled, projected) = (scaled / width as f32, projected / width as f32);
            for i in 0..width {
                let normalized = (x[i] - mean) * inverse;
                let centred = M::multiply_add(dy[i], weight[i], -scaled);
                dx[i] = inverse * M::multiply_add(-normalized, projected, centred);
                dweight[i] = M::multiply_add(dy[i], normalized, dweight[i]);
                dbias[i] += dy[i];
            }
        }
    }
}

impl Operation<3> for LayerNorm {
    /// Input and weight; the statistics are cheaper to compute again than to store and load.
    type Saved = [Array; 2];

    fn forward(&self, [x, weight, bias]: [Array; 3], _: [bool; 3]) -> (Array, [Array; 2]) {
        let width = x.last_dim();
        let size = rows_per_piece(width) * width;
        let values = x.values();
        let output = Array::build(x.shape(), |y| {
            for_each_piece(y, size, |index, y| {
                let x = &values[index * size..][..y.len()];
                normalize_rows(x, weight.values(), bias.values(), self.epsilon, y);
            });
        });
        (output, [x, weight])
    }

    fn backward(&self, [x, weight]: [Array; 2], gradient: Array, tracked: [bool; 3]) -> [Option<Array>; 3] {
        let width = x.last_dim();
        let size = rows_per_piece(width) * width;
        let (values, dy) = (x.values(), gradient.values());
        let mut parts = Vec::new();
        let input = Array::build(x.shape(), |dx| {
            parts = map_pieces_mut(dx, size, |index, dx| {
                let range = index * size..index * size + dx.len();
                let (mut dweight, mut dbias) = (vec![0.0; width], vec![0.0; width]);
                let (x, dy) = (&values[range.clone()], &dy[range]);
                gradient_rows(x, dy, weight.values(), self.epsilon, dx, &mut dweight, &mut dbias);
                (dweight, dbias)
            });
        });
        let (dweights, dbiases) = parts.into_iter().unzip();
        [
            tracked[0].then_some(input),
            tracked[1].then(|| super::reduction::add_in_order(dweights, width)),
            tracked[2].then(|| super::reduction::add_in_order(dbiases, width)),
        ]
    }
}
