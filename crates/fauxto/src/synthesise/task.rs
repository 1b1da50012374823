//! What is to be made.

use burn::tensor::Device;

use super::game::{self, Progress};
use super::generator::SIDE;
use super::kind::{Kind, Maker};
use super::pseudo;
use crate::data::PixelStore;
use crate::image::RgbImage;
use crate::model::Precision;
use crate::train::Example;
use crate::{Error, Label, Result};

/// Images to be made of photographs.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// What makes them.
    pub kind: &'static Kind,
    /// Steps that a generator learns for, at least 2; what does not learn takes none.
    pub steps: usize,
    /// What a generator and its adversary multiply in.
    pub precision: Precision,
    /// Images to make.
    pub count: usize,
    /// Of everything drawn.
    pub seed: u64,
    /// Pixels, 32 x 32.
    pub store: &'a PixelStore,
    /// The photographs to make them of; examples labelled fake are passed over.
    pub examples: &'a [Example],
}

impl Task<'_> {
    /// The images they are made of.
    #[must_use]
    pub fn photographs(&self) -> usize {
        self.real().count()
    }

    /// Makes them. Equal tasks give equal images. `observe` is told of every step of a generator's learning, and of
    /// nothing else.
    ///
    /// # Errors
    /// Images of another size, too few photographs or steps, a loss that is not finite.
    pub fn make(&self, device: &Device, observe: &mut dyn FnMut(Progress)) -> Result<Vec<RgbImage>> {
        if self.store.size() != SIDE {
            return Err(Error::Refused(format!(
                "images to make: found photographs of {} pixels a side; expected {SIDE}",
                self.store.size()
            )));
        }
        match self.kind.maker {
            Maker::Network(generator) => game::play(self, generator, device, observe),
            Maker::Pseudo(recompose) => pseudo::make(self, recompose),
        }
    }

    pub(super) fn real(&self) -> impl Iterator<Item = &Example> {
        self.examples.iter().filter(|example| example.label == Label::Real)
    }
}
