//! Generated images made from photographs alone, to learn from: generative adversarial networks (Goodfellow et al. 2014,
//! arXiv 1406.2661), small ones in the manner of DCGAN (Radford et al. 2016, arXiv 1511.06434), trained on the real
//! images of a split's training side and on nothing else.
//!
//! A detector that has seen one generator knows that generator. Other generators differ from photographs in ways that
//! these share: traces of the [upsampling](UPSAMPLINGS) that ends in pixels, textures and objects that are not quite
//! any. Kinds can be held out, to find out whether what is learned from some holds for others.

mod discriminator;
mod game;
mod generator;
mod upsampling;
mod write;

pub use game::{Game, Progress};
pub use upsampling::{UPSAMPLINGS, Upsampling, upsampling};
pub use write::{Format, write};

#[cfg(test)]
mod tests;
