//! What a forward pass is for. Training behaviour (batch statistics, dropout) is an argument of the
//! pass and not a flag inside the model, so a model cannot be left in the wrong mode: whoever does
//! not hold a training pass cannot disturb running statistics.

use std::cell::{Cell, RefCell};

use burn::module::ParamId;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;

use crate::random;

/// The purpose of one forward pass, with what that purpose needs or collects.
#[derive(Debug)]
pub struct Pass {
    training: Option<Training>,
}

#[derive(Debug)]
struct Training {
    seed: u64,
    step: u64,
    dropout: bool,
    dropout_site: Cell<u64>,
    statistics: RefCell<Vec<BatchStatistics>>,
}

/// Mean and unbiased variance of one batch in one normalisation layer.
#[derive(Debug)]
pub struct BatchStatistics {
    /// The layer's running mean.
    pub running_mean: ParamId,
    /// The layer's running variance.
    pub running_variance: ParamId,
    /// Batch mean, `[channel]`.
    pub mean: Tensor<1>,
    /// Unbiased batch variance, `[channel]`.
    pub variance: Tensor<1>,
}

impl Pass {
    /// Judging, attacking, explaining: running statistics, no dropout, nothing recorded.
    #[must_use]
    pub fn inference() -> Self {
        Self { training: None }
    }

    /// Learning: batch statistics and dropout, whose masks depend on `seed` and `step` alone.
    #[must_use]
    pub fn training(seed: u64, step: u64) -> Self {
        Self::with_training(seed, step, true)
    }

    /// Learning with every dropout probability taken as 0; for comparisons with other frameworks,
    /// whose random masks cannot be reproduced.
    #[must_use]
    pub fn training_without_dropout() -> Self {
        Self::with_training(0, 0, false)
    }

    fn with_training(seed: u64, step: u64, dropout: bool) -> Self {
        Self {
            training: Some(Training {
                seed,
                step,
                dropout,
                dropout_site: Cell::new(0),
                statistics: RefCell::new(Vec::new()),
            }),
        }
    }

    /// Whether this pass learns.
    #[must_use]
    pub fn is_training(&self) -> bool {
        self.training.is_some()
    }

    /// Notes a layer's batch statistics. Does nothing in inference.
    pub(super) fn record(&self, statistics: BatchStatistics) {
        if let Some(training) = &self.training {
            training.statistics.borrow_mut().push(statistics);
        }
    }

    /// The batch statistics noted so far, in the order of the layers.
    #[must_use]
    pub fn into_statistics(self) -> Vec<BatchStatistics> {
        self.training.map_or_else(Vec::new, |training| training.statistics.into_inner())
    }

    /// Inverted dropout (Srivastava et al. 2014): zeroes elements of `x` `[batch, channel]` with
    /// `probability` in `0..1` and scales the rest by `1 / (1 - probability)`; identity in inference.
    #[must_use]
    pub fn dropout(&self, x: Tensor<2>, probability: f64) -> Tensor<2> {
        let Some(training) = self.training.as_ref().filter(|t| t.dropout && probability > 0.0) else {
            return x;
        };
        let site = training.dropout_site.get();
        training.dropout_site.set(site + 1);
        let mut stream = random::stream(training.seed, "dropout", &[training.step, site]);
        let [batch, channels] = x.dims();
        let kept = (1.0 / (1.0 - probability)) as f32;
        let mask: Vec<f32> =
            (0..batch * channels).map(|_| if stream.random_bool(probability) { 0.0 } else { kept }).collect();
        let mask = Tensor::from_data(TensorData::new(mask, [batch, channels]), &x.device());
        x * mask
    }
}
