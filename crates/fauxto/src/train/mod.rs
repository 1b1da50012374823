//! Training: what it needs ([`TrainingData`]), what it remembers ([`state`]), and the loop
//! ([`fit()`]). Every random number is addressed by seed, epoch and item, so a run resumed from its last
//! state ends with the same bits as one that was never interrupted.

mod adversarial;
mod average;
pub mod batch;
mod degraded;
mod fit;
pub mod history;
mod loss;
pub mod optimiser;
pub mod schedule;
pub mod state;

pub use batch::{EpochAugmentation, Example};
pub use degraded::Degraded;
pub use fit::{Event, Fitted, StateFile, TrainingData, fit};
pub use history::EpochRecord;
pub use loss::{cross_entropy, smooth, soft_cross_entropy};
pub use optimiser::AdamW;
