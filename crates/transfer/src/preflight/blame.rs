//! What a rule blames for a cell that is held back, by name.

use crate::finding::{Code, Reason};
use xfer_domain::metadata::Metadata;
use xfer_domain::run::FindingObject;
use xfer_domain::uid::Uid;

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

/// A reason that blames one object.
pub(super) fn blame(metadata: &Metadata, code: &'static Code, kind: Kind, id: Uid, reason: String) -> Reason {
    let name = match kind {
        Kind::OrganisationUnit => metadata.org_unit_path_names(id),
        _ => metadata.name_of(id),
    };
    let object = FindingObject { kind: kind.name().to_owned(), id: id.to_string(), name };
    Reason::new(code, reason).about(object)
}

/// A reason that blames the logged-in user.
pub(super) fn blame_user(code: &'static Code, username: &str, reason: String) -> Reason {
    let object = FindingObject { kind: "user".to_owned(), id: username.to_owned(), name: username.to_owned() };
    Reason::new(code, reason).about(object)
}
