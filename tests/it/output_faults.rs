//! What is printed has arrived, or the command says so: every command that prints, on a full disk, into a closed pipe, and
//! with nobody to tell. And what is printed or written for people does nothing but be read.

use std::fs::{self, OpenOptions};
use std::process::{Command, Stdio};

use crate::support::Xfer;
use crate::support::office::Office;

/// Everything that prints to standard output, in an order in which it works.
const PRINTING: &[&str] = &[
    "--help",
    "--version",
    "help run",
    "runs --help",
    "",
    "--format json",
    "server list",
    "server list --format csv",
    "server list --format json",
    "server show tracker",
    "orgunit list tracker national",
    "orgunit list tracker national --format csv",
    "orgunit unmapped tracker national",
    "orgunit export tracker national -",
    "orgunit check tracker national --offline",
    "job list",
    "job show malaria",
    "job show malaria --format csv",
    "job export malaria -",
    "job check malaria --offline --format json",
    "routine list",
    "routine show monthly",
    "run monthly --dry-run",
    "run monthly --format json",
    "run monthly --format csv",
    "run monthly",
    "runs list",
    "runs list --format json",
    "runs show last",
    "runs show last --format csv",
    "runs cells last",
    "runs cells last --format csv",
    "runs cells last --format json",
    "script check cap.rhai",
    "script run cap.rhai --row value=12",
    "script run cap.rhai --row value=12 --format json",
    "script bench fine.rhai",
    "script definitions",
    "plugin list",
    "plugin show cap-outliers",
    "key show-location",
    "doctor --offline",
    "doctor --offline --format json",
    "routine inspect monthly.xfer",
    "routine inspect monthly.xfer --format json",
    "schedule show monthly.xfer --for cron --at 02:30 --key-file run-key",
    "exec monthly.xfer --key-file run-key --dry-run",
    "exec monthly.xfer --key-file run-key --json",
];

/// What a command was when somebody read it all.
struct Read {
    code: i32,
    prints: bool,
}

fn office() -> Office {
    let office = Office::ready();
    office.ok("script new value cap.rhai");
    office.xfer.file("fine.rhai", "fn value(v) { v + 1 }\n");
    office.ok("routine export monthly --new-key-file run-key");
    assert_eq!(office.xfer.run("run monthly").code, 3, "some facilities are closed");
    office
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

fn read(office: &Office, line: &str) -> Read {
    let output = office.xfer.run(line);
    Read { code: output.code, prints: !output.stdout.is_empty() }
}

/// How a command ends whose standard output is somewhere else.
fn ends(xfer: &Xfer, line: &str, stdout: impl Into<Stdio>) -> (i32, String) {
    let output = xfer.prepared(&words(line)).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[cfg(target_os = "linux")]
fn full() -> fs::File {
    use std::os::unix::fs::FileTypeExt;
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device(), "somebody put a file in its place");
    OpenOptions::new().write(true).open("/dev/full").unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn every_command_that_prints_says_what_was_not_printed() {
    let office = office();
    let mut wrong = Vec::new();
    let mut printing = 0;
    for line in PRINTING {
        let Read { code, prints } = read(&office, line);
        if !prints {
            wrong.push(format!("`{line}` prints nothing (exit code {code})"));
            continue;
        }
        printing += 1;
        let (on_full, said) = ends(&office.xfer, line, full());
        let expected = if code == 0 { 74 } else { code };
        let in_words = said.contains("could not be written completely to standard output") && said.contains("hint: ");
        if on_full != expected || !in_words {
            wrong.push(format!("`{line}` on a full disk: {on_full}, {code} else: {said}"));
        }
        let (on_closed, said) = ends(&office.xfer, line, closed_pipe());
        let expected = if code == 0 { 141 } else { code };
        if on_closed != expected || said.contains("standard output") || said.contains("roken pipe") {
            wrong.push(format!("`{line}` into a closed pipe: {on_closed}, {code} else: {said}"));
        }
        // Nobody to tell: standard error fails, and nothing else.
        let mut untold = office.xfer.prepared(&words(line));
        let talkative: &[&str] = if line.starts_with("help") { &[] } else { &["-vv"] };
        let untold = untold.args(talkative).stdout(Stdio::null()).stderr(full()).status().unwrap().code();
        if untold != Some(code) && !line.starts_with("run ") {
            wrong.push(format!("`{line}` with nobody to tell: {untold:?}, {code} else"));
        }
    }
    assert!(printing >= 40 && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_is_an_error_too() {
    let office = office();
    fs::create_dir(office.xfer.home().join("there")).unwrap();
    // A pipe is written into, and is a pipe afterwards; only then are devices tried, which everybody needs.
    let pipe = office.xfer.home().join("pipe.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    office.ok("job export malaria pipe.csv");
    assert!(!fs::symlink_metadata(&pipe).unwrap().is_file(), "the pipe was replaced");
    assert!(reader.join().unwrap().lines().count() > 1, "the sheet went through it");
    for line in [
        "orgunit export tracker national /dev/full --yes",
        "job export malaria /dev/full --yes",
        "orgunit export tracker national there --yes",
        "job export malaria missing/folder/items.csv",
        "script definitions /dev/full --yes",
        "routine export monthly missing/folder/monthly.xfer --key-file run-key",
    ] {
        let output = office.xfer.run(line);
        assert!(matches!(output.code, 10 | 74 | 2), "{line}\n{output}");
        assert!(output.stderr.contains("error: "), "{line}\n{output}");
    }
    drop(full());
    let refused = office.xfer.run("nosuchcommand --nosuchoption");
    assert_ne!(refused.code, 0);
    let mut untold = office.xfer.prepared(&["server", "show", "nosuchserver"]);
    assert_eq!(untold.stderr(full()).stdout(Stdio::null()).status().unwrap().code(), Some(2), "it does not panic");
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_goes_away_ends_a_conversation() {
    let xfer = Xfer::new();
    let lines = "1 + 1\n".repeat(2_000);
    let file = xfer.file("lines", lines);
    let stdin = fs::File::open(file).unwrap();
    let status = xfer.prepared(&["script", "repl"]).stdin(stdin).stdout(closed_pipe()).status().unwrap();
    assert_eq!(status.code(), Some(141));
}

#[cfg(target_os = "linux")]
#[test]
fn a_shell_sees_what_it_knows() {
    let xfer = Xfer::new();
    let program = env!("CARGO_BIN_EXE_xfer");
    let script = format!("{program} plugin list --format json | head -c 1 >first; echo ${{PIPESTATUS[0]}}");
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("XFER_HOME", xfer.home())
        .current_dir(xfer.home())
        .output()
        .unwrap();
    // A list that fits into the pipe may be written before the reader has gone.
    let code = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    assert!(["0", "141"].contains(&code.as_str()), "{code}");
    assert_eq!(output.stderr, b"", "quietly");
}

/// A name that does what names should not.
const WILD: &str = "Jac\u{202e}mel\u{200b} \u{ff1d}1+1";

#[test]
fn names_are_tame_in_tables_and_whole_for_programs() {
    let office = Office::mapped();
    office.ok("job new plain --from tracker --to national");
    let made = office.xfer.args(&["job", "new", WILD, "--from", "tracker", "--to", "national"]);
    assert_eq!(made.code, 0, "{made}");
    let formula =
        office.xfer.args(&["job", "new", "\u{a0}=cmd()|' /c calc'!A0", "--from", "tracker", "--to", "national"]);
    assert_eq!(formula.code, 0, "{formula}");
    let table = office.ok("job list");
    for unseen in ['\u{202e}', '\u{200b}'] {
        assert!(!table.stdout.contains(unseen) && !made.stderr.contains(unseen), "{table}");
    }
    assert!(table.stdout.contains("Jac\u{fffd}mel\u{fffd}"), "{table}");
    assert!(office.ok("job list --format json").stdout.contains(WILD), "programs get the name as it is");
    let csv = office.ok("job list --format csv").stdout;
    assert!(csv.lines().all(|line| !line.starts_with(['=', ' ', '\u{a0}'])), "{csv}");
}

#[test]
fn a_name_is_one_name_whatever_its_accents_are_made_of() {
    let office = Office::mapped();
    let composed = "sant\u{e9}";
    let apart = "sante\u{301}";
    let new = |name: &str| office.xfer.args(&["job", "new", name, "--from", "tracker", "--to", "national"]);
    assert_eq!(new(apart).code, 0);
    let twice = new(composed);
    assert_eq!(twice.code, 2, "{twice}");
    assert!(twice.stderr.contains("already"), "{twice}");
    for name in [composed, apart, "SANTE\u{301}"] {
        assert_eq!(office.xfer.args(&["job", "show", name]).code, 0, "{name}");
        let routine = office.xfer.args(&["routine", "new", name, "--job", name, "--periods", "202401"]);
        assert_eq!(routine.code, if name == composed { 0 } else { 2 }, "{routine}");
    }
}

#[test]
fn a_name_is_no_path() {
    let office = Office::ready();
    for (name, file) in [("../x", "_x.xfer"), ("nul", "nul_.xfer"), (".hidden", "hidden.xfer"), ("a/b", "a_b.xfer")] {
        let made = office.xfer.args(&["routine", "new", name, "--job", "malaria", "--periods", "LAST_MONTH"]);
        assert_eq!(made.code, 0, "{made}");
        let key = format!("key-{}", file.len());
        let exported = office.xfer.args(&["routine", "export", name, "--new-key-file", &key]);
        assert_eq!(exported.code, 0, "{exported}");
        assert!(office.xfer.home().join(file).is_file(), "{name}: {exported}");
        assert!(exported.stderr.contains(file), "{exported}");
    }
    assert!(!office.xfer.home().parent().unwrap().join("x.xfer").exists());
}
