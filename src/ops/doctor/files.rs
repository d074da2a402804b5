//! The files of this machine: who may read them, and whether they are whole.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::ops::doctor::Complaint;
use crate::ops::doctor_codes as codes;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::xfer_files::{self, EXTENSION};
use xfer_domain::fault::Fault;
use xfer_storage::platform::{self, temporary};
use xfer_storage::store::{ConfigStore, StateStore, StoreError};
use xfer_storage::xferfile::Keys;

/// The home folder, and who may look into it and its files.
pub(super) fn about_home(home: &Home) -> Vec<Complaint> {
    let shown = home.folder().display().to_string();
    let mut found = Vec::new();
    if home.is_empty() && !home.files().schedules_folder().exists() {
        found.push(Complaint::new(&codes::HOME_EMPTY, &shown, "there is no configuration in it"));
    }
    if let Some(mode) = mode_for_others(home.folder()) {
        let remedy = format!("run `chmod 700 {shown}`");
        let complaint = Complaint::new(&codes::HOME_OPEN, &shown, format!("its mode is {mode:o}"));
        found.push(complaint.with_remedy(Some(remedy)));
    }
    if home.folder().exists()
        && let Err(cause) = temporary::try_filling(home.folder())
    {
        found.push(Complaint::new(&codes::HOME_NOT_WRITABLE, &shown, in_words(&cause)));
    }
    let mut files = vec![home.files().config_database(), home.files().key()];
    files.extend(files_in(&home.files().state_folder(), |_| true));
    found.extend(files.iter().filter_map(|file| open(file)));
    found
}

fn open(file: &Path) -> Option<Complaint> {
    let mode = mode_for_others(file)?;
    let shown = file.display().to_string();
    let remedy = format!("run `chmod 600 {shown}`; if others may have read it, change the passwords in it");
    let complaint = Complaint::new(&codes::FILE_OPEN, &shown, format!("its mode is {mode:o}"));
    Some(complaint.with_remedy(Some(remedy)))
}

fn mode_for_others(path: &Path) -> Option<u32> {
    std::fs::metadata(path).ok().and_then(|metadata| platform::open_to_others(&metadata))
}

/// The files of a folder, by name; none where there is no folder.
fn files_in(folder: &Path, wanted: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file() && wanted(path)).collect();
    files.sort();
    files
}

/// The configuration and the journals of its routines.
pub(super) fn about_databases(home: &Home, config: &ConfigStore) -> Result<Vec<Complaint>, OpsError> {
    let mut found = Vec::new();
    let file = home.files().config_database();
    let damaged = |file: &Path, faults: Vec<String>| {
        faults
            .into_iter()
            .map(|fault| Complaint::new(&codes::DATABASE_UNUSABLE, file.display().to_string(), fault))
            .collect::<Vec<_>>()
    };
    found.extend(damaged(&file, config.faults()?));
    for routine in config.routines()? {
        let file = home.files().state_database(routine.id);
        let faults = StateStore::open_existing(home.files(), routine.id)
            .and_then(|state| state.map_or_else(|| Ok(Vec::new()), |state| state.faults()));
        match faults {
            Ok(faults) => found.extend(damaged(&file, faults)),
            Err(cause) => found.push(unusable(&file, &OpsError::Store(cause))),
        }
    }
    Ok(found)
}

/// The key, if its passphrase could not be had: nothing that needs a login can be looked at then.
pub(super) fn about_key(home: &Home, config: &ConfigStore) -> Option<Complaint> {
    let cause = config.unlock_key().err()?;
    let closed = matches!(cause, StoreError::KeyClosed { .. } | StoreError::WrongPassphrase { .. });
    let shown = home.files().key().display().to_string();
    closed.then(|| Complaint::new(&codes::KEY_CLOSED, shown, in_words(&cause)))
}

/// Whether the logins open with the key.
pub(super) fn about_logins(config: &ConfigStore) -> Result<Vec<Complaint>, OpsError> {
    let mut found = Vec::new();
    for server in config.servers()? {
        if let Err(cause) = config.login(server.id) {
            let complaint = Complaint::new(&codes::LOGIN_UNUSABLE, server.name, in_words(&cause));
            found.push(complaint.with_remedy(cause.hint()));
        }
    }
    Ok(found)
}

/// A database that does not open.
pub(super) fn unusable(file: &Path, cause: &OpsError) -> Complaint {
    let hint = if let OpsError::Store(cause) = cause { cause.hint() } else { None };
    Complaint::new(&codes::DATABASE_UNUSABLE, file.display().to_string(), in_words(cause)).with_remedy(hint)
}

/// The xfer files that were named, and those in the home folder. What needs a key stays closed.
pub(super) fn about_xfer_files(home: &Home, named: &[PathBuf]) -> Vec<Complaint> {
    let mut files = files_in(home.folder(), |path| path.extension().is_some_and(|extension| extension == EXTENSION));
    files.extend(named.iter().filter(|file| !file.starts_with(home.folder())).cloned());
    files.extend(named.iter().filter(|file| file.starts_with(home.folder()) && !file.exists()).cloned());
    let mut found = Vec::new();
    for file in files {
        if let Err(cause) = xfer_files::inspect(&file, &Keys::default()) {
            let hint = if let OpsError::XferFile { cause, .. } = &cause { cause.hint() } else { None };
            let complaint = Complaint::new(&codes::XFER_FILE_UNUSABLE, file.display().to_string(), in_words(&cause));
            found.push(complaint.with_remedy(hint));
        }
        found.extend(open(&file));
    }
    found
}

/// An error with its causes in one sentence.
fn in_words(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !words.contains(&more) {
            words.push_str(": ");
            words.push_str(&more);
        }
        next = cause.source();
    }
    words
}
