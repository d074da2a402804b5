//! Preflight: every rule of the destination that its synced metadata can answer, before anything is sent.
//!
//! 2.42 stores what no form or report will ever show (an unassigned org unit, a foreign category option combo, a wrong
//! period type) and says SUCCESS; 2.43 refuses the whole POST for one such row. So the rules are ours and the same for
//! every version: those of 2.43's `DefaultDataEntryService`, in about its order. Where a
//! generation takes what the other one refuses and nobody is misled, each has its own rule: 2.43 asks a superuser for no
//! capture org units, 2.42 takes comments ten times as long and asks for no comment options, and the two count the dates
//! of attribute options otherwise.
//!
//! - `index`: the metadata as the rules ask it
//! - `data_set`: rules of the data set, and which one a row is sent with
//! - `value`: value type, options, comment
//! - `blame`: the reasons, and what they blame
//!
//! Limits, because the synced metadata does not say: approvals, which the server decides (the answer is accounted for
//! like any other), and lock exceptions, which would let an expired period pass.

mod blame;
mod data_set;
mod index;
#[cfg(test)]
mod tests;
mod value;

use jiff::civil::Date;

use blame::{Kind, blame, blame_user};
use index::{Capture, ComboIndex, ElementIndex, Index};

use crate::finding::{
    ATTRIBUTE_OPTION_COMBO_UNKNOWN, ATTRIBUTE_OPTION_NOT_FOR_ORG_UNIT, CATEGORY_OPTION_COMBO_UNKNOWN,
    CATEGORY_OPTION_NO_WRITE, DATA_ELEMENT_IN_NO_DATA_SET, DATA_ELEMENT_UNKNOWN, INPUT_PERIODS_INVERTED,
    NO_IMPORT_AUTHORITY, ORG_UNIT_CLOSED, ORG_UNIT_NOT_OPEN_YET, ORG_UNIT_OUTSIDE_CAPTURE, ORG_UNIT_UNKNOWN, Reason,
};
use xfer_domain::calendar::is_iso;
use xfer_domain::capabilities::{Capabilities, InputPeriods};
use xfer_domain::cell::CellKey;
use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::server::{Account, ServerVersion};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ImportEngine;

/// What preflight says about one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every rule passes; the row is sent with this data set on its payload.
    Pass {
        /// The data set to send it with.
        data_set: Uid,
    },
    /// The cell is not sent.
    Hold(Reason),
}

/// The destination's rules, indexed once per run. Cheap to ask (some 100 ns a cell), `Sync`, no interior state.
#[derive(Debug)]
pub(crate) struct Preflight<'metadata> {
    metadata: &'metadata Metadata,
    index: Index<'metadata>,
    user: User,
    engine: ImportEngine,
    version: ServerVersion,
    /// How the server reads data input periods.
    input_periods: InputPeriods,
    today: Date,
    /// Whether periods have days that can be compared with others: those of the ISO calendar do.
    knows_days: bool,
}

/// The user who sends, and what it may do everywhere.
#[derive(Debug)]
struct User {
    name: String,
    may_import: bool,
    superuser: bool,
    may_edit_expired: bool,
}

/// A cell together with what the index knows about its parts.
struct Subject<'cell, 'index> {
    cell: &'cell CellKey,
    element: &'index ElementIndex<'index>,
    unit: &'index OrganisationUnit,
    category_options: &'index ComboIndex<'index>,
    attribute_options: &'index ComboIndex<'index>,
}

impl<'metadata> Preflight<'metadata> {
    /// Indexes the destination's metadata for its logged-in user. `today` is the destination server's own date.
    pub(crate) fn new(metadata: &'metadata Metadata, account: &Account, version: &ServerVersion, today: Date) -> Self {
        let superuser = account.is_superuser();
        let capabilities = Capabilities::of(version);
        let engine = capabilities.import_engine;
        let capture = if superuser && engine == ImportEngine::SetBased {
            Capture::Everywhere
        } else {
            Capture::Below(&account.organisation_units)
        };
        Self {
            metadata,
            index: Index::new(metadata, capture, today),
            user: User {
                name: account.username.clone(),
                may_import: account.may_import(),
                superuser,
                may_edit_expired: superuser
                    || account.authorities.iter().any(|authority| authority == "F_EDIT_EXPIRED"),
            },
            engine,
            version: version.clone(),
            input_periods: capabilities.input_periods,
            today,
            knows_days: true,
        }
    }

    /// For a destination that counts its periods in that calendar. In another than the ISO one nothing is known of the
    /// days of a period, and what depends on them (deadlines, opening and closing dates) is the server's to decide.
    #[must_use]
    pub(crate) fn in_calendar(self, calendar: &str) -> Self {
        Self { knows_days: is_iso(calendar), ..self }
    }

    /// Judges one cell. `value` is the shaped text, none for a deletion; `comment` is what would be sent along.
    pub(crate) fn check(&self, cell: &CellKey, value: Option<&str>, comment: Option<&str>) -> Verdict {
        match self.judge(cell, value, comment) {
            Ok(data_set) => Verdict::Pass { data_set },
            Err(reason) => Verdict::Hold(*reason),
        }
    }

    fn judge(&self, cell: &CellKey, value: Option<&str>, comment: Option<&str>) -> Result<Uid, Box<Reason>> {
        if !self.user.may_import {
            return Err(Box::new(self.no_authority()));
        }
        let subject = self.resolve(cell)?;
        let data_set = self.choose_data_set(&subject)?;
        self.check_options(&subject)?;
        self.check_open(&subject)?;
        if let Some(value) = value {
            self.check_value(&subject, value)?;
            self.check_comment_option(&subject, comment)?;
        }
        self.check_comment(&subject, comment)?;
        Ok(data_set)
    }

    /// Finds every part of the cell, and the user's right to enter data at the org unit.
    fn resolve<'cell, 'index>(&'index self, cell: &'cell CellKey) -> Result<Subject<'cell, 'index>, Box<Reason>> {
        let unknown = |code, kind, id: Uid| {
            let reason = format!("the destination has no object with the id `{id}`, as of the last sync");
            Box::new(blame(self.metadata, code, kind, id, reason))
        };
        let element = self
            .index
            .elements
            .get(&cell.data_element)
            .ok_or_else(|| unknown(&DATA_ELEMENT_UNKNOWN, Kind::DataElement, cell.data_element))?;
        if element.memberships.is_empty() {
            return Err(Box::new(self.in_no_data_set(cell)));
        }
        let unit = self
            .index
            .units
            .get(&cell.org_unit)
            .ok_or_else(|| unknown(&ORG_UNIT_UNKNOWN, Kind::OrganisationUnit, cell.org_unit))?;
        if !unit.in_capture {
            let reason = format!("user `{}` may not enter data at the org unit", self.user.name);
            return Err(Box::new(blame(
                self.metadata,
                &ORG_UNIT_OUTSIDE_CAPTURE,
                Kind::OrganisationUnit,
                cell.org_unit,
                reason,
            )));
        }
        let coc = cell.category_option_combo;
        let category_options = self
            .index
            .combos
            .get(&coc)
            .ok_or_else(|| unknown(&CATEGORY_OPTION_COMBO_UNKNOWN, Kind::CategoryOptionCombo, coc))?;
        let aoc = cell.attribute_option_combo;
        let attribute_options = self
            .index
            .combos
            .get(&aoc)
            .ok_or_else(|| unknown(&ATTRIBUTE_OPTION_COMBO_UNKNOWN, Kind::AttributeOptionCombo, aoc))?;
        Ok(Subject { cell, element, unit: unit.unit, category_options, attribute_options })
    }

    /// Write access to the options of both combos; org units of the attribute options.
    fn check_options(&self, subject: &Subject<'_, '_>) -> Result<(), Box<Reason>> {
        let unwritable = subject.category_options.unwritable.or(subject.attribute_options.unwritable);
        if let Some(option) = unwritable
            && !self.user.superuser
        {
            let is_hidden = self.metadata.category_options.get(&option).is_some_and(|option| option.is_hidden);
            let may_not = if is_hidden { "see" } else { "enter data for" };
            let reason = format!("user `{}` may not {may_not} the category option", self.user.name);
            return Err(Box::new(blame(
                self.metadata,
                &CATEGORY_OPTION_NO_WRITE,
                Kind::CategoryOption,
                option,
                reason,
            )));
        }
        if let Some(option) = data_set::option_that_excludes(subject.attribute_options, &subject.unit.path) {
            let reason = format!(
                "the category option is restricted to certain org units, and `{}` is not one of them or below one of \
                 them",
                subject.unit.name
            );
            return Err(Box::new(blame(
                self.metadata,
                &ATTRIBUTE_OPTION_NOT_FOR_ORG_UNIT,
                Kind::CategoryOption,
                option,
                reason,
            )));
        }
        Ok(())
    }

    /// The org unit's own dates: the first day of the period must lie within them, as 2.43 has it (E8031,
    /// `import/org-unit-closing-month`).
    fn check_open(&self, subject: &Subject<'_, '_>) -> Result<(), Box<Reason>> {
        if !self.knows_days {
            return Ok(());
        }
        let (unit, first_day) = (subject.unit, subject.cell.period.start());
        let hold = |code, reason| Box::new(blame(self.metadata, code, Kind::OrganisationUnit, unit.id, reason));
        if let Some(opening) = unit.opening_date.filter(|opening| first_day < *opening) {
            let reason = format!("the org unit opened on {opening}, after `{}` began", subject.cell.period);
            return Err(hold(&ORG_UNIT_NOT_OPEN_YET, reason));
        }
        if let Some(closed) = unit.closed_date.filter(|closed| first_day > *closed) {
            let reason = format!("the org unit closed on {closed}, before `{}` began", subject.cell.period);
            return Err(hold(&ORG_UNIT_CLOSED, reason));
        }
        Ok(())
    }

    /// Findings about the destination as a whole that no cell shows, such as an import authority that is missing
    /// (every cell is held back then) or a server whose input periods are inverted.
    pub(crate) fn about_destination(&self) -> Vec<Reason> {
        let mut findings = Vec::new();
        if !self.user.may_import {
            findings.push(self.no_authority());
        }
        if self.input_periods != InputPeriods::Right {
            let maybe =
                if self.input_periods == InputPeriods::Unknown { ", which does not name its patch" } else { "" };
            let restricted = self.index.data_sets.iter().filter(|data_set| !data_set.input_periods.is_empty());
            findings.extend(restricted.map(|data_set| {
                let reason = format!(
                    "data set `{}` has data input periods and the destination is {}{maybe}",
                    data_set.data_set.name, self.version
                );
                blame(self.metadata, &INPUT_PERIODS_INVERTED, Kind::DataSet, data_set.data_set.id, reason)
            }));
        }
        findings
    }

    fn no_authority(&self) -> Reason {
        let reason = format!("user `{}` has no authority to import data values", self.user.name);
        blame_user(&NO_IMPORT_AUTHORITY, &self.user.name, reason)
    }

    fn in_no_data_set(&self, cell: &CellKey) -> Reason {
        let reason = "the data element is not in any data set of the destination".to_owned();
        blame(self.metadata, &DATA_ELEMENT_IN_NO_DATA_SET, Kind::DataElement, cell.data_element, reason)
    }
}
