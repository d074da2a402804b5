//! The machine key with a passphrase on it: what asks for it, what does not, and where it may come from.

use std::fs;

use crate::support::Xfer;
use crate::support::office::{Office, refused};
use crate::support::person::Person;

const PASSPHRASE: &str = "moringa kasava tilapia sorghum";
const OTHER: &str = "fonio by the other river";

/// What the key is called where it is asked for.
const QUESTION: &str = "assphrase of the machine key";

/// An office whose key needs a passphrase.
fn protected() -> Office {
    let office = Office::ready();
    office.xfer.file("passphrase", PASSPHRASE);
    office.xfer.file("wrong", OTHER);
    let said = office.ok("key protect --passphrase-file passphrase");
    assert!(said.stderr.contains("the key is protected") && said.stderr.contains("xfer key rotate"), "\n{said}");
    office
}

#[test]
fn what_logs_in_needs_the_passphrase_and_nothing_else_does() {
    let office = protected();
    for line in [
        "",
        "server list",
        "server show tracker",
        "orgunit list tracker national",
        "orgunit check tracker national --offline",
        "job list",
        "job show malaria",
        "job check malaria --offline",
        "routine list",
        "routine show monthly",
        "runs list",
        "script list",
        "key backup saved-key",
    ] {
        let output = office.xfer.run(line);
        assert!([0, 3].contains(&output.code) && !output.stderr.contains("passphrase of"), "{line}\n{output}");
    }
    let located = office.ok("key show-location");
    assert!(located.stderr.contains("protected by a passphrase"), "\n{located}");
    assert!(fs::read_to_string(office.xfer.home().join("saved-key")).unwrap().starts_with("xfer-machine-key/1 "));

    let asked = office.servers.source.ledger().entries().len();
    for line in [
        "server test tracker",
        "server sync tracker",
        "server edit tracker --username reader --password-file password",
        "run monthly --dry-run",
        "routine export monthly --new-key-file run-key",
        "key rotate",
        "key protect --passphrase-file wrong",
        "key protect --remove",
    ] {
        office.refused(
            line,
            2,
            &[
                QUESTION,
                "--key-passphrase-file",
                "XFER_KEY_PASSPHRASE_FILE",
                "--key-passphrase-command",
                "xfer-key-pass",
            ],
        );
        let wrong = format!("{line} --key-passphrase-file wrong");
        office.refused(&wrong, 12, &["the passphrase does not open the machine key"]);
    }
    // The login that is edited is tested before it is sealed; everything else fails before a server is asked.
    let logins = office.servers.source.ledger().entries().len() - asked;
    assert!(logins < 40, "{logins} requests");
    let doctor = office.xfer.run("doctor --format json").expect_code(3);
    let findings = doctor.json();
    let told = |word: &str| findings.as_array().unwrap().iter().any(|finding| finding["code"] == word);
    assert!(told("key-closed") && !told("login-unusable") && !told("login-refused"), "\n{doctor}");
    assert!(doctor.stderr.contains("0 servers answered"), "\n{doctor}");
}

#[test]
fn the_passphrase_comes_from_a_file_a_command_the_environment_a_credential_or_standard_input() {
    let office = protected();
    let prepared = |line: &str| office.xfer.prepared(&line.split_whitespace().collect::<Vec<_>>());
    office.ok("server test tracker --key-passphrase-file passphrase");
    office.ok("--key-passphrase-file passphrase server test national");
    let words = ["server", "test", "tracker", "--key-passphrase-command", "cat passphrase"];
    let _ = office.xfer.args(&words).expect_code(0);
    let mut by_environment = prepared("server test tracker");
    by_environment.env("XFER_KEY_PASSPHRASE_FILE", "passphrase");
    let _ = office.xfer.finished(&mut by_environment).expect_code(0);
    fs::create_dir(office.xfer.home().join("credentials")).unwrap();
    fs::copy(office.xfer.home().join("passphrase"), office.xfer.home().join("credentials/xfer-key-passphrase"))
        .unwrap();
    let mut by_credential = prepared("server test tracker");
    by_credential.env("CREDENTIALS_DIRECTORY", office.xfer.home().join("credentials"));
    let _ = office.xfer.finished(&mut by_credential).expect_code(0);
    let mut by_input = prepared("server test tracker --key-passphrase-file -");
    by_input.stdin(fs::File::open(office.xfer.home().join("passphrase")).unwrap());
    let _ = office.xfer.finished(&mut by_input).expect_code(0);

    office.refused("server test tracker --key-passphrase-file missing", 10, &["missing"]);
    office.refused("server test tracker --key-passphrase-command false", 2, &["the command for the passphrase"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = office.xfer.file("passphrase-for-all", PASSPHRASE);
        fs::set_permissions(open, fs::Permissions::from_mode(0o644)).unwrap();
        let line = "server test tracker --key-passphrase-file passphrase-for-all";
        office.refused(line, 2, &["other users", "chmod 600"]);
    }
}

#[test]
fn xfer_files_know_nothing_of_the_machine_key() {
    let office = protected();
    office.ok("routine export monthly --new-key-file run-key --key-passphrase-file passphrase");
    let run = office.xfer.run("exec monthly.xfer --key-file run-key --json").report();
    assert_eq!(run["mode"], "run");
    office.ok("routine inspect monthly.xfer --key-file run-key");
    // What a file brings into another protected home is sealed there.
    let other = Xfer::new();
    for name in ["monthly.xfer", "run-key", "passphrase"] {
        other.file(name, fs::read(office.xfer.home().join(name)).unwrap());
    }
    let _ = other.run("key protect --passphrase-file passphrase").expect_code(0);
    let import = "routine import monthly.xfer --key-file run-key --yes";
    refused(&other.run(import), 2, &[QUESTION]);
    assert_eq!(other.run("server list --format json").json().as_array().unwrap().len(), 0, "nothing half-imported");
    let _ = other.run(&format!("{import} --key-passphrase-file passphrase")).expect_code(0);
    let _ = other.run("server test tracker --key-passphrase-file passphrase").expect_code(0);
}

#[test]
fn a_key_keeps_its_passphrase_gets_another_one_and_loses_it() {
    let office = protected();
    let key = office.xfer.home().join("key");
    office.ok("key backup before --key-passphrase-file passphrase");
    office.ok("key rotate --key-passphrase-file passphrase");
    assert!(fs::read_to_string(&key).unwrap().starts_with("xfer-machine-key/1 "), "rotating keeps it protected");
    office.ok("server test tracker --key-passphrase-file passphrase");
    let rotated = fs::read(&key).unwrap();
    fs::copy(office.xfer.home().join("before"), &key).unwrap();
    office.refused("server test tracker --key-passphrase-file passphrase", 12, &["tracker", "cannot be decrypted"]);
    fs::write(&key, rotated).unwrap();

    office.xfer.file("short", "too short");
    let weak = "key protect --passphrase-file short --key-passphrase-file passphrase";
    office.refused(weak, 2, &["fewer than 12 characters"]);
    office.ok("key protect --passphrase-file wrong --key-passphrase-file passphrase");
    office.refused("server test tracker --key-passphrase-file passphrase", 12, &["the passphrase does not open"]);
    office.ok("server test tracker --key-passphrase-file wrong");
    office.ok("key protect --remove --key-passphrase-file wrong");
    assert_eq!(fs::read(&key).unwrap().len(), 32);
    office.ok("server test tracker");
    office.refused("key protect --remove", 2, &["the key has no passphrase"]);
    let located = office.ok("key show-location");
    assert!(located.stderr.contains("it has no passphrase"), "\n{located}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        assert_eq!(fs::metadata(key).unwrap().mode() & 0o777, 0o600);
    }
}

/// Killed at any moment of its work, protecting leaves a key that opens: without a passphrase, or with the new one.
#[test]
fn a_key_that_is_protected_when_the_power_goes_still_opens() {
    let office = Office::ready();
    office.xfer.file("passphrase", PASSPHRASE);
    let home = office.xfer.home();
    let key = home.join("key");
    let plain = fs::read(&key).unwrap();
    let being_written = || {
        let names = fs::read_dir(home).unwrap().map(|entry| entry.unwrap().file_name());
        names.into_iter().any(|name| name.to_string_lossy().starts_with(".xfer-"))
    };
    let replaced = || fs::read(&key).unwrap() != plain;
    // At once, when the new file is there and maybe not whole, when it has taken the old one's place.
    let moments: [(&str, &dyn Fn() -> bool); 3] =
        [("at once", &|| true), ("while it is written", &|| being_written() || replaced()), ("after", &replaced)];
    let (mut old, mut new) = (0, 0);
    for _ in 0..3 {
        for (name, moment) in &moments {
            let mut protecting = office.xfer.command("key protect --passphrase-file passphrase").spawn().unwrap();
            while !moment() && protecting.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            let _ = protecting.kill();
            protecting.wait().unwrap();
            if replaced() {
                new += 1;
                office.refused("key protect --remove", 2, &[QUESTION]);
                office.ok("key protect --remove --key-passphrase-file passphrase");
            } else {
                old += 1;
            }
            office.ok("server edit tracker --username reader --password-file password");
            assert_eq!(fs::read(&key).unwrap(), plain, "killed {name}: it is the same key all along");
        }
    }
    assert!(old >= 3 && new >= 3, "killed before the key was replaced {old} times and after it {new} times");
}

#[test]
fn a_person_is_asked_once_and_only_where_it_is_needed() {
    let office = protected();
    let mut person = Person::start(&office.xfer, "run monthly --dry-run", 100);
    person.answers_plainly_and_secretly(QUESTION, PASSPHRASE);
    let (code, seen) = person.ends();
    let asked = seen.matches("[hidden]").count();
    assert!([0, 3].contains(&code) && asked == 1, "{code}\n{seen}");

    let mut person = Person::start(&office.xfer, "server sync --all", 100);
    person.answers_plainly_and_secretly(QUESTION, OTHER);
    let (code, seen) = person.ends();
    assert!(code == 12 && seen.contains("does not open the machine key"), "{code}\n{seen}");

    let (code, seen) = Person::start(&office.xfer, "server list", 100).ends();
    assert!(code == 0 && !seen.contains(QUESTION), "{seen}");

    let mut person = Person::start(&office.xfer, "key protect", 100);
    person.answers_plainly_and_secretly(QUESTION, PASSPHRASE);
    person.answers_plainly_and_secretly("New passphrase of the machine key", OTHER);
    person.answers_plainly_and_secretly("Repeat it", OTHER);
    let (code, seen) = person.ends();
    assert!(code == 0 && seen.contains("the key is protected"), "{code}\n{seen}");
    office.ok("server test tracker --key-passphrase-file wrong");
}
