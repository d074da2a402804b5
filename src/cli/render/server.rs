//! Servers: lists, details, tests and syncs.

use jiff::civil::DateTime;
use serde_json::{Value, json};

use crate::cli::render::clock;
use crate::cli::render::facts::Facts;
use crate::cli::render::listing::{Column, Listing, moment, number, text};
use crate::cli::ui::Ui;
use crate::ops::servers::{ServerDetails, ServerLine, ServerTest};
use crate::ops::sync::Synced;
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

/// Everything about one server.
pub fn details(details: &ServerDetails) -> Facts {
    let mut facts = Facts::new();
    let server = &details.server;
    facts.fact("name", json!(server.name));
    facts.fact("address", json!(server.url.to_string()));
    facts.fact("login", json!(login(&server.login)));
    if let Some(identity) = &server.identity {
        facts.fact("version", json!(identity.version.text));
        facts.fact("system name", json!(identity.system_name));
        facts.fact("system id", json!(identity.system_id));
        facts.fact("calendar", json!(identity.calendar));
    }
    if let Some(certificates) = &details.certificates {
        let fingerprints = certificates.fingerprints();
        facts.each("trusted_certificates", json!(fingerprints), "trusted certificate (SHA-256)", fingerprints);
    }
    if let Some(account) = &details.account {
        facts.fact("user", json!(account.username));
        facts.fact("may import data values", json!(account.may_import()));
    }
    facts.moment("synced", server.synced_at.as_deref());
    if let Some(counts) = &details.counts {
        for (what, count) in counts.by_type() {
            facts.fact(what, json!(count));
        }
    }
    facts
}

/// What a test of a server brought. People are told the findings in sentences.
pub fn test(name: &str, test: &ServerTest) -> Facts {
    let mut facts = Facts::new();
    let probe = &test.probe;
    facts.fact("server", json!(name));
    facts.fact("version", json!(probe.identity.version.text));
    facts.fact("system name", json!(probe.identity.system_name));
    facts.fact("system id", json!(probe.identity.system_id));
    let by_server = |at: DateTime| (json!(at.to_string()), clock::by_server(at));
    let (date, words) = by_server(probe.server_date);
    facts.in_words("server_date", date, "server date", words);
    facts.fact("user", json!(probe.account.username));
    facts.fact("may import data values", json!(probe.account.may_import()));
    let (built, words) = probe.analytics_at.map_or((Value::Null, "never".to_owned()), by_server);
    facts.in_words("analytics_built", built, "analytics built", words);
    facts.for_programs("findings", json!(test.findings));
    facts
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
