//! The rules of a cell's content: value type, option set, comment.

use super::blame::{Kind, blame};
use super::{Preflight, Subject};
use crate::finding::{
    COMMENT_OPTION_UNKNOWN, COMMENT_TOO_LONG, OPTION_UNKNOWN, ORG_UNIT_VALUE_UNKNOWN, Reason, VALUE_INVALID,
    VALUE_MISSING,
};
use xfer_domain::shown::shown;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::{ImportEngine, ValueType};

/// Longest comment from 2.43 on, in UTF-16 units (E8125, `import/comment-*`).
const COMMENT_SET_BASED: usize = 5_000;
/// Longest comment up to 2.42 (E7620).
const COMMENT_ROW_BY_ROW: usize = 50_000;

impl Preflight<'_> {
    /// The value must be one that the destination's generation stores, and one that both generations understand alike.
    pub(super) fn check_value(&self, subject: &Subject<'_, '_>, value: &str) -> Result<(), Box<Reason>> {
        let element = subject.element.element;
        let hold = |code, reason| Err(Box::new(blame(self.metadata, code, Kind::DataElement, element.id, reason)));
        if value.trim().is_empty() {
            return hold(&VALUE_MISSING, "the value is empty".to_owned());
        }
        // PostgreSQL has no such character; the whole POST would fail without a name.
        if value.contains('\0') {
            return hold(
                &VALUE_INVALID,
                "the value contains the character NUL, which a database cannot store".to_owned(),
            );
        }
        let value_type = element.value_type;
        let stored = value_type
            .may_be_stored_as(value, self.engine)
            .map(|_| ())
            .and_then(|()| value_type.canonical(value).map(|_| ()));
        if let Err(refusal) = stored {
            return hold(&VALUE_INVALID, refusal.to_string());
        }
        if value_type == ValueType::OrganisationUnit
            && Uid::parse(value).is_ok_and(|unit| !self.metadata.organisation_units.contains_key(&unit))
        {
            let reason = format!("`{value}` is not an org unit of the destination, as of the last sync");
            return hold(&ORG_UNIT_VALUE_UNKNOWN, reason);
        }
        // `ValidationUtils.valueIsValid(value, dataElement)`; from 2.43 on the type alone is asked.
        if value_type == ValueType::MultiText && element.option_set.is_none() && self.engine == ImportEngine::RowByRow {
            return hold(&OPTION_UNKNOWN, "the data element accepts several options but has no option set".to_owned());
        }
        if let Some(codes) = &subject.element.option_codes {
            let known = codes.contains(value)
                || (value_type == ValueType::MultiText && value.split(',').all(|code| codes.contains(code)));
            if !known {
                return hold(&OPTION_UNKNOWN, format!("`{}` is not an option code of the option set", shown(value)));
            }
        }
        Ok(())
    }

    /// From 2.43 on, a data element whose comments come from an option set takes no value without such a comment (E8124,
    /// `DefaultDataEntryService.validateValues`).
    pub(super) fn check_comment_option(
        &self,
        subject: &Subject<'_, '_>,
        comment: Option<&str>,
    ) -> Result<(), Box<Reason>> {
        let Some(codes) = subject.element.comment_codes.as_ref().filter(|_| self.engine == ImportEngine::SetBased)
        else {
            return Ok(());
        };
        let reason = match comment {
            Some(comment) if codes.contains(comment) => return Ok(()),
            Some(comment) => format!("the comment `{}` is not one of the comment options", shown(comment)),
            None => {
                "the data element accepts values only with one of its comment options, and there is none".to_owned()
            }
        };
        let element = subject.cell.data_element;
        Err(Box::new(blame(self.metadata, &COMMENT_OPTION_UNKNOWN, Kind::DataElement, element, reason)))
    }

    pub(super) fn check_comment(&self, subject: &Subject<'_, '_>, comment: Option<&str>) -> Result<(), Box<Reason>> {
        let longest = match self.engine {
            ImportEngine::SetBased => COMMENT_SET_BASED,
            ImportEngine::RowByRow => COMMENT_ROW_BY_ROW,
        };
        // Bytes are never fewer than UTF-16 units: counting those is left to the rare long comment.
        let too_long =
            comment.is_some_and(|comment| comment.len() > longest && comment.encode_utf16().count() > longest);
        if !too_long {
            return Ok(());
        }
        let reason = format!("the comment has more than {longest} characters");
        Err(Box::new(blame(self.metadata, &COMMENT_TOO_LONG, Kind::DataElement, subject.cell.data_element, reason)))
    }
}
