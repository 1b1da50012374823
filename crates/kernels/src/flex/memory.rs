//! Reused buffers.
//!
//! A training step allocates and frees gigabytes in pieces of many megabytes. The system allocator
//! returns such pieces to the kernel, which then hands out zeroed pages one fault at a time: that
//! costs more than many of the operations. Buffers of at least [`SMALLEST_POOLED`] bytes are
//! therefore kept and handed out again, up to [`LARGEST_POOL`] bytes in all; beyond that, lengths that nobody has asked
//! for or given back longest go first.
//!
//! Every buffer is zeroed when first allocated and holds stale but initialised values afterwards,
//! so no uninitialised memory is ever visible.
#![allow(unsafe_code)]

use burn_std::{AccessError, AccessPolicy, AllocationController, AllocationProperty, Bytes};
use std::{
    collections::BTreeMap,
    mem::MaybeUninit,
    sync::{Mutex, PoisonError},
};

/// Bytes and values of a cache line, and of an AVX-512 register: the alignment of every buffer.
const LINE: usize = 64;
const VALUES: usize = LINE / size_of::<f32>();

const SMALLEST_POOLED: usize = 4 * 1024;
const LARGEST_POOL: usize = 4 << 30;

/// Free memory of one length.
#[derive(Default)]
struct Free {
    memory: Vec<Vec<f32>>,
    /// When some was last taken or given back.
    used: u64,
}

#[derive(Default)]
struct Pool {
    /// By length in lines.
    free: BTreeMap<usize, Free>,
    bytes: usize,
    now: u64,
}

impl Pool {
    const EMPTY: Self = Self { free: BTreeMap::new(), bytes: 0, now: 0 };

    fn take(&mut self, lines: usize) -> Option<Vec<f32>> {
        self.now += 1;
        let free = self.free.get_mut(&lines)?;
        free.used = self.now;
        let memory = free.memory.pop()?;
        self.bytes -= lines * LINE;
        Some(memory)
    }

    /// Keeps `memory` of so many lines, within `limit` bytes in all. What does not fit is freed.
    fn give(&mut self, lines: usize, memory: Vec<f32>, limit: usize) {
        let bytes = lines * LINE;
        if bytes > limit {
            return;
        }
        while self.bytes + bytes > limit {
            let others = self.free.iter().filter(|(own, free)| **own != lines && !free.memory.is_empty());
            let Some((&oldest, _)) = others.min_by_key(|(_, free)| free.used) else { return };
            let freed = self.free.remove(&oldest).map_or(0, |free| free.memory.len());
            self.bytes -= freed * oldest * LINE;
        }
        self.now += 1;
        self.bytes += bytes;
        let free = self.free.entry(lines).or_default();
        free.used = self.now;
        free.memory.push(memory);
    }
}

static POOL: Mutex<Pool> = Mutex::new(Pool::EMPTY);

/// Frees every buffer that is kept for reuse, returning how many bytes that were.
pub fn release_pooled_memory() -> usize {
    let pool = std::mem::take(&mut *POOL.lock().unwrap_or_else(PoisonError::into_inner));
    pool.bytes
}

/// Lengths are rounded up to an eighth of a power of two, so that buffers of nearly equal size are
/// interchangeable at a waste of at most an eighth.
fn rounded(lines: usize) -> usize {
    let step = (lines.next_power_of_two() / 16).max(1);
    lines.next_multiple_of(step)
}

/// Memory of `f32` values whose contents are unspecified until written.
pub(crate) struct Buffer {
    /// One line longer than the buffer, which starts at the first whole line of it: the system zeroes memory when it is
    /// first touched, by the thread that does so, only where no more than its own alignment is asked for.
    memory: Vec<f32>,
    first: usize,
    length: usize,
}

impl Buffer {
    /// A buffer of `length` values.
    pub(crate) fn new(length: usize) -> Self {
        let lines = rounded(length.div_ceil(VALUES));
        let reused = (lines * LINE >= SMALLEST_POOLED)
            .then(|| POOL.lock().unwrap_or_else(PoisonError::into_inner).take(lines))
            .flatten();
        let memory = reused.unwrap_or_else(|| vec![0.0; (lines + 1) * VALUES]);
        let first = memory.as_ptr().align_offset(LINE);
        assert!(first < VALUES, "memory is aligned to its values");
        Self { memory, first, length }
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.memory[self.first..][..self.length]
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.first..][..self.length]
    }

    fn lines(&self) -> usize {
        self.memory.len() / VALUES - 1
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        let length = self.length * size_of::<f32>();
        // SAFETY: all of the buffer's memory is initialised.
        unsafe { Bytes::from_controller(Box::new(self), length) }
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Buffer of {} values", self.length)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let lines = self.lines();
        if lines * LINE >= SMALLEST_POOLED {
            let memory = std::mem::take(&mut self.memory);
            POOL.lock().unwrap_or_else(PoisonError::into_inner).give(lines, memory, LARGEST_POOL);
        }
    }
}

impl AllocationController for Buffer {
    /// Burn knows no alignments above 16; copies it makes need no more than that.
    fn alloc_align(&self) -> usize {
        16
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(&mut self, _policy: AccessPolicy) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let values = self.values_mut();
        // SAFETY: the values are so many initialised bytes; the caller promises to write only initialised data, and
        // every bit pattern is a valid `f32`.
        Ok(unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let values = self.values();
        // SAFETY: the values are so many initialised bytes.
        Ok(unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_shrinks_and_wastes_at_most_an_eighth() {
        for lines in 1..5000 {
            let rounded = rounded(lines);
            assert!(rounded >= lines && (rounded - lines) * 8 <= lines, "{lines}");
            assert_eq!(super::rounded(rounded), rounded);
        }
    }

    #[test]
    fn a_full_pool_lets_go_of_what_was_used_longest_ago() {
        let mut pool = Pool::EMPTY;
        let limit = 10 * LINE;
        let memory = || vec![1.0];
        for lines in [2, 2, 3, 3] {
            pool.give(lines, memory(), limit);
        }
        assert_eq!(pool.bytes, 10 * LINE);
        assert!(pool.take(2).is_some());
        pool.give(5, memory(), limit);
        // Those of three lines made room; the one of two that is left was used later.
        assert_eq!((pool.take(3), pool.bytes), (None, 7 * LINE));
        assert!(pool.take(2).is_some() && pool.take(5).is_some() && pool.take(5).is_none());
        assert_eq!(pool.bytes, 0);
        pool.give(11, memory(), limit);
        assert_eq!(pool.bytes, 0, "nothing that is larger than the pool is kept");
    }

    #[test]
    fn buffers_start_at_a_line_whether_new_or_used() {
        for length in [0, 1, 15, 16, 17, 1000, 1024, 1025, 300_000] {
            for _ in 0..2 {
                let mut buffer = Buffer::new(length);
                assert!(buffer.values().as_ptr().addr().is_multiple_of(LINE), "{length}");
                assert_eq!((buffer.values().len(), buffer.values_mut().len()), (length, length));
            }
        }
    }

    #[test]
    fn bytes_hold_what_was_written_and_can_be_cloned_and_changed() {
        let mut buffer = Buffer::new(100_003);
        for (i, value) in buffer.values_mut().iter_mut().enumerate() {
            *value = i as f32;
        }
        assert_eq!(buffer.values()[100_002], 100_002.0);
        let mut bytes = buffer.into_bytes();
        let copy = bytes.clone();
        let values: &mut [f32] = bytemuck::cast_slice_mut(&mut bytes);
        values[7] = -1.0;
        let copied: &[f32] = bytemuck::cast_slice(&copy);
        assert_eq!(copied.len(), 100_003);
        assert_eq!(copied[7], 7.0);
    }
}
