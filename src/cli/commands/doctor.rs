//! `xfer doctor`: what is wrong on this machine, at the servers and with what is mapped, each with what to do.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::commands::check::{in_words, say_counts, say_what_to_do, shown};
use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, text};
use crate::cli::runtime::wait;
use crate::cli::ui::Ui;
use crate::ops::doctor::{Diagnosis, Examination, examine};
use crate::ops::home::Home;
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::run::Severity;

/// `xfer doctor`
#[derive(Debug, Args)]
pub struct Arguments {
    /// Xfer files to check, in addition to those in the home folder
    pub files: Vec<PathBuf>,
    /// Do not contact servers: check only this machine and the cached metadata
    #[arg(long)]
    pub offline: bool,
    /// Ignore findings with this name
    #[arg(long, value_name = "FINDING", value_delimiter = ',')]
    pub ignore: Vec<String>,
}

/// Carries out `xfer doctor`.
pub fn execute(arguments: &Arguments, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let examination =
        Examination { files: arguments.files.clone(), offline: arguments.offline, ignored: arguments.ignore.clone() };
    let diagnosis = wait(async { Ok(examine(home, &examination, Timestamp::now()).await?) })?;
    listing(&diagnosis, ui).print(ui);
    let hints = diagnosis.complaints.iter().map(|found| (found.code.word, found.remedy.as_str()));
    say_what_to_do(hints, ui);
    if diagnosis.ignored > 0 {
        ui.say(&format!("{} left out (--ignore)", counted(diagnosis.ignored as u64, "finding")));
    }
    if arguments.offline {
        ui.say("no server was contacted (--offline)");
    } else {
        ui.say(&format!("{} answered", counted(diagnosis.asked as u64, "server")));
    }
    let severities: Vec<Severity> = diagnosis.complaints.iter().map(|found| found.code.severity).collect();
    Ok(say_counts(&severities, ui))
}

fn listing(diagnosis: &Diagnosis, ui: &Ui) -> Listing {
    let columns = [
        text("severity", "").whole(),
        text("about", "About"),
        text("code", "Finding").whole(),
        text("message", "What"),
        text("hint", "What to do"),
    ];
    let shown = shown(&columns, ui);
    let mut listing = Listing::new(shown, "no problems found");
    for found in &diagnosis.complaints {
        let mut row = vec![
            json!(in_words(found.code.severity)),
            json!(found.about),
            json!(found.code.word),
            json!(found.message),
            json!(found.remedy),
        ];
        row.truncate(shown.len());
        listing.row(row);
    }
    listing
}
