//! Confirmed rows that may be wrong, and changes of their org units.

use std::collections::{BTreeMap, BTreeSet};

use crate::drift::{Eyes, Side, unit_drift};
use crate::figures::key;
use crate::finding;
use crate::map_rules::{Lookup, Loss, MapFinding, MapQuestion, assigned};
use xfer_domain::data_item::ReadBy;
use xfer_domain::fingerprint::UnitFingerprint;
use xfer_domain::item::Combine;
use xfer_domain::job::Job;
use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::uid::Uid;

/// Fewer siblings than this say nothing about the level that is usual.
const SIBLINGS_THAT_TELL: usize = 3;

/// The rows in force: source unit, destination unit.
fn in_force<'check>(question: &MapQuestion<'check>) -> impl Iterator<Item = (Uid, Uid)> + use<'check> {
    question.rows.iter().filter_map(|row| Some((row.source, row.target()?)))
}

fn about(
    question: &MapQuestion<'_>,
    code: &'static xfer_domain::finding::Code,
    unit: Uid,
    message: String,
) -> MapFinding {
    MapFinding {
        code,
        unit: Some(unit),
        place: question.source.org_unit_path_names(unit),
        values: question.values.map(|values| values.of.get(&unit).copied().unwrap_or_default()),
        message,
    }
}

/// The same, about values that would not arrive for a reason; none where there are no such values.
fn about_lost(
    question: &MapQuestion<'_>,
    code: &'static xfer_domain::finding::Code,
    (unit, loss): (Uid, Loss),
    message: impl FnOnce(Uid) -> String,
) -> Option<MapFinding> {
    let lost = question.values?.lost.get(&(unit, loss))?;
    Some(MapFinding { values: Some(lost.values), ..about(question, code, unit, message(lost.element)) })
}

/// Mapped units that have a twin on their server.
pub(super) fn twins(question: &MapQuestion<'_>) -> Vec<MapFinding> {
    let mut findings = Vec::new();
    let (source_twins, destination_twins) = (Twins::of(question.source), Twins::of(question.destination));
    for (source, target) in in_force(question) {
        if let Some(words) = source_twins.words(question.source, source) {
            findings.push(about(question, &finding::ORG_UNIT_TWICE, source, format!("at the source, {words}")));
        }
        if let Some(words) = destination_twins.words(question.destination, target) {
            let message = format!("at the destination, {words}");
            findings.push(about(question, &finding::ORG_UNIT_TWICE, source, message));
        }
    }
    findings
}

/// Units that are written the same below the same parent, and units of the same code.
struct Twins {
    by_name: BTreeMap<(Option<Uid>, String), Vec<Uid>>,
    by_code: BTreeMap<String, Vec<Uid>>,
}

impl Twins {
    fn of(metadata: &Metadata) -> Self {
        let mut twins = Self { by_name: BTreeMap::new(), by_code: BTreeMap::new() };
        for unit in metadata.organisation_units.values() {
            twins.by_name.entry(Self::name(unit)).or_default().push(unit.id);
            if let Some(code) = &unit.code {
                twins.by_code.entry(code.clone()).or_default().push(unit.id);
            }
        }
        twins
    }

    fn name(unit: &OrganisationUnit) -> (Option<Uid>, String) {
        (unit.parent(), key(&unit.name))
    }

    fn words(&self, metadata: &Metadata, id: Uid) -> Option<String> {
        let unit = metadata.organisation_units.get(&id)?;
        let other = |twins: Option<&Vec<Uid>>| twins.into_iter().flatten().copied().find(|twin| *twin != id);
        if let Some(twin) = other(self.by_name.get(&Self::name(unit))) {
            return Some(format!("{} exists twice below its parent: {id}, which is mapped, and {twin}", unit.name));
        }
        let code = unit.code.as_ref()?;
        let twin = other(self.by_code.get(code))?;
        Some(format!("{} has the code `{code}`, and so has {}", unit.name, metadata.org_unit_path_names(twin)))
    }
}

/// Destination units that several source units go to, where a job does not say how their values combine.
pub(super) fn shared_destinations(question: &MapQuestion<'_>) -> Vec<MapFinding> {
    let without: Vec<&str> =
        question.jobs.iter().filter(|job| lacks_operator(job)).map(|job| job.name.as_str()).collect();
    if without.is_empty() {
        return Vec::new();
    }
    let mut inbound: BTreeMap<Uid, Vec<Uid>> = BTreeMap::new();
    for (source, target) in in_force(question) {
        inbound.entry(target).or_default().push(source);
    }
    let shared = inbound.into_iter().filter(|(_, sources)| sources.len() > 1);
    shared
        .map(|(target, sources)| {
            let names: Vec<String> = sources.iter().map(|unit| question.source.org_unit_path_names(*unit)).collect();
            let count = |values: &super::UnitValues| sources.iter().filter_map(|unit| values.of.get(unit)).sum();
            MapFinding {
                code: &finding::UNITS_SHARE_DESTINATION,
                unit: None,
                place: question.destination.org_unit_path_names(target),
                values: question.values.map(count),
                message: format!(
                    "{} go here, and {} has no combine operator",
                    names.join(" and "),
                    without.join(", nor ")
                ),
            }
        })
        .collect()
}

/// Whether a job has an item for which more than one contribution is an error.
fn lacks_operator(job: &Job) -> bool {
    job.items.iter().any(|item| item.combine.unwrap_or(job.combine) == Combine::Error)
}

/// Closed units, except those of `told`: their drift says it already.
pub(super) fn closed(question: &MapQuestion<'_>, told: &BTreeSet<(Uid, bool)>) -> Vec<MapFinding> {
    let (begin, end) = question.window;
    let closing = |metadata: &Metadata, id: Uid| metadata.organisation_units.get(&id).and_then(|unit| unit.closed_date);
    let mut findings = Vec::new();
    for (source, target) in in_force(question) {
        if let Some(day) = closing(question.destination, target).filter(|day| *day < end) {
            let name = question.destination.org_unit_path_names(target);
            let message = format!("its destination {name} closed on {day}");
            let lost =
                about_lost(question, &finding::DESTINATION_UNIT_CLOSED, (source, Loss::Closed), |_| message.clone());
            // An error stays an error, also where drift tells how it came about.
            if let Some(lost) = lost {
                findings.push(lost);
            } else if day < begin {
                findings.push(about(question, &finding::DESTINATION_UNIT_CLOSED, source, message));
            } else if !told.contains(&(source, false)) {
                findings.push(about(question, &finding::DESTINATION_UNIT_CLOSES, source, message));
            }
        }
        findings.extend(about_lost(
            question,
            &finding::DESTINATION_UNIT_OPENS_LATER,
            (source, Loss::NotOpenYet),
            |_| {
                let unit = question.destination.organisation_units.get(&target);
                let day = unit.and_then(|unit| unit.opening_date).map(|day| day.to_string()).unwrap_or_default();
                let name = question.destination.org_unit_path_names(target);
                format!("its destination {name} opened on {day}, after the first values")
            },
        ));
        if let Some(day) =
            closing(question.source, source).filter(|day| *day < begin && !told.contains(&(source, true)))
        {
            findings.push(about(question, &finding::SOURCE_UNIT_CLOSED, source, format!("closed on {day}")));
        }
    }
    findings
}

/// Units that go to another level than most of their siblings.
pub(super) fn levels(question: &MapQuestion<'_>) -> Vec<MapFinding> {
    let level = |metadata: &Metadata, id: Uid| metadata.organisation_units.get(&id).map(OrganisationUnit::level);
    let mut families: BTreeMap<Uid, Vec<(Uid, Uid, u32)>> = BTreeMap::new();
    for (source, target) in in_force(question) {
        let parent = question.source.organisation_units.get(&source).and_then(OrganisationUnit::parent);
        if let (Some(parent), Some(level)) = (parent, level(question.destination, target)) {
            families.entry(parent).or_default().push((source, target, level));
        }
    }
    let mut findings = Vec::new();
    for children in families.values().filter(|children| children.len() >= SIBLINGS_THAT_TELL) {
        let mut tally: BTreeMap<u32, usize> = BTreeMap::new();
        for (_, _, level) in children {
            *tally.entry(*level).or_default() += 1;
        }
        let Some((usual, number)) = tally.into_iter().max_by_key(|(_, number)| *number) else { continue };
        if number * 2 <= children.len() {
            continue;
        }
        for (source, target, level) in children.iter().filter(|(_, _, level)| *level != usual) {
            let names = &question.destination.organisation_unit_levels;
            let name = |level: u32| {
                names
                    .get(&level)
                    .map_or_else(|| format!("level {level}"), |known| format!("level {level} ({})", known.name))
            };
            let message = format!(
                "goes to {}, on {}; {number} of its {} siblings go to {}",
                question.destination.org_unit_path_names(*target),
                name(*level),
                children.len() - 1,
                name(usual)
            );
            findings.push(about(question, &finding::LEVEL_UNUSUAL, *source, message));
        }
    }
    findings
}

/// Destination units that should receive values and collect nothing of what the jobs write. Units from which no values
/// are to be expected are left alone: a district is mapped for its facilities' sake.
pub(super) fn not_assigned(question: &MapQuestion<'_>, lookup: &Lookup<'_>) -> Vec<MapFinding> {
    let written: BTreeSet<Uid> =
        question.jobs.iter().flat_map(|job| &job.items).map(|item| item.destination.data_element).collect();
    if written.is_empty() {
        return Vec::new();
    }
    let only_raw =
        question.jobs.iter().flat_map(|job| &job.items).all(|item| item.source.kind().facts().read == ReadBy::Job);
    let collecting = assigned(question.destination, &written);
    let has_data = |unit: Uid| question.values.is_some_and(|values| values.of.contains_key(&unit));
    // Where only indicators are read, no data set tells from which units values are to be expected.
    let expects = |unit: Uid| has_data(unit) || (only_raw && lookup.expected.contains(&unit));
    let code = &finding::DESTINATION_UNIT_NOT_ASSIGNED;
    in_force(question)
        .filter(|(_, target)| question.destination.organisation_units.contains_key(target))
        .filter_map(|(source, target)| {
            let name = question.destination.org_unit_path_names(target);
            if expects(source) && !collecting.contains(&target) {
                let message =
                    format!("its destination {name} is assigned to none of the data sets that the jobs write");
                return Some(about(question, code, source, message));
            }
            about_lost(question, code, (source, Loss::NotAssigned), |element| {
                let element = question.source.name_of(element);
                format!("its destination {name} is not assigned to the data set that takes {element}, for example")
            })
        })
        .collect()
}

/// What changed about the units of rows in force, and for which units (true: at the source) it is their closing.
///
/// A unit that is gone is told for rows without fingerprint too, by its id: there is nothing to compare, but no value
/// can go there.
pub(super) fn drift(question: &MapQuestion<'_>) -> (Vec<MapFinding>, BTreeSet<(Uid, bool)>) {
    let mut findings = Vec::new();
    let mut closing = BTreeSet::new();
    for (source, target) in in_force(question) {
        let now = (UnitFingerprint::of(question.source, source), UnitFingerprint::of(question.destination, target));
        let Some(seen) = question.seen.get(&source) else {
            for (side, now, id) in [(Side::Source, &now.0, source), (Side::Destination, &now.1, target)] {
                if now.is_none() {
                    let (metadata, user) = match side {
                        Side::Source => (question.source, question.users[0]),
                        Side::Destination => (question.destination, question.users[1]),
                    };
                    let name = metadata.name_of(id);
                    let message = format!("{}, there is no org unit {name} that {user} may see", side.at());
                    findings.push(about(question, &finding::UNIT_DELETED, source, message));
                }
            }
            continue;
        };
        let [from, to] = question.users;
        let source_eyes = Eyes { metadata: question.source, user: from };
        let destination_eyes = Eyes { metadata: question.destination, user: to };
        let at_source = unit_drift(Side::Source, source_eyes, &seen.source, now.0.as_ref());
        let at_destination = unit_drift(Side::Destination, destination_eyes, &seen.destination, now.1.as_ref());
        let changes = at_source.into_iter().chain(at_destination);
        for change in changes {
            if *change.code == finding::UNIT_CLOSING_CHANGED {
                closing.insert((source, change.side == Side::Source));
            }
            let mut told = about(question, change.code, source, change.message);
            if now.0.is_none() {
                told.place.clone_from(&seen.source.name);
            }
            findings.push(told);
        }
    }
    (findings, closing)
}
