//! What can keep a figure from being drawn or saved.

use std::path::{Path, PathBuf};

/// Result with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Numbers that cannot be drawn.
    #[error("{figure}: found {found}; expected {expected}")]
    Numbers {
        /// The figure, as in "training figure".
        figure: &'static str,
        /// What was given.
        found: String,
        /// What can be drawn.
        expected: &'static str,
    },
    /// The drawing or rendering library refused.
    #[error("figure: {action} failed: {reason}")]
    Drawing {
        /// What was tried, as in "rendering as PNG".
        action: &'static str,
        /// The library's answer.
        reason: String,
    },
    /// The operating system refused to write.
    #[error("{}: {action} failed: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried, as in "writing".
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn drawing(action: &'static str, reason: impl std::fmt::Display) -> Self {
        Self::Drawing { action, reason: reason.to_string() }
    }

    pub(crate) fn io(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::Io { path: path.to_path_buf(), action, source }
    }
}
