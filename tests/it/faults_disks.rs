//! Disks that are full: the home lies on a file system of its own that has so much room left, from nothing to all that a
//! command needs. The command ends in words; with room again, everything goes on as if nothing had happened.
//!
//! The file system is a `tmpfs` that only this test's processes see (mount namespaces, util-linux `unshare`). Where a
//! system lets no user have that, the test says so and tries nothing.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::process::Command;

use xfer_sandbox::profile::Profile;

use crate::announce::announce;
use crate::support::Output;
use crate::support::life::{Step, assert_right, prepare, ready};
use crate::support::trial::Trial;

/// Pages of 4 KiB that are left free: fewer sizes where the program is slow.
const ONE_IN: usize = if cfg!(debug_assertions) { 16 } else { 1 };

/// Commands that write something besides a run's journal, and what shows that the home is whole afterwards.
const WRITES: [&str; 6] = [
    "routine export r --passphrase-file passphrase",
    "job new other --from src --to dst",
    "server edit src --rename other",
    "key rotate",
    "orgunit export src dst kept.csv",
    "script new value kept.rhai",
];

const SCRIPT: &str = r#"
mount -t tmpfs -o size=64m tmpfs "$HOME_DIR" || exit 99
cp -a "$SEED/." "$HOME_DIR/"
used=$(df -k --output=used "$HOME_DIR" | tail -n 1)
mount -o remount,size=$((used + ROOM))k "$HOME_DIR" || exit 99
cd "$HOME_DIR" || exit 99
number=0
for line in "$@"; do
  eval "$XFER $line" > "$RESULTS/$number.out" 2> "$RESULTS/$number.err" < /dev/null
  echo $? > "$RESULTS/$number.code"
  mount -o remount,size=64m "$HOME_DIR"
  number=$((number + 1))
done
if [ "$KEEP" = yes ]; then
  rm -rf "$SEED"/* && cp -a "$HOME_DIR/." "$SEED/" || exit 98
fi
"#;

/// What becomes of the home of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    /// It is what the commands made of it.
    Goes,
    /// It is as it was.
    Stays,
}

/// Runs commands in a copy of a home: the first with so many KiB of room, those after it with enough.
fn with_room(trial: &Trial, home: Home, kilobytes: usize, lines: &[&str]) -> Vec<Output> {
    let results = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "--map-root-user", "/bin/sh", "-c", SCRIPT, "sh"]).args(lines);
    shell.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("NO_COLOR", "1");
    shell.env("HOME_DIR", place.path()).env("SEED", trial.xfer.home()).env("RESULTS", results.path());
    shell.env("ROOM", kilobytes.to_string()).env("XFER", env!("CARGO_BIN_EXE_xfer")).env("XFER_HOME", place.path());
    shell.env("TMPDIR", results.path()).env("KEEP", if home == Home::Goes { "yes" } else { "no" });
    let done = shell.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let read = |number: usize, ending: &str| {
        std::fs::read_to_string(results.path().join(format!("{number}.{ending}"))).unwrap()
    };
    let output = |number| Output {
        stdout: read(number, "out"),
        stderr: read(number, "err"),
        code: read(number, "code").trim().parse().unwrap(),
    };
    (0..lines.len()).map(output).collect()
}

fn can_mount() -> bool {
    let mut shell = Command::new("unshare");
    shell.args(["--mount", "--map-root-user", "/bin/sh", "-c", "mount -t tmpfs tmpfs /mnt"]);
    let can = shell.output().is_ok_and(|done| done.status.success());
    if !can {
        announce("faults: full disks are NOT TRIED: this system lets no test mount a file system of its own");
    }
    can
}

/// What a command with too little room says and how it ends; whether it had too little.
fn met_the_end(output: &Output, name: &str) -> bool {
    assert!(matches!(output.code, 0 | 74), "{name}: {output}");
    assert!(output.code == 0 || output.stderr.len() > 40, "{name}: without words\n{output}");
    assert!(!output.stderr.contains("panicked"), "{name}: {output}");
    output.code == 74
}

fn sizes(most: usize) -> impl Iterator<Item = usize> {
    (0..most).map(|pages| pages * 4)
}

fn tell(what: &str, tried: usize, full: usize) {
    announce(&format!("faults: {tried} disks with little room under {what}: {full} were full, nothing was lost"));
}

#[test]
fn faults_of_full_disks_in_a_run() {
    if !can_mount() {
        return;
    }
    let trial = ready(Profile::V43);
    let mut full = BTreeMap::new();
    let cases: Vec<_> = Step::ALL.iter().flat_map(|step| sizes(48).map(move |room| (*step, room))).collect();
    let cases: Vec<_> = cases.into_iter().step_by(ONE_IN + 1 - ONE_IN % 2).collect();
    for (disturbed, room) in &cases {
        let name = format!("{disturbed:?} with {room} KiB");
        for step in Step::ALL {
            prepare(&trial, step);
            if step == *disturbed {
                let outputs = with_room(&trial, Home::Goes, *room, &[step.line(), step.line(), "runs list"]);
                *full.entry(format!("{step:?}")).or_insert(0) += usize::from(met_the_end(&outputs[0], &name));
                assert_eq!((outputs[1].code, outputs[2].code), (0, 0), "{name}: {}{}", outputs[1], outputs[2]);
                assert_right(&trial, step, &name);
            }
            trial.ok(step.line());
            assert_right(&trial, step, &name);
        }
    }
    tell(&format!("runs and syncs {full:?}"), cases.len(), full.values().sum());
    assert!(ONE_IN > 1 || full.values().all(|full| *full > 0), "{full:?}");
}

#[test]
fn faults_of_full_disks_in_what_is_configured() {
    if !can_mount() {
        return;
    }
    let trial = ready(Profile::V43);
    prepare(&trial, Step::Fill);
    trial.xfer.file("passphrase", "correct horse battery staple");
    let mut full = BTreeMap::new();
    let cases: Vec<_> = WRITES.iter().flat_map(|line| sizes(24).map(move |room| (*line, room))).collect();
    let cases: Vec<_> = cases.into_iter().step_by(ONE_IN + 1 - ONE_IN % 2).collect();
    for (line, room) in &cases {
        let name = format!("`{line}` with {room} KiB");
        let outputs = with_room(&trial, Home::Stays, *room, &[line, line, "server list", "run r --dry-run"]);
        let was_full = met_the_end(&outputs[0], &name);
        *full.entry(*line).or_insert(0) += usize::from(was_full);
        assert!(!was_full || outputs[1].code == 0, "{name}: with room again\n{}", outputs[1]);
        assert_eq!(outputs[2].code, 0, "{name}: {}", outputs[2]);
        assert_eq!(outputs[3].code, 0, "{name}: {}", outputs[3]);
    }
    tell(&format!("{full:?}"), cases.len(), full.values().sum());
    assert!(ONE_IN > 1 || full.values().all(|full| *full > 0), "{full:?}");
}
