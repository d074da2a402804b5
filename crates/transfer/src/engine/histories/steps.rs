//! A history in words of its own, and random ones.

use crate::engine::world::Fault;
use xfer_domain::item::WhenEmpty;
use xfer_domain::run::RunMode;

/// Data element (1, or 3 with zeros that vanish), clinic, month.
pub(super) type Place = (u8, u8, u8);

/// Clinics that are used; 4 and 5 lie in different districts.
pub(super) const UNITS: [u8; 4] = [1, 2, 4, 5];

/// One thing that happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The routine runs.
    Run(Run),
    /// The source has this value from now on, or none.
    Source(Place, Option<u8>),
    /// Somebody writes at the destination, or deletes.
    ByHand(Place, Option<u8>),
    /// Somebody enters by hand what the routine wrote there last.
    Reentered(Place),
    /// A clinic goes to another one from now on, or nowhere.
    Remap(u8, Option<u8>),
    /// The second job is taken out of the routine or put back.
    SecondJob(bool),
    /// The user may not read at the destination any more, or may again.
    Blind(bool),
    /// A clinic is closed at the destination, or open again.
    Closed(u8, bool),
}

/// One run and what goes wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) mode: RunMode,
    /// Only the first job.
    pub(super) one_job: bool,
    /// Only the first month.
    pub(super) one_month: bool,
    pub(super) posts: Vec<Option<Fault>>,
    pub(super) reads: Vec<Option<Fault>>,
    /// The process dies, or the disk is full, after so many writes of the journal; whether the last one is on the disk.
    pub(super) writes: Option<(usize, bool)>,
}

impl Run {
    /// A run over everything that nothing goes wrong with.
    pub(super) fn quiet() -> Self {
        Self { mode: RunMode::Run, one_job: false, one_month: false, posts: vec![], reads: vec![], writes: None }
    }
}

/// A routine, two servers, and what happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct History {
    pub(super) version: &'static str,
    pub(super) when_empty: WhenEmpty,
    pub(super) verify: bool,
    pub(super) only_changed: bool,
    /// Mapped org units that fit into one slice; none for as many as there are.
    pub(super) slice: Option<usize>,
    pub(super) steps: Vec<Step>,
}

/// Random numbers that are the same for ever (SplitMix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// True once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn small(&mut self, end: u8) -> u8 {
        u8::try_from(self.below(u64::from(end))).unwrap()
    }

    fn place(&mut self) -> Place {
        (self.one_of(&[1, 1, 3]), self.one_of(&UNITS), 1 + self.small(2))
    }

    fn value(&mut self) -> Option<u8> {
        if self.once_in(3) { None } else { Some(self.small(4)) }
    }
}

const POSTS: [Fault; 9] = [
    Fault::Interrupted,
    Fault::Timeout,
    Fault::Silent,
    Fault::LoggedOut,
    Fault::LoginPage,
    Fault::FailedAfter,
    Fault::KilledBefore,
    Fault::KilledAfter,
    Fault::Connect,
];

const READS: [Fault; 4] = [Fault::Interrupted, Fault::ServerError, Fault::Unauthorized, Fault::KilledBefore];

/// The history of that number.
pub(super) fn history(number: u64) -> History {
    let mut dice = Dice(number);
    let mut steps = Vec::new();
    for _ in 0..2 + dice.below(5) {
        steps.push(Step::Source(dice.place(), Some(1 + dice.small(3))));
    }
    for _ in 0..dice.below(3) {
        steps.push(Step::ByHand(dice.place(), Some(dice.small(4))));
    }
    for _ in 0..2 + dice.below(4) {
        steps.push(Step::Run(run(&mut dice)));
        for _ in 0..dice.below(4) {
            steps.push(step(&mut dice));
        }
    }
    History {
        version: dice.one_of(&["2.42.5", "2.43.1"]),
        when_empty: dice.one_of(&[WhenEmpty::Delete, WhenEmpty::Delete, WhenEmpty::Keep, WhenEmpty::Zero]),
        verify: !dice.once_in(5),
        only_changed: !dice.once_in(5),
        slice: dice.one_of(&[None, Some(1), Some(2)]),
        steps,
    }
}

fn step(dice: &mut Dice) -> Step {
    match dice.below(12) {
        0..=2 => Step::Source(dice.place(), dice.value()),
        3..=5 => Step::ByHand(dice.place(), dice.value()),
        6 | 7 => Step::Reentered(dice.place()),
        8 => Step::Remap(dice.one_of(&UNITS[1..]), if dice.once_in(2) { None } else { Some(dice.one_of(&UNITS)) }),
        9 => Step::SecondJob(dice.once_in(2)),
        10 => Step::Blind(dice.once_in(2)),
        _ => Step::Closed(dice.one_of(&UNITS), dice.once_in(2)),
    }
}

fn run(dice: &mut Dice) -> Run {
    let faults = |dice: &mut Dice, all: &[Fault], often: u64| {
        let number = dice.below(5);
        (0..number).map(|_| dice.once_in(often).then(|| dice.one_of(all))).collect()
    };
    Run {
        mode: dice.one_of(&[RunMode::Run, RunMode::Run, RunMode::Run, RunMode::Run, RunMode::DryRun, RunMode::Check]),
        one_job: dice.once_in(5),
        one_month: dice.once_in(5),
        posts: faults(dice, &POSTS, 2),
        reads: faults(dice, &READS, 6),
        writes: dice.once_in(4).then(|| (usize::try_from(dice.below(12)).unwrap(), dice.once_in(2))),
    }
}
