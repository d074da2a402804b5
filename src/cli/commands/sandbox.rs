//! `xfer sandbox`: the embedded servers in the foreground.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::render::listing::{Listing, counted, text};
use crate::cli::ui::Ui;
use crate::ops::sandbox::{self, Ports};
use crate::platform;
use crate::sandbox::country::{Country, Scale};
use crate::sandbox::fixtures::SEED;
use crate::sandbox::profile::Profile;

/// A server version, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileArgument {
    /// DHIS2 2.40.12
    #[value(name = "2.40")]
    V40,
    /// DHIS2 2.41.9
    #[value(name = "2.41")]
    V41,
    /// DHIS2 2.42.5
    #[value(name = "2.42")]
    V42,
    /// DHIS2 2.43.1
    #[value(name = "2.43")]
    V43,
}

impl From<ProfileArgument> for Profile {
    fn from(argument: ProfileArgument) -> Self {
        match argument {
            ProfileArgument::V40 => Self::V40,
            ProfileArgument::V41 => Self::V41,
            ProfileArgument::V42 => Self::V42,
            ProfileArgument::V43 => Self::V43,
        }
    }
}

/// `xfer sandbox`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The version of the destination
    #[arg(long, value_enum, default_value = "2.43")]
    pub profile: ProfileArgument,
    /// The version of the source
    #[arg(long, value_enum, default_value = "2.42")]
    pub source_profile: ProfileArgument,
    /// The port of the source on this machine; the destination takes the next one. Free ports where absent
    #[arg(long)]
    pub port: Option<u16>,
    /// How many facilities the source has
    #[arg(long, value_name = "NUMBER", default_value_t = Scale::default().facilities, value_parser = at_least_one)]
    pub facilities: usize,
    /// How many months of figures the source has
    #[arg(long, value_name = "NUMBER", default_value_t = Scale::default().months, value_parser = clap::value_parser!(u16).range(1..=120))]
    pub months: u16,
    /// Start with a destination that holds no values
    #[arg(long)]
    pub empty_destination: bool,
    /// Write the true org unit map (map.csv) and the items of each job into this folder
    #[arg(long, value_name = "FOLDER")]
    pub write_mapping: Option<PathBuf>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a country has at least one facility".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err(format!("`{text}` is not a number")),
    }
}

/// Runs the servers until the process is asked to end.
pub fn execute(arguments: &Arguments, ui: &Ui) -> Result<ExitCode, CliError> {
    let ports = arguments.port.map_or(Ports::Free, Ports::From);
    let country = Country::haiti_at(SEED, Scale { facilities: arguments.facilities, months: arguments.months });
    if let Some(folder) = &arguments.write_mapping {
        let files = sandbox::write_mapping(&country, folder)?;
        ui.say(&format!("wrote {} to {}", counted(files, "mapping file"), folder.display()));
    }
    let pair = sandbox::start_country(
        &country,
        arguments.source_profile.into(),
        arguments.profile.into(),
        ports,
        arguments.empty_destination,
    )?;
    let columns = [
        text("server", "Server"),
        text("version", "Version"),
        text("url", "Address").whole(),
        text("user", "User"),
        text("password", "Password"),
    ];
    let mut listing = Listing::new(&columns, "no servers");
    for server in pair.servers() {
        listing.row(vec![
            json!(server.name),
            json!(server.version),
            json!(server.url),
            json!(server.user),
            json!(sandbox::PASSWORD),
        ]);
    }
    listing.print(ui);
    ui.say("running on this machine only, in memory only; Ctrl-C ends them");
    // The servers have threads of their own; only waiting for the end is asynchronous.
    wait(async {
        let ended = platform::termination()
            .map_err(|cause| CliError::local_io("signals cannot be waited for".to_owned(), &cause))?
            .await;
        Ok(ExitCode::from_number(ended.exit_code()))
    })
}
