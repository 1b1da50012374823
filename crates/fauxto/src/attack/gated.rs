//! Two votes and the gate between them, as one target.

use burn::tensor::{Device, Tensor, activation};

use super::Target;
use super::ensemble::log_sum;

/// A mixture of two experts (Jacobs et al. 1991, Adaptive Mixtures of Local Experts): its probabilities are those of
/// `pristine` and of `degraded`, mixed by what `gate` says of each image. An attack on it goes against all three at once,
/// so that it can also turn an image over to the vote that is easier to deceive.
pub struct Gated<'a> {
    /// Tells pristine images from degraded ones, in the order of its logits.
    pub gate: &'a dyn Target,
    /// Judges pristine images.
    pub pristine: Box<dyn Target + 'a>,
    /// Judges degraded images.
    pub degraded: Box<dyn Target + 'a>,
}

impl std::fmt::Debug for Gated<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gated").finish_non_exhaustive()
    }
}

impl Target for Gated<'_> {
    fn device(&self) -> Device {
        self.gate.device()
    }

    /// `log((1 - g) p + g q)`, summed in logarithms so that certainty does not become a zero.
    fn logits(&self, pixels: Tensor<4>) -> Tensor<2> {
        let shares = activation::log_softmax(self.gate.logits(pixels.clone()), 1);
        let vote = |expert: &dyn Target, class: usize| {
            activation::log_softmax(expert.logits(pixels.clone()), 1) + shares.clone().narrow(1, class, 1)
        };
        log_sum(vec![vote(&*self.pristine, 0), vote(&*self.degraded, 1)])
    }
}
