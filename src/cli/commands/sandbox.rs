//! `xfer sandbox`: the embedded servers in the foreground.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, text};
use crate::cli::runtime::wait;
use crate::cli::ui::Ui;
use crate::ops::error::OpsError;
use crate::ops::sandbox::files::{self, FileServer, Note, ServerFiles};
use crate::ops::sandbox::{self, Ports, ServerLine};
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_sandbox::country::{Country, Scale};
use xfer_sandbox::fixtures::SEED;
use xfer_sandbox::loading::Role;
use xfer_sandbox::profile::Profile;
use xfer_storage::platform;

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
    /// DHIS2 2.44 as in development in August 2026
    #[value(name = "2.44")]
    V44,
}

impl From<ProfileArgument> for Profile {
    fn from(argument: ProfileArgument) -> Self {
        match argument {
            ProfileArgument::V40 => Self::V40,
            ProfileArgument::V41 => Self::V41,
            ProfileArgument::V42 => Self::V42,
            ProfileArgument::V43 => Self::V43,
            ProfileArgument::V44 => Self::V44,
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
    /// The port of the source on this machine; the destination uses the next one [default: free ports]
    #[arg(long)]
    pub port: Option<u16>,
    /// How many facilities the source has
    #[arg(long, value_name = "NUMBER", default_value_t = Scale::default().facilities, value_parser = at_least_one)]
    pub facilities: usize,
    /// How many months of figures the source has
    #[arg(long, value_name = "NUMBER", default_value_t = Scale::default().months, value_parser = clap::value_parser!(u16).range(1..=120))]
    pub months: u16,
    /// Start with a destination that has no values
    #[arg(long)]
    pub empty_destination: bool,
    /// Write the correct org unit map (map.csv) and the items of each job to this folder
    #[arg(long, value_name = "FOLDER")]
    pub write_mapping: Option<PathBuf>,
    /// Metadata for both servers, as `GET /api/metadata` exports it, instead of the built-in country
    #[arg(long, value_name = "FILE", conflicts_with_all = SHIPPED_ONLY)]
    pub metadata: Option<PathBuf>,
    /// Values of the source, as from `GET /api/dataValueSets`; the destination starts empty
    #[arg(long, value_name = "FILE", requires = "metadata")]
    pub data: Vec<PathBuf>,
    /// Metadata of the source
    #[arg(long, value_name = "FILE", conflicts_with_all = SHIPPED_ONLY)]
    pub source_metadata: Option<PathBuf>,
    /// Values of the source (may be repeated)
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub source_data: Vec<PathBuf>,
    /// Metadata of the destination
    #[arg(long, value_name = "FILE", conflicts_with_all = SHIPPED_ONLY)]
    pub destination_metadata: Option<PathBuf>,
    /// Values of the destination at the start (may be repeated)
    #[arg(long, value_name = "FILE")]
    pub destination_data: Vec<PathBuf>,
}

/// What only the shipped country has.
const SHIPPED_ONLY: [&str; 4] = ["facilities", "months", "empty_destination", "write_mapping"];

/// How often changed files are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a country has at least one facility".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => Err(format!("`{text}` is not a number")),
    }
}

impl Arguments {
    /// The servers that files were given for; none for the shipped country.
    fn of_files(&self) -> Result<Vec<ServerFiles>, CliError> {
        let side = |role: Role, own: &Option<PathBuf>, profile: ProfileArgument, data: Vec<PathBuf>| {
            let metadata = own.as_ref().or(self.metadata.as_ref());
            metadata.map(|metadata| ServerFiles { role, profile: profile.into(), metadata: metadata.clone(), data })
        };
        let source_data = if self.source_data.is_empty() { self.data.clone() } else { self.source_data.clone() };
        for (data, metadata, option) in [
            (&self.source_data, &self.source_metadata, "--source"),
            (&self.destination_data, &self.destination_metadata, "--destination"),
        ] {
            if !data.is_empty() && metadata.is_none() && self.metadata.is_none() {
                let message = format!("{option}-data was given without the metadata that it belongs to");
                return Err(
                    CliError::usage(message).hint(format!("add `{option}-metadata FILE`, or `--metadata FILE`"))
                );
            }
        }
        let source = side(Role::Source, &self.source_metadata, self.source_profile, source_data);
        let destination =
            side(Role::Destination, &self.destination_metadata, self.profile, self.destination_data.clone());
        Ok([source, destination].into_iter().flatten().collect())
    }
}

/// Runs the servers until the process is asked to end.
pub fn execute(arguments: &Arguments, ui: &Ui) -> Result<ExitCode, CliError> {
    let ports = arguments.port.map_or(Ports::Free, Ports::From);
    let of_files = arguments.of_files()?;
    if !of_files.is_empty() {
        let (mut servers, notes) = files::start(of_files, ports)?;
        tell(&notes, ui);
        list(servers.iter().map(FileServer::line), ui);
        ui.say("the servers reload these files when they change");
        return until_the_end(|| {
            for server in &mut servers {
                match server.take_over() {
                    Ok(notes) => tell(&notes, ui),
                    Err(error) => {
                        let error = CliError::from(error);
                        ui.warn(&format!("{}: {}; nothing was changed", error.message, error.causes.join("; ")));
                    }
                }
            }
        });
    }
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
    list(pair.servers(), ui);
    until_the_end(|| {})
}

fn tell(notes: &[Note], ui: &Ui) {
    for note in notes {
        ui.say(&format!("{}: {}", note.path.display(), note.text));
    }
}

fn list(servers: impl IntoIterator<Item = ServerLine>, ui: &Ui) {
    let columns = [
        text("server", "Server"),
        text("version", "Version"),
        text("url", "Address").whole(),
        text("user", "User"),
        text("password", "Password"),
    ];
    let mut listing = Listing::new(&columns, "no servers");
    for server in servers {
        listing.row(vec![
            json!(server.name),
            json!(server.version),
            json!(server.url),
            json!(server.user),
            json!(sandbox::PASSWORD),
        ]);
    }
    listing.print(ui);
    ui.say("running only on this machine and only in memory; stop them with Ctrl-C");
}

/// Waits until the process is asked to end, and looks around now and then. The servers have threads of their own; only
/// the waiting is asynchronous.
fn until_the_end(mut look: impl FnMut()) -> Result<ExitCode, CliError> {
    wait(async {
        let ended = platform::termination().map_err(OpsError::Signals)?;
        let mut ended = std::pin::pin!(ended);
        loop {
            tokio::select! {
                ended = &mut ended => return Ok(ended.code()),
                () = tokio::time::sleep(LOOK_EVERY) => look(),
            }
        }
    })
}
