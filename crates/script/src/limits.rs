//! Every limit that a script runs under, in one place. All are set explicitly, because the engine's own defaults differ
//! between debug and release builds and leave some things unlimited.
//!
//! What bounds what: the number of operations ends loops, at the same place on every machine; the clock ends the few
//! operations that are slow each; the meter ([`super::memory`]) ends growth, whatever a script grows; the roomy stack
//! ([`super::stack`]) holds what recursion and nesting can reach before one of the others ends it.

use std::time::Duration;

/// Longest a single call of a hook may take. The clock is read between operations only, and 2 s are promised.
pub const CALL_TIME: Duration = Duration::from_millis(1500);

/// Further time for each value that `combine`, and each row that `rows` is given: what its further operations take on a
/// slow machine.
pub const TIME_PER_VALUE: Duration = Duration::from_micros(100);

/// Longest all calls of a script may take together in one run.
pub const RUN_TIME: Duration = Duration::from_mins(10);

/// Most bytes that a call may hold beyond what it was given. A single operation (a copy of a list, say) can at most
/// double what is there before the meter is read again, so this is well below half of the 64 MiB that are promised. The engine's own
/// limits for lists, maps and texts are off: it goes through the whole list at every `push`, and counts the texts in it
/// as if they were one.
pub const MEMORY: i64 = 16 * 1024 * 1024;

/// How often a call may hold what it was given once more, beyond [`MEMORY`]: the values and rows themselves do not count,
/// and a script that filters, changes and sorts them has as many lists of them at once.
pub const MEMORY_TIMES_GIVEN: i64 = 3;

/// Operations of a call of `value` or `period`.
pub const OPERATIONS: u64 = 200_000;

/// Further operations for each value that `combine`, and each row that `rows` is given.
pub const OPERATIONS_PER_VALUE: u64 = 1_000;

/// After how many operations the clock is read. A call that needs fewer never reads it.
pub const CLOCK_EVERY: u64 = 16;

/// Functions that may be on the way at once.
pub const CALL_LEVELS: usize = 32;

/// How deep expressions may be nested, in functions and outside.
pub const EXPRESSION_DEPTH: usize = 48;

/// Longest text in bytes that a function makes; DHIS2 stores up to 50,000 characters.
pub const TEXT: usize = 256 * 1024;

/// Most bytes of text, shared or not, that a list or map may hold where all of it is sorted, searched or compared.
pub const LISTED_TEXT: usize = 16 * 1024 * 1024;

/// Further bytes of such text for each value that `combine`, and each row that `rows` is given.
pub const LISTED_TEXT_PER_VALUE: usize = 256;

/// How deep lists and maps may be nested where they are shown, sorted, searched or compared.
pub const DEPTH: usize = 64;

/// Most variables of a function.
pub const VARIABLES: usize = 256;

/// Most arguments of a call, and parameters of a function.
pub const ARGUMENTS: usize = 32;

/// Most elements that are written out in one list.
pub const ELEMENTS: usize = 4096;

/// Most keys that are written out in one map.
pub const KEYS: usize = 512;

/// Most cases of a `switch`.
pub const CASES: usize = 1024;

/// How deep one `switch` may stand in another: the engine's optimizer takes twice the time for each.
pub const SWITCHES: usize = 8;

/// Most functions of a script.
pub const FUNCTIONS: usize = 256;

/// Longest source of a script in bytes.
pub const SOURCE: usize = 256 * 1024;

/// Longest reason of what a script leaves out or refuses, and longest message about a mistake of it, in bytes. Each is
/// kept with its cell, and a run has many cells.
pub const REASON: usize = 2048;

/// Most bytes of values that the calls of a script may give back at once beyond what follows from what they were given.
/// A script can share one text ten thousand times; what leaves it is ten thousand texts.
pub const RETURNED: usize = 8 * 1024 * 1024;

/// Further bytes for each call of `value` and `combine`: DHIS2 has short texts.
pub const RETURNED_PER_CALL: usize = 256;

/// How often what was given may be given back beyond that: a script may write of each value what it was and what it is.
pub const RETURNED_TIMES_GIVEN: usize = 2;

/// Bytes that a row counts as, without its text.
pub const ROW: usize = 256;

/// Most parameters that a script is given.
pub const PARAMETERS: usize = 128;

/// Longest text of a parameter in bytes, all elements of a list together.
pub const PARAMETER: usize = 64 * 1024;

/// Longest file with tests of a script, in bytes.
pub const TESTS: usize = 4 * 1024 * 1024;

/// Lines that `print` and `debug` may leave in the log of a call; the rest is counted only.
pub const LOG_LINES: usize = 100;

/// Longest line of the log in characters.
pub const LOG_LINE: usize = 500;
