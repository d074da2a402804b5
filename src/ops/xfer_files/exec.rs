//! A run from a file: no configuration, no questions, the same engine.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::transfer::{self, Launch, RunOptions, Side};
use crate::ops::xfer_files::{outdated, read};
use xfer_dhis2::client::{Client, ClientOptions};
use xfer_dhis2::limits::Limits;
use xfer_domain::moment::in_words;
use xfer_domain::run::{FileReport, Report};
use xfer_domain::script::ContentHash;
use xfer_storage::platform::{self, Existing};
use xfer_storage::xferfile::{Content, FileServer, Keys, document};
use xfer_transfer::engine::Tuning;
use xfer_transfer::events::Event;
use xfer_transfer::stop::Stop;

/// Opens a file for a run: authenticated, not expired, not older than wanted.
pub(in crate::ops) fn open_for_run(
    file: &Path,
    keys: &Keys,
    min_revision: Option<u32>,
    now: Timestamp,
) -> Result<(Content, FileReport), OpsError> {
    let bytes = read(file)?;
    let (content, _) =
        document::open(&bytes, keys).map_err(|cause| OpsError::XferFile { path: file.to_owned(), cause })?;
    if let Some(end) = content.not_after.filter(|end| *end < now) {
        return Err(OpsError::invalid(
            format!("{} must not be run after {}", file.display(), in_words(&end.to_zoned(TimeZone::system()))),
            "export the routine again",
        ));
    }
    if let Some(least) = min_revision.filter(|least| *least > content.revision) {
        return Err(OpsError::invalid(
            format!("{} is revision {}, older than {least}", file.display(), content.revision),
            "use the file of the latest export; an old one may have an old map or login",
        ));
    }
    let about = FileReport {
        path: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).to_string_lossy().into_owned(),
        routine: content.document.routine.id,
        revision: content.revision,
        created: content.created.to_string(),
        sha256: ContentHash::of(&bytes).to_string(),
    };
    Ok((content, about))
}

/// Runs a file that was opened. `stop` tells the run to end early; what is in flight is finished or marked.
pub(in crate::ops) async fn exec(
    home: &Home,
    content: Content,
    about: FileReport,
    options: RunOptions,
    stop: &Stop,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<Report, OpsError> {
    let Content { source, destination, document: whole, .. } = content;
    let mut document = whole.clone();
    let outdated = outdated::finding(home, &about, &document);
    transfer::adapt(&mut document, &options)?;
    let (source, destination) = (side(source)?, side(destination)?);
    let tuning_file = home.files().tuning(document.routine.id);
    let launch = Launch {
        whole: transfer::part_of(&whole, &options),
        document: &document,
        file: Some(&about),
        // Which other routines there are is in the store, which a file does without.
        reviewed: Vec::new(),
        mode: options.mode,
        source: &source,
        destination: &destination,
        fail_on_empty: options.fail_on_empty,
        known: outdated.into_iter().collect(),
        command: options.command,
        tuning: remembered(&tuning_file).unwrap_or_default(),
        stop,
    };
    let (report, tuning) = transfer::launch(home, launch, events).await?;
    remember(&tuning_file, tuning);
    Ok(report)
}

/// What earlier runs learned, if it can be read.
fn remembered(file: &Path) -> Option<Tuning> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

/// Keeps what was learned for the next run. It only saves time: a run does not fail for it.
fn remember(file: &Path, tuning: Tuning) {
    let kept = serde_json::to_vec(&tuning)
        .map_err(std::io::Error::from)
        .and_then(|text| platform::write_privately(file, &text, Existing::Replace));
    if let Err(cause) = kept {
        tracing::warn!(file = %file.display(), %cause, "what was learned about the destination was not kept");
    }
}

/// A server as the file pins it: the login goes to this address and no other, and values only to this system.
fn side(server: FileServer) -> Result<Side, OpsError> {
    let (origin, client) = (server.url.origin(), Client::new(client_options(&server))?);
    Ok(Side { origin, pinned_system_id: Some(server.system_id), metadata: server.metadata, client })
}

/// How a server of a file is reached, and with which login.
pub(in crate::ops) fn client_options(server: &FileServer) -> ClientOptions {
    ClientOptions {
        server: server.name.clone(),
        url: server.url.clone(),
        login: server.login.clone(),
        allow_http: server.allow_http,
        certificates: server.certificates.clone(),
        limits: Limits::default(),
    }
}
