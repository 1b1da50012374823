//! Memory in large pages.
//!
//! A network's weights are tens of megabytes that are written once, soon after a program starts. In pages of 4 KiB each
//! first touch of one is a fault, which together cost as much as reading the weights does. Linux hands out pages of
//! 2 MiB where a program asks for them (`madvise`, transparent huge pages); elsewhere this is the system's allocator.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};

/// The large page of x86-64 and of most 64-bit ARM systems.
const PAGE: usize = 2 << 20;

/// What is worth asking for: in less there may be no whole large page.
const SMALLEST: usize = 2 * PAGE;

/// The system's allocator, asking for large pages where an allocation has room for them. For a program's
/// `#[global_allocator]`.
#[derive(Debug, Clone, Copy, Default)]
pub struct LargePages;

// SAFETY: every request goes to the system's allocator unchanged; advice about pages changes neither contents nor
// ownership.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`.
        ask(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as in `alloc`.
        ask(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as in `alloc`; `memory` came from the system's allocator with this layout.
        ask(unsafe { System.realloc(memory, layout, size) }, size)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as in `realloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

/// The whole large pages within `size` bytes from `address`: where they start, and their bytes.
fn whole_pages(address: usize, size: usize) -> (usize, usize) {
    let start = address.next_multiple_of(PAGE);
    let end = (address + size) / PAGE * PAGE;
    (start, end.saturating_sub(start))
}

#[cfg(target_os = "linux")]
fn ask(memory: *mut u8, size: usize) -> *mut u8 {
    if size < SMALLEST || memory.is_null() {
        return memory;
    }
    let (start, length) = whole_pages(memory as usize, size);
    if length > 0 {
        // SAFETY: the range lies within an allocation of ours. A refusal leaves it as it was.
        unsafe { libc::madvise(memory.wrapping_add(start - memory as usize).cast(), length, libc::MADV_HUGEPAGE) };
    }
    memory
}

#[cfg(not(target_os = "linux"))]
fn ask(memory: *mut u8, _: usize) -> *mut u8 {
    memory
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_pages_within_the_allocation_are_asked_for() {
        assert_eq!(whole_pages(0, 2 * PAGE), (0, 2 * PAGE));
        assert_eq!(whole_pages(PAGE + 16, 2 * PAGE), (2 * PAGE, PAGE));
        assert_eq!(whole_pages(16, PAGE), (PAGE, 0));
        for address in (0..3 * PAGE).step_by(PAGE / 3 + 7) {
            for size in (0..5 * PAGE).step_by(PAGE / 2 + 5) {
                let (start, length) = whole_pages(address, size);
                assert!(length == 0 || (start >= address && start + length <= address + size));
                assert!(length + 2 * PAGE > size && start.is_multiple_of(PAGE) && length.is_multiple_of(PAGE));
            }
        }
    }

    #[test]
    fn memory_is_zeroed_grows_and_keeps_its_contents() {
        for size in [1, 4096, SMALLEST - 1, SMALLEST, 3 * SMALLEST + 13] {
            let layout = Layout::from_size_align(size, 64).unwrap();
            // SAFETY: sizes are not zero, every access is in bounds, and memory is freed with the layout it has then.
            unsafe {
                let memory = LargePages.alloc_zeroed(layout);
                assert!(
                    (0..size).step_by(997).all(|place| *memory.add(place) == 0) && memory.addr().is_multiple_of(64)
                );
                (0..size).for_each(|place| *memory.add(place) = (place % 251) as u8);
                let memory = LargePages.realloc(memory, layout, 2 * size);
                assert!((0..size).all(|place| *memory.add(place) == (place % 251) as u8));
                LargePages.dealloc(memory, Layout::from_size_align(2 * size, 64).unwrap());
            }
        }
    }
}
