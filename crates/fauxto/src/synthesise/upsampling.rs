//! How a generator doubles the sides of a map. Each way leaves traces of its own in what it ends in (Odena et al. 2016,
//! "Deconvolution and Checkerboard Artifacts").

use burn::tensor::Tensor;

/// A way to double the sides of a map: something before a convolution, the convolution, something after it.
#[derive(Debug)]
pub(super) struct Upsampling {
    /// The side of the convolution's kernel.
    pub(super) kernel: usize,
    /// How many times the channels asked for the convolution gives.
    pub(super) expansion: usize,
    /// Before the convolution.
    pub(super) before: fn(Tensor<4>) -> Tensor<4>,
    /// After it.
    pub(super) after: fn(Tensor<4>) -> Tensor<4>,
}

/// Transposed convolutions, 4x4 at stride 2 (Radford et al. 2016, arXiv 1511.06434).
pub(super) static TRANSPOSED: Upsampling = Upsampling { kernel: 4, expansion: 1, before: spread, after: unchanged };
/// Cells repeated, then convolved (Odena et al. 2016).
pub(super) static NEAREST: Upsampling = Upsampling { kernel: 3, expansion: 1, before: repeat, after: unchanged };
/// A convolution to four times the channels, laid out as cells (Shi et al. 2016, arXiv 1609.05158).
pub(super) static SHUFFLE: Upsampling = Upsampling { kernel: 3, expansion: 4, before: unchanged, after: shuffle };

fn unchanged(x: Tensor<4>) -> Tensor<4> {
    x
}

/// `[b, h, w, c]` to `[b, 2h, 2w, c]` with zeros to the right of, below, and right below each cell: a convolution of it
/// is a transposed convolution of stride 2.
fn spread(x: Tensor<4>) -> Tensor<4> {
    let [b, h, w, c] = x.dims();
    let x: Tensor<4> = x.reshape([b, h * w, 1, c]);
    let x: Tensor<4> = Tensor::cat(vec![x.clone(), x.zeros_like()], 2).reshape([b, h, 1, 2 * w * c]);
    Tensor::cat(vec![x.clone(), x.zeros_like()], 2).reshape([b, 2 * h, 2 * w, c])
}

/// `[b, h, w, c]` to `[b, 2h, 2w, c]`: each cell four times.
fn repeat(x: Tensor<4>) -> Tensor<4> {
    let [b, h, w, c] = x.dims();
    let x: Tensor<4> = x.reshape([b, h * w, 1, c]);
    let x: Tensor<4> = Tensor::cat(vec![x.clone(), x], 2).reshape([b, h, 1, 2 * w * c]);
    Tensor::cat(vec![x.clone(), x], 2).reshape([b, 2 * h, 2 * w, c])
}

/// `[b, h, w, 4c]` to `[b, 2h, 2w, c]`: channel `(2i + j) c + k` becomes channel `k` of the cell at row `i`, column `j`.
fn shuffle(x: Tensor<4>) -> Tensor<4> {
    let [b, h, w, channels] = x.dims();
    let c = channels / 4;
    let x: Tensor<5> = x.reshape([b * h, w, 2, 2, c]);
    x.permute([0, 2, 1, 3, 4]).reshape([b, 2 * h, 2 * w, c])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn doubled(entry: &Upsampling, values: Vec<f32>, shape: [usize; 4]) -> Vec<f32> {
        let x = Tensor::from_data(TensorData::new(values, shape), &Device::flex());
        let y = (entry.after)((entry.before)(x));
        assert_eq!(y.dims(), [shape[0], 2 * shape[1], 2 * shape[2], shape[3] / entry.expansion]);
        y.into_data().iter().collect()
    }

    #[test]
    fn cells_are_laid_out_as_each_way_says() {
        let row = || vec![1.0, 2.0];
        assert_eq!(doubled(&NEAREST, row(), [1, 1, 2, 1]), [1., 1., 2., 2., 1., 1., 2., 2.]);
        assert_eq!(doubled(&TRANSPOSED, row(), [1, 1, 2, 1]), [1., 0., 2., 0., 0., 0., 0., 0.]);
        let two_rows = vec![1.0, 2.0, 3.0, 4.0];
        assert_eq!(
            doubled(&NEAREST, two_rows, [1, 2, 1, 2]),
            [1., 2., 1., 2., 1., 2., 1., 2., 3., 4., 3., 4., 3., 4., 3., 4.]
        );
        let cells = (0..8).map(|value| value as f32).collect();
        assert_eq!(doubled(&SHUFFLE, cells, [1, 1, 2, 4]), [0., 1., 4., 5., 2., 3., 6., 7.]);
    }
}
