//! Which org unit the cells of a row mean, on one side of the map.
//!
//! The first filled of id, code and path names the unit; all other cells of the side are evidence. A row whose cells do
//! not agree is refused: where one column was sorted or edited alone, the id is as likely to be wrong as the name.

use std::cell::Cell;
use std::collections::HashMap;

use crate::ops::files::damage::{can_be, suspicion};
use crate::ops::files::sheet::{SheetFinding, SheetRow};
use xfer_domain::fingerprint::UnitFingerprint;
use xfer_domain::metadata::Metadata;
use xfer_domain::spelling::settled;
use xfer_domain::uid::Uid;
use xfer_matching::names::nearest;

/// So many units are looked for by similar names: a sheet of thousands of wrong codes is not helped by more.
const SUGGESTIONS: u32 = 20;

/// A kind of cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Code,
    Name,
    Path,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Code, Self::Name, Self::Path];

    fn word(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Name => "name",
            Self::Path => "path",
        }
    }
}

/// What a cell says about the unit that the row is taken for.
enum Evidence {
    Agrees,
    /// It is what the unit was called when its row was confirmed.
    WasSo,
    Contradicts,
}

/// The units of one side.
pub(super) struct Units<'metadata> {
    metadata: &'metadata Metadata,
    side: &'static str,
    id_column: String,
    columns: [String; 3],
    /// Units by what their cells say, for each kind of cell.
    known: [HashMap<String, Vec<Uid>>; 3],
    /// What units looked like when rows with them were confirmed.
    before: HashMap<Uid, &'metadata UnitFingerprint>,
    suggestions: Cell<u32>,
}

impl<'metadata> Units<'metadata> {
    pub(super) fn new(
        metadata: &'metadata Metadata,
        side: &'static str,
        before: HashMap<Uid, &'metadata UnitFingerprint>,
    ) -> Self {
        let mut units = Self {
            metadata,
            side,
            id_column: format!("{side}_id"),
            columns: Kind::ALL.map(|kind| format!("{side}_{}", kind.word())),
            known: [HashMap::new(), HashMap::new(), HashMap::new()],
            before,
            suggestions: Cell::new(SUGGESTIONS),
        };
        for id in metadata.organisation_units.keys() {
            for kind in Kind::ALL {
                if let Some(text) = units.text(*id, kind) {
                    units.known[kind as usize].entry(settled(&text)).or_default().push(*id);
                }
            }
        }
        units
    }

    fn column(&self, kind: Kind) -> &str {
        &self.columns[kind as usize]
    }

    /// What a cell of a unit says in an export.
    fn text(&self, id: Uid, kind: Kind) -> Option<String> {
        let unit = self.metadata.organisation_units.get(&id)?;
        match kind {
            Kind::Code => unit.code.clone(),
            Kind::Name => Some(unit.name.clone()),
            Kind::Path => Some(self.metadata.org_unit_path_names(id)),
        }
    }

    /// The unit that a row means; none where it names none.
    pub(super) fn resolve(&self, row: &SheetRow<'_>) -> Result<Option<Uid>, SheetFinding> {
        let Some((unit, column)) = self.named(row)? else { return Ok(None) };
        self.agrees(row, unit, column)?;
        Ok(Some(unit))
    }

    /// The name of a row that names no unit otherwise.
    pub(super) fn name_alone<'sheet>(&self, row: &SheetRow<'sheet>) -> Option<(&str, &'sheet str)> {
        let column = self.column(Kind::Name);
        row.filled(column).map(|name| (column, name))
    }

    /// The unit that a row names by the first filled of id, code and path, and that column.
    fn named(&self, row: &SheetRow<'_>) -> Result<Option<(Uid, &str)>, SheetFinding> {
        if let Some(text) = row.filled(&self.id_column) {
            let id = Uid::parse(text).map_err(|cause| row.finding(&self.id_column, cause.to_string()))?;
            if !self.metadata.organisation_units.contains_key(&id) {
                let message = format!("`{id}` is not an org unit of the {} server", self.side);
                return Err(row.finding(&self.id_column, message));
            }
            return Ok(Some((id, &self.id_column)));
        }
        for kind in [Kind::Code, Kind::Path] {
            if let Some(text) = row.filled(self.column(kind)) {
                return Ok(Some((self.only(row, kind, text)?, self.column(kind))));
            }
        }
        Ok(None)
    }

    /// The one unit of a code or a path. Where several have it, the row's other cells tell which.
    fn only(&self, row: &SheetRow<'_>, kind: Kind, text: &str) -> Result<Uid, SheetFinding> {
        let (column, what) = (self.column(kind), kind.word());
        let found = self.known[kind as usize].get(&settled(text)).map(Vec::as_slice).unwrap_or_default();
        let fits = |unit: &&Uid| {
            Kind::ALL.into_iter().all(|other| {
                other == kind || row.filled(self.column(other)).is_none_or(|cell| self.says(**unit, other, cell))
            })
        };
        match found {
            [only] => Ok(*only),
            [] => {
                let message = format!("no org unit of the {} server has the {what} `{text}`", self.side);
                Err(row.finding(column, format!("{message}{}", self.suggestion(kind, text))))
            }
            several => {
                if let [only] = several.iter().filter(fits).collect::<Vec<_>>().as_slice() {
                    return Ok(**only);
                }
                let number = several.len();
                let message =
                    format!("{number} org units of the {} server have the {what} `{text}`; give the id", self.side);
                Err(row.finding(column, message))
            }
        }
    }

    /// Words for what may be meant by a code or a path that no unit has.
    fn suggestion(&self, kind: Kind, text: &str) -> String {
        if let Some(suspicion) = suspicion(text) {
            return format!("; {suspicion}");
        }
        if self.suggestions.get() == 0 {
            return String::new();
        }
        self.suggestions.set(self.suggestions.get() - 1);
        let known = || self.known[kind as usize].keys().map(String::as_str);
        if let Some(whole) = known().filter(|known| can_be(text, known)).min() {
            return format!(
                "; did you mean `{whole}`? A spreadsheet removes zeros from codes: set the column to text there"
            );
        }
        nearest(text, known(), 1).first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default()
    }

    /// Whether a cell says what a unit is called, and no other unit is called exactly so.
    fn says(&self, unit: Uid, kind: Kind, cell: &str) -> bool {
        match self.known[kind as usize].get(&settled(cell)) {
            Some(units) => units.contains(&unit),
            None => self.text(unit, kind).is_some_and(|text| can_be(cell, &text)),
        }
    }

    /// Whether all cells of the side say the unit that the row is taken for.
    fn agrees(&self, row: &SheetRow<'_>, unit: Uid, named_by: &str) -> Result<(), SheetFinding> {
        let cells = Kind::ALL.into_iter().filter(|kind| self.column(*kind) != named_by);
        let cells: Vec<(Kind, &str)> =
            cells.filter_map(|kind| row.filled(self.column(kind)).map(|cell| (kind, cell))).collect();
        let wrong: Vec<(Kind, &str, Evidence)> = cells
            .iter()
            .map(|(kind, cell)| (*kind, *cell, self.evidence(unit, *kind, cell)))
            .filter(|(_, _, evidence)| !matches!(evidence, Evidence::Agrees))
            .collect();
        let Some((kind, cell, _)) = wrong.first() else { return Ok(()) };
        let place = self.metadata.org_unit_path_names(unit);
        if wrong.iter().all(|(_, _, evidence)| matches!(evidence, Evidence::WasSo)) {
            let message = format!(
                "`{cell}` was the {} of {place} when its row was confirmed, but it was changed on the {} server. \
                 Export the map again, or empty this cell",
                kind.word(),
                self.side
            );
            return Err(row.finding(self.column(*kind), message));
        }
        if wrong.len() == cells.len()
            && wrong.len() > 1
            && let Some(other) = self.common(&wrong)
        {
            let columns: Vec<&str> = wrong.iter().map(|(kind, _, _)| self.column(*kind)).collect();
            let message = format!(
                "`{}` is {place}, but {} of this line say {}: was only one column sorted or edited? Correct the line, \
                 or empty the wrong cells",
                row.get(named_by),
                columns.join(" and "),
                self.metadata.org_unit_path_names(other)
            );
            return Err(row.finding(named_by, message));
        }
        let own = match self.text(unit, *kind) {
            Some(_) => String::new(),
            None => format!(", which has no {}", kind.word()),
        };
        let others = self.known[*kind as usize].get(&settled(cell)).map(Vec::as_slice).unwrap_or_default();
        let other = match (suspicion(cell), others) {
            (Some(suspicion), []) => format!("; {suspicion}"),
            (None, []) => format!(
                "; no org unit of the {} server has this {}. If it was changed there, export the map again; otherwise \
                 correct one of the two cells, or empty this one",
                self.side,
                kind.word()
            ),
            (_, [other]) => format!(
                ", and this is the {} of {}: was only one column sorted or edited? Correct the line, or empty the \
                 wrong cell",
                kind.word(),
                self.metadata.org_unit_path_names(*other)
            ),
            (_, _) => "; correct one of the two, or empty the wrong cell".to_owned(),
        };
        Err(row.finding(self.column(*kind), format!("`{cell}`, but {named_by} is {place}{own}{other}")))
    }

    /// The one unit that all these cells say.
    fn common(&self, wrong: &[(Kind, &str, Evidence)]) -> Option<Uid> {
        let units = |kind: Kind, cell: &str| self.known[kind as usize].get(&settled(cell));
        let mut sets = wrong.iter().map(|(kind, cell, _)| units(*kind, cell));
        let first = sets.next()??;
        let sets: Vec<&Vec<Uid>> = sets.collect::<Option<_>>()?;
        let mut common = first.iter().filter(|unit| sets.iter().all(|set| set.contains(unit)));
        common.next().copied().filter(|_| common.next().is_none())
    }

    fn evidence(&self, unit: Uid, kind: Kind, cell: &str) -> Evidence {
        if self.says(unit, kind, cell) {
            return Evidence::Agrees;
        }
        let was_so = self.before.get(&unit).is_some_and(|before| match kind {
            Kind::Code => before.code.as_deref().is_some_and(|code| can_be(cell, code)),
            Kind::Name => can_be(cell, &before.name),
            // Where its parent was then, or what units above it were called, is known by name only.
            Kind::Path => {
                let above = before.parent.as_ref().map(|parent| format!("{} / ", parent.name)).unwrap_or_default();
                settled(cell).ends_with(&settled(&format!("{above}{}", before.name)))
            }
        });
        if was_so { Evidence::WasSo } else { Evidence::Contradicts }
    }
}
