//! One error type: what was found where, what was expected, and what to do.

use std::path::{Path, PathBuf};

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong in this library. Every message names the file or setting, what was
/// found, what was expected and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder that cannot be used as it is.
    #[error("{}: found {found}; expected {expected}; {remedy}", .path.display())]
    Input {
        /// The file or folder.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What was needed.
        expected: String,
        /// What the user can do.
        remedy: String,
    },
    /// The operating system refused to read or write.
    #[error("{}: {action} failed: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as in "reading".
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A setting that is unknown or out of range.
    #[error("{setting}: found {found}; expected {expected}")]
    Setting {
        /// The setting's full name, as in `train.epochs`.
        setting: String,
        /// The value given.
        found: String,
        /// The values allowed.
        expected: String,
    },
    /// A check that protects the result said no: leaks, giveaways, a changed data set.
    #[error("{0}")]
    Refused(String),
    /// Training left the realm of finite numbers.
    #[error("{0}")]
    Diverged(String),
}

impl Error {
    /// A file or folder that cannot be used as it is.
    pub fn input(
        path: impl AsRef<Path>,
        found: impl Into<String>,
        expected: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Input {
            path: path.as_ref().to_path_buf(),
            found: found.into(),
            expected: expected.into(),
            remedy: remedy.into(),
        }
    }

    /// The operating system's refusal, with the file it concerned.
    pub fn io(path: impl AsRef<Path>, action: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), action, source }
    }
}
