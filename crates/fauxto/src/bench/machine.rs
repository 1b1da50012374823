//! What the machine can do at most, as far as our kernels reach it: the floors of all other times.

use std::time::Instant;

use burn::tensor::{Device, Tensor};
use serde::Serialize;

/// Rates of the CPU. The field names are stable.
#[derive(Clone, Debug, Serialize)]
pub struct Rates {
    /// Of a product of `f32` matrices `[4096, 1024]` and `[1024, 1024]`.
    pub multiply_adds_per_second: f64,
    /// Of reading arrays of several sizes again and again: small ones stay in cache.
    pub reads: Vec<ReadRate>,
    /// Threads at work.
    pub threads: usize,
}

/// How fast an array is read.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReadRate {
    /// Size of the array.
    pub bytes: usize,
    /// Read in a second.
    pub bytes_per_second: f64,
}

/// Sizes in bytes: from what caches hold to what none does.
const SIZES: [usize; 6] = [4 << 20, 16 << 20, 32 << 20, 64 << 20, 128 << 20, 512 << 20];
const ROUNDS: usize = 7;

/// Measures the rates: the best of several rounds, a second in all.
#[must_use]
pub fn rates() -> Rates {
    let device = Device::flex();
    let [rows, inner, columns]: [usize; 3] = [4096, 1024, 1024];
    let (x, weight) = (Tensor::<2>::ones([rows, inner], &device), Tensor::<2>::ones([columns, inner], &device));
    let seconds = least(|| drop(kernels::linear(x.clone(), weight.clone(), None)));
    let reads = SIZES.map(|bytes| {
        // Images of a quarter of a mebibyte; their means are all that is written.
        let images = Tensor::<4>::ones([bytes >> 18, 32, 32, 64], &device);
        let seconds = least(|| drop(kernels::global_average_pool(images.clone())));
        ReadRate { bytes, bytes_per_second: bytes as f64 / seconds }
    });
    Rates {
        multiply_adds_per_second: (rows * inner * columns) as f64 / seconds,
        reads: reads.to_vec(),
        threads: rayon::current_num_threads(),
    }
}

fn least(mut work: impl FnMut()) -> f64 {
    let mut time = || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(|_| time()).fold(f64::INFINITY, f64::min)
}
