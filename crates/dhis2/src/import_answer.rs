//! Answers to imports, of every generation, as one typed value.
//!
//! The HTTP status decides nothing (dhis2-api 6.4): a warning is 200 up to 2.37, 409 up to 2.42 and 200 again from
//! 2.43. The summary stands in a web message from 2.38 and alone before. Data values and completeness registrations
//! are answered alike.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::answer::{Answer, code};
use crate::error::{ClientErrorKind, LONGEST_TEXT, SCOPE_CODES, clean};
use crate::import_conflicts::{Conflicts, Positions};
use xfer_domain::import_summary::{ImportCount, ImportStatus, ImportSummary};

/// The answer to an import, whatever its HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportAnswer {
    /// The HTTP status.
    pub http_status: u16,
    /// The summary; absent for a bare 409, a 500 and the like.
    pub summary: Option<ImportSummary>,
    /// The server's sentence where there is no summary.
    pub message: Option<String>,
    /// Whether the import had left before, and was turned away at the door: what turned it away may not have been the
    /// server.
    pub is_of_another_try: bool,
}

impl ImportAnswer {
    /// The sentences of which people are shown only the beginning, for the log.
    pub(crate) fn long_sentences(&self) -> impl Iterator<Item = &Arc<str>> {
        let conflicts = self.summary.iter().flat_map(|summary| &summary.conflicts);
        conflicts.map(|conflict| &conflict.text).filter(|text| text.len() > LONGEST_TEXT)
    }
}

#[derive(Deserialize)]
struct Envelope<'body> {
    #[serde(borrow)]
    response: Option<&'body RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSummary {
    status: Option<ImportStatus>,
    description: Option<String>,
    import_count: Option<ImportCount>,
    conflicts: Option<Conflicts>,
    rejected_indexes: Option<Positions>,
    data_set_complete: Option<String>,
    response_type: Option<String>,
}

impl WireSummary {
    /// Whether it is a summary at all: the start of an asynchronous job has the same place in the envelope.
    fn is_summary(&self) -> bool {
        self.import_count.is_some()
            || self.conflicts.is_some()
            || self.response_type.as_deref() == Some("ImportSummary")
    }
}

/// Reads the answer to an import. Statuses with a meaning for rows (200, 409, and 400 and 500 in DHIS2's own words) are
/// answers; everything else is an error, and what the server did is not known.
pub fn read_import_answer(answer: &Answer) -> Result<ImportAnswer, ClientErrorKind> {
    let from_dhis2 = answer.web_message().is_some() && !answer.challenge;
    match answer.status {
        200..=299 => {
            let summary = read_summary(answer.json()?)?;
            let summary = summary.ok_or_else(|| ClientErrorKind::malformed("success without an import summary"))?;
            Ok(ImportAnswer {
                http_status: answer.status,
                summary: Some(summary),
                message: None,
                is_of_another_try: false,
            })
        }
        409 if !answer.is_html() && !answer.body.is_empty() => {
            let summary = read_summary(&answer.body)?;
            let message = if summary.is_none() { sentence(answer) } else { None };
            Ok(ImportAnswer { http_status: 409, summary, message, is_of_another_try: false })
        }
        400 | 500 if from_dhis2 => Ok(ImportAnswer {
            http_status: answer.status,
            summary: None,
            message: sentence(answer),
            is_of_another_try: false,
        }),
        _ => Err(answer.refusal()),
    }
}

/// The summary in a body, wrapped or bare.
fn read_summary(body: &[u8]) -> Result<Option<ImportSummary>, ClientErrorKind> {
    let damaged = |error: serde_json::Error| {
        if error.is_eof() {
            ClientErrorKind::Interrupted { source: Some(Box::new(error)) }
        } else {
            ClientErrorKind::Malformed { what: "no import summary".to_owned(), source: Some(Box::new(error)) }
        }
    };
    serde_json::from_slice::<IgnoredAny>(body).map_err(damaged)?;
    // A web message without a summary has members of other types under the same names (`status: "OK"`).
    let wire = match serde_json::from_slice::<Envelope<'_>>(body).ok().and_then(|envelope| envelope.response) {
        Some(response) => serde_json::from_str::<WireSummary>(response.get()).ok(),
        None => serde_json::from_slice::<WireSummary>(body).ok(),
    };
    Ok(wire.filter(WireSummary::is_summary).and_then(summary_of))
}

/// The domain's summary; none without a verdict.
fn summary_of(wire: WireSummary) -> Option<ImportSummary> {
    let (conflicts, rejected) = (wire.conflicts.unwrap_or_default(), wire.rejected_indexes.unwrap_or_default());
    Some(ImportSummary {
        status: wire.status?,
        description: wire.description.as_deref().map(clean),
        count: wire.import_count.unwrap_or_default(),
        conflicts: conflicts.kept,
        beyond: conflicts.beyond + rejected.beyond,
        rejected_rows: rejected.kept,
        data_set_complete: wire.data_set_complete.as_deref().map(clean),
    })
}

/// Whether the user's org units are blamed, so that a session from before a grant may be the reason (dhis2-api 1.1).
pub(crate) fn blames_scope(answer: &ImportAnswer) -> bool {
    let conflicts = answer.summary.iter().flat_map(|summary| &summary.conflicts);
    conflicts.filter_map(|conflict| conflict.code.as_deref()).any(|code| SCOPE_CODES.contains(&code))
}

/// The server's sentence, with its code where it gives one.
fn sentence(answer: &Answer) -> Option<String> {
    let message = answer.web_message()?;
    let text = clean(message.message.as_deref()?);
    Some(match message.error_code.as_deref().and_then(code) {
        Some(code) => format!("{code}: {text}"),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::read_import_answer;
    use crate::answer::Answer;
    use crate::error::ClientErrorKind;
    use xfer_domain::import_summary::ImportStatus;

    fn read(status: u16, body: &str) -> Result<super::ImportAnswer, ClientErrorKind> {
        read_import_answer(&Answer::new(status, Some("application/json"), body))
    }

    #[test]
    fn wrapped_and_bare_summaries_are_the_same() {
        let bare = r#"{"status":"WARNING","importCount":{"imported":1,"updated":2,"ignored":3,"deleted":4},
            "conflicts":[{"object":"OuFacility5","value":"no access"}]}"#;
        let from_2_36 = read(200, bare).unwrap().summary.unwrap();
        let wrapped = format!(r#"{{"httpStatusCode":409,"status":"WARNING","response":{bare}}}"#);
        assert_eq!(read(409, &wrapped).unwrap().summary.unwrap(), from_2_36);
        assert_eq!(from_2_36.status, ImportStatus::Warning);
        assert_eq!(from_2_36.count.deleted, 4);
        assert_eq!(from_2_36.conflicts[0].named_ids, ["OuFacility5"]);
        assert!(from_2_36.conflicts[0].rows.is_empty());
    }

    #[test]
    fn an_answer_without_a_summary_keeps_the_sentence() {
        let bare = read(409, r#"{"httpStatus":"Conflict","httpStatusCode":409,"status":"ERROR"}"#).unwrap();
        assert_eq!((bare.http_status, bare.summary, bare.message), (409, None, None));
        let failed =
            read(500, r#"{"httpStatusCode":500,"status":"ERROR","message":"because \"group\" is null"}"#).unwrap();
        assert_eq!(failed.message.as_deref(), Some("because \"group\" is null"));
        let coded = read(409, r#"{"httpStatusCode":409,"message":"no","errorCode":"E4011"}"#).unwrap();
        assert_eq!(coded.message.as_deref(), Some("E4011: no"));
    }

    #[test]
    fn success_without_a_summary_is_no_success() {
        assert!(matches!(read(200, ""), Err(ClientErrorKind::EmptyBody)));
        assert!(matches!(read(200, r#"{"status":"OK"}"#), Err(ClientErrorKind::Malformed { .. })));
        let job = r#"{"status":"OK","response":{"id":"Abcdefghij1","jobStatus":"SCHEDULED","responseType":"JobConfiguration"}}"#;
        assert!(matches!(read(200, job), Err(ClientErrorKind::Malformed { .. })));
        let html = Answer::new(500, Some("text/html"), "<h1>");
        assert!(matches!(read_import_answer(&html), Err(ClientErrorKind::ServerError { .. })));
        assert!(matches!(read(401, r#"{"message":"Unauthorized"}"#), Err(ClientErrorKind::Unauthorized { .. })));
        assert!(matches!(read(504, ""), Err(ClientErrorKind::Unavailable { .. })));
    }

    #[test]
    fn a_cut_answer_is_never_a_shorter_one() {
        let body =
            r#"{"status":"SUCCESS","importCount":{"imported":1,"updated":0,"ignored":0,"deleted":0},"conflicts":[]}"#;
        assert!(read(200, body).is_ok());
        for end in 0..body.len() {
            assert!(read(200, &body[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_long_list_of_offenders_is_kept_whole() {
        let ids: Vec<String> = (0..500).map(|number| format!("OuFacili{number:03}")).collect();
        let list = ids.join(", ");
        let body = format!(
            r#"{{"status":"ERROR","importCount":{{}},"conflicts":[{{"value":"not usable with org unit(s): `[{list}]`\u001b","errorCode":"E8022","indexes":[0,-1]}}]}}"#
        );
        let conflict = read(409, &body).unwrap().summary.unwrap().conflicts.remove(0);
        assert_eq!(conflict.named_ids, ids);
        assert_eq!(*conflict.text, format!("not usable with org unit(s): `[{list}]`"));
        assert_eq!(conflict.rows, [0]);
    }

    #[test]
    fn more_than_is_kept_is_counted() {
        let answer = |conflicts: &str, indexes: &str| {
            let body = format!(
                r#"{{"status":"ERROR","importCount":{{}},"conflicts":[{conflicts}],"rejectedIndexes":[{indexes}]}}"#
            );
            read(409, &body).unwrap().summary.unwrap()
        };
        let many = answer(&vec!["{}"; 100_000].join(","), "1,-1,2");
        assert_eq!((many.conflicts.len(), many.beyond), (60_000, 40_000));
        assert_eq!(many.rejected_rows, [1, 2]);
        let long = format!(r#"{{"value":"{}"}}"#, "x".repeat(200_000));
        let long = answer(&vec![long; 200].join(","), "");
        assert!(long.conflicts.iter().map(|conflict| conflict.text.len()).sum::<usize>() <= 17 << 20);
        assert_eq!(long.conflicts.len() as u64 + long.beyond, 200);
        let rows = vec!["7"; 150_000].join(",");
        let rows = answer(&vec![format!(r#"{{"indexes":[{rows}]}}"#); 20].join(","), &rows);
        assert!(rows.conflicts.iter().map(|conflict| conflict.rows.len()).sum::<usize>() <= 1_200_000);
        assert!(rows.beyond >= 50_000 && rows.rejected_rows.len() == 100_000);
    }

    #[test]
    fn odd_members_of_a_conflict_say_nothing() {
        let body = r#"{"status":"WARNING","importCount":{"ignored":1},"conflicts":[
            {"object":"x y","objects":{"orgUnit":"OuFacility5","user":"admin","deep":{"a":["b"]},"n":7},
             "value":"no","errorCode":"not a code at all","indexes":[3]}]}"#;
        let conflict = read(409, body).unwrap().summary.unwrap().conflicts.remove(0);
        assert_eq!((conflict.named_ids, conflict.code), (vec!["OuFacility5".to_owned()], None));
    }
}
