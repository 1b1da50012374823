//! What a gate learns from: images as they were made, and the same images degraded.

use super::batch::Example;
use crate::augment::{self, Step, apply_all};
use crate::data::PixelStore;
use crate::image::{FloatImage, RgbImage};
use crate::{Label, Result, random};

/// Images beside degraded ones. Labels stand for [`Classes::PristineDegraded`](crate::model::Classes), in that order.
#[derive(Debug)]
pub struct Degraded {
    /// The images of the store it was made from, and behind them the degraded ones.
    pub store: PixelStore,
    /// Learned from: the degraded images first, then the others in their order.
    pub train: Vec<Example>,
    /// Stopped on.
    pub validation: Vec<Example>,
}

impl Degraded {
    /// Degrades each image of `train` and `validation`, places in `store`, by the augmentations `steps`. An image that
    /// they leave as it is (each may have a probability) is learned from as pristine only. Numbers are drawn by `seed` and
    /// the image's place. Calls `observe` after each image, from any thread.
    ///
    /// # Errors
    /// If a step is unknown or cannot be applied, or the store cannot be read.
    pub fn beside(
        store: &PixelStore,
        train: &[Example],
        validation: &[Example],
        steps: &[Step],
        seed: u64,
        observe: &(dyn Fn() + Sync),
    ) -> Result<Self> {
        let augmentations = augment::build("train.degrade", steps)?;
        let positions: Vec<usize> = train.iter().chain(validation).map(|example| example.index).collect();
        let both = store.followed_by(&positions, &|position, image| {
            let mut stream = random::stream(seed, "degrade", &[position as u64]);
            let degraded = RgbImage::from(&apply_all(&augmentations, FloatImage::from(&image), &mut stream)?);
            observe();
            Ok(degraded)
        })?;
        let degraded = |places: std::ops::Range<usize>| -> Result<Vec<Example>> {
            let mut changed = Vec::new();
            for place in places {
                let index = store.len() + place;
                if both.image(index)? != both.image(positions[place])? {
                    changed.push(Example { index, label: Label::Fake });
                }
            }
            Ok(changed)
        };
        let pristine = |examples: &[Example]| -> Vec<Example> {
            examples.iter().map(|example| Example { index: example.index, label: Label::Real }).collect()
        };
        Ok(Self {
            train: [degraded(0..train.len())?, pristine(train)].concat(),
            validation: [degraded(train.len()..positions.len())?, pristine(validation)].concat(),
            store: both,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Classes;

    fn store() -> PixelStore {
        PixelStore::of((0..6).map(|index| {
            let pixels = (0..32 * 32 * 3).map(|value| ((value * 7 + index * 31) % 256) as u8).collect();
            RgbImage { width: 32, height: 32, pixels }
        }))
    }

    fn steps(text: &str) -> Vec<Step> {
        let table: toml::Table = format!("steps = {text}").parse().unwrap();
        table["steps"].as_array().unwrap().iter().map(|step| step.as_table().unwrap().clone()).collect()
    }

    #[test]
    fn labels_say_which_images_were_changed_whatever_they_were_before() {
        let store = store();
        let example = |index, label| Example { index, label };
        let train = [example(4, Label::Fake), example(0, Label::Real), example(2, Label::Fake)];
        let validation = [example(5, Label::Real), example(1, Label::Fake)];
        let steps = steps("[{ name = 'salt_and_pepper', amount = [0.1, 0.2], probability = 0.5 }]");
        let made = Degraded::beside(&store, &train, &validation, &steps, 3, &|| ()).unwrap();
        assert_eq!(Classes::PristineDegraded.to_string(), "pristine,degraded");
        assert_eq!(made.store.len(), store.len() + 5);
        let mut changed = 0;
        for (side, own) in [(&made.train, &train[..]), (&made.validation, &validation[..])] {
            let originals: Vec<_> = own.iter().map(|example| store.image(example.index).unwrap()).collect();
            let (degraded, pristine): (Vec<&Example>, Vec<&Example>) =
                side.iter().partition(|example| example.label == Label::Fake);
            changed += degraded.len();
            assert_eq!(pristine.len(), own.len());
            for (example, own) in pristine.iter().zip(own) {
                assert_eq!(example.index, own.index);
                assert_eq!(made.store.image(example.index).unwrap(), store.image(own.index).unwrap());
            }
            for example in degraded {
                assert!(!originals.contains(&made.store.image(example.index).unwrap()));
            }
            assert_eq!(side[side.len() - own.len()..].iter().map(|e| e.index).collect::<Vec<_>>(), {
                own.iter().map(|e| e.index).collect::<Vec<_>>()
            });
        }
        assert!((1..5).contains(&changed), "half of five images, drawn: {changed}");
        let again = Degraded::beside(&store, &train, &validation, &steps, 3, &|| ()).unwrap();
        assert_eq!((again.train, again.validation), (made.train, made.validation));
    }
}
