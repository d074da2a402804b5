//! The server's own aggregate data exchanges (2.39 and later), as far as they may write what we write.

use serde::Deserialize;

use crate::answer::parse;
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind, clean};
use crate::query::Query;
use crate::system::optional;
use crate::transport::Ask;
use xfer_domain::server::KeptExchange;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireList {
    aggregate_data_exchanges: Vec<WireExchange>,
}

#[derive(Deserialize)]
struct WireExchange {
    name: Option<String>,
    source: Option<WireSource>,
    target: Option<WireTarget>,
}

#[derive(Deserialize)]
struct WireSource {
    #[serde(default)]
    requests: Vec<WireRequest>,
}

#[derive(Deserialize)]
struct WireRequest {
    #[serde(default)]
    dx: Vec<String>,
}

#[derive(Deserialize)]
struct WireTarget {
    r#type: Option<String>,
}

impl Client {
    /// The exchanges that the server keeps; none where it has no such thing, or keeps them from the user.
    pub async fn kept_exchanges(&self) -> Result<Vec<KeptExchange>, ClientError> {
        let fields = "id,name,source[requests[dx]],target[type]";
        let query = Query::new("aggregateDataExchanges").pair("fields", fields).pair("paging", "false");
        Ok(optional(self.read(Ask::get(query), |answer| read_exchanges(answer.json()?)).await)?.unwrap_or_default())
    }
}

fn read_exchanges(body: &[u8]) -> Result<Vec<KeptExchange>, ClientErrorKind> {
    let list: WireList = parse(body, "aggregate data exchanges")?;
    let kept = |exchange: WireExchange| KeptExchange {
        name: exchange.name.as_deref().map(clean).unwrap_or_default(),
        internal: exchange.target.and_then(|target| target.r#type).as_deref() == Some("INTERNAL"),
        items: exchange
            .source
            .map(|source| source.requests)
            .unwrap_or_default()
            .into_iter()
            .flat_map(|request| request.dx)
            .map(|item| clean(&item))
            .collect(),
    };
    Ok(list.aggregate_data_exchanges.into_iter().map(kept).collect())
}

#[cfg(test)]
mod tests {
    use super::read_exchanges;
    use xfer_domain::server::KeptExchange;

    #[test]
    fn what_an_exchange_reads_and_where_it_writes() {
        let body = br#"{"aggregateDataExchanges":[
            {"id":"a","name":"Own","source":{"requests":[{"dx":["fbfJHSPpUQD"]},{"dx":["Uvn6LCg7dVU"]}]},
             "target":{"type":"INTERNAL"}},
            {"id":"b","name":"Out","target":{"type":"EXTERNAL"}}]}"#;
        let exchange = |name: &str, internal, items: &[&str]| KeptExchange {
            name: name.to_owned(),
            internal,
            items: items.iter().map(|item| (*item).to_owned()).collect(),
        };
        let expected = vec![exchange("Own", true, &["fbfJHSPpUQD", "Uvn6LCg7dVU"]), exchange("Out", false, &[])];
        assert_eq!(read_exchanges(body).unwrap(), expected);
        assert!(read_exchanges(b"{}").is_err());
    }
}
