//! Tells camera photographs from generated images: data, detectors, training, evaluation,
//! prediction. Knows nothing of terminals, HTTP or drawing.
//!
//! Conventions held everywhere:
//! - labels: real = 0, fake = 1; `probability_fake` is `softmax(logits)[1]`;
//! - images: RGB, channels last; pixels are `u8` in storage and `f32` in `0..=1` in computation;
//! - activations: `[batch, height, width, channel]`.

pub mod ablate;
pub mod attack;
pub mod augment;
pub mod bench;
pub mod built_in;
pub mod calibrate;
pub mod checkpoint;
pub mod config;
pub mod corrupt;
pub mod data;
pub mod derive;
pub mod device;
pub mod ensemble;
pub mod ensemble_file;
pub mod error;
pub mod evaluate;
pub mod explain;
pub mod gate;
pub mod image;
pub mod label;
pub mod leaks;
pub mod model;
pub mod out_of_distribution;
pub mod predict;
pub mod pretrain;
pub mod random;
pub mod run;
pub mod sample;
pub mod scan;
pub mod submission;
pub mod synthesise;
pub mod train;
pub mod write_atomically;

pub use error::{Error, Result};
pub use kernels::LargePages;
pub use label::Label;
