//! A file from its export to a run on another machine, through a change of keys, and into another home.

#[cfg(unix)]
use std::path::Path;

use crate::support::Xfer;
use crate::support::office::{Office, cells, refused};

pub(super) const PASSPHRASE: &str = "moringa kasava tilapia sorghum";

#[cfg(unix)]
pub(super) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).unwrap().mode() & 0o777
}

/// A home somewhere else, with nothing but these files.
pub(crate) fn elsewhere(office: &Office, files: &[&str]) -> Xfer {
    let xfer = Xfer::new();
    for name in files {
        xfer.file(name, std::fs::read(office.xfer.home().join(name)).unwrap());
    }
    xfer
}

#[test]
fn a_file_runs_elsewhere_with_nothing_but_its_key() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    #[cfg(unix)]
    for name in ["monthly.xfer", "run-key"] {
        assert_eq!(mode(&office.xfer.home().join(name)), 0o600, "{name}");
    }
    let other = elsewhere(&office, &["monthly.xfer", "run-key"]);
    let dry = other.run("exec monthly.xfer --key-file run-key --dry-run --json").report();
    let here = office.xfer.run("run monthly --dry-run --format json").report();
    for part in ["values", "cells", "jobs", "findings", "periods", "source", "destination"] {
        assert_eq!(dry[part], here[part], "run and exec are the same: {part}");
    }
    assert_eq!(dry["file"]["revision"], 1);
    let of_file = office.xfer.run("exec monthly.xfer --key-file run-key --dry-run --json").report();
    let shown = office.ok("runs show last --format json").report();
    assert_eq!(shown["file"], of_file["file"], "which file a run came from stays known");
    let words = office.ok("runs show last");
    assert!(words.stdout.contains("revision 1 of the xfer file [HOME]/monthly.xfer"), "\n{words}");
    let first = other.run("exec monthly.xfer --key-file run-key --json --log-file run.log").report();
    assert!(cells(&first, "created") > 100, "{first:#}");
    let again = other.run("exec monthly.xfer --key-file run-key --log-file run.log");
    assert_eq!(again.code, 3, "closed facilities are held back\n{again}");
    for words in ["monthly revision 1 from tracker to national", "planned", "unchanged", "done"] {
        assert!(again.stderr.contains(words), "{words}\n{again}");
    }
    let log = std::fs::read_to_string(other.home().join("run.log")).unwrap();
    assert_eq!(log.matches("ended with exit code").count(), 2, "{log}");
    assert!(log.lines().all(|line| line.starts_with("20") && line.split(' ').nth(1) == Some("info")), "{log}");
    let runs = other.run("runs list monthly --format json").expect_code(0).json();
    assert_eq!(runs.as_array().unwrap().len(), 3, "{runs:#}");
    let shown = other.run("runs show last --format json").report();
    assert_eq!((&shown["file"], &shown["mode"]), (&first["file"], &"run".into()));
    assert!(other.run("runs cells last --state held_back").expect_code(0).stdout.contains("held_back"));
    refused(&other.run("runs list montly"), 2, &["no routine `montly`", "did you mean monthly?"]);
    assert!(!other.home().join("config.db").exists(), "no configuration is needed, and none is made");
}

#[test]
fn wrong_keys_and_old_files_are_refused_by_name() {
    let office = Office::ready();
    office.xfer.file("passphrase", PASSPHRASE);
    office.xfer.file("short", "too short");
    office.refused("routine export monthly", 2, &["passphrase of the file", "--new-key-file"]);
    office.refused("routine export monthly --passphrase-file short", 2, &["fewer than 12 characters"]);
    office.refused("routine export monthly password --new-key-file run-key", 2, &["is not an xfer file"]);
    office.refused("routine export nothing --new-key-file run-key", 2, &["no routine `nothing`"]);
    assert!(!office.xfer.home().join("run-key").exists(), "a refused export makes no key");
    office.ok("routine export monthly --passphrase-file passphrase --new-key-file run-key");
    office.ok("routine export monthly other.xfer --new-key-file other-key");
    office.refused("routine export monthly --new-key-file run-key", 2, &["there is a file run-key already"]);
    let requests =
        || (office.servers.source.ledger().entries().len(), office.servers.destination.ledger().entries().len());
    let before = requests();
    office.refused("exec monthly.xfer", 2, &["exec never asks", "--key-file"]);
    office.refused("exec missing.xfer --key-file run-key", 10, &["missing.xfer"]);
    office.refused("exec password --key-file run-key", 13, &["not an xfer file"]);
    office.refused(
        "exec monthly.xfer --key-file other-key",
        12,
        &["does not open this file", "a passphrase or the key"],
    );
    office.xfer.file("wrong", "another passphrase entirely");
    office.refused("exec monthly.xfer --passphrase-file wrong", 12, &["the passphrase does not open"]);
    office.refused("exec other.xfer --key-file other-key --min-revision 3", 2, &["revision 2, older than 3"]);
    office.refused("exec monthly.xfer --key-file password", 13, &["not a key of an xfer file"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = office.xfer.file("open-key", std::fs::read(office.xfer.home().join("run-key")).unwrap());
        for mode in [0o640, 0o604, 0o644] {
            std::fs::set_permissions(&open, std::fs::Permissions::from_mode(mode)).unwrap();
            office.refused("exec monthly.xfer --key-file open-key", 2, &["other users", "chmod 600"]);
        }
        office.refused("exec monthly.xfer --passphrase-command false", 2, &["ended with"]);
    }
    let mut cut = std::fs::read(office.xfer.home().join("monthly.xfer")).unwrap();
    cut.truncate(cut.len() - 1);
    office.xfer.file("cut.xfer", &cut);
    office.refused("exec cut.xfer --key-file run-key", 13, &["damaged or was changed"]);
    let json = office.xfer.run("exec cut.xfer --key-file run-key --json").expect_code(13);
    let last = json.stderr.lines().last().unwrap();
    let error: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!((&error["format"], &error["exit_code"]), (&"xfer-error/1".into(), &13.into()), "{error}");
    assert_eq!(requests(), before, "no server was asked anything");
}

#[test]
fn a_file_shows_who_can_open_it_to_anybody_and_the_rest_to_those() {
    let office = Office::ready();
    office.xfer.file("passphrase", PASSPHRASE);
    office.ok("routine export monthly --passphrase-file passphrase --new-key-file run-key --not-after 2126-12-31");
    let outside = office.ok("routine inspect monthly.xfer");
    for word in ["xfer-file/1", "a passphrase (Argon2id, 64 MiB, 3 passes)", "the key ", "the rest is encrypted"] {
        assert!(outside.stdout.contains(word) || outside.stderr.contains(word), "{word}\n{outside}");
    }
    for hidden in ["tracker", "national", "127.0.0.1", "reader", "malaria"] {
        assert!(!outside.stdout.contains(hidden), "{hidden}\n{outside}");
    }
    for opened in ["--key-file run-key", "--passphrase-file passphrase", "--passphrase-command cat\u{a0}passphrase"] {
        let mut words = vec!["routine", "inspect", "monthly.xfer"];
        let opened = opened.split(' ').map(|word| word.replace('\u{a0}', " ")).collect::<Vec<_>>();
        words.extend(opened.iter().map(String::as_str));
        let inside = office.xfer.args(&words).expect_code(0);
        for word in ["tracker at http://127.0.0.1", "as reader", "malaria", "LAST_MONTH", "run until"] {
            assert!(inside.stdout.contains(word), "{word}\n{inside}");
        }
        assert!(!inside.stdout.contains(xfer::ops::sandbox::PASSWORD), "\n{inside}");
    }

    office.refused("routine rekey monthly.xfer --key-file run-key", 2, &["nothing to change"]);
    office.refused("routine rekey monthly.xfer --key-file run-key --remove-key 00000000", 2, &["00000000"]);
    office.ok("routine rekey monthly.xfer --passphrase-file passphrase --add-new-key-file second");
    office.ok("routine inspect monthly.xfer --key-file second");
    let name = outside.stdout.split("the key ").nth(1).unwrap()[..8].to_owned();
    office.ok(&format!("routine rekey monthly.xfer --key-file second --remove-key {name} --remove-passphrases"));
    office.refused("routine inspect monthly.xfer --key-file run-key", 12, &["does not open this file"]);
    office.refused("routine inspect monthly.xfer --passphrase-file passphrase", 12, &["does not open this file"]);
    office.ok("routine inspect monthly.xfer --key-file second");
    let second = office.ok("routine inspect monthly.xfer").stdout.split("the key ").nth(1).unwrap()[..8].to_owned();
    let last = format!("routine rekey monthly.xfer --key-file second --remove-key {second}");
    office.refused(&last, 2, &["a file needs a passphrase or a key file"]);
}

#[test]
fn a_file_is_taken_over_into_another_home_in_one_step() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    let other = elsewhere(&office, &["monthly.xfer", "run-key"]);
    let import = "routine import monthly.xfer --key-file run-key";
    let plan = other.run(&format!("{import} --dry-run --format json")).expect_code(0).json();
    let changes: Vec<&str> = plan.as_array().unwrap().iter().map(|line| line["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["new"; 5], "{plan:#}");
    refused(&other.run(import), 2, &["nothing was imported", "--yes"]);
    assert_eq!(other.run("server list --format json").json().as_array().unwrap().len(), 0);
    let _ = other.run(&format!("{import} --yes")).expect_code(0);
    let _ = other.run("server sync --all").expect_code(0);
    let there = other.run("run monthly --dry-run --format json").report();
    let here = office.xfer.run("run monthly --dry-run --format json").report();
    for part in ["values", "cells", "jobs", "findings"] {
        assert_eq!(there[part], here[part], "{part}");
    }
    let again = other.run(&format!("{import} --yes --format json")).expect_code(0).json();
    assert!(again.as_array().unwrap().iter().all(|line| line["change"] == "kept"), "{again:#}");
}

#[test]
fn the_machine_key_is_replaced_and_backed_up() {
    let office = Office::ready();
    let key = office.xfer.home().join("key");
    let before = std::fs::read(&key).unwrap();
    assert_eq!(office.ok("key show-location").stdout, "[HOME]/key\n");
    office.ok("key backup saved");
    assert_eq!(std::fs::read(office.xfer.home().join("saved")).unwrap(), before);
    #[cfg(unix)]
    assert_eq!(mode(&office.xfer.home().join("saved")), 0o600);
    office.refused("key backup saved", 2, &["saved exists already"]);
    office.ok("key rotate");
    assert_ne!(std::fs::read(&key).unwrap(), before);
    office.ok("server test tracker");
    office.ok("server test national");
}
