//! The conflicts of an import's account, as many as are kept.
//!
//! A server may refuse tens of thousands of rows one by one, and an attacker says `{}` a hundred million times. What is
//! kept has a number, a sum of texts and a sum of positions; what comes beyond is counted, so that whoever draws
//! conclusions from the account knows that it is not all of it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::answer::code;
use xfer_domain::import_summary::ImportConflict;
use xfer_domain::redaction::redact;

/// Conflicts that are kept: more than one POST has rows.
const MOST_CONFLICTS: usize = 60_000;

/// Longest text of one conflict that is kept, in characters: the ids of 10,000 offenders.
const LONGEST_CONFLICT: usize = 130_000;

/// Bytes of all texts together.
const MOST_TEXT: usize = 16 << 20;

/// Positions in one list: more than one POST has rows.
const MOST_POSITIONS: usize = 100_000;

/// Positions in all conflicts together.
const MOST_POSITIONS_IN_ALL: usize = 1_000_000;

/// Longest property that is kept; it is a word.
const LONGEST_PROPERTY: usize = 100;

/// The conflicts of an account.
#[derive(Debug, Default)]
pub(super) struct Conflicts {
    pub(super) kept: Vec<ImportConflict>,
    /// Conflicts and positions that are not kept.
    pub(super) beyond: u64,
}

/// Row numbers; 2.43's `-1` for "one row, see the text" is left out.
#[derive(Debug, Default)]
pub(super) struct Positions {
    pub(super) kept: Vec<usize>,
    pub(super) beyond: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireConflict<'body> {
    #[serde(borrow)]
    object: Option<Cow<'body, str>>,
    #[serde(borrow)]
    objects: Option<&'body RawValue>,
    #[serde(borrow)]
    value: Option<Cow<'body, str>>,
    #[serde(borrow)]
    error_code: Option<Cow<'body, str>>,
    #[serde(borrow)]
    property: Option<Cow<'body, str>>,
    indexes: Option<Positions>,
}

impl<'de> Deserialize<'de> for Conflicts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Conflicts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of conflicts")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Conflicts, S::Error> {
                let mut conflicts = Conflicts::default();
                let (mut text, mut positions) = (0, 0);
                while conflicts.kept.len() < MOST_CONFLICTS && text < MOST_TEXT && positions < MOST_POSITIONS_IN_ALL {
                    let Some(wire) = list.next_element::<WireConflict<'de>>()? else { return Ok(conflicts) };
                    conflicts.beyond += wire.indexes.as_ref().map_or(0, |indexes| indexes.beyond);
                    let conflict = conflict_of(wire);
                    text += conflict.text.len();
                    positions += conflict.rows.len();
                    conflicts.kept.push(conflict);
                }
                while list.next_element::<IgnoredAny>()?.is_some() {
                    conflicts.beyond += 1;
                }
                Ok(conflicts)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

impl<'de> Deserialize<'de> for Positions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Positions;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of row numbers")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Positions, S::Error> {
                let mut positions = Positions::default();
                while let Some(number) = list.next_element::<i64>()? {
                    if positions.kept.len() == MOST_POSITIONS {
                        positions.beyond += 1;
                    } else {
                        positions.kept.extend(usize::try_from(number));
                    }
                }
                Ok(positions)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

fn conflict_of(wire: WireConflict<'_>) -> ImportConflict {
    let text = wire.value.unwrap_or_default();
    let named_ids = named_ids(wire.object.as_deref(), wire.objects, &text, wire.error_code.as_deref());
    ImportConflict {
        code: wire.error_code.as_deref().and_then(code),
        rows: wire.indexes.unwrap_or_default().kept,
        named_ids,
        property: wire.property.map(|property| harmless(&property, LONGEST_PROPERTY)),
        text: harmless(&text, LONGEST_CONFLICT).into(),
    }
}

/// A conflict's text, whole: 2.43 lists every offender in it, and those who prune need all of them. Only what could
/// play tricks on a terminal is taken out, and what nobody may see; who shows it cuts it.
fn harmless(text: &str, most: usize) -> String {
    redact(text).chars().filter(|letter| !letter.is_control()).take(most).collect()
}

/// The ids that a conflict names as its cause: `object` and `objects` where the server fills them (up to 2.42), else
/// what stands in backticks in the text (2.43): `` `[OuFacility8, OuFacility9]` ``, `` `abc` ``.
fn named_ids(object: Option<&str>, objects: Option<&RawValue>, text: &str, code: Option<&str>) -> Vec<String> {
    let causes = objects.and_then(|objects| serde_json::from_str::<Causes>(objects.get()).ok());
    let mut words: Vec<&str> = object.into_iter().collect();
    words.extend(causes.iter().flat_map(|causes| causes.0.iter().map(String::as_str)));
    words.retain(|word| looks_like_id(word));
    // Value errors of 2.43 (E812x) put the value itself in backticks.
    let names_a_value = code.is_some_and(|code| code.starts_with("E812") || code == "E8000");
    if words.is_empty() && !names_a_value {
        words = quoted(text).flat_map(|quoted| quoted.trim_matches(['[', ']']).split(", ")).collect();
        words.retain(|word| looks_like_id(word));
    }
    let mut known = HashSet::new();
    words.retain(|word| known.insert(*word));
    words.into_iter().map(|word| harmless(word, LONGEST_PROPERTY)).collect()
}

/// The texts of `objects` that can be causes.
struct Causes(Vec<String>);

impl<'de> Deserialize<'de> for Causes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Causes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the objects of a conflict")
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(self, mut members: M) -> Result<Causes, M::Error> {
                const MOST: usize = 100;
                let mut causes = Vec::new();
                while let Some((key, value)) = members.next_entry::<Cow<'de, str>, &'de RawValue>()? {
                    // `user` is who asks, `value` is a value, `args` is the text once more.
                    if causes.len() < MOST && !matches!(&*key, "user" | "value" | "args") {
                        causes.extend(serde_json::from_str::<String>(value.get()).ok());
                    }
                }
                Ok(Causes(causes))
            }
        }
        deserializer.deserialize_map(Members)
    }
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
