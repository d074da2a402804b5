//! `POST dataValueSets` with the import rules of both generations.
//!
//! [`row_by_row`] plays 2.40 to 2.42, [`set_based`] 2.43; they share what a request is (`payload`, `options`,
//! `identifiers`), whom it comes from (`access`), when it comes (`timeliness`) and how a summary looks (`answer`).
//! The rules are those of dhis2-core, held to the recordings `import/*`.
//!
//! Not played: XML, ADX and PDF bodies (415 here), approval, file resources, min-max values, audit, system settings that
//! make strictness the default. `async=true` is [`jobs`](crate::jobs)' affair.

pub(crate) mod access;
pub(crate) mod answer;
pub(crate) mod identifiers;
pub(crate) mod json;
pub(crate) mod options;
mod payload;
mod row_by_row;
mod set_based;
pub(crate) mod timeliness;
pub(crate) mod unpack;
mod value_errors;

use std::borrow::Cow;
use std::collections::BTreeSet;

use self::options::Options;
use self::payload::{Payload, Tree, Unwalkable};
use self::unpack::DamagedBody;
use crate::exchange::{Request, Response};
use crate::profile::Profile;
use crate::state::{State, User};

/// The authority that writing values takes, deletions included.
const AUTHORITY: &str = "F_DATAVALUE_ADD";

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Csv,
}

/// A request's body.
struct Body<'request> {
    format: Format,
    text: Result<Cow<'request, str>, DamagedBody>,
}

impl Body<'_> {
    /// The body as the row-by-row engine reads it, or why it cannot.
    fn payload_bound(&self, options: &Options) -> Result<Payload<'_>, String> {
        let text = self.text.as_ref().map_err(ToString::to_string)?;
        match self.format {
            Format::Json => Payload::bind(text).map_err(|payload::Unbindable| "Post-condition was null".to_owned()),
            Format::Csv => Ok(Payload::csv(text, options.data_set.clone(), false)),
        }
    }

    /// The body as the set-based engine reads it, or how it fails.
    fn payload_walked(&self, options: &Options, profile: Profile) -> Result<Payload<'_>, Unwalkable> {
        let later = profile >= Profile::V44;
        let damaged = |damage: &DamagedBody| {
            if later { Unwalkable::Conflict(damage.to_string()) } else { Unwalkable::Broken(damage.to_string()) }
        };
        let text = self.text.as_ref().map_err(damaged)?;
        match self.format {
            Format::Json => Payload::walk(text, if later { Tree::Lenient } else { Tree::Strict }),
            Format::Csv => Ok(Payload::csv(text, options.data_set.clone(), true)),
        }
    }
}

/// Answers it.
pub(crate) fn post(state: &mut State, user: &User, request: &Request) -> Response {
    let format = match media_type(request).as_str() {
        "application/json" => Format::Json,
        "application/csv" => Format::Csv,
        _ => return unsupported_media_type(state.profile, request),
    };
    if !user.has_authority(AUTHORITY) {
        return forbidden(state.profile, AUTHORITY);
    }
    let options = match Options::of(request) {
        Ok(options) => options,
        Err(error) => return Response::web_message(400, Some(&error.to_string()), None),
    };
    let body = Body { format, text: unpack::unpack(&request.body) };
    if state.profile.imports_set_based() {
        set_based::import(state, user, &options, &body)
    } else {
        row_by_row::import(state, user, &options, &body)
    }
}

/// The content type without parameters, lower case.
pub(crate) fn media_type(request: &Request) -> String {
    let header = request.header("content-type").unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// The refusal of a content type (recording `import/content-type-text-plain`).
pub(crate) fn unsupported_media_type(profile: Profile, request: &Request) -> Response {
    let given = request.header("content-type").unwrap_or_default();
    let message = if profile >= Profile::V42 {
        // Spring 6 (`HttpMediaTypeNotSupportedException`) leaves out a type that was not given.
        let named = if given.is_empty() { String::new() } else { format!("'{given}' ") };
        format!("Content-Type {named}is not supported")
    } else {
        format!("Content type '{given}' not supported")
    };
    Response::web_message(415, Some(&message), None)
}

/// The refusal for want of an authority (recording `import/bad-no-authority`).
fn forbidden(profile: Profile, authority: &str) -> Response {
    let message = if profile >= Profile::V42 {
        format!("Access is denied, requires one Authority from [{authority}]")
    } else {
        "Access is denied".to_owned()
    };
    Response::web_message(403, Some(&message), None)
}

/// Which of these periods a request loses to another one that writes them for the first time at the same moment: all
/// that have no row yet, if [`Settings::next_new_period_loses`] is set and there are any. The setting is used up.
///
/// [`Settings::next_new_period_loses`]: crate::settings::Settings::next_new_period_loses
fn lose_race(state: &mut State, periods: &[String]) -> BTreeSet<String> {
    if !state.settings.next_new_period_loses {
        return BTreeSet::new();
    }
    let known = |period: &String| {
        state.values.periods.contains(period)
            || state.values.data.keys().any(|key| key.period == *period)
            || state.values.registrations.keys().any(|key| key.period == *period)
    };
    let lost: BTreeSet<String> = periods.iter().filter(|period| !known(period)).cloned().collect();
    state.settings.next_new_period_loses = lost.is_empty();
    lost
}

#[cfg(test)]
mod tests;
