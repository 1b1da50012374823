//! How far decoding may be ahead of judging.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many inputs wait, so that decoding is never further ahead than memory should hold, however many tiles an image has.
pub(super) struct Ahead {
    waiting: Mutex<usize>,
    taken: Condvar,
    most: usize,
}

impl Ahead {
    pub(super) fn new(most: usize) -> Self {
        Self { waiting: Mutex::new(0), taken: Condvar::new(), most }
    }

    /// Waits until there is room, for one image at least, whatever its size.
    pub(super) fn put(&self, inputs: usize) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |waiting: &mut usize| (self.most..CLOSED).contains(waiting);
        let mut waiting = self.taken.wait_while(waiting, full).unwrap_or_else(PoisonError::into_inner);
        *waiting = waiting.saturating_add(inputs);
    }

    pub(super) fn take(&self, inputs: usize) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= inputs;
        self.taken.notify_all();
    }
}

/// As many inputs as nobody waits for any more.
const CLOSED: usize = usize::MAX;

/// Lets everyone go who waits, once nobody takes what they bring.
pub(super) struct Closing<'a>(pub(super) &'a Ahead);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner) = CLOSED;
        self.0.taken.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_brings_too_much_waits_until_some_is_taken_or_nobody_takes_any_more() {
        let ahead = Ahead::new(10);
        // One image has room whatever its size.
        ahead.put(30);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| ahead.put(5));
            assert!(!waits.is_finished());
            ahead.take(30);
            waits.join().unwrap();
            assert_eq!(*ahead.waiting.lock().unwrap(), 5);
            ahead.put(5);
            let closing = Closing(&ahead);
            let waits = scope.spawn(|| ahead.put(1));
            drop(closing);
            waits.join().unwrap();
        });
    }
}
