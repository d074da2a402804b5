//! The command tree. Each command's own arguments stand in its file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::arguments::key_passphrase::KeyPassphrase;
use crate::cli::commands::{
    completions, doctor, exec, init, job, key, man, orgunit, plugin, routine, run, runs, schedule, script, server,
};
#[cfg(feature = "demo")]
use crate::cli::commands::{demo, sandbox};
use crate::cli::ui::Format;

/// Moves health data between DHIS2 servers and accounts for every value on the way.
///
/// Without a command, shows the dashboard: servers, maps, jobs, routines and what to do next.
#[derive(Debug, Parser)]
#[command(name = "xfer", version, about, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    /// Where xfer keeps its configuration, key and journals
    #[arg(long, env = "XFER_HOME", value_name = "FOLDER", global = true, hide_env_values = true, help_heading = EVERYWHERE)]
    pub home: Option<PathBuf>,

    /// Output format of lists and reports
    #[arg(long, value_enum, default_value_t, global = true, help_heading = EVERYWHERE)]
    pub format: Format,

    /// Show only data, warnings and errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,

    /// Answer every confirmation with yes
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub yes: bool,

    /// Show more detail (-vv for everything)
    #[arg(long, short, action = ArgAction::Count, global = true, help_heading = EVERYWHERE)]
    pub verbose: u8,

    /// How the passphrase of the machine key is given, where it has one.
    #[command(flatten, next_help_heading = "Options for a protected key")]
    pub key_passphrase: KeyPassphrase,

    /// What to do
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Arguments {
    /// What is printed as: `exec --json` is another word for `--format json`.
    pub fn format(&self) -> Format {
        match &self.command {
            Some(Command::Exec(exec)) if exec.json => Format::Json,
            _ => self.format,
        }
    }
}

/// Reads a command line. Words of a list, such as `sum`, may be written in any case: spreadsheets and people begin them
/// with a capital.
pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if asks_for_global_options(&arguments) {
        return Err(global_options());
    }
    let of_the_command = |refusal: clap::Error| refusal.format(&mut Arguments::command());
    let mut matches = with_global_options_folded(tree()).try_get_matches_from(arguments)?;
    Arguments::from_arg_matches_mut(&mut matches).map_err(of_the_command)
}

/// All commands with their arguments.
pub fn tree() -> clap::Command {
    with_one_help(in_any_case(Arguments::command().disable_help_flag(true)))
}

/// `-h` and `--help` print the same, at every command.
fn with_one_help(command: clap::Command) -> clap::Command {
    let help = clap::Arg::new("help").short('h').long("help").action(ArgAction::HelpLong).help("Print help");
    let help = help.help_heading(None::<&str>);
    below(command.arg(help), with_one_help)
}

/// The help of a command shows its own options; one line says where those of every command are explained.
fn with_global_options_folded(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| if argument.is_global_set() { argument.hide(true) } else { argument });
    let own = command.get_after_help().map(|own| format!("{own}\n\n")).unwrap_or_default();
    below(command.after_help(format!("{own}{GLOBAL_OPTIONS}")), with_global_options_folded)
}

/// The same change to all commands below one.
fn below(command: clap::Command, change: fn(clap::Command) -> clap::Command) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, change))
}

/// Whether the words are those of `xfer help options`, whatever global options stand beside them.
fn asks_for_global_options(arguments: &[OsString]) -> bool {
    if !arguments.iter().any(|word| word == "options") {
        return false;
    }
    let root = Arguments::command();
    let takes_value = |word: &str| {
        let long = word.strip_prefix("--");
        long.is_some_and(|long| {
            root.get_arguments().any(|one| one.get_long() == Some(long) && one.get_action().takes_values())
        })
    };
    let mut rest = arguments.iter().skip(1);
    let mut words = Vec::new();
    while let Some(word) = rest.next() {
        match word.to_string_lossy() {
            word if takes_value(&word) => _ = rest.next(),
            word if word.starts_with('-') => {}
            word => words.push(word),
        }
    }
    words == ["help", "options"]
}

/// `xfer help options`: what every command can be given, with explanations.
fn global_options() -> clap::Error {
    let root = tree();
    let options = root.get_arguments().filter(|argument| argument.is_global_set() || argument.get_id() == "help");
    let about = "Options of every command. They can be given before or after its name.";
    let page = clap::Command::new("xfer").about(about).disable_help_flag(true).args(options.cloned());
    let mut page = page.help_template("{about}\n\n{options}").max_term_width(100);
    match page.try_get_matches_from_mut(["xfer", "--help"]) {
        Err(shown) => shown,
        Ok(_) => page.error(clap::error::ErrorKind::DisplayHelp, about),
    }
}

fn in_any_case(command: clap::Command) -> clap::Command {
    let command = command.mut_args(|argument| {
        let takes_words = argument.get_action().takes_values() && !argument.get_possible_values().is_empty();
        if takes_words { argument.ignore_case(true) } else { argument }
    });
    below(command, in_any_case)
}

/// The last line of every help.
const GLOBAL_OPTIONS: &str = "Global options (--home, --format, --quiet, --yes, -v …): xfer help options";

/// Above the options that every command has, in its page of the manual.
const EVERYWHERE: &str = "Options of every command";

#[cfg(feature = "demo")]
macro_rules! demo_line {
    () => {
        "  xfer demo                  see a complete transfer, with built-in servers\n"
    };
}
#[cfg(not(feature = "demo"))]
macro_rules! demo_line {
    () => {
        ""
    };
}

const AFTER_HELP: &str = concat!(
    "First steps:\n",
    "  xfer init                  guided setup, from two servers to a first transfer\n",
    demo_line!(),
    "  xfer server add NAME URL   add the source, then the destination\n",
    "  xfer server sync --all     copy their metadata, so that you can map offline\n",
    "\n",
    "Exit codes: 0 ok, 2 usage, 3 some cells did not arrive, 5 try again later,\n",
    "6 outcome unknown: run again, 7 login or permission refused. All of them:\n",
    "docs/exit-codes.md."
);

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Guided setup, from two servers to a first transfer; stop and resume at any time
    Init(init::Arguments),
    /// Add, test and sync DHIS2 servers
    #[command(subcommand)]
    Server(server::Command),
    /// Map the org units of a source server to those of a destination server
    #[command(subcommand, name = "orgunit")]
    OrgUnit(orgunit::Command),
    /// Map data items: which source item goes to which data element and option combos
    #[command(subcommand)]
    Job(job::Command),
    /// Combine jobs with the periods and the rules of a run
    #[command(subcommand)]
    Routine(routine::Command),
    /// Change values with your own scripts: write, test and attach them
    #[command(subcommand)]
    Script(script::Command),
    /// Change values with ready-made scripts: caps, rounding, shares, small counts …
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Run a routine now
    Run(run::Arguments),
    /// Run a routine from its xfer file, unattended, without questions
    Exec(exec::Arguments),
    /// Schedule an xfer file with systemd, cron, Windows or Kubernetes
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// Protect, replace and back up the key that encrypts passwords on this machine
    #[command(subcommand)]
    Key(key::Command),
    /// Find problems on this machine, at the servers and in the mappings, and say what to do
    Doctor(doctor::Arguments),
    /// Show past runs: what was sent, and the result of every cell
    #[command(subcommand)]
    Runs(runs::Command),
    /// Show a complete transfer between two built-in servers, in a temporary home
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
    /// Run the built-in servers in the foreground, for trials, training and tests
    #[cfg(feature = "demo")]
    Sandbox(sandbox::Arguments),
    /// Complete commands, options and names in your shell with Tab
    Completions(completions::Arguments),
    /// Show the manual, one page for each command
    Man(man::Arguments),
    /// Any other name: the program `xfer-NAME` on the PATH
    #[command(external_subcommand)]
    External(Vec<OsString>),
}
