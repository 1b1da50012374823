//! Generated images made from photographs alone, to learn from: generative adversarial networks (Goodfellow et al. 2014,
//! arXiv 1406.2661), small ones in the manner of DCGAN (Radford et al. 2016, arXiv 1511.06434), trained on the real
//! images of a split's training side and on nothing else.
//!
//! A detector that has seen one generator knows that generator. Other generators differ from photographs in ways that
//! these share: traces of the upsampling that ends in pixels, textures and objects that are not quite any. Autoencoders
//! with an adversary (Larsen et al. 2016, arXiv 1512.09300) redraw photographs, so that nothing but how it is drawn tells
//! image from photograph. The reverse are pseudo-fakes, photographs taken apart and put together: nothing but what they show
//! tells them. [Kinds](KINDS) can be held out, to find out whether what is learned from some holds for others.

mod discriminator;
mod game;
mod generator;
mod kind;
mod pseudo;
mod task;
mod upsampling;
mod write;

pub use game::Progress;
pub use kind::{KINDS, Kind, kind};
pub use task::Task;
pub use write::{Format, write};

#[cfg(test)]
mod tests;
