//! Servers: lists, details, tests and syncs.

use serde_json::{Value, json};

use crate::cli::render::clock;
use crate::cli::render::listing::{Column, Listing, moment, number, text};
use crate::cli::ui::Ui;
use crate::ops::servers::{ServerDetails, ServerLine, ServerTest};
use crate::ops::sync::Synced;
use xfer_domain::certificates::Certificates;
use xfer_domain::run::{Finding, Severity};
use xfer_domain::server::LoginKind;

/// The columns of a sync's outcome.
pub const SYNC_COLUMNS: [Column; 7] = [
    text("server", "Server"),
    number("organisation_units", "Org units"),
    number("data_sets", "Data sets"),
    number("data_elements", "Data elements"),
    number("category_option_combos", "Option combos"),
    number("indicators", "Indicators"),
    number("program_indicators", "Program indicators"),
];

/// A row of a sync's outcome.
pub fn sync_row(synced: &Synced) -> Vec<Value> {
    let counts = &synced.after;
    vec![
        json!(synced.server),
        json!(counts.organisation_units),
        json!(counts.data_sets),
        json!(counts.data_elements),
        json!(counts.category_option_combos),
        json!(counts.indicators),
        json!(counts.program_indicators),
    ]
}

/// The list of servers.
pub fn list(lines: &[ServerLine]) -> Listing {
    let columns = [
        text("name", "Server"),
        text("url", "Address").whole().detail(),
        text("login", "Login").detail(),
        text("version", "Version").whole(),
        moment("synced_at", "Synced"),
        number("organisation_units", "Org units"),
        number("data_elements", "Data elements"),
        number("data_sets", "Data sets").detail(),
        number("indicators", "Indicators").detail(),
        number("program_indicators", "Program indicators").detail(),
    ];
    let mut listing = Listing::new(&columns, "no servers yet; add one: xfer server add NAME URL");
    for line in lines {
        listing.row(vec![
            json!(line.server.name),
            json!(line.server.url.to_string()),
            json!(login(&line.server.login)),
            json!(line.server.identity.as_ref().map(|identity| identity.version.text.clone())),
            json!(line.server.synced_at),
            json!(line.counts.as_ref().map(|counts| counts.organisation_units)),
            json!(line.counts.as_ref().map(|counts| counts.data_elements)),
            json!(line.counts.as_ref().map(|counts| counts.data_sets)),
            json!(line.counts.as_ref().map(|counts| counts.indicators)),
            json!(line.counts.as_ref().map(|counts| counts.program_indicators)),
        ]);
    }
    listing
}

/// Everything about one server, one fact in a row.
pub fn details(details: &ServerDetails) -> Listing {
    let mut listing = facts();
    let server = &details.server;
    fact(&mut listing, "name", json!(server.name));
    fact(&mut listing, "address", json!(server.url.to_string()));
    fact(&mut listing, "login", json!(login(&server.login)));
    if let Some(identity) = &server.identity {
        fact(&mut listing, "version", json!(identity.version.text));
        fact(&mut listing, "system name", json!(identity.system_name));
        fact(&mut listing, "system id", json!(identity.system_id));
        fact(&mut listing, "calendar", json!(identity.calendar));
    }
    for fingerprint in details.certificates.iter().flat_map(Certificates::fingerprints) {
        fact(&mut listing, "trusted certificate (SHA-256)", json!(fingerprint));
    }
    if let Some(account) = &details.account {
        fact(&mut listing, "user", json!(account.username));
        fact(&mut listing, "may import data values", json!(account.may_import()));
    }
    fact(&mut listing, "synced", json!(server.synced_at.as_deref().map(clock::in_words)));
    if let Some(counts) = &details.counts {
        for (what, count) in counts.by_type() {
            fact(&mut listing, what, json!(count));
        }
    }
    listing
}

/// What a test of a server brought.
pub fn test(name: &str, test: &ServerTest) -> Listing {
    let mut listing = facts();
    let probe = &test.probe;
    fact(&mut listing, "server", json!(name));
    fact(&mut listing, "version", json!(probe.identity.version.text));
    fact(&mut listing, "system name", json!(probe.identity.system_name));
    fact(&mut listing, "system id", json!(probe.identity.system_id));
    fact(&mut listing, "server date", json!(clock::by_server(probe.server_date)));
    fact(&mut listing, "user", json!(probe.account.username));
    fact(&mut listing, "may import data values", json!(probe.account.may_import()));
    let built = probe.analytics_at.map_or("never".to_owned(), clock::by_server);
    fact(&mut listing, "analytics built", json!(built));
    listing
}

fn facts() -> Listing {
    Listing::new(&[text("fact", "Fact"), text("value", "Value")], "nothing known")
}

fn fact(listing: &mut Listing, what: &str, value: Value) {
    listing.row(vec![json!(what), value]);
}

/// Says in a sentence who answered.
pub fn say_test(test: &ServerTest, ui: &Ui) {
    let identity = &test.probe.identity;
    let name = identity.system_name.as_deref().map(|name| format!(" ({name})")).unwrap_or_default();
    ui.say(&format!("DHIS2 {}{name}, logged in as {}", identity.version, test.probe.account.username));
    say_findings(&test.findings, ui);
}

/// Says what to know about a server: warnings as such, the rest as notes.
pub fn say_findings(findings: &[Finding], ui: &Ui) {
    for finding in findings {
        let about = finding.object.as_ref().map(|object| format!("{}: ", object.name)).unwrap_or_default();
        // The word is what `docs/findings.md` explains and `xfer doctor --ignore` takes.
        let words = match &finding.hint {
            Some(hint) => format!("{hint} ({})", finding.code),
            None => finding.code.clone(),
        };
        match finding.severity {
            Severity::Error | Severity::Warning => ui.warn(&format!("{about}{words}")),
            Severity::Info => ui.say(&format!("note: {about}{words}")),
        }
    }
}

fn login(kind: &LoginKind) -> String {
    match kind {
        LoginKind::Basic { username } => username.clone(),
        LoginKind::Token => "token".to_owned(),
    }
}
