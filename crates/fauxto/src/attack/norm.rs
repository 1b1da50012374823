//! The two ways of measuring a perturbation, and what attacks do in each.

use burn::tensor::Tensor;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::Epsilon;
use super::batch::of_values;
use crate::{Error, Result};

/// How the size of a perturbation is measured, over height, width and channel of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norm {
    /// The largest absolute change of any value.
    LInfinity,
    /// The Euclidean length.
    L2,
}

impl Norm {
    /// Its name in files: `l_infinity` or `l2`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LInfinity => "l_infinity",
            Self::L2 => "l2",
        }
    }

    /// Refuses radii that can only be a slip of the pen.
    ///
    /// # Errors
    /// If an L-infinity radius is above 1, the whole range of a pixel, or `f32` does not hold the square of an
    /// L2 radius, without which no length can be compared with it.
    pub fn check(self, epsilon: &Epsilon) -> Result<()> {
        let refuse = |expected| Err(Error::Setting { setting: "epsilon".into(), found: epsilon.to_string(), expected });
        match self {
            Self::LInfinity if epsilon.value() > 1.0 => {
                refuse(format!("at most 1, as pixels lie in 0..=1; write `{epsilon}/255` for levels of 8 bits"))
            }
            Self::L2 if !(epsilon.value() as f32).powi(2).is_finite() => refuse(
                "a length whose square f32 holds; as pixels lie in 0..=1, no two images of 32 x 32 lie further apart \
                 than 56"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// The size of each image's perturbation `[batch, height, width, channel]`, `[batch]`.
    #[must_use]
    pub fn sizes(self, perturbation: Tensor<4>) -> Vec<f64> {
        let per_image = perturbation.dims()[1..].iter().product::<usize>().max(1);
        let values: Vec<f32> = perturbation.into_data().iter::<f32>().collect();
        let size = |image: &[f32]| match self {
            Self::LInfinity => image.iter().fold(0.0, |largest: f64, value| largest.max(f64::from(value.abs()))),
            Self::L2 => image.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt(),
        };
        values.chunks_exact(per_image).map(size).collect()
    }

    /// The image within `epsilon` of `clean` that is nearest to `adversarial`, then cut to `0..=1`, which
    /// only brings it nearer to `clean`.
    #[must_use]
    pub fn project(self, clean: &Tensor<4>, adversarial: Tensor<4>, epsilon: f64) -> Tensor<4> {
        let perturbation = adversarial - clean.clone();
        let perturbation = match self {
            Self::LInfinity => perturbation.clamp(-epsilon, epsilon),
            Self::L2 => {
                let factor = (length(&perturbation).clamp_min(f32::MIN_POSITIVE).recip() * epsilon).clamp_max(1.0);
                perturbation * factor
            }
        };
        (clean.clone() + perturbation).clamp(0.0, 1.0)
    }

    /// The step of size 1 along which a loss of this `gradient` grows fastest: its sign, or its direction.
    /// Zero where the gradient is.
    #[must_use]
    pub fn steepest(self, gradient: Tensor<4>) -> Tensor<4> {
        match self {
            Self::LInfinity => gradient.sign(),
            Self::L2 => {
                // Divided twice, so that squares of small gradients do not vanish.
                let largest = gradient.clone().abs().flatten::<2>(1, 3).max_dim(1).clamp_min(f32::MIN_POSITIVE);
                let scaled = gradient / largest.reshape([-1, 1, 1, 1]);
                let length = length(&scaled).clamp_min(f32::MIN_POSITIVE);
                scaled / length
            }
        }
    }

    /// A random image around each image of `clean`, cut to `0..=1`. L-infinity: uniform in the ball. L2: a
    /// uniform direction and a uniform distance up to `epsilon`, as Madry's code has it, which is nearer to
    /// the centre than uniform in the ball.
    pub(super) fn random_start(self, clean: &Tensor<4>, epsilon: f64, streams: &mut [ChaCha8Rng]) -> Tensor<4> {
        let per_image = clean.dims()[1..].iter().product::<usize>();
        let mut values = Vec::with_capacity(per_image * streams.len());
        for stream in streams {
            match self {
                Self::LInfinity => {
                    values.extend((0..per_image).map(|_| (stream.random_range(-1.0..1.0) * epsilon) as f32));
                }
                Self::L2 => {
                    let direction: Vec<f64> = (0..per_image).map(|_| StandardNormal.sample(stream)).collect();
                    let length = direction.iter().map(|value| value * value).sum::<f64>().sqrt();
                    let distance = stream.random_range(0.0..1.0) * epsilon;
                    values.extend(direction.iter().map(|value| (value / length * distance) as f32));
                }
            }
        }
        (clean.clone() + of_values(values, clean)).clamp(0.0, 1.0)
    }
}

/// The Euclidean length of each image, `[batch, 1, 1, 1]`.
fn length(images: &Tensor<4>) -> Tensor<4> {
    images.clone().square().flatten::<2>(1, 3).sum_dim(1).sqrt().reshape([-1, 1, 1, 1])
}
