//! Homes with something missing, empty, damaged or of another program in them: each is told by name with the right exit
//! code, nothing is made in its place, and whoever only looks sees the rest.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::support::Output;
use crate::support::office::{Office, refused};

/// The journal of the only routine.
fn journal(office: &Office) -> PathBuf {
    let files = fs::read_dir(office.xfer.home().join("state")).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "db")).unwrap()
}

fn run_once(office: &Office) {
    let ran = office.xfer.run("run monthly");
    assert!([0, 3].contains(&ran.code), "\n{ran}");
}

/// Names of everything in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = entries.collect();
    names.sort();
    names
}

#[test]
fn a_key_is_not_changed_while_the_configuration_is_gone() {
    let office = Office::ready();
    let file = |name: &str| office.xfer.home().join(name);
    office.xfer.file("passphrase", "moringa kasava tilapia sorghum");
    let key = fs::read(file("key")).unwrap();
    fs::rename(file("config.db"), file("away.db")).unwrap();
    for line in ["key rotate", "key protect --passphrase-file passphrase"] {
        office.refused(line, 2, &["there is no configuration", "was not changed", "restore it"]);
        assert!(!file("config.db").exists() && !file("key.next").exists(), "{line}");
    }
    fs::write(file("config.db"), "").unwrap();
    office.refused("key rotate", 13, &["config.db", "it is empty"]);
    fs::remove_file(file("config.db")).unwrap();
    // A configuration that is new has nothing for a new key to do.
    office.ok("server list");
    let said = office.ok("key rotate");
    insta::assert_snapshot!(said.stderr, @"nothing is encrypted with the key yet; it was not changed");
    assert_eq!(fs::read(file("key")).unwrap(), key);
    fs::rename(file("away.db"), file("config.db")).unwrap();
    office.ok("server test tracker");
}

#[test]
fn a_key_that_is_gone_is_made_anew_only_when_what_it_sealed_is_given_up() {
    let office = Office::ready();
    let file = |name: &str| office.xfer.home().join(name);
    let add = format!("server add third {} --username reader --password-file password", office.servers.source.url());
    office.refused("key forget --yes", 2, &["exists, so nothing was deleted"]);
    fs::rename(file("key"), file("away")).unwrap();
    for line in [add.as_str(), "server edit tracker --username reader --password-file password", "key rotate"] {
        office.refused(line, 12, &["is missing", "from its backup", "xfer key forget"]);
        assert!(!file("key").exists() && !file("key.next").exists(), "{line}");
    }
    fs::rename(file("away"), file("key")).unwrap();
    office.ok("server test tracker");
    fs::remove_file(file("key")).unwrap();
    office.refused("key forget", 2, &["nothing was deleted", "--yes"]);
    office.ok("key forget --yes");
    office.refused("server test tracker", 12, &["xfer server edit tracker"]);
    for (name, user) in [("tracker", "reader"), ("national", "writer")] {
        office.ok(&format!("server edit {name} --username {user} --password-file password"));
    }
    run_once(&office);
    office.refused("key backup -", 2, &["not printed"]);
    assert!(!file("-").exists());
}

/// What may lie in the place of a database, and what is said of it.
fn wrong_files(office: &Office, own: &Path, other: &Path) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let scratch = office.xfer.home().join("scratch");
    let made = |from: Option<&Path>, sql: &str| {
        let _ = fs::remove_file(&scratch);
        if let Some(from) = from {
            fs::copy(from, &scratch).unwrap();
        }
        let connection = Connection::open(&scratch).unwrap();
        connection.execute_batch(sql).unwrap();
        drop(connection);
        fs::read(&scratch).unwrap()
    };
    let table = if own.ends_with("config.db") { "exported_file" } else { "open_cell" };
    let all = vec![
        ("an empty file", Vec::new(), "it is empty"),
        (
            "another program's database",
            made(None, "CREATE TABLE t (a); INSERT INTO t VALUES (1)"),
            "none of the tables",
        ),
        (
            "another program's database, of its kind",
            made(None, "CREATE TABLE t (a); PRAGMA application_id = 77"),
            "not",
        ),
        ("our other kind", made(Some(other), ""), "it is a database, but not"),
        ("our other kind, as it was before", made(Some(other), "PRAGMA application_id = 0"), "none of the tables"),
        ("no version", made(Some(own), "PRAGMA user_version = 0"), "which version"),
        ("a version below zero", made(Some(own), "PRAGMA user_version = -3"), "-3"),
        ("a table less", made(Some(own), &format!("DROP TABLE {table}")), "is missing"),
        ("a version too low", made(Some(own), "PRAGMA user_version = 1"), "its version is 1"),
        ("a letter", b"to the ministry of health, ".repeat(99), "it is no database"),
    ];
    let _ = fs::remove_file(&scratch);
    all
}

#[test]
fn what_is_no_configuration_of_ours_is_damage_and_left_as_it_is() {
    let office = Office::ready();
    run_once(&office);
    let (config, state) = (office.xfer.home().join("config.db"), journal(&office));
    let good = fs::read(&config).unwrap();
    for (what, content, words) in wrong_files(&office, &config, &state) {
        fs::write(&config, &content).unwrap();
        for line in ["server list", "run monthly", "routine edit monthly --max-delete 7", "runs list", ""] {
            let output = office.xfer.run(line);
            assert!(output.code == 13, "{what}: {line}\n{output}");
            assert!(
                output.stderr.contains("config.db` is damaged") && output.stderr.contains(words),
                "{what}: {line}\n{output}"
            );
            assert!(output.stderr.contains("\nhint: nothing was changed"), "{what}: {line}\n{output}");
        }
        let doctor = office.xfer.run("doctor --format json").expect_code(3);
        assert!(doctor.stdout.contains("database-unusable"), "{what}\n{doctor}");
        assert_eq!(fs::read(&config).unwrap(), content, "{what}");
    }
    fs::write(&config, &good).unwrap();
    office.ok("server test tracker");
    // As it was before it had a number of its kind: it opens, and gets it.
    let number = |set: &str| {
        let connection = Connection::open(&config).unwrap();
        connection.execute_batch(set).unwrap();
        connection.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(number("PRAGMA application_id = 0"), 0);
    office.ok("server list");
    assert!(number("") != 0);
}

#[test]
fn a_bad_journal_is_named_and_keeps_nobody_from_seeing_the_rest() {
    let office = Office::ready();
    run_once(&office);
    office.ok("routine new second --job malaria --periods LAST_MONTH");
    let first = journal(&office);
    let other = office.xfer.run("run second --dry-run");
    assert!([0, 3].contains(&other.code), "\n{other}");
    let config = office.xfer.home().join("config.db");
    let name = first.file_name().unwrap().to_str().unwrap();
    let good = fs::read(&first).unwrap();
    let offline = |words: &str| office.xfer.run(&format!("doctor --offline --format json{words}"));
    for (what, content, words) in wrong_files(&office, &first, &config) {
        fs::write(&first, &content).unwrap();
        for line in ["", "runs list", "routine list", "--format json", "runs list --format json"] {
            let output: Output = office.xfer.run(line);
            assert!(output.code == 13 && output.stderr.contains(words), "{what}: {line}\n{output}");
            assert!(output.stdout.contains("second") && output.stderr.contains(name), "{what}: {line}\n{output}");
        }
        let doctor = offline("").expect_code(3);
        assert!(doctor.stdout.contains("database-unusable") && doctor.stdout.contains(name), "{what}\n{doctor}");
        let ran = office.xfer.run("run monthly").expect_code(13);
        assert!(ran.stderr.contains(name) && ran.stderr.contains(words), "{what}\n{ran}");
        refused(&office.xfer.run("runs show last"), 13, &[name, words]);
        let second = office.xfer.run("run second --dry-run");
        assert!([0, 3].contains(&second.code), "{what}\n{second}");
        // What is done is not called failed because the journal could not be looked into.
        let edited = office.ok("routine edit monthly --max-delete 7");
        assert!(edited.stderr.contains("changed the routine") && edited.stderr.contains(words), "{what}\n{edited}");
        assert_eq!(fs::read(&first).unwrap(), content, "{what}");
    }
    fs::write(&first, &good).unwrap();
    office.ok("runs list");
}

#[test]
fn a_new_database_is_not_put_beside_what_is_left_of_another() {
    let office = Office::ready();
    let file = |name: &str| office.xfer.home().join(name);
    fs::rename(file("config.db"), file("away.db")).unwrap();
    fs::write(file("config.db-journal"), "changes that were not finished").unwrap();
    office.refused("server list", 13, &["config.db-journal", "which no longer exists"]);
    assert!(!file("config.db").exists());
    fs::rename(file("away.db"), file("config.db")).unwrap();
    fs::remove_file(file("config.db-journal")).unwrap();
    office.ok("server list");
}

#[cfg(unix)]
#[test]
fn what_is_no_home_and_no_file_is_not_an_empty_one() {
    let office = Office::ready();
    let config = office.xfer.home().join("config.db");
    fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink("config.db", &config).unwrap();
    for line in ["", "runs list", "server list"] {
        office.refused(line, 74, &["config.db"]);
    }
    let doctor = office.xfer.run("doctor --format json").expect_code(3);
    assert!(doctor.stdout.contains("database-unusable"), "\n{doctor}");
    let home = office.xfer.file("no-home", "x");
    for line in ["", "runs list", "server list"] {
        let mut command = office.xfer.prepared(&line.split_whitespace().collect::<Vec<_>>());
        refused(&office.xfer.finished(command.env("XFER_HOME", &home)), 74, &["no-home"]);
    }
    let mut command = office.xfer.prepared(&["doctor", "--format", "json"]);
    let doctor = office.xfer.finished(command.env("XFER_HOME", &home)).expect_code(3);
    assert!(doctor.stdout.contains("database-unusable"), "\n{doctor}");
}

#[test]
fn a_call_that_failed_or_was_killed_does_not_block_the_next_one() {
    let office = Office::ready();
    let folder = office.xfer.home().join("out");
    fs::create_dir(&folder).unwrap();
    // It cannot be written: no key is left.
    let failing = "routine export monthly missing/m.xfer --new-key-file out/m.key";
    assert_ne!(office.xfer.run(failing).code, 0);
    assert_eq!(names(&folder), Vec::<String>::new());
    // Killed when the key had its name and the file had none.
    let export = "routine export monthly out/m.xfer --new-key-file out/m.key";
    office.ok(export);
    fs::rename(folder.join("m.xfer"), folder.join(".xfer-Ab3dE6.tmp")).unwrap();
    let key = fs::read(folder.join("m.key")).unwrap();
    office.ok(export);
    assert_eq!(names(&folder), ["m.key", "m.xfer"]);
    assert_eq!(fs::read(folder.join("m.key")).unwrap(), key);
    office.ok("routine inspect out/m.xfer --key-file out/m.key");
    // A key that somebody has is not taken for one of those.
    office.refused(export, 2, &["m.key already"]);
    let rekey = "routine rekey out/m.xfer --key-file out/m.key --add-new-key-file out/k2";
    fs::copy(folder.join("m.xfer"), folder.join("before")).unwrap();
    office.ok(rekey);
    fs::rename(folder.join("m.xfer"), folder.join(".xfer-Ab3dE6.tmp")).unwrap();
    fs::rename(folder.join("before"), folder.join("m.xfer")).unwrap();
    office.ok(rekey);
    office.ok("routine inspect out/m.xfer --key-file out/k2");
    assert_eq!(names(&folder), ["k2", "m.key", "m.xfer"]);
    for line in ["routine export monthly - --new-key-file out/k3", "routine export monthly out/n.xfer --new-key-file -"]
    {
        office.refused(line, 2, &["not printed"]);
    }
    assert_eq!(names(&folder), ["k2", "m.key", "m.xfer"]);
}

#[test]
fn a_script_and_a_plugin_are_begun_whole_or_not_at_all() {
    let office = Office::ready();
    let file = |name: &str| office.xfer.home().join(name);
    let begin = "script new value s.rhai";
    office.ok(begin);
    office.refused(begin, 2, &["s.rhai exists already"]);
    for left in ["s.rhai", "s.tests.ron"] {
        fs::remove_file(file(left)).unwrap();
        office.ok(begin);
        office.ok("script test s.rhai");
        fs::remove_file(file(left)).unwrap();
        // What somebody wrote is not what a killed call left.
        let other = if left == "s.rhai" { "s.tests.ron" } else { "s.rhai" };
        let text = fs::read(file(other)).unwrap();
        fs::write(file(other), "mine").unwrap();
        office.refused(begin, 2, &["exists already"]);
        fs::write(file(other), text).unwrap();
        office.ok(begin);
    }
    office.ok("plugin new mine");
    assert_ne!(office.xfer.run("plugin new mine").code, 0);
    assert_eq!(names(&file("mine")).len(), 4);
    assert!(!names(office.xfer.home()).iter().any(|name| name.starts_with(".new-")));
}

#[test]
fn an_empty_file_of_ones_own_is_a_mistake_and_one_of_ours_is_damage() {
    let office = Office::ready();
    office.xfer.file("nothing", "");
    let add = format!("server add third {} --username reader --password-file nothing", office.servers.source.url());
    for line in [add.as_str(), "orgunit import tracker national nothing", "server list --key-passphrase-file nothing"] {
        let output = office.xfer.run(line);
        assert!(matches!(output.code, 0 | 2), "{line}\n{output}");
    }
    office.refused("routine inspect nothing", 13, &["nothing"]);
    office.refused("exec nothing --key-file nothing", 13, &["nothing"]);
}

/// A home on a disk that is mounted for reading alone, which only this test's processes see.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_for_reading_alone_can_be_looked_at() {
    const SCRIPT: &str = r#"
mount --bind "$XFER_HOME" "$XFER_HOME" && mount -o remount,ro,bind "$XFER_HOME" || exit 99
for line in "" "server list" "runs list" "runs show last" "runs cells last" "routine list"; do
  "$XFER" $line > /dev/null || { code=$?; echo "$line ends with $code" >&2; exit 98; }
done
"$XFER" doctor --offline --format json
"$XFER" run monthly > /dev/null
echo "a run ends with $?" >&2
"#;
    let office = Office::ready();
    run_once(&office);
    let mut shell = std::process::Command::new("unshare");
    shell.args(["--mount", "--map-root-user", "/bin/sh", "-c", SCRIPT]).env_clear().env("NO_COLOR", "1");
    shell.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("XFER", env!("CARGO_BIN_EXE_xfer"));
    shell.env("XFER_HOME", office.xfer.home());
    let Ok(done) = shell.output() else { return };
    let output = Output::from(done);
    if output.code == 99 || output.stderr.contains("unshare") {
        crate::announce::announce("disks for reading alone are NOT TRIED: this system lets no test mount anything");
        return;
    }
    assert!(output.code == 0 && output.stderr.contains("a run ends with 74"), "\n{output}");
    assert!(output.stdout.contains("home-not-writable") && !output.stdout.contains("database-unusable"), "\n{output}");
}
