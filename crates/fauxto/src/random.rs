//! Random streams that are addressed, not carried: the same seed, purpose and coordinates always
//! give the same numbers, so nothing about randomness has to be saved to resume a run, and work
//! may be done in any order on any number of threads.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The stream for `purpose` at `coordinates`, as in `stream(seed, "augment", &[epoch, item])`.
#[must_use]
pub fn stream(seed: u64, purpose: &str, coordinates: &[u64]) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new_derive_key("fauxto random stream v1");
    hasher.update(&seed.to_le_bytes());
    hasher.update(&(purpose.len() as u64).to_le_bytes());
    hasher.update(purpose.as_bytes());
    for coordinate in coordinates {
        hasher.update(&coordinate.to_le_bytes());
    }
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::stream;
    use rand::Rng;

    #[test]
    fn the_same_address_gives_the_same_numbers_and_another_gives_others() {
        let first = stream(42, "augment", &[1, 2]).next_u64();
        assert_eq!(first, stream(42, "augment", &[1, 2]).next_u64());
        for other in [
            stream(43, "augment", &[1, 2]),
            stream(42, "shuffle", &[1, 2]),
            stream(42, "augment", &[2, 1]),
            stream(42, "augment", &[1]),
        ] {
            assert_ne!(first, { other }.next_u64());
        }
    }
}
