//! Sync: pulling a server's metadata into the configuration, so that mapping and checking work offline.
//!
//! Three steps, of which only the last one changes anything: everything is read ([`fetch`]), compared with the copy that
//! is there ([`Fetched::shrunk`]), and taken over in one transaction ([`keep`]): all types together or none. A server
//! that has just started may answer with lists that are complete and empty, and a sharing rule that went wrong makes
//! lists short; a map over such a copy would lose its targets. So a type that shrinks to nothing, or by more than a
//! third, is taken over only when a person says so. The rule holds for small numbers too: two data sets of which one is
//! gone are worth a question. What stands inside the objects is counted in the same way ([`nested`]). Nor is a copy whole
//! without objects that could not be read, or with some that refer to what is not listed, unless the user's rights
//! explain it: org units below one that is missing, say.

mod nested;

use jiff::Timestamp;

use crate::ops::error::OpsError;
use crate::ops::home::{self, Home};
use crate::ops::servers::{analytics_flags, connect_to_known, findings, last_answer};
use crate::ops::shrunk::Shrunk;
use xfer_dhis2::error::clean;
use xfer_dhis2::metadata::MetadataProgress;
use xfer_dhis2::system::Probe;
use xfer_domain::metadata::Metadata;
use xfer_domain::run::Finding;
use xfer_domain::server::{KeptExchange, Server};
use xfer_storage::store::{MetadataCounts, SyncedServer};

/// Missing objects that are named; the rest is counted.
const NAMED: usize = 5;

/// What was read of a server, and not taken over yet.
#[derive(Debug, Clone)]
pub struct Fetched {
    server: Server,
    probe: Probe,
    metadata: Metadata,
    notes: Vec<String>,
    exchanges: Vec<KeptExchange>,
    before: Option<MetadataCounts>,
    less_inside: Vec<Shrunk>,
    own_units_missing: bool,
    missing: Vec<String>,
}

impl Fetched {
    /// Types of which the server has so much less than the copy that a person has to say whether that is right.
    pub fn shrunk(&self) -> Vec<Shrunk> {
        let counts = MetadataCounts::of(&self.metadata);
        let mut found = self.before.map(|before| shrunk(&before, &counts)).unwrap_or_default();
        found.extend(self.less_inside.iter().cloned());
        found
    }

    /// What speaks against taking it over, in words; none where nothing does.
    pub fn doubt(&self) -> Option<String> {
        let shrunk: Vec<String> = self.shrunk().iter().map(ToString::to_string).collect();
        if !shrunk.is_empty() {
            return Some(format!("has much less than at the last sync: {}", shrunk.join(", ")));
        }
        if !self.missing.is_empty() {
            return Some(format!("has metadata that is not complete: {}", self.missing.join("; ")));
        }
        let user = &self.probe.account.username;
        self.own_units_missing.then(|| format!("does not list the org units of {user}"))
    }

    /// The server's name.
    pub fn server(&self) -> &str {
        &self.server.name
    }
}

/// What a sync brought.
#[derive(Debug, Clone)]
pub struct Synced {
    /// The server's name.
    pub server: String,
    /// How much was there before; none for a first sync.
    pub before: Option<MetadataCounts>,
    /// How much is there now.
    pub after: MetadataCounts,
    /// What to know about the server.
    pub findings: Vec<Finding>,
    /// Objects that could not be taken over, in words.
    pub notes: Vec<String>,
}

/// Types that shrank to nothing, or by more than a third.
fn shrunk(before: &MetadataCounts, after: &MetadataCounts) -> Vec<Shrunk> {
    let pairs = before.by_type().into_iter().zip(after.by_type());
    pairs.map(|((what, before), (_, after))| Shrunk { what, before, after }).filter(is_much_less).collect()
}

/// Whether there is nothing left, or less than two thirds.
fn is_much_less(Shrunk { before, after, .. }: &Shrunk) -> bool {
    let lost = before.saturating_sub(*after);
    lost > 0 && (*after == 0 || lost.saturating_mul(3) > *before)
}

/// Reads a server's metadata; nothing is kept yet.
pub async fn fetch(
    home: &Home,
    name: &str,
    progress: &(dyn Fn(MetadataProgress) + Send + Sync),
) -> Result<Fetched, OpsError> {
    let config = home.config()?;
    let server = home::server(&config, name)?;
    let (client, probe) = connect_to_known(&config, &server).await?;
    let (metadata, notes) = client.fetch_metadata_with_notes(progress).await?;
    // Org units are not shared, everybody sees all: a list without those of the user is not complete.
    let own = &probe.account.organisation_units;
    let own_units_missing = !own.is_empty() && own.iter().all(|unit| !metadata.organisation_units.contains_key(unit));
    let exchanges = client.kept_exchanges().await?;
    let before = server.synced_at.as_ref().map(|_| config.metadata_counts(server.id)).transpose()?;
    let mut missing: Vec<String> = notes.missing.iter().map(|words| clean(words)).collect();
    let known = if before.is_some() { config.load_metadata(server.id)? } else { Metadata::default() };
    let mut explained = Vec::new();
    for nowhere in nested::nowhere(&metadata, &probe.account) {
        let words = nowhere.in_words(&metadata, &known);
        if nowhere.is_explained { explained.push(words) } else { missing.push(words) }
    }
    let said = [notes.notes, first_of(explained)].concat();
    let less_inside = if before.is_some() { nested::less_inside(&known, &metadata) } else { Vec::new() };
    let missing = first_of(missing);
    Ok(Fetched { server, probe, metadata, notes: said, exchanges, before, less_inside, own_units_missing, missing })
}

/// The first sentences; the rest is counted.
fn first_of(mut sentences: Vec<String>) -> Vec<String> {
    let more = sentences.len().saturating_sub(NAMED);
    sentences.truncate(NAMED);
    if more > 0 {
        sentences.push(format!("and {more} more"));
    }
    sentences
}

/// Takes over what was read, whole. What shrank is only taken over with `accept_shrink`; else the old copy stays.
pub fn keep(home: &Home, fetched: Fetched, accept_shrink: bool) -> Result<Synced, OpsError> {
    let shrunk = fetched.shrunk();
    if !shrunk.is_empty() && !accept_shrink {
        return Err(OpsError::Shrunk { server: fetched.server.name, shrunk });
    }
    if !fetched.missing.is_empty() && !accept_shrink {
        return Err(OpsError::NotWhole { server: fetched.server.name, missing: fetched.missing });
    }
    if fetched.own_units_missing && !accept_shrink {
        return Err(OpsError::OwnOrgUnitsMissing { server: fetched.server.name, user: fetched.probe.account.username });
    }
    let Fetched { server, probe, metadata, notes, exchanges, before, .. } = fetched;
    let mut config = home.config()?;
    config.save_metadata(
        server.id,
        &SyncedServer {
            metadata: &metadata,
            identity: &probe.identity,
            account: &probe.account,
            analytics: analytics_flags(&probe),
            synced_at: &Timestamp::now().to_string(),
        },
    )?;
    config.keep_answer(server.id, &last_answer(&probe, exchanges))?;
    let after = config.metadata_counts(server.id)?;
    Ok(Synced { findings: findings(&server.name, &probe), server: server.name, before, after, notes })
}

#[cfg(test)]
mod tests {
    use super::shrunk;
    use xfer_storage::store::MetadataCounts;

    fn names(before: u64, after: u64) -> Vec<String> {
        let counts = |data_sets| MetadataCounts { data_sets, indicators: 7, ..MetadataCounts::default() };
        shrunk(&counts(before), &counts(after)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn much_less_than_before_is_worth_a_question() {
        for (before, after) in [(0, 0), (0, 10), (10, 10), (10, 40), (3, 2), (9, 6), (1_332, 900), (100, 67)] {
            assert!(names(before, after).is_empty(), "{before} to {after}");
        }
        for (before, after) in [(1, 0), (1_332, 0), (2, 1), (3, 1), (10, 6), (100, 66), (1_332, 880)] {
            assert_eq!(names(before, after), [format!("{after} data sets instead of {before}")]);
        }
        let before = MetadataCounts { organisation_units: 10, option_sets: 4, ..MetadataCounts::default() };
        let both = shrunk(&before, &MetadataCounts::default());
        assert_eq!(both.iter().map(|shrunk| shrunk.what).collect::<Vec<_>>(), ["org units", "option sets"]);
    }
}
