//! S8: a web page, or nothing at all, with status 200. A captive portal, an expired session or a proxy answers so, and no
//! such answer may ever be taken for "there are no values", nor for a successful import.

use xfer_dhis2::error::{ClientError, ClientErrorKind};

use super::server::{Reply, Seen, Server, json};
use super::{IMPORTED, VALUES, aggregated, analytics, one_slice, payload, read_raw};
use crate::announce::announce;

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>DHIS 2 Login</title></head><body><form></form></body></html>";

/// What is asked for, by method and path.
const ENDPOINTS: [(&str, &str); 8] = [
    ("GET", "/api/system/info"),
    ("GET", "/api/me"),
    ("GET", "/api/organisationUnits"),
    ("GET", "/api/dataElements"),
    ("GET", "/api/dataSets"),
    ("GET", "/api/analytics"),
    ("GET", "/api/dataValueSets"),
    ("POST", "/api/dataValueSets"),
];

fn raw(content_type: &str, body: &str) -> Reply {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n");
    Reply::Bytes(format!("{head}{body}").into_bytes())
}

/// A healthy server but for one endpoint.
async fn server(endpoint: (&'static str, &'static str), answer: Reply) -> Server {
    Server::start(move |seen: &Seen, _| {
        let line = seen.line();
        if line.starts_with(endpoint.0) && line.contains(&format!("{}?", endpoint.1)) {
            return answer.clone();
        }
        if line.contains("/api/system/info") {
            return json(
                r#"{"version":"2.42.5","calendar":"iso8601","serverDate":"2026-11-22T22:18:42","systemId":"abc"}"#,
            );
        }
        if line.contains("/api/me") {
            return json(
                r#"{"username":"clerk","authorities":[],"organisationUnits":[],"dataViewOrganisationUnits":[]}"#,
            );
        }
        if line.contains("/api/analytics") {
            return analytics(seen);
        }
        if line.contains("/api/dataValueSets") {
            return json(if line.starts_with("POST") { IMPORTED } else { VALUES });
        }
        let plural = line.split("/api/").nth(1).unwrap().split('?').next().unwrap();
        json(&format!(r#"{{"pager":{{"page":1,"total":0,"pageSize":2}},"{plural}":[]}}"#))
    })
    .await
}

/// Asks for what needs the endpoint.
async fn ask(server: &Server, endpoint: (&str, &str)) -> Result<(), ClientErrorKind> {
    let client = server.client();
    let kind = |error: ClientError| error.kind;
    match endpoint {
        (_, "/api/system/info" | "/api/me") => client.probe().await.map(drop).map_err(kind),
        (_, "/api/analytics") => client.read_analytics(&aggregated(1)).await.map(drop).map_err(kind),
        ("GET", "/api/dataValueSets") => read_raw(&client, &one_slice()).await.0.map(drop),
        ("POST", _) => client.push(&payload(), false).await.map(drop).map_err(kind),
        _ => client.fetch_metadata(&|_| {}).await.map(drop).map_err(kind),
    }
}

#[tokio::test]
async fn a_page_or_nothing_is_never_an_answer() {
    let mut refused = 0;
    for endpoint in ENDPOINTS {
        let healthy = server(("", "nothing"), Reply::Bytes(Vec::new())).await;
        assert_eq!(ask(&healthy, endpoint).await.map_err(|kind| kind.to_string()), Ok(()), "{endpoint:?}");
        for (content_type, body) in
            [("text/html;charset=UTF-8", PAGE), ("application/json", PAGE), ("text/html", ""), ("application/json", "")]
        {
            let case = format!("{endpoint:?} as {content_type}, {} bytes", body.len());
            let server = server(endpoint, raw(content_type, body)).await;
            let error = ask(&server, endpoint).await.expect_err(&case);
            let right = match (&error, body) {
                (ClientErrorKind::EmptyBody | ClientErrorKind::EmptyAnswer | ClientErrorKind::EmptyList { .. }, "") => {
                    true
                }
                (ClientErrorKind::LoginPage { .. }, page) => !page.is_empty(),
                _ => false,
            };
            assert!(right, "{case}: {error:?}");
            let posts = server.requests().iter().filter(|seen| seen.line().starts_with("POST")).count();
            assert_eq!(posts, usize::from(endpoint.0 == "POST"), "{case}: what is written is sent once");
            refused += 1;
        }
    }
    announce(&format!(
        "S8: {refused} pages and empty answers with status 200 on {} endpoints: none believed",
        ENDPOINTS.len()
    ));
}
