//! The safetensors format, for weights and for everything a run must keep.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use half::f16;
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use super::precision::Precision;
use super::pytorch::chunks;
use super::quantised::{self, Quantised};
use super::{NamedTensor, StateDict};
use crate::write_atomically::write_atomically;
use crate::{Error, Result};

/// Reads every floating-point and every 8-bit quantised tensor, as `f32`, and the metadata.
///
/// # Errors
/// If the file cannot be read, is not safetensors, or holds 8-bit weights without their scales.
pub fn read_safetensors(path: &Path) -> Result<(StateDict, BTreeMap<String, String>)> {
    let bytes = std::fs::read(path).map_err(|source| Error::io(path, "reading", source))?;
    parse_safetensors(&bytes, path)
}

/// As [`read_safetensors`], from the bytes of the file `path`, which is only named in messages.
///
/// # Errors
/// As for [`read_safetensors`].
pub fn parse_safetensors(bytes: &[u8], path: &Path) -> Result<(StateDict, BTreeMap<String, String>)> {
    let refuse = |found: String| {
        Error::input(path, found, "a safetensors file", "the file may be cut off; copy or write it again")
    };
    let file =
        SafeTensors::deserialize(bytes).map_err(|error| refuse(format!("bytes that are not safetensors ({error})")))?;
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| refuse(error.to_string()))?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    let views: Vec<(&str, TensorView<'_>)> = file.iter().collect();
    // In parallel: widening is most of what loading a shipped model costs.
    let decoded: Vec<Option<(String, NamedTensor)>> = views
        .par_iter()
        .map(|(name, view)| {
            if name.strip_suffix(quantised::SCALE_SUFFIX).is_some_and(|of| is_quantised(&file, of)) {
                return Ok(None);
            }
            let values = match view.dtype() {
                Dtype::F32 => chunks(view.data(), f32::from_le_bytes),
                Dtype::F64 => chunks(view.data(), |b| f64::from_le_bytes(b) as f32),
                Dtype::F16 => chunks(view.data(), |b| f16::from_le_bytes(b).to_f32()),
                Dtype::BF16 => chunks(view.data(), |b| half::bf16::from_le_bytes(b).to_f32()),
                Dtype::I8 => dequantised(&file, name, view).ok_or_else(|| {
                    refuse(format!("8-bit weights `{name}` without one scale a channel in `{name}_scale`"))
                })?,
                // Counters such as `num_batches_tracked`, which no computation reads.
                _ => return Ok(None),
            };
            Ok(Some(((*name).to_owned(), NamedTensor { shape: view.shape().to_vec(), values })))
        })
        .collect::<Result<_>>()?;
    Ok((decoded.into_iter().flatten().collect(), metadata))
}

fn is_quantised(file: &SafeTensors<'_>, name: &str) -> bool {
    file.tensor(name).is_ok_and(|view| view.dtype() == Dtype::I8)
}

fn dequantised(file: &SafeTensors<'_>, name: &str, view: &TensorView<'_>) -> Option<Vec<f32>> {
    let scales = file.tensor(&quantised::scale_name(name)).ok().filter(|scales| scales.dtype() == Dtype::F32)?;
    let scales = chunks(scales.data(), f32::from_le_bytes);
    if view.shape().first() != Some(&scales.len()) {
        return None;
    }
    quantised::dequantise(view.data(), &scales)
}

/// One tensor as bytes.
struct Encoded {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

fn encode(name: &str, tensor: &NamedTensor, precision: Precision) -> Option<Vec<Encoded>> {
    let whole = |dtype, bytes| Encoded { name: name.to_owned(), dtype, shape: tensor.shape.clone(), bytes };
    // Thresholds were fitted to these as they are, and rounding could make them infinite.
    let precision = if name.starts_with(crate::out_of_distribution::PREFIX) { Precision::F32 } else { precision };
    Some(match precision {
        Precision::Int8 if quantised::applies(&tensor.shape) => {
            let Quantised { values, scales } = quantised::quantise(tensor)?;
            let scales = Encoded {
                name: quantised::scale_name(name),
                dtype: Dtype::F32,
                shape: vec![scales.len()],
                bytes: bytemuck::cast_slice(&scales).to_vec(),
            };
            vec![whole(Dtype::I8, bytemuck::cast_slice(&values).to_vec()), scales]
        }
        Precision::F32 | Precision::Int8 => vec![whole(Dtype::F32, bytemuck::cast_slice(&tensor.values).to_vec())],
        Precision::F16 => {
            let bytes = tensor.values.iter().flat_map(|&value| f16::from_f32(value).to_le_bytes()).collect();
            vec![whole(Dtype::F16, bytes)]
        }
    })
}

/// Writes `tensors` and `metadata`, whole or not at all.
///
/// # Errors
/// If the file cannot be written, or weights to be kept in 8 bits are not finite.
pub fn write_safetensors(
    path: &Path,
    tensors: &StateDict,
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> Result<()> {
    write_atomically(path, &encode_safetensors(path, tensors, metadata, precision)?)
}

/// The bytes that [`write_safetensors`] writes to `path`, which is only named in messages.
///
/// # Errors
/// If weights to be kept in 8 bits are not finite.
pub fn encode_safetensors(
    path: &Path,
    tensors: &StateDict,
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> Result<Vec<u8>> {
    let mut encoded = Vec::new();
    for (name, tensor) in tensors {
        encoded.extend(encode(name, tensor, precision).ok_or_else(|| {
            Error::input(
                path,
                format!("values in `{name}` that are not finite"),
                "finite weights, as 8 bits can hold",
                "train again, or write them as f32",
            )
        })?);
    }
    let views = encoded
        .iter()
        .map(|tensor| {
            TensorView::new(tensor.dtype, tensor.shape.clone(), &tensor.bytes)
                .map(|view| (tensor.name.as_str(), view))
                .map_err(|error| {
                    Error::input(path, error.to_string(), "values matching their shape", "report this as a defect")
                })
        })
        .collect::<Result<Vec<_>>>()?;
    let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    let bytes = safetensors::serialize(views, Some(metadata)).map_err(|error| {
        Error::input(path, error.to_string(), "tensors that can be written", "report this as a defect")
    })?;
    Ok(with_ordered_metadata(bytes))
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
