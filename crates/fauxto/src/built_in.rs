//! The detector that comes inside the binary: a checkpoint of ours, compiled in.

use crate::{Error, Result};

/// What stands for the built-in detector where a path is shown.
pub const NAME: &str = "built-in";

#[cfg(built_in)]
static BYTES: Option<&[u8]> = Some(include_bytes!(env!("FAUXTO_BUILT_IN_PATH")));
#[cfg(not(built_in))]
static BYTES: Option<&[u8]> = None;

/// Whether this build has one.
#[must_use]
pub fn is_there() -> bool {
    BYTES.is_some()
}

/// The bytes of its checkpoint.
///
/// # Errors
/// If this build has none.
pub fn bytes() -> Result<&'static [u8]> {
    BYTES.ok_or_else(|| Error::Setting {
        setting: "model".into(),
        found: "a build without a built-in detector".into(),
        expected: "a run folder or checkpoint, or a build with FAUXTO_BUILT_IN=FILE or weights/release.safetensors"
            .into(),
    })
}
