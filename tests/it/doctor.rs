//! The doctor through the real program: each thing that is wrong is told by its name, with a remedy, and can be silenced.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use xfer_sandbox::faults::{Fault, Matcher};

use crate::support::office::{Office, refused};
use crate::support::{Output, Xfer};

fn codes(output: &Output) -> BTreeSet<String> {
    let rows = output.json();
    for row in rows.as_array().unwrap() {
        for column in ["about", "message", "hint"] {
            assert!(!row[column].as_str().unwrap().is_empty(), "{column} is empty\n{output}");
        }
    }
    rows.as_array().unwrap().iter().map(|row| row["code"].as_str().unwrap().to_owned()).collect()
}

/// The embedded servers live on a day of their own; here they go by the clock of this machine.
fn set_clocks(office: &Office) {
    let now = Timestamp::now().to_zoned(TimeZone::UTC).datetime();
    for server in [&office.servers.source, &office.servers.destination] {
        server.instance().with_state(|state| state.settings.now = now.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    }
}

#[test]
fn what_servers_get_wrong_is_told_and_nothing_is_told_that_is_not_so() {
    let office = Office::ready();
    set_clocks(&office);
    let diagnose = || codes(&office.xfer.run("doctor --format json"));
    let healthy = diagnose();
    let told_now = |word: &str| diagnose().contains(word) && !healthy.contains(word);

    let destination = office.servers.destination.instance();
    destination.with_state(|state| state.settings.output_period_types = false);
    assert!(told_now("no-output-period-types"));
    let id = destination.with_state(|state| std::mem::replace(&mut state.settings.system_id, "other".to_owned()));
    assert!(told_now("another-system"));
    destination.with_state(|state| state.settings.system_id = id);
    destination.with_state(|state| state.settings.output_period_types = true);
    let zeros = destination.with_state(|state| std::mem::replace(&mut state.settings.include_zeros, false));
    assert!(diagnose().contains("zeros-left-out"));
    destination.with_state(|state| state.settings.include_zeros = zeros);
    destination.with_state(|state| "2020-01-01T00:00:00".clone_into(&mut state.settings.now));
    assert!(told_now("clock-differs"));
    set_clocks(&office);
    assert_eq!(diagnose(), healthy, "it is as it was");
}

#[test]
fn a_server_that_cannot_be_asked_is_a_finding_and_not_the_end() {
    let office = Office::ready();
    set_clocks(&office);
    let source = &office.servers.source;
    source.faults().add(Matcher::every("GET", "/api/system/info"), Fault::LoginPage);
    let page = office.xfer.run("doctor --format json").expect_code(3);
    source.faults().clear();
    insta::assert_snapshot!(page.stderr, @"
    1 server answered
    1 error, 2 warnings, 2 notes
    ");
    assert!(codes(&page).iter().any(|code| code == "login-refused" || code == "server-unreachable"), "\n{page}");
    office.xfer.file("wrong", "not-the-password");
    office.ok("server edit tracker --username reader --password-file wrong --no-test");
    let refused = office.xfer.run("doctor --format json").expect_code(3);
    assert!(codes(&refused).contains("login-refused"), "\n{refused}");

    let requests = || source.ledger().entries().len() + office.servers.destination.ledger().entries().len();
    let before = requests();
    let offline = office.xfer.run("doctor --offline --format json");
    assert_eq!(requests(), before, "nobody was asked");
    assert!(!codes(&offline).contains("login-refused"), "\n{offline}");
}

#[test]
fn findings_are_silenced_by_name_and_names_that_do_not_exist_are_refused() {
    let office = Office::ready();
    std::fs::write(office.xfer.home().join("broken.xfer"), "no xfer file at all").unwrap();
    let told = office.xfer.run("doctor --offline --format json").expect_code(3);
    let all: Vec<String> = codes(&told).into_iter().collect();
    assert!(all.iter().any(|code| code == "xfer-file-unusable"), "\n{told}");
    let silenced = office.xfer.run(&format!("doctor --offline --format json --ignore {}", all.join(",")));
    assert_eq!(codes(&silenced.expect_code(0)).len(), 0);
    refused(
        &office.xfer.run("doctor --ignore zeros-left-outt"),
        2,
        &["zeros-left-outt", "did you mean zeros-left-out?"],
    );
}

#[test]
fn an_empty_home_is_no_error_and_stays_empty() {
    let xfer = Xfer::new();
    let told = xfer.run("doctor").expect_code(0);
    assert!(told.stdout.contains("home-empty") && told.stderr.contains("xfer init"), "\n{told}");
    assert_eq!(std::fs::read_dir(xfer.home()).unwrap().count(), 0, "looking makes nothing");
}

#[cfg(unix)]
#[test]
fn files_that_others_may_read_and_keys_that_are_gone_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::ready();
    let home = office.xfer.home();
    let set = |name: &str, mode| {
        std::fs::set_permissions(home.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set("config.db", 0o644);
    set("", 0o755);
    let open = office.xfer.run("doctor --offline --format json").expect_code(3);
    assert!(codes(&open).is_superset(&["file-open-to-others".to_owned(), "home-open-to-others".to_owned()].into()));
    set("config.db", 0o600);
    set("", 0o700);
    std::fs::remove_file(home.join("key")).unwrap();
    let gone = office.xfer.run("doctor --offline --format json").expect_code(3);
    assert!(codes(&gone).contains("login-unusable"), "\n{gone}");
    assert!(!codes(&gone).contains("file-open-to-others"), "\n{gone}");
    assert!(!home.join("key").exists(), "looking makes no key");
}
