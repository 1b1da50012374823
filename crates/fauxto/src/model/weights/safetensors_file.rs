//! The safetensors format, for weights and for everything a run must keep.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::pytorch::chunks;
use super::{NamedTensor, StateDict};
use crate::write_atomically::write_atomically;
use crate::{Error, Result};

/// How values are kept in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits: exact.
    F32,
    /// 16 bits, rounded to nearest: half the size, for shipping.
    F16,
}

/// Reads every floating-point tensor, as `f32`, and the metadata.
///
/// # Errors
/// If the file cannot be read or is not safetensors.
pub fn read_safetensors(path: &Path) -> Result<(StateDict, BTreeMap<String, String>)> {
    let bytes = std::fs::read(path).map_err(|source| Error::io(path, "reading", source))?;
    let refuse = |found: String| {
        Error::input(path, found, "a safetensors file", "the file may be cut off; copy or write it again")
    };
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| refuse(format!("bytes that are not safetensors ({error})")))?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| refuse(error.to_string()))?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    let mut tensors = StateDict::new();
    for (name, view) in file.iter() {
        let values = match view.dtype() {
            Dtype::F32 => chunks(view.data(), f32::from_le_bytes),
            Dtype::F64 => chunks(view.data(), |b| f64::from_le_bytes(b) as f32),
            Dtype::F16 => chunks(view.data(), |b| f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => chunks(view.data(), |b| half::bf16::from_le_bytes(b).to_f32()),
            // Counters such as `num_batches_tracked`, which no computation reads.
            _ => continue,
        };
        tensors.insert(name.to_owned(), NamedTensor { shape: view.shape().to_vec(), values });
    }
    Ok((tensors, metadata))
}

/// Writes `tensors` and `metadata`, whole or not at all.
///
/// # Errors
/// If the file cannot be written.
pub fn write_safetensors(
    path: &Path,
    tensors: &StateDict,
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> Result<()> {
    let encoded: Vec<(&String, &[usize], Vec<u8>)> = tensors
        .iter()
        .map(|(name, tensor)| {
            let bytes = match precision {
                Precision::F32 => bytemuck::cast_slice(&tensor.values).to_vec(),
                Precision::F16 => tensor.values.iter().flat_map(|&v| f16::from_f32(v).to_le_bytes()).collect(),
            };
            (name, tensor.shape.as_slice(), bytes)
        })
        .collect();
    let dtype = match precision {
        Precision::F32 => Dtype::F32,
        Precision::F16 => Dtype::F16,
    };
    let views = encoded
        .iter()
        .map(|(name, shape, bytes)| {
            TensorView::new(dtype, shape.to_vec(), bytes).map(|view| (name.as_str(), view)).map_err(|error| {
                Error::input(path, error.to_string(), "values matching their shape", "report this as a defect")
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| {
        Error::input(path, error.to_string(), "tensors that can be written", "report this as a defect")
    })?;
    write_atomically(path, &with_ordered_metadata(bytes))
}

/// Copies the file `from` to `to`, which may be the same, with its metadata changed and its tensors as they are.
///
/// # Errors
/// If `from` cannot be read or is not safetensors, `change` refuses, or `to` cannot be written.
pub fn rewrite_metadata(
    from: &Path,
    to: &Path,
    change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<()>,
) -> Result<()> {
    let bytes = std::fs::read(from).map_err(|source| Error::io(from, "reading", source))?;
    let refuse = |found: String| {
        Error::input(from, found, "a safetensors file", "the file may be cut off; copy or write it again")
    };
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| refuse(format!("bytes that are not safetensors ({error})")))?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| refuse(error.to_string()))?;
    let mut metadata: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
    change(&mut metadata)?;
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    let bytes = safetensors::serialize(file.iter(), Some(metadata)).map_err(|error| refuse(error.to_string()))?;
    write_atomically(to, &with_ordered_metadata(bytes))
}

/// Orders the metadata by key. The library writes them in the order of a hash map, which differs from
/// process to process, and equal checkpoints shall be equal files.
fn with_ordered_metadata(mut bytes: Vec<u8>) -> Vec<u8> {
    let Some((length, rest)) = bytes.split_first_chunk_mut::<8>() else { return bytes };
    let Some(header) = rest.get_mut(..u64::from_le_bytes(*length) as usize) else { return bytes };
    let Ok(mut value) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(header) else {
        return bytes;
    };
    if let Some(serde_json::Value::Object(metadata)) = value.get_mut("__metadata__") {
        metadata.sort_keys();
    }
    if let Ok(mut ordered) = serde_json::to_vec(&value)
        && ordered.len() <= header.len()
    {
        ordered.resize(header.len(), b' ');
        header.copy_from_slice(&ordered);
    }
    bytes
}
