//! What should arrive: the rules of the program, followed with pencil and paper.
//!
//! The oracle goes over every value that the source user may see and writes it down at each cell that an item and the
//! map lead it to. Then it looks at each cell that has something written down or that the destination holds, one rule
//! after another. It shares no code with the engine and is in no hurry.

mod made;
mod refusal;

use std::collections::{BTreeMap, BTreeSet};

use self::made::{Made, combined, same, shaped};
use self::refusal::{Loops, reads_itself, refusal};
use super::calendar::Home;
use super::case::{Address, Aoc, Case, Cell, Coc, Cover, El, Job, Kind, Row, Said, Source, Target, Unit, Values};
use super::number::{Number, Round};
use xfer_domain::item::{Combine, WhenEmpty};

/// What should come of a run.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nothing may be sent, for this reason.
    Refused(&'static str),
    /// It may be refused for this reason or run.
    Either(&'static str, Expected),
    /// Every cell has its fate.
    Runs(Expected),
    /// What comes of it depends on what is done first.
    Unsure,
}

/// What should come of the cells.
#[derive(Debug, Default)]
pub(super) struct Expected {
    pub(super) fates: BTreeMap<Cell, Fate>,
    /// Source values of raw jobs that belong to an item and to the periods that are read, and those of them without a
    /// confirmed row.
    pub(super) fetched: u64,
    pub(super) unmapped: u64,
}

/// What should come of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It should hold this.
    Holds(String),
    /// A zero that is not kept; the cell is left as it is.
    ZeroSkipped,
    /// It is left as it is and named, for one of these reasons.
    Held(BTreeSet<&'static str>),
    /// It is left as it is; it may be named for one of these reasons.
    MayBeHeld(BTreeSet<&'static str>),
    /// It is left as it is and is none of the run's.
    Kept,
    /// It is deleted, as far as the routine's limit goes. The source has a zero for it, or nothing.
    Deleted { zero: bool },
    /// This, if the source had a value for the job; else it is left as it is and named. That cannot be told from here.
    IfSpoken(Box<Self>),
}

/// Whether the source has any value for a job: an empty answer is no wish to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Spoke {
    #[default]
    No,
    /// Only at org units that lead nowhere, which may not be read.
    Perhaps,
    Yes,
}

impl Spoke {
    /// What becomes of a cell that the source has nothing for.
    fn judge(self, fate: Fate, there: &str) -> Fate {
        match (self, fate) {
            (_, fate @ (Fate::Kept | Fate::MayBeHeld(_) | Fate::ZeroSkipped)) | (Self::Yes, fate) => fate,
            (_, Fate::Holds(text)) if text == there => Fate::Holds(text),
            (Self::No, Fate::Held(mut reasons)) => {
                reasons.insert(NO_EVIDENCE);
                Fate::Held(reasons)
            }
            (Self::No, _) => Fate::Held([NO_EVIDENCE].into()),
            (Self::Perhaps, fate) => Fate::IfSpoken(Box::new(fate)),
        }
    }
}

/// Why a cell stays that the source has nothing for.
pub(super) const NO_EVIDENCE: &str = "delete-without-evidence";

/// A value at a cell, before anything is made of it.
struct Part {
    text: String,
    factor: Option<&'static str>,
    period: usize,
}

/// What is written down for an address, an org unit and a period of a job.
#[derive(Default)]
struct Sheet {
    parts: Vec<Part>,
    /// Whether a value of a period that lies half in another one may belong here.
    halved: bool,
}

/// What a routine should do, with what the destination holds and what the routine wrote there once.
pub(super) fn expect(case: &Case, destination: &Values, ledger: &Values) -> Verdict {
    if case.one_system && reads_itself(case) == Loops::Others {
        return Verdict::Unsure;
    }
    match refusal(case) {
        Some((reason, true)) => Verdict::Refused(reason),
        Some((reason, false)) => Verdict::Either(reason, expected(case, destination, ledger)),
        None => Verdict::Runs(expected(case, destination, ledger)),
    }
}

fn expected(case: &Case, destination: &Values, ledger: &Values) -> Expected {
    let mut expected = Expected::default();
    let mut spoke = Spoke::No;
    for job in &case.jobs {
        spoke = spoke.max(follow(case, job, destination, ledger, &mut expected));
    }
    // What no job has to do with stays, but for what the routine wrote there itself.
    for cell in destination.keys() {
        let fate = if leads_to_any(case, cell) {
            Fate::Kept
        } else {
            spoke.judge(leftover(case, cell, destination, ledger), &destination[cell])
        };
        expected.fates.entry(cell.clone()).or_insert(fate);
    }
    expected
}

/// Whether the source user may see an org unit's values.
fn sees(case: &Case, unit: Unit) -> bool {
    case.rights.view.is_none_or(|view| unit.is_in(view))
}

fn reads(rights: [bool; 2], aoc: Aoc) -> bool {
    match aoc {
        Aoc::Default => true,
        Aoc::P => rights[0],
        Aoc::Q => rights[1],
    }
}

fn belongs(source: &Source, address: Address) -> bool {
    source.element == address.element
        && source.coc.is_none_or(|coc| coc == address.coc)
        && source.aoc.is_none_or(|aoc| aoc == address.aoc)
}

/// The source's values as the way of reading shows them.
fn visible(case: &Case, job: &Job) -> Values {
    let readable = |cell: &Cell| {
        reads(case.rights.reads_option, cell.address.aoc)
            && (!job.analytics || case.rights.reads_male || cell.address.coc != Coc::Male)
    };
    if !job.analytics {
        let seen =
            case.source.iter().filter(|(cell, text)| readable(cell) && sees(case, cell.unit) && !text.is_empty());
        return seen.map(|(cell, text)| (cell.clone(), text.clone())).collect();
    }
    // Each unit shows the sum of all that lies in it.
    let mut shown = Values::new();
    for unit in Unit::ALL.into_iter().filter(|unit| sees(case, *unit) && is_asked(case, *unit)) {
        for (cell, text) in case.source.iter().filter(|(cell, _)| readable(cell)) {
            let there = Cell { unit, ..cell.clone() };
            if cell.address.element == El::Words {
                if cell.unit == unit {
                    shown.insert(there, text.clone());
                }
                continue;
            }
            let Some(number) = Number::read(text).filter(|number| case.zeros_in_analytics || !number.is_zero()) else {
                continue;
            };
            if cell.unit.is_in(unit) {
                let before = shown.get(&there).map_or(Number::ZERO, |text| Number::read(text).unwrap());
                shown.insert(there, before.plus(number).written());
            }
        }
    }
    shown
}

/// Whether analytics is asked about an org unit. One above others that are mapped always has figures, theirs; it is asked
/// only if its own place at the destination collects any.
fn is_asked(case: &Case, unit: Unit) -> bool {
    let above_mapped = case.confirmed().any(|(from, _)| from != unit && from.is_in(unit));
    let collects = case.confirmed().any(|(from, to)| from == unit && case.unassigned != Some(to));
    !above_mapped || collects
}

/// The periods of a job: those that are written, and where each that is read goes.
struct Periods {
    written: BTreeSet<usize>,
    goes_to: BTreeMap<usize, Home>,
}

fn periods(case: &Case, job: &Job) -> Periods {
    let (window, first, number) = case.window;
    let is_asked = |period: usize| {
        let in_window = if window == job.from {
            period
        } else {
            match job.from.home(period, window) {
                // A window takes each period once: of two halves the earlier has the middle day.
                Home::In(home) | Home::Halved(home, _) => home,
            }
        };
        (first..first + number).contains(&in_window)
    };
    // All that may have to do with the window: one period more on both sides.
    let (start, end) = window.days(first, first + number - 1);
    let (start, end) = job.to.days(job.to.index_on(start) - 1, job.to.index_on(end) + 1);
    let homes = || job.from.homes(job.to, start, end);
    let touched: BTreeSet<usize> = homes()
        .filter(|(period, _)| is_asked(*period))
        .filter_map(|(_, home)| if let Home::In(home) = home { Some(home) } else { None })
        .collect();
    let shifted = |period: usize| usize::try_from(i32::try_from(period).unwrap() + job.shift).unwrap();
    let is_read = |period: usize, home: Home| match home {
        Home::In(home) => touched.contains(&home),
        Home::Halved(one, other) => is_asked(period) || touched.contains(&one) || touched.contains(&other),
    };
    let goes_to = homes()
        .filter(|(period, home)| is_read(*period, *home))
        .map(|(period, home)| match home {
            Home::In(home) => (period, Home::In(shifted(home))),
            Home::Halved(one, other) => (period, Home::Halved(shifted(one), shifted(other))),
        })
        .collect();
    Periods { written: touched.iter().map(|period| shifted(*period)).collect(), goes_to }
}

/// Follows every value of a job to its cells, then gives each cell its fate. Says whether there were any.
fn follow(case: &Case, job: &Job, destination: &Values, ledger: &Values, expected: &mut Expected) -> Spoke {
    let periods = periods(case, job);
    let mut spoke = Spoke::No;
    let mut sheets: BTreeMap<Cell, Sheet> = BTreeMap::new();
    for (cell, text) in visible(case, job) {
        let period = job.from.index_of(&cell.period);
        let Some((period, to)) = period.and_then(|period| Some((period, *periods.goes_to.get(&period)?))) else {
            continue;
        };
        let rows: Vec<Unit> = case.confirmed().filter(|(from, _)| *from == cell.unit).map(|(_, to)| to).collect();
        let mut belongs_to_any = false;
        for target in &job.targets {
            for source in target.sources.iter().filter(|source| belongs(source, cell.address)) {
                belongs_to_any = true;
                for unit in &rows {
                    let at = |to: usize| Cell { unit: *unit, period: job.to.name_at(to), address: target.address };
                    match to {
                        Home::In(to) => {
                            let part = Part { text: text.clone(), factor: source.factor, period };
                            sheets.entry(at(to)).or_default().parts.push(part);
                        }
                        Home::Halved(one, other) => {
                            for to in [one, other].into_iter().filter(|to| periods.written.contains(to)) {
                                sheets.entry(at(to)).or_default().halved = true;
                            }
                        }
                    }
                }
            }
        }
        if belongs_to_any {
            let surely = !case.one_system && (!job.analytics || !rows.is_empty());
            spoke = spoke.max(if surely { Spoke::Yes } else { Spoke::Perhaps });
        }
        if belongs_to_any && !job.analytics {
            expected.fetched += 1;
            let ignored = |row: &&Row| row.said == Said::Ignored;
            let is_ignored = case.map.iter().filter(ignored).any(|row| row.source == cell.unit);
            expected.unmapped += u64::from(rows.is_empty() && !is_ignored);
        }
    }
    let targets: BTreeMap<Address, &Target> = job.targets.iter().rev().map(|target| (target.address, target)).collect();
    for (cell, sheet) in &sheets {
        let fate = filled(case, job, targets[&cell.address], cell, sheet, destination, ledger);
        expected.fates.insert(cell.clone(), fate);
    }
    for cell in destination.keys().filter(|cell| !sheets.contains_key(cell)) {
        let Some(target) = targets.get(&cell.address) else { continue };
        let written = job.to.index_of(&cell.period).is_some_and(|period| periods.written.contains(&period));
        if written && case.confirmed().any(|(_, to)| to == cell.unit) {
            let fate = spoke.judge(empty(case, job, target, cell, destination, ledger), &destination[cell]);
            expected.fates.insert(cell.clone(), fate);
        }
    }
    spoke
}

/// Whether the source user may not see an org unit that feeds a cell.
fn unit_unseen(case: &Case, cell: &Cell) -> bool {
    case.confirmed().any(|(from, to)| to == cell.unit && !sees(case, from))
}

/// Whether the source user may not see an option of what the items of an address read. Raw reads look at the options of
/// attributes only, analytics at both.
fn option_unseen(case: &Case, job: &Job, address: Address) -> bool {
    let sources = job.targets.iter().filter(|target| target.address == address).flat_map(|target| &target.sources);
    sources.into_iter().any(|source| {
        let mut aocs = source.element.aocs().iter().filter(|aoc| source.aoc.is_none_or(|wanted| wanted == **aoc));
        let mut cocs = source.element.cocs().iter().filter(|coc| source.coc.is_none_or(|wanted| wanted == **coc));
        aocs.any(|aoc| !reads(case.rights.reads_option, *aoc))
            || job.analytics && cocs.any(|coc| *coc == Coc::Male && !case.rights.reads_male)
    })
}

fn combine_of(job: &Job, target: &Target) -> Combine {
    target.combine.unwrap_or(job.combine)
}

fn is_numeric(kind: Kind) -> bool {
    kind != Kind::Text
}

/// The rounding of a target: its own, or the job's for numbers.
fn round_of(case: &Case, job: &Job, target: &Target) -> Option<Round> {
    target.round.or(job.round.filter(|_| is_numeric(case.keeps(target.address.element).kind)))
}

/// A cell that the source has something for.
fn filled(
    case: &Case,
    job: &Job,
    target: &Target,
    cell: &Cell,
    sheet: &Sheet,
    destination: &Values,
    ledger: &Values,
) -> Fate {
    let mut reasons = BTreeSet::new();
    if unit_unseen(case, cell) || option_unseen(case, job, cell.address) {
        reasons.insert("source-not-readable");
    }
    let (operator, round) = (combine_of(job, target), round_of(case, job, target));
    let counts = matches!(operator, Combine::Sum | Combine::Average | Combine::Min | Combine::Max);
    let shared = target.share.is_some();
    let all_numbers = is_numeric(case.keeps(target.address.element).kind) || counts || round.is_some() || shared;
    for part in &sheet.parts {
        if (all_numbers || part.factor.is_some()) && Number::read(&part.text).is_none() {
            reasons.insert("cell-not-whole");
        }
    }
    if sheet.halved {
        reasons.insert("cell-not-whole");
    }
    if let Some(cover) = target.cover {
        let present: BTreeSet<usize> = sheet.parts.iter().map(|part| part.period).collect();
        let all = sources_of(job, cell).len();
        let needed = match cover {
            Cover::All => all,
            Cover::AtLeast(number) => usize::from(number),
        };
        if present.len() < needed {
            reasons.insert("coverage-short");
        }
    }
    if !reasons.is_empty() {
        return Fate::Held(reasons);
    }
    let text = match combined(operator, &sheet.parts).map(|made| made.rounded(round)) {
        None => return Fate::Held(["combine-missing"].into()),
        Some(made) if shared => match part_of(case, job, target, &made, round) {
            None => return Fate::Held(["share-not-whole"].into()),
            Some(part) => match shaped(case.keeps(target.address.element).kind, &Made::Number(part), job.analytics) {
                None => return Fate::Held(["value-invalid"].into()),
                Some(text) => text,
            },
        },
        Some(made) => match shaped(case.keeps(target.address.element).kind, &made, job.analytics) {
            None => return Fate::Held(["value-invalid"].into()),
            Some(text) => text,
        },
    };
    stand(case, target, cell, text, destination, ledger)
}

/// The addresses that share a source out.
fn sharing<'job>(job: &'job Job, target: &Target) -> Vec<&'job Target> {
    let read = |target: &Target| (target.sources[0].element, target.sources[0].coc, target.sources[0].aoc);
    job.targets.iter().filter(|other| other.share.is_some() && read(other) == read(target)).collect()
}

/// An address's part of a number; none where the number cannot be cut.
fn part_of(case: &Case, job: &Job, target: &Target, made: &Made, round: Option<Round>) -> Option<Number> {
    // What has no end was rounded to fifteen digits before.
    let number = Number::read(&made.number()?.written())?;
    let group = sharing(job, target);
    let weights: Vec<u8> = group.iter().filter_map(|member| member.share).collect();
    let whole = |member: &&Target| matches!(case.keeps(member.address.element).kind, Kind::Integer | Kind::NotNegative);
    let decimals = match round {
        _ if group.iter().any(whole) => 0,
        Some(round) => u32::from(round.decimals),
        None => number.decimals_for(&weights),
    };
    let place = group.iter().position(|member| member.address == target.address)?;
    Some(number.cut(&weights, decimals)?[place])
}

/// The source periods that belong to a cell's period.
fn sources_of(job: &Job, cell: &Cell) -> Vec<usize> {
    let index = job.to.index_of(&cell.period).unwrap();
    let home = usize::try_from(i32::try_from(index).unwrap() - job.shift).unwrap();
    let (start, end) = job.to.days(home - 1, home + 1);
    let homes = job.from.homes(job.to, start, end);
    homes.filter(|(_, other)| *other == Home::In(home)).map(|(period, _)| period).collect()
}

/// Whether the destination does not keep zeros in cells of an address.
fn forgets_zeros(case: &Case, address: Address) -> bool {
    let keeps = case.keeps(address.element);
    is_numeric(keeps.kind) && !keeps.zeros && !keeps.averaged
}

/// What a text that should stand in a cell makes of it.
fn stand(case: &Case, target: &Target, cell: &Cell, text: String, destination: &Values, ledger: &Values) -> Fate {
    let kind = case.keeps(cell.address.element).kind;
    let blind = !reads(case.rights.destination_reads_option, cell.address.aoc);
    let there = destination.get(cell).filter(|_| !blind);
    let held = |reason| Fate::Held([reason].into());
    if Number::read(&text).is_some_and(Number::is_zero) && forgets_zeros(case, cell.address) {
        return match there {
            Some(there) if same(kind, there, &text) => Fate::Holds(there.clone()),
            // The old value goes only if it is the routine's own and its rules delete.
            Some(there)
                if when_empty(case, target) == WhenEmpty::Delete
                    && ledger.get(cell).is_some_and(|wrote| same(kind, wrote, there)) =>
            {
                sent(case, cell, Fate::Deleted { zero: true })
            }
            _ => Fate::ZeroSkipped,
        };
    }
    match there {
        Some(there) if same(kind, there, &text) => Fate::Holds(there.clone()),
        // What stands there cannot be seen, and might be lost.
        _ if blind => sent(case, cell, held("destination-not-readable")),
        _ => sent(case, cell, Fate::Holds(text)),
    }
}

fn when_empty(case: &Case, target: &Target) -> WhenEmpty {
    target.when_empty.unwrap_or(case.when_empty)
}

/// A cell that the source has nothing for and the destination has.
fn empty(case: &Case, job: &Job, target: &Target, cell: &Cell, destination: &Values, ledger: &Values) -> Fate {
    let kind = case.keeps(cell.address.element).kind;
    if !reads(case.rights.destination_reads_option, cell.address.aoc) {
        return Fate::Kept;
    }
    if unit_unseen(case, cell) {
        return Fate::Held(["source-not-readable"].into());
    }
    if option_unseen(case, job, cell.address) {
        return Fate::MayBeHeld(["source-not-readable"].into());
    }
    let there = &destination[cell];
    match when_empty(case, target) {
        WhenEmpty::Zero if is_numeric(kind) => stand(case, target, cell, "0".to_owned(), destination, ledger),
        WhenEmpty::Delete => match ledger.get(cell) {
            Some(wrote) if same(kind, wrote, there) => sent(case, cell, Fate::Deleted { zero: false }),
            _ => Fate::Kept,
        },
        WhenEmpty::Keep | WhenEmpty::Zero => Fate::Kept,
    }
}

/// What is to be sent goes only where the destination has a place for it that its user may write.
fn sent(case: &Case, cell: &Cell, fate: Fate) -> Fate {
    let Address { element, coc, aoc } = cell.address;
    let set = element.set();
    let mut reasons = BTreeSet::new();
    let rights = &case.rights;
    if case.set_cuts[set].index_of(&cell.period).is_none() {
        reasons.insert("period-type-mismatch");
    }
    if !element.cocs().contains(&coc) {
        reasons.insert("category-option-combo-foreign");
    }
    if !element.aocs().contains(&aoc) {
        reasons.insert("attribute-option-combo-foreign");
    }
    if case.unassigned == Some(cell.unit) {
        reasons.insert("org-unit-not-assigned");
    }
    if !rights.destination_writes_set[set] {
        reasons.insert("data-set-no-write");
    }
    if !reads(rights.destination_writes_option, aoc) {
        reasons.insert("category-option-no-write");
    }
    if reasons.is_empty() { fate } else { Fate::Held(reasons) }
}

/// Whether items and the map lead to a cell, in whatever period of the right length. A match that waits for a person
/// still leads there.
pub(super) fn leads_to_any(case: &Case, cell: &Cell) -> bool {
    let to_unit = |row: &Row| row.said != Said::Ignored && row.destination == Some(cell.unit);
    let to_address = |job: &Job| {
        job.targets.iter().any(|target| target.address == cell.address) && job.to.index_of(&cell.period).is_some()
    };
    case.map.iter().any(to_unit) && case.jobs.iter().any(to_address)
}

/// Whether what stands in a cell is still what the routine wrote there, as far as a run sees it: it reads the cells of its
/// jobs and periods, and what nothing leads to any more.
pub(super) fn still_ours(case: &Case, cell: &Cell, wrote: &str, destination: &Values) -> bool {
    let in_run = |job: &Job| {
        let period = job.to.index_of(&cell.period);
        job.targets.iter().any(|target| target.address == cell.address)
            && period.is_some_and(|period| periods(case, job).written.contains(&period))
    };
    let led = case.confirmed().any(|(_, to)| to == cell.unit) && case.jobs.iter().any(in_run);
    let seen = reads(case.rights.destination_reads_option, cell.address.aoc);
    let kind = case.keeps(cell.address.element).kind;
    !(seen && (led || !leads_to_any(case, cell))) || is_there(kind, wrote, destination.get(cell))
}

/// Whether a cell holds that text, in whatever way it is written.
pub(super) fn is_there(kind: Kind, text: &str, there: Option<&String>) -> bool {
    there.is_some_and(|there| same(kind, text, there))
}

/// A cell that no item or unit leads to any more. If it is what the routine wrote, its rule for empty cells holds.
fn leftover(case: &Case, cell: &Cell, destination: &Values, ledger: &Values) -> Fate {
    let of_address = case.jobs.iter().flat_map(|job| &job.targets).find(|target| target.address == cell.address);
    let rule = of_address.map_or(case.when_empty, |target| when_empty(case, target));
    let kind = case.keeps(cell.address.element).kind;
    let is_ours = ledger.get(cell).is_some_and(|wrote| same(kind, wrote, &destination[cell]));
    let seen = reads(case.rights.destination_reads_option, cell.address.aoc);
    // A routine that deletes nothing names them and no more.
    if rule == WhenEmpty::Delete && is_ours && seen && case.max_delete != Some(0) {
        return sent(case, cell, Fate::Deleted { zero: false });
    }
    Fate::Kept
}
