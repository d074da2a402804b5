//! The org unit map as a CSV file.
//!
//! Export writes every source unit, mapped or not, with names and paths for people. Import needs for each row an id
//! (or code, or path) of the source unit and, unless it is to be ignored or unmapped, of the destination unit. What else
//! stands in the row has to agree with it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use bigdecimal::num_traits::ToPrimitive;

use crate::ops::files::org_unit_cells::Units;
use crate::ops::files::sheet::{Sheet, SheetFinding, SheetRow, SheetStyle, write};
use xfer_domain::fingerprint::MappingFingerprint;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use xfer_domain::uid::Uid;
use xfer_domain::written_number::NumberManner;

/// The columns, in the order of the file.
pub const COLUMNS: [&str; 14] = [
    "source_id",
    "source_code",
    "source_name",
    "source_path",
    "destination_id",
    "destination_code",
    "destination_name",
    "destination_path",
    "method",
    "score",
    "class",
    "explanation",
    "state",
    "note",
];

/// What a file says about one source unit: a row for the map, or none to take it out of the map.
pub type Entry = (Uid, Option<OrgUnitMapping>);

/// The map that a file is compared with.
#[derive(Debug, Clone, Copy)]
pub struct MapSides<'map> {
    /// The source's metadata.
    pub source: &'map Metadata,
    /// The destination's metadata.
    pub destination: &'map Metadata,
    /// What the units of rows in force looked like when they were confirmed, by source unit.
    pub seen: &'map BTreeMap<Uid, MappingFingerprint>,
    /// The rows.
    pub rows: &'map [OrgUnitMapping],
}

impl<'map> MapSides<'map> {
    /// The units of both sides, with what they looked like when their rows were confirmed.
    fn units(self) -> (Units<'map>, Units<'map>) {
        let source = self.seen.iter().map(|(unit, seen)| (*unit, &seen.source)).collect();
        let destination =
            self.rows.iter().filter_map(|row| Some((row.target()?, &self.seen.get(&row.source)?.destination)));
        (Units::new(self.source, "source", source), Units::new(self.destination, "destination", destination.collect()))
    }
}

/// Writes the map. Units without a row stand there with an empty destination and state.
pub fn export(source: &Metadata, destination: &Metadata, map: &[OrgUnitMapping], style: SheetStyle) -> Vec<u8> {
    let rows: HashMap<Uid, &OrgUnitMapping> = map.iter().map(|row| (row.source, row)).collect();
    let mut units: Vec<(String, Uid)> =
        source.organisation_units.keys().map(|id| (source.org_unit_path_names(*id), *id)).collect();
    units.sort();
    let lines = units.iter().filter_map(|(path, id)| {
        let unit = source.organisation_units.get(id)?;
        let row = rows.get(id);
        let target = row.and_then(|row| row.destination);
        let target_unit = target.and_then(|target| destination.organisation_units.get(&target));
        Some(vec![
            Cow::Owned(id.to_string()),
            Cow::Borrowed(unit.code.as_deref().unwrap_or_default()),
            Cow::Borrowed(unit.name.as_str()),
            Cow::Borrowed(path.as_str()),
            Cow::Owned(target.map(|target| target.to_string()).unwrap_or_default()),
            Cow::Borrowed(target_unit.and_then(|unit| unit.code.as_deref()).unwrap_or_default()),
            Cow::Borrowed(target_unit.map(|unit| unit.name.as_str()).unwrap_or_default()),
            Cow::Owned(target_unit.map(|unit| destination.org_unit_path_names(unit.id)).unwrap_or_default()),
            Cow::Borrowed(row.map(|row| row.method.name()).unwrap_or_default()),
            Cow::Owned(row.and_then(|row| row.score).map(|score| format!("{score:.2}")).unwrap_or_default()),
            Cow::Borrowed(row.and_then(|row| row.class).map(MatchClass::name).unwrap_or_default()),
            Cow::Borrowed(row.and_then(|row| row.explanation.as_deref()).unwrap_or_default()),
            Cow::Borrowed(row.map(|row| row.state.name()).unwrap_or_default()),
            Cow::Borrowed(row.and_then(|row| row.note.as_deref()).unwrap_or_default()),
        ])
    });
    write(style, &COLUMNS, lines)
}

/// Reads a map and checks every line; nothing is returned unless all of them are right.
pub fn import(bytes: &[u8], sides: MapSides<'_>) -> Result<Vec<Entry>, Vec<SheetFinding>> {
    let required: &[&[&str]] =
        &[&["source_id", "source_code", "source_path"], &["destination_id", "destination_code", "destination_path"]];
    let sheet = Sheet::parse(bytes, required, &COLUMNS)?;
    let manner = sheet.manner(&["score"]);
    let (source, destination) = sides.units();
    let mut findings = Vec::new();
    let mut entries = Vec::new();
    let mut first_line: BTreeMap<Uid, u64> = BTreeMap::new();
    for row in sheet.rows() {
        // Both sides are looked at, so that a line has to be mended once only.
        match (source_of(&row, &source), destination.resolve(&row)) {
            (Ok(unit), Ok(target)) => match mapping(&row, unit, target, &destination, manner) {
                Ok(mapping) => {
                    if let Some(line) = first_line.insert(unit, row.line) {
                        let name = sides.source.name_of(unit);
                        findings.push(row.finding("source_id", format!("{name} is already on line {line}")));
                    } else {
                        entries.push((unit, mapping));
                    }
                }
                Err(finding) => findings.push(finding),
            },
            (unit, target) => findings.extend(unit.err().into_iter().chain(target.err())),
        }
    }
    if findings.is_empty() { Ok(entries) } else { Err(findings) }
}

fn source_of(row: &SheetRow<'_>, source: &Units<'_>) -> Result<Uid, SheetFinding> {
    let unit = source.resolve(row)?;
    unit.ok_or_else(|| row.finding("source_id", "no source unit: fill in source_id, source_code or source_path"))
}

/// The row of the map that a row of the file asks for; none takes the unit out of the map.
fn mapping(
    row: &SheetRow<'_>,
    unit: Uid,
    target: Option<Uid>,
    destination: &Units<'_>,
    manner: NumberManner,
) -> Result<Option<OrgUnitMapping>, SheetFinding> {
    let state = match row.filled("state") {
        None => target.map(|_| MappingState::Confirmed),
        Some(name) => Some(MappingState::from_name(&name.to_lowercase()).ok_or_else(|| {
            row.finding("state", format!("`{name}` is not a state; use confirmed, proposed or ignored"))
        })?),
    };
    let method = match row.filled("method") {
        None => MatchMethod::Manual,
        Some(name) => MatchMethod::from_name(&name.to_lowercase())
            .ok_or_else(|| row.finding("method", format!("`{name}` is not a method; leave it empty")))?,
    };
    let score = match row.filled("score") {
        None => None,
        Some(text) => match manner.read(text).ok().and_then(|number| number.to_f64()) {
            Some(score) if (0.0..=1.0).contains(&score) => Some(score),
            _ => return Err(row.finding("score", format!("`{text}` is not a number from 0 to 1"))),
        },
    };
    let class = match row.filled("class") {
        None => None,
        Some(name) => Some(MatchClass::from_name(&name.to_lowercase()).ok_or_else(|| {
            row.finding("class", format!("`{name}` is not a class; use sure, likely or ask, or leave it empty"))
        })?),
    };
    match state {
        None => match destination.name_alone(row) {
            // Whoever writes or leaves a name means a unit.
            Some((column, name)) => {
                let message = format!(
                    "`{name}` alone does not say which org unit is meant: give its destination_id, destination_code \
                     or destination_path; or empty the name too, to remove the line from the map"
                );
                Err(row.finding(column, message))
            }
            None => Ok(None),
        },
        Some(state @ (MappingState::Confirmed | MappingState::Proposed)) if target.is_none() => {
            let message = format!("no destination unit, but the state is {}", state.name());
            Err(row.finding("destination_id", message))
        }
        Some(state) => Ok(Some(OrgUnitMapping {
            source: unit,
            destination: target.filter(|_| state != MappingState::Ignored),
            method,
            score,
            class,
            explanation: row.filled("explanation").map(str::to_owned),
            state,
            note: row.filled("note").map(str::to_owned),
        })),
    }
}
