//! Generator against discriminator.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};
use rand::seq::SliceRandom;

use super::discriminator::Discriminator;
use super::generator::{Generator, SIDE};
use super::kind::{Network, Origin};
use super::task::Task;
use crate::augment;
use crate::image::{FloatImage, RgbImage};
use crate::model::network::Erased;
use crate::model::pass::Pass;
use crate::train::{AdamW, EpochAugmentation, Example, batch};
use crate::{Error, Result, random};

/// DCGAN's step size and first moment, with which its game does not run away.
const LEARNING_RATE: f64 = 2e-4;
const BETAS: [f64; 2] = [0.5, 0.999];
/// Images of each side a step.
const BATCH: usize = 64;
/// What a mean difference of 1 from the photograph costs a generator that was given it, in nats. At this price it is held
/// to what the photograph shows, and its adversary to fine texture.
const INFIDELITY: f64 = 20.0;

/// Where a game is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Steps taken.
    pub step: usize,
    /// The discriminator's loss on this step's batches, in nats an image; `2 ln 2` where it can only guess.
    pub discriminator_loss: f64,
    /// The generator's; with what it pays for not showing the photograph, where it was given one.
    pub generator_loss: f64,
}

/// Plays `task`'s game between a `generator` and its discriminator, and returns images of the second half of it, evenly
/// spread: they come from many states of the generator and not from the last alone. Every photograph is learned from
/// once an epoch, in an order drawn for it.
///
/// Non-saturating losses (Goodfellow et al. 2014, section 3).
///
/// # Errors
/// Fewer photographs than a batch, fewer than 2 steps, or more images asked for than half of the steps make; a loss
/// that is not finite.
pub(super) fn play(
    task: &Task<'_>,
    generator: Network,
    device: &Device,
    observe: &mut dyn FnMut(Progress),
) -> Result<Vec<RgbImage>> {
    let real: Vec<Example> = task.real().copied().collect();
    let half = task.steps / 2;
    let wanted = task.count.div_ceil(BATCH);
    if real.len() < BATCH || task.steps < 2 || wanted > task.steps - half {
        return Err(Error::Refused(format!(
            "a generator: found {} real images to learn from, {} steps and {} images to make; expected at least {BATCH} \
             images, 2 steps, and at most {} images of so many steps",
            real.len(),
            task.steps,
            task.count,
            (task.steps - half) * BATCH
        )));
    }
    let device = device.clone().autodiff();
    let mut players = Players {
        origin: generator.origin,
        generator: Erased::new(Generator::new(generator, task.seed, &device)),
        discriminator: Erased::new(Discriminator::new(task.seed, &device)),
        moves: [AdamW::with_betas(BETAS), AdamW::with_betas(BETAS)],
    };
    let flips = augment::build(
        "train.augment",
        &[toml::toml! { name = "horizontal_flip"
        probability = 0.5 }],
    )?;
    let mut images = Vec::with_capacity(wanted * BATCH);
    let (batches, mut order) = (real.len() / BATCH, Vec::new());
    for step in 0..task.steps {
        let (epoch, place) = ((step / batches) as u64, step % batches);
        if place == 0 {
            order.clone_from(&real);
            order.shuffle(&mut random::stream(task.seed, "photographs", &[epoch]));
        }
        let augmentation = EpochAugmentation { augmentations: &flips, seed: task.seed, epoch };
        let batch = &order[place * BATCH..(place + 1) * BATCH];
        let photographs = batch::pixels(task.store, batch, Some(augmentation), &device)?;
        let (made, progress) = kernels::multiply_in(task.precision, || {
            kernels::on_worker(&device, || players.step(photographs, task.seed, step as u64))
        });
        if !(progress.discriminator_loss.is_finite() && progress.generator_loss.is_finite()) {
            return Err(Error::Diverged(format!("a generator's game at step {}: {progress:?}", step + 1)));
        }
        observe(progress);
        // Batch number `n` of `wanted` is that of the last step of the n-th part of the second half.
        let parts = |steps: usize| steps * wanted / (task.steps - half);
        if step >= half && parts(step + 1 - half) > parts(step - half) {
            images.extend(to_images(made));
        }
    }
    images.truncate(task.count);
    Ok(images)
}

struct Players {
    origin: Origin,
    generator: Erased<Generator>,
    discriminator: Erased<Discriminator>,
    /// The generator's, the discriminator's.
    moves: [AdamW; 2],
}

impl Players {
    /// One move of the discriminator, one of the generator; the images made on the way.
    fn step(&mut self, photographs: Tensor<4>, seed: u64, step: u64) -> (Tensor<4>, Progress) {
        let pass = Pass::training(seed, step);
        let made = self.generator.module().forward(&photographs, seed, step, &pass);

        // Real and made images are normalised apart, as each other's statistics would give them away.
        let judge = |pixels: Tensor<4>| self.discriminator.module().forward(pixels, &Pass::training(seed, step));
        let loss = surprise(judge(photographs.clone()).neg()) + surprise(judge(made.clone().detach()));
        let discriminator_loss = scalar(&loss);
        let mut gradients = loss.backward();
        // Statistics are left: nobody judges outside the game.
        self.moves[1].step(&mut self.discriminator, &mut gradients, Vec::new(), LEARNING_RATE, 0.0);

        // Outside autodiff, the discriminator costs no gradients of its own parameters.
        let fixed = self.discriminator.module().valid();
        let mut loss = surprise(fixed.forward(made.clone(), &Pass::training(seed, step)).neg());
        if self.origin == Origin::Photograph {
            loss = loss + (made.clone() - photographs).abs().mean() * INFIDELITY;
        }
        let generator_loss = scalar(&loss);
        let mut gradients = loss.backward();
        drop(fixed);
        self.moves[0].step(&mut self.generator, &mut gradients, pass.into_statistics(), LEARNING_RATE, 0.0);
        (made.detach().without_autodiff(), Progress { step: step as usize + 1, discriminator_loss, generator_loss })
    }
}

/// Mean of `-log(1 - sigmoid(log_odds))`: how surprising it is that nothing is what it was given odds of being.
fn surprise(log_odds: Tensor<2>) -> Tensor<1> {
    activation::softplus(log_odds, 1.0).mean()
}

fn scalar(loss: &Tensor<1>) -> f64 {
    f64::from(loss.clone().detach().into_scalar::<f32>())
}

fn to_images(pixels: Tensor<4>) -> impl Iterator<Item = RgbImage> {
    let values: Vec<f32> = pixels.into_data().iter::<f32>().collect();
    let images: Vec<RgbImage> = values
        .chunks_exact(SIDE * SIDE * 3)
        .map(|pixels| RgbImage::from(&FloatImage { width: SIDE, height: SIDE, pixels: pixels.to_vec() }))
        .collect();
    images.into_iter()
}
