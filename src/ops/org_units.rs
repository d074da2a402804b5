//! The org unit map of a pair: matched automatically, listed, exported, imported.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::ops::error::OpsError;
use crate::ops::files::org_unit_map::{self, Entry, MapSides};
use crate::ops::files::sheet::SheetStyle;
use crate::ops::home::{Home, synced};
use crate::ops::map_history::{self, KeptMap};
use xfer_domain::fingerprint::MappingFingerprint;
use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use xfer_domain::pair::Pair;
use xfer_domain::spelling::settled;
use xfer_domain::uid::Uid;
use xfer_matching::figures::key;
use xfer_matching::map_rules::{Standing, Tally, tally};
use xfer_matching::names::nearest;
use xfer_matching::org_units::{Candidates, MatchRules, propose};
use xfer_storage::store::{self, ConfigStore};

/// A pair with everything that its map is about.
#[derive(Debug)]
pub struct PairMap {
    /// The source server's metadata.
    pub source: Arc<Metadata>,
    /// The destination server's metadata.
    pub destination: Arc<Metadata>,
    /// The rows, by source unit.
    pub rows: Vec<OrgUnitMapping>,
    pub(in crate::ops) pair: Pair,
    pub(in crate::ops) config: ConfigStore,
    files: store::Home,
}

/// Opens the map of a pair; both servers must have been synced.
pub fn open(home: &Home, source: &str, destination: &str) -> Result<PairMap, OpsError> {
    let config = home.config()?;
    let (source_server, source_metadata) = synced(&config, source)?;
    let (destination_server, destination_metadata) = synced(&config, destination)?;
    let pair = Pair { source: source_server.id, destination: destination_server.id };
    let rows = config.org_unit_map(pair)?;
    Ok(PairMap {
        source: Arc::new(source_metadata),
        destination: Arc::new(destination_metadata),
        rows,
        pair,
        config,
        files: home.files().clone(),
    })
}

/// What a change of the map would do, or did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MapChange {
    /// Rows for units that had none.
    pub added: Vec<OrgUnitMapping>,
    /// Rows that replace another: the old one, the new one.
    pub changed: Vec<(OrgUnitMapping, OrgUnitMapping)>,
    /// Rows that are taken out.
    pub removed: Vec<OrgUnitMapping>,
    /// Rows that say what stands there already.
    pub unchanged: usize,
}

impl MapChange {
    /// Whether it would change nothing.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// A map that was kept before an import, and what would change if it were put back.
#[derive(Debug)]
pub struct Undo {
    /// When it was kept.
    pub at: Timestamp,
    /// What would change.
    pub change: MapChange,
    kept: KeptMap,
    file: PathBuf,
}

impl PairMap {
    /// The map in numbers.
    pub fn tally(&self) -> Tally {
        tally(&self.source, &self.rows)
    }

    /// Source units that are neither mapped nor ignored, in the order of their paths, each with its proposal.
    pub fn unmapped(&self) -> Vec<(Uid, Option<&OrgUnitMapping>)> {
        let rows: BTreeMap<Uid, &OrgUnitMapping> = self.rows.iter().map(|row| (row.source, row)).collect();
        let mut units: Vec<(String, Uid)> = self
            .source
            .organisation_units
            .keys()
            .filter(|id| Standing::of(rows.get(id).copied()).is_unmapped())
            .map(|id| (self.source.org_unit_path_names(*id), *id))
            .collect();
        units.sort();
        units.into_iter().map(|(_, id)| (id, rows.get(&id).copied())).collect()
    }

    /// Source units that the map says nothing about, in the order of their paths.
    pub fn without_row(&self) -> Vec<Uid> {
        self.unmapped().into_iter().filter(|(_, row)| row.is_none()).map(|(unit, _)| unit).collect()
    }

    /// The source unit that a destination unit belongs to already, other than this one.
    pub fn owner_of(&self, destination: Uid, other_than: Uid) -> Option<Uid> {
        let mut rows = self.rows.iter().filter(|row| row.source != other_than);
        rows.find(|row| row.target() == Some(destination)).map(|row| row.source)
    }

    /// The source unit of an id, a code, a name or a path.
    pub fn source_unit(&self, text: &str) -> Result<Uid, OpsError> {
        unit_of(&self.source, "source", text)
    }

    /// Keeps what a person says about one unit: where it goes, or that it is left out.
    pub fn decide(&mut self, unit: &str, target: Option<&str>) -> Result<OrgUnitMapping, OpsError> {
        let source = self.source_unit(unit)?;
        let destination = target.map(|text| unit_of(&self.destination, "destination", text)).transpose()?;
        let state = if destination.is_some() { MappingState::Confirmed } else { MappingState::Ignored };
        let row = OrgUnitMapping::manual(source, destination, state);
        self.keep(std::slice::from_ref(&row))?;
        Ok(row)
    }

    /// How many rows are in each state.
    pub fn count(&self, state: MappingState) -> usize {
        self.rows.iter().filter(|row| row.state == state).count()
    }

    /// What the matcher finds for units without a row; nothing is kept yet. Rows of class `accept` and surer ones come
    /// confirmed, the others proposed.
    pub fn propose(&self, rules: &MatchRules, accept: Option<MatchClass>) -> Vec<OrgUnitMapping> {
        let mut rows = propose(&self.source, &self.destination, &self.rows, rules);
        for row in &mut rows {
            if row.class.is_some_and(|class| Some(class) <= accept) {
                row.state = MappingState::Confirmed;
            }
        }
        rows
    }

    /// Finds candidates for units that a person decides on.
    pub fn candidates(&self) -> Candidates<'_> {
        Candidates::new(&self.source, &self.destination, &self.rows)
    }

    /// Keeps rows, replacing those of the same source units.
    pub fn keep(&mut self, rows: &[OrgUnitMapping]) -> Result<(), OpsError> {
        let look = |row: &OrgUnitMapping| MappingFingerprint::of(&self.source, &self.destination, row);
        self.config.merge_org_unit_map(self.pair, rows, &look)?;
        self.rows = self.config.org_unit_map(self.pair)?;
        Ok(())
    }

    /// The map as a CSV file.
    pub fn export(&self, style: SheetStyle) -> Vec<u8> {
        org_unit_map::export(&self.source, &self.destination, &self.rows, style)
    }

    /// Reads a CSV file and says what it would change; any mistake refuses all of it.
    pub fn plan_import(&self, path: &std::path::Path, bytes: &[u8]) -> Result<MapChange, OpsError> {
        let seen = self.config.org_unit_fingerprints(self.pair)?;
        let sides = MapSides { source: &self.source, destination: &self.destination, seen: &seen, rows: &self.rows };
        let entries = org_unit_map::import(bytes, sides)
            .map_err(|findings| OpsError::File { path: path.to_path_buf(), findings })?;
        Ok(difference(&self.rows, entries))
    }

    /// Applies what `plan_import` found, in one transaction. The map before is kept; gives the file it is kept in.
    pub fn apply(&mut self, change: &MapChange, now: Timestamp) -> Result<Option<PathBuf>, OpsError> {
        if change.is_empty() {
            return Ok(None);
        }
        let seen = self.config.org_unit_fingerprints(self.pair)?;
        let kept = KeptMap { at: now, rows: self.rows.clone(), seen };
        let file = map_history::keep(&self.files, self.pair, &kept)?;
        let mut rows: BTreeMap<Uid, OrgUnitMapping> = self.rows.iter().map(|row| (row.source, row.clone())).collect();
        for row in change.added.iter().chain(change.changed.iter().map(|(_, new)| new)) {
            rows.insert(row.source, row.clone());
        }
        for row in &change.removed {
            rows.remove(&row.source);
        }
        self.replace(&rows.into_values().collect::<Vec<_>>())?;
        Ok(Some(file))
    }

    fn replace(&mut self, rows: &[OrgUnitMapping]) -> Result<(), OpsError> {
        let look = |row: &OrgUnitMapping| MappingFingerprint::of(&self.source, &self.destination, row);
        self.config.replace_org_unit_map(self.pair, rows, &look)?;
        self.rows = self.config.org_unit_map(self.pair)?;
        Ok(())
    }

    /// The map before the last import that was not undone yet, and what putting it back would change.
    pub fn plan_undo(&self) -> Result<Undo, OpsError> {
        let Some((file, kept)) = map_history::newest(&self.files, self.pair)? else {
            return Err(OpsError::invalid(
                "there is no import of this map to undo",
                "every `xfer orgunit import` saves the map as it was before",
            ));
        };
        let change = between(&self.rows, &kept.rows);
        Ok(Undo { at: kept.at, change, kept, file })
    }

    /// Puts the kept map back, with what its units looked like when their rows were confirmed.
    pub fn undo(&mut self, undo: &Undo) -> Result<(), OpsError> {
        self.replace(&undo.kept.rows)?;
        self.config.renew_org_unit_fingerprints(self.pair, &undo.kept.seen)?;
        map_history::forget(&undo.file)
    }
}

/// What leads from one state of a map to another.
fn between(from: &[OrgUnitMapping], to: &[OrgUnitMapping]) -> MapChange {
    let by_source = |rows: &[OrgUnitMapping]| -> BTreeMap<Uid, OrgUnitMapping> {
        rows.iter().map(|row| (row.source, row.clone())).collect()
    };
    let (mut old, new) = (by_source(from), by_source(to));
    let mut change = MapChange::default();
    for (source, row) in new {
        match old.remove(&source) {
            None => change.added.push(row),
            Some(before) if before == row => change.unchanged += 1,
            Some(before) => change.changed.push((before, row)),
        }
    }
    change.removed = old.into_values().collect();
    change
}

/// The unit of an id, a code, a name or a path.
fn unit_of(metadata: &Metadata, side: &str, text: &str) -> Result<Uid, OpsError> {
    let units = || metadata.organisation_units.values();
    let (typed, wanted) = (settled(text), key(text));
    // Arrows between the names of a path are as good as strokes.
    let path = key(&text.replace(" > ", " / "));
    let ways: [&dyn Fn(&OrganisationUnit) -> bool; 6] = [
        &|unit| unit.id.as_str() == text,
        &|unit| unit.code.as_deref() == Some(text) || unit.name == text,
        &|unit| unit.code.as_deref().is_some_and(|code| settled(code) == typed) || settled(&unit.name) == typed,
        &|unit| settled(&metadata.org_unit_path_names(unit.id)) == typed,
        &|unit| !wanted.is_empty() && key(&unit.name) == wanted,
        &|unit| !path.is_empty() && key(&metadata.org_unit_path_names(unit.id)) == path,
    ];
    for way in ways {
        let found: Vec<Uid> = units().filter(|unit| way(unit)).map(|unit| unit.id).collect();
        match found.as_slice() {
            [] => {}
            [only] => return Ok(*only),
            several => {
                let paths = several.iter().take(3).map(|id| metadata.org_unit_path_names(*id)).collect::<Vec<_>>();
                return Err(OpsError::invalid(
                    format!("{} org units of the {side} are called `{text}`", several.len()),
                    format!("give the id, the code or the whole path, such as `{}`", paths.join("` or `")),
                ));
            }
        }
    }
    let near = nearest(text, units().map(|unit| unit.name.as_str()), 3);
    let hint = match near.as_slice() {
        [] => format!("check the spelling; if it is new, sync the {side} server first"),
        near => format!("did you mean {}?", near.join(" or ")),
    };
    Err(OpsError::invalid(format!("the {side} has no org unit `{text}`"), hint))
}

fn difference(rows: &[OrgUnitMapping], entries: Vec<Entry>) -> MapChange {
    let current: BTreeMap<Uid, &OrgUnitMapping> = rows.iter().map(|row| (row.source, row)).collect();
    let mut change = MapChange::default();
    for (source, entry) in entries {
        match (current.get(&source), entry) {
            (None, None) => change.unchanged += 1,
            (None, Some(new)) => change.added.push(new),
            (Some(old), None) => change.removed.push((*old).clone()),
            (Some(old), Some(new)) if says_the_same(old, &new) => change.unchanged += 1,
            (Some(old), Some(mut new)) => {
                if old.destination == new.destination {
                    // How it was found is not for the spreadsheet to say; scores lose digits there.
                    new.method = old.method;
                    new.score = old.score;
                    new.class = old.class;
                    new.explanation.clone_from(&old.explanation);
                } else {
                    // A person changed where it goes: what found the old row says nothing about the new one.
                    new.method = MatchMethod::Manual;
                    new.score = None;
                    new.class = None;
                    new.explanation = None;
                }
                change.changed.push(((*old).clone(), new));
            }
        }
    }
    change
}

/// Whether two rows mean the same; scores lose digits on their way through a spreadsheet.
fn says_the_same(old: &OrgUnitMapping, new: &OrgUnitMapping) -> bool {
    old.destination == new.destination && old.state == new.state && old.note == new.note
}
