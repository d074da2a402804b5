//! S4: nothing secret is found anywhere, in whatever form, after everything was done that touches secrets, at the
//! loudest that the program can be. What the scan looks at in every other test is `support::leaks`.
//!
//! Canaries, no two alike: the passwords of both servers' users, the password that was changed away, the passphrases of
//! the file and of the machine key, the key file's key, the machine key, the address that alerts go to, and the query of
//! another one whose listener repeats what it is asked for. Looked for: as they are, in
//! base64 (alone and as `user:password`), in hexadecimal, percent-encoded, escaped as JSON.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::announce::announce;
use crate::support::Xfer;
use crate::support::leaks::Canaries;
use crate::support::listener::Channel;
use crate::support::office::Office;
use crate::xfer_files::lifecycle::PASSPHRASE;

const OLD_PASSWORD: &str = "the Password/Before-1";
const SOURCE_PASSWORD: &str = "Reader's \"own\" Pass-2";
const DESTINATION_PASSWORD: &str = "Writer: 100% Pass-3";
const KEY_PASSPHRASE: &str = "sorghum by the river & fonio";
const ALERT_PATH: &str = "T0-secret-Address";
const ALERT_QUERY: &str = "sig-Of-the-Workflow";

/// Gives every user of the embedded servers a password that nobody else has.
fn set_passwords(office: &Office) {
    let servers = [(&office.servers.source, SOURCE_PASSWORD), (&office.servers.destination, DESTINATION_PASSWORD)];
    for (server, password) in servers {
        server.instance().with_state(|state| {
            let ids: Vec<String> =
                state.world.list("users").iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
            for id in ids {
                state.world.get_mut("users", &id).unwrap().insert("password".to_owned(), password.into());
            }
        });
    }
}

#[test]
fn no_secret_is_found_anywhere() {
    let office = Office::ready();
    set_passwords(&office);
    office.xfer.file("passphrase", PASSPHRASE);
    office.xfer.file("key-passphrase", KEY_PASSPHRASE);
    office.xfer.file("old-password", OLD_PASSWORD);
    office.xfer.file("source-password", SOURCE_PASSWORD);
    office.xfer.file("destination-password", DESTINATION_PASSWORD);
    // Nobody listens there: what a failure says must not name it either.
    office.xfer.file("hook", format!("http://127.0.0.1:1/{ALERT_PATH}"));
    let echoing = Channel::echoing();
    office.xfer.file("echoing-hook", format!("{}?api-version=1&sig={ALERT_QUERY}", echoing.url));
    let said = std::cell::RefCell::new(Vec::new());
    let say = |line: &str, code: i32| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = office.xfer.prepared(&words);
        let output = office.xfer.finished(command.arg("-vv").env("XFER_LOG", "trace")).expect_code(code);
        said.borrow_mut().push((format!("`xfer {line}`"), format!("{}{}", output.stdout, output.stderr)));
    };
    say("server edit tracker --username reader --password-file old-password", 7);
    say("server edit tracker --username reader --password-file old-password --no-test", 0);
    say("run monthly", 7);
    say("server edit tracker --username reader --password-file source-password", 0);
    say("server edit national --username writer --password-file destination-password", 0);
    say("server list --format json", 0);
    say("server show tracker --format json", 0);
    say("routine alert add monthly --slack --url-file hook", 0);
    say("routine alert add monthly --teams --url-file echoing-hook", 0);
    say("routine alert test monthly", 5);
    say("routine alert list monthly --format json", 0);
    say("routine export monthly --passphrase-file passphrase --new-key-file run-key", 0);
    say("routine inspect monthly.xfer --key-file run-key --format json", 0);
    say("routine inspect monthly.xfer", 0);
    say("exec monthly.xfer --key-file run-key --json --log-file run.log", 3);
    say("exec monthly.xfer --key-file run-key --notify-file echoing-hook --log-file run.log", 3);
    say("exec monthly.xfer --passphrase-file passphrase --dry-run --log-file run.log", 3);
    say("exec monthly.xfer --passphrase-file old-password --json --log-file run.log", 12);
    say("exec monthly.xfer --key-file passphrase --json --log-file run.log", 13);
    say("routine rekey monthly.xfer --key-file run-key --add-new-key-file second-key", 0);
    say("routine import monthly.xfer --key-file second-key --yes --format json", 0);
    say("key rotate", 0);
    say("key backup saved-key", 0);
    let machine_key = std::fs::read(office.xfer.home().join("key")).unwrap();
    say("key protect --passphrase-file key-passphrase", 0);
    say("server test tracker", 2);
    say("server test tracker --key-passphrase-file old-password", 12);
    say("run monthly --format json --key-passphrase-file key-passphrase", 3);
    say("doctor --key-passphrase-file key-passphrase", 0);
    say("runs cells last --format json", 0);
    say("runs show last --format json", 0);
    say("", 0);
    let said = said.into_inner();
    assert!(said.iter().any(|(_, text)| text.contains("INFO xfer")), "nothing was logged");
    let asked = echoing.got();
    assert!(asked.len() > 2 && asked.iter().all(|call| call.path.ends_with(ALERT_QUERY)), "{asked:#?}");

    let run_key = std::fs::read_to_string(office.xfer.home().join("run-key")).unwrap();
    let mut canaries = Canaries::default();
    for (name, user, secret) in [
        ("the password of the source", "reader", SOURCE_PASSWORD.as_bytes()),
        ("the password of the destination", "writer", DESTINATION_PASSWORD.as_bytes()),
        ("the old password", "reader", OLD_PASSWORD.as_bytes()),
        ("the passphrase of the file", "passphrase", PASSPHRASE.as_bytes()),
        ("the passphrase of the machine key", "key", KEY_PASSPHRASE.as_bytes()),
        ("the key of the file", "xfer-key-1", run_key.split(' ').nth(1).unwrap().as_bytes()),
        ("the machine key", "key", &machine_key),
        ("the address of an alert", "slack", ALERT_PATH.as_bytes()),
        ("the query of an alert", "teams", ALERT_QUERY.as_bytes()),
    ] {
        canaries.add(name, user, secret);
    }
    let needles = canaries.needles();
    assert_eq!(needles.len(), 54);
    let distinct: std::collections::BTreeSet<&Vec<u8>> = needles.iter().map(|(_, needle)| needle).collect();
    assert!(distinct.len() >= 40, "{} of them differ", distinct.len());
    let mut hits: Vec<String> = said.iter().flat_map(|(line, text)| canaries.hits(line, text.as_bytes())).collect();
    // The whole address is more than what is looked for.
    for hook in ["hook", "echoing-hook"] {
        std::fs::remove_file(office.xfer.home().join(hook)).unwrap();
    }
    let (in_files, found) = canaries.hits_below(office.xfer.home());
    hits.extend(in_files);
    let named = |ending: &str| found.iter().any(|path| path.to_string_lossy().ends_with(ending));
    assert!(named("config.db") && named("monthly.xfer") && named("run.log") && named(".db"), "{found:?}");
    assert_eq!(hits, Vec::<String>::new());
    announce(&format!("S4: 9 canaries in 6 forms, {} outputs and {} files: 0 hits", said.len(), found.len()));
}

#[test]
fn the_scan_finds_what_is_planted() {
    let mut canaries = Canaries::default();
    for (user, secret) in [("reader", SOURCE_PASSWORD), ("writer", DESTINATION_PASSWORD)] {
        canaries.add("a password", user, secret.as_bytes());
    }
    let needles = canaries.needles();
    assert_eq!(needles.len(), 12);
    let xfer = Xfer::new();
    xfer.file("password", SOURCE_PASSWORD);
    xfer.file("writer-password", DESTINATION_PASSWORD);
    assert_eq!(xfer.leaks(), Vec::<String>::new(), "a file that is made to hold a secret is no leak");
    for (name, needle) in &needles {
        let planted = [b"before ", &needle[..], b" after"].concat();
        assert!(!canaries.hits("a text", &planted).is_empty(), "{name}");
    }
    for (name, needle) in needles.iter().filter(|(name, _)| !name.ends_with("with its user")) {
        std::fs::create_dir_all(xfer.home().join("state")).unwrap();
        let file = xfer.home().join("state/report.json");
        std::fs::write(&file, [&[0xff, 0x00], &needle[..], b" after"].concat()).unwrap();
        assert!(!xfer.leaks().is_empty(), "{name}");
        std::fs::remove_file(file).unwrap();
    }
    // What a command says is searched as it comes: a name that is a secret is quoted back, and found.
    let quoted = catch_unwind(AssertUnwindSafe(|| drop(xfer.args(&["run", DESTINATION_PASSWORD]))));
    assert!(quoted.is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(xfer.args(&["run", "nothing"])))).is_ok());
    // So is a home that is left behind.
    let other = Xfer::new();
    other.file("password", SOURCE_PASSWORD);
    std::fs::write(other.home().join("left"), format!("it was {SOURCE_PASSWORD}")).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(other))).is_err());
}
