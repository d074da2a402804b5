//! Scripts at work: attached to an item, a job or a routine, taken away again, listed.
//!
//! The text is read when it is attached and kept in the store by its hash: a run uses what was attached, whatever has
//! become of the file since. That the file has changed is told, never acted upon; attaching it again takes it over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::ops::error::OpsError;
use crate::ops::home::{Home, job, routine};
use crate::ops::plugins;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::script::{Attachment, ContentHash, Hook, ParameterValue, ScriptSource};
use xfer_domain::spelling::composed;
use xfer_script::plugin::{self, PREFIX};
use xfer_script::testing::Scalar;
use xfer_script::{Script, limits};
use xfer_storage::platform;
use xfer_storage::store::ConfigStore;

/// Compiles a script and says which hooks it defines.
pub fn check(source: &ScriptSource) -> Result<Vec<Hook>, OpsError> {
    let script = Script::compile(&source.name, &source.content).map_err(Box::new)?;
    Ok(script.hooks().collect())
}

/// Where a script is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// On one item of a job, by its number counted from 1.
    Item {
        /// The job's name.
        job: String,
        /// The item's number in `xfer job show`.
        number: usize,
    },
    /// On all items of a job.
    Job {
        /// The job's name.
        job: String,
    },
    /// On all jobs of a routine.
    Routine {
        /// The routine's name.
        routine: String,
    },
}

impl Place {
    /// In words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Item { job, number } => format!("item {number} of the job {job}"),
            Self::Job { job } => format!("the job {job}"),
            Self::Routine { routine } => format!("the routine {routine}"),
        }
    }
}

/// What has become of the file that a script was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// It says what was attached.
    Same,
    /// It says something else now.
    Altered,
    /// It is not there, or cannot be read.
    Gone,
}

/// A script at work.
#[derive(Debug, Clone, PartialEq)]
pub struct AtWork {
    /// Where.
    pub place: Place,
    /// What.
    pub attachment: Attachment,
    /// What has become of its file; none for a script that did not come from one.
    pub file: Option<FileState>,
}

/// What checks a script before it is attached: the hooks that it defines, or the error that refuses it.
pub type Check<'check> = &'check dyn Fn(&ScriptSource) -> Result<Vec<Hook>, OpsError>;

/// Refuses parameters that are too many or too long, or that a script does not know: a name that is misspelt would leave another one unset.
pub fn check_names(script: &Script, parameters: &BTreeMap<String, ParameterValue>) -> Result<(), OpsError> {
    let params = parameters.iter().map(|(name, value)| (name.clone(), Scalar::from(value).to_param())).collect();
    if let Some((what, hint)) = xfer_script::too_much(&params) {
        return Err(OpsError::invalid(what, hint));
    }
    let Some(unknown) = script.unknown_parameter(parameters.keys().map(String::as_str)) else { return Ok(()) };
    let names = script.parameters();
    let hint = if names.is_empty() {
        "it takes none".to_owned()
    } else {
        plugin::meant(unknown, names.iter().map(String::as_str))
    };
    Err(OpsError::invalid(format!("{} has no parameter {unknown}", script.name()), hint))
}

/// Reads a script, checks it and attaches it. One of the same name that is there already is put aside: its place in the
/// order stays. Gives the new attachment, and whether it took another's place.
pub fn attach(
    home: &Home,
    place: &Place,
    file: &Path,
    parameters: BTreeMap<String, ParameterValue>,
    check: Check<'_>,
) -> Result<(Attachment, bool), OpsError> {
    let script = read(file)?;
    let compiled = Script::compile(&script.name, &script.content).map_err(Box::new)?;
    check_names(&compiled, &parameters)?;
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    attach_text(home, place, &script, Some(absolute.to_string_lossy().into_owned()), parameters, check)
}

/// Checks a text and attaches it, as [`attach`] does with a file's.
fn attach_text(
    home: &Home,
    place: &Place,
    script: &ScriptSource,
    file: Option<String>,
    parameters: BTreeMap<String, ParameterValue>,
    check: Check<'_>,
) -> Result<(Attachment, bool), OpsError> {
    let hooks = check(script)?;
    if let (Place::Item { .. }, true) = (place, hooks.contains(&Hook::Rows)) {
        return Err(OpsError::invalid(
            format!("{} has a `rows` function, which works on all items of a job at once", script.name),
            "attach it to the job (without --item) or to a routine",
        ));
    }
    let attachment = Attachment { script: script.name.clone(), hash: script.hash.clone(), hooks, parameters, file };
    let mut config = home.config()?;
    config.keep_script(script)?;
    let mut replaced = false;
    change(&mut config, place, |scripts| {
        if let Some(old) = scripts.iter_mut().find(|old| composed(&old.script) == composed(&attachment.script)) {
            *old = attachment.clone();
            replaced = true;
        } else {
            scripts.push(attachment.clone());
        }
        Ok(())
    })?;
    config.forget_unused_scripts()?;
    Ok((attachment, replaced))
}

/// Attaches a plugin: its parameters held to its manifest, its text kept with the hash of all its files.
pub fn attach_plugin(
    home: &Home,
    place: &Place,
    name: &str,
    parameters: &BTreeMap<String, ParameterValue>,
) -> Result<(Attachment, bool), OpsError> {
    let plugin = plugins::find(home, name)?;
    let parameters = plugin::check(&plugin.manifest, parameters)?;
    attach_text(home, place, &plugin.attached(), None, parameters, &check)
}

/// Takes a script away from a place.
pub fn detach(home: &Home, place: &Place, name: &str) -> Result<Attachment, OpsError> {
    let mut config = home.config()?;
    let mut removed = None;
    change(&mut config, place, |scripts| {
        let Some(position) = scripts.iter().position(|attachment| composed(&attachment.script) == composed(name))
        else {
            let there: Vec<&str> = scripts.iter().map(|attachment| attachment.script.as_str()).collect();
            let hint = if there.is_empty() {
                "no script is attached there; `xfer script list` shows all".to_owned()
            } else {
                format!("attached there: {}", there.join(", "))
            };
            return Err(OpsError::invalid(format!("{} has no script `{name}`", place.in_words()), hint));
        };
        removed = Some(scripts.remove(position));
        Ok(())
    })?;
    config.forget_unused_scripts()?;
    removed.ok_or_else(|| {
        OpsError::invalid(format!("{} has no script `{name}`", place.in_words()), "see `xfer script list`")
    })
}

/// Every script at work: routines first, then jobs, then items.
pub fn list(home: &Home) -> Result<Vec<AtWork>, OpsError> {
    let config = home.config()?;
    let mut found = Vec::new();
    for routine in config.routines()? {
        let place = Place::Routine { routine: routine.name };
        found.extend(routine.scripts.into_iter().map(|attachment| at_work(home, place.clone(), attachment)));
    }
    for job in config.jobs()? {
        let place = Place::Job { job: job.name.clone() };
        found.extend(job.scripts.into_iter().map(|attachment| at_work(home, place.clone(), attachment)));
        for (item, number) in job.items.into_iter().zip(1..) {
            let place = Place::Item { job: job.name.clone(), number };
            found.extend(item.scripts.into_iter().map(|attachment| at_work(home, place.clone(), attachment)));
        }
    }
    Ok(found)
}

/// The texts of everything that is attached in a document, each once.
pub fn sources(config: &ConfigStore, document: &RoutineDocument) -> Result<Vec<ScriptSource>, OpsError> {
    let mut sources: Vec<ScriptSource> = Vec::new();
    for attachment in document.attachments() {
        if !sources.iter().any(|source| source.hash == attachment.hash) {
            sources.push(config.script(attachment)?);
        }
    }
    Ok(sources)
}

fn at_work(home: &Home, place: Place, attachment: Attachment) -> AtWork {
    let file = match attachment.script.strip_prefix(PREFIX) {
        Some(plugin) => Some(state_of_plugin(home, plugin, &attachment.hash)),
        None => attachment.file.as_ref().map(|file| state_of(Path::new(file), &attachment.hash)),
    };
    AtWork { place, attachment, file }
}

/// What has become of the files of a plugin, all four of them.
fn state_of_plugin(home: &Home, name: &str, hash: &ContentHash) -> FileState {
    match plugins::find(home, name) {
        Ok(plugin) if plugin.attached().hash == *hash => FileState::Same,
        Err(OpsError::NotFound { .. }) => FileState::Gone,
        Ok(_) | Err(_) => FileState::Altered,
    }
}

fn state_of(file: &Path, hash: &ContentHash) -> FileState {
    match read_text(file, limits::SOURCE, "a script") {
        Ok(text) if ContentHash::of(&text) == *hash => FileState::Same,
        Ok(_) | Err(Refusal::Refused(_)) => FileState::Altered,
        Err(Refusal::NotRead(_)) => FileState::Gone,
    }
}

/// Reads a file that may be a script.
pub(super) fn read(file: &Path) -> Result<ScriptSource, OpsError> {
    let failed = |source| OpsError::LocalFile { path: PathBuf::from(file), action: "read", source };
    let content = read_text(file, limits::SOURCE, "a script").map_err(|refusal| match refusal {
        Refusal::NotRead(source) => failed(source),
        Refusal::Refused(error) => *error,
    })?;
    let name = file.file_name().map(|name| composed(&name.to_string_lossy()).into_owned()).unwrap_or_default();
    Ok(ScriptSource::new(name, content))
}

/// Why a text is not read.
pub(super) enum Refusal {
    /// The system gives no such file.
    NotRead(std::io::Error),
    /// It is too long, or no text.
    Refused(Box<OpsError>),
}

/// Reads a text of at most so many bytes; of a longer one, no more than shows that it is longer.
pub(super) fn read_text(file: &Path, most: usize, what: &str) -> Result<String, Refusal> {
    let shown = file.display();
    let bytes = platform::read_at_most(file, most as u64).map_err(Refusal::NotRead)?.ok_or_else(|| {
        let longest = format!("{shown} is too long: {what} has at most {} KiB", most / 1024);
        Refusal::Refused(Box::new(OpsError::invalid(longest, "is it the right file?")))
    })?;
    String::from_utf8(bytes).map_err(|_| {
        Refusal::Refused(Box::new(OpsError::invalid(format!("{shown} is not text in UTF-8"), "save the file as UTF-8")))
    })
}

/// Changes the list of scripts of a place.
fn change(
    config: &mut ConfigStore,
    place: &Place,
    edit: impl FnOnce(&mut Vec<Attachment>) -> Result<(), OpsError>,
) -> Result<(), OpsError> {
    match place {
        Place::Item { job: name, number } => {
            let mut job = job(config, name)?;
            let has = job.items.len();
            let Some(item) = number.checked_sub(1).and_then(|index| job.items.get_mut(index)) else {
                return Err(OpsError::invalid(
                    format!("{} has no item {number}, but items 1 to {has}", job.name),
                    "see `xfer job show`",
                ));
            };
            edit(&mut item.scripts)?;
            config.update_job(&job.name, &job, &|_| None)?;
        }
        Place::Job { job: name } => {
            let mut job = job(config, name)?;
            edit(&mut job.scripts)?;
            config.update_job(&job.name, &job, &|_| None)?;
        }
        Place::Routine { routine: name } => {
            let mut routine = routine(config, name)?;
            edit(&mut routine.scripts)?;
            config.update_routine(&routine)?;
        }
    }
    Ok(())
}
