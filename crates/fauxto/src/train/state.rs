//! Everything a run must remember to go on as if nothing had happened.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::history::EpochRecord;
use super::optimiser::AdamW;
use crate::model::weights::{self, ClassifierPolicy, Precision, StateDict};
use crate::model::{Detector, Parameters};
use crate::{Error, Result};

const PARAMETER: &str = "parameter.";
const AVERAGE: &str = "average.";
const BEST: &str = "best.";

/// Where a run stands. Besides the tensors, all of it is small and kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epoch in progress, from 0.
    pub epoch: usize,
    /// Steps of that epoch that are done.
    pub step: usize,
    /// Sum of the losses of those steps, weighted by images.
    pub loss_sum: f64,
    /// Training images of those steps judged right.
    pub right: usize,
    /// Training images of those steps.
    pub seen: usize,
    /// Updates taken in all.
    pub updates: u64,
    /// Epochs that are done.
    pub history: Vec<EpochRecord>,
    /// The best epoch so far (from 1) and its [`EpochRecord::score`].
    pub best: Option<(usize, f64)>,
    /// Epochs since then.
    pub epochs_without_improvement: usize,
    /// How often the step size was reduced on a plateau.
    pub reductions: u32,
    /// Epochs without improvement when it was last reduced.
    pub reduced_at: usize,
    /// Whether the run has come to its end.
    pub finished: bool,
    /// Seconds of training up to here, over all calls of the program.
    #[serde(default)]
    pub seconds: f64,
}

/// A run between two steps.
#[derive(Debug)]
pub struct State {
    /// Where it stands.
    pub progress: Progress,
    /// The detector as it is.
    pub detector: Detector,
    /// The optimiser as it is.
    pub optimiser: AdamW,
    /// The moving average of its weights, empty where none is kept.
    pub average: StateDict,
    /// Parameters of the best epoch so far.
    pub best: Option<StateDict>,
}

impl State {
    /// Writes the state, whole or not at all. `fingerprint` names the configuration and data.
    ///
    /// # Errors
    /// If the file cannot be written; the previous state is still there then.
    pub fn save(&self, path: &Path, fingerprint: &str) -> Result<()> {
        let mut tensors = self.optimiser.to_tensors();
        let mut add = |prefix: &str, dict: &StateDict| {
            tensors.extend(dict.iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor.clone())));
        };
        add(PARAMETER, &weights::collect(self.detector.network.as_ref()));
        add(AVERAGE, &self.average);
        if let Some(best) = &self.best {
            add(BEST, best);
        }
        let progress = serde_json::to_string(&self.progress).map_err(|error| {
            Error::input(path, error.to_string(), "progress JSON can hold", "report this as a defect")
        })?;
        let metadata =
            BTreeMap::from([("fingerprint".to_owned(), fingerprint.to_owned()), ("progress".to_owned(), progress)]);
        weights::write_safetensors(path, &tensors, &metadata, Precision::F32)
    }

    /// The detector that is judged: of averaged weights where there are any.
    ///
    /// # Errors
    /// Never for a state of one run.
    pub fn judged(&self, path: &Path) -> Result<Detector> {
        let mut detector = self.detector.to_inference();
        if !self.average.is_empty() {
            assign(detector.network.as_mut(), self.average.clone(), path)?;
        }
        Ok(detector)
    }

    /// Reads a state into `detector`, which has the same architecture.
    ///
    /// # Errors
    /// If the file is not a state, or belongs to another configuration or other data.
    pub fn load(path: &Path, fingerprint: &str, mut detector: Detector) -> Result<Self> {
        let (mut tensors, metadata) = weights::read_safetensors(path)?;
        let refuse = |found: &str| {
            Error::input(
                path,
                found,
                "the state of this very run",
                "resume with the same data and settings, or start anew in another folder",
            )
        };
        if metadata.get("fingerprint").map(String::as_str) != Some(fingerprint) {
            return Err(refuse("the state of a run with other settings or data"));
        }
        let progress: Progress = metadata
            .get("progress")
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| refuse("no readable progress"))?;
        let device: Device = detector.device().clone().without_autodiff();
        let optimiser = AdamW::from_tensors(progress.updates, &mut tensors, path, &device)?;
        let best = take(&mut tensors, BEST);
        let average = take(&mut tensors, AVERAGE);
        let parameters = take(&mut tensors, PARAMETER);
        assign(detector.network.as_mut(), parameters, path)?;
        let best = (!best.is_empty()).then_some(best);
        Ok(Self { progress, detector, optimiser, average, best })
    }
}

fn take(tensors: &mut StateDict, prefix: &str) -> StateDict {
    let names: Vec<String> = tensors.keys().filter(|name| name.starts_with(prefix)).cloned().collect();
    names.into_iter().filter_map(|name| Some((name[prefix.len()..].to_owned(), tensors.remove(&name)?))).collect()
}

fn assign(network: &mut dyn Parameters, parameters: StateDict, path: &Path) -> Result<()> {
    weights::assign(network, parameters, path, "", ClassifierPolicy::Exact).map(|_| ())
}
