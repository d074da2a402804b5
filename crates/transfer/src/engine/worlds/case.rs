//! A small world in words of its own: what is mapped, what stands where, who may see what, and what happens between
//! the runs. Everything that the engine, the servers and the oracle are given is made from this.

use std::collections::BTreeMap;
use std::fmt;

use super::calendar::Cut;
use super::number::Round;
use xfer_domain::item::{Combine, WhenEmpty};

/// The data elements of both servers. The last two are in a data set with the attribute combo "project".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum El {
    Plain,
    Sexed,
    Other,
    Words,
    Funded,
    Both,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Coc {
    Default,
    Male,
    Female,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Aoc {
    Default,
    P,
    Q,
}

/// The org units of both servers that play a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    Country,
    DistrictA,
    DistrictB,
    Clinic1,
    Clinic2,
    Clinic5,
}

impl El {
    pub(super) const ALL: [Self; 6] = [Self::Plain, Self::Sexed, Self::Other, Self::Words, Self::Funded, Self::Both];

    pub(super) fn cocs(self) -> &'static [Coc] {
        match self {
            Self::Sexed | Self::Both => &[Coc::Male, Coc::Female],
            _ => &[Coc::Default],
        }
    }

    pub(super) fn aocs(self) -> &'static [Aoc] {
        match self {
            Self::Funded | Self::Both => &[Aoc::P, Aoc::Q],
            _ => &[Aoc::Default],
        }
    }

    /// Its data set, by number.
    pub(super) fn set(self) -> usize {
        usize::from(matches!(self, Self::Funded | Self::Both))
    }
}

impl Unit {
    pub(super) const ALL: [Self; 6] =
        [Self::Country, Self::DistrictA, Self::DistrictB, Self::Clinic1, Self::Clinic2, Self::Clinic5];

    fn above(self) -> Option<Self> {
        match self {
            Self::Country => None,
            Self::DistrictA | Self::DistrictB => Some(Self::Country),
            Self::Clinic1 | Self::Clinic2 => Some(Self::DistrictA),
            Self::Clinic5 => Some(Self::DistrictB),
        }
    }

    /// Whether it is the other unit or lies below it.
    pub(super) fn is_in(self, other: Self) -> bool {
        self == other || self.above().is_some_and(|above| above.is_in(other))
    }
}

/// A place for one value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell {
    pub(super) unit: Unit,
    pub(super) period: String,
    pub(super) address: Address,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) element: El,
    pub(super) coc: Coc,
    pub(super) aoc: Aoc,
}

/// Values by their places.
pub(super) type Values = BTreeMap<Cell, String>;

/// What one item reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) element: El,
    pub(super) coc: Option<Coc>,
    pub(super) aoc: Option<Aoc>,
    pub(super) factor: Option<&'static str>,
}

/// How many source periods must have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cover {
    All,
    AtLeast(u16),
}

/// An address at the destination with the items that lead to it; all of them have its rules.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) address: Address,
    pub(super) sources: Vec<Source>,
    pub(super) combine: Option<Combine>,
    pub(super) round: Option<Round>,
    pub(super) cover: Option<Cover>,
    pub(super) when_empty: Option<WhenEmpty>,
    /// Its weight among the addresses that share one source out; then it has that source alone.
    pub(super) share: Option<u8>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) from: Cut,
    pub(super) to: Cut,
    pub(super) shift: i32,
    pub(super) analytics: bool,
    pub(super) combine: Combine,
    pub(super) round: Option<Round>,
    pub(super) targets: Vec<Target>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Confirmed,
    Proposed,
    Ignored,
}

/// A row of the org unit map.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) source: Unit,
    pub(super) destination: Option<Unit>,
    pub(super) said: Said,
}

/// What a data element holds at the destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    NotNegative,
    Number,
    Text,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Keeps {
    pub(super) kind: Kind,
    /// Whether zeros are significant.
    pub(super) zeros: bool,
    /// Whether it is averaged; then zeros are kept in any case.
    pub(super) averaged: bool,
}

/// What the users may see and do. Options are P and Q, data sets the plain one and the one with projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rights {
    /// The org units with all below them that the source user may read; none for everything.
    pub(super) view: Option<Unit>,
    pub(super) reads_option: [bool; 2],
    /// Whether the synced metadata knows of rights to options that were taken away.
    pub(super) synced: bool,
    /// The category option "male".
    pub(super) reads_male: bool,
    pub(super) reads_set: [bool; 2],
    pub(super) destination_reads_option: [bool; 2],
    pub(super) destination_writes_option: [bool; 2],
    pub(super) destination_writes_set: [bool; 2],
}

/// What happens between two runs.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Act {
    /// The source has another value.
    Source(Cell, String),
    /// The source has no value any more: the one at that place of all.
    SourceEmptied(usize),
    /// The source has nothing at all any more in an org unit.
    UnitEmptied(Unit),
    /// Somebody writes at the destination.
    ByHand(Cell, String),
    /// Somebody changes the value at that place of all that the destination has.
    ByHandChanged(usize, String),
    /// Somebody deletes it.
    ByHandDeleted(usize),
    /// A row of the map is corrected.
    Remap(Row),
    /// The items of an address are taken out of a job.
    Drop(usize, usize),
    /// The source user may no longer read an option.
    OptionTaken(usize),
    /// The source user may read no more than this unit.
    ViewTaken(Unit),
}

/// A small world.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own about a world")]
pub(super) struct Case {
    pub(super) source_is_new: bool,
    /// Whether source and destination are one server; then the values of both are its values.
    pub(super) one_system: bool,
    /// Whether each run is rehearsed by a dry run.
    pub(super) rehearsed: bool,
    pub(super) destination_is_new: bool,
    pub(super) keeps: [Keeps; 6],
    pub(super) set_cuts: [Cut; 2],
    /// A unit that is not assigned to the data sets of the destination.
    pub(super) unassigned: Option<Unit>,
    pub(super) zeros_in_analytics: bool,
    /// Mapped org units that fit into one slice; none for as many as there are.
    pub(super) slice: Option<usize>,
    pub(super) rights: Rights,
    pub(super) map: Vec<Row>,
    pub(super) jobs: Vec<Job>,
    /// Its cut, the place of its first period and their number.
    pub(super) window: (Cut, usize, usize),
    pub(super) when_empty: WhenEmpty,
    pub(super) max_delete: Option<u32>,
    pub(super) source: Values,
    pub(super) destination: Values,
    /// What happens before each further run.
    pub(super) rounds: Vec<Vec<Act>>,
}

impl Case {
    pub(super) fn keeps(&self, element: El) -> Keeps {
        self.keeps[element as usize]
    }

    pub(super) fn confirmed(&self) -> impl Iterator<Item = (Unit, Unit)> {
        let confirmed = self.map.iter().filter(|row| row.said == Said::Confirmed);
        confirmed.filter_map(|row| Some((row.source, row.destination?)))
    }

    /// The window as a person writes it.
    pub(super) fn window_text(&self) -> String {
        let (cut, first, number) = self.window;
        format!("{}..{}", cut.name_at(first), cut.name_at(first + number - 1))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.element)?;
        if self.coc != Coc::Default {
            write!(f, " {:?}", self.coc)?;
        }
        if self.aoc != Aoc::Default {
            write!(f, " project {:?}", self.aoc)?;
        }
        Ok(())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:?} in {}", self.address, self.unit, self.period)
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.element)?;
        match self.coc {
            None => write!(f, ", every combo")?,
            Some(Coc::Default) => {}
            Some(coc) => write!(f, " {coc:?}")?,
        }
        match self.aoc {
            None => write!(f, ", every attribute combo")?,
            Some(Aoc::Default) => {}
            Some(aoc) => write!(f, " project {aoc:?}")?,
        }
        if let Some(factor) = self.factor {
            write!(f, " x {factor}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} -> {:?} ({:?})", self.source, self.destination, self.said)
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(cell, text) => write!(f, "the source has {cell} = `{text}`"),
            Self::SourceEmptied(number) => write!(f, "the source loses its value no. {number}"),
            Self::UnitEmptied(unit) => write!(f, "the source loses the values of {unit:?}"),
            Self::ByHand(cell, text) => write!(f, "by hand: {cell} = `{text}`"),
            Self::ByHandChanged(number, text) => write!(f, "by hand: value no. {number} becomes `{text}`"),
            Self::ByHandDeleted(number) => write!(f, "by hand: value no. {number} is deleted"),
            Self::Remap(row) => write!(f, "map: {row}"),
            Self::Drop(job, target) => write!(f, "job {job} loses the items of its address no. {target}"),
            Self::OptionTaken(option) => write!(f, "the source user loses project {}", ["P", "Q"][*option]),
            Self::ViewTaken(unit) => write!(f, "the source user sees {unit:?} only"),
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |new: bool, newer: &'static str| if new { newer } else { "2.42" };
        let (source, destination) = (version(self.source_is_new, "2.44"), version(self.destination_is_new, "2.43"));
        writeln!(
            f,
            "{source} -> {destination}, window {}, when_empty {:?}, max_delete {:?}, analytics {} zeros",
            self.window_text(),
            self.when_empty,
            self.max_delete,
            if self.zeros_in_analytics { "with" } else { "without" }
        )?;
        writeln!(f, "{:?}", self.rights)?;
        writeln!(
            f,
            "data sets are {:?}, not assigned: {:?}, units in a slice: {:?}",
            self.set_cuts, self.unassigned, self.slice
        )?;
        if self.one_system {
            writeln!(f, "source and destination are one system")?;
        }
        if self.rehearsed {
            writeln!(f, "each run is rehearsed")?;
        }
        self.map.iter().try_for_each(|row| writeln!(f, "map: {row}"))?;
        for (number, job) in self.jobs.iter().enumerate() {
            writeln!(
                f,
                "job {number}: {:?} -> {:?}, shift {}, {}, combine {:?}, round {:?}",
                job.from,
                job.to,
                job.shift,
                if job.analytics { "analytics" } else { "raw" },
                job.combine,
                job.round
            )?;
            for target in &job.targets {
                let keeps = self.keeps(target.address.element);
                writeln!(
                    f,
                    "  to {} {keeps:?}, combine {:?}, round {:?}, cover {:?}, when_empty {:?}, share {:?}",
                    target.address, target.combine, target.round, target.cover, target.when_empty, target.share
                )?;
                target.sources.iter().try_for_each(|source| writeln!(f, "    from {source}"))?;
            }
        }
        self.source.iter().try_for_each(|(cell, text)| writeln!(f, "source: {cell} = `{text}`"))?;
        self.destination.iter().try_for_each(|(cell, text)| writeln!(f, "destination: {cell} = `{text}`"))?;
        for (number, acts) in self.rounds.iter().enumerate() {
            writeln!(f, "before run {}:", number + 2)?;
            acts.iter().try_for_each(|act| writeln!(f, "  {act}"))?;
        }
        Ok(())
    }
}
