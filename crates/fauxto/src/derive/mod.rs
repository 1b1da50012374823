//! Images made from the images to learn from: [`Augmented`] and [`Adversarial`] sets, on disk as PNG.
//!
//! They are made after the split and from its training side alone; each keeps its parent's label and names
//! its parent by identity and by content hash, so that it can be [admitted](crate::data::split::Split::admit)
//! to training wherever its folder lies. A set is a data set to every command: a folder `images/` and
//! [`MANIFEST`] with the columns `file_name, label, parent, parent_content_hash, recipe`. The same data,
//! split and seed give the same bytes.

mod adversarial;
mod augmented;
mod parents;
mod training;
mod write;

pub use adversarial::{Adversarial, Attacked, EPSILONS};
pub use augmented::{Augmented, recipe};
pub use parents::draw;
pub use training::{Parentless, WithDerived, add_derived};
pub use write::{MANIFEST, Written};

#[cfg(test)]
mod tests;
