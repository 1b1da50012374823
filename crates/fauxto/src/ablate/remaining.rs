//! How long the rest will take, by how long the same kind of work took.

use std::collections::HashMap;
use std::time::Duration;

/// Times of finished work by kind.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    taken: HashMap<String, (Duration, u32)>,
}

impl Remaining {
    /// Notes that work of this kind took so long.
    pub(super) fn finished(&mut self, kind: &str, took: Duration) {
        let (sum, count) = self.taken.entry(kind.to_owned()).or_default();
        *sum += took;
        *count += 1;
    }

    /// The time that work of these kinds will take: each as long as its kind on average, and a kind that has not been
    /// seen as long as all seen on average. None before anything is finished.
    pub(super) fn of<'k>(&self, kinds: impl Iterator<Item = &'k str>) -> Option<Duration> {
        let (sum, count) =
            self.taken.values().fold((Duration::ZERO, 0), |(sum, count), (own, n)| (sum + *own, count + n));
        let mean = sum.checked_div(count)?;
        Some(kinds.map(|kind| self.taken.get(kind).map_or(mean, |(sum, count)| *sum / *count)).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_kinds_count_as_they_did_and_unknown_ones_as_all_did() {
        let seconds = Duration::from_secs;
        let mut remaining = Remaining::default();
        assert_eq!(remaining.of(["train"].into_iter()), None);
        remaining.finished("train", seconds(10));
        remaining.finished("train", seconds(20));
        remaining.finished("measure", seconds(3));
        assert_eq!(remaining.of(["train", "measure", "measure"].into_iter()), Some(seconds(21)));
        assert_eq!(remaining.of(["vote"].into_iter()), Some(seconds(11)));
        assert_eq!(remaining.of([].into_iter()), Some(Duration::ZERO));
    }
}
