//! Sync: pulling a server's metadata into the configuration, so that mapping and checking work offline.

use jiff::Timestamp;

use crate::dhis2::metadata::MetadataProgress;
use crate::domain::run::Finding;
use crate::ops::error::OpsError;
use crate::ops::home::{self, Home};
use crate::ops::servers::{analytics_flags, connect, findings, last_answer};
use crate::store::{MetadataCounts, SyncedServer};

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

/// Copies a server's metadata. The old copy stays until the new one is complete.
pub async fn sync(
    home: &Home,
    name: &str,
    progress: &(dyn Fn(MetadataProgress) + Send + Sync),
) -> Result<Synced, OpsError> {
    let mut config = home.config()?;
    let server = home::server(&config, name)?;
    let client = connect(&config, &server)?;
    let probe = client.probe().await?;
    if let Some(known) = &server.identity
        && known.system_id != probe.identity.system_id
    {
        return Err(OpsError::WrongServer {
            server: server.name.clone(),
            expected: known.system_id.clone(),
            found: probe.identity.system_id.clone(),
        });
    }
    let (metadata, notes) = client.fetch_metadata_with_notes(progress).await?;
    let exchanges = client.kept_exchanges().await?;
    let before = server.synced_at.as_ref().map(|_| config.metadata_counts(server.id)).transpose()?;
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
    Ok(Synced { findings: findings(&server.name, &probe), server: server.name, before, after, notes: notes.notes })
}
