//! Lists in three formats from one description: a table for people, JSON and CSV for programs.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::cli::render::clock;
use crate::cli::ui::{Format, Ui, printable};
use crate::ops::files::cell::guarded;
use xfer_domain::counted::grouped;
use xfer_domain::shown::shown;

/// A column: its key in JSON and CSV, and its title in tables.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    key: &'static str,
    title: &'static str,
    pub(super) holds: Holds,
    pub(super) detail: bool,
    pub(super) whole: bool,
    shown: usize,
    pub(super) least: usize,
}

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Text,
    Numbers,
    Moments,
    /// Values as servers hold them: any length, any characters.
    Values,
}

/// A column of text.
pub const fn text(key: &'static str, title: &'static str) -> Column {
    let (shown, least) = (usize::MAX, FEW_WORDS);
    Column { key, title, holds: Holds::Text, detail: false, whole: false, shown, least }
}

/// A column of numbers, which line up at the right.
pub const fn number(key: &'static str, title: &'static str) -> Column {
    Column { holds: Holds::Numbers, whole: true, ..text(key, title) }
}

/// A column of moments, given in RFC 3339: they are shown by the clock of this machine, whose time zone stands in the
/// title, and for programs in the key `time_zone`. JSON has each with its distance from UTC.
pub const fn moment(key: &'static str, title: &'static str) -> Column {
    Column { holds: Holds::Moments, whole: true, ..text(key, title) }
}

impl Column {
    /// Left out of a table that is too wide for the terminal, the last one first, and where it has nothing to say.
    #[must_use]
    pub const fn detail(self) -> Self {
        Self { detail: true, ..self }
    }

    /// Never broken over two lines: an id, an address, a date.
    #[must_use]
    pub const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Values as servers hold them: tables show the beginning of a long one, on one line.
    #[must_use]
    pub const fn brief(self) -> Self {
        Self { holds: Holds::Values, ..self }
    }

    /// A column of text that needs so much room before details are left out for it.
    #[must_use]
    pub const fn at_least(self, least: usize) -> Self {
        Self { least, ..self }
    }

    pub(super) fn in_table(self, value: &Value) -> String {
        let text = match value {
            Value::String(kept) if self.holds == Holds::Moments => clock::minute(kept),
            Value::String(kept) if self.holds == Holds::Values => shown(kept),
            value => in_table(value),
        };
        match text.char_indices().nth(self.shown.min(LONGEST_CELL)) {
            Some((end, _)) if end < text.len() && self.shown > LONGEST_CELL => format!("{}…", &text[..end]),
            Some((end, _)) => text[..end].to_owned(),
            None => text,
        }
    }

    fn in_json(self, value: &Value) -> Value {
        match value {
            Value::String(kept) if self.holds == Holds::Moments => Value::String(clock::for_programs(kept)),
            value => value.clone(),
        }
    }

    /// Moments as spreadsheets know them; the zone has a column of its own.
    fn in_csv(self, value: &Value) -> String {
        match value {
            Value::String(kept) if self.holds == Holds::Moments => clock::minute(kept),
            value => in_csv(value),
        }
    }

    /// Only the first so many characters stand in tables, as many as tell one from another.
    #[must_use]
    pub const fn shown(self, characters: usize) -> Self {
        Self { shown: characters, whole: true, ..self }
    }
}

/// What a column of running text is left with before details are left out of the table.
pub(super) const FEW_WORDS: usize = 18;

/// Characters of a table's cell. What is longer is no table's business, and the library counts columns in 16 bits.
const LONGEST_CELL: usize = 2_000;

/// The key under which programs find which clock the moments of a list are by.
const TIME_ZONE: &str = "time_zone";

/// A list to be printed.
#[derive(Debug, Clone)]
pub struct Listing {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Value>>,
    empty: &'static str,
}

impl Listing {
    /// A list of these columns; `empty` is what people read instead of an empty table.
    pub fn new(columns: &[Column], empty: &'static str) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new(), empty }
    }

    /// Adds a row with one value for each column; JSON null where there is none.
    pub fn row(&mut self, values: Vec<Value>) {
        debug_assert_eq!(values.len(), self.columns.len(), "one value for each column");
        self.rows.push(values);
    }

    /// The same list without columns of numbers that are all zero: a table for people, not for programs.
    #[must_use]
    pub fn without_empty_columns(&self) -> Self {
        self.with_columns(|index| {
            let zero = |row: &Vec<Value>| row.get(index).and_then(Value::as_u64) == Some(0);
            self.columns[index].holds != Holds::Numbers || !self.rows.iter().all(zero)
        })
    }

    pub(super) fn with_columns(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.columns.len()).filter(|&index| keep(index)).collect();
        Self {
            columns: kept.iter().map(|&index| self.columns[index]).collect(),
            rows: self.rows.iter().map(|row| kept.iter().map(|&index| row[index].clone()).collect()).collect(),
            empty: self.empty,
        }
    }

    /// The title of a column; that of moments names the time zone, or both where the clocks were changed in between.
    pub(super) fn title(&self, index: usize) -> String {
        let column = &self.columns[index];
        if column.holds != Holds::Moments {
            return column.title.to_owned();
        }
        let zones = self.rows.iter().filter_map(|row| row[index].as_str()).map(clock::zone_at);
        let zones: BTreeSet<String> = zones.collect();
        let zones = if zones.is_empty() { clock::zone() } else { zones.into_iter().collect::<Vec<_>>().join("/") };
        format!("{} ({zones})", column.title)
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints it to stdout in the format of the invocation.
    pub fn print(&self, ui: &Ui) {
        match ui.format {
            Format::Table if !ui.shows_tables() => {}
            Format::Table if self.rows.is_empty() => ui.say(self.empty),
            Format::Table => ui.data(&format!("{}\n", self.table(ui.width()))),
            Format::Json => ui.raw_data(&format!("{:#}\n", self.json())),
            Format::Csv => ui.raw_data(&self.csv()),
        }
    }

    /// The list as JSON objects.
    pub fn json(&self) -> Value {
        let objects = self.rows.iter().map(|row| {
            let members = self.columns.iter().zip(row);
            let mut object: Map<String, Value> =
                members.map(|(column, value)| (column.key.to_owned(), column.in_json(value))).collect();
            object.extend(self.time_zone().map(|zone| (TIME_ZONE.to_owned(), Value::String(zone))));
            Value::Object(object)
        });
        Value::Array(objects.collect())
    }

    /// The time zone of the list's moments, where it has such.
    fn time_zone(&self) -> Option<String> {
        self.columns.iter().any(|column| column.holds == Holds::Moments).then(clock::zone_name)
    }

    /// The list as CSV.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        // Writing to memory fails for no reason that a caller could act on.
        let zone = self.time_zone();
        let keys = self.columns.iter().map(|column| column.key);
        let _ = writer.write_record(keys.chain(zone.as_ref().map(|_| TIME_ZONE)));
        for row in &self.rows {
            let cells = row.iter().zip(&self.columns).map(|(value, column)| column.in_csv(value));
            let _ = writer.write_record(cells.chain(zone.clone()));
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

fn in_table(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        Value::String(text) => printable(text),
        other => printable(&other.to_string()),
    }
}

fn in_csv(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => guarded(text).into_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Listing, number, text};

    fn listing() -> Listing {
        let mut listing = Listing::new(&[text("name", "Server"), number("org_units", "Org units")], "none");
        listing.row(vec![json!("tracker"), json!(1332)]);
        listing.row(vec![json!("=cmd()"), Value::Null]);
        listing
    }

    #[test]
    fn one_description_three_formats() {
        insta::assert_snapshot!(listing().table(80), @r"
         Server    Org units
        ─────────────────────
         tracker       1,332
         =cmd()            –
        ");
        insta::assert_snapshot!(listing().json(), @r#"[{"name":"tracker","org_units":1332},{"name":"=cmd()","org_units":null}]"#);
        insta::assert_snapshot!(listing().csv(), @r"
        name,org_units
        tracker,1332
        '=cmd(),
        ");
    }
}
