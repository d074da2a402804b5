//! What the engine asks of a server, so that it can be tested without sockets. The real [`Client`] does it over HTTP,
//! the tests' world in memory.

use xfer_dhis2::analytics::AnalyticsQuery;
use xfer_dhis2::client::Client;
use xfer_dhis2::data_value_sets::{ImportAnswer, Payload, RawQuery};
use xfer_dhis2::error::ClientError;
use xfer_dhis2::system::{AnalyticsStamp, Probe};
use xfer_domain::access::{Fresh, Question};
use xfer_domain::data_value::DataValue;
use xfer_domain::run::ServerTraffic;
use xfer_domain::source_value::SourceValue;

/// A server, as source or destination.
pub trait DataServer: Sync {
    /// The server's name as people gave it.
    fn name(&self) -> &str;

    /// What its requests cost so far.
    fn traffic(&self) -> ServerTraffic;

    /// Asks who it is and who we are.
    fn probe(&self) -> impl Future<Output = Result<Probe, ClientError>> + Send;

    /// Asks when its analytics tables were built.
    fn analytics_stamp(&self) -> impl Future<Output = Result<AnalyticsStamp, ClientError>> + Send;

    /// Asks what we may do with the data of these objects.
    fn rights(&self, question: &Question) -> impl Future<Output = Result<Fresh, ClientError>> + Send;

    /// Reads raw values; each is handed over as it arrives. After an error, what was handed over is worth nothing.
    fn read_raw(
        &self,
        query: &RawQuery,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> impl Future<Output = Result<u64, ClientError>> + Send;

    /// Reads aggregated values.
    fn read_analytics(
        &self,
        query: &AnalyticsQuery,
    ) -> impl Future<Output = Result<Vec<SourceValue>, ClientError>> + Send;

    /// Sends rows, once.
    fn push(
        &self,
        payload: &Payload<'_>,
        dry_run: bool,
    ) -> impl Future<Output = Result<ImportAnswer, ClientError>> + Send;
}

impl DataServer for Client {
    fn name(&self) -> &str {
        self.server()
    }

    fn traffic(&self) -> ServerTraffic {
        Self::traffic(self)
    }

    async fn probe(&self) -> Result<Probe, ClientError> {
        Self::probe(self).await
    }

    async fn analytics_stamp(&self) -> Result<AnalyticsStamp, ClientError> {
        Self::analytics_stamp(self).await
    }

    async fn rights(&self, question: &Question) -> Result<Fresh, ClientError> {
        Self::rights(self, question).await
    }

    async fn read_raw(
        &self,
        query: &RawQuery,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<u64, ClientError> {
        Self::read_raw(self, query, on_value).await
    }

    async fn read_analytics(&self, query: &AnalyticsQuery) -> Result<Vec<SourceValue>, ClientError> {
        Self::read_analytics(self, query).await
    }

    async fn push(&self, payload: &Payload<'_>, dry_run: bool) -> Result<ImportAnswer, ClientError> {
        Self::push(self, payload, dry_run).await
    }
}
