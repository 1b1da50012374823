//! Pseudo-fakes: photographs taken apart and put together by rule, no generator asked. Every pixel is a camera's, and what
//! they show is not of this world, as in the images of a generator that has learned textures and no objects.

mod blend;
mod field;
mod rearrange;
mod warp;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

pub(super) use blend::blend;
pub(super) use rearrange::rearrange;
pub(super) use warp::warp;

use super::task::Task;
use crate::image::{FloatImage, RgbImage};
use crate::{Error, Result, random};

/// One image of a photograph and another of the same size.
pub(super) type Recompose = fn(&FloatImage, &FloatImage, &mut ChaCha8Rng) -> FloatImage;

/// As many images as `task` asks for. No photograph is taken twice before every other was taken once.
pub(super) fn make(task: &Task<'_>, recompose: Recompose) -> Result<Vec<RgbImage>> {
    let mut order: Vec<usize> = task.real().map(|example| example.index).collect();
    if order.len() < 2 {
        return Err(Error::Refused(format!(
            "pseudo-fakes: found {} real images to make them of; expected at least 2",
            order.len()
        )));
    }
    order.shuffle(&mut random::stream(task.seed, "photographs", &[0]));
    let image = |place| Ok::<_, Error>(FloatImage::from(&task.store.image(place)?));
    let make = |number: usize| {
        let mut stream = random::stream(task.seed, task.kind.name, &[number as u64]);
        // Another one: of a photograph with itself nothing new is made.
        let (place, away) = (number % order.len(), stream.random_range(1..order.len()));
        let [first, other] = [place, (place + away) % order.len()].map(|place| image(order[place]));
        Ok(RgbImage::from(&recompose(&first?, &other?, &mut stream)))
    };
    (0..task.count).into_par_iter().map(make).collect()
}

#[cfg(test)]
mod tests;
