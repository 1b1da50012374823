//! From a decoded image to everything a detector is asked about it, at the detector's input size.

use super::Settings;
use super::stability::working_copy;
use super::tiles::{Tile, grid};
use crate::Result;
use crate::data::resize_into;
use crate::image::RgbImage;

/// An image as inputs of a detector: itself, its versions, its tiles.
pub(super) struct Prepared {
    pub(super) size: [usize; 2],
    pub(super) tiles: Vec<Tile>,
    /// `[1 + versions + tiles, input, input, 3]`
    pub(super) inputs: Vec<u8>,
}

pub(super) fn prepare(image: &RgbImage, settings: &Settings, input: usize) -> Result<Prepared> {
    let tiles = grid(image.width, image.height, input, settings.most_tiles);
    let bytes = 3 * input * input;
    let count = 1 + settings.stability.variants().count() + tiles.len();
    let mut inputs = vec![0; count * bytes];
    let mut slots = inputs.chunks_exact_mut(bytes);
    let mut add = |image: &RgbImage| slots.next().map_or(Ok(()), |slot| resize_into(image, input, slot));
    add(image)?;
    let mut variants = settings.stability.variants().peekable();
    if variants.peek().is_some() {
        let copy = working_copy(image)?;
        for variant in variants {
            add(&variant.make(&copy)?)?;
        }
    }
    for tile in &tiles {
        add(&tile.cut(image))?;
    }
    Ok(Prepared { size: [image.width, image.height], tiles, inputs })
}
