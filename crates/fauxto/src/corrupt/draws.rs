//! The random numbers of a corruption, as an argument: from a stream addressed by seed and item, or,
//! to hold a corruption against another implementation, from a formula both can compute.

use rand::RngExt;
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Poisson, StandardNormal};

/// A source of random numbers. Corruptions ask for them in a fixed order, arrays row by row.
pub trait Draws {
    /// Uniform in `0..1`.
    fn unit(&mut self) -> f64;

    /// Of the standard normal distribution.
    fn normal(&mut self) -> f64;

    /// Of the Poisson distribution; 0 where `mean` is not positive.
    fn poisson(&mut self, mean: f64) -> f64;

    /// Uniform in `low..high`.
    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number of `low..high`, each as likely.
    fn integer(&mut self, low: isize, high: isize) -> isize {
        low + (self.unit() * (high - low) as f64) as isize
    }
}

impl Draws for ChaCha8Rng {
    fn unit(&mut self) -> f64 {
        self.random()
    }

    fn normal(&mut self) -> f64 {
        StandardNormal.sample(self)
    }

    fn poisson(&mut self, mean: f64) -> f64 {
        Poisson::new(mean).map_or(0.0, |distribution| distribution.sample(self))
    }
}
