//! What explainers explain: the log-odds of a class, and their gradients.

use burn::tensor::{Device, Tensor, TensorData};

use crate::Label;
use crate::image::FloatImage;
use crate::model::{CLASSES, Frozen};

/// Pixels that go through a detector at once: eight images of 224x224.
const FORWARD_PIXELS: usize = 8 * 224 * 224;
/// The same where gradients follow, for which every layer's activations are kept.
const BACKWARD_PIXELS: usize = 2 * 224 * 224;
/// Larger batches of small images are no faster.
const MOST_ROWS: usize = 128;

/// How many images of the size of `image` go through a detector at once.
pub(super) fn rows_at_once(image: &FloatImage, gradients: bool) -> usize {
    let pixels = if gradients { BACKWARD_PIXELS } else { FORWARD_PIXELS };
    (pixels / (image.width * image.height).max(1)).clamp(1, MOST_ROWS)
}

/// Images of one size as pixels `[batch, height, width, 3]`.
pub(super) fn tensor<'a>(images: impl IntoIterator<Item = &'a FloatImage>, device: &Device) -> Tensor<4> {
    let (mut values, mut count, mut size) = (Vec::new(), 0, [0, 0]);
    for image in images {
        values.extend_from_slice(&image.pixels);
        size = [image.height, image.width];
        count += 1;
    }
    Tensor::from_data(TensorData::new(values, [count, size[0], size[1], 3]), device)
}

/// What `judge` says of `images`, as many at a time as fit.
pub(super) fn in_batches(images: &[FloatImage], judge: impl Fn(Tensor<4>) -> Vec<f64>, frozen: &Frozen) -> Vec<f64> {
    let Some(first) = images.first() else { return Vec::new() };
    let batches = images.chunks(rows_at_once(first, false));
    batches.flat_map(|batch| judge(tensor(batch, frozen.detector().device()))).collect()
}

/// `log(P(class) / (1 - P(class)))` of each image: its logit less the other's, `[batch]`. `logits` are
/// `[batch, 2]`, `classes` as many.
#[must_use]
pub fn log_odds(logits: Tensor<2>, classes: &[Label]) -> Tensor<1> {
    let signs: Vec<f32> =
        classes.iter().flat_map(|class| Label::ALL.map(|other| if other == *class { 1.0 } else { -1.0 })).collect();
    let signs = Tensor::from_data(TensorData::new(signs, [classes.len(), CLASSES]), &logits.device());
    (logits * signs).sum_dim(1).squeeze_dim(1)
}

/// The log-odds of `class` for each of `images`, of one size.
#[must_use]
pub fn of_images(frozen: &Frozen, images: &[FloatImage], class: Label) -> Vec<f64> {
    let judge = |pixels: Tensor<4>| {
        let classes = vec![class; pixels.dims()[0]];
        log_odds(frozen.logits(pixels), &classes).into_data().iter::<f32>().map(f64::from).collect()
    };
    in_batches(images, judge, frozen)
}

/// The gradient of each image's log-odds by its pixels, both `[batch, height, width, 3]`. `pixels` and
/// the result are outside autodiff.
#[must_use]
pub fn pixel_gradient(frozen: &Frozen, pixels: Tensor<4>, classes: &[Label]) -> Tensor<4> {
    gradient(pixels, |pixels| log_odds(frozen.logits(pixels), classes))
}

/// The gradient of each image's log-odds by the map of stage `stage`, both `[batch, height, width,
/// channel]`. `map` and the result are outside autodiff.
#[must_use]
pub fn map_gradient(frozen: &Frozen, stage: usize, map: Tensor<4>, classes: &[Label]) -> Tensor<4> {
    gradient(map, |map| log_odds(frozen.logits_from(stage, map), classes))
}

/// Images do not influence one another in a frozen detector, so the gradient of the sum holds each
/// one's own.
fn gradient(x: Tensor<4>, evidence: impl FnOnce(Tensor<4>) -> Tensor<1> + Send) -> Tensor<4> {
    let x = x.autodiff().require_grad();
    let gradients = kernels::on_worker(&x.device(), || evidence(x.clone()).sum().backward());
    x.grad(&gradients).unwrap_or_else(|| x.without_autodiff().zeros_like())
}
