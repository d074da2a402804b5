//! `xfer schedule`: an xfer file handed to systemd, cron, the Windows Task Scheduler or Kubernetes.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jiff::{Timestamp, Zoned};

use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::schedule::{self, Prepared, Request, Scheduled, UNIT_FOLDER};

/// How many of the next runs are said.
const NEXT_RUNS: usize = 5;

/// `xfer schedule …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print what the scheduler is to be given, and when the next runs are due
    Show(ShowArguments),
    /// Hand it to systemd or cron on this machine
    Install(InstallArguments),
    /// Take it back from systemd or cron
    Remove(RemoveArguments),
}

/// Who starts the runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Scheduler {
    /// A systemd timer with a hardened service
    Systemd,
    /// A line of a crontab
    Cron,
    /// A task of the Windows Task Scheduler, as XML
    Windows,
    /// A Kubernetes CronJob, as YAML
    Kubernetes,
}

/// What is to be run, and when.
#[derive(Debug, Args)]
pub struct WhatArguments {
    /// The xfer file
    pub file: PathBuf,
    /// When: a time of the day (02:30), or the five fields of a cron line ("0 3 5 * *")
    #[arg(long, value_name = "TIME")]
    pub at: String,
    /// Who starts the runs
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    pub scheduler: Scheduler,
    /// The key file that opens the file
    #[arg(long, value_name = "FILE")]
    pub key_file: PathBuf,
    /// The user that it runs as (systemd and Windows)
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
}

/// `xfer schedule show`
#[derive(Debug, Args)]
pub struct ShowArguments {
    /// What and when.
    #[command(flatten)]
    pub what: WhatArguments,
    /// The container image that holds the program (Kubernetes)
    #[arg(long, value_name = "IMAGE", required_if_eq("scheduler", "kubernetes"))]
    pub image: Option<String>,
}

/// `xfer schedule install`
#[derive(Debug, Args)]
pub struct InstallArguments {
    /// What and when.
    #[command(flatten)]
    pub what: WhatArguments,
    /// Where the units of systemd go
    #[arg(long, value_name = "FOLDER", default_value = UNIT_FOLDER)]
    pub folder: PathBuf,
}

/// `xfer schedule remove`
#[derive(Debug, Args)]
pub struct RemoveArguments {
    /// The xfer file; it need not be there any more
    pub file: PathBuf,
    /// Who starts the runs
    #[arg(long = "for", value_enum, value_name = "SCHEDULER")]
    pub scheduler: Scheduler,
    /// Where the units of systemd are
    #[arg(long, value_name = "FOLDER", default_value = UNIT_FOLDER)]
    pub folder: PathBuf,
}

/// Carries out `xfer schedule …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::Show(arguments) => {
            let prepared = prepare(&arguments.what, home)?;
            ui.data(&text(&prepared.scheduled, arguments)?);
            say_times(&prepared, &arguments.what, ui);
        }
        Command::Install(arguments) => install(arguments, home, ui)?,
        Command::Remove(arguments) => remove(arguments, ui)?,
    }
    Ok(ExitCode::Success)
}

fn prepare(what: &WhatArguments, home: &Home) -> Result<Prepared, CliError> {
    let times = schedule::times(&what.at)?;
    let program = std::env::current_exe()
        .map_err(|cause| CliError::local_io("where this program lies could not be found out".to_owned(), &cause))?;
    let request =
        Request { program, file: what.file.clone(), key_file: what.key_file.clone(), user: what.user.clone(), times };
    Ok(schedule::prepare(home, request, Timestamp::now())?)
}

fn text(run: &Scheduled, arguments: &ShowArguments) -> Result<String, CliError> {
    Ok(match arguments.what.scheduler {
        Scheduler::Systemd => {
            let [service, timer] = schedule::unit_files(Path::new(UNIT_FOLDER), &run.name);
            format!(
                "# {}\n{}\n# {}\n{}",
                service.display(),
                schedule::systemd_service(run),
                timer.display(),
                schedule::systemd_timer(run)
            )
        }
        Scheduler::Cron => format!("{}\n", schedule::cron_line(run)),
        Scheduler::Windows => schedule::windows_task(run).ok_or_else(|| {
            CliError::usage(format!("the Task Scheduler cannot be told `{}`", run.times.cron_line()))
                .hint("give at most 48 times a day, on days of the week or on days of the month, not both")
        })?,
        Scheduler::Kubernetes => schedule::kubernetes(run, arguments.image.as_deref().unwrap_or_default()),
    })
}

/// Says when the next runs are due, and whether the last one was missed.
fn say_times(prepared: &Prepared, what: &WhatArguments, ui: &Ui) {
    ui.say(&format!("the routine {}: file, key and permissions were tried and are good", prepared.routine));
    if what.user.is_some() {
        ui.say("that was tried as you; the user that it runs as must be able to read the file and to write the home");
    }
    let now = Zoned::now();
    let next = prepared.scheduled.times.next(&now, NEXT_RUNS);
    let shown: Vec<String> = next.iter().map(|due| due.strftime("%a %Y-%m-%d %H:%M").to_string()).collect();
    let zone = now.time_zone().iana_name().unwrap_or("local time").to_owned();
    ui.say(&format!("next runs ({zone}): {}", shown.join(", ")));
    let Some(last) = prepared.last_start.map(|last| last.to_zoned(now.time_zone().clone())) else { return };
    match prepared.scheduled.times.missed(&last, &now) {
        Some(due) => ui.warn(&format!(
            "a run was due {} and none was started since {}; look at the scheduler's log",
            due.strftime("%a %Y-%m-%d %H:%M"),
            last.strftime("%a %Y-%m-%d %H:%M")
        )),
        None => ui.say(&format!("last run: {}", last.strftime("%a %Y-%m-%d %H:%M"))),
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
    let prepared = prepare(what, home)?;
    let run = &prepared.scheduled;
    if what.scheduler == Scheduler::Systemd {
        let files = schedule::install_units(run, &arguments.folder)?;
        ui.say(&format!("wrote {} and {}", files[0].display(), files[1].display()));
        ui.say(&format!("start it with: systemctl daemon-reload && systemctl enable --now xfer-{}.timer", run.name));
    } else {
        let changed = schedule::change_crontab(&run.name, Some(&schedule::cron_line(run)))?;
        ui.say(if changed { "the crontab starts it from now on" } else { "the crontab has this line already" });
    }
    say_times(&prepared, what, ui);
    Ok(())
}

fn remove(arguments: &RemoveArguments, ui: &Ui) -> Result<(), CliError> {
    let name = schedule::name_of(&arguments.file);
    match arguments.scheduler {
        Scheduler::Systemd => {
            let removed = schedule::remove_units(&arguments.folder, &name)?;
            for file in &removed {
                ui.say(&format!("removed {}", file.display()));
            }
            if removed.is_empty() {
                ui.say(&format!("there is no unit xfer-{name} in {}", arguments.folder.display()));
            } else {
                ui.say(&format!("stop it with: systemctl disable --now xfer-{name}.timer; systemctl daemon-reload"));
            }
        }
        Scheduler::Cron => {
            let changed = schedule::change_crontab(&name, None)?;
            ui.say(if changed { "the crontab starts it no more" } else { "the crontab has no such line" });
        }
        Scheduler::Windows | Scheduler::Kubernetes => return Err(elsewhere(arguments.scheduler, "remove")),
    }
    Ok(())
}
