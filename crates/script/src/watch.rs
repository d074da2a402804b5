//! Limits for a running call: counts its operations, checks memory and time, and keeps what it prints.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::limits;
use super::memory::held;
use super::stop::Stop;
use super::work::{self, Bounds, charged};

/// What a call may take: more where it is given more, so that a slice is not refused for its size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    operations: u64,
    time: u64,
    memory: i64,
    listed_text: usize,
}

impl Allowance {
    /// For a call that is given several values, which take so many bytes.
    pub(super) fn of(values: usize, bytes: i64) -> Self {
        let listed_text = limits::LISTED_TEXT + limits::LISTED_TEXT_PER_VALUE * values;
        let values = values as u64;
        Self {
            listed_text,
            operations: limits::OPERATIONS + limits::OPERATIONS_PER_VALUE * values,
            time: nanoseconds(limits::CALL_TIME) + nanoseconds(limits::TIME_PER_VALUE) * values,
            memory: limits::MEMORY + limits::MEMORY_TIMES_GIVEN * bytes.max(0),
        }
    }
}

/// What a script printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Log {
    /// The first lines.
    pub lines: Vec<String>,
    /// How many further lines there were.
    pub left_out: u64,
}

/// Numbers without locks, read and written by one thread at a time: a runner runs one call, and the engine is its own.
#[derive(Debug)]
pub(super) struct Watch {
    born: Instant,
    operations: AtomicU64,
    most_operations: AtomicU64,
    /// Reading of the meter at which the call has grown too large.
    most_held: AtomicI64,
    /// Nanoseconds that the call may take.
    most_time: AtomicU64,
    /// Nanoseconds since `born` at which the call has to end; 0 until the clock is read for the first time.
    deadline: AtomicU64,
    /// Nanoseconds since `born` when the clock was read first in this call.
    started: AtomicU64,
    /// Nanoseconds that calls may still take together.
    left: AtomicU64,
    log: Mutex<Log>,
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Watch {
    pub(super) fn new(budget: Duration) -> Self {
        Self {
            born: Instant::now(),
            operations: AtomicU64::new(0),
            most_operations: AtomicU64::new(0),
            most_held: AtomicI64::new(0),
            most_time: AtomicU64::new(0),
            deadline: AtomicU64::new(0),
            started: AtomicU64::new(0),
            left: AtomicU64::new(nanoseconds(budget)),
            log: Mutex::new(Log::default()),
        }
    }

    /// A call begins. What earlier calls have kept counts against it.
    pub(super) fn begin(&self, allowance: &Allowance, retained: i64) {
        self.operations.store(0, Relaxed);
        self.most_operations.store(allowance.operations, Relaxed);
        let most_held = held() - retained + allowance.memory;
        self.most_held.store(most_held, Relaxed);
        work::begin(Bounds { held: most_held, text: allowance.listed_text });
        self.most_time.store(allowance.time, Relaxed);
        self.deadline.store(0, Relaxed);
    }

    /// A call has ended. One that never read the clock was too short to be counted.
    pub(super) fn end(&self) {
        if self.deadline.load(Relaxed) > 0 {
            let taken = nanoseconds(self.born.elapsed()).saturating_sub(self.started.load(Relaxed));
            self.left.store(self.left.load(Relaxed).saturating_sub(taken), Relaxed);
        }
    }

    /// Called before each operation.
    pub(super) fn check(&self) -> Option<Stop> {
        let before = self.operations.load(Relaxed);
        let operation = before + 1 + charged();
        self.operations.store(operation, Relaxed);
        if operation > self.most_operations.load(Relaxed) {
            return Some(Stop::Operations);
        }
        if held() > self.most_held.load(Relaxed) {
            return Some(Stop::Memory);
        }
        if operation / limits::CLOCK_EVERY > before / limits::CLOCK_EVERY { self.read_clock() } else { None }
    }

    fn read_clock(&self) -> Option<Stop> {
        let now = nanoseconds(self.born.elapsed()).max(1);
        let deadline = self.deadline.load(Relaxed);
        if deadline == 0 {
            self.started.store(now, Relaxed);
            let time = self.most_time.load(Relaxed).min(self.left.load(Relaxed));
            self.deadline.store(now.saturating_add(time), Relaxed);
            return None;
        }
        if now <= deadline {
            return None;
        }
        let whole_run = self.left.load(Relaxed) < self.most_time.load(Relaxed);
        Some(if whole_run { Stop::RunTime } else { Stop::Time })
    }

    pub(super) fn print(&self, line: &str) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.lines.len() < limits::LOG_LINES {
            log.lines.push(line.chars().take(limits::LOG_LINE).collect());
        } else {
            log.left_out += 1;
        }
    }

    pub(super) fn take_log(&self) -> Log {
        std::mem::take(&mut *self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
