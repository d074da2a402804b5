//! `xfer script`: which scripts act on which items, jobs and routines; the tools for writing them are in
//! [`super::script_tools`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::cli::arguments::parameter::parameter;
use crate::cli::commands::{plugin, script_tools};
use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, text};
use crate::cli::ui::{Format, Ui};
use crate::ops::home::Home;
use crate::ops::routines;
use crate::ops::script_tools as ops_tools;
use crate::ops::scripts::{self, AtWork, FileState, Place};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::script::{Attachment, Hook, ParameterValue};
use xfer_domain::shell::shell_word;
use xfer_script::plugin::PREFIX;

/// What `xfer script --help` ends with.
const AFTER_HELP: &str = "A script is a file with up to four functions:
  value    one value before it is sent: scale it, leave it out, refuse it
  combine  several values for one cell: their sum, the latest one
  period   the period that values go to: one month earlier
  rows     all values of a part of the country: totals, shares, gaps

First steps:
  xfer script new value cases.rhai            make one, with an example and tests
  xfer script test cases.rhai                 run its tests
  xfer script run cases.rhai --from-run last  try it on the last run's values
  xfer script attach cases.rhai --job JOB     use it, from the next run on

Ready-made scripts: xfer plugin list. The manual is docs/scripting.md.";

/// `xfer script …`
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub enum Command {
    /// Attach a script or plugin to a job, one of its items, or a routine, from the next run on
    ///
    /// The script's text is saved: a run uses the attached text, even if the file changes. Attach it again after
    /// changing it. Nothing is sent by this; `xfer run ROUTINE --dry-run` shows what it changes.
    Attach(Attach),
    /// Detach a script or plugin, from the next run on
    Detach(Detach),
    /// List attached scripts with their parameters, and whether their files have changed
    List,
    /// Make a new script: a file with an example, and another with its tests
    New(script_tools::New),
    /// Check scripts: show their functions, or the place of a mistake
    Check(script_tools::Check),
    /// Run the tests of scripts
    ///
    /// The tests of scale.rhai are in scale.tests.ron. With --from-run the script is also tried on the values of
    /// a past run, and fails if it refuses one of them.
    Test(script_tools::Test),
    /// Try a script on values, before → after; nothing is sent
    ///
    /// Give the values with --row, or use those of a past run (--from-run): they are read from the source again, as the
    /// run read them, and every function of the script is tried on its input. Ends with code 3 if
    /// the script refuses a value or fails on it.
    Run(script_tools::Run),
    /// Measure the speed of a script, in values per second
    Bench(script_tools::Bench),
    /// Try the script language line by line, like a calculator
    Repl(script_tools::Repl),
    /// Write definitions for an editor (VS Code and others), so that it completes names
    Definitions(script_tools::Definitions),
}

/// Where a script acts.
#[derive(Debug, Args)]
pub struct Target {
    /// On all items of this job
    #[arg(long, value_name = "JOB", required_unless_present = "routine", conflicts_with = "routine")]
    pub job: Option<String>,
    /// Only on this item of the job, by its number in `xfer job show`
    #[arg(long, value_name = "NUMBER", requires = "job")]
    pub item: Option<usize>,
    /// On all jobs of this routine
    #[arg(long, value_name = "ROUTINE")]
    pub routine: Option<String>,
}

impl Target {
    fn place(&self) -> Result<Place, CliError> {
        match (&self.job, self.item, &self.routine) {
            (Some(job), Some(number), None) => Ok(Place::Item { job: job.clone(), number }),
            (Some(job), None, None) => Ok(Place::Job { job: job.clone() }),
            (None, None, Some(routine)) => Ok(Place::Routine { routine: routine.clone() }),
            _ => Err(CliError::usage("nothing to attach the script to".to_owned())
                .hint("give --job JOB, --job JOB --item NUMBER, or --routine ROUTINE")),
        }
    }
}

/// `xfer script attach`
#[derive(Debug, Args)]
pub struct Attach {
    /// The script's file, or plugin:NAME for one of `xfer plugin list`
    pub file: PathBuf,
    /// Where it acts.
    #[command(flatten)]
    pub target: Target,
    /// A parameter of the script: `factor=0.07`, `on=true`, `limits=[1,5]` (may be repeated)
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, ParameterValue)>,
}

/// `xfer script detach`
#[derive(Debug, Args)]
pub struct Detach {
    /// The script's name in `xfer script list`
    pub script: String,
    /// Where it acts.
    #[command(flatten)]
    pub target: Target,
}

/// Carries out `xfer script …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::Attach(arguments) => attach(arguments, home, ui),
        Command::Detach(arguments) => {
            let place = arguments.target.place()?;
            let attachment = scripts::detach(home, &place, &arguments.script)?;
            ui.say(&format!("detached {} from {}", attachment.script, place.in_words()));
            Ok(ExitCode::Success)
        }
        Command::List => list(home, ui),
        Command::New(arguments) => script_tools::new(arguments, ui),
        Command::Check(arguments) => script_tools::check(arguments, ui),
        Command::Test(arguments) => script_tools::test(arguments, home, ui),
        Command::Run(arguments) => script_tools::run(arguments, home, ui),
        Command::Bench(arguments) => script_tools::bench(arguments, home, ui),
        Command::Repl(arguments) => script_tools::repl(arguments, ui),
        Command::Definitions(arguments) => script_tools::definitions(arguments, ui),
    }
}

fn attach(arguments: &Attach, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let place = arguments.target.place()?;
    let parameters = arguments.parameters.iter().cloned().collect();
    let (attachment, replaced) = match arguments.file.to_str().and_then(|file| file.strip_prefix(PREFIX)) {
        Some(name) => plugin::attach(name, &place, parameters, home, ui)?,
        None => attach_file(&arguments.file, &place, parameters, home, ui)?,
    };
    let instead = if replaced { ", and replaced the old text" } else { "" };
    ui.say(&format!(
        "attached {} ({}) to {}{instead}",
        attachment.script,
        hook_names(&attachment.hooks),
        place.in_words()
    ));
    let routine = match &place {
        Place::Routine { routine } => Some(routine.clone()),
        Place::Job { job } | Place::Item { job, .. } => {
            routines::list(home)?.into_iter().find(|routine| routine.jobs.contains(job)).map(|routine| routine.name)
        }
    };
    if let Some(routine) = routine {
        ui.say(&format!("next, to see what it changes:\n  xfer run {} --dry-run", shell_word(&routine)));
    }
    Ok(ExitCode::Success)
}

/// Attaches a script's file, and warns of parameters that it cannot do without.
fn attach_file(
    file: &Path,
    place: &Place,
    parameters: BTreeMap<String, ParameterValue>,
    home: &Home,
    ui: &Ui,
) -> Result<(Attachment, bool), CliError> {
    let script = ops_tools::open(file)?;
    let (attachment, replaced) = scripts::attach(home, place, file, parameters, &scripts::check)?;
    let missing = script.missing_parameters(|name| attachment.parameters.contains_key(name));
    if !missing.is_empty() {
        ui.warn(&without(&missing, &attachment.script));
    }
    Ok((attachment, replaced))
}

/// What happens where parameters are not set, and how they are.
fn without(missing: &[String], script: &str) -> String {
    let options: Vec<String> = missing.iter().map(|name| format!("--param {name}=…")).collect();
    format!(
        "{script} uses {}, which is not set: it will fail there and hold those values back; attach it again with {}",
        missing.join(", "),
        options.join(" ")
    )
}

fn list(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let at_work = scripts::list(home)?;
    match ui.format {
        Format::Table => for_people(&at_work).print(ui),
        Format::Json | Format::Csv => for_programs(&at_work, ui.format).print(ui),
    }
    if let Some(altered) = at_work.iter().find(|at_work| at_work.file == Some(FileState::Altered)) {
        ui.warn(&format!(
            "the file of {} changed after it was attached to {}; runs use the old text until you attach it again",
            altered.attachment.script,
            altered.place.in_words()
        ));
    }
    Ok(ExitCode::Success)
}

/// What people read instead of an empty list.
const NONE_AT_WORK: &str = "no scripts attached; attach one: xfer script attach FILE --job JOB";

/// Where each acts in one column, and with what.
fn for_people(at_work: &[AtWork]) -> Listing {
    let columns = [
        text("script", "Script"),
        text("place", "Attached to"),
        text("parameters", "Parameters"),
        text("hooks", "Functions").detail(),
        text("state", "File").whole(),
        text("file", "File").whole().detail(),
    ];
    let mut listing = Listing::new(&columns, NONE_AT_WORK);
    for AtWork { place, attachment, file } in at_work {
        listing.row(vec![
            json!(attachment.script),
            json!(place.in_words()),
            parameters(attachment),
            json!(hook_names(&attachment.hooks)),
            json!(file.map(state_name)),
            json!(attachment.file),
        ]);
    }
    listing
}

fn parameters(attachment: &Attachment) -> Value {
    let each: Vec<String> = attachment.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    json!(Some(each.join(", ")).filter(|words| !words.is_empty()))
}

fn for_programs(at_work: &[AtWork], format: Format) -> Listing {
    let columns = ["script", "hooks", "routine", "job", "item", "parameters", "state", "file", "hash"];
    let mut listing = Listing::new(&columns.map(|key| text(key, key)), NONE_AT_WORK);
    for AtWork { place, attachment, file } in at_work {
        let (routine, job, item) = match place {
            Place::Routine { routine } => (Some(routine), None, None),
            Place::Job { job } => (None, Some(job), None),
            Place::Item { job, number } => (None, Some(job), Some(*number)),
        };
        let parameters = if format == Format::Json {
            let each = attachment.parameters.iter().map(|(name, value)| (name.clone(), json!(value.to_string())));
            json!(each.collect::<Map<_, _>>())
        } else {
            parameters(attachment)
        };
        listing.row(vec![
            json!(attachment.script),
            json!(hook_names(&attachment.hooks)),
            json!(routine),
            json!(job),
            json!(item.map(|number| number.to_string())),
            parameters,
            json!(file.map(state_name)),
            json!(attachment.file),
            json!(attachment.hash.as_str()),
        ]);
    }
    listing
}

fn hook_names(hooks: &[Hook]) -> String {
    hooks.iter().map(|hook| hook.name()).collect::<Vec<_>>().join(", ")
}

fn state_name(state: FileState) -> &'static str {
    match state {
        FileState::Same => "same",
        FileState::Altered => "altered",
        FileState::Gone => "gone",
    }
}
