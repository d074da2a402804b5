//! `xfer routine`: jobs with a period window and the rules of a run.

mod alert;
mod edit;

pub(in crate::cli) use alert::mail_server;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::commands::job::WhenEmptyArgument;
use crate::cli::commands::runs::outcome;
use crate::cli::commands::unread::say_unread;
use crate::cli::commands::xfer_file;
use crate::cli::error::CliError;
use crate::cli::render;
use crate::cli::render::facts::Facts;
use crate::cli::render::listing::{Listing, moment, text};
use crate::cli::ui::Ui;
use crate::cli::wizard::{self, Missing};
use crate::ops;
use crate::ops::copies::Copies;
use crate::ops::dashboard::newest;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::routines::{self, NewRoutine};
use crate::ops::runs::{self, Runs};
use xfer_domain::alert::AlertChannel;
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::item::WhenEmpty;
use xfer_domain::routine::{Policies, Routine, USUAL_DELETE_SHARE};
use xfer_domain::shell::shell_word;

/// `xfer routine …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Combine jobs with periods and rules
    New(New),
    /// Change a routine's jobs, periods or rules
    Edit(edit::Edit),
    /// Show a routine
    Show(Named),
    /// List the routines
    List,
    /// Say who is told when a routine's runs do not end well
    #[command(subcommand)]
    Alert(alert::Command),
    /// Export a routine as one encrypted file with everything that a run needs
    Export(xfer_file::Export),
    /// Look at an xfer file: who can open it, and with a key everything that it says but secrets
    Inspect(xfer_file::Inspect),
    /// Take a routine over from an xfer file
    Import(xfer_file::Import),
    /// Change who can open an xfer file
    Rekey(xfer_file::Rekey),
    /// Remove a routine; its past runs stay on the disk
    Remove(Named),
}

/// So many values a run may delete unless a person says otherwise.
const MAX_DELETE: u32 = 1000;

/// A routine by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The routine
    pub name: String,
}

/// `xfer routine new`
#[derive(Debug, Args)]
pub struct New {
    /// What to call the routine; asked for where absent
    pub name: Option<String>,
    /// Its jobs, in order
    #[arg(long = "job", value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Its periods: identifiers (202401), ranges (202401..202406), relative ones (LAST_3_MONTHS); several with commas
    #[arg(long, value_name = "PERIODS", value_delimiter = ',')]
    pub periods: Vec<String>,
    /// What happens to destination cells that the source has nothing for [default: keep]
    #[arg(long, value_enum)]
    pub when_empty: Option<WhenEmptyArgument>,
    /// Send every value, also those that the destination has already
    #[arg(long)]
    pub send_unchanged: bool,
    /// Do not read back what was sent
    #[arg(long)]
    pub no_verify: bool,
    /// Hold everything back that changes more than this share of a job's cells, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_change: Option<u32>,
    /// Delete at most so many values in a run
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_DELETE)]
    pub max_delete: u32,
    /// Delete nothing of a job if more than this share of what the routine wrote would vanish, in percent; 100 is no
    /// limit [default: 20]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_delete_share: Option<u32>,
    /// Values of org units that are not mapped are no failure
    #[arg(long)]
    pub tolerate_unmapped: bool,
    /// Refuse analytics tables older than so many hours
    #[arg(long, value_name = "HOURS")]
    pub max_analytics_age: Option<u32>,
    /// At most so many requests at once write to the destination
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub parallel: u8,
}

/// Carries out `xfer routine …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::New(arguments) => new(arguments, home, ui),
        Command::Edit(arguments) => edit_or_ask(arguments, home, ui),
        Command::Show(arguments) => show(&arguments.name, home, ui),
        Command::List => list(home, ui),
        Command::Alert(command) => alert::execute(command, home, ui),
        Command::Export(arguments) => xfer_file::export(arguments, home, ui),
        Command::Inspect(arguments) => xfer_file::inspect(arguments, ui),
        Command::Import(arguments) => xfer_file::import(arguments, home, ui),
        Command::Rekey(arguments) => xfer_file::rekey(arguments, ui),
        Command::Remove(arguments) => {
            // A journal that cannot be read keeps nobody from removing its routine.
            let written = routines::written(home, &arguments.name).unwrap_or_default();
            if written > 0 {
                ui.say(&format!(
                    "{} wrote {} that stay at the destination. No other routine will take them for its own, so none \
                     will delete them.",
                    arguments.name,
                    counted(written, "value")
                ));
            }
            if !ui.confirm(&format!("Remove the routine {}?", arguments.name)) {
                return Err(
                    CliError::usage("nothing was removed".to_owned()).hint("give --yes to remove it without asking")
                );
            }
            routines::remove(home, &arguments.name)?;
            ui.say(&format!("removed {}", arguments.name));
            Ok(ExitCode::Success)
        }
    }
}

impl New {
    /// What `xfer routine new --job JOB` says.
    pub(in crate::cli) fn with_job(job: &str) -> Self {
        let policies = Policies::default();
        Self {
            name: None,
            jobs: vec![job.to_owned()],
            periods: Vec::new(),
            when_empty: None,
            send_unchanged: !policies.only_changed,
            no_verify: !policies.verify,
            max_change: policies.max_change,
            max_delete: MAX_DELETE,
            max_delete_share: None,
            tolerate_unmapped: policies.tolerate_unmapped,
            max_analytics_age: policies.max_analytics_age_hours,
            parallel: policies.parallel,
        }
    }

    /// The rules that the arguments give; what they leave open is as it is by default.
    pub(in crate::cli) fn policies(&self) -> Policies {
        Policies {
            only_changed: !self.send_unchanged,
            verify: !self.no_verify,
            when_empty: self.when_empty.map_or(WhenEmpty::Keep, Into::into),
            max_change: self.max_change,
            max_delete: Some(self.max_delete),
            max_delete_share: self.max_delete_share.unwrap_or(USUAL_DELETE_SHARE),
            tolerate_unmapped: self.tolerate_unmapped,
            max_analytics_age_hours: self.max_analytics_age,
            parallel: self.parallel,
        }
    }
}

fn new(arguments: &New, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let what = match (&arguments.name, arguments.jobs.is_empty(), arguments.periods.is_empty()) {
        (None, ..) => Some("the routine's name"),
        (_, true, _) => Some("--job"),
        (.., true) => Some("--periods"),
        _ => None,
    };
    if let Some(what) = what {
        let hint = "give all of it: xfer routine new NAME --job JOB --periods LAST_3_MONTHS";
        let missing = Missing { what, hint, again: "xfer routine new" };
        return wizard::ask(ui, missing, |prompter| wizard::routine::new(prompter, home, arguments));
    }
    let new = NewRoutine {
        name: arguments.name.clone().unwrap_or_default(),
        jobs: arguments.jobs.clone(),
        window: arguments.periods.clone(),
        policies: arguments.policies(),
    };
    let routine = routines::new(home, new)?;
    let name = shell_word(&routine.name);
    ui.say(&format!("made the routine {}", routine.name));
    if review(&routine.name, home, ui) {
        ui.say(&format!("next: mend what runs are refused for, and try it:\n  xfer run {name} --dry-run"));
    } else {
        ui.say(&format!(
            "next, to see what would be written, and to write it:\n  xfer run {name} --dry-run\n  xfer run {name}"
        ));
    }
    Ok(ExitCode::Success)
}

/// Warns of what speaks against a routine, and says whether its runs are refused. The routine is made, changed or
/// written by then: a review that cannot be made is a warning.
pub(super) fn review(name: &str, home: &Home, ui: &Ui) -> bool {
    let found = reviewed(name, home, ui);
    let not_made = |cause: OpsError| warn_of_unmade_review(&cause.into(), ui);
    found.map_err(not_made).unwrap_or_default()
}

/// Says that what was done is done, although nobody could look it over.
pub(super) fn warn_of_unmade_review(cause: &CliError, ui: &Ui) {
    let mut words = vec![cause.message.as_str()];
    words.extend(cause.causes.iter().map(String::as_str));
    ui.warn(&format!("this is done, but it could not be looked over: {}", words.join(": ")));
}

fn reviewed(name: &str, home: &Home, ui: &Ui) -> Result<bool, OpsError> {
    let config = home.config()?;
    let copies = Copies::new(&config);
    let findings = ops::review::of_routine(home, &copies, name)?;
    for unread in copies.take_unread() {
        warn_of_unmade_review(&unread.cause.into(), ui);
    }
    let jobs = findings.first().and_then(|found| found.job.clone()).unwrap_or_else(|| "JOB".to_owned());
    render::review::warn(&findings, &format!("xfer job check {}", shell_word(&jobs)), ui);
    Ok(findings.iter().any(ops::review::Found::refuses))
}

fn edit_or_ask(arguments: &edit::Edit, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    if arguments.is_empty() {
        let missing = Missing {
            what: "what to change",
            hint: "give --rename, --job, --periods or one of the rules: xfer routine edit --help",
            again: "xfer routine edit NAME",
        };
        return wizard::ask(ui, missing, |prompter| wizard::routine::edit(prompter, home, &arguments.name));
    }
    edit::edit(arguments, home, ui)
}

fn list(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("name", "Routine"),
        text("jobs", "Jobs"),
        text("periods", "Periods"),
        moment("last_run", "Last run").detail(),
        text("outcome", "Outcome").detail(),
        text("id", "Id").whole().detail(),
    ];
    let empty = "no routines yet; make one: xfer routine new NAME --job JOB --periods LAST_3_MONTHS";
    let mut listing = Listing::new(&columns, empty);
    let Runs { lines, unread } = runs::list(home, None, usize::MAX)?;
    for routine in routines::list(home)? {
        // What was only tried is not the last run.
        let last = newest(lines.iter().filter(|line| line.routine.id == routine.id).cloned()).0;
        let last = last.as_ref().map(|run| &run.summary);
        listing.row(vec![
            json!(routine.name),
            json!(routine.jobs.join(", ")),
            json!(routine.window.join(", ")),
            json!(last.map(|run| run.started.to_string())),
            json!(last.map(outcome)),
            json!(routine.id),
        ]);
    }
    listing.print(ui);
    Ok(say_unread(unread, ui))
}

fn show(name: &str, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    facts(&routines::routine(&home.config()?, name)?).print(ui);
    Ok(ExitCode::Success)
}

fn facts(routine: &Routine) -> Facts {
    let mut facts = Facts::new();
    let policies = &routine.policies;
    let yes = |yes: bool, words: &str, no: &str| if yes { words } else { no }.to_owned();
    let at_most =
        |most: Option<u32>, unit: &str| most.map_or_else(|| "no limit".to_owned(), |most| format!("{most}{unit}"));
    let mut fact = |key: &str, value: Value, title: &str, words: String| {
        facts.told(key, value, vec![(title.to_owned(), json!(words))]);
    };
    fact("name", json!(routine.name), "routine", routine.name.clone());
    fact("id", json!(routine.id), "id", routine.id.to_string());
    fact("jobs", json!(routine.jobs), "jobs", routine.jobs.join(", "));
    fact("periods", json!(routine.window), "periods", routine.window.join(", "));
    let sends = yes(policies.only_changed, "only what differs", "every value");
    fact("only_changed", json!(policies.only_changed), "sends", sends);
    fact("verify", json!(policies.verify), "reads back", yes(policies.verify, "yes", "no: nothing is proved"));
    let when_empty = policies.when_empty.name();
    fact("when_empty", json!(when_empty), "source empty", when_empty.to_owned());
    let max_change = at_most(policies.max_change, " % of a job's cells");
    fact("max_change", json!(policies.max_change), "largest change", max_change);
    fact("max_delete", json!(policies.max_delete), "most deletions", at_most(policies.max_delete, ""));
    let share = format!("{} % of what it wrote, by job", policies.max_delete_share);
    fact("max_delete_share", json!(policies.max_delete_share), "largest share deleted", share);
    let unmapped = yes(policies.tolerate_unmapped, "tolerated", "make a run incomplete");
    fact("tolerate_unmapped", json!(policies.tolerate_unmapped), "unmapped org units", unmapped);
    let oldest = at_most(policies.max_analytics_age_hours, " hours");
    fact("max_analytics_age_hours", json!(policies.max_analytics_age_hours), "oldest analytics", oldest);
    fact("parallel", json!(policies.parallel), "writes at once", policies.parallel.to_string());
    let alerts = routine.alerts.iter().map(|alert| {
        let (name, kind) = (&alert.name, alert.kind.name());
        json!({"name": name, "kind": kind, "goes_to": alert.kind.goes_to(), "hears_of": alert.hears_of()})
    });
    let shown = routine.alerts.iter().map(|alert| ("alert".to_owned(), json!(told(alert)))).collect();
    facts.told("alerts", Value::Array(alerts.collect()), shown);
    facts
}

/// Who is told of what, without what is secret about it.
pub(super) fn told(alert: &AlertChannel) -> String {
    format!("{} ({}) to {}; hears of {}", alert.name, alert.kind.name(), alert.kind.goes_to(), alert.hears_of())
}
