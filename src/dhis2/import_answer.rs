//! Answers to imports, of every generation, as one typed value.
//!
//! The HTTP status decides nothing (dhis2-api 6.4): a warning is 200 up to 2.37, 409 up to 2.42 and 200 again from
//! 2.43. The summary stands in a web message from 2.38 and alone before. Data values and completeness registrations
//! are answered alike.

use serde::Deserialize;

use crate::dhis2::answer::Answer;
use crate::dhis2::error::{ClientErrorKind, SCOPE_CODES, clean};
use crate::domain::import_summary::{ImportConflict, ImportCount, ImportStatus, ImportSummary};

/// Longest text of one conflict that is kept, in characters: the ids of 10,000 offenders.
const LONGEST_CONFLICT: usize = 130_000;

/// The answer to an import, whatever its HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportAnswer {
    /// The HTTP status.
    pub http_status: u16,
    /// The summary; absent for a bare 409, a 500 and the like.
    pub summary: Option<ImportSummary>,
    /// The server's sentence where there is no summary.
    pub message: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    response: Option<WireSummary>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSummary {
    status: Option<ImportStatus>,
    description: Option<String>,
    import_count: Option<ImportCount>,
    conflicts: Option<Vec<WireConflict>>,
    rejected_indexes: Option<Vec<i64>>,
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireConflict {
    object: Option<String>,
    objects: Option<serde_json::Map<String, serde_json::Value>>,
    value: Option<String>,
    error_code: Option<String>,
    property: Option<String>,
    indexes: Option<Vec<i64>>,
}

/// Reads the answer to an import. Statuses with a meaning for rows (200, 409, and 400 and 500 in DHIS2's own words) are
/// answers; everything else is an error, and what the server did is not known.
pub fn read_import_answer(answer: &Answer) -> Result<ImportAnswer, ClientErrorKind> {
    let from_dhis2 = answer.web_message().is_some() && !answer.challenge;
    match answer.status {
        200..=299 => {
            let summary = read_summary(answer.json()?)?;
            let summary = summary.ok_or_else(|| ClientErrorKind::malformed("success without an import summary"))?;
            Ok(ImportAnswer { http_status: answer.status, summary: Some(summary), message: None })
        }
        409 if !answer.is_html() && !answer.body.is_empty() => {
            let summary = read_summary(&answer.body)?;
            let message = if summary.is_none() { sentence(answer) } else { None };
            Ok(ImportAnswer { http_status: 409, summary, message })
        }
        400 | 500 if from_dhis2 => {
            Ok(ImportAnswer { http_status: answer.status, summary: None, message: sentence(answer) })
        }
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
    let value: serde_json::Value = serde_json::from_slice(body).map_err(damaged)?;
    // A web message without a summary has members of other types under the same names (`status: "OK"`).
    let wrapped = Envelope::deserialize(&value).ok().and_then(|envelope| envelope.response);
    let wire = match wrapped {
        Some(wire) => Some(wire),
        None if value.get("response").is_none() => WireSummary::deserialize(&value).ok(),
        None => None,
    };
    Ok(wire.filter(WireSummary::is_summary).and_then(summary_of))
}

/// The domain's summary; none without a verdict.
fn summary_of(wire: WireSummary) -> Option<ImportSummary> {
    Some(ImportSummary {
        status: wire.status?,
        description: wire.description.as_deref().map(clean),
        count: wire.import_count.unwrap_or_default(),
        conflicts: wire.conflicts.unwrap_or_default().into_iter().map(conflict_of).collect(),
        rejected_rows: positions(&wire.rejected_indexes.unwrap_or_default()),
        data_set_complete: wire.data_set_complete.as_deref().map(clean),
    })
}

fn conflict_of(wire: WireConflict) -> ImportConflict {
    let text = wire.value.unwrap_or_default();
    let named_ids = named_ids(wire.object.as_deref(), wire.objects.as_ref(), &text, wire.error_code.as_deref());
    ImportConflict {
        code: wire.error_code,
        rows: positions(&wire.indexes.unwrap_or_default()),
        named_ids,
        property: wire.property,
        text: harmless(&text),
    }
}

/// A conflict's text, whole: 2.43 lists every offender in it, and those who prune need all of them. Only what could
/// play tricks on a terminal is taken out; who shows it cuts it.
fn harmless(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST_CONFLICT).collect()
}

/// Row numbers; 2.43's `-1` for "one row, see the text" is left out.
fn positions(indexes: &[i64]) -> Vec<usize> {
    indexes.iter().filter_map(|index| usize::try_from(*index).ok()).collect()
}

/// The ids that a conflict names as its cause: `object` and `objects` where the server fills them (up to 2.42), else
/// what stands in backticks in the text (2.43): `` `[OuFacility8, OuFacility9]` ``, `` `abc` ``.
fn named_ids(
    object: Option<&str>,
    objects: Option<&serde_json::Map<String, serde_json::Value>>,
    text: &str,
    code: Option<&str>,
) -> Vec<String> {
    // `user` is who asks, `value` is a value, `args` is the text once more.
    let causes = objects.into_iter().flatten().filter(|(key, _)| !matches!(key.as_str(), "user" | "value" | "args"));
    let mut words: Vec<&str> = object.into_iter().chain(causes.filter_map(|(_, value)| value.as_str())).collect();
    words.retain(|word| looks_like_id(word));
    // Value errors of 2.43 (E812x) put the value itself in backticks.
    let names_a_value = code.is_some_and(|code| code.starts_with("E812") || code == "E8000");
    if words.is_empty() && !names_a_value {
        words = quoted(text).flat_map(|quoted| quoted.trim_matches(['[', ']']).split(", ")).collect();
        words.retain(|word| looks_like_id(word));
    }
    let mut ids: Vec<String> = Vec::new();
    for word in words {
        if !ids.iter().any(|known| known == word) {
            ids.push(harmless(word));
        }
    }
    ids
}

/// Whether a word can be an id, a code or a period rather than a sentence or a dump of an object.
fn looks_like_id(word: &str) -> bool {
    !word.is_empty()
        && word != "null"
        && !word.contains(|letter: char| letter.is_whitespace() || "[]={}`".contains(letter))
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
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
    Some(match message.error_code {
        Some(code) => format!("{code}: {text}"),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::read_import_answer;
    use crate::dhis2::answer::Answer;
    use crate::dhis2::error::ClientErrorKind;
    use crate::domain::import_summary::ImportStatus;

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
        assert_eq!(conflict.text, format!("not usable with org unit(s): `[{list}]`"));
        assert_eq!(conflict.rows, [0]);
    }
}
