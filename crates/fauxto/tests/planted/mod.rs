//! A detector whose evidence is known: it looks for a 4x4 checkerboard and for nothing else, so a patch
//! of checkerboard alone decides that an image is fake.

use burn::module::ParamId;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use fauxto::image::FloatImage;
use fauxto::model::network::{ParameterValue, ParameterView};
use fauxto::model::{Detector, Frozen, ModelEntry, Network, Parameters, Pass, Start};
use fauxto::random;
use rand::RngExt;

const CELL: usize = 4;
const SIDE: usize = 32;
/// Response of the filter, after normalisation, below which a cell is silent. A checkerboard of full
/// contrast gives about 2.2.
const THRESHOLD: f64 = 1.0;
/// What the mean response over 64 cells counts, and the log-odds without any.
const GAIN: f64 = 120.0;
const BIAS: f64 = 3.0;

static ENTRY: ModelEntry = ModelEntry {
    name: "planted",
    summary: "looks for a checkerboard",
    source: "this test",
    classifier: "none",
    build: |_, start, device| {
        let count = 3 * CELL * CELL;
        let values = match start {
            Start::Zeros => vec![0.0; count],
            Start::Drawn(seed) => {
                let mut stream = random::stream(seed, "planted", &[]);
                (0..count).map(|_| stream.random_range(-0.1..0.1)).collect()
            }
        };
        Box::new(Planted { weight: filter(values, device), id: ParamId::new() })
    },
    deepen: None,
};

#[derive(Clone, Debug)]
struct Planted {
    /// `[1, 3, 4, 4]`.
    weight: Tensor<4>,
    id: ParamId,
}

fn filter(values: Vec<f32>, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values, [1, 3, CELL, CELL]), device)
}

fn sign(y: usize, x: usize) -> f32 {
    if (y + x).is_multiple_of(2) { 1.0 } else { -1.0 }
}

/// The detector.
pub(crate) fn frozen() -> Frozen {
    let device = Device::flex();
    let mut detector = Detector::new(&ENTRY, SIDE, 0, &device);
    let board = (0..3 * CELL * CELL).map(|index| sign(index / CELL % CELL, index % CELL) / 48.0).collect();
    let board: Tensor<1> = filter(board, &device).flatten(0, 3);
    detector.network.replace(&mut |_| board.clone());
    detector.freeze()
}

/// Smooth images with a patch of 8x8 checkerboard whose upper left corner is the cell given with each.
pub(crate) fn images(count: usize) -> Vec<(FloatImage, [usize; 2])> {
    (0..count)
        .map(|number| {
            let mut stream = random::stream(1, "planted images", &[number as u64]);
            let corner = [0, 1].map(|_| stream.random_range(0..SIDE / CELL - 1) * CELL);
            let waves: [f32; 6] = std::array::from_fn(|_| stream.random_range(0.0..6.0));
            let pixel = |index: usize| {
                let (y, x) = (index / SIDE, index % SIDE);
                let inside = (corner[0]..corner[0] + 8).contains(&y) && (corner[1]..corner[1] + 8).contains(&x);
                [0, 1, 2].map(|channel| {
                    let smooth = (y as f32 / 9.0 + waves[channel]).sin() + (x as f32 / 11.0 + waves[channel + 3]).cos();
                    if inside { 0.5 + 0.5 * sign(y, x) } else { 0.5 + 0.2 * smooth }
                })
            };
            let pixels = (0..SIDE * SIDE).flat_map(pixel).collect();
            (FloatImage { width: SIDE, height: SIDE, pixels }, corner)
        })
        .collect()
}

/// The share of the positive values of `values` `[32, 32]` that lies in the patch.
pub(crate) fn share_in_patch(values: &[f32], corner: [usize; 2]) -> f32 {
    let (mut inside, mut all) = (0.0, 0.0);
    for (index, value) in values.iter().map(|value| value.max(0.0)).enumerate() {
        let (y, x) = (index / SIDE, index % SIDE);
        all += value;
        if (corner[0]..corner[0] + 8).contains(&y) && (corner[1]..corner[1] + 8).contains(&x) {
            inside += value;
        }
    }
    inside / all
}

impl Parameters for Planted {
    fn visit(&self, visit: &mut dyn FnMut(ParameterView<'_>)) {
        let tensor = self.weight.clone().flatten(0, 3);
        visit(ParameterView { name: "weight", id: self.id, shape: &self.weight.dims(), tensor });
    }

    fn visit_gradients(&self, _: &Gradients, _: &mut dyn FnMut(&str, Tensor<1>)) {}

    fn replace(&mut self, replace: &mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>) {
        let (shape, tensor) = (self.weight.dims(), self.weight.clone().flatten(0, 3));
        let value = ParameterValue { name: "weight", id: self.id, shape: &shape, tensor, gradient: None };
        self.weight = replace(value).reshape(shape);
    }

    fn replace_with_gradients(&mut self, _: &mut Gradients, replace: &mut dyn FnMut(ParameterValue<'_>) -> Tensor<1>) {
        self.replace(replace);
    }
}

impl Network for Planted {
    fn stages(&self) -> usize {
        1
    }

    fn stage(&self, _: usize, x: Tensor<4>, _: &Pass) -> Tensor<4> {
        kernels::relu(kernels::conv2d(x, self.weight.clone(), None, CELL, 0) - THRESHOLD)
    }

    fn head(&self, features: Tensor<4>, _: &Pass) -> Tensor<2> {
        let fake = kernels::global_average_pool(features) * GAIN - BIAS;
        Tensor::cat(vec![-fake.clone(), fake], 1) * 0.5
    }

    fn to_inference(&self) -> Box<dyn Network> {
        Box::new(self.clone())
    }

    fn to_device(&self, device: &Device) -> Box<dyn Network> {
        Box::new(Self { weight: self.weight.clone().to_device(device), id: self.id })
    }
}
