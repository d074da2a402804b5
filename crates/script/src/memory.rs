//! A meter of memory, so that a script's hunger is measured and not guessed.
//!
//! The engine checks the sizes of texts, lists and maps at most places, but not where an element of a list or a map is
//! replaced: `a[0] = a` doubles without limit. So the program's allocator counts, thread by thread, what is taken and
//! given back, and a running script is stopped when the difference since its start grows too large. A script runs on
//! one thread from start to end, which makes the difference its own.
//!
//! Counting costs an addition to a thread-local number per allocation; the allocator behind it is the system's.
#![expect(unsafe_code, reason = "an allocator can only be written so; every call is handed on unchanged")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// Bytes taken less bytes given back by this thread; below zero where it frees what others took.
    static HELD: Cell<i64> = const { Cell::new(0) };
}

struct Metered;

#[global_allocator]
static ALLOCATOR: Metered = Metered;

/// Bytes that this thread took and has not given back. Only differences say something.
pub(super) fn held() -> i64 {
    HELD.try_with(Cell::get).unwrap_or(0)
}

/// A thread that ends gives memory back after its thread-local numbers are gone; nobody asks for them then.
fn count(bytes: i64) {
    let _ = HELD.try_with(|held| held.set(held.get().wrapping_add(bytes)));
}

/// A layout's size never exceeds `isize::MAX`.
fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

// SAFETY: every request goes to the system's allocator as it came, and its answer back as it came; the counting
// neither allocates nor unwinds.
unsafe impl GlobalAlloc for Metered {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: the caller keeps the contract, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(signed(layout.size()));
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-signed(layout.size()));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(signed(new_size) - signed(layout.size()));
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[cfg(test)]
mod tests {
    use super::held;

    #[test]
    fn what_is_taken_counts_until_it_is_given_back() {
        let before = held();
        let block = vec![1_u8; 1_000_000];
        let between = held() - before;
        assert!((1_000_000..1_010_000).contains(&between), "{between} {}", block.len());
        drop(block);
        assert!((held() - before).abs() < 10_000);
    }
}
