//! Tells camera photographs from generated images: data, detectors, training, evaluation,
//! prediction. Knows nothing of terminals, HTTP or drawing.
//!
//! Conventions held everywhere:
//! - labels: real = 0, fake = 1; `probability_fake` is `softmax(logits)[1]`;
//! - images: RGB, channels last; pixels are `u8` in storage and `f32` in `0..=1` in computation;
//! - activations: `[batch, height, width, channel]`.

pub mod data;
pub mod error;
pub mod evaluate;
pub mod image;
pub mod label;
pub mod random;

pub use error::{Error, Result};
pub use label::Label;
