//! What an image was made from.

use serde::{Deserialize, Serialize};

use super::ContentHash;

/// What an item was derived from: augmented, attacked, corrupted, re-encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parent {
    /// The item of this identity in the same data set, or in the one that was split.
    Identity(String),
    /// The item that shows this, wherever it is and whatever it is called now.
    Content {
        /// The hash of its decoded pixels.
        content: ContentHash,
    },
}

impl std::fmt::Display for Parent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Identity(identity) => formatter.write_str(identity),
            Self::Content { content } => write!(formatter, "the image of content {content}"),
        }
    }
}
