//! A data value set as it lies in a body: the keys on top and the rows.
//!
//! The two generations read the same JSON differently. The row-by-row engine binds it to objects: scalars of any kind
//! become text, anything out of shape fails the whole body. The set-based engine walks the tree: only texts are texts,
//! and the first value of another kind ends the request with status 500 (recordings `import/value-json-number-int`,
//! `import/data-values-not-a-list`). CSV bodies (`import/csv-body`) end up in the same shape.

use std::borrow::Cow;

use super::json::{Json, JsonError};
use super::options::{Scheme, Schemes};

/// A text that may be missing.
pub(super) type Text<'text> = Option<Cow<'text, str>>;
/// Category → option, where a combo is named by its options.
pub(super) type OptionMap = Vec<(String, String)>;

/// A data value set.
#[derive(Debug, Default)]
pub(super) struct Payload<'text> {
    /// `dataSet`
    pub(super) data_set: Text<'text>,
    /// `completeDate`
    pub(super) complete_date: Text<'text>,
    /// `period` of all rows
    pub(super) period: Text<'text>,
    /// `orgUnit` of all rows
    pub(super) org_unit: Text<'text>,
    /// `attributeOptionCombo` of all rows
    pub(super) attribute_option_combo: Text<'text>,
    /// The same by its options (set-based engine).
    pub(super) attribute_options: Option<OptionMap>,
    /// `dryRun`
    pub(super) dry_run: Option<bool>,
    /// `strategy` (row-by-row engine)
    pub(super) strategy: Text<'text>,
    /// The body's id schemes.
    pub(super) schemes: Schemes,
    /// `deletion` (set-based engine)
    pub(super) deletion: Option<ScopeInput>,
    /// `dataValues`; none for a `null` among them.
    pub(super) rows: Vec<Option<Row<'text>>>,
}

/// A row as it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Row<'text> {
    /// `dataElement`
    pub(super) data_element: Text<'text>,
    /// `period`
    pub(super) period: Text<'text>,
    /// `orgUnit`
    pub(super) org_unit: Text<'text>,
    /// `categoryOptionCombo`
    pub(super) category_option_combo: Text<'text>,
    /// The same by its options (set-based engine).
    pub(super) category_options: Option<OptionMap>,
    /// `attributeOptionCombo`
    pub(super) attribute_option_combo: Text<'text>,
    /// `value`
    pub(super) value: Text<'text>,
    /// `comment`
    pub(super) comment: Text<'text>,
    /// `followup` (row by row), `followUp` (set-based)
    pub(super) followup: Option<bool>,
    /// `deleted`
    pub(super) deleted: Option<bool>,
    /// `storedBy` (row by row)
    pub(super) stored_by: Text<'text>,
    /// `created` (row by row)
    pub(super) created: Text<'text>,
    /// `lastUpdated` (row by row)
    pub(super) last_updated: Text<'text>,
}

/// The cross product that a set-based request deletes first.
#[derive(Debug, Clone, Default)]
pub(super) struct ScopeInput {
    /// Org units.
    pub(super) org_units: Vec<String>,
    /// Periods.
    pub(super) periods: Vec<String>,
    /// Data element, category option combo, attribute option combo.
    pub(super) elements: Vec<(Option<String>, Option<String>, Option<String>)>,
}

/// The body is not what the row-by-row engine binds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unbindable;

/// How the set-based engine's tree of JSON is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tree {
    /// Texts only are texts (2.43).
    Strict,
    /// Numbers and truth values stand for their texts, a `null` list for none, a byte order mark for nothing (2.44).
    Lenient,
}

/// How the set-based engine fails over a body that it cannot walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unwalkable {
    /// Status 400 with this message.
    Refused(String),
    /// Status 409 with this message.
    Conflict(String),
    /// Status 500 with this message.
    Broken(String),
}

impl<'text> Payload<'text> {
    /// Binds a body as the row-by-row engine does. A byte order mark is skipped.
    pub(super) fn bind(text: &'text str) -> Result<Self, Unbindable> {
        let body = Json::read(text.trim_start_matches('\u{feff}')).map_err(|_| Unbindable)?;
        if !matches!(body, Json::Object(_)) {
            return Err(Unbindable);
        }
        let (rows, cut) = match body.get("dataValues") {
            None | Some(Json::Null) => (Vec::new(), false),
            Some(Json::List(rows)) => bind_rows(rows)?,
            Some(_) => return Err(Unbindable),
        };
        let body = if cut { before_rows(body) } else { body };
        Ok(Self {
            data_set: scalar(&body, "dataSet")?,
            complete_date: scalar(&body, "completeDate")?,
            period: scalar(&body, "period")?,
            org_unit: scalar(&body, "orgUnit")?,
            attribute_option_combo: scalar(&body, "attributeOptionCombo")?,
            attribute_options: None,
            dry_run: truth(&body, "dryRun")?,
            strategy: scalar(&body, "strategy")?,
            schemes: Schemes::of(|name| scalar(&body, name).ok().flatten()),
            deletion: None,
            rows,
        })
    }

    /// Walks a body as the set-based engine does.
    pub(super) fn walk(text: &'text str, tree: Tree) -> Result<Self, Unwalkable> {
        let text = if tree == Tree::Lenient { text.trim_start_matches('\u{feff}') } else { text };
        let body = Json::read(text).map_err(|error| refused(text, &error))?;
        if tree == Tree::Lenient && !matches!(body, Json::Object(_)) {
            return Err(wrong_node("(root)", "OBJECT", &body));
        }
        let string = |name: &str| tree.string(&body, name);
        let data_set = string("dataSet")?;
        let complete_date = string("completeDate")?;
        let org_unit = string("orgUnit")?;
        let period = string("period")?;
        let combo = body.get("attributeOptionCombo");
        let dry_run = boolean(&body, "dryRun")?;
        let mut schemes = Schemes::default();
        for (name, scheme) in [
            ("idScheme", &mut schemes.all),
            ("dataSetIdScheme", &mut schemes.data_set),
            ("dataElementIdScheme", &mut schemes.data_element),
            ("orgUnitIdScheme", &mut schemes.org_unit),
            ("categoryOptionComboIdScheme", &mut schemes.category_option_combo),
            ("attributeOptionComboIdScheme", &mut schemes.attribute_option_combo),
        ] {
            *scheme = string(name)?.map(|text| Scheme::parse(&text));
        }
        Ok(Self {
            data_set,
            complete_date,
            period,
            org_unit,
            attribute_option_combo: combo.and_then(any_string),
            attribute_options: combo.and_then(option_map),
            dry_run,
            strategy: None,
            schemes,
            deletion: body.get("deletion").map(|scope| tree.scope(scope)).transpose()?,
            rows: tree.rows(&body)?,
        })
    }

    /// Reads a CSV body: columns by name where the first line names them (set-based), else by position (row by row).
    pub(super) fn csv(text: &str, data_set: Option<String>, by_name: bool) -> Payload<'static> {
        const COLUMNS: [&str; 11] = [
            "dataelement",
            "period",
            "orgunit",
            "categoryoptioncombo",
            "attributeoptioncombo",
            "value",
            "storedby",
            "lastupdated",
            "comment",
            "followup",
            "deleted",
        ];
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let named: Vec<String> =
            reader.headers().map(|line| line.iter().map(str::to_lowercase).collect()).unwrap_or_default();
        let position = |name: &str| {
            if by_name {
                named.iter().position(|header| header == name || header.replace('_', "") == name)
            } else {
                COLUMNS.iter().position(|column| *column == name)
            }
        };
        let rows = reader
            .records()
            .filter_map(Result::ok)
            .map(|line| {
                let cell = |name: &str| -> Text<'static> {
                    line.get(position(name)?).filter(|cell| !cell.is_empty()).map(|cell| Cow::Owned(cell.to_owned()))
                };
                Some(Row {
                    data_element: cell("dataelement"),
                    period: cell("period"),
                    org_unit: cell("orgunit"),
                    category_option_combo: cell("categoryoptioncombo"),
                    attribute_option_combo: cell("attributeoptioncombo"),
                    value: cell("value"),
                    stored_by: cell("storedby"),
                    comment: cell("comment"),
                    followup: cell("followup").map(|cell| cell == "true"),
                    deleted: cell("deleted").map(|cell| cell == "true"),
                    ..Row::default()
                })
            })
            .collect();
        Payload { data_set: data_set.map(Cow::Owned), rows, ..Payload::default() }
    }
}

/// The properties of a row that are texts.
const TEXTS: [&str; 10] = [
    "dataElement",
    "period",
    "orgUnit",
    "categoryOptionCombo",
    "attributeOptionCombo",
    "value",
    "comment",
    "storedBy",
    "created",
    "lastUpdated",
];

/// Binds rows, and tells whether reading ended early.
///
/// An array in place of a text makes the reader lose its place, as it takes the array for an absent text and does not
/// step over it (`EmptyStringToNullStdDeserializer`): the row ends there, with what stood before. After an empty array
/// the rest of the row counts as another row; the one entry of a longer array ends the row, its bracket the list, and
/// the row's brace the body. A second entry is no row, which fails the whole body.
fn bind_rows<'text>(rows: &[Json<'text>]) -> Result<(Vec<Option<Row<'text>>>, bool), Unbindable> {
    let mut bound = Vec::new();
    for row in rows {
        let Json::Object(entries) = row else {
            if *row != Json::Null {
                return Err(Unbindable);
            }
            bound.push(None);
            continue;
        };
        let is_array =
            |(key, value): &(Cow<'_, str>, Json<'_>)| TEXTS.contains(&key.as_ref()) && matches!(value, Json::List(_));
        if !entries.iter().any(is_array) {
            bound.push(Some(bind_row(row)?));
            continue;
        }
        let mut rest = entries.as_slice();
        loop {
            let Some(at) = rest.iter().position(is_array) else {
                bound.push(Some(bind_row(&Json::Object(rest.to_vec()))?));
                break;
            };
            bound.push(Some(bind_row(&Json::Object(rest[..at].to_vec()))?));
            match &rest[at].1 {
                Json::List(list) if list.is_empty() => rest = &rest[at + 1..],
                Json::List(list) if list.len() == 1 && !matches!(list[0], Json::List(_) | Json::Object(_)) => {
                    return Ok((bound, true));
                }
                _ => return Err(Unbindable),
            }
        }
    }
    Ok((bound, false))
}

/// The keys of a body that stand before its rows.
fn before_rows(body: Json<'_>) -> Json<'_> {
    let Json::Object(mut entries) = body else { return body };
    let rows = entries.iter().position(|(key, _)| key == "dataValues");
    entries.truncate(rows.unwrap_or(entries.len()));
    Json::Object(entries)
}

fn bind_row<'text>(json: &Json<'text>) -> Result<Row<'text>, Unbindable> {
    Ok(Row {
        data_element: scalar(json, "dataElement")?,
        period: scalar(json, "period")?,
        org_unit: scalar(json, "orgUnit")?,
        category_option_combo: scalar(json, "categoryOptionCombo")?,
        category_options: None,
        attribute_option_combo: scalar(json, "attributeOptionCombo")?,
        value: scalar(json, "value")?,
        comment: scalar(json, "comment")?,
        followup: truth(json, "followup")?,
        deleted: truth(json, "deleted")?,
        stored_by: scalar(json, "storedBy")?,
        created: scalar(json, "created")?,
        last_updated: scalar(json, "lastUpdated")?,
    })
}

/// A property as text: numbers as written, booleans as words.
fn scalar<'text>(json: &Json<'text>, name: &str) -> Result<Text<'text>, Unbindable> {
    Ok(match json.get(name) {
        None | Some(Json::Null) => None,
        Some(Json::Text(text)) => Some(text.clone()),
        Some(Json::Number(number)) => Some(Cow::Borrowed(number)),
        Some(Json::Bool(value)) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
        Some(Json::List(_) | Json::Object(_)) => return Err(Unbindable),
    })
}

/// A property as truth value: words and numbers too.
fn truth(json: &Json<'_>, name: &str) -> Result<Option<bool>, Unbindable> {
    Ok(match scalar(json, name)?.as_deref().map(str::trim) {
        None | Some("") => None,
        Some("true" | "True" | "TRUE") => Some(true),
        Some("false" | "False" | "FALSE") => Some(false),
        Some(text) => Some(text.parse::<i64>().map_err(|_| Unbindable)? != 0),
    })
}

/// What the tree's library says of broken text: where it ends, or what stands there.
fn refused(text: &str, error: &JsonError) -> Unwalkable {
    Unwalkable::Refused(match error {
        JsonError::End if text.trim().is_empty() => "Unexpected EOI at position 0".to_owned(),
        JsonError::End => {
            let tail: Vec<char> = text.chars().rev().take(20).collect();
            format!("Expected }} but reach EOI: {}", tail.into_iter().rev().collect::<String>())
        }
        JsonError::At(position) => {
            let rest: String = text.get(*position..).unwrap_or_default().chars().take(40).collect();
            let character = rest.chars().next().unwrap_or_default();
            format!(
                "Unexpected character at position {position},\n{rest}\n^ expected start of a JSON value but found: `{character}`"
            )
        }
    })
}

fn wrong_kind(path: &str, wanted: &str, found: &Json<'_>) -> Unwalkable {
    Unwalkable::Broken(format!(
        "Path `$.{path}` does not contain an {wanted} but a(n) {}: {}",
        found.kind(),
        found.show()
    ))
}

/// A node of another kind, in the words of the later reader.
fn wrong_node(path: &str, wanted: &str, found: &Json<'_>) -> Unwalkable {
    Unwalkable::Broken(format!("{} node at path {path} is not a {wanted}: {}", found.kind(), found.show()))
}

/// A truth value; another kind ends the request.
fn boolean(json: &Json<'_>, name: &str) -> Result<Option<bool>, Unwalkable> {
    match json.get(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Bool(value)) => Ok(Some(*value)),
        Some(other) => Err(wrong_kind(name, "BOOLEAN", other)),
    }
}

/// A text, or nothing for another kind.
fn any_string<'text>(json: &Json<'text>) -> Text<'text> {
    match json {
        Json::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn option_map(json: &Json<'_>) -> Option<OptionMap> {
    let Json::Object(entries) = json else { return None };
    Some(
        entries
            .iter()
            .filter_map(|(category, option)| Some((category.to_string(), any_string(option)?.into_owned())))
            .collect(),
    )
}

impl Tree {
    /// A text property; another kind ends the request.
    fn string<'text>(self, json: &Json<'text>, name: &str) -> Result<Text<'text>, Unwalkable> {
        match (json.get(name), self) {
            (None | Some(Json::Null), _) => Ok(None),
            (Some(Json::Text(text)), _) => Ok(Some(text.clone())),
            (Some(Json::Number(number)), Self::Lenient) => Ok(Some(Cow::Borrowed(number))),
            (Some(Json::Bool(value)), Self::Lenient) => Ok(Some(Cow::Borrowed(if *value { "true" } else { "false" }))),
            (Some(other), Self::Lenient) => Err(wrong_node(name, "STRING", other)),
            (Some(other), Self::Strict) => Err(wrong_kind(name, "STRING", other)),
        }
    }

    fn rows<'text>(self, body: &Json<'text>) -> Result<Vec<Option<Row<'text>>>, Unwalkable> {
        match (body.get("dataValues"), self) {
            (None, _) | (Some(Json::Null), Self::Lenient) => Ok(Vec::new()),
            (Some(Json::List(rows)), _) => rows.iter().map(|row| self.row(row).map(Some)).collect(),
            (Some(other), Self::Lenient) => Err(wrong_node(".dataValues", "ARRAY", other)),
            (Some(other), Self::Strict) => {
                Err(Unwalkable::Broken(format!("{} node has no elements property.", other.kind())))
            }
        }
    }

    fn row<'text>(self, json: &Json<'text>) -> Result<Row<'text>, Unwalkable> {
        if self == Self::Lenient && !matches!(json, Json::Object(_)) {
            return Err(wrong_node(".dataValues", "OBJECT", json));
        }
        let string = |name: &str| self.string(json, name);
        let combo = json.get("categoryOptionCombo");
        Ok(Row {
            data_element: string("dataElement")?,
            org_unit: string("orgUnit")?,
            category_option_combo: combo.and_then(any_string),
            category_options: combo.and_then(option_map),
            attribute_option_combo: string("attributeOptionCombo")?,
            period: string("period")?,
            value: string("value")?,
            comment: string("comment")?,
            followup: boolean(json, "followUp")?,
            deleted: boolean(json, "deleted")?,
            stored_by: None,
            created: None,
            last_updated: None,
        })
    }

    fn scope(self, json: &Json<'_>) -> Result<ScopeInput, Unwalkable> {
        let texts = |name: &str| match json.get(name) {
            Some(Json::List(list)) => list.iter().filter_map(any_string).map(Cow::into_owned).collect(),
            _ => Vec::new(),
        };
        let elements = match json.get("elements") {
            Some(Json::List(list)) => list
                .iter()
                .map(|element| {
                    let part = |name: &str| self.string(element, name).map(|text| text.map(Cow::into_owned));
                    Ok((part("dataElement")?, part("categoryOptionCombo")?, part("attributeOptionCombo")?))
                })
                .collect::<Result<_, _>>()?,
            _ => Vec::new(),
        };
        Ok(ScopeInput { org_units: texts("orgUnits"), periods: texts("periods"), elements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str = r#"{"dataSet":"DstMonthly1","dataValues":[{"dataElement":"DemNumber01","value":VALUE}]}"#;

    #[test]
    fn binding_makes_text_of_scalars_and_fails_over_the_rest() {
        let value = |json: &str| {
            let text = ROW.replace("VALUE", json);
            let payload = Payload::bind(&text)?;
            Ok(payload.rows[0].clone().unwrap_or_default().value.map(Cow::into_owned))
        };
        assert_eq!(value("1E2"), Ok(Some("1E2".to_owned())));
        assert_eq!(value("true"), Ok(Some("true".to_owned())));
        assert_eq!(value("null"), Ok(None));
        assert_eq!(value("[1]"), Ok(None));
        assert_eq!(value("[1,2]"), Err(Unbindable));
        assert_eq!(value("{}"), Err(Unbindable));
        assert!(Payload::bind("\u{feff}{} and more").is_ok());
        assert!(Payload::bind("[]").is_err());
        assert!(Payload::bind(r#"{"dataValues":{}}"#).is_err());
        assert!(Payload::bind(r#"{"dataValues":[null]}"#).is_ok_and(|payload| payload.rows[0].is_none()));
    }

    #[test]
    fn an_array_for_a_text_ends_more_than_its_row() {
        let rows = |json: &str| {
            let text = format!(r#"{{"dataSet":"a","dataValues":[{json},{{"value":"3"}}],"period":"202401"}}"#);
            let payload = Payload::bind(&text)?;
            let values = payload.rows.iter().flatten().map(|row| row.value.as_deref().map(str::to_owned));
            Ok((values.collect::<Vec<_>>(), payload.period.is_some()))
        };
        let three = || Some("3".to_owned());
        assert_eq!(rows(r#"{"value":["1"],"comment":"c"}"#), Ok((vec![None], false)));
        assert_eq!(rows(r#"{"value":[]}"#), Ok((vec![None, None, three()], true)));
        assert_eq!(rows(r#"{"value":"1","comment":["c","d"]}"#), Err(Unbindable));
    }

    #[test]
    fn walking_wants_texts() {
        let failure = |json: &str| {
            let text = ROW.replace("VALUE", json);
            Payload::walk(&text, Tree::Strict).err()
        };
        let broken = |message: &str| Some(Unwalkable::Broken(message.to_owned()));
        assert_eq!(failure("12"), broken("Path `$.value` does not contain an STRING but a(n) NUMBER: 12"));
        assert_eq!(failure("[1]"), broken("Path `$.value` does not contain an STRING but a(n) ARRAY: [1]"));
        assert_eq!(failure("\"12\""), None);
        let walk = |text| Payload::walk(text, Tree::Strict);
        assert_eq!(walk(r#"{"dataValues":null}"#).err(), broken("NULL node has no elements property."));
        assert!(walk("[]").is_ok_and(|payload| payload.rows.is_empty()));
        assert!(matches!(walk("\u{feff}{}"), Err(Unwalkable::Refused(_))));
        assert!(matches!(walk("{\"a\":"), Err(Unwalkable::Refused(_))));
    }

    #[test]
    fn the_later_tree_takes_scalars_for_texts() {
        let value = |json: &str| {
            let text = ROW.replace("VALUE", json);
            let payload = Payload::walk(&text, Tree::Lenient)?;
            Ok(payload.rows[0].clone().unwrap_or_default().value.map(Cow::into_owned))
        };
        for (json, text) in [("12", "12"), ("1E2", "1E2"), ("true", "true"), ("\"a\"", "a")] {
            assert_eq!(value(json), Ok(Some(text.to_owned())), "{json}");
        }
        assert!(matches!(value("[1]"), Err(Unwalkable::Broken(_))));
        let walk = |text| Payload::walk(text, Tree::Lenient);
        assert!(walk("\u{feff}{\"dataValues\":null}").is_ok_and(|payload| payload.rows.is_empty()));
        for broken in ["[]", r#"{"dataValues":[null]}"#, r#"{"dataValues":{}}"#] {
            assert!(matches!(walk(broken), Err(Unwalkable::Broken(_))), "{broken}");
        }
    }

    #[test]
    fn csv_columns_by_name_and_by_place() {
        let named = Payload::csv("period,dataelement,value\n202401,DemNumber01,5\n", None, true);
        assert_eq!(named.rows[0].clone().unwrap_or_default().data_element.as_deref(), Some("DemNumber01"));
        let placed = Payload::csv("a,b,c\nDemNumber01,202401,OuFacility1,,,5\n", None, false);
        let row = placed.rows[0].clone().unwrap_or_default();
        assert_eq!((row.period.as_deref(), row.category_option_combo.as_deref()), (Some("202401"), None));
        assert_eq!(row.value.as_deref(), Some("5"));
    }
}
