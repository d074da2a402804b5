//! The stage of `xfer demo`: a temporary home, two embedded servers, and the files that a person would have made.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use tempfile::TempDir;

use crate::ops::error::OpsError;
use crate::ops::home::{Home, synced};
use crate::ops::sandbox::{self, PASSWORD, Ports, RunningPair, WRITER, items_file, map_file};
use xfer_dhis2::client::{Client, ClientOptions};
use xfer_dhis2::data_value_sets::RawQuery;
use xfer_dhis2::limits::Limits;
use xfer_domain::metadata::Metadata;
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;
use xfer_domain::uid::Uid;
use xfer_sandbox::country::{Country, TrueJob};
use xfer_sandbox::fixtures::SEED;
use xfer_sandbox::profile::Profile;
use xfer_storage::platform::{self, Existing, FileLock};

/// How its folder is named. What a demo that was killed left goes when the next one starts.
const PREFIX: &str = "xfer-demo-";
/// What the demo calls the destination server.
const DESTINATION: &str = "national";
/// The periods of the demo's run.
const WINDOW: &str = "LAST_3_MONTHS";
/// How many values are read back for people to see.
const SHOWN: usize = 8;

/// A job of the demo.
#[derive(Debug, Clone)]
pub struct DemoJob {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a sentence.
    pub explanation: &'static str,
    /// Options of `xfer job new`.
    pub options: Vec<String>,
    /// The file with its items.
    pub file: String,
}

/// A value of the destination, by names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedValue {
    /// The org unit's path.
    pub org_unit: String,
    /// The data element.
    pub data_element: String,
    /// The category option combo.
    pub category_option_combo: String,
    /// The period.
    pub period: String,
    /// The value.
    pub value: String,
}

/// Where the demo plays. The servers end, and the folder is removed, when it is dropped.
#[derive(Debug)]
pub struct Stage {
    folder: Folder,
    servers: RunningPair,
    jobs: Vec<DemoJob>,
}

#[derive(Debug)]
enum Folder {
    // Let go of before it is removed: what is held cannot be removed everywhere.
    Temporary { _held: FileLock, folder: TempDir },
    Kept(PathBuf),
}

/// Starts the servers and writes the files of the demo.
pub fn prepare(profile: Profile, keep: bool) -> Result<Stage, OpsError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| OpsError::LocalFile { path, action: "written", source }
    };
    platform::temporary::clear_folders(PREFIX);
    let temporary = TempDir::with_prefix(PREFIX).map_err(failed(Path::new("the temporary folder")))?;
    let folder = if keep {
        Folder::Kept(temporary.keep())
    } else {
        let held = platform::temporary::hold_folder(temporary.path()).map_err(failed(temporary.path()))?;
        Folder::Temporary { _held: held, folder: temporary }
    };
    let country = Country::haiti(SEED);
    let write_file = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        platform::write_privately(&path, content, Existing::Refuse).map_err(failed(&path))
    };
    write_file("password", PASSWORD.as_bytes())?;
    write_file("map.csv", &map_file(&country))?;
    let mut jobs = Vec::new();
    for job in country.true_jobs() {
        let Some((name, explanation)) = shown(&job) else { continue };
        let file = format!("{name}.csv");
        write_file(&file, &items_file(&job.items))?;
        let options = ["--period-type", job.period_type, "--combine", "sum"].map(str::to_owned).to_vec();
        jobs.push(DemoJob { name, explanation, options, file });
    }
    let servers = sandbox::start(Profile::V42, profile, Ports::Free)?;
    Ok(Stage { folder, servers, jobs })
}

/// The jobs that are shown, with what the demo calls them and why; the others would only make it longer.
fn shown(job: &TrueJob) -> Option<(&'static str, &'static str)> {
    Some(match job.name {
        "Programme paludisme" => (
            "malaria",
            "A job says which figures go where. Malaria by age and sex; the destination has other option combos.",
        ),
        "Bailleurs" => ("partners", "Activities by funder: the attribute option combo says who pays."),
        "Registres de patients" => {
            ("registers", "Figures counted from patient records by program indicators, read through analytics.")
        }
        "Surveillance hebdomadaire" => ("surveillance", "Diseases under surveillance, week by week."),
        _ => return None,
    })
}

impl Folder {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary { folder, .. } => folder.path(),
            Self::Kept(folder) => folder,
        }
    }
}

impl Stage {
    /// The folder with the demo's files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The demo's home.
    pub fn home(&self) -> PathBuf {
        self.folder().join("home")
    }

    /// Where the source listens.
    pub fn source_url(&self) -> &str {
        self.servers.source.url()
    }

    /// Where the destination listens.
    pub fn destination_url(&self) -> &str {
        self.servers.destination.url()
    }

    /// The jobs of the demo.
    pub fn jobs(&self) -> &[DemoJob] {
        &self.jobs
    }

    /// The periods of the demo's routine.
    pub fn window(&self) -> &'static str {
        WINDOW
    }

    /// Some values of the first job, asked of the destination itself.
    pub async fn read_back(&self) -> Result<Vec<NamedValue>, OpsError> {
        let config = Home::at(self.home()).config()?;
        let (_, metadata) = synced(&config, DESTINATION)?;
        let routine = config.routines()?.into_iter().next();
        let Some(job) = routine.and_then(|routine| config.job(routine.jobs.first()?).ok()) else {
            return Ok(Vec::new());
        };
        let client = Client::new(ClientOptions {
            server: DESTINATION.to_owned(),
            url: BaseUrl::parse(self.destination_url())
                .map_err(|cause| OpsError::invalid(cause.to_string(), "start the demo again"))?,
            login: Login::Basic { username: WRITER.to_owned(), password: SecretString::from(PASSWORD) },
            allow_http: false,
            certificates: None,
            limits: Limits::default(),
        })?;
        let mut data_elements: Vec<Uid> = job.items.iter().map(|item| item.destination.data_element).collect();
        data_elements.sort_unstable();
        data_elements.dedup();
        data_elements.truncate(1);
        let last_period = client
            .probe()
            .await
            .ok()
            .and_then(|probe| job.destination_period_type.containing(probe.server_date.date()).previous());
        let query = RawQuery {
            data_sets: metadata.data_sets_of(data_elements[0]).map(|data_set| data_set.id).collect(),
            data_elements: data_elements.clone(),
            org_units: metadata
                .organisation_units
                .values()
                .filter(|unit| unit.level() == 1)
                .map(|unit| unit.id)
                .collect(),
            children: true,
            periods: last_period.into_iter().collect(),
            authors: false,
        };
        let mut values = Vec::new();
        client
            .read_raw(&query, &mut |value| {
                if data_elements.contains(&value.cell.data_element) && !value.deleted {
                    values.push(value);
                }
            })
            .await?;
        let mut named: Vec<NamedValue> = values
            .into_iter()
            .map(|value| NamedValue {
                org_unit: short_path(&metadata, value.cell.org_unit),
                data_element: metadata.name_of(value.cell.data_element),
                category_option_combo: metadata.name_of(value.cell.category_option_combo),
                period: value.cell.period.to_string(),
                value: value.value.unwrap_or_default(),
            })
            .collect();
        named.sort();
        named.truncate(SHOWN);
        Ok(named)
    }
}

/// A unit's path without the country.
fn short_path(metadata: &Metadata, unit: Uid) -> String {
    let path = metadata.org_unit_path_names(unit);
    path.split_once(" / ").map(|(_, rest)| rest.to_owned()).unwrap_or(path)
}
