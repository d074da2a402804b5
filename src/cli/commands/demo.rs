//! `xfer demo`: the whole main job, step by step, with the commands that a person would type.
//!
//! Each step is the real command, parsed and carried out as if it had been typed; only the home folder and the
//! addresses are the demo's own.

use std::ffi::OsString;
use std::path::Path;

use clap::Args;
use serde_json::json;

use crate::cli::commands::sandbox::ProfileArgument;
use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, text};
use crate::cli::runtime::wait;
use crate::cli::ui::{Format, Ui};
use crate::ops::demo::{self, Stage};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::shell::shell_word;

/// `xfer demo`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Keep the demo's home folder and show its path
    #[arg(long)]
    pub keep: bool,
    /// The version of the destination; the source is 2.42
    #[arg(long, value_enum, default_value = "2.43")]
    pub profile: ProfileArgument,
}

/// Carries out a line as if a person had typed it.
type Typing<'root> = dyn Fn(Vec<OsString>, &Ui) -> Result<ExitCode, CliError> + 'root;

/// Goes through the demo.
pub fn execute_demo(arguments: &Arguments, typing: &Typing<'_>, ui: &Ui) -> Result<ExitCode, CliError> {
    if ui.format != Format::Table {
        return Err(CliError::usage("the demo prints only text".to_owned()));
    }
    let stage = demo::prepare(arguments.profile.into(), arguments.keep)?;
    let show = Show { stage: &stage, typing, ui };
    ui.data("Two DHIS2 look-alikes run inside this program: tracker, which collects patient data, and national,\n");
    ui.data("which holds the aggregate figures. They have different ids, names and option combos.\n");
    let outcome = show.play();
    if arguments.keep {
        let folder = stage.folder().display().to_string();
        ui.data(&format!("\nkept: xfer --home {} shows the result\n", shell_word(&folder)));
        ui.data("(the two servers end with the demo; xfer sandbox runs them again)\n");
    }
    outcome
}

struct Show<'demo> {
    stage: &'demo Stage,
    typing: &'demo Typing<'demo>,
    ui: &'demo Ui,
}

impl Show<'_> {
    fn play(&self) -> Result<ExitCode, CliError> {
        let (source, destination) = (self.stage.source_url(), self.stage.destination_url());
        self.step(
            "Add both servers. The login is tested at once and saved encrypted.",
            &["server", "add", "tracker", source, "--username", "reader", "--password-file", "password"],
        )?;
        self.step(
            "",
            &["server", "add", "national", destination, "--username", "writer", "--password-file", "password"],
        )?;
        self.step("Copy their metadata: from now on, mapping works offline.", &["server", "sync", "--all"])?;
        self.quietly(
            "Match the org units by id, by code, and by name below matched parents.",
            &["orgunit", "auto", "tracker", "national"],
        )?;
        self.quietly(
            "A person maps the rest in a spreadsheet. Here it is done already; every line is checked on import.",
            &["orgunit", "import", "tracker", "national", "map.csv"],
        )?;
        for job in self.stage.jobs() {
            let mut words = vec!["job", "new", job.name, "--from", "tracker", "--to", "national"];
            words.extend(job.options.iter().map(String::as_str));
            self.step(job.explanation, &words)?;
            self.step("", &["job", "import", job.name, &job.file])?;
        }
        let mut words = vec!["routine", "new", "monthly"];
        for job in self.stage.jobs() {
            words.extend(["--job", job.name]);
        }
        words.extend(["--periods", self.stage.window()]);
        self.step("Combine the jobs with the periods of a run.", &words)?;
        self.step(
            "A dry run: what would be written or refused? Nothing is written yet.",
            &["run", "monthly", "--dry-run"],
        )?;
        let code = self.step("The real run. Every value that was sent is read back.", &["run", "monthly"])?;
        self.step("Run it again: the destination has everything, so nothing is sent.", &["run", "monthly"])?;
        self.read_back()?;
        Ok(match code {
            // Some facilities of the demo have no counterpart, on purpose: the report says so, and so the demo did
            // what it should.
            ExitCode::Incomplete => ExitCode::Success,
            other => other,
        })
    }

    /// Explains a step, shows its command, and carries it out.
    fn step(&self, explanation: &str, words: &[&str]) -> Result<ExitCode, CliError> {
        self.carry_out(explanation, words, self.ui)
    }

    /// The same for a command whose list would fill several screens: what it says is enough.
    fn quietly(&self, explanation: &str, words: &[&str]) -> Result<ExitCode, CliError> {
        self.carry_out(explanation, words, &self.ui.without_tables())
    }

    fn carry_out(&self, explanation: &str, words: &[&str], ui: &Ui) -> Result<ExitCode, CliError> {
        // A show without audience ends.
        if ui.is_unread() {
            return Ok(ExitCode::Success);
        }
        let typed: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        let explanation = if explanation.is_empty() { String::new() } else { format!("\n{explanation}\n") };
        self.ui.data(&format!("{explanation}$ xfer {}\n", typed.join(" ")));
        let in_folder = words.iter().map(|word| {
            let file = self.stage.folder().join(word);
            if Path::new(word).extension().is_some() && file.exists() || *word == "password" {
                file.into_os_string()
            } else {
                OsString::from(word)
            }
        });
        let line = [OsString::from("xfer"), OsString::from("--home"), self.stage.home().into()];
        (self.typing)(line.into_iter().chain(in_folder).collect(), ui)
    }

    fn read_back(&self) -> Result<(), CliError> {
        self.ui.data("\nThe values at the destination, read back:\n");
        let values = wait(async { Ok(self.stage.read_back().await?) })?;
        let columns = [
            text("org_unit", "Org unit"),
            text("data_element", "Data element"),
            text("combo", "Category option combo"),
            text("period", "Period"),
            text("value", "Value"),
        ];
        let mut listing = Listing::new(&columns, "nothing");
        for value in values {
            listing.row(vec![
                json!(value.org_unit),
                json!(value.data_element),
                json!(value.category_option_combo),
                json!(value.period),
                json!(value.value),
            ]);
        }
        listing.print(self.ui);
        Ok(())
    }
}
