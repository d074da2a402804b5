//! Schedules through the real program: what is shown is what schedulers take, and what would fail at night is refused.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::office::{Office, refused};
use crate::support::{Output, Xfer};

fn exported() -> Office {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    office
}

const WHAT: &str = "monthly.xfer --key-file run-key --at 02:30";

/// A `crontab` that keeps its lines in a file, as the real one does for each user.
const CRONTAB: &str = "#!/bin/sh\nif [ \"$1\" = -u ]; then tab=\"$XFER_HOME/tab-$2\"; shift 2; else \
                       tab=\"$XFER_HOME/tab\"; fi\nif [ \"$1\" = -l ]; then\n  if [ -f \"$tab\" ]; then \
                       /bin/cat \"$tab\"; else echo 'no crontab for you' >&2; exit 1; fi\nelse /bin/cat > \"$tab\"; fi\n";

/// A `systemctl` that writes down what it is told, and makes the link that the real one makes.
const SYSTEMCTL: &str = "#!/bin/sh\necho \"$*\" >> \"$XFER_HOME/told\"\ncase \"$*\" in\n  *enable*) /bin/mkdir -p \
                         \"$XFER_HOME/units/timers.target.wants\"; /bin/ln -sf ../xfer-monthly.timer \
                         \"$XFER_HOME/units/timers.target.wants/xfer-monthly.timer\" ;;\n  *disable*) /bin/rm \
                         \"$XFER_HOME/units/timers.target.wants/xfer-monthly.timer\" ;;\nesac\n";

/// A folder with these programs and no others of schedulers, whatever this machine has.
fn programs(xfer: &Xfer, programs: &[(&str, &str)]) -> PathBuf {
    let folder = xfer.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, script) in programs {
        let program = folder.join(name);
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    folder
}

fn run_with(xfer: &Xfer, path: &str, words: &str) -> Output {
    let words: Vec<&str> = words.split_whitespace().collect();
    let output = xfer.prepared(&words).env("PATH", path).output().unwrap();
    let home = xfer.home().display().to_string();
    let said = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&home, "[HOME]");
    Output { stdout: said(output.stdout), stderr: said(output.stderr), code: output.status.code().unwrap_or(-1) }
}

fn crontab(office: &Office, words: &str) -> Output {
    let folder = programs(&office.xfer, &[("crontab", CRONTAB)]);
    run_with(&office.xfer, &folder.display().to_string(), words)
}

fn systemd(office: &Office, words: &str) -> Output {
    let folder = programs(&office.xfer, &[("systemctl", SYSTEMCTL)]);
    run_with(&office.xfer, &format!("{}:/usr/bin:/bin", folder.display()), words)
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
}

#[test]
fn what_is_shown_names_the_program_the_file_and_the_next_five_runs() {
    let office = exported();
    let shown = office.ok(&format!("schedule show {WHAT} --for cron"));
    assert!(shown.stdout.starts_with("30 2 * * * "), "\n{shown}");
    assert!(shown.stdout.contains("[HOME]/monthly.xfer --key-file [HOME]/run-key"), "\n{shown}");
    assert_eq!(shown.stderr.matches(" 02:30").count(), 5, "\n{shown}");
    let cluster = office.ok(&format!("schedule show {WHAT} --for kubernetes --image here/xfer:1"));
    let key = read(&office.xfer.home().join("run-key"));
    assert!(cluster.stdout.contains("image: \"here/xfer:1\"") && !cluster.stdout.contains(key.trim()), "\n{cluster}");
    let _ = office.xfer.run(&format!("schedule show {WHAT} --for kubernetes")).expect_code(2);
    assert!(shown.stderr.contains("program, file, key file and home were tested and are fine"), "\n{shown}");
    let untried = "monthly: the file opens with the key file; program and home were not tested";
    assert!(cluster.stderr.contains(untried) && !cluster.stderr.contains("good"), "\n{cluster}");
    let task = office.ok(&format!("schedule show {WHAT} --for windows"));
    assert!(task.stdout.starts_with("<?xml") && task.stdout.contains("<DaysInterval>1<"), "\n{task}");
}

#[test]
fn what_would_fail_at_night_is_refused_by_day() {
    let office = exported();
    let show = |what: &str| office.xfer.run(&format!("schedule show {what} --for systemd"));
    refused(&show("monthly.xfer --key-file run-key --at 25:00"), 2, &["25:00", "02:30"]);
    refused(&show("missing.xfer --key-file run-key --at 02:30"), 10, &["missing.xfer"]);
    refused(&show("monthly.xfer --key-file missing --at 02:30"), 10, &["missing"]);
    office.ok("routine export monthly other.xfer --new-key-file other-key");
    refused(&show("monthly.xfer --key-file other-key --at 02:30"), 12, &["monthly.xfer"]);
    let long = format!("schedule show {WHAT} --for kubernetes --image here --name {}", "a".repeat(48));
    refused(&office.xfer.run(&long), 2, &["53 characters", "at most 47 characters with --name"]);
    let key = office.xfer.home().join("run-key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&show(WHAT), 2, &["other users", "chmod 600"]);
    refused(&office.xfer.run("schedule remove monthly.xfer --for windows"), 2, &["schtasks"]);
    refused(&office.xfer.run("schedule remove monthly.xfer"), 2, &["monthly.xfer", "schedule list"]);
}

#[test]
fn a_file_that_a_passphrase_opens_is_tried_with_the_file_that_the_run_will_read() {
    let office = Office::ready();
    office.xfer.file("passphrase", "five words that nobody guesses");
    office.xfer.file("wrong", "five words that somebody typed");
    office.ok("routine export monthly --passphrase-file passphrase");
    let show = |what: &str| office.xfer.run(&format!("schedule show monthly.xfer --at 02:30 {what}"));
    let unit = show("--for systemd --passphrase-file passphrase").expect_code(0);
    assert!(unit.stdout.contains("LoadCredential=xfer-passphrase:[HOME]/passphrase"), "\n{unit}");
    let cluster = show("--for kubernetes --image here --passphrase-file passphrase").expect_code(0);
    assert!(cluster.stdout.contains("--from-file=xfer-passphrase=[HOME]/passphrase"), "\n{cluster}");
    let task = show("--for windows --passphrase-file passphrase").expect_code(0);
    assert!(task.stdout.contains("--passphrase-file [HOME]/passphrase"), "\n{task}");
    refused(&show("--for cron --passphrase-file wrong"), 12, &["monthly.xfer"]);
    refused(&show("--for cron --passphrase-file -"), 2, &["cannot ask for"]);
    let _ = show("--for cron").expect_code(2);
    let open = office.xfer.home().join("passphrase");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();
    refused(&show("--for cron --passphrase-file passphrase"), 2, &["other users", "chmod 600"]);
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o600)).unwrap();

    let _ = crontab(&office, "schedule install monthly.xfer --at 02:30 --passphrase-file passphrase --for cron")
        .expect_code(0);
    assert_eq!(started_by_cron(&read(&office.xfer.home().join("tab"))), Some(3), "closed facilities are held back");
    // As systemd hands it over: in a folder of credentials, by its name.
    let credentials = office.xfer.home().join("credentials");
    std::fs::create_dir(&credentials).unwrap();
    std::fs::copy(&open, credentials.join("xfer-passphrase")).unwrap();
    let mut service = office.xfer.prepared(&["exec", "monthly.xfer"]);
    let status = service.env("CREDENTIALS_DIRECTORY", &credentials).output().unwrap().status;
    assert_eq!(status.code(), Some(3));
}

/// What cron would start: everything after the five fields, by its shell, with nothing in the environment.
fn started_by_cron(tab: &str) -> Option<i32> {
    let command = tab.trim_end().splitn(6, ' ').nth(5).unwrap();
    Command::new("/bin/sh").args(["-c", command]).env_clear().output().unwrap().status.code()
}

#[test]
fn units_are_written_taken_by_systemd_started_and_removed() {
    let office = exported();
    let units = office.xfer.home().join("units");
    let install = format!("schedule install {WHAT} --for systemd --folder units");
    let installed = systemd(&office, &install).expect_code(0);
    let timer = units.join("xfer-monthly.timer");
    assert!(read(&timer).contains("OnCalendar=*-*-* 02:30:00"));
    assert!(installed.stderr.contains("\n    systemctl enable --now xfer-monthly.timer\n"), "\n{installed}");
    // Where it is not installed, the snapshots of the units have to do.
    if let Ok(verified) = Command::new("systemd-analyze").arg("verify").arg(&timer).output() {
        let said = String::from_utf8_lossy(&verified.stderr);
        assert!(verified.status.success() && !said.contains("xfer-monthly"), "{said}");
        assert!(installed.stderr.contains("no problems"), "\n{installed}");
    }
    let state = |office: &Office| systemd(office, "schedule list --format json").json()[0]["state"].clone();
    assert_eq!(state(&office), "installed, but not started");
    assert!(!office.xfer.home().join("told").exists(), "systemd was told nothing unasked");

    let _ = systemd(&office, &format!("{install} --start")).expect_code(0);
    assert_eq!(state(&office), "installed");
    let told = read(&office.xfer.home().join("told")).replace(&office.xfer.home().display().to_string(), "[HOME]");
    assert_eq!(
        told.lines().collect::<Vec<_>>(),
        [
            "link [HOME]/units/xfer-monthly.service [HOME]/units/xfer-monthly.timer",
            "daemon-reload",
            "enable --now xfer-monthly.timer"
        ]
    );
    std::fs::write(&timer, read(&timer).replace("02:30", "03:30")).unwrap();
    assert_eq!(state(&office), "changed in [HOME]/units/xfer-monthly.timer");
    std::fs::remove_file(&timer).unwrap();
    assert_eq!(state(&office), "no longer in [HOME]/units/xfer-monthly.timer");

    let removed = systemd(&office, "schedule remove monthly").expect_code(0);
    assert!(removed.stderr.contains("removed\n    [HOME]/units/xfer-monthly.service\n"), "\n{removed}");
    let told = read(&office.xfer.home().join("told"));
    assert!(told.ends_with("disable --now xfer-monthly.timer\ndaemon-reload\n"), "{told}");
    assert_eq!(systemd(&office, "schedule list --format json").json().as_array().unwrap().len(), 0);
    assert!(!timer.exists() && !units.join("xfer-monthly.service").exists());
}

#[test]
fn a_systemd_that_refuses_is_an_error_that_names_the_command() {
    let office = exported();
    let folder = programs(&office.xfer, &[("systemctl", "#!/bin/sh\necho 'no bus here' >&2\nexit 1\n")]);
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let install = format!("schedule install {WHAT} --for systemd-user --folder units --start");
    refused(&run_with(&office.xfer, &path, &install), 2, &["systemctl --user link", "no bus here", "by hand"]);
    let unit = read(&office.xfer.home().join("units/xfer-monthly.service"));
    assert!(!unit.contains("CapabilityBoundingSet") && unit.contains("NoNewPrivileges=yes"), "{unit}");
    // What was written is known all the same, and can be taken back.
    let listed = office.ok("schedule list --format json").json();
    assert_eq!((&listed[0]["name"], &listed[0]["state"]), (&"monthly".into(), &"installed, but not started".into()));
    let _ = systemd(&office, "schedule remove monthly").expect_code(0);
    assert!(!office.xfer.home().join("units/xfer-monthly.service").exists());
}

#[test]
fn a_timer_that_cannot_be_stopped_stays_known_until_it_is() {
    let office = exported();
    let service = office.xfer.home().join("units/xfer-monthly.service");
    let _ = systemd(&office, &format!("schedule install {WHAT} --for systemd --folder units --start")).expect_code(0);
    let folder = programs(&office.xfer, &[("systemctl", "#!/bin/sh\necho 'no bus here' >&2\nexit 1\n")]);
    let refusing = format!("{}:/usr/bin:/bin", folder.display());
    let remove = || run_with(&office.xfer, &refusing, "schedule remove monthly");
    refused(&remove(), 2, &["systemctl disable --now xfer-monthly.timer", "no bus here", "nothing was removed"]);
    assert!(service.exists());
    refused(&remove(), 2, &["no bus here"]);
    let listed = office.ok("schedule list --format json").json();
    assert_eq!(listed[0]["state"], "installed");
    let _ = systemd(&office, "schedule remove monthly").expect_code(0);
    assert!(!service.exists());
    assert_eq!(office.ok("schedule list --format json").json().as_array().unwrap().len(), 0);
}

#[test]
fn a_line_of_the_crontab_comes_runs_and_goes() {
    let office = exported();
    let tab = office.xfer.home().join("tab");
    std::fs::write(&tab, "0 1 * * * backup # mine\n").unwrap();
    let install = format!("schedule install {WHAT} --for cron");
    let _ = crontab(&office, &install).expect_code(0);
    let first = read(&tab);
    let again = crontab(&office, &install).expect_code(0);
    assert!(again.stderr.contains("already has this line"), "\n{again}");
    assert_eq!(read(&tab), first, "twice is once");
    assert_eq!(started_by_cron(first.lines().nth(1).unwrap()), Some(3), "closed facilities are held back");
    assert!(read(&office.xfer.home().join("monthly.log")).contains("monthly"));
    let after = office.ok(&format!("schedule show {WHAT} --for cron"));
    assert!(after.stderr.contains("last run: "), "\n{after}");

    let listed = crontab(&office, "schedule list --format json").json();
    assert_eq!(listed[0]["state"], "installed");
    assert!(listed[0]["next_run"].as_str().unwrap().contains("T02:30:00"), "{listed:#}");
    assert!(listed[0]["last_run"].is_string(), "{listed:#}");
    let board = office.ok("--format json").json();
    assert_eq!(board["routines"][0]["next_run"], listed[0]["next_run"]);
    assert_eq!(board["files"][0]["next_run"], listed[0]["next_run"]);
    assert!(office.ok("").stdout.contains("Next run"), "the dashboard shows it");

    let removed = crontab(&office, "schedule remove monthly.xfer").expect_code(0);
    assert!(removed.stderr.contains("removed from the crontab"), "\n{removed}");
    assert_eq!(read(&tab), "0 1 * * * backup # mine\n");
    assert!(!office.ok("").stdout.contains("Next run"));
    let nowhere = office.xfer.home().join("empty");
    refused(&run_with(&office.xfer, &nowhere.display().to_string(), &install), 2, &["crontab -e"]);
}

#[test]
fn a_file_of_cron_d_keeps_what_others_wrote_into_it() {
    let office = exported();
    let file = office.xfer.home().join("cron.d/xfer-monthly");
    let install = format!("schedule install {WHAT} --for cron-d --folder cron.d");
    office.ok(&install);
    let first = read(&file);
    assert!(first.lines().nth(1).unwrap().starts_with("30 2 * * * root /"), "{first}");
    office.ok(&install);
    assert_eq!(read(&file), first, "twice is once");
    std::fs::write(&file, format!("{first}0 1 * * * root backup\n")).unwrap();
    office.ok("schedule remove monthly.xfer");
    assert!(read(&file).contains("backup") && !read(&file).contains("xfer:monthly"), "{}", read(&file));
    office.ok(&install);
    std::fs::write(&file, first).unwrap();
    office.ok("schedule remove monthly.xfer");
    assert!(!file.exists(), "nothing else stood in it");
}

#[test]
fn two_schedules_never_take_each_others_place() {
    let office = exported();
    office.ok(&format!("schedule install {WHAT} --for cron-d --folder cron.d"));
    let twice = format!("schedule install {WHAT} --for systemd --folder units");
    refused(&office.xfer.run(&twice), 2, &["is already started by cron-d", "schedule remove monthly"]);
    let renamed = format!("schedule install {WHAT} --for cron-d --folder cron.d --name second");
    refused(&office.xfer.run(&renamed), 2, &["is already started by cron-d, as monthly", "schedule remove monthly"]);
    assert!(!office.xfer.home().join("cron.d/xfer-second").exists());
    let elsewhere = office.xfer.home().join("other");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::copy(office.xfer.home().join("monthly.xfer"), elsewhere.join("monthly.xfer")).unwrap();
    let other = "schedule install other/monthly.xfer --key-file run-key --at 04:00 --for cron-d --folder cron.d";
    refused(&office.xfer.run(other), 2, &["the schedule monthly belongs to [HOME]/monthly.xfer", "--name"]);
    refused(&office.xfer.run(&format!("{other} --name Über")), 2, &["uber"]);
    office.ok(&format!("{other} --name again"));
    assert_eq!(office.ok("schedule list --format json").json().as_array().unwrap().len(), 2);
    office.ok("schedule remove other/monthly.xfer");
    assert!(office.xfer.home().join("cron.d/xfer-monthly").exists());
}

#[test]
fn a_schedule_that_is_installed_in_another_folder_leaves_nothing_in_the_old_one() {
    let office = exported();
    let there = |file: &str| office.xfer.home().join(file).exists();
    office.ok(&format!("schedule install {WHAT} --for cron-d --folder cron.d"));
    let moved = office.ok(&format!("schedule install {WHAT} --for cron-d --folder other.d"));
    assert!(moved.stderr.contains("removed\n    [HOME]/cron.d/xfer-monthly\n"), "\n{moved}");
    assert!(!there("cron.d/xfer-monthly") && there("other.d/xfer-monthly"));
    office.ok("schedule remove monthly.xfer");
    assert!(!there("other.d/xfer-monthly"));

    let install = format!("schedule install {WHAT} --for systemd-user --folder");
    let _ = systemd(&office, &format!("{install} units --start")).expect_code(0);
    let _ = systemd(&office, &format!("{install} units2")).expect_code(0);
    assert!(read(&office.xfer.home().join("told")).ends_with(
        "--user enable --now xfer-monthly.timer\n--user disable --now xfer-monthly.timer\n--user daemon-reload\n"
    ));
    assert!(!there("units/xfer-monthly.timer") && there("units2/xfer-monthly.timer"));
    let listed = systemd(&office, "schedule list --format json").json();
    assert_eq!(listed[0]["state"], "installed, but not started");
}

#[test]
fn a_machine_that_only_runs_files_needs_no_configuration_for_its_schedules() {
    let office = exported();
    let other = Xfer::new();
    for name in ["monthly.xfer", "run-key"] {
        other.file(name, std::fs::read(office.xfer.home().join(name)).unwrap());
    }
    let _ = other.run(&format!("schedule install {WHAT} --for cron-d --folder cron.d")).expect_code(0);
    assert!(!other.home().join("config.db").exists(), "none is made");
    assert_eq!(other.run("schedule list --format json").expect_code(0).json()[0]["routine"], "monthly");
    let board = other.run("").expect_code(0);
    assert!(board.stderr.contains("xfer schedule list"), "\n{board}");
    std::fs::remove_file(other.home().join("run-key")).unwrap();
    let told = other.run("doctor --format json").expect_code(3);
    assert!(told.stdout.contains("schedule-cannot-run") && !told.stdout.contains("home-empty"), "\n{told}");
}

#[test]
fn as_root_everything_is_tried_as_the_user_that_it_runs_as() {
    let office = exported();
    let home = office.xfer.home();
    let show = || office.xfer.run(&format!("schedule show {WHAT} --for cron --user nobody"));
    let missing = office.xfer.run(&format!("schedule show {WHAT} --for cron --user no-such-user"));
    if !is_root() {
        let told = show().expect_code(0);
        assert!(told.stderr.contains("only root can test whether nobody may"), "\n{told}");
        assert!(told.stderr.contains("program and home were not tested"), "\n{told}");
        return;
    }
    refused(&missing, 2, &["no user no-such-user on this machine"]);
    std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o700)).unwrap();
    refused(
        &show(),
        2,
        &["nobody may not read the xfer file", "[HOME] on the path to it belongs to root and has mode 700"],
    );
    std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o755)).unwrap();
    refused(
        &show(),
        2,
        &[
            "nobody may not read the xfer file [HOME]/monthly.xfer: it belongs to root and has mode 600",
            "nobody may not read the key file [HOME]/run-key",
            "nobody may not write to the home [HOME]",
            "chown nobody [HOME]/run-key",
        ],
    );
    let _ = Command::new("chown").args(["-R", "nobody"]).arg(home).status().unwrap();
    std::fs::set_permissions(home, std::fs::Permissions::from_mode(0o700)).unwrap();
    let given = show();
    // Whether others may enter the folder of this very program depends on where it was built.
    if given.code == 0 {
        assert!(given.stderr.contains("were tested as nobody and are fine"), "\n{given}");
    } else {
        refused(&given, 2, &["nobody may not start the program"]);
        assert!(!given.stderr.contains("xfer file"), "\n{given}");
    }
    // A home that is yet to be made is looked for as far as there is a way to it.
    let reach = |of: &str| {
        let words = format!("--home {of}/deep/home schedule show {WHAT} --for cron --user nobody");
        office.xfer.run(&words)
    };
    let closed = home.join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o700)).unwrap();
    let told = reach("closed");
    refused(&told, 2, &["nobody may not reach the home [HOME]/closed/deep/home: [HOME]/closed on the path to it"]);
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o711)).unwrap();
    assert!(!reach("closed").stderr.contains("may not reach"), "the way is open");
    // The service of systemd has none of the superuser's rights, so that root is bound like anybody else.
    let service = office.xfer.run(&format!("schedule show {WHAT} --for systemd"));
    refused(&service, 2, &["root may not read the xfer file"]);
}

fn is_root() -> bool {
    let asked = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8_lossy(&asked.stdout).trim() == "0"
}
