//! What can be attacked: anything that turns pixels into two logits.

use burn::tensor::{Device, Tensor, TensorData};

use super::{Ensemble, OpinionPool};
use crate::ensemble::Combination;
use crate::model::Frozen;
use crate::{Error, Label, Result};

/// Anything that turns pixels into two logits and does not change by being asked.
pub trait Target: Sync {
    /// Where it computes, without autodiff.
    fn device(&self) -> Device;

    /// Pixels `[batch, height, width, 3]` in `0..=1` to logits `[batch, 2]`, real first. Differentiable in
    /// the pixels where they carry autodiff, and with nothing else that requires a gradient, so that
    /// differentiating costs no parameter gradients. Each image's logits depend on that image alone.
    fn logits(&self, pixels: Tensor<4>) -> Tensor<2>;
}

impl<T: Target + ?Sized> Target for &T {
    fn device(&self) -> Device {
        (**self).device()
    }

    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        (**self).logits(pixels)
    }
}

/// `members` as they vote by `combination`, as one target: an attack on it goes against all at once. One that has no
/// share in a mean is not asked.
///
/// # Errors
/// If there is no member or a weight cannot be used.
pub fn voting<'a>(members: Vec<&'a dyn Target>, combination: &Combination) -> Result<Box<dyn Target + 'a>> {
    let weighted: Vec<_> = combination.weights().iter().copied().zip(members).collect();
    Ok(match combination {
        Combination::Mean { .. } => {
            Box::new(Ensemble::new(weighted.into_iter().filter(|(weight, _)| *weight != 0.0).collect())?)
        }
        Combination::LogOpinionPool { constant, .. } => Box::new(OpinionPool::new(weighted, *constant)?),
    })
}

impl Target for Frozen {
    fn device(&self) -> Device {
        self.detector().device().clone().without_autodiff()
    }

    /// The parameters lie on the plain device; beside pixels that carry autodiff they are constants.
    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        Frozen::logits(self, pixels)
    }
}

/// The lead of the wrong class, `logit[wrong] - logit[label]`, of each image of `pixels`. The quantity
/// every attack raises; see the [module's](super) documentation for why it stands for cross entropy.
///
/// # Errors
/// If a logit is not finite.
pub fn wrong_leads(target: &dyn Target, pixels: Tensor<4>, labels: &[Label]) -> Result<Vec<f32>> {
    finite(leads(target.logits(pixels), labels))
}

/// As [`wrong_leads`], with the gradient of each image's lead in its pixels, `[batch, height, width, 3]`;
/// zero where the target does not pass gradients on.
///
/// # Errors
/// If a logit is not finite.
pub fn wrong_leads_and_gradient(
    target: &dyn Target,
    pixels: &Tensor<4>,
    labels: &[Label],
) -> Result<(Vec<f32>, Tensor<4>)> {
    let tracked = pixels.clone().without_autodiff().autodiff().require_grad();
    let (leads, gradient) = kernels::on_worker(&target.device(), || {
        let leads = leads(target.logits(tracked.clone()), labels);
        // The sum's gradient in one image is that of its own lead: a batch gives what its images give alone.
        let gradient = if leads.is_tracked() { tracked.grad(&leads.clone().sum().backward()) } else { None };
        (leads, gradient)
    });
    let gradient = gradient.unwrap_or_else(|| Tensor::zeros(pixels.dims(), &target.device()));
    Ok((finite(leads)?, gradient))
}

fn leads(logits: Tensor<2>, labels: &[Label]) -> Tensor<1> {
    let signs: Vec<f32> = labels.iter().map(|label| if *label == Label::Real { 1.0 } else { -1.0 }).collect();
    let signs = Tensor::<1>::from_data(TensorData::new(signs, [labels.len()]), &logits.device().without_autodiff());
    let towards_fake: Tensor<1> = logits.clone().narrow(1, 1, 1).squeeze_dim(1) - logits.narrow(1, 0, 1).squeeze_dim(1);
    towards_fake * signs
}

fn finite(leads: Tensor<1>) -> Result<Vec<f32>> {
    let leads: Vec<f32> = leads.detach().into_data().iter::<f32>().collect();
    match leads.iter().position(|lead| !lead.is_finite()) {
        None => Ok(leads),
        Some(image) => Err(Error::Refused(format!(
            "attack: found logits of image {} of {} that are not finite or too far apart; expected finite ones; \
             check the model's weights",
            image + 1,
            leads.len()
        ))),
    }
}

/// Whether an image of `label` is judged wrong where the wrong class leads by `lead`. At a tie the
/// verdict is fake, as everywhere (a probability of one half is fake at the threshold of one half).
#[must_use]
pub fn is_fooled(label: Label, lead: f32) -> bool {
    match label {
        Label::Real => lead >= 0.0,
        Label::Fake => lead > 0.0,
    }
}

/// The probability of fake that an image of `label` gets where the wrong class leads by `lead`; in
/// `0..=1`, and at least one half exactly where the verdict is fake.
#[must_use]
pub fn probability_fake(label: Label, lead: f32) -> f64 {
    let towards_fake = f64::from(if label == Label::Real { lead } else { -lead });
    1.0 / (1.0 + (-towards_fake).exp())
}
