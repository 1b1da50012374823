//! Moving named tensors in and out of a network.

use super::{NamedTensor, StateDict};
use crate::model::Parameters;
use crate::{Error, Result};
use burn::tensor::{Tensor, TensorData};
use std::path::Path;

/// What to do when the file's last layer has another number of classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassifierPolicy {
    /// Refuse: this is a checkpoint of the same task.
    Exact,
    /// Keep the freshly drawn last layer: transfer learning.
    KeepOwnIfDifferent,
}

/// What [`assign`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assignment {
    /// Parameters and buffers taken from the file.
    pub taken: usize,
    /// Those of the last layer left as drawn.
    pub kept: Vec<String>,
    /// Tensors of the file that the architecture has no place for.
    pub unused: Vec<String>,
}

/// All parameters and buffers of `network` by name.
#[must_use]
pub fn collect(network: &dyn Parameters) -> StateDict {
    let mut tensors = StateDict::new();
    network.visit(&mut |parameter| {
        let shape = parameter.shape.to_vec();
        let values = parameter.tensor.into_data().iter::<f32>().collect();
        tensors.insert(parameter.name.to_owned(), NamedTensor { shape, values });
    });
    tensors
}

/// Puts `tensors` (read from `path`) into `network`, whose last layer is called `classifier`.
///
/// # Errors
/// If a tensor is missing, has another shape, or holds values that are not finite. The network is
/// unchanged then.
pub fn assign(
    network: &mut dyn Parameters,
    mut tensors: StateDict,
    path: &Path,
    classifier: &str,
    policy: ClassifierPolicy,
) -> Result<Assignment> {
    let mut assignment = Assignment::default();
    let mut problems = Vec::new();
    let own_classifier = format!("{classifier}.");
    let differs = policy == ClassifierPolicy::KeepOwnIfDifferent && {
        let mut differs = false;
        network.visit(&mut |parameter| {
            differs |= parameter.name.starts_with(&own_classifier)
                && tensors.get(parameter.name).is_none_or(|tensor| tensor.shape != parameter.shape);
        });
        differs
    };
    network.visit(&mut |parameter| {
        let name = parameter.name;
        if differs && name.starts_with(&own_classifier) {
            tensors.remove(name);
            assignment.kept.push(name.to_owned());
            return;
        }
        match tensors.get(name) {
            None => problems.push(format!("`{name}` is missing")),
            Some(tensor) if tensor.shape != parameter.shape => {
                problems.push(format!("`{name}` has shape {:?}, not {:?}", tensor.shape, parameter.shape));
            }
            Some(tensor) if !tensor.values.iter().all(|value| value.is_finite()) => {
                problems.push(format!("`{name}` holds values that are not finite"));
            }
            Some(_) => {}
        }
    });
    if !problems.is_empty() {
        let more = problems.len().saturating_sub(3);
        let mut found = problems.into_iter().take(3).collect::<Vec<_>>().join("; ");
        if more > 0 {
            found.push_str(&format!("; and {more} more"));
        }
        return Err(Error::input(
            path,
            found,
            "the weights of this architecture under timm's names",
            "check that the file belongs to the model named",
        ));
    }
    network.replace(&mut |parameter| match tensors.remove(parameter.name) {
        None => parameter.tensor,
        Some(tensor) => {
            assignment.taken += 1;
            let count = tensor.values.len();
            Tensor::from_data(TensorData::new(tensor.values, [count]), &parameter.tensor.device())
        }
    });
    assignment.unused = tensors.into_keys().collect();
    Ok(assignment)
}
