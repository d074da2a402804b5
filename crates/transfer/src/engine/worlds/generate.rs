//! Random small worlds. Drawn are lists of small numbers, which become small by themselves when a world fails; what a
//! number stands for is looked up here.

use proptest::collection::vec;
use proptest::prelude::*;

use super::calendar::{BASE, Cut};
use super::case::{
    Act, Address, Aoc, Case, Cell, Coc, Cover, El, Job, Keeps, Kind, Rights, Row, Said, Source, Target, Unit, Values,
};
use super::number::{Round, Way};
use xfer_domain::item::{Combine, WhenEmpty};

/// Values that meet all there is to meet: whole, broken, zero, below zero, written in two ways, no number.
const TEXTS: [&str; 14] = ["1", "2", "3", "5", "7", "10", "40", "0", "0", "2.5", "0.1", "12.0", "-3", "abc"];
const WORDS: [&str; 4] = ["yes", "no", "12.0", "0"];
const FACTORS: [&str; 5] = ["2", "0.5", "100", "0.07", "0"];
const CUTS: [(Cut, Cut); 16] = [
    (Cut::Month, Cut::Month),
    (Cut::Month, Cut::Month),
    (Cut::Month, Cut::Month),
    (Cut::Month, Cut::Quarter),
    (Cut::Week, Cut::Month),
    (Cut::Week, Cut::Month),
    (Cut::Week, Cut::Week),
    (Cut::SundayWeek, Cut::Month),
    (Cut::TwoWeeks, Cut::Month),
    (Cut::Week, Cut::Quarter),
    (Cut::Week, Cut::TwoWeeks),
    (Cut::Month, Cut::Year),
    (Cut::Quarter, Cut::Year),
    (Cut::TwoWeeks, Cut::Quarter),
    (Cut::Day, Cut::Week),
    (Cut::Quarter, Cut::Quarter),
];

/// A value's place and text: job, element (by item or any), COC, AOC, unit, period, periods in a row, text.
type ValueSketch = (u8, u8, u8, u8, u8, u8, u8, u8);
/// Element, COC, AOC, rules (combine, round, cover, when empty), items.
type TargetSketch = ((u8, u8, u8), (u8, u8, u8, u8), Vec<(u8, u8, u8, u8)>);
/// Cuts, shift, way of reading, combine, round, addresses.
type JobSketch = (u8, u8, u8, u8, u8, Vec<TargetSketch>);
/// Kind of act, two numbers, a value.
type ActSketch = (u8, u8, u8, ValueSketch);

fn value() -> impl Strategy<Value = ValueSketch> {
    (0..2_u8, 0..40_u8, 0..2_u8, 0..2_u8, 0..30_u8, 0..20_u8, 0..12_u8, 0..14_u8)
}

fn target() -> impl Strategy<Value = TargetSketch> {
    (
        (0..6_u8, 0..30_u8, 0..30_u8),
        (0..10_u8, 0..12_u8, 0..8_u8, 0..8_u8),
        vec((0..12_u8, 0..4_u8, 0..4_u8, 0..15_u8), 1..4),
    )
}

fn job() -> impl Strategy<Value = JobSketch> {
    (0..16_u8, 0..12_u8, 0..12_u8, 0..12_u8, 0..12_u8, vec(target(), 1..4))
}

fn act() -> impl Strategy<Value = ActSketch> {
    (0..12_u8, 0..30_u8, 0..30_u8, value())
}

/// Every small world.
pub(super) fn cases() -> impl Strategy<Value = Case> {
    let world =
        (any::<[bool; 3]>(), vec(0..24_u8, 6), 0..24_u8, 0..24_u8, 0..24_u8, (0..20_u8, 0..20_u8, 0..8_u8, 0..10_u8));
    let map = vec((0..6_u8, 0..12_u8, 0..12_u8), 1..8);
    let jobs = vec(job(), 1..3);
    let window = (0..12_u8, 0..5_u8, 0..4_u8);
    let rounds = vec(vec(act(), 0..5), 0..3);
    (world, map, jobs, window, vec(value(), 0..24), vec(value(), 0..5), rounds).prop_map(
        |(world, map, jobs, window, source, destination, rounds)| {
            let (flags, keeps, sets, rights, policies, (one, other, slice, wild)) = world;
            let mut case = Case {
                source_is_new: flags[0],
                one_system: wild == 4,
                rehearsed: wild == 3,
                destination_is_new: flags[1],
                keeps: El::ALL.map(|element| keeps_of(element, keeps[element as usize])),
                set_cuts: [Cut::Month; 2],
                unassigned: (sets >= 21).then(|| Unit::ALL[usize::from(sets - 21) + 3]),
                zeros_in_analytics: flags[2],
                slice: (slice >= 5).then(|| usize::from(slice) - 4),
                rights: rights_of(rights, one, other),
                map: rows_of(&map),
                jobs: jobs.iter().map(job_of).collect(),
                window: (Cut::Month, 0, 1),
                when_empty: [WhenEmpty::Delete, WhenEmpty::Keep, WhenEmpty::Zero][usize::from(policies % 3)],
                max_delete: (policies >= 12).then(|| u32::from(policies % 4)),
                source: Values::new(),
                destination: Values::new(),
                rounds: Vec::new(),
            };
            if case.one_system {
                case.rights = rights_of(0, 0, 0);
                case.jobs.iter_mut().for_each(|job| job.analytics = false);
            }
            if wild < 8 {
                sensible(&mut case);
            }
            case.window = window_of(&case, window);
            // The data sets have the periods of the jobs, as a rule.
            let of_first = case.jobs[0].to;
            let of_last = case.jobs[case.jobs.len() - 1].to;
            case.set_cuts = [if sets == 0 { Cut::Year } else { of_first }, if sets == 1 { Cut::Day } else { of_last }];
            for value in &source {
                let values = value_of(&case, *value, true);
                case.source.extend(values);
            }
            for value in &destination {
                let values = value_of(&case, *value, false);
                case.destination.extend(values);
            }
            case.rounds =
                rounds.iter().map(|acts| acts.iter().flat_map(|act| acts_of(&case, *act)).collect()).collect();
            case
        },
    )
}

/// Most worlds are such that a run is not refused as a whole.
fn sensible(case: &mut Case) {
    if case.confirmed().next().is_none() {
        let source = case.map[0].source;
        case.map[0] = Row { source, destination: Some(source), said: Said::Confirmed };
    }
    let mut taken: Vec<Address> = Vec::new();
    for job in &mut case.jobs {
        job.targets.retain(|target| {
            let is_new = !taken.contains(&target.address);
            taken.push(target.address);
            is_new
        });
        for target in &mut job.targets {
            let mut kept: Vec<Source> = Vec::new();
            target.sources.retain(|source| {
                let apart = kept.iter().all(|other| other.element != source.element);
                kept.push(*source);
                apart
            });
        }
    }
    case.jobs.retain(|job| !job.targets.is_empty());
    // One data set has periods of one length.
    if let [first, second] = case.jobs.as_mut_slice() {
        let set = |job: &Job| job.targets.iter().map(|target| target.address.element.set()).collect::<Vec<_>>();
        let (of_first, of_second) = (set(first), set(second));
        if of_first.iter().any(|set| of_second.contains(set)) || of_first.contains(&1) {
            (second.from, second.to) = (first.from, first.to);
        }
    }
    let units: Vec<Unit> = case.confirmed().map(|(_, to)| to).collect();
    let merged = units.iter().enumerate().any(|(number, unit)| units[..number].contains(unit));
    for job in &mut case.jobs {
        let coarser = job.from != job.to;
        if job.combine == Combine::Error && (coarser || merged) {
            job.combine = Combine::Sum;
        }
        for target in &mut job.targets {
            let open = |source: &Source| {
                source.coc.is_none() && source.element.cocs().len() > 1
                    || source.aoc.is_none() && source.element.aocs().len() > 1
            };
            let several = coarser || merged || target.sources.len() > 1 || target.sources.iter().any(open);
            if several && target.combine.unwrap_or(job.combine) == Combine::Error {
                target.combine = Some(Combine::Sum);
            }
        }
    }
}

fn keeps_of(element: El, number: u8) -> Keeps {
    let kind = match (element, number % 6) {
        (El::Words, _) => Kind::Text,
        (_, 0 | 1) => Kind::Integer,
        (_, 2) => Kind::NotNegative,
        (_, 5) if number > 18 => Kind::Text,
        _ => Kind::Number,
    };
    Keeps { kind, zeros: number % 4 < 2, averaged: number == 23 }
}

fn rights_of(number: u8, one: u8, other: u8) -> Rights {
    let mut rights = Rights {
        view: None,
        reads_option: [true; 2],
        reads_male: true,
        synced: one < 10,
        reads_set: [true; 2],
        destination_reads_option: [true; 2],
        destination_writes_option: [true; 2],
        destination_writes_set: [true; 2],
    };
    match number {
        18 => rights.view = Some(Unit::DistrictA),
        19 => rights.view = Some(Unit::DistrictB),
        20 | 21 => rights.reads_option[usize::from(one % 2)] = false,
        22 => rights.destination_reads_option[usize::from(one % 2)] = false,
        23 => rights.destination_writes_option[usize::from(one % 2)] = false,
        _ => {}
    }
    match other {
        18 => rights.reads_set[usize::from(one % 2)] = false,
        19 => rights.destination_writes_set[usize::from(one % 2)] = false,
        17 => rights.reads_male = false,
        _ => {}
    }
    rights
}

fn row_of(source: u8, destination: u8, said: u8) -> Row {
    let source = Unit::ALL[usize::from(source)];
    let destination = Some(Unit::ALL.get(usize::from(destination)).copied().unwrap_or(source));
    match said {
        0..9 => Row { source, destination, said: Said::Confirmed },
        9 => Row { source, destination, said: Said::Proposed },
        10 => Row { source, destination: None, said: Said::Proposed },
        _ => Row { source, destination: None, said: Said::Ignored },
    }
}

/// One row for each source unit.
fn rows_of(rows: &[(u8, u8, u8)]) -> Vec<Row> {
    let mut map: Vec<Row> = Vec::new();
    for (source, destination, said) in rows {
        let row = row_of(*source, *destination, *said);
        if map.iter().all(|other| other.source != row.source) {
            map.push(row);
        }
    }
    map
}

fn operator(number: u8) -> Option<Combine> {
    match number {
        1 => Some(Combine::Average),
        2 => Some(Combine::Min),
        3 => Some(Combine::Max),
        4 => Some(Combine::Last),
        5 => Some(Combine::First),
        6 => Some(Combine::Sum),
        7 => Some(Combine::Error),
        _ => None,
    }
}

fn rounding(number: u8) -> Option<Round> {
    match number {
        9 => Some(Round { way: Way::Half, decimals: 0 }),
        10 => Some(Round { way: Way::Up, decimals: 0 }),
        11 => Some(Round { way: Way::Down, decimals: 1 }),
        _ => None,
    }
}

fn job_of((cuts, shift, read, combine, round, targets): &JobSketch) -> Job {
    let (from, to) = CUTS[usize::from(*cuts)];
    let mut targets: Vec<Target> = targets.iter().map(target_of).collect();
    if *read > 9 {
        // One number for several addresses.
        let first = targets[0].clone();
        for (target, weight) in targets.iter_mut().zip(1..) {
            target.sources.clone_from(&first.sources);
            target.sources.truncate(1);
            target.share = Some(weight);
            (target.combine, target.round, target.cover) = (first.combine, first.round, first.cover);
        }
    }
    Job {
        from,
        to,
        shift: match shift {
            10 => -1,
            11 => 1,
            _ => 0,
        },
        analytics: matches!(*read, 5 | 6),
        combine: operator(*combine).unwrap_or(Combine::Sum),
        round: rounding(*round),
        targets,
    }
}

fn target_of(((element, coc, aoc), (combine, round, cover, when_empty), sources): &TargetSketch) -> Target {
    let element = El::ALL[usize::from(*element)];
    // Now and then an address that the destination does not have.
    let coc = match coc {
        29 => {
            if element.cocs().len() == 1 {
                Coc::Male
            } else {
                Coc::Default
            }
        }
        other => element.cocs()[usize::from(*other) % element.cocs().len()],
    };
    let aoc = match aoc {
        29 => {
            if element.aocs().len() == 1 {
                Aoc::P
            } else {
                Aoc::Default
            }
        }
        other => element.aocs()[usize::from(*other) % element.aocs().len()],
    };
    Target {
        address: Address { element, coc, aoc },
        sources: sources.iter().map(|source| source_of(element, *source)).collect(),
        combine: operator(*combine),
        round: rounding(*round),
        cover: match cover {
            6 => Some(Cover::All),
            7 => Some(Cover::AtLeast(2)),
            _ => None,
        },
        share: None,
        when_empty: match when_empty {
            5 => Some(WhenEmpty::Keep),
            6 => Some(WhenEmpty::Zero),
            7 => Some(WhenEmpty::Delete),
            _ => None,
        },
    }
}

fn source_of(target: El, (element, coc, aoc, factor): (u8, u8, u8, u8)) -> Source {
    let element = match El::ALL.get(usize::from(element)).copied() {
        // Words among numbers are rare.
        Some(element) if element != El::Words || coc == 0 => element,
        _ => target,
    };
    let (cocs, aocs) = (element.cocs(), element.aocs());
    Source {
        element,
        coc: (coc > 0).then(|| cocs[usize::from(coc) % cocs.len()]),
        aoc: (aoc > 0).then(|| aocs[usize::from(aoc) % aocs.len()]),
        factor: FACTORS.get(usize::from(factor).wrapping_sub(10)).copied(),
    }
}

/// Periods that all jobs read, or longer ones.
fn window_of(case: &Case, (from, number, long): (u8, u8, u8)) -> (Cut, usize, usize) {
    let cuts: Vec<Cut> = case.jobs.iter().map(|job| job.from).collect();
    let finest = *cuts.iter().min().unwrap();
    let longest = *cuts.iter().max().unwrap();
    let cut = match long {
        _ if finest == longest && long < 2 => finest,
        2 if longest < Cut::Quarter => Cut::Quarter,
        _ if longest < Cut::Month => Cut::Month,
        _ => longest,
    };
    let (step, most) = match cut {
        Cut::Day => (5, 12),
        Cut::Month => (1, 3),
        Cut::Quarter | Cut::Year => (0, 1),
        _ => (1, 6),
    };
    (cut, cut.index_on(BASE) + usize::from(from) * step, usize::from(number) % most + 1)
}

fn value_of(case: &Case, sketch: ValueSketch, at_source: bool) -> Vec<(Cell, String)> {
    let (job, element, coc, aoc, unit, period, row, text) = sketch;
    let job = &case.jobs[usize::from(job) % case.jobs.len()];
    let used: Vec<El> = if at_source {
        job.targets.iter().flat_map(|target| target.sources.iter().map(|source| source.element)).collect()
    } else {
        job.targets.iter().map(|target| target.address.element).collect()
    };
    let element = match element {
        36.. => El::ALL[usize::from(element) % 6],
        _ => used[usize::from(element) % used.len()],
    };
    let words: &[&str] = if element == El::Words { &WORDS } else { &TEXTS };
    let text = words[usize::from(text) % words.len()];
    let (cocs, aocs) = (element.cocs(), element.aocs());
    let (coc, aoc) = (cocs[usize::from(coc) % cocs.len()], aocs[usize::from(aoc) % aocs.len()]);
    let (window, first, number) = case.window;
    let start = window.stretches()[first].days[0];
    let end = *window.stretches()[first + number - 1].days.last().unwrap();
    let cut = if at_source { job.from } else { job.to };
    let (first, last) = (cut.index_on(start), cut.index_on(end));
    let mapped: Vec<Unit> = case
        .map
        .iter()
        .filter_map(|row| if at_source { Some(row.source) } else { row.destination })
        .chain([Unit::Clinic1])
        .collect();
    let unit = match unit {
        24.. => Unit::ALL[usize::from(unit) - 24],
        _ => mapped[usize::from(unit) % mapped.len()],
    };
    // Mostly within the window, now and then beside it.
    let first = match period {
        0..15 => first + usize::from(period) % (last - first + 1),
        15 => first.saturating_sub(1),
        _ => last + usize::from(period) - 15,
    };
    let number = if row >= 8 { usize::from(row) - 5 } else { 1 };
    (first..(first + number).min(cut.stretches().len()))
        .map(|period| {
            let period = cut.name_at(period);
            (Cell { unit, period, address: Address { element, coc, aoc } }, text.to_owned())
        })
        .collect()
}

fn acts_of(case: &Case, (kind, one, other, value): ActSketch) -> Vec<Act> {
    let (one, other) = (usize::from(one), usize::from(other));
    let text = || TEXTS[other % TEXTS.len()].to_owned();
    match kind {
        0 | 1 => value_of(case, value, true).into_iter().map(|(cell, text)| Act::Source(cell, text)).collect(),
        2 | 3 => vec![Act::SourceEmptied(one)],
        4 => vec![Act::UnitEmptied(Unit::ALL[one % 6])],
        5 => value_of(case, value, false).into_iter().map(|(cell, text)| Act::ByHand(cell, text)).collect(),
        6 => vec![Act::ByHandChanged(one, text())],
        7 => vec![Act::ByHandDeleted(one)],
        8 => {
            let [source, destination, said] =
                [one % 6, other % 12, other % 12].map(|number| u8::try_from(number).unwrap());
            vec![Act::Remap(row_of(source, destination, said))]
        }
        9 => vec![Act::Drop(one, other)],
        10 => vec![Act::OptionTaken(one % 2)],
        _ => vec![Act::ViewTaken([Unit::DistrictA, Unit::DistrictB, Unit::Clinic1][one % 3])],
    }
}
