//! Where many short operations follow one another.

use crate::precision::{multiply_in, wanted};

/// Runs `work` on one of rayon's threads, multiplying in what the calling thread does.
///
/// An operation that a thread outside the pool divides is handed over: that thread sleeps and one of the pool's wakes, then
/// the other way round. Small networks have hundreds of operations a step, of tens of microseconds each. Inside the pool a
/// step is handed over once.
pub fn on_worker<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let precision = wanted();
    rayon::scope(|_| multiply_in(precision, work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precision::Precision;

    #[test]
    fn work_is_done_in_the_pool_in_the_callers_precision() {
        let caller = std::thread::current().id();
        assert_eq!(rayon::current_thread_index(), None);
        for precision in [Precision::Single, Precision::Half] {
            multiply_in(precision, || {
                on_worker(|| {
                    assert!(rayon::current_thread_index().is_some() && std::thread::current().id() != caller);
                    assert_eq!(wanted(), precision);
                    let worker = std::thread::current().id();
                    on_worker(|| assert_eq!(std::thread::current().id(), worker, "there is nothing to hand over"));
                });
            });
        }
        // What a worker was told is not what it does for others later.
        on_worker(|| assert_eq!(wanted(), Precision::Single));
    }
}
