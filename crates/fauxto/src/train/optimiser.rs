//! AdamW over named parameters, and the moving averages of batch normalisation.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use burn::module::ParamId;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use kernels::AdamWStep;

use crate::model::Parameters;
use crate::model::layer::BATCH_NORM_MOMENTUM;
use crate::model::pass::BatchStatistics;
use crate::model::weights::{NamedTensor, StateDict};
use crate::{Error, Result};

/// Shares of the moments kept a step; PyTorch's default.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;
const MOMENTS: [&str; 2] = ["first_moment.", "second_moment."];

/// AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) with PyTorch's defaults and conventions.
#[derive(Debug)]
pub struct AdamW {
    betas: [f64; 2],
    steps: u64,
    moments: BTreeMap<String, [Tensor<1>; 2]>,
}

impl Default for AdamW {
    fn default() -> Self {
        Self::with_betas(BETAS)
    }
}

impl AdamW {
    /// Keeping these shares, in `0..1`, of the first and the second moment a step.
    #[must_use]
    pub fn with_betas(betas: [f64; 2]) -> Self {
        Self { betas, steps: 0, moments: BTreeMap::new() }
    }

    /// Updates taken so far.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Moves every parameter of `network` by its gradient, and every running statistic by what its
    /// layer saw.
    pub fn step(
        &mut self,
        network: &mut dyn Parameters,
        gradients: &mut Gradients,
        statistics: Vec<BatchStatistics>,
        learning_rate: f64,
        weight_decay: f64,
    ) {
        self.steps += 1;
        let step = AdamWStep {
            learning_rate,
            beta_1: self.betas[0],
            beta_2: self.betas[1],
            epsilon: EPSILON,
            weight_decay,
            step: self.steps,
        };
        let mut seen: HashMap<ParamId, Tensor<1>> = statistics
            .into_iter()
            .flat_map(|layer| [(layer.running_mean, layer.mean), (layer.running_variance, layer.variance)])
            .collect();
        network.replace_with_gradients(gradients, &mut |parameter| {
            if let Some(gradient) = parameter.gradient {
                let [first, second] = self.moments.remove(parameter.name).unwrap_or_else(|| {
                    let zeros = || Tensor::zeros(parameter.tensor.shape(), &parameter.tensor.device());
                    [zeros(), zeros()]
                });
                let (moved, first, second) = kernels::adamw(parameter.tensor, gradient, first, second, &step);
                self.moments.insert(parameter.name.to_owned(), [first, second]);
                moved
            } else if let Some(batch) = seen.remove(&parameter.id) {
                parameter.tensor.mul_scalar(1.0 - BATCH_NORM_MOMENTUM) + batch.mul_scalar(BATCH_NORM_MOMENTUM)
            } else {
                parameter.tensor
            }
        });
    }

    /// Its moments under the parameters' names, prefixed, for a file.
    #[must_use]
    pub fn to_tensors(&self) -> StateDict {
        let mut tensors = StateDict::new();
        for (name, moments) in &self.moments {
            for (prefix, moment) in MOMENTS.iter().zip(moments) {
                let values: Vec<f32> = moment.to_data().iter::<f32>().collect();
                tensors.insert(format!("{prefix}{name}"), NamedTensor { shape: vec![values.len()], values });
            }
        }
        tensors
    }

    /// What [`AdamW::to_tensors`] gave, taken out of `tensors` (read from `path`).
    ///
    /// # Errors
    /// If a first moment lacks its second.
    pub fn from_tensors(steps: u64, tensors: &mut StateDict, path: &Path, device: &Device) -> Result<Self> {
        let mut moments = BTreeMap::new();
        let names: Vec<String> =
            tensors.keys().filter_map(|name| name.strip_prefix(MOMENTS[0])).map(str::to_owned).collect();
        for name in names {
            let mut take = |prefix: &str| {
                let tensor = tensors.remove(&format!("{prefix}{name}")).ok_or_else(|| {
                    Error::input(
                        path,
                        format!("no `{prefix}{name}`"),
                        "the state of an interrupted run",
                        "start the run again without --resume",
                    )
                })?;
                let count = tensor.values.len();
                Ok::<_, Error>(Tensor::from_data(TensorData::new(tensor.values, [count]), device))
            };
            let pair = [take(MOMENTS[0])?, take(MOMENTS[1])?];
            moments.insert(name, pair);
        }
        Ok(Self { steps, moments, ..Self::default() })
    }
}
