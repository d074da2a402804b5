//! Paged metadata.

use crate::dhis2::client::Client;
use crate::dhis2::error::ClientError;
use crate::domain::metadata::Metadata;

/// How far a sync is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetadataProgress {
    /// The type being read, in DHIS2's plural (`dataElements`).
    pub kind: &'static str,
    /// Objects read so far.
    pub read: u64,
    /// Objects in all, as the pager says.
    pub total: u64,
}

impl Client {
    /// Reads all metadata that mapping and preflight need.
    pub async fn fetch_metadata(
        &self,
        _progress: &(dyn Fn(MetadataProgress) + Send + Sync),
    ) -> Result<Metadata, ClientError> {
        todo!()
    }
}
