//! Times of the detectors' typical layers at batch 128, forward and backward, kernel and twin.
//!
//! `cargo bench -p kernels [-- FILTER]` prints the least of several runs: elapsed time, the time all
//! threads together spent on a processor (which other programs do not lengthen as they do the
//! former; on Linux), and operations, or for element-wise layers values, per second of the latter.
//! Set `RAYON_NUM_THREADS` to choose the threads, `HALF=1` for products in bf16, and `TWIN=1` to time the twins as well.
#![allow(clippy::print_stdout)]

use burn::tensor::{Device, Distribution, Tensor};
use kernels::{Precision, multiply_in};
use std::time::Instant;

const RUNS: usize = 9;

/// Elapsed and processor time.
struct Clock {
    start: Instant,
    processor: f64,
}

impl Clock {
    fn now() -> Self {
        Self { start: Instant::now(), processor: processor_milliseconds() }
    }

    fn elapsed(&self) -> [f64; 2] {
        [self.start.elapsed().as_secs_f64() * 1e3, processor_milliseconds() - self.processor]
    }
}

/// Time this process's threads have spent on a processor, as Linux counts it; elsewhere 0.
fn processor_milliseconds() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    tasks
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|stat| stat.split(' ').next()?.parse::<f64>().ok())
        .sum::<f64>()
        / 1e6
}

struct Timer {
    filter: Option<String>,
    twin: bool,
    precision: Precision,
}

impl Timer {
    /// Times the forward pass and the backward pass of `function` at `x` and `weight`.
    fn layer<const D: usize, const W: usize>(
        &self,
        name: &str,
        operations: f64,
        x: [usize; D],
        weight: [usize; W],
        kernel: impl Fn(Tensor<D>, Tensor<W>) -> Tensor<D>,
        twin: impl Fn(Tensor<D>, Tensor<W>) -> Tensor<D>,
    ) {
        if self.filter.as_ref().is_some_and(|f| !name.contains(f.as_str())) {
            return;
        }
        let device = Device::flex().autodiff();
        let x = Tensor::random(x, Distribution::Normal(0.0, 1.0), &device);
        let weight = Tensor::random(weight, Distribution::Normal(0.0, 0.05), &device);
        let measure = |function: &dyn Fn(Tensor<D>, Tensor<W>) -> Tensor<D>| {
            let (mut forward, mut backward, mut ones) = (vec![], vec![], vec![]);
            for _ in 0..RUNS {
                let (x, weight) = (x.clone().detach().require_grad(), weight.clone().detach().require_grad());
                let start = Clock::now();
                let y = multiply_in(self.precision, || function(x, weight));
                forward.push(start.elapsed());
                let start = Clock::now();
                drop(Tensor::<D>::ones(y.dims(), &Device::flex()));
                ones.push(start.elapsed());
                let start = Clock::now();
                let gradients = y.backward();
                backward.push(start.elapsed());
                drop(gradients);
            }
            // The backward pass starts from a tensor of ones, which no training step allocates.
            let least = |times: &[[f64; 2]], i: usize| times.iter().map(|t| t[i]).fold(f64::INFINITY, f64::min);
            let [wall, processor] =
                [0, 1].map(|i| [least(&forward, i), (least(&backward, i) - least(&ones, i)).max(0.0)]);
            let rate = |factor: f64, ms: f64| factor * operations / ms / 1e6;
            println!(
                "{name:32} forward {:8.3} ms, processor {:8.3} ms, {:4.0} G/s   backward {:8.3} ms, processor {:8.3} ms, {:4.0} G/s",
                wall[0],
                processor[0],
                rate(1.0, processor[0]),
                wall[1],
                processor[1],
                rate(2.0, processor[1]),
            );
        };
        measure(&kernel);
        if self.twin {
            print!("  twin: ");
            measure(&twin);
        }
    }
}

fn main() {
    let timer = Timer {
        filter: std::env::args().skip(1).find(|a| !a.starts_with('-')),
        twin: std::env::var_os("TWIN").is_some(),
        precision: if std::env::var_os("HALF").is_some() { Precision::Half } else { Precision::Single },
    };
    for (size, inputs, outputs, kernel, stride, padding) in [
        (32, 3, 64, 3, 1, 1),
        (32, 64, 64, 3, 1, 1),
        (32, 64, 128, 3, 2, 1),
        (16, 128, 128, 3, 1, 1),
        (8, 256, 256, 3, 1, 1),
        (4, 512, 512, 3, 1, 1),
        (32, 3, 96, 4, 4, 0),
        (8, 96, 192, 2, 2, 0),
        (16, 32, 16, 1, 1, 0),
        (16, 16, 96, 1, 1, 0),
        (4, 240, 40, 1, 1, 0),
        (1, 192, 1152, 1, 1, 0),
    ] {
        let out = (size + 2 * padding - kernel) / stride + 1;
        let operations = 2.0 * (128 * out * out * kernel * kernel * inputs * outputs) as f64;
        timer.layer(
            &format!("conv {kernel}x{kernel}/{stride} {inputs}-{outputs} at {size}"),
            operations,
            [128, size, size, inputs],
            [outputs, inputs, kernel, kernel],
            |x, w| kernels::conv2d(x, w, None, stride, padding),
            |x, w| kernels::twin::conv2d(x, w, None, stride, padding),
        );
    }
    for (rows, inputs, outputs) in
        [(8192, 96, 384), (8192, 384, 96), (2048, 768, 192), (512, 384, 1536), (128, 3072, 768)]
    {
        timer.layer(
            &format!("linear {inputs}-{outputs}, {rows} rows"),
            2.0 * (rows * inputs * outputs) as f64,
            [rows, inputs],
            [outputs, inputs],
            |x, w| kernels::linear(x, w, None),
            |x, w| kernels::twin::linear(x, w, None),
        );
    }
    for (size, channels, kernel, stride) in [
        (8, 96, 7, 1),
        (4, 192, 7, 1),
        (2, 384, 7, 1),
        (1, 768, 7, 1),
        (16, 32, 3, 1),
        (16, 96, 3, 2),
        (8, 144, 3, 1),
        (4, 240, 5, 1),
        (2, 672, 5, 1),
        (1, 1152, 5, 1),
    ] {
        let padding = kernel / 2;
        timer.layer(
            &format!("depthwise {kernel}x{kernel}/{stride} {channels} at {size}"),
            2.0 * (128 * usize::pow(size / stride, 2) * kernel * kernel * channels) as f64,
            [128, size, size, channels],
            [channels, 1, kernel, kernel],
            |x, w| kernels::depthwise_conv2d(x, w, None, stride, padding),
            |x, w| kernels::twin::depthwise_conv2d(x, w, None, stride, padding),
        );
    }
    for (size, channels) in [(32, 64), (16, 128), (8, 256), (4, 512), (8, 96), (1, 1152)] {
        let values = (128 * size * size * channels) as f64;
        let shape = [128, size, size, channels];
        timer.layer(
            &format!("batch norm {channels} at {size}"),
            values,
            shape,
            [channels],
            |x, w| kernels::batch_norm_train(x, w.clone(), w, 1e-5).output,
            |x, w| kernels::twin::batch_norm_train(x, w.clone(), w, 1e-5).output,
        );
        timer.layer(
            &format!("layer norm {channels} at {size}"),
            values,
            shape,
            [channels],
            |x, w| kernels::layer_norm(x, w.clone(), w, 1e-5),
            |x, w| kernels::twin::layer_norm(x, w.clone(), w, 1e-5),
        );
        type Activation = fn(Tensor<4>) -> Tensor<4>;
        let activations: [(&str, Activation, Activation); 3] = [
            ("relu", kernels::relu, kernels::twin::relu),
            ("gelu", kernels::gelu, kernels::twin::gelu),
            ("silu", kernels::silu, kernels::twin::silu),
        ];
        for (name, kernel, twin) in activations {
            timer.layer(&format!("{name} {channels} at {size}"), values, shape, [1], |x, _| kernel(x), |x, _| twin(x));
        }
    }
}
