//! The life of a routine between two servers, step by step, with what has to stand at the destination after each: a test
//! disturbs one step and looks whether the rest goes on as if nothing had happened. What the ledger knows shows in the
//! last step, which takes away all that is the routine's own and nothing of anybody else.

use serde_json::json;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::RunningSandbox;

use super::country::Country;
use super::trial::Trial;

const CENTRES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

/// The centre whose value at the destination a person entered.
const BY_HAND: &str = "Z";

/// A step in the life of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The destination has nothing.
    Fill,
    /// Each value is another at the source.
    Update,
    /// The source has none of the values of one element any more.
    Delete,
    /// Metadata are read anew.
    Sync,
}

impl Step {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 4] = [Self::Fill, Self::Sync, Self::Update, Self::Delete];

    /// What is typed.
    pub(crate) fn line(self) -> &'static str {
        if self == Self::Sync { "server sync --all" } else { "run r" }
    }
}

fn centre(name: &str) -> String {
    format!("Centre {name}")
}

fn country(side: &str) -> Country {
    let names: Vec<String> = CENTRES.iter().chain([&BY_HAND]).map(|name| centre(name)).collect();
    let country = Country::new(side).facilities(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let country = country.element("CAS", json!({})).element("STAYS", json!({}));
    country.data_set("M", "Monthly", &["CAS", "STAYS"], json!({}))
}

/// Two servers and a routine that may delete whatever is its own.
pub(crate) fn ready(to: Profile) -> Trial {
    let trial = Trial::of_versions(Profile::V42, to, &country("source"), &country("destination"));
    trial.routine("", &[("CAS", "CAS"), ("STAYS", "STAYS")], "202401");
    trial.ok("routine edit r --when-empty delete --max-delete-share 100");
    trial
}

fn set(sandbox: &RunningSandbox, element: &str, value: Option<&str>) {
    for name in &CENTRES {
        Trial::store(sandbox, [element, "", "", &centre(name), "202401"], value);
    }
}

/// What the source has before a step.
pub(crate) fn prepare(trial: &Trial, step: Step) {
    match step {
        Step::Fill => {
            Trial::change(&trial.destination, |state| state.values.data.clear());
            set(&trial.source, "CAS", Some("3"));
            set(&trial.source, "STAYS", Some("1"));
            Trial::store(&trial.destination, ["CAS", "", "", &centre(BY_HAND), "202401"], Some("3"));
        }
        Step::Update => set(&trial.source, "CAS", Some("5")),
        Step::Delete => set(&trial.source, "CAS", None),
        Step::Sync => {}
    }
}

/// Fails unless the destination holds what it has to hold after a step.
#[track_caller]
pub(crate) fn assert_right(trial: &Trial, step: Step, context: &str) {
    let cells: Vec<(String, String, String)> =
        trial.values().into_iter().map(|([element, _, _, unit, _], value)| (element, unit, value)).collect();
    assert_eq!(cells, right(step), "{context}: after {step:?}");
}

fn right(step: Step) -> Vec<(String, String, String)> {
    let moved = match step {
        Step::Fill | Step::Sync => Some("3"),
        Step::Update => Some("5"),
        Step::Delete => None,
    };
    let cell = |element: &str, name: &str, value: &str| (element.to_owned(), centre(name), value.to_owned());
    let mut right: Vec<_> = CENTRES.iter().filter_map(|name| Some(cell("CAS", name, moved?))).collect();
    right.push(cell("CAS", BY_HAND, "3"));
    right.extend(CENTRES.iter().map(|name| cell("STAYS", name, "1")));
    right
}
