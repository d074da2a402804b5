//! The two embedded servers, started together: the shipped country, or what [`files`] hold.

pub mod files;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use crate::ops::error::OpsError;
use crate::ops::files::sheet::{SheetStyle, write};
use xfer_sandbox::country::{Country, TrueItem, TrueKind};
use xfer_sandbox::fixtures;
use xfer_sandbox::instance::Instance;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::{RunningSandbox, Sandbox, ServerOptions, StartError};
use xfer_sandbox::values::Values;
use xfer_storage::platform::{self, Existing};

/// The password of every user of the embedded servers.
pub const PASSWORD: &str = "Sample-Pass-1";
/// The user who reads at the source.
pub const READER: &str = "reader";
/// The user who writes at the destination.
pub const WRITER: &str = "writer";

/// Where the servers listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Wherever there is room.
    Free,
    /// The source at this port, the destination at the next.
    From(u16),
}

/// Both servers, running until dropped.
#[derive(Debug)]
pub struct RunningPair {
    /// Where patient data is collected.
    pub source: RunningSandbox,
    /// Where the aggregate figures belong.
    pub destination: RunningSandbox,
    profiles: (Profile, Profile),
}

/// What a person needs to know to use one of the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLine {
    /// `source` or `destination`
    pub name: &'static str,
    /// The version it plays.
    pub version: &'static str,
    /// Where it listens.
    pub url: String,
    /// A user for the job.
    pub user: &'static str,
}

/// Starts both servers with the shipped instances.
pub fn start(source: Profile, destination: Profile, ports: Ports) -> Result<RunningPair, OpsError> {
    launch((fixtures::source(source), source), (fixtures::destination(destination), destination), ports)
}

/// Starts both servers with a country of any size; the destination may begin without values.
pub fn start_country(
    country: &Country,
    source: Profile,
    destination: Profile,
    ports: Ports,
    empty_destination: bool,
) -> Result<RunningPair, OpsError> {
    let receiving = fixtures::destination_of(country, destination);
    if empty_destination {
        receiving.with_state(|state| state.values = Values::default());
    }
    launch((fixtures::source_of(country, source), source), (receiving, destination), ports)
}

/// Writes the true mapping of a country as the files that a person would make: `map.csv`, and the items of each job.
/// Returns how many files were written.
pub fn write_mapping(country: &Country, folder: &Path) -> Result<u64, OpsError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| OpsError::LocalFile { path, action: "written", source }
    };
    platform::create_private_folder(folder).map_err(failed(folder))?;
    let mut files = 0;
    let mut write_file = |name: &str, content: &[u8]| {
        files += 1;
        let path = folder.join(name);
        platform::write_privately(&path, content, Existing::Replace).map_err(failed(&path))
    };
    write_file("map.csv", &map_file(country))?;
    for job in country.true_jobs() {
        write_file(&format!("{}.csv", job.name), &items_file(&job.items))?;
    }
    Ok(files)
}

/// The true org unit map as a CSV file.
pub(crate) fn map_file(country: &Country) -> Vec<u8> {
    let rows = country.true_org_units().into_iter().map(|unit| vec![unit.source.into(), unit.destination.into()]);
    write(SheetStyle::default(), &["source_id", "destination_id"], rows)
}

/// The true items of a job as a CSV file.
pub(crate) fn items_file(items: &[TrueItem]) -> Vec<u8> {
    const HEADER: [&str; 8] = [
        "kind",
        "source_id",
        "source_coc",
        "source_aoc",
        "destination_data_element",
        "destination_coc",
        "destination_aoc",
        "combine",
    ];
    let rows = items.iter().map(|item| {
        let kind = match item.kind {
            TrueKind::DataElement => "data_element",
            TrueKind::Indicator => "indicator",
            TrueKind::ProgramIndicator => "program_indicator",
        };
        vec![
            kind.into(),
            item.source.as_str().into(),
            item.source_category_option_combo.as_deref().unwrap_or_default().into(),
            item.source_attribute_option_combo.as_deref().unwrap_or_default().into(),
            item.destination.as_str().into(),
            item.destination_category_option_combo.as_str().into(),
            item.destination_attribute_option_combo.as_str().into(),
            item.combine.into(),
        ]
    });
    write(SheetStyle::default(), &HEADER, rows)
}

fn launch(
    (source, source_profile): (Instance, Profile),
    (destination, destination_profile): (Instance, Profile),
    ports: Ports,
) -> Result<RunningPair, OpsError> {
    let port = |offset: u16| match ports {
        Ports::Free => 0,
        Ports::From(first) => first.saturating_add(offset),
    };
    let running = |instance, port| -> Result<RunningSandbox, StartError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Sandbox::start_on_thread(Arc::new(instance), ServerOptions { address, ..ServerOptions::default() })
    };
    Ok(RunningPair {
        source: running(source, port(0))?,
        destination: running(destination, port(1))?,
        profiles: (source_profile, destination_profile),
    })
}

impl RunningPair {
    /// Both servers, for people.
    pub fn servers(&self) -> [ServerLine; 2] {
        [
            ServerLine {
                name: "source",
                version: self.profiles.0.version(),
                url: self.source.url().to_owned(),
                user: READER,
            },
            ServerLine {
                name: "destination",
                version: self.profiles.1.version(),
                url: self.destination.url().to_owned(),
                user: WRITER,
            },
        ]
    }
}
