//! Xfer files that are not any more what their routine is: the routine, a job of it or the org unit map was changed
//! since the export. Only the machine that wrote a file can tell, from what it remembers of its exports.

use std::collections::BTreeSet;
use std::path::Path;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::routines;
use crate::ops::scheduled::{in_shell, record::records};
use crate::ops::xfer_files::inspect;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{FileReport, Finding};
use xfer_storage::store::{ConfigStore, ExportedFile};
use xfer_storage::xferfile::{Keys, RecipientKind};
use xfer_transfer::finding;

/// Whether the routine of a file that was written here is another now.
pub(in crate::ops) fn is_outdated(config: &ConfigStore, file: &ExportedFile) -> Result<bool, OpsError> {
    let routine = config.routines()?.into_iter().find(|routine| routine.id == file.routine);
    let Some(routine) = routine else { return Ok(false) };
    Ok(routines::digest(&routines::document(config, &routine.name)?)? != file.digest)
}

/// The files that were written here and are outdated, by path. A home that cannot be read knows of none: this is said
/// beside what somebody asked for, and does not stand in its way.
pub fn outdated_files(home: &Home) -> BTreeSet<String> {
    let look = || -> Result<BTreeSet<String>, OpsError> {
        let mut outdated = BTreeSet::new();
        if home.is_empty() {
            return Ok(outdated);
        }
        let config = home.config()?;
        for file in config.exported_files()? {
            if Path::new(&file.path).exists() && is_outdated(&config, &file)? {
                outdated.insert(file.path);
            }
        }
        Ok(outdated)
    };
    quietly(look()).unwrap_or_default()
}

/// What the report of a run from a file says where the routine was changed here since the export. `document` is the
/// file's, as it was exported.
pub(super) fn finding(home: &Home, about: &FileReport, document: &RoutineDocument) -> Option<Finding> {
    let look = || -> Result<Option<Finding>, OpsError> {
        if home.is_empty() {
            return Ok(None);
        }
        let config = home.config()?;
        let digest = routines::digest(document)?;
        let is_it = |file: &ExportedFile| {
            file.routine == about.routine
                && (file.digest == digest || (file.path == about.path && file.revision == about.revision))
        };
        let Some(file) = config.exported_files()?.into_iter().find(is_it) else { return Ok(None) };
        let Some(routine) = config.routines()?.into_iter().find(|routine| routine.id == about.routine) else {
            return Ok(None);
        };
        if !is_outdated(&config, &file)? {
            return Ok(None);
        }
        let code = &finding::XFER_FILE_OUTDATED;
        Ok(Some(Finding {
            code: code.word.to_owned(),
            severity: code.severity,
            count: 1,
            object: None,
            example: Some(format!("revision {} of {}", about.revision, about.path)),
            server: None,
            hint: Some(format!("Export it again: `{}`.", in_words(&export_again(home, &routine.name, &about.path)))),
        }))
    };
    quietly(look()).flatten()
}

/// The words after `xfer` that export a routine to a file again, so that it opens with what it opens with now.
pub(in crate::ops) fn export_again(home: &Home, routine: &str, path: &str) -> Vec<String> {
    let mut words = ["routine", "export", routine, path].map(str::to_owned).to_vec();
    let scheduled = records(home).into_iter().find(|record| record.file == Path::new(path));
    if let Some(record) = scheduled {
        words.extend([record.opener.flag().to_owned(), record.opener.path().display().to_string()]);
        return words;
    }
    let recipients = inspect(Path::new(path), &Keys::default()).map(|seen| seen.header.recipients);
    for recipient in recipients.unwrap_or_default() {
        match recipient {
            RecipientKind::KeyFile { .. } => words.extend(["--key-file".to_owned(), "KEYFILE".to_owned()]),
            RecipientKind::Passphrase { .. } => words.push("--passphrase".to_owned()),
        }
    }
    words
}

/// A command of ours as it is typed.
pub(in crate::ops) fn in_words(command: &[String]) -> String {
    std::iter::once("xfer".to_owned()).chain(command.iter().map(|word| in_shell(word))).collect::<Vec<_>>().join(" ")
}

fn quietly<T>(looked: Result<T, OpsError>) -> Option<T> {
    looked.inspect_err(|cause| tracing::debug!(%cause, "xfer could not check whether files are outdated")).ok()
}
