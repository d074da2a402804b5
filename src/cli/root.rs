//! What can be typed: the command tree. Each command's own arguments stand in its file.

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

    /// What lists and reports are printed as
    #[arg(long, value_enum, default_value_t, global = true, help_heading = EVERYWHERE)]
    pub format: Format,

    /// Say nothing but data, warnings and errors
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,

    /// Answer every confirmation with yes
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub yes: bool,

    /// Say what is done (-vv: and how)
    #[arg(long, short, action = ArgAction::Count, global = true, help_heading = EVERYWHERE)]
    pub verbose: u8,

    /// How the passphrase of this machine's key is given, where it has one.
    #[command(flatten, next_help_heading = "Options of a protected key")]
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
    let of_the_command = |refusal: clap::Error| refusal.format(&mut Arguments::command());
    let mut matches = tree().try_get_matches_from(arguments)?;
    Arguments::from_arg_matches_mut(&mut matches).map_err(of_the_command)
}

/// All commands with their arguments.
pub fn tree() -> clap::Command {
    in_any_case(Arguments::command())
}

fn in_any_case(command: clap::Command) -> clap::Command {
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = command.mut_args(|argument| {
        let takes_words = argument.get_action().takes_values() && !argument.get_possible_values().is_empty();
        if takes_words { argument.ignore_case(true) } else { argument }
    });
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, in_any_case))
}

/// Above the options that every command has, so that its own come first.
const EVERYWHERE: &str = "Options of every command";

#[cfg(feature = "demo")]
macro_rules! demo_line {
    () => {
        "  xfer demo                  see the whole way of a value, with built-in servers\n"
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
    "  xfer init                  be led from nothing to a first transfer\n",
    demo_line!(),
    "  xfer server add NAME URL   add the source, then the destination\n",
    "  xfer server sync --all     copy their metadata, so that mapping works offline\n",
    "\n",
    "Exit codes: 0 ok, 2 usage, 3 some cells did not arrive, 5 try again later,\n",
    "6 outcome unknown: run again, 7 login or permission refused; the others\n",
    "stand in docs/exit-codes.md."
);

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Be led, question by question, from nothing to a first transfer; can be left and taken up again at any time
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
    /// Combine jobs with a period window and the rules of a run
    #[command(subcommand)]
    Routine(routine::Command),
    /// Change values on their way by scripts of your own: write, test, try and attach them
    #[command(subcommand)]
    Script(script::Command),
    /// Change values on their way by scripts that come ready: caps, rounding, shares, small counts …
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Run a routine now
    Run(run::Arguments),
    /// Run a routine from its xfer file, unattended: never asks
    Exec(exec::Arguments),
    /// Let systemd, cron, Windows or Kubernetes start an xfer file
    #[command(subcommand)]
    Schedule(schedule::Command),
    /// Protect, replace and back up the key that seals passwords on this machine
    #[command(subcommand)]
    Key(key::Command),
    /// Say what is wrong on this machine, at the servers and with what is mapped, and what to do about it
    Doctor(doctor::Arguments),
    /// Look at past runs: what was sent, and how every cell ended
    #[command(subcommand)]
    Runs(runs::Command),
    /// Go through the whole main job against two embedded servers, in a temporary home
    #[cfg(feature = "demo")]
    Demo(demo::Arguments),
    /// Run the embedded servers in the foreground, to try, to train and to test
    #[cfg(feature = "demo")]
    Sandbox(sandbox::Arguments),
    /// Let Tab complete commands, options and names in your shell
    Completions(completions::Arguments),
    /// The manual, a page for each command
    Man(man::Arguments),
    /// Any other name: the program `xfer-NAME` on the PATH
    #[command(external_subcommand)]
    External(Vec<OsString>),
}
