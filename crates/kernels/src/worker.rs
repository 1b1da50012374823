//! Where many short operations follow one another.

use crate::precision::{multiply_in, wanted};
use burn::{backend::DispatchDevice, tensor::Device};

/// Runs `work`, which computes on `device`, on one of rayon's threads if that is the CPU, multiplying in what the calling
/// thread does.
///
/// An operation that a thread outside the pool divides is handed over: that thread sleeps and one of the pool's wakes, then
/// the other way round. Small networks have hundreds of operations a step, of tens of microseconds each. Inside the pool a
/// step is handed over once. A GPU has a queue for each thread, so there the thread stays the caller's.
///
/// While an operation of `work` waits for its pieces, the worker may begin what another thread hands over. Two threads that
/// do so at once must not differentiate one graph between them: Burn locks a graph while its gradients are computed.
pub fn on_worker<T: Send>(device: &Device, work: impl FnOnce() -> T + Send) -> T {
    if !matches!(device.clone().without_autodiff().as_dispatch(), DispatchDevice::Flex(_)) {
        return work();
    }
    let precision = wanted();
    rayon::scope(|_| multiply_in(precision, work))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::precision::Precision;

    #[test]
    fn work_is_done_in_the_pool_in_the_callers_precision() {
        let device = Device::flex().autodiff();
        let caller = std::thread::current().id();
        assert_eq!(rayon::current_thread_index(), None);
        for precision in [Precision::Single, Precision::Half] {
            multiply_in(precision, || {
                on_worker(&device, || {
                    assert!(rayon::current_thread_index().is_some() && std::thread::current().id() != caller);
                    assert_eq!(wanted(), precision);
                    let worker = std::thread::current().id();
                    on_worker(&device, || assert_eq!(std::thread::current().id(), worker, "nothing to hand over"));
                });
            });
        }
        // What a worker was told is not what it does for others later.
        on_worker(&device, || assert_eq!(wanted(), Precision::Single));
    }
}
