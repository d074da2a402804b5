//! Schedules through the real program: what is shown is what schedulers take, and what would fail at night is refused.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use crate::command_line::{Office, refused};
use crate::support::Output;

fn exported() -> Office {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    office
}

const WHAT: &str = "monthly.xfer --key-file run-key --at 02:30";

#[test]
fn what_is_shown_names_the_program_the_file_and_the_next_five_runs() {
    let office = exported();
    let shown = office.ok(&format!("schedule show {WHAT} --for cron"));
    assert!(shown.stdout.starts_with("30 2 * * * "), "\n{shown}");
    assert!(shown.stdout.contains("[HOME]/monthly.xfer --key-file [HOME]/run-key"), "\n{shown}");
    assert_eq!(shown.stderr.matches(" 02:30").count(), 5, "\n{shown}");
    let cluster = office.ok(&format!("schedule show {WHAT} --for kubernetes --image here/xfer:1"));
    let key = std::fs::read_to_string(office.xfer.home().join("run-key")).unwrap();
    assert!(cluster.stdout.contains("image: \"here/xfer:1\"") && !cluster.stdout.contains(key.trim()), "\n{cluster}");
    let _ = office.xfer.run(&format!("schedule show {WHAT} --for kubernetes")).expect_code(2);
}

#[test]
fn what_would_fail_at_night_is_refused_by_day() {
    use std::os::unix::fs::PermissionsExt;
    let office = exported();
    let show = |what: &str| office.xfer.run(&format!("schedule show {what} --for systemd"));
    refused(&show("monthly.xfer --key-file run-key --at 25:00"), 2, &["25:00", "02:30"]);
    refused(&show("missing.xfer --key-file run-key --at 02:30"), 10, &["missing.xfer"]);
    refused(&show("monthly.xfer --key-file missing --at 02:30"), 10, &["missing"]);
    office.ok("routine export monthly other.xfer --new-key-file other-key");
    refused(&show("monthly.xfer --key-file other-key --at 02:30"), 12, &["monthly.xfer"]);
    let key = office.xfer.home().join("run-key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&show(WHAT), 2, &["other users", "chmod 600"]);
    refused(&office.xfer.run("schedule remove monthly.xfer --for windows"), 2, &["schtasks"]);
}

#[test]
fn units_are_written_taken_by_systemd_and_removed() {
    let office = exported();
    let units = tempfile::tempdir().unwrap();
    let folder = units.path().display();
    office.ok(&format!("schedule install {WHAT} --for systemd --folder {folder}"));
    let timer = units.path().join("xfer-monthly.timer");
    assert!(std::fs::read_to_string(&timer).unwrap().contains("OnCalendar=*-*-* 02:30:00"));
    // Where it is not installed, the snapshots of the units have to do.
    if let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&timer).output() {
        let said = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success() && !said.contains("xfer-monthly"), "{said}");
    }
    let removed = office.ok(&format!("schedule remove monthly.xfer --for systemd --folder {folder}"));
    assert!(removed.stderr.contains("systemctl disable --now xfer-monthly.timer"), "\n{removed}");
    assert_eq!(std::fs::read_dir(units.path()).unwrap().count(), 0);
}

/// A `crontab` that keeps its lines in a file, as the real one does for each user.
fn crontab(office: &Office, words: &str) -> Output {
    let folder = office.xfer.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("crontab");
    let script = "#!/bin/sh\ntab=\"$XFER_HOME/tab\"\nif [ \"$1\" = -l ]; then\n  if [ -f \"$tab\" ]; then /bin/cat \"$tab\"; \
                  else echo 'no crontab for you' >&2; exit 1; fi\nelse /bin/cat > \"$tab\"; fi\n";
    std::fs::write(&program, script).unwrap();
    make_executable(&program);
    let words: Vec<&str> = words.split_whitespace().collect();
    let output = office.xfer.prepared(&words).env("PATH", &folder).output().unwrap();
    Output {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code().unwrap_or(-1),
    }
}

fn make_executable(file: &Path) {
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
}

#[test]
fn a_line_of_the_crontab_comes_runs_and_goes() {
    let office = exported();
    let tab = office.xfer.home().join("tab");
    let install = format!("schedule install {WHAT} --for cron");
    let _ = crontab(&office, &install).expect_code(0);
    let first = std::fs::read_to_string(&tab).unwrap();
    let _ = crontab(&office, &install).expect_code(0);
    assert_eq!(std::fs::read_to_string(&tab).unwrap(), first, "twice is once");
    // What cron would start: everything after the five fields, by its shell, with nothing in the environment.
    let command = first.trim_end().splitn(6, ' ').nth(5).unwrap();
    let started = Command::new("/bin/sh").args(["-c", command]).env_clear().output().unwrap();
    let said = String::from_utf8_lossy(&started.stderr);
    assert_eq!(started.status.code(), Some(3), "as the same run by hand: closed facilities are held back\n{said}");
    assert!(std::fs::read_to_string(office.xfer.home().join("monthly.log")).unwrap().contains("monthly"));
    let after = office.ok(&format!("schedule show {WHAT} --for cron"));
    assert!(after.stderr.contains("last run: "), "\n{after}");
    let _ = crontab(&office, "schedule remove monthly.xfer --for cron").expect_code(0);
    assert_eq!(std::fs::read_to_string(&tab).unwrap(), "");
    refused(&office.xfer.run(&install), 2, &["crontab -e"]);
}
