//! Embedded servers from files: metadata as a server exports it, values as it hands them out.
//!
//! The files are looked at while the servers run: what changed on disk is taken over by the same system, so that a
//! right can be taken away, or a value corrected, between two runs.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use xfer_domain::counted::counted_len;

use crate::ops::error::OpsError;
use crate::ops::sandbox::{PASSWORD, Ports, READER, ServerLine, WRITER};
use xfer_sandbox::loading::{Loaded, Refusal, Role};
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::{RunningSandbox, Sandbox, ServerOptions};
use xfer_sandbox::values::Values;

/// What one server is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFiles {
    /// Which of the two it is.
    pub role: Role,
    /// The version it plays.
    pub profile: Profile,
    /// Its metadata.
    pub metadata: PathBuf,
    /// Its values; none where it begins empty.
    pub data: Vec<PathBuf>,
}

/// Something that people should know of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub path: PathBuf,
    /// What there is to know.
    pub text: String,
}

/// A server that was made of files.
#[derive(Debug)]
pub struct FileServer {
    /// The server, running until dropped.
    pub running: RunningSandbox,
    files: ServerFiles,
    metadata_stamp: Stamp,
    data_stamp: Vec<Stamp>,
}

/// When a file was changed and how long it is: what tells that it is another one.
type Stamp = Option<(SystemTime, u64)>;

/// Starts a server for each; the first takes the port, the second the next one.
pub fn start(servers: Vec<ServerFiles>, ports: Ports) -> Result<(Vec<FileServer>, Vec<Note>), OpsError> {
    let mut running = Vec::new();
    let mut notes = Vec::new();
    let mut systems: Vec<String> = Vec::new();
    for (offset, files) in servers.into_iter().enumerate() {
        let loaded = load_metadata(&files.metadata)?;
        let values = load_values(&loaded, &files.data)?;
        notes.extend(loaded.notes.iter().map(|text| Note { path: files.metadata.clone(), text: text.clone() }));
        if !loaded.users.is_empty() {
            let text =
                format!("users of this file: {} (password {PASSWORD} unless it says another)", loaded.users.join(", "));
            notes.push(Note { path: files.metadata.clone(), text });
        }
        let mut system_id = loaded.system_id_for(files.role);
        if systems.contains(&system_id) {
            // one export for both: they are two systems all the same
            system_id = Loaded { system_id: None, ..loaded.clone() }.system_id_for(files.role);
        }
        systems.push(system_id.clone());
        let instance = Loaded { system_id: Some(system_id), ..loaded }.instance(files.role, files.profile, values);
        // there are no tables: values show in analytics at once, so they are as new as the server
        let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S").to_string();
        instance.with_state(|state| state.settings.analytics_built_at = now);
        let port = match ports {
            Ports::Free => 0,
            Ports::From(first) => first.saturating_add(u16::try_from(offset).unwrap_or_default()),
        };
        let options = ServerOptions {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            live_clock: true,
            ..ServerOptions::default()
        };
        running.push(FileServer {
            running: Sandbox::start_on_thread(Arc::new(instance), options)?,
            metadata_stamp: stamp(&files.metadata),
            data_stamp: stamps(&files.data),
            files,
        });
    }
    Ok((running, notes))
}

impl FileServer {
    /// What people need to know to use it.
    pub fn line(&self) -> ServerLine {
        ServerLine {
            name: self.files.role.name(),
            version: self.files.profile.version(),
            url: self.running.url().to_owned(),
            user: match self.files.role {
                Role::Source => READER,
                Role::Destination => WRITER,
            },
        }
    }

    /// Takes over what changed in the files since the last look. A file that cannot be read as it stands changes
    /// nothing: what the server has stays.
    pub fn take_over(&mut self) -> Result<Vec<Note>, OpsError> {
        let mut notes = Vec::new();
        let metadata_stamp = stamp(&self.files.metadata);
        if metadata_stamp != self.metadata_stamp {
            self.metadata_stamp = metadata_stamp;
            let loaded = load_metadata(&self.files.metadata)?;
            notes.extend(loaded.notes.iter().map(|text| self.note(&self.files.metadata, text)));
            self.running.instance().with_state(|state| loaded.replace(state));
            notes.push(self.note(&self.files.metadata, "reloaded; values do not change"));
        }
        let data_stamp = stamps(&self.files.data);
        if data_stamp != self.data_stamp {
            self.data_stamp = data_stamp;
            let loaded = load_metadata(&self.files.metadata)?;
            let values = load_values(&loaded, &self.files.data)?;
            let count = values.data.len();
            self.running.instance().with_state(|state| state.values = values);
            let text = format!("reloaded; the {} now has {}", self.files.role.name(), counted_len(count, "value"));
            notes.extend(self.files.data.first().map(|path| self.note(path, &text)));
        }
        Ok(notes)
    }

    #[expect(clippy::unused_self, reason = "notes are of this server's files")]
    fn note(&self, path: &Path, text: &str) -> Note {
        Note { path: path.to_path_buf(), text: text.to_owned() }
    }
}

fn stamp(path: &Path) -> Stamp {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn stamps(paths: &[PathBuf]) -> Vec<Stamp> {
    paths.iter().map(|path| stamp(path)).collect()
}

fn read(path: &Path) -> Result<String, OpsError> {
    let bytes = std::fs::read(path).map_err(|source| OpsError::LocalFile {
        path: path.to_path_buf(),
        action: "read",
        source,
    })?;
    String::from_utf8(bytes).map_err(|_| {
        let (message, hint) = (format!("{} is not text in UTF-8", path.display()), "give JSON as a server exports it");
        OpsError::invalid(message, hint)
    })
}

fn load_metadata(path: &Path) -> Result<Loaded, OpsError> {
    Loaded::metadata(&read(path)?).map_err(|refusal| refused(path, refusal))
}

fn load_values(loaded: &Loaded, paths: &[PathBuf]) -> Result<Values, OpsError> {
    let mut values = Values::default();
    for path in paths {
        loaded.values(&read(path)?, &mut values).map_err(|refusal| refused(path, refusal))?;
    }
    Ok(values)
}

fn refused(path: &Path, refusal: Refusal) -> OpsError {
    OpsError::SandboxFile { path: path.to_path_buf(), refusal }
}
