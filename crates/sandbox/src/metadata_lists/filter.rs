//! `filter=property.path:operator:value` (`DefaultQueryParser`).
//!
//! A missing value satisfies `null` and `empty` only, as in SQL.

use std::cmp::Ordering;

use serde_json::Value;

use crate::metadata_lists::derive::{self, Context};
use crate::metadata_lists::schema::{Kind, Property, Schema};
use crate::world::Object;
use xfer_domain::uid::Uid;

/// Why a filter or order is refused, in the server's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct QueryError(pub(super) String);

/// What a `like` makes of `*` and `?`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Like {
    /// Characters.
    Plain,
    /// Any text, any character: as gist reads them.
    WithWildcards,
}

/// One condition.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    path: Vec<String>,
    last: Last,
    operator: Operator,
    argument: String,
    like: Like,
}

/// What the path ends at.
#[derive(Debug, Clone, Copy)]
enum Last {
    Property(&'static Property),
    /// The path is the id of an attribute.
    Attribute,
    /// Id, code, name or short name.
    Identifiable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Text { place: Place, ignore_case: bool, negated: bool },
    Token { negated: bool },
    In { negated: bool },
    Null { negated: bool },
    Empty { negated: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Anywhere,
    Start,
    End,
    Exact,
}

impl Filter {
    /// Reads a filter of a type.
    pub(super) fn parse(
        context: Context<'_>,
        schema: &'static Schema,
        text: &str,
        like: Like,
    ) -> Result<Self, QueryError> {
        let rewritten = match text.strip_prefix("attributeValues.attribute.id:eq:") {
            Some(id) => format!("{id}:!null"),
            None => text.to_owned(),
        };
        let mut parts = rewritten.splitn(3, ':');
        let (Some(path), Some(operator)) = (parts.next(), parts.next()) else {
            return Err(QueryError(format!("Invalid filter => {text}")));
        };
        let argument = parts.next().unwrap_or_default().to_owned();
        let last = find(context, schema, path)?;
        let operator = Operator::parse(context, operator)?;
        check_argument(last, operator, &argument)?;
        Ok(Self { path: path.split('.').map(str::to_owned).collect(), last, operator, argument, like })
    }

    /// Whether an object passes.
    pub(super) fn passes(&self, context: Context<'_>, schema: &'static Schema, object: &Object) -> bool {
        match self.last {
            Last::Identifiable => ["id", "code", "name", "shortName"].iter().any(|name| {
                object.get(*name).is_some_and(|value| self.matches(Kind::Text, std::slice::from_ref(value)))
            }),
            Last::Attribute => self.matches(Kind::Text, &attribute_values(object, &self.path)),
            Last::Property(property) => {
                let values = resolve(context, schema, object, &self.path);
                if property.kind.is_collection() && self.compares_size() {
                    let size = Value::from(values.len());
                    return self.matches(Kind::Whole, &[size]);
                }
                self.matches(property.kind, &values)
            }
        }
    }

    /// Comparing a collection with a number compares its size.
    fn compares_size(&self) -> bool {
        use Operator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        matches!(self.operator, Equal | NotEqual | Greater | GreaterOrEqual | Less | LessOrEqual)
            && self.argument.parse::<usize>().is_ok()
    }

    fn matches(&self, kind: Kind, values: &[Value]) -> bool {
        let missing = values.is_empty();
        let any = |test: &dyn Fn(&str) -> bool| values.iter().any(|value| test(&plain(value)));
        let compare = |wanted: &[Ordering]| {
            any(&|value| compare(kind, value, &self.argument).is_some_and(|order| wanted.contains(&order)))
        };
        match self.operator {
            Operator::Equal => compare(&[Ordering::Equal]),
            Operator::NotEqual => compare(&[Ordering::Less, Ordering::Greater]),
            Operator::Greater => compare(&[Ordering::Greater]),
            Operator::GreaterOrEqual => compare(&[Ordering::Greater, Ordering::Equal]),
            Operator::Less => compare(&[Ordering::Less]),
            Operator::LessOrEqual => compare(&[Ordering::Less, Ordering::Equal]),
            Operator::Text { place: Place::Anywhere, ignore_case, negated }
                if self.like == Like::WithWildcards && self.argument.contains(['*', '?']) =>
            {
                any(&|value| fits(value, &self.argument, ignore_case) != negated)
            }
            Operator::Text { place, ignore_case, negated } => {
                any(&|value| holds(value, &self.argument, place, ignore_case) != negated)
            }
            Operator::Token { negated } => any(&|value| has_tokens(value, &self.argument) != negated),
            Operator::In { negated } => {
                let wanted = list(&self.argument);
                any(&|value| wanted.contains(&value) != negated)
            }
            Operator::Null { negated } | Operator::Empty { negated } => missing != negated,
        }
    }
}

impl Operator {
    fn parse(context: Context<'_>, text: &str) -> Result<Self, QueryError> {
        let like = |place, ignore_case, negated| Self::Text { place, ignore_case, negated };
        let newer = context.profile >= crate::profile::Profile::V41;
        let newest = context.profile >= crate::profile::Profile::V43;
        Ok(match text {
            "eq" => Self::Equal,
            "ieq" if newer => like(Place::Exact, true, false),
            "!eq" | "ne" | "neq" => Self::NotEqual,
            "gt" => Self::Greater,
            "ge" | "gte" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "le" | "lte" => Self::LessOrEqual,
            "like" => like(Place::Anywhere, false, false),
            "!like" => like(Place::Anywhere, false, true),
            "$like" => like(Place::Start, false, false),
            "!$like" => like(Place::Start, false, true),
            "like$" => like(Place::End, false, false),
            "!like$" => like(Place::End, false, true),
            "ilike" => like(Place::Anywhere, true, false),
            "!ilike" => like(Place::Anywhere, true, true),
            "$ilike" | "startsWith" => like(Place::Start, true, false),
            "!$ilike" => like(Place::Start, true, true),
            "ilike$" | "endsWith" => like(Place::End, true, false),
            "!ilike$" => like(Place::End, true, true),
            "token" => Self::Token { negated: false },
            "!token" => Self::Token { negated: true },
            "in" => Self::In { negated: false },
            "!in" => Self::In { negated: true },
            "null" => Self::Null { negated: false },
            "!null" => Self::Null { negated: true },
            "empty" => Self::Empty { negated: false },
            "!empty" if newest => Self::Empty { negated: true },
            other => return Err(QueryError(format!("`{other}` is not a valid operator."))),
        })
    }

    /// Whether the argument is one value of the property's type.
    fn compares_values(self) -> bool {
        !matches!(self, Self::In { .. } | Self::Null { .. } | Self::Empty { .. })
    }
}

/// Whether a version knows an operator.
pub(super) fn is_operator(context: Context<'_>, text: &str) -> bool {
    Operator::parse(context, text).is_ok()
}

/// What a path leads to.
fn find(context: Context<'_>, schema: &'static Schema, path: &str) -> Result<Last, QueryError> {
    if path == "identifiable" {
        return Ok(Last::Identifiable);
    }
    let unknown = || match Uid::parse(path.split_once('.').map_or(path, |(_, rest)| rest)) {
        Ok(_) => Ok(Last::Attribute),
        Err(_) => Err(QueryError(format!("Unknown path property: {path}"))),
    };
    let mut properties: Vec<&'static Property> = schema.properties(context.profile).collect();
    let mut found = None;
    let mut segments = path.split('.').peekable();
    while let Some(segment) = segments.next() {
        let Some(property) = properties.into_iter().find(|property| property.name == segment) else {
            return unknown();
        };
        if property.kind.is_simple() && segments.peek().is_some() {
            let message =
                "Simple type was found before finished parsing path expression, please check your path string.";
            return Err(QueryError(message.into()));
        }
        found = Some(property);
        properties = match property.kind {
            Kind::Reference(plural) | Kind::Collection(plural) => {
                Schema::of(plural).map(|schema| schema.properties(context.profile).collect()).unwrap_or_default()
            }
            Kind::Author => {
                Schema::of("users").map(|schema| schema.properties(context.profile).collect()).unwrap_or_default()
            }
            Kind::Part(inner) | Kind::Parts(inner) => inner.iter().collect(),
            _ => Vec::new(),
        };
    }
    found.map(Last::Property).ok_or_else(|| QueryError(format!("Unknown path property: {path}")))
}

fn check_argument(last: Last, operator: Operator, argument: &str) -> Result<(), QueryError> {
    let bracketed = argument.starts_with('[') && argument.ends_with(']');
    let Last::Property(property) = last else { return Ok(()) };
    let counts = property.kind.is_collection() && operator.compares_values();
    if (matches!(operator, Operator::In { .. }) && !bracketed) || (counts && argument.parse::<i64>().is_err()) {
        return Err(QueryError(format!("Collection size must be integer `{argument}`")));
    }
    if let Kind::Reference(plural) = property.kind
        && operator.compares_values()
    {
        let class = Schema::of(plural).map_or(plural, |schema| schema.class);
        return Err(QueryError(format!("Unable to parse `{argument}` to `{class}`.")));
    }
    let readable = match property.kind {
        Kind::Whole => argument.parse::<i64>().is_ok(),
        Kind::Decimal => argument.parse::<f64>().is_ok(),
        Kind::Date => date(argument).is_some(),
        _ => true,
    };
    if operator.compares_values() && !readable {
        let kind = match property.kind {
            Kind::Whole => "Integer",
            Kind::Decimal => "Double",
            _ => "Date",
        };
        return Err(QueryError(format!("Unable to parse `{argument}` as `{kind}`.")));
    }
    Ok(())
}

/// The entries of `[a,b]`; none where the brackets are missing.
fn list(argument: &str) -> Vec<&str> {
    argument
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .map(|inside| inside.split(',').filter(|entry| !entry.is_empty()).collect())
        .unwrap_or_default()
}

/// Every value that a path leads to from an object; relations are followed.
fn resolve(context: Context<'_>, schema: &'static Schema, object: &Object, path: &[String]) -> Vec<Value> {
    let Some((name, rest)) = path.split_first() else { return Vec::new() };
    let Some(property) = schema.property(context.profile, name) else { return Vec::new() };
    let Some(value) = derive::value(context, schema, object, property) else { return Vec::new() };
    let values = if let Value::Array(values) = value { values } else { vec![value] };
    match property.kind {
        _ if rest.is_empty() => values,
        Kind::Reference(plural) | Kind::Collection(plural) => follow(context, plural, &values, rest),
        Kind::Author => follow(context, "users", &values, rest),
        Kind::Part(inner) | Kind::Parts(inner) => values
            .iter()
            .filter_map(Value::as_object)
            .flat_map(|part| resolve_part(context, inner, part, rest))
            .collect(),
        _ => Vec::new(),
    }
}

fn resolve_part(context: Context<'_>, properties: &'static [Property], part: &Object, path: &[String]) -> Vec<Value> {
    let Some((name, rest)) = path.split_first() else { return Vec::new() };
    let Some(property) = properties.iter().find(|property| property.name == name) else { return Vec::new() };
    let Some(value) = part.get(name.as_str()) else { return Vec::new() };
    match property.kind {
        Kind::Reference(plural) if !rest.is_empty() => follow(context, plural, std::slice::from_ref(value), rest),
        _ => vec![value.clone()],
    }
}

fn follow(context: Context<'_>, plural: &str, values: &[Value], path: &[String]) -> Vec<Value> {
    let Some(schema) = Schema::of(plural) else { return Vec::new() };
    let ids = values.iter().filter_map(|value| value.get("id").and_then(Value::as_str));
    ids.filter_map(|id| context.world.get(plural, id))
        .flat_map(|object| resolve(context, schema, object, path))
        .collect()
}

fn attribute_values(object: &Object, path: &[String]) -> Vec<Value> {
    let wanted = path.last().map(String::as_str);
    let entries = object.get("attributeValues").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.pointer("/attribute/id").and_then(Value::as_str) == wanted)
        .filter_map(|entry| entry.get("value").cloned())
        .collect()
}

/// A value as text; of an object, its id.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) => object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned(),
        other => other.to_string(),
    }
}

fn compare(kind: Kind, value: &str, argument: &str) -> Option<Ordering> {
    match kind {
        Kind::Whole | Kind::Decimal => value.parse::<f64>().ok()?.partial_cmp(&argument.parse().ok()?),
        Kind::Date => Some(date(value)?.cmp(&date(argument)?)),
        _ => Some(value.cmp(argument)),
    }
}

/// A date or date and time, with or without zone, as `DateUtils.parseDate` reads it.
pub(super) fn date(text: &str) -> Option<jiff::civil::DateTime> {
    let local = text.trim_end_matches('Z');
    let padded = match local.len() {
        4 => format!("{local}-01-01"),
        7 => format!("{local}-01"),
        13 => format!("{local}:00"),
        _ => local.to_owned(),
    };
    if let Ok(day) = padded.parse::<jiff::civil::Date>() {
        return (padded.len() == 10 || padded.contains('T'))
            .then(|| padded.parse().unwrap_or_else(|_| day.at(0, 0, 0, 0)));
    }
    padded.parse().ok()
}

fn holds(value: &str, part: &str, place: Place, ignore_case: bool) -> bool {
    let (value, part) =
        if ignore_case { (value.to_lowercase(), part.to_lowercase()) } else { (value.to_owned(), part.to_owned()) };
    match place {
        Place::Anywhere => value.contains(&part),
        Place::Start => value.starts_with(&part),
        Place::End => value.ends_with(&part),
        Place::Exact => value == part,
    }
}

/// Whether a text fits a pattern of `*` (any text) and `?` (any character).
fn fits(value: &str, pattern: &str, ignore_case: bool) -> bool {
    fn rest_fits(value: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => value.is_empty(),
            Some(('*', rest)) => (0..=value.len()).any(|taken| rest_fits(&value[taken..], rest)),
            Some((wanted, rest)) => value
                .split_first()
                .is_some_and(|(first, after)| (*wanted == '?' || first == wanted) && rest_fits(after, rest)),
        }
    }
    let letters = |text: &str| -> Vec<char> {
        if ignore_case { text.to_lowercase().chars().collect() } else { text.chars().collect() }
    };
    rest_fits(&letters(value), &letters(pattern))
}

/// Whether every word of `words` begins a word of the value.
fn has_tokens(value: &str, words: &str) -> bool {
    let value = value.to_lowercase();
    let known: Vec<&str> = value.split(|character: char| !character.is_alphanumeric()).collect();
    words.to_lowercase().split_whitespace().all(|word| known.iter().any(|token| token.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::Profile;
    use crate::state::User;
    use crate::world::World;

    fn passing(profile: Profile, filter: &str) -> Result<Vec<String>, QueryError> {
        let world = World::load(&json!({
            "organisationUnits": [
                {"id": "OuNation001", "name": "Tarsovia", "openingDate": "1990-01-01T00:00:00.000"},
                {"id": "OuFacility1", "name": "Alden Mill Clinic", "code": "A", "parent": {"id": "OuNation001"},
                 "openingDate": "2023-01-01T00:00:00.000",
                 "attributeValues": [{"attribute": {"id": "AttrExtId01"}, "value": "X-1"}]},
            ],
        }));
        let user = User { object: Object::new(), authorities: Vec::new() };
        let context = Context { profile, world: &world, user: &user, base_url: "" };
        let schema = Schema::of("organisationUnits").unwrap();
        let filter = Filter::parse(context, schema, filter, Like::Plain)?;
        let objects = world.list("organisationUnits").iter();
        Ok(objects.filter(|unit| filter.passes(context, schema, unit)).map(|unit| plain(&unit["name"])).collect())
    }

    #[test]
    fn operators_and_paths() {
        let one = |filter: &str, name: &str| assert_eq!(passing(Profile::V42, filter).unwrap(), [name], "{filter}");
        one("name:eq:Tarsovia", "Tarsovia");
        one("name:like:Mill", "Alden Mill Clinic");
        one("name:ilike:mill", "Alden Mill Clinic");
        one("name:$like:Alden", "Alden Mill Clinic");
        one("name:token:clin ald", "Alden Mill Clinic");
        one("parent.name:eq:Tarsovia", "Alden Mill Clinic");
        one("parent.id:in:[OuNation001,x]", "Alden Mill Clinic");
        one("code:null", "Tarsovia");
        one("code:!null", "Alden Mill Clinic");
        one("children:empty", "Alden Mill Clinic");
        one("children:gt:0", "Tarsovia");
        one("level:lt:2", "Tarsovia");
        one("openingDate:ge:2000-01-01", "Alden Mill Clinic");
        one("openingDate:lt:2000-01-01T10:00:00", "Tarsovia");
        one("AttrExtId01:eq:X-1", "Alden Mill Clinic");
        one("identifiable:token:tars", "Tarsovia");
        assert_eq!(passing(Profile::V42, "code:!eq:B").unwrap(), ["Alden Mill Clinic"], "a missing value never passes");
    }

    #[test]
    fn refusals_use_the_servers_words() {
        let refusal = |profile, filter: &str| passing(profile, filter).unwrap_err().0;
        assert_eq!(refusal(Profile::V42, "shoeSize:eq:1"), "Unknown path property: shoeSize");
        assert_eq!(refusal(Profile::V42, "name:resembles:x"), "`resembles` is not a valid operator.");
        assert_eq!(refusal(Profile::V40, "name:ieq:x"), "`ieq` is not a valid operator.");
        assert_eq!(refusal(Profile::V42, "name"), "Invalid filter => name");
        assert_eq!(refusal(Profile::V42, "id:in:a,b"), "Collection size must be integer `a,b`");
        assert_eq!(refusal(Profile::V42, "parent:eq:x"), "Unable to parse `x` to `OrganisationUnit`.");
        assert!(refusal(Profile::V42, "lastUpdated:gt:yesterday").contains("yesterday"));
        assert!(refusal(Profile::V42, "name.first:eq:x").starts_with("Simple type was found"));
    }
}
