//! The address that `exec --notify-file` names, beside the channels of a routine.
//!
//! It is told even where the file does not open, so that nothing about it can be kept with the routine: how the last run
//! of the file ended, and the messages that were not taken yet, lie in a file of their own. As with channels, they are
//! written down before anything is sent.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::ops::alerts::deliver::{PATIENCE, take_turn};
use crate::ops::alerts::message::{Message, payload};
use crate::ops::home::Home;
use crate::ops::undelivered::DeliveryError;
use xfer_dhis2::webhook::{self, Call};
use xfer_domain::alert::{AlertEvent, Condition, Notice, Past, Shape, is_news};
use xfer_domain::script::ContentHash;
use xfer_storage::platform::{self, Existing};

/// The most messages that wait; the newest say most.
const MOST_WAITING: usize = 20;

/// What the address takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileShape {
    /// Messages.
    Message(Shape),
    /// Being asked for after each complete run.
    Ping,
}

/// A web address, and what it takes.
#[derive(Debug, Clone)]
pub struct Address {
    /// The address; whoever knows it can write there.
    pub secret: SecretString,
    /// What it takes.
    pub shape: FileShape,
}

/// What is kept about the runs of a file.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// How the last one ended; none before the first.
    outcome: Option<Condition>,
    /// What was not taken yet, the oldest first.
    waiting: Vec<Notice>,
}

impl Kept {
    /// What was kept. What cannot be read counts as nothing: something is told rather too often than not at all.
    fn read(path: &Path) -> Self {
        let kept = std::fs::read(path).ok().and_then(|content| serde_json::from_slice(&content).ok());
        kept.unwrap_or_default()
    }

    /// Notes how a run ended, with a message about it if that is news.
    fn note(&mut self, notice: &Notice) {
        let past = self.outcome.map_or_else(Past::default, |outcome| Past { outcome, told: outcome });
        if is_news(&AlertEvent::ALL, past, notice.condition) {
            self.waiting.push(notice.clone());
            self.waiting.drain(..self.waiting.len().saturating_sub(MOST_WAITING));
        }
        self.outcome = Some(notice.condition);
    }

    fn write(&self, path: &Path) {
        let written = serde_json::to_vec(self).map_err(io::Error::from).and_then(|content| {
            path.parent().map_or(Ok(()), platform::create_private_folder)?;
            platform::write_privately(path, &content, Existing::Replace)
        });
        if let Err(cause) = written {
            tracing::warn!(file = %path.display(), %cause, "a sent alert was not recorded; it will be sent again");
        }
    }
}

/// Tells the address how a run of a file ended, if that is news, after what it did not take before; gives whether
/// something was sent. A switch has nothing kept for it: the next complete run asks for it anyway.
pub async fn tell(home: &Home, file: &Path, address: &Address, notice: &Notice) -> Result<bool, DeliveryError> {
    let Address { secret: address, shape } = address;
    let shape = match *shape {
        FileShape::Message(shape) => shape,
        FileShape::Ping => {
            let good = notice.condition == Condition::Complete;
            if good {
                webhook::deliver(address, Call::Get, PATIENCE).await?;
            }
            return Ok(good);
        }
    };
    let path = kept_in(home, file);
    // Made before it is locked; why it cannot be is said when something is written there.
    let _ = platform::create_private_folder(&home.files().state_folder());
    let _turn = take_turn(&path.with_extension("telling"), PATIENCE).await?;
    let mut kept = Kept::read(&path);
    kept.note(notice);
    kept.write(&path);
    let end = Instant::now() + PATIENCE;
    let mut sent = false;
    while let Some(next) = kept.waiting.first() {
        let body = payload(shape, &Message::of(next)).to_string();
        webhook::deliver(address, Call::Json(body), end.saturating_duration_since(Instant::now())).await?;
        sent = true;
        kept.waiting.remove(0);
        kept.write(&path);
    }
    Ok(sent)
}

/// Where that lies which is kept about a file. Its whole path names it: two districts may both call theirs monthly.xfer.
fn kept_in(home: &Home, file: &Path) -> PathBuf {
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    home.files().state_folder().join(format!("{}.told", ContentHash::of(whole.as_os_str().as_encoded_bytes())))
}
