//! PyTorch's pickled state dictionaries, read without executing anything.

use std::path::Path;

use pytorch_reader::{DType, PytorchReader};

use super::{NamedTensor, StateDict};
use crate::{Error, Result};

/// Dictionaries that training scripts wrap around a state dictionary.
const WRAPPERS: [&str; 3] = ["state_dict.", "model.", "state_dict_ema."];

pub(super) fn read(path: &Path) -> Result<StateDict> {
    let refuse = |found: String| {
        Error::input(
            path,
            found,
            "a PyTorch state dictionary of floating-point tensors",
            "save it with torch.save(model.state_dict(), ...) or as .safetensors",
        )
    };
    let reader = PytorchReader::new(path).map_err(|error| refuse(format!("no readable pickle ({error})")))?;
    let mut tensors = StateDict::new();
    for (name, tensor) in reader.into_tensors() {
        let bytes = tensor.read().map_err(|error| refuse(format!("tensor `{name}` that cannot be read ({error})")))?;
        let values = match tensor.dtype() {
            DType::F32 => chunks(&bytes, f32::from_le_bytes),
            DType::F64 => chunks(&bytes, |b| f64::from_le_bytes(b) as f32),
            DType::F16 => chunks(&bytes, |b| half::f16::from_le_bytes(b).to_f32()),
            DType::BF16 => chunks(&bytes, |b| half::bf16::from_le_bytes(b).to_f32()),
            // Counters such as `num_batches_tracked`, which no computation reads.
            _ => continue,
        };
        let shape = tensor.shape().to_vec();
        tensors.insert(unwrapped(&name).to_owned(), NamedTensor { shape, values });
    }
    if tensors.is_empty() {
        return Err(refuse("no tensors".into()));
    }
    Ok(tensors)
}

fn unwrapped(name: &str) -> &str {
    WRAPPERS.iter().find_map(|wrapper| name.strip_prefix(wrapper)).unwrap_or(name)
}

pub(super) fn chunks<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| decode(*chunk)).collect()
}
