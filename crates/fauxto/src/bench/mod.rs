//! How long a training step or an inference takes, on random pixels, and how much memory.

mod machine;
mod memory;

pub use machine::{Rates, ReadRate, rates};
pub use memory::peak_memory;

use std::time::Instant;

use burn::tensor::{Device, Tensor, TensorData};
use rand::RngExt;
use serde::Serialize;

use crate::config::Config;
use crate::model::{Detector, ModelEntry, Pass, Precision};
use crate::train::batch::{self, Example};
use crate::train::cross_entropy;
use crate::train::optimiser::AdamW;
use crate::{Label, random};

/// Steps before the clock counts: caches, thread pool and allocator settle.
const WARM_UP: usize = 2;

/// What to time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// Forward, backward and AdamW.
    Train,
    /// Forward of a frozen detector, pixels to probabilities.
    Infer,
}

/// Times of one workload. The field names are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Timing {
    /// What was timed.
    pub workload: Workload,
    /// Architecture.
    pub model: &'static str,
    /// Images a step.
    pub batch: usize,
    /// Side of the square input, in pixels.
    pub input_size: usize,
    /// Steps timed.
    pub steps: usize,
    /// Median over the steps.
    pub median_seconds: f64,
    /// Fastest step.
    pub minimum_seconds: f64,
    /// Slowest step.
    pub maximum_seconds: f64,
    /// What inference multiplied in.
    pub precision: &'static str,
    /// Threads at work.
    pub threads: usize,
    /// Device, by its name in the registry.
    pub device: String,
    /// Largest resident set of the process until now, in bytes; null where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

/// Times `steps` (at least 1) steps of `workload`, multiplying in `precision`, after two that do not count.
#[must_use]
pub fn time(
    workload: Workload,
    entry: &'static ModelEntry,
    batch: usize,
    input_size: usize,
    steps: usize,
    precision: Precision,
    (device_name, device): (&str, &Device),
) -> Timing {
    let mut stream = random::stream(0, "bench", &[]);
    let values: Vec<f32> = (0..batch * input_size * input_size * 3).map(|_| stream.random_range(0.0..1.0)).collect();
    let values = TensorData::new(values, [batch, input_size, input_size, 3]);
    let mut seconds = match workload {
        Workload::Train => train(entry, input_size, &values, steps, precision, &device.clone().autodiff()),
        Workload::Infer => infer(entry, input_size, &values, steps, precision, device),
    };
    seconds.sort_by(f64::total_cmp);
    Timing {
        workload,
        model: entry.name,
        batch,
        input_size,
        steps: seconds.len(),
        median_seconds: (seconds[seconds.len() / 2] + seconds[(seconds.len() - 1) / 2]) / 2.0,
        minimum_seconds: seconds[0],
        maximum_seconds: seconds[seconds.len() - 1],
        precision: precision.on(device).name(),
        threads: rayon::current_num_threads(),
        device: device_name.to_owned(),
        peak_memory_bytes: peak_memory(),
    }
}

fn train(
    entry: &'static ModelEntry,
    input_size: usize,
    values: &TensorData,
    steps: usize,
    precision: Precision,
    device: &Device,
) -> Vec<f64> {
    let config = Config::default();
    let mut detector = Detector::new(entry, input_size, config.seed, device);
    let mut optimiser = AdamW::default();
    let examples: Vec<Example> = (0..values.shape()[0])
        .map(|index| Example { index, label: if index % 2 == 0 { Label::Real } else { Label::Fake } })
        .collect();
    let mut step = || {
        let pixels = Tensor::from_data(values.clone(), device);
        let pass = Pass::training(config.seed, optimiser.steps());
        let logits = kernels::multiply_in(precision, || detector.logits(pixels, &pass));
        let loss = cross_entropy(logits, batch::labels(&examples, device));
        let mut gradients = loss.backward();
        let train = &config.train;
        let (network, statistics) = (detector.network.as_mut(), pass.into_statistics());
        optimiser.step(network, &mut gradients, statistics, train.learning_rate, train.weight_decay);
        let _: f32 = loss.into_scalar();
    };
    timed(steps, || kernels::on_worker(device, &mut step))
}

fn infer(
    entry: &'static ModelEntry,
    input_size: usize,
    values: &TensorData,
    steps: usize,
    precision: Precision,
    device: &Device,
) -> Vec<f64> {
    let frozen = Detector::new(entry, input_size, 0, device).freeze().in_precision(precision);
    timed(steps, || {
        let probabilities = frozen.probability_fake(Tensor::from_data(values.clone(), device));
        assert_eq!(probabilities.len(), values.shape()[0], "one probability an image");
    })
}

fn timed(steps: usize, mut step: impl FnMut()) -> Vec<f64> {
    (0..WARM_UP).for_each(|_| step());
    (0..steps.max(1))
        .map(|_| {
            let start = Instant::now();
            step();
            start.elapsed().as_secs_f64()
        })
        .collect()
}
