//! Reused buffers.
//!
//! A training step allocates and frees gigabytes in pieces of many megabytes. The system allocator
//! returns such pieces to the kernel, which then hands out zeroed pages one fault at a time: that
//! costs more than many of the operations. Buffers of at least [`SMALLEST_POOLED`] bytes are
//! therefore kept and handed out again, up to [`LARGEST_POOL`] bytes in all.
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

/// One cache line, and one AVX-512 register: the alignment of every pooled buffer.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

const SMALLEST_POOLED: usize = 4 * 1024;
const LARGEST_POOL: usize = 4 << 30;

#[derive(Default)]
struct Pool {
    /// Free buffers by their length in lines.
    free: BTreeMap<usize, Vec<Vec<Line>>>,
    bytes: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: BTreeMap::new(), bytes: 0 });

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
    lines: Vec<Line>,
    length: usize,
}

impl Buffer {
    /// A buffer of `length` values.
    pub(crate) fn new(length: usize) -> Self {
        let lines = rounded(length.div_ceil(16));
        let reused = (lines * 64 >= SMALLEST_POOLED)
            .then(|| {
                let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
                let buffer = pool.free.get_mut(&lines)?.pop()?;
                pool.bytes -= lines * 64;
                Some(buffer)
            })
            .flatten();
        Self { lines: reused.unwrap_or_else(|| vec![Line([0.0; 16]); lines]), length }
    }

    pub(crate) fn values(&self) -> &[f32] {
        // SAFETY: `Line` is sixteen `f32` without padding, and `length <= lines * 16`.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.length) }
    }

    pub(crate) fn values_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `values`; the borrow is unique.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.length) }
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
        let bytes = self.lines.len() * 64;
        if bytes < SMALLEST_POOLED {
            return;
        }
        let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        if pool.bytes + bytes <= LARGEST_POOL {
            pool.bytes += bytes;
            let lines = std::mem::take(&mut self.lines);
            pool.free.entry(lines.len()).or_default().push(lines);
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
        let bytes = self.length * size_of::<f32>();
        // SAFETY: the lines own at least that many initialised bytes; the caller promises to write
        // only initialised data, and every bit pattern is a valid `f32`.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), bytes) })
    }

    fn memory(&self, _policy: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let bytes = self.length * size_of::<f32>();
        // SAFETY: the lines own at least that many bytes.
        Ok(unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), bytes) })
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
