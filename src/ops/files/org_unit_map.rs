//! The org unit map as a CSV file.
//!
//! Export writes every source unit, mapped or not, with names and paths for people. Import needs for each row an id
//! (or code, or path) of the source unit and, unless it is to be ignored or unmapped, of the destination unit.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::domain::metadata::Metadata;
use crate::domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use crate::domain::uid::Uid;
use crate::matching::names::nearest;
use crate::ops::files::sheet::{Sheet, SheetFinding, SheetRow, SheetStyle, write};

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

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadMap {
    /// Its rows.
    pub entries: Vec<Entry>,
    /// Lines whose `destination_code` or `destination_path` is another unit than their `destination_id`, which counts.
    pub contradicting: Vec<u64>,
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
pub fn import(bytes: &[u8], source: &Metadata, destination: &Metadata) -> Result<ReadMap, Vec<SheetFinding>> {
    let required: &[&[&str]] =
        &[&["source_id", "source_code", "source_path"], &["destination_id", "destination_code", "destination_path"]];
    let sheet = Sheet::parse(bytes, required, &COLUMNS)?;
    let sides = (Units::new(source, "source"), Units::new(destination, "destination"));
    let mut findings = Vec::new();
    let mut read = ReadMap::default();
    let mut first_line: BTreeMap<Uid, u64> = BTreeMap::new();
    for row in sheet.rows() {
        match entry(&row, &sides.0, &sides.1) {
            Ok(entry) => {
                if let Some(line) = first_line.insert(entry.0, row.line) {
                    let name = source.name_of(entry.0);
                    findings.push(row.finding("source_id", format!("{name} stands on line {line} already")));
                } else {
                    // Who gives a new id need not mend the names beside it; who mends the names alone has to be told.
                    let target = entry.1.as_ref().and_then(|mapping| mapping.destination);
                    if target.is_some_and(|target| sides.1.contradicts(&row, target)) {
                        read.contradicting.push(row.line);
                    }
                    read.entries.push(entry);
                }
            }
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(read) } else { Err(findings) }
}

fn entry(row: &SheetRow<'_>, source: &Units<'_>, destination: &Units<'_>) -> Result<Entry, SheetFinding> {
    let Some(unit) = source.resolve(row)? else {
        return Err(row.finding("source_id", "no source unit: fill in source_id, source_code or source_path"));
    };
    let target = destination.resolve(row)?;
    let state = match row.filled("state") {
        None => target.map(|_| MappingState::Confirmed),
        Some(name) => Some(MappingState::from_name(&name.to_lowercase()).ok_or_else(|| {
            row.finding("state", format!("`{name}` is not a state; known are confirmed, proposed, ignored"))
        })?),
    };
    let method = match row.filled("method") {
        None => MatchMethod::Manual,
        Some(name) => MatchMethod::from_name(&name.to_lowercase())
            .ok_or_else(|| row.finding("method", format!("`{name}` is not a method; leave it empty")))?,
    };
    let score = match row.filled("score") {
        None => None,
        Some(text) => match text.replace(',', ".").parse::<f64>() {
            Ok(score) if (0.0..=1.0).contains(&score) => Some(score),
            _ => return Err(row.finding("score", format!("`{text}` is not a number from 0 to 1"))),
        },
    };
    let class = match row.filled("class") {
        None => None,
        Some(name) => Some(MatchClass::from_name(&name.to_lowercase()).ok_or_else(|| {
            row.finding("class", format!("`{name}` is not a class; known are sure, likely, ask, or leave it empty"))
        })?),
    };
    let mapping = match state {
        None => None,
        Some(state @ (MappingState::Confirmed | MappingState::Proposed)) if target.is_none() => {
            let message = format!("no destination unit, but the state is {}", state.name());
            return Err(row.finding("destination_id", message));
        }
        Some(state) => Some(OrgUnitMapping {
            source: unit,
            destination: target.filter(|_| state != MappingState::Ignored),
            method,
            score,
            class,
            explanation: row.filled("explanation").map(str::to_owned),
            state,
            note: row.filled("note").map(str::to_owned),
        }),
    };
    Ok((unit, mapping))
}

/// The units of one side, found by id, code or path.
struct Units<'metadata> {
    metadata: &'metadata Metadata,
    columns: [String; 3],
    side: &'static str,
    by_code: HashMap<&'metadata str, Vec<Uid>>,
    by_path: HashMap<String, Vec<Uid>>,
}

impl<'metadata> Units<'metadata> {
    fn new(metadata: &'metadata Metadata, side: &'static str) -> Self {
        let mut by_code: HashMap<&str, Vec<Uid>> = HashMap::new();
        let mut by_path: HashMap<String, Vec<Uid>> = HashMap::new();
        for unit in metadata.organisation_units.values() {
            if let Some(code) = &unit.code {
                by_code.entry(code).or_default().push(unit.id);
            }
            by_path.entry(metadata.org_unit_path_names(unit.id)).or_default().push(unit.id);
        }
        let columns = [format!("{side}_id"), format!("{side}_code"), format!("{side}_path")];
        Self { metadata, columns, side, by_code, by_path }
    }

    /// The unit that a row names by the first filled of id, code and path.
    fn resolve(&self, row: &SheetRow<'_>) -> Result<Option<Uid>, SheetFinding> {
        let [id_column, code_column, path_column] = &self.columns;
        if let Some(text) = row.filled(id_column) {
            let id = Uid::parse(text).map_err(|cause| row.finding(id_column, cause.to_string()))?;
            return if self.metadata.organisation_units.contains_key(&id) {
                Ok(Some(id))
            } else {
                let message = format!("`{id}` is not an org unit of the {} server", self.side);
                Err(row.finding(id_column, message))
            };
        }
        if let Some(code) = row.filled(code_column) {
            return self.only(row, code_column, "code", code, self.by_code.get(code), || {
                nearest(code, self.by_code.keys().copied(), 1).first().map(|near| (*near).to_owned())
            });
        }
        if let Some(path) = row.filled(path_column) {
            return self.only(row, path_column, "path", path, self.by_path.get(path), || {
                nearest(path, self.by_path.keys().map(String::as_str), 1).first().map(|near| (*near).to_owned())
            });
        }
        Ok(None)
    }

    /// Whether the code or the path of a row is another unit than the one it was taken for.
    fn contradicts(&self, row: &SheetRow<'_>, unit: Uid) -> bool {
        let [_, code_column, path_column] = &self.columns;
        let code = row.filled(code_column).and_then(|code| self.by_code.get(code));
        let path = row.filled(path_column).and_then(|path| self.by_path.get(path));
        [code, path].into_iter().flatten().any(|units| matches!(units.as_slice(), [only] if *only != unit))
    }

    fn only(
        &self,
        row: &SheetRow<'_>,
        column: &str,
        what: &str,
        text: &str,
        found: Option<&Vec<Uid>>,
        suggestion: impl Fn() -> Option<String>,
    ) -> Result<Option<Uid>, SheetFinding> {
        match found.map(Vec::as_slice) {
            Some([only]) => Ok(Some(*only)),
            Some(several) => {
                let message = format!(
                    "{} org units of the {} server have the {what} `{text}`; give the id",
                    several.len(),
                    self.side
                );
                Err(row.finding(column, message))
            }
            None => {
                let near = suggestion().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                let message = format!("no org unit of the {} server has the {what} `{text}`{near}", self.side);
                Err(row.finding(column, message))
            }
        }
    }
}
