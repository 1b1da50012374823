//! Division of work among rayon's threads.
//!
//! Work is cut into pieces by its shape alone, never by the number of threads, and partial results
//! are combined in the order of the pieces: results are the same bit for bit for every number of
//! threads. Inside [`team::lead`] pieces without results go to a team of threads that stay awake, all others to
//! rayon.
#![allow(unsafe_code)]

use super::team;
use rayon::prelude::*;

/// Values per piece of an element-wise pass: some ten microseconds of work.
pub(crate) const PIECE: usize = 32 * 1024;

/// Rows per piece for rows of `width` values, at least one.
pub(crate) fn rows_per_piece(width: usize) -> usize {
    (PIECE / width.max(1)).max(1)
}

/// Calls `work(index, piece)` on consecutive pieces of `size` values.
pub(crate) fn for_each_piece(values: &mut [f32], size: usize, work: impl Fn(usize, &mut [f32]) + Sync + Send) {
    if values.len() <= size {
        if !values.is_empty() {
            work(0, values);
        }
        return;
    }
    if team::in_a_piece() {
        return values.chunks_mut(size).enumerate().for_each(|(index, piece)| work(index, piece));
    }
    if team::is_led() {
        let (length, start) = (values.len(), Destination(values.as_mut_ptr()));
        return for_each_index(length.div_ceil(size), |index| {
            let start = &start;
            let first = index * size;
            // SAFETY: pieces of different indices are disjoint parts of `values`, which is borrowed uniquely
            // until all are done.
            work(index, unsafe { std::slice::from_raw_parts_mut(start.0.add(first), size.min(length - first)) });
        });
    }
    values.par_chunks_mut(size).enumerate().for_each(|(index, piece)| work(index, piece));
}

/// Where tasks write, each its own part.
pub(crate) struct Destination(pub(crate) *mut f32);

// SAFETY: whoever writes through it, in `unsafe` code of its own, sees to it that tasks write disjoint parts.
unsafe impl Sync for Destination {}

/// Results of `work(index)` for every piece, in order. Goes to rayon; no program's step asks for it.
pub(crate) fn map_pieces<T: Send>(count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if count <= 1 || team::in_a_piece() {
        return (0..count).map(work).collect();
    }
    (0..count).into_par_iter().map(work).collect()
}

/// Results of `work(index, piece)` for consecutive pieces of `size` values, in order; to rayon, too.
pub(crate) fn map_pieces_mut<T: Send>(
    values: &mut [f32],
    size: usize,
    work: impl Fn(usize, &mut [f32]) -> T + Sync + Send,
) -> Vec<T> {
    if values.len() <= size {
        return if values.is_empty() { Vec::new() } else { vec![work(0, values)] };
    }
    if team::in_a_piece() {
        return values.chunks_mut(size).enumerate().map(|(index, piece)| work(index, piece)).collect();
    }
    values.par_chunks_mut(size).enumerate().map(|(index, piece)| work(index, piece)).collect()
}

/// Calls `work(index)` for every index below `count`.
pub(crate) fn for_each_index(count: usize, work: impl Fn(usize) + Sync + Send) {
    if count <= 1 || team::in_a_piece() {
        (0..count).for_each(work);
    } else if !team::share(count, &work) {
        (0..count).into_par_iter().for_each(work);
    }
}
