//! A large stack for deep recursion.
//!
//! A list may hold a list that holds a list: a script nests tens of thousands of them before the operations run out,
//! and copying or dropping such a value recurses as deep. Worker threads have 2 MiB of stack, and one that overflows
//! takes the whole program along. So scripts run on a thread with a stack that cannot overflow within the other limits;
//! only the pages that are touched cost memory.

use std::cell::Cell;
use std::thread;

/// Enough for the deepest value that a call can build, with a wide margin (measured in `tests/it/script_hostile.rs`).
const ROOM: usize = if cfg!(target_pointer_width = "64") { 512 * 1024 * 1024 } else { 64 * 1024 * 1024 };

thread_local! {
    static ROOMY: Cell<bool> = const { Cell::new(false) };
}

/// Runs something where scripts have room. Every call of a hook enters by itself, which costs a new thread; who makes
/// many calls in a row enters once around them all.
pub fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if ROOMY.get() {
        return work();
    }
    let mut work = Some(work);
    let mut outcome = None;
    thread::scope(|scope| {
        let run = || {
            ROOMY.set(true);
            outcome = work.take().map(|work| work());
        };
        let thread = thread::Builder::new().name("script".to_owned()).stack_size(ROOM).spawn_scoped(scope, run);
        if let Ok(thread) = thread
            && let Err(panic) = thread.join()
        {
            std::panic::resume_unwind(panic);
        }
    });
    match (outcome, work) {
        (Some(outcome), _) => outcome,
        // A system that has no thread to give runs it here: ordinary scripts need little stack.
        (None, Some(work)) => work(),
        (None, None) => unreachable!("the thread took the work and left its outcome"),
    }
}
