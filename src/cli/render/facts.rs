//! Facts about one thing: a table of two columns for people, one JSON object for programs, and CSV with a fact in a row.

use serde_json::{Map, Value, json};

use crate::cli::render::clock;
use crate::cli::render::listing::{Listing, text};
use crate::cli::ui::{Format, Ui};

/// What is known of one thing.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    facts: Vec<Fact>,
}

/// One fact, as programs and as people read it.
#[derive(Debug, Clone)]
struct Fact {
    /// The key in JSON.
    key: String,
    value: Value,
    /// What stands in the table; empty for a fact that only programs are told.
    shown: Vec<(String, Value)>,
}

impl Facts {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fact that people and programs read alike. The key is the title in snake case.
    pub fn fact(&mut self, title: &str, value: Value) {
        self.told(&key_of(title), value.clone(), vec![(title.to_owned(), value)]);
    }

    /// A moment that is kept as RFC 3339, none where there was none: with its zone, for both.
    pub fn moment(&mut self, title: &str, kept: Option<&str>) {
        let shown = vec![(title.to_owned(), json!(kept.map(clock::in_words)))];
        self.told(&key_of(title), json!(kept.map(clock::for_programs)), shown);
    }

    /// A fact that programs are given as a value, and people in words.
    pub fn in_words(&mut self, key: &str, value: Value, title: &str, words: String) {
        self.each(key, value, title, [words]);
    }

    /// A fact that programs are given as a value, and people in a row for each of its parts.
    pub fn each(&mut self, key: &str, value: Value, title: &str, words: impl IntoIterator<Item = String>) {
        self.told(key, value, rows(title, words));
    }

    /// A fact that programs are given as a value, and people in rows with a title for each.
    pub fn told(&mut self, key: &str, value: Value, shown: Vec<(String, Value)>) {
        self.facts.push(Fact { key: key.to_owned(), value, shown });
    }

    /// A fact that only programs are told: people read it elsewhere.
    pub fn for_programs(&mut self, key: &str, value: Value) {
        self.told(key, value, Vec::new());
    }

    /// Prints them to stdout in the format of the invocation.
    pub fn print(&self, ui: &Ui) {
        match ui.format {
            Format::Json => ui.raw_data(&format!("{:#}\n", self.json())),
            Format::Table | Format::Csv => self.listing().print(ui),
        }
    }

    /// One object with a member for each fact.
    pub fn json(&self) -> Value {
        let members = self.facts.iter().map(|fact| (fact.key.clone(), fact.value.clone()));
        Value::Object(members.collect::<Map<_, _>>())
    }

    fn listing(&self) -> Listing {
        let mut listing = Listing::new(&[text("fact", "Fact"), text("value", "Value")], "nothing known");
        for (title, value) in self.facts.iter().flat_map(|fact| &fact.shown) {
            listing.row(vec![json!(title), value.clone()]);
        }
        listing
    }
}

/// Rows of a table under the same title.
pub fn rows(title: &str, words: impl IntoIterator<Item = String>) -> Vec<(String, Value)> {
    words.into_iter().map(|words| (title.to_owned(), json!(words))).collect()
}

/// A title in snake case.
fn key_of(title: &str) -> String {
    title.to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Facts;

    #[test]
    fn programs_get_one_object_and_people_a_row_for_each_fact() {
        let mut facts = Facts::new();
        facts.fact("system name", json!("National"));
        facts.told("max_change", json!(null), vec![("largest change".to_owned(), json!("no limit"))]);
        facts.moment("synced", None);
        facts.for_programs("findings", json!([]));
        insta::assert_snapshot!(
            facts.json(),
            @r#"{"system_name":"National","max_change":null,"synced":null,"findings":[]}"#
        );
        insta::assert_snapshot!(facts.listing().csv(), @"
        fact,value
        system name,National
        largest change,no limit
        synced,
        ");
    }
}
