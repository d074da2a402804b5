//! Xfer files: a routine exported with everything that a run needs, looked at, given other keys, taken over.

mod exec;
mod import;
mod keys;
mod outdated;

pub(super) use exec::{client_options, exec, open_for_run};
pub use import::{Change, Import, ImportLine, apply, plan_import};
pub use keys::{Privacy, read_key, write_new_key};
pub use outdated::outdated_files;
pub(super) use outdated::{export_again, in_words, is_outdated};
pub use xfer_storage::xferfile::Change as KeyChange;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use crate::ops::error::OpsError;
use crate::ops::home::{Home, synced};
use crate::ops::routines;
use xfer_domain::alert::ArmedChannel;
use xfer_domain::file_name::file_name;
use xfer_domain::metadata::Metadata;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::script::ContentHash;
use xfer_domain::server::Server;
use xfer_domain::spelling::same_name;
use xfer_storage::platform::{self, Existing, Prepared};
use xfer_storage::store::{ConfigStore, ExportedFile, StoreError};
use xfer_storage::xferfile::prune::{Named, named_at_destination, named_at_source, prune};
use xfer_storage::xferfile::{
    self, Content, FileKeyHolder, FileServer, Header, Keys, LARGEST_FILE, RecipientKind, XferFileError, document,
};

/// What the names of xfer files end with.
pub const EXTENSION: &str = "xfer";

/// What is to be exported, and who can open it.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// The routine's name.
    pub routine: String,
    /// Where to; `NAME.xfer` in the folder that one is in where absent.
    pub file: Option<PathBuf>,
    /// Passphrases and keys that open it.
    pub keys: Keys,
    /// A key to be made, and the file it goes to; refused where that exists.
    pub new_key_file: Option<PathBuf>,
    /// When the file stops being run.
    pub not_after: Option<Timestamp>,
}

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The file.
    pub file: PathBuf,
    /// The key that was made for it.
    pub new_key_file: Option<PathBuf>,
    /// The routine's name.
    pub routine: String,
    /// The number of the export.
    pub revision: u32,
    /// What opens it.
    pub recipients: Vec<RecipientKind>,
    /// Its size.
    pub bytes: usize,
}

/// What can be seen of a file.
#[derive(Debug, Clone)]
pub struct Inspected {
    /// What anybody can see.
    pub header: Header,
    /// SHA-256 of the file, by which two people know that they mean the same one.
    pub digest: String,
    /// What it says, where a key was given.
    pub content: Option<Content>,
}

/// The file that a routine is exported to where nobody names another: in the folder that one is in, whatever the name.
pub fn default_file(routine: &str) -> PathBuf {
    PathBuf::from(format!("{}.{EXTENSION}", file_name(routine)))
}

/// The file that an export would replace, if it is an xfer file and not an older export of the same routine from here.
pub fn replaces_another(home: &Home, routine: &str, file: Option<&Path>) -> Result<Option<PathBuf>, OpsError> {
    let file = file.map_or_else(|| default_file(routine), Path::to_owned);
    let mut begin = Vec::new();
    let looked = std::fs::File::open(&file).and_then(|opened| opened.take(64).read_to_end(&mut begin));
    if looked.is_err() || !xferfile::looks_like_one(&begin) {
        return Ok(None);
    }
    let config = home.config()?;
    let Some(routine) = config.routines()?.into_iter().find(|known| same_name(&known.name, routine)) else {
        return Ok(None); // Which the export itself complains about.
    };
    let path = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
    let own =
        config.exported_files()?.iter().any(|known| known.routine == routine.id && Path::new(&known.path) == path);
    Ok((!own).then_some(file))
}

/// Exports a routine as a file that needs nothing but one of its keys. An older export of that name is replaced.
pub fn export(home: &Home, export: &Export, now: Timestamp) -> Result<Exported, OpsError> {
    let file = export.file.clone().unwrap_or_else(|| default_file(&export.routine));
    let broken = |cause| OpsError::XferFile { path: file.clone(), cause };
    refuse_other_files(&file)?;
    export.keys.check_strength().map_err(broken)?;
    let mut keys = export.keys.clone();
    let new_key = new_key(export.new_key_file.as_deref(), &file)?;
    keys.key_files.extend(new_key.iter().map(|new_key| new_key.key.clone()));
    if keys.is_empty() {
        return Err(broken(XferFileError::Recipients { most: xferfile::MOST_RECIPIENTS }));
    }
    let mut config = home.config()?;
    let mut content = content(&config, &export.routine, now)?;
    if export.not_after.is_some_and(|end| end <= now) {
        return Err(OpsError::invalid("the file would already be expired", "give a day in the future"));
    }
    content.not_after = export.not_after;
    content.revision = config.next_revision(&content.document.routine)?;
    let digest = routines::digest(&content.document)?;
    let bytes = document::seal(&content, &keys).map_err(broken)?;
    let recipients = xferfile::header(&bytes).map_err(broken)?.recipients;
    write(&file, &bytes, new_key.as_ref())?;
    let path = std::path::absolute(&file).unwrap_or_else(|_| file.clone());
    let remembered = config.remember_export(&ExportedFile {
        routine: content.document.routine.id,
        path: path.to_string_lossy().into_owned(),
        revision: content.revision,
        exported_at: now.to_string(),
        digest,
    });
    if let Err(cause) = remembered {
        // The file is what was asked for.
        tracing::warn!(%cause, "the file is written but not recorded: xfer will not warn when it is older than the \
                                routine");
    }
    Ok(Exported {
        file: file.clone(),
        new_key_file: export.new_key_file.clone(),
        routine: content.document.routine.name,
        revision: content.revision,
        recipients,
        bytes: bytes.len(),
    })
}

/// Everything that a run of a routine needs, from the store. Its revision is yet to be given.
fn content(config: &ConfigStore, routine: &str, now: Timestamp) -> Result<Content, OpsError> {
    let document = routines::document(config, routine)?;
    let named = (named_at_source(&document), named_at_destination(&document));
    let (source, destination) =
        document.jobs.first().map(|job| (job.source.clone(), job.destination.clone())).unwrap_or_default();
    Ok(Content {
        revision: 0,
        created: now,
        not_after: None,
        source: file_server(config, &source, &named.0)?,
        destination: file_server(config, &destination, &named.1)?,
        alert_secrets: alert_secrets(config, &document)?,
        document,
    })
}

/// The secrets of a routine's alerts: a file without one of them would be silent where somebody counts on it.
fn alert_secrets(config: &ConfigStore, document: &RoutineDocument) -> Result<BTreeMap<Uuid, SecretString>, OpsError> {
    let mut secrets = BTreeMap::new();
    if document.routine.alerts.is_empty() {
        return Ok(secrets);
    }
    for ArmedChannel { channel, secret } in config.armed_alerts(document.routine.id)? {
        match secret {
            Some(secret) => drop(secrets.insert(channel.id, secret)),
            None if channel.kind.secret_origin().is_some() => {
                return Err(StoreError::SealedAlert { alert: channel.name }.into());
            }
            None => {}
        }
    }
    Ok(secrets)
}

fn file_server(config: &ConfigStore, name: &str, named: &Named) -> Result<FileServer, OpsError> {
    let (server, metadata): (Server, Metadata) = synced(config, name)?;
    let (Some(identity), Some(synced_at)) = (server.identity, server.synced_at) else {
        return Err(OpsError::NotSynced { server: server.name });
    };
    let settings = config.server_settings(server.id)?;
    Ok(FileServer {
        login: config.login(server.id)?,
        allow_http: settings.allow_http,
        certificates: settings.certificates,
        name: server.name,
        url: server.url,
        system_id: identity.system_id,
        synced_at,
        metadata: prune(&metadata, named),
    })
}

/// Shows what anybody can see of a file, and with a key everything that it says.
pub fn inspect(file: &Path, keys: &Keys) -> Result<Inspected, OpsError> {
    let bytes = read(file)?;
    let broken = |cause| OpsError::XferFile { path: file.to_owned(), cause };
    let header = xferfile::header(&bytes).map_err(broken)?;
    let content = if keys.is_empty() { None } else { Some(document::open(&bytes, keys).map_err(broken)?.0) };
    Ok(Inspected { header, digest: ContentHash::of(&bytes).to_string(), content })
}

/// Changes who can open a file. A key that is made for it goes to a file of its own, refused where that exists.
pub fn rekey(
    file: &Path,
    keys: &Keys,
    change: &KeyChange,
    new_key_file: Option<&Path>,
) -> Result<Vec<RecipientKind>, OpsError> {
    let bytes = read(file)?;
    let broken = |cause| OpsError::XferFile { path: file.to_owned(), cause };
    let mut change = change.clone();
    let new_key = new_key(new_key_file, file)?;
    change.add.key_files.extend(new_key.iter().map(|new_key| new_key.key.clone()));
    let bytes = document::rekey(&bytes, keys, &change).map_err(broken)?;
    let recipients = xferfile::header(&bytes).map_err(broken)?.recipients;
    write(file, &bytes, new_key.as_ref())?;
    Ok(recipients)
}

/// Whether a file has the form of an xfer file, as far as that can be seen without a key.
pub fn check_form(file: &Path) -> Result<(), OpsError> {
    let header = xferfile::header(&read(file)?);
    header.map(drop).map_err(|cause| OpsError::XferFile { path: file.to_owned(), cause })
}

/// A key that is made for an xfer file.
struct NewKey<'path> {
    path: &'path Path,
    key: FileKeyHolder,
    /// Whether it lies there already, because a call before was killed between the two files.
    is_there: bool,
}

/// A key for a file that does not exist yet.
fn new_key<'path>(path: Option<&'path Path>, file: &Path) -> Result<Option<NewKey<'path>>, OpsError> {
    let Some(path) = path else { return Ok(None) };
    if path == Path::new("-") {
        return Err(OpsError::invalid("a key is not printed", "name a file for the new key"));
    }
    if std::fs::symlink_metadata(path).is_ok() {
        if let Some(key) = key_of_killed_call(path, file) {
            return Ok(Some(NewKey { path, key, is_there: true }));
        }
        return Err(OpsError::invalid(
            format!("there is a file {} already", path.display()),
            "use it with --key-file, or choose another name for the new key",
        ));
    }
    let key = FileKeyHolder::generate().map_err(|cause| OpsError::XferFile { path: path.to_owned(), cause })?;
    Ok(Some(NewKey { path, key, is_there: false }))
}

/// The key that a killed call made for a file which never got its name: it opens what that call left beside the file's
/// place, and nothing else.
fn key_of_killed_call(path: &Path, file: &Path) -> Option<FileKeyHolder> {
    let key = read_key(path, Privacy::OfItsMode).ok()?;
    let keys = Keys { key_files: vec![key.clone()], ..Keys::default() };
    let opens = |left: &PathBuf| read(left).is_ok_and(|bytes| document::open(&bytes, &keys).is_ok());
    platform::temporary::abandoned(platform::folder_of(file)).iter().any(opens).then_some(key)
}

/// Reads a file, as long as it is no larger than an xfer file can be.
fn read(file: &Path) -> Result<Vec<u8>, OpsError> {
    let failed = |source| OpsError::LocalFile { path: file.to_owned(), action: "read", source };
    let bytes = platform::read_at_most(file, LARGEST_FILE).map_err(failed)?;
    bytes.ok_or_else(|| OpsError::XferFile { path: file.to_owned(), cause: XferFileError::TooLarge })
}

/// Writes a file and the key that was made for it. The file waits for its name until the key has its own: whoever is
/// killed in between leaves the old file as it was, and the key for the next call to take over. Where the file cannot be
/// written, no key is left.
fn write(file: &Path, bytes: &[u8], new_key: Option<&NewKey<'_>>) -> Result<(), OpsError> {
    let failed = |source| OpsError::LocalFile { path: file.to_owned(), action: "written", source };
    let prepared = Prepared::new(file, bytes, Existing::Replace).map_err(failed)?;
    let made = new_key.filter(|new_key| !new_key.is_there);
    if let Some(NewKey { path, key, .. }) = made {
        write_new_key(path, key)?;
    }
    prepared.place().map_err(|cause| {
        if let Some(NewKey { path, .. }) = made {
            // It opens nothing.
            let _ = std::fs::remove_file(path);
        }
        failed(cause)
    })
}

/// An older export may be replaced, a letter to the ministry may not.
fn refuse_other_files(file: &Path) -> Result<(), OpsError> {
    if file == Path::new("-") {
        return Err(OpsError::invalid("an xfer file is not printed", "name a file: xfer routine export ROUTINE FILE"));
    }
    let mut begin = Vec::new();
    let looked = std::fs::File::open(file).and_then(|opened| opened.take(64).read_to_end(&mut begin));
    match looked {
        Ok(_) if !begin.is_empty() && !xferfile::looks_like_one(&begin) => Err(OpsError::invalid(
            format!("{} exists and is not an xfer file", file.display()),
            "choose another name; nothing was written",
        )),
        Ok(_) => Ok(()),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(OpsError::LocalFile { path: file.to_owned(), action: "written", source }),
    }
}
