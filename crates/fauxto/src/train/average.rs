//! A moving average of the weights and running statistics of a detector in training (Polyak & Juditsky 1992), which
//! judges better than the weights of any one step.

use rayon::prelude::*;

use crate::model::Parameters;
use crate::model::weights::{self, StateDict};

/// Steps between two updates. Every step would cost a reading of all weights; a decay of .999 forgets nothing in four.
const INTERVAL: u64 = 4;

/// Values that one thread moves at a time.
const PIECE: usize = 32 * 1024;

/// Moves `average` towards the weights of `network` after update number `updates`, from 1. `decay` is the share kept
/// a step. Early on less is kept, at most `(1 + updates) / (10 + updates)`, so that the initial weights are soon
/// forgotten (TensorFlow's `ExponentialMovingAverage`).
pub(super) fn update(average: &mut StateDict, network: &dyn Parameters, decay: f64, updates: u64) {
    if average.is_empty() {
        *average = weights::collect(network);
        return;
    }
    if !updates.is_multiple_of(INTERVAL) {
        return;
    }
    let kept = decay.min((1 + updates) as f64 / (10 + updates) as f64).powi(INTERVAL as i32) as f32;
    network.visit(&mut |parameter| {
        let Some(mean) = average.get_mut(parameter.name) else { return };
        let now = parameter.tensor.into_data().convert::<f32>();
        let now = now.as_slice::<f32>().expect("converted");
        mean.values.par_chunks_mut(PIECE).zip(now.par_chunks(PIECE)).for_each(|(mean, now)| {
            mean.iter_mut().zip(now).for_each(|(mean, now)| *mean = now + kept * (*mean - now));
        });
    });
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::model::{Detector, model};

    #[test]
    fn an_average_of_one_network_is_that_network_and_of_two_lies_between() {
        let device = Device::flex();
        let network = |seed| Detector::new(model("resnet_se_small").unwrap(), 32, seed, &device).network;
        let (first, second) = (network(1), network(2));
        let mut average = StateDict::new();
        update(&mut average, first.as_ref(), 0.5, 1);
        let start = average.clone();
        update(&mut average, first.as_ref(), 0.5, 4);
        assert_eq!(average, start);
        update(&mut average, second.as_ref(), 0.5, 8);
        let end = weights::collect(second.as_ref());
        // A half a step, four steps: a sixteenth of the first is left.
        for (name, mean) in &average {
            for ((mean, a), b) in mean.values.iter().zip(&start[name].values).zip(&end[name].values) {
                assert!((mean - (b + (a - b) / 16.0)).abs() < 1e-6, "{name}");
            }
        }
        update(&mut average, first.as_ref(), 0.5, 9);
        assert_ne!(average, start, "between two updates nothing moves");
    }
}
