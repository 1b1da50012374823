//! What class activation maps share: a feature map with the gradient of the evidence by it.
//!
//! The papers take the last convolutional layer, "the best compromise between high-level semantics and
//! detailed spatial information" (Selvaraju et al., section 3), on networks whose last map is 7x7 or
//! 14x14. On 32x32 images ConvNeXt-Tiny and EfficientNet-B0 end in a single cell, and a map of one cell
//! says nothing of where. Hence the deepest map of at least `least_side` cells either way, 4 by default:
//! the second of ConvNeXt-Tiny's four stages and the third of EfficientNet-B0's seven at 32x32; the last
//! of ResNet-SE there, and of all of them at 224x224.

use burn::tensor::Tensor;

use super::evidence::{map_gradient, rows_at_once, tensor};
use super::{Case, Map, MapKind, ParameterEntry};
use crate::model::Frozen;
use crate::{Error, Label, Result};

pub(super) const LEAST_SIDE: ParameterEntry = ParameterEntry {
    name: "least_side",
    summary: "the deepest feature map of at least this many cells either way is taken; 1 takes the last",
    default: 4.0,
    range: (1.0, 256.0),
    whole: true,
};

/// The stage whose map is the deepest of at least `least_side` cells, and its map `[batch, height',
/// width', channel]` of `pixels` `[batch, height, width, 3]`.
fn deepest(frozen: &Frozen, pixels: Tensor<4>, least_side: usize) -> Result<(usize, Tensor<4>)> {
    let mut deepest = None;
    let mut x = pixels;
    for stage in 0..frozen.stages() {
        x = frozen.stage(stage, x);
        let [_, height, width, _] = x.dims();
        if height.min(width) < least_side {
            break;
        }
        deepest = Some((stage, x.clone()));
    }
    let [_, height, width, _] = x.dims();
    deepest.ok_or_else(|| Error::Setting {
        setting: "least_side".into(),
        found: format!("{least_side}, more than the first feature map's {}", height.min(width)),
        expected: "at most that; a smaller number takes a deeper map".into(),
    })
}

/// The maps that `weigh` makes of feature maps and gradients, both `[batch, height', width', channel]`:
/// `[batch, height', width']` with what is negative cut off, enlarged to the images.
pub(super) fn explain(
    frozen: &Frozen,
    cases: &[Case],
    least_side: usize,
    weigh: impl Fn(Tensor<4>, Tensor<4>) -> Tensor<4>,
) -> Result<Vec<Map>> {
    let mut maps = Vec::with_capacity(cases.len());
    let Some(first) = cases.first() else { return Ok(maps) };
    let size = [first.image.height, first.image.width];
    for cases in cases.chunks(rows_at_once(&first.image, true)) {
        let pixels = tensor(cases.iter().map(|case| &case.image), frozen.detector().device());
        let classes: Vec<Label> = cases.iter().map(|case| case.class).collect();
        let map = |pixels: Tensor<4>| -> Result<Tensor<4>> {
            let (stage, features) = deepest(frozen, pixels, least_side)?;
            let gradients = map_gradient(frozen, stage, features.clone(), &classes);
            Ok(weigh(features, gradients))
        };
        let mut weighted = map(pixels.clone())?;
        if frozen.detector().test_time_flip {
            // Its log-odds are the mean over both views, and the evidence of each lies where its view shows it.
            weighted = (weighted + map(pixels.flip([2]))?.flip([2])) / 2.0;
        }
        let [_, height, width, _] = weighted.dims();
        let weighted: Vec<f32> = weighted.into_data().iter::<f32>().collect();
        for cells in weighted.chunks(height * width) {
            let rectified: Vec<f32> = cells.iter().map(|&value| if value < 0.0 { 0.0 } else { value }).collect();
            maps.push(Map::enlarged(&rectified, [height, width], size, MapKind::NonNegative));
        }
    }
    Ok(maps)
}
