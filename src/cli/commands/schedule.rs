//! `xfer schedule`: an xfer file for systemd, cron, the Windows Task Scheduler or Kubernetes.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jiff::{Timestamp, Zoned};
use serde_json::json;

use crate::cli::arguments::keys::named;
use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::render::clock;
use crate::cli::render::listing::{Listing, moment, text};
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::schedule::{self, Due, Opener, Prepared, Removed, Request, Standing, Verified};
use crate::ops::xfer_files::outdated_files;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::moment::{DAY_AND_MINUTE, with_weekday};
use xfer_domain::shell::shell_word;
use xfer_storage::xferfile::Keys;

/// How many of the next runs are said.
const NEXT_RUNS: usize = 5;

/// `xfer schedule …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the schedules that were installed from this home, and their next runs
    List,
    /// Print the text for the scheduler, and the next runs
    Show(ShowArguments),
    /// Install it with systemd or cron on this machine
    Install(InstallArguments),
    /// Remove it from systemd or cron
    Remove(RemoveArguments),
}

/// The scheduler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// A systemd timer of the machine, with a hardened service
    Systemd,
    /// Your own systemd timer, which needs no administrator
    SystemdUser,
    /// A line of a crontab
    Cron,
    /// A file in /etc/cron.d
    CronD,
    /// A task of the Windows Task Scheduler, as XML
    Windows,
    /// A Kubernetes CronJob, as YAML
    Kubernetes,
}

impl Scheduler {
    fn meant(self) -> schedule::Scheduler {
        match self {
            Self::Systemd => schedule::Scheduler::Systemd,
            Self::SystemdUser => schedule::Scheduler::SystemdUser,
            Self::Cron => schedule::Scheduler::Cron,
            Self::CronD => schedule::Scheduler::CronD,
            Self::Windows => schedule::Scheduler::Windows,
            Self::Kubernetes => schedule::Scheduler::Kubernetes,
        }
    }
}

/// What is to be run, and when.
#[derive(Debug, Args)]
pub struct WhatArguments {
    /// The xfer file
    pub file: PathBuf,
    /// When: a time of day (02:30), or the five fields of a cron line ("0 3 5 * *")
    #[arg(long, value_name = "TIME")]
    pub at: String,
    /// The scheduler
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    pub scheduler: Scheduler,
    /// The key file that opens the file
    #[arg(long, value_name = "FILE", required_unless_present = "passphrase_file", conflicts_with = "passphrase_file")]
    pub key_file: Option<PathBuf>,
    /// A file with the passphrase that opens the file
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// The user that runs it (systemd, cron, cron-d and windows)
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Its name in the scheduler [default: named after the file]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// `xfer schedule show`
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// What and when.
    #[command(flatten)]
    pub what: WhatArguments,
    /// The container image with the program (Kubernetes)
    #[arg(long, value_name = "IMAGE", required_if_eq("scheduler", "kubernetes"))]
    pub image: Option<String>,
}

/// `xfer schedule install`
#[derive(Debug, Args)]
pub struct InstallArguments {
    /// What and when.
    #[command(flatten)]
    pub what: WhatArguments,
    /// The folder for its files, if not the scheduler's usual one (systemd, systemd-user, cron-d)
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Also start the systemd timer now
    #[arg(long)]
    pub start: bool,
}

/// `xfer schedule remove`
#[derive(Debug, Args)]
pub struct RemoveArguments {
    /// The xfer file (it may be deleted already), or the name of the schedule
    pub file: PathBuf,
    /// The scheduler [default: the one it was installed with]
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    pub scheduler: Option<Scheduler>,
    /// The folder of its files, if not the scheduler's usual one
    #[arg(long, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// Carries out `xfer schedule …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::List => list(home, ui)?,
        Command::Show(arguments) => {
            let prepared = prepare(&arguments.what, home, ui)?;
            ui.raw_data(&told(&prepared, arguments)?);
            say_times(&prepared, ui);
        }
        Command::Install(arguments) => install(arguments, home, ui)?,
        Command::Remove(arguments) => remove(arguments, home, ui)?,
    }
    Ok(ExitCode::Success)
}

/// Reads what opens the file as the run will read it, and tries everything.
fn prepare(what: &WhatArguments, home: &Home, ui: &Ui) -> Result<Prepared, CliError> {
    let times = schedule::times(&what.at)?;
    let program = std::env::current_exe()
        .map_err(|cause| CliError::local_io("the path of this program could not be found".to_owned(), &cause))?;
    let (opener, keys) = match (&what.key_file, &what.passphrase_file) {
        (Some(file), _) => (Opener::KeyFile(file.clone()), named(std::slice::from_ref(file))?),
        (None, Some(file)) if file == Path::new("-") => {
            return Err(CliError::usage("a scheduled run cannot ask for the passphrase".to_owned())
                .hint("write it to a file that only the user of the run can read, and give that file"));
        }
        (None, Some(file)) => {
            let source = SecretSource::File(file.clone());
            let passphrase = secret(ui, &source, "passphrase of the file", "--passphrase-file")?;
            let keys = Keys { passphrases: vec![passphrase], key_files: Vec::new() };
            (Opener::PassphraseFile(file.clone()), keys)
        }
        (None, None) => return Err(CliError::usage("no key or passphrase was given for the file".to_owned())),
    };
    let request = Request {
        name: what.name.clone(),
        scheduler: what.scheduler.meant(),
        program,
        file: what.file.clone(),
        opener,
        keys,
        user: what.user.clone(),
        times,
    };
    Ok(schedule::prepare(home, request, Timestamp::now())?)
}

/// What the scheduler is given, for people to read or to save.
fn told(prepared: &Prepared, arguments: &ShowArguments) -> Result<String, CliError> {
    let run = &prepared.scheduled;
    let folder = schedule::usual_folder(prepared.scheduler)?.unwrap_or_default();
    Ok(match prepared.scheduler {
        schedule::Scheduler::Systemd | schedule::Scheduler::SystemdUser => {
            let [(service, of_service), (timer, of_timer)] = schedule::units(run, prepared.scheduler, &folder);
            format!("# {}\n{of_service}\n# {}\n{of_timer}", service.display(), timer.display())
        }
        schedule::Scheduler::Cron => format!("{}\n", schedule::cron_line(run)),
        schedule::Scheduler::CronD => {
            format!("# {}\n{}\n", schedule::cron_file(&folder, &run.name).display(), schedule::cron_d_line(run))
        }
        schedule::Scheduler::Windows => schedule::windows_task(run).ok_or_else(|| {
            CliError::usage(format!("the Task Scheduler cannot do `{}`", run.times.cron_line()))
                .hint("use at most 48 times a day, and days of the week or days of the month, not both")
        })?,
        schedule::Scheduler::Kubernetes => {
            let zone = Zoned::now().time_zone().iana_name().map(str::to_owned);
            schedule::kubernetes(run, arguments.image.as_deref().unwrap_or_default(), zone.as_deref())
        }
    })
}

/// What was tried, and nothing that was not.
fn tried(prepared: &Prepared) -> String {
    let opener = prepared.scheduled.opener.noun();
    if !prepared.tried.whole {
        return format!("the file opens with {opener}; program and home were not tested");
    }
    let whose = prepared.tried.as_user.as_ref().map_or_else(String::new, |user| format!(" as {user}"));
    format!("program, file, {} and home were tested{whose} and are fine", opener.trim_start_matches("the "))
}

/// Says what was tried, when the next runs are due, and whether the last one was missed.
fn say_times(prepared: &Prepared, ui: &Ui) {
    ui.say(&format!("the routine {}: {}", prepared.routine_name, tried(prepared)));
    for note in &prepared.tried.notes {
        ui.warn(note);
    }
    let now = Zoned::now();
    let next = prepared.scheduled.times.next(&now, NEXT_RUNS);
    let shown: Vec<String> = next.iter().map(|due| due.strftime(DAY_AND_MINUTE).to_string()).collect();
    ui.say(&format!("next runs ({}): {}", clock::zone_name(), shown.join(", ")));
    if std::env::var_os("TZ").is_some() && prepared.scheduler != schedule::Scheduler::Kubernetes {
        ui.say("TZ is set here, but the scheduler uses the time zone of the machine");
    }
    let last = prepared.last_start.map(|last| last.to_zoned(now.time_zone().clone()));
    if let Some(last) = &last {
        ui.say(&format!("last run: {}", with_weekday(last)));
    }
    if let Some(due) = prepared.missed(&now) {
        ui.warn(&format!("a run was due {} and did not happen; look at the scheduler's log", with_weekday(&due)));
    }
}

/// Only what can be undone the same way is done here; the others have programs of their own for it.
fn elsewhere(scheduler: Scheduler, act: &str) -> CliError {
    let how = match (scheduler, act) {
        (Scheduler::Windows, "install") => "save what `xfer schedule show` prints and run `schtasks /Create /XML FILE`",
        (Scheduler::Windows, _) => "run `schtasks /Delete /TN NAME`",
        (_, "install") => "save what `xfer schedule show` prints and run `kubectl apply -f FILE`",
        (..) => "run `kubectl delete cronjob xfer-NAME`",
    };
    CliError::usage(format!("{act} works for systemd and cron")).hint(how)
}

fn install(arguments: &InstallArguments, home: &Home, ui: &Ui) -> Result<(), CliError> {
    let what = &arguments.what;
    if matches!(what.scheduler, Scheduler::Windows | Scheduler::Kubernetes) {
        return Err(elsewhere(what.scheduler, "install"));
    }
    let prepared = prepare(what, home, ui)?;
    let installed = schedule::install(home, &prepared, arguments.folder.as_deref(), arguments.start, Timestamp::now())?;
    if let Some(old) = &installed.moved_from {
        say_removed(old, ui);
    }
    say_files("wrote", &installed.files, ui);
    match &installed.verified {
        Some(Verified::Fine) => ui.say("systemd checked the units: no problems"),
        Some(Verified::Doubts(words)) => ui.warn(&format!("systemd says about the units:\n{words}")),
        Some(Verified::NotHere) => {
            ui.say("systemd-analyze is not on this machine, so the units were not checked");
        }
        None => {}
    }
    match what.scheduler {
        Scheduler::Cron if installed.changed => ui.say("added to the crontab"),
        Scheduler::Cron => ui.say("the crontab already has this line"),
        Scheduler::CronD if installed.changed => ui.say("cron will start it"),
        _ if arguments.start => ui.say("systemd will start it"),
        _ => {}
    }
    say_commands("start it with:", &installed.to_start, ui);
    if what.scheduler == Scheduler::SystemdUser {
        ui.say("to run it also while you are not logged in, do once:\n    loginctl enable-linger");
    }
    say_times(&prepared, ui);
    Ok(())
}

fn say_commands(heading: &str, commands: &[Vec<String>], ui: &Ui) {
    if commands.is_empty() {
        return;
    }
    ui.say(heading);
    for command in commands {
        // Four spaces keep it in one piece, so that it can be copied.
        ui.say(&format!("    {}", command.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")));
    }
}

fn remove(arguments: &RemoveArguments, home: &Home, ui: &Ui) -> Result<(), CliError> {
    if let Some(scheduler @ (Scheduler::Windows | Scheduler::Kubernetes)) = arguments.scheduler {
        return Err(elsewhere(scheduler, "remove"));
    }
    let scheduler = arguments.scheduler.map(Scheduler::meant);
    let removed = schedule::remove(home, &arguments.file, scheduler, arguments.folder.as_deref())?;
    say_removed(&removed, ui);
    if removed.from_crontab {
        ui.say("removed from the crontab");
    } else if removed.files.is_empty() {
        ui.say(&format!("there was nothing of {} to remove", removed.name));
    }
    say_commands("to tell systemd:", &removed.to_stop, ui);
    Ok(())
}

fn say_removed(removed: &Removed, ui: &Ui) {
    let (left, gone): (Vec<PathBuf>, Vec<PathBuf>) = removed.files.iter().cloned().partition(|file| file.exists());
    say_files("removed its line from", &left, ui);
    say_files("removed", &gone, ui);
}

/// What was done to files, each on a line of its own.
fn say_files(what: &str, files: &[PathBuf], ui: &Ui) {
    if files.is_empty() {
        return;
    }
    let paths: Vec<String> = files.iter().map(|file| format!("    {}", file.display())).collect();
    ui.say(&format!("{what}\n{}", paths.join("\n")));
}

fn list(home: &Home, ui: &Ui) -> Result<(), CliError> {
    let columns = [
        text("name", "Schedule").whole(),
        text("routine", "Routine").detail(),
        text("file", "Xfer file").whole(),
        text("scheduler", "Started by").whole().detail(),
        text("user", "As").detail(),
        text("at", "When").whole(),
        moment("next_run", "Next run"),
        moment("last_run", "Last run").detail(),
        text("state", "State"),
    ];
    let mut listing = Listing::new(&columns, "no schedules were installed from this home");
    let now = Zoned::now();
    let outdated = outdated_files(home);
    for due in schedule::due(home, &now)? {
        let record = &due.record;
        listing.row(vec![
            json!(record.name),
            json!(record.routine_name),
            json!(record.file),
            json!(record.scheduler.name()),
            json!(record.user),
            json!(record.at),
            json!(due.next.as_ref().map(|next| next.timestamp().to_string())),
            json!(due.last_start.map(|last| last.to_string())),
            json!(state(&due, outdated.contains(&*due.record.file.to_string_lossy()))),
        ]);
    }
    listing.print(ui);
    Ok(())
}

/// How it stands with a schedule, in words.
fn state(due: &Due, outdated: bool) -> String {
    let installed = installed(due);
    if outdated { format!("{installed}; the file is older than the routine: export it again") } else { installed }
}

fn installed(due: &Due) -> String {
    match (schedule::standing(&due.record), &due.missed) {
        (Standing::AsInstalled, None) => "installed".to_owned(),
        (Standing::AsInstalled, Some(missed)) => {
            format!("missed a run that was due {}", with_weekday(missed))
        }
        (Standing::Gone(place), _) => format!("no longer in {place}"),
        (Standing::Altered(place), _) => format!("changed in {place}"),
        (Standing::NotStarted, _) => "installed, but not started".to_owned(),
        (Standing::Unseen(why), _) => format!("cannot be checked: {why}"),
    }
}
