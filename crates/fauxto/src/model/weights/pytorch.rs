//! PyTorch's pickled state dictionaries, read without executing anything.

use std::path::Path;

use pytorch_reader::{DType, PytorchReader};

use super::{NamedTensor, StateDict};
use crate::{Error, Result};

/// Dictionaries that training scripts wrap around a state dictionary. Where a file has several, the first of these counts,
/// as in timm: averaged weights before those they are the average of.
const WRAPPERS: [&str; 4] = ["state_dict_ema.", "model_ema.", "state_dict.", "model."];

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
    let mut read: Vec<_> = reader.into_tensors().into_iter().collect();
    let wrapper = WRAPPERS.into_iter().find(|wrapper| read.iter().any(|(name, _)| name.starts_with(wrapper)));
    let of_wrapper = |name: &str| wrapper.is_some_and(|wrapper| name.starts_with(wrapper));
    read.retain(|(name, _)| of_wrapper(name) || WRAPPERS.iter().all(|other| !name.starts_with(other)));
    // What was wrapped comes last, and so counts where a name is there without the wrapper too.
    read.sort_by(|(a, _), (b, _)| (of_wrapper(a), a).cmp(&(of_wrapper(b), b)));
    let mut tensors = StateDict::new();
    for (name, tensor) in read {
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
        let name = wrapper.and_then(|wrapper| name.strip_prefix(wrapper)).unwrap_or(&name);
        tensors.insert(name.to_owned(), NamedTensor { shape, values });
    }
    if tensors.is_empty() {
        return Err(refuse("no tensors".into()));
    }
    Ok(tensors)
}

pub(super) fn chunks<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| decode(*chunk)).collect()
}
