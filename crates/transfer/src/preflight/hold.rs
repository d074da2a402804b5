//! The message of a held-back cell: the problem, its object, what to do.

use crate::finding::Code;
use xfer_domain::metadata::Metadata;
use xfer_domain::run::FindingObject;
use xfer_domain::uid::Uid;

/// Why a cell is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldBack {
    /// The rule; `code.word` stands in reports.
    pub code: &'static Code,
    /// The object to blame, by name.
    pub object: FindingObject,
    /// What is wrong, in one sentence. Names objects, not the cell's value, so that cells with the same cause say the
    /// same; the exception is a value that is itself the cause.
    pub reason: String,
    /// What an administrator can do about it.
    pub hint: String,
}

/// DHIS2's words for the kinds of objects that a cell can fail at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    OrganisationUnit,
    DataElement,
    DataSet,
    CategoryOptionCombo,
    AttributeOptionCombo,
    CategoryOption,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::OrganisationUnit => "organisation unit",
            Self::DataElement => "data element",
            Self::DataSet => "data set",
            Self::CategoryOptionCombo => "category option combo",
            Self::AttributeOptionCombo => "attribute option combo",
            Self::CategoryOption => "category option",
        }
    }
}

/// A hold-back that blames one object; the hint is the table's remedy.
pub(super) fn blame(metadata: &Metadata, code: &'static Code, kind: Kind, id: Uid, reason: String) -> HoldBack {
    let name = match kind {
        Kind::OrganisationUnit => metadata.org_unit_path_names(id),
        _ => metadata.name_of(id),
    };
    let object = FindingObject { kind: kind.name().to_owned(), id: id.to_string(), name };
    HoldBack { code, object, reason, hint: code.remedy.to_owned() }
}

/// A hold-back that blames the logged-in user.
pub(super) fn blame_user(code: &'static Code, username: &str, reason: String) -> HoldBack {
    let object = FindingObject { kind: "user".to_owned(), id: username.to_owned(), name: username.to_owned() };
    HoldBack { code, object, reason, hint: code.remedy.to_owned() }
}
