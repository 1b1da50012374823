//! Named tensors in files: reading timm's and torchvision's weights, writing ours so that timm reads
//! them.

mod assign;
mod efficientnet_pytorch;
mod precision;
mod pytorch;
mod quantised;
mod safetensors_file;
mod torchvision;

use std::collections::BTreeMap;
use std::path::Path;

pub use assign::{Assignment, ClassifierPolicy, assign, collect};
pub use precision::Precision;
pub use safetensors_file::{
    encode_safetensors, parse_safetensors, read_safetensors, rewrite_metadata, write_safetensors,
};

use crate::{Error, Result};

/// One tensor in row-major order, as `f32` whatever the file held.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its values.
    pub values: Vec<f32>,
}

/// Tensors by name, in the order of names.
pub type StateDict = BTreeMap<String, NamedTensor>;

/// Reads `.safetensors` or PyTorch's `.pth`, `.pt` or `.bin`, from timm, torchvision or
/// EfficientNet-PyTorch, under timm's names. The kind is told by content.
///
/// # Errors
/// If the file cannot be read, is neither, or holds something other than numbers.
pub fn read(path: &Path) -> Result<StateDict> {
    let head = read_head(path)?;
    // The length that safetensors begin with can look like a ZIP's or a pickle's first bytes, but JSON follows it.
    let safetensors = head.len() == HEAD && head.ends_with(b"{");
    let pytorch = !safetensors && (head.starts_with(b"PK") || head.first() == Some(&0x80));
    let tensors = if pytorch { pytorch::read(path)? } else { read_safetensors(path)?.0 };
    let tensors = strip_prefix(tensors, "module.");
    Ok(efficientnet_pytorch::to_timm(torchvision::to_timm(tensors)))
}

/// Bytes that tell a file's kind: the length of safetensors' header, and the first byte of that.
const HEAD: usize = 9;

fn read_head(path: &Path) -> Result<Vec<u8>> {
    use std::io::Read;
    let mut head = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
        .map_err(|source| Error::io(path, "reading", source))?;
    if head.is_empty() {
        return Err(Error::input(
            path,
            "an empty file",
            "weights as .safetensors or .pth",
            "give the file that the training wrote",
        ));
    }
    Ok(head)
}

/// Removes what `DataParallel` and wrappers put before every name.
fn strip_prefix(tensors: StateDict, prefix: &str) -> StateDict {
    if tensors.keys().all(|name| name.starts_with(prefix)) {
        return tensors.into_iter().map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect();
    }
    tensors
}
