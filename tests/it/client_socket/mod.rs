//! The client against a socket: sessions, redirects, retries, cut bodies, refused logins.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod access;
mod pages;
mod redirects;
mod server;

use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use xfer_dhis2::analytics::AnalyticsQuery;
use xfer_dhis2::bounds::Excess;
use xfer_dhis2::client::Client;
use xfer_dhis2::data_value_sets::{Payload, PayloadRow, RawQuery};
use xfer_dhis2::error::ClientErrorKind;
use xfer_dhis2::limits::Limits;
use xfer_domain::cell::CellKey;
use xfer_domain::data_item::DataItem;
use xfer_domain::data_value::DataValue;
use xfer_domain::fault::Fault as _;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

use self::server::{Reply, Seen, Server, json, read_request, refusal};

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn uids(prefix: char, number: usize) -> Vec<Uid> {
    (0..number).map(|index| uid(&format!("{prefix}{index:010}"))).collect()
}

fn one_slice() -> RawQuery {
    RawQuery {
        data_sets: vec![uid("DstMonthly1")],
        data_elements: vec![uid("DemNumber01")],
        org_units: vec![uid("OuFacility1")],
        children: false,
        periods: vec![Period::parse("202401").unwrap()],
        authors: true,
    }
}

const VALUES: &str = r#"{"period":"202401","orgUnit":"OuFacility1","dataValues":[
    {"dataElement":"DemNumber01","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0","value":"5"},
    {"dataElement":"DemNumber01","categoryOptionCombo":"CocMale0001","attributeOptionCombo":"HllvX50cXC0","value":"6"}]}"#;

async fn read_raw(client: &Client, query: &RawQuery) -> (Result<u64, ClientErrorKind>, Vec<DataValue>) {
    let mut values = Vec::new();
    let read = client.read_raw(query, &mut |value| values.push(value)).await;
    (read.map_err(|error| error.kind), values)
}

/// The engine works several slices at once on threads of its own: what the client returns must be able to travel.
#[test]
fn futures_of_the_client_can_travel_between_threads() {
    fn travels<T: Send>(_: &T) {}
    let server = Server { port: 1, seen: Arc::default() };
    let client = server.client();
    let (query, payload) = (one_slice(), payload());
    let mut sink = |_: DataValue| {};
    travels(&client.read_raw(&query, &mut sink));
    travels(&client.push(&payload, true));
    travels(&client.probe());
    travels(&client.read_analytics(&aggregated(1)));
    travels(&client.fetch_metadata(&|_| {}));
    let none = std::collections::BTreeSet::new();
    travels(&client.data_access(&none, &none));
    travels(&client);
}

#[tokio::test]
async fn requests_look_like_dhis2_wants_them() {
    let server = Server::dhis2("2.43.1", |_, _| json(VALUES)).await;
    let client = server.client();
    let (read, values) = read_raw(&client, &one_slice()).await;
    assert_eq!((read.unwrap(), values.len()), (2, 2));
    let seen = &server.data_requests()[0];
    assert_eq!(
        seen.line(),
        "GET /ctx/api/dataValueSets?dataElement=DemNumber01&period=202401&orgUnit=OuFacility1 HTTP/1.1"
    );
    assert_eq!(seen.header("x-requested-with"), Some("XMLHttpRequest"));
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert!(seen.header("user-agent").is_some_and(|agent| agent.starts_with("xfer/")));
    assert_eq!(seen.header("authorization"), Some("Basic Y2xlcms6dmVyeS1zZWNyZXQ="));
    let traffic = client.traffic();
    assert_eq!(traffic.requests, 2);
    assert!(traffic.bytes_in >= VALUES.len() as u64);
}

#[tokio::test]
async fn reads_are_redirected_at_home_and_login_pages_are_recognised() {
    let server = Server::dhis2("2.43.1", |seen, _| {
        if seen.line().contains("/there") {
            json(VALUES)
        } else {
            Reply::Json(302, "Location: /ctx/api/there\r\n", String::new())
        }
    })
    .await;
    assert_eq!(read_raw(&server.client(), &one_slice()).await.0.unwrap(), 2);
    let server = Server::start(|_, _| Reply::Json(302, "Location: /ctx/dhis-web-login/\r\n", String::new())).await;
    let error = server.client().probe().await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::LoginPage { .. }) && error.is_permission(), "{error}");
    let server = Server::start(|_, _| {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".to_vec())
    })
    .await;
    assert!(matches!(server.client().probe().await.unwrap_err().kind, ClientErrorKind::LoginPage { .. }));
}

#[tokio::test]
async fn one_session_serves_all_requests() {
    let server = Server::dhis2("2.43.1", |seen, _| {
        if seen.header("cookie").is_some() {
            json(VALUES)
        } else {
            Reply::Json(200, "Set-Cookie: JSESSIONID=S1; Path=/; HttpOnly\r\n", VALUES.to_owned())
        }
    })
    .await;
    let client = server.client();
    for _ in 0..3 {
        read_raw(&client, &one_slice()).await.0.unwrap();
    }
    let cookies: Vec<Option<String>> =
        server.data_requests().iter().map(|seen| seen.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [None, Some("JSESSIONID=S1".to_owned()), Some("JSESSIONID=S1".to_owned())]);
}

#[tokio::test]
async fn an_expired_session_is_dropped_once_and_a_refused_login_is_not_repeated() {
    let server = Server::dhis2("2.43.1", |seen, number| match (number, seen.header("cookie")) {
        (1, _) => Reply::Json(200, "Set-Cookie: JSESSIONID=OLD\r\n", VALUES.to_owned()),
        (_, Some(_)) => refusal(401, ""),
        (_, None) => json(VALUES),
    })
    .await;
    let client = server.client();
    read_raw(&client, &one_slice()).await.0.unwrap();
    read_raw(&client, &one_slice()).await.0.unwrap();
    assert_eq!(server.data_requests().len(), 3);

    let server = Server::start(|_, _| Reply::Json(401, "", r#"{"message":"Account locked"}"#.to_owned())).await;
    let client = server.client();
    let first = client.probe().await.unwrap_err();
    assert!(
        matches!(&first.kind, ClientErrorKind::Unauthorized { message, .. } if message == "Account locked"),
        "{first}"
    );
    assert!(first.hint().is_some_and(|hint| hint.contains("locked")));
    let _ = read_raw(&client, &one_slice()).await.0.unwrap_err();
    assert_eq!(server.requests().len(), 1, "four failures may lock the account");
}

#[tokio::test]
async fn an_old_session_may_be_the_reason_for_a_scope_error() {
    let empty = || Reply::Json(200, "", String::new());
    let server = Server::dhis2("2.42.5", move |seen, number| match (number, seen.header("cookie")) {
        (1, _) => Reply::Json(200, "Set-Cookie: JSESSIONID=OLD\r\n", VALUES.to_owned()),
        (_, Some(_)) => empty(),
        (_, None) => json(VALUES),
    })
    .await;
    let client = server.client();
    read_raw(&client, &one_slice()).await.0.unwrap();
    read_raw(&client, &one_slice()).await.0.unwrap();
    let server = Server::dhis2("2.42.5", move |_, _| empty()).await;
    let (read, values) = read_raw(&server.client(), &one_slice()).await;
    assert!(matches!(read, Err(ClientErrorKind::EmptyAnswer)) && values.is_empty());
    assert_eq!(server.data_requests().len(), 1, "without a session there is nothing to drop");
}

#[tokio::test]
async fn broken_reads_are_tried_again_without_doubling_a_value() {
    let whole = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{VALUES}",
        VALUES.len()
    );
    let cut = whole.len() - 20;
    let server = Server::dhis2("2.43.1", move |_, number| match number {
        1 => Reply::Bytes(Vec::new()),
        2 => Reply::Bytes(whole.as_bytes()[..cut].to_vec()),
        3 => Reply::Json(503, "Retry-After: 0\r\n", String::new()),
        _ => json(VALUES),
    })
    .await;
    let (read, values) = read_raw(&server.client(), &one_slice()).await;
    assert_eq!((read.unwrap(), values.len()), (2, 2));
    assert_eq!(server.data_requests().len(), 4);
}

#[tokio::test]
async fn a_read_that_never_comes_whole_fails() {
    let chunked = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{VALUES}\r\n", VALUES.len());
    let server = Server::dhis2("2.43.1", move |_, _| Reply::Bytes(chunked.clone().into_bytes())).await;
    let (read, values) = read_raw(&server.client(), &one_slice()).await;
    assert!(matches!(read, Err(ClientErrorKind::Interrupted { .. })), "the last chunk never came: {read:?}");
    assert!(values.is_empty());
    assert_eq!(server.data_requests().len(), Limits::default().tries);
}

#[tokio::test]
async fn values_that_were_handed_over_are_never_handed_over_twice() {
    let limits = Limits { held_values: 0, ..Limits::impatient() };
    let body = VALUES.trim_end_matches("]}").to_owned() + ",";
    let server = Server::dhis2("2.43.1", move |_, _| {
        // More than one batch, so that some is handed over before the end is missed.
        let row = r#"{"dataElement":"DemNumber01","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0","value":"5"},"#;
        let body = format!("{body}{}", row.repeat(2_000));
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len() + 9).into_bytes())
    })
    .await;
    let (read, values) = read_raw(&server.client_with(limits), &one_slice()).await;
    assert!(matches!(read, Err(ClientErrorKind::Interrupted { .. })), "{read:?}");
    assert!(!values.is_empty());
    assert_eq!(server.data_requests().len(), 1);
}

#[tokio::test]
async fn long_questions_are_cut_and_stay_below_the_limit() {
    let server = Server::dhis2("2.42.5", |_, _| json(r#"{"dataValues":[]}"#)).await;
    let query = RawQuery { data_elements: uids('d', 90), org_units: uids('o', 700), children: true, ..one_slice() };
    assert_eq!(read_raw(&server.client(), &query).await.0.unwrap(), 0);
    let requests = server.data_requests();
    assert!(requests.len() > 1);
    assert!(requests.iter().all(|seen| seen.line().len() + 2 <= 6_000));
    let units: usize = requests.iter().map(|seen| seen.line().matches("orgUnit=o").count()).sum();
    assert_eq!(units, 700);
    let old = Server::dhis2("2.38.1", |_, _| json(r#"{"dataValues":[]}"#)).await;
    read_raw(&old.client(), &query).await.0.unwrap();
    assert!(old.data_requests()[0].line().contains("dataSet=DstMonthly1"), "2.38 reads by data set");
}

fn payload() -> Payload<'static> {
    let cell = CellKey {
        org_unit: uid("OuFacility1"),
        period: Period::parse("202401").unwrap(),
        data_element: uid("DemNumber01"),
        category_option_combo: Uid::DEFAULT_OPTION_COMBO,
        attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
    };
    let row = PayloadRow { cell, value: Some("5".to_owned()), comment: None, followup: false };
    Payload::new(uid("DstMonthly1"), vec![Box::leak(Box::new(row))])
}

const IMPORTED: &str = r#"{"httpStatusCode":200,"status":"OK","response":{"status":"SUCCESS",
    "importCount":{"imported":0,"updated":1,"ignored":0,"deleted":0},"conflicts":[],"rejectedIndexes":[]}}"#;

#[tokio::test]
async fn an_import_is_sent_once_whatever_happens_to_its_answer() {
    for reply in [Reply::Bytes(Vec::new()), Reply::Json(502, "", String::new()), Reply::Json(504, "", String::new())] {
        let server = Server::dhis2("2.43.1", move |_, _| reply.clone()).await;
        let error = server.client().push(&payload(), false).await.unwrap_err();
        assert!(error.is_temporary(), "{error}");
        assert_eq!(server.data_requests().len(), 1);
    }
    let server = Server::dhis2("2.43.1", |_, number| {
        if number < 2 { Reply::Json(503, "Retry-After: 0\r\n", String::new()) } else { json(IMPORTED) }
    })
    .await;
    let answer = server.client().push(&payload(), true).await.unwrap();
    assert_eq!(answer.summary.unwrap().count.updated, 1);
    let requests = server.data_requests();
    assert_eq!(requests.len(), 3, "turned away at the door is not sent");
    let seen = &requests[2];
    assert_eq!(seen.line(), "POST /ctx/api/dataValueSets?importStrategy=CREATE_AND_UPDATE&dryRun=true HTTP/1.1");
    assert_eq!((seen.header("content-encoding"), seen.header("content-type")), (None, Some("application/json")));
    assert_eq!(seen.body[..2], [0x1f, 0x8b]);
}

// "Never left" would be wrong of the first try: a proxy that says 503 may have handed it on.
#[tokio::test]
async fn an_import_that_left_once_may_have_arrived_whatever_becomes_of_the_next_try() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Server::client_at(&format!("http://{}/ctx", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(listener);
        read_request(&mut stream).await.unwrap();
        let busy = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(busy).await.unwrap();
    });
    let error = client.push(&payload(), false).await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::Unavailable { status: 503, .. }), "{error}");
    assert!(error.kind.may_have_arrived());
    let never = client.push(&payload(), false).await.unwrap_err();
    assert!(!never.kind.may_have_arrived(), "{never}");
}

#[tokio::test]
async fn an_import_refused_whole_by_an_old_session_is_sent_again_in_a_fresh_one() {
    let refused = r#"{"httpStatusCode":409,"status":"ERROR","response":{"status":"ERROR",
        "importCount":{"imported":0,"updated":0,"ignored":0,"deleted":0},
        "conflicts":[{"value":"Current user cannot enter data for org unit(s): `[OuFacility1]`","errorCode":"E8011","indexes":[0]}],"rejectedIndexes":[0]}}"#;
    let server = Server::dhis2("2.43.1", move |seen, number| match (number, seen.header("cookie")) {
        (0, _) => Reply::Json(200, "Set-Cookie: JSESSIONID=OLD\r\n", IMPORTED.to_owned()),
        (_, Some(_)) => Reply::Json(409, "", refused.to_owned()),
        (_, None) => json(IMPORTED),
    })
    .await;
    let client = server.client();
    client.push(&payload(), false).await.unwrap();
    let answer = client.push(&payload(), false).await.unwrap();
    assert_eq!(answer.summary.unwrap().count.updated, 1);
    assert_eq!(server.data_requests().len(), 3);
}

/// An analytics server that knows everything it is asked but `unknown`, and refuses more than 40 cells.
fn analytics(seen: &Seen) -> Reply {
    let line = seen.line().to_owned();
    let items = |name: &str| -> Vec<String> {
        let start = line.find(&format!("dimension={name}:")).map(|at| at + 11 + name.len()).unwrap();
        line[start..].split(['&', ' ']).next().unwrap().split(';').map(str::to_owned).collect()
    };
    let (data, units, periods) = (items("dx"), items("ou"), items("pe"));
    if line.contains("skipData=true") {
        let listed =
            |items: &[String]| serde_json::json!(items.iter().filter(|id| *id != "unknown0001").collect::<Vec<_>>());
        let dimensions = serde_json::json!({"dx": listed(&data), "ou": listed(&units), "pe": listed(&periods)});
        return json(&format!(
            r#"{{"headers":[],"rows":[],"height":0,"width":0,"metaData":{{"dimensions":{dimensions}}}}}"#
        ));
    }
    if data.len() * units.len() * periods.len() > 40 {
        return refusal(409, "E7128");
    }
    let mut rows = Vec::new();
    for data in &data {
        for unit in &units {
            rows.extend(periods.iter().map(|period| serde_json::json!([data, period, unit, "1.0"])));
        }
    }
    let headers = r#"[{"name":"dx"},{"name":"pe"},{"name":"ou"},{"name":"value"}]"#;
    let height = rows.len();
    json(&format!(
        r#"{{"headers":{headers},"rows":{},"height":{height},"width":4,"headerWidth":4,"metaData":{{}}}}"#,
        serde_json::Value::Array(rows)
    ))
}

fn aggregated(units: usize) -> AnalyticsQuery {
    AnalyticsQuery {
        data: uids('i', 3).into_iter().map(DataItem::Indicator).collect(),
        option_combos: false,
        org_units: uids('o', units),
        periods: vec![Period::parse("202401").unwrap(), Period::parse("202402").unwrap()],
    }
}

#[tokio::test]
async fn analytics_splits_until_the_server_is_content_and_remembers() {
    let server = Server::dhis2("2.42.5", |seen, _| analytics(seen)).await;
    let client = server.client_with(Limits { analytics_cells: 400, ..Limits::impatient() });
    let values = client.read_analytics(&aggregated(50)).await.unwrap();
    assert_eq!(values.len(), 300);
    let distinct: std::collections::HashSet<_> =
        values.iter().map(|value| (value.data, value.org_unit, value.period)).collect();
    assert_eq!(distinct.len(), 300, "no cell twice");
    assert!(client.analytics_budget() < 400);
    let first = server.data_requests().iter().find(|seen| !seen.line().contains("skipData")).cloned().unwrap();
    assert!(first.line().contains("skipRounding=true&skipMeta=true"), "{}", first.line());
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let probes =
        |server: &Server| server.data_requests().iter().filter(|seen| seen.line().contains("skipData")).count();
    assert_eq!(probes(&server), 1);
    client.read_analytics(&aggregated(50)).await.unwrap();
    assert_eq!(probes(&server), 1, "what is known is not asked about again");
}

#[tokio::test]
async fn ids_that_analytics_drops_silently_are_named() {
    let server = Server::dhis2("2.42.5", |seen, _| analytics(seen)).await;
    let mut query = aggregated(2);
    query.org_units.push(uid("unknown0001"));
    let error = server.client().read_analytics(&query).await.unwrap_err();
    assert!(matches!(&error.kind, ClientErrorKind::MissingIds { ids } if ids == &["unknown0001"]), "{error}");
    assert_eq!(server.data_requests().len(), 1, "no data was read");
}

#[tokio::test]
async fn an_empty_grid_is_believed_only_where_analytics_can_answer() {
    let empty = r#"{"headers":[{"name":"dx"},{"name":"pe"},{"name":"ou"},{"name":"value"}],"rows":[],"height":0,"width":0,"metaData":{}}"#;
    let answer = |types: &'static str| {
        move |seen: &Seen, _: usize| match seen.line() {
            line if line.contains("dataOutputPeriodTypes") => json(types),
            line if line.contains("skipData") => analytics(seen),
            _ => json(empty),
        }
    };
    let server = Server::dhis2("2.43.1", answer("[]")).await;
    let error = server.client().read_analytics(&aggregated(1)).await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::AnalyticsNotReady { .. }), "{error}");
    let server = Server::dhis2("2.43.1", answer(r#"[{"name":"Monthly"}]"#)).await;
    assert!(server.client().read_analytics(&aggregated(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn metadata_is_read_to_an_empty_page() {
    let server = Server::dhis2("2.44.0", |seen, _| {
        let line = seen.line();
        let page: usize =
            line.split("page=").last().and_then(|text| text.split([' ', '&']).next()).unwrap().parse().unwrap();
        let plural = line.split("/api/").nth(1).unwrap().split('?').next().unwrap().to_owned();
        // This server cuts pages at 2, whatever was asked for, and has 5 levels.
        let objects = match (plural.as_str(), page) {
            ("organisationUnitLevels", 1 | 2) => {
                format!(
                    r#"{{"id":"OuLevel000{page}","level":{page}}},{{"id":"OuLevel001{page}","level":{}}}"#,
                    page + 10
                )
            }
            ("organisationUnitLevels", 3) => r#"{"id":"OuLevel0003","level":3}"#.to_owned(),
            _ => String::new(),
        };
        let total = if plural == "organisationUnitLevels" { 5 } else { 0 };
        json(&format!(r#"{{"pager":{{"page":{page},"total":{total},"pageSize":2}},"{plural}":[{objects}]}}"#))
    })
    .await;
    let (metadata, _) = server.client().fetch_metadata_with_notes(&|_| {}).await.unwrap();
    assert_eq!(metadata.organisation_unit_levels.len(), 5);
    assert!(server.requests().iter().any(|seen| seen.line().contains("filter=domainType:eq:AGGREGATE")));
}

/// A server with four org unit levels of which its first answers, `short` in number, list one less than it counts.
async fn counting(short: usize) -> Server {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Server::dhis2("2.43.1", move |seen, _| {
        let line = seen.line();
        assert!(line.contains("gist=false"), "{line}");
        let plural = line.split("/api/").nth(1).unwrap().split('?').next().unwrap().to_owned();
        if plural != "organisationUnitLevels" || !line.contains("page=1&") {
            let total = if plural == "organisationUnitLevels" { 4 } else { 0 };
            return json(&format!(r#"{{"pager":{{"page":1,"total":{total},"pageSize":1000}},"{plural}":[]}}"#));
        }
        let listed = if asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < short { 3 } else { 4 };
        // The last of them cannot be used: it is listed all the same.
        let levels: Vec<String> = (1..=listed)
            .map(|level| {
                let id = if level == 4 { "no id".to_owned() } else { format!("OuLevel000{level}") };
                format!(r#"{{"id":"{id}","level":{level},"name":"Level {level}"}}"#)
            })
            .collect();
        json(&format!(r#"{{"pager":{{"page":1,"total":4,"pageSize":1000}},"{plural}":[{}]}}"#, levels.join(",")))
    })
    .await
}

#[tokio::test]
async fn a_list_that_does_not_come_out_even_is_read_again_and_then_given_up_by_name() {
    let (metadata, notes) = counting(1).await.client().fetch_metadata_with_notes(&|_| {}).await.unwrap();
    assert_eq!(metadata.organisation_unit_levels.len(), 3, "one is left out, and named");
    assert!(notes.notes.iter().any(|note| note.contains("(Level 4) was left out")), "{:?}", notes.notes);
    let error = counting(usize::MAX).await.client().fetch_metadata(&|_| {}).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the list of organisationUnitLevels is not complete: the server counts 4 and lists 3"),
        "{error}"
    );
    assert!(error.is_temporary() && error.hint().is_some_and(|hint| hint.contains("old copy is kept")));
}

#[tokio::test]
async fn a_server_that_repeats_pages_is_found_out() {
    let server = Server::dhis2("2.42.5", |seen, _| {
        let plural = seen.line().split("/api/").nth(1).unwrap().split('?').next().unwrap().to_owned();
        json(&format!(r#"{{"pager":{{"page":1,"total":9}},"{plural}":[{{"id":"OuLevel0001","level":1}}]}}"#))
    })
    .await;
    let error = server.client().fetch_metadata(&|_| {}).await.unwrap_err();
    assert!(matches!(&error.kind, ClientErrorKind::Malformed { what, .. } if what.contains("repeats")), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server { port, seen: Arc::default() };
    let limits = Limits { silence: std::time::Duration::from_millis(20), tries: 2, ..Limits::impatient() };
    let error = server.client_with(limits).probe().await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::Timeout { .. }), "{error}");
    drop(listener);
    let error = server.client().probe().await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::Connect { .. }), "{error}");
    assert!(error.to_string().starts_with("test: cannot be reached"), "{error}");
    assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
}

#[tokio::test]
async fn https_to_a_server_without_it_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        }
    });
    let error = match Server::client_at(&format!("https://127.0.0.1:{port}")) {
        Ok(client) => client.probe().await.unwrap_err(),
        // A machine without CA certificates cannot speak https at all.
        Err(error) => error,
    };
    assert!(matches!(error.kind, ClientErrorKind::Tls { .. } | ClientErrorKind::InvalidSetup { .. }), "{error:?}");
}

/// Dropping a read must not leave its thread waiting for a server that went silent: the runtime would not end.
#[test]
fn a_cancelled_read_lets_go() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"dataValues\":[";
        let server = Server::dhis2("2.42.5", move |_, _| Reply::Stalls(head.as_bytes().to_vec())).await;
        let hour = std::time::Duration::from_hours(1);
        let client =
            server.client_with(Limits { silence: hour, total: hour, stream_total: hour, ..Limits::impatient() });
        let query = one_slice();
        let mut sink = |_: DataValue| {};
        let read = client.read_raw(&query, &mut sink);
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(200), read).await;
        assert!(given_up.is_err(), "the server said nothing more");
    });
    // Hangs for an hour if the parser's thread still waits.
    drop(runtime);
}

#[tokio::test]
async fn bodies_have_a_limit_zipped_or_not() {
    use std::io::Write;
    let limits = Limits { body_bytes: 10_000, stream_bytes: 10_000, ..Limits::impatient() };
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    zipped.write_all(format!(r#"{{"pager":null,"x":"{}"}}"#, " ".repeat(1_000_000)).as_bytes()).unwrap();
    let zipped = zipped.finish().unwrap();
    let bomb = [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", zipped.len()).into_bytes(), zipped].concat();
    let server = Server::dhis2("2.42.5", move |_, _| Reply::Bytes(bomb.clone())).await;
    let client = server.client_with(limits);
    let error = client.fetch_metadata(&|_| {}).await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::TooLarge { excess: Excess::Bytes(10_000) }), "{error}");
    let (read, _) = read_raw(&client, &one_slice()).await;
    assert!(matches!(read, Err(ClientErrorKind::TooLarge { excess: Excess::Bytes(10_000) })), "{read:?}");
}

// Whatever comes before an answer is no answer, and what was too slow once is so again.
#[tokio::test]
async fn a_flood_of_what_comes_before_an_answer_ends_by_the_time_of_the_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::spawn(async move {
                read_request(&mut stream).await;
                while stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.is_ok() {}
            });
        }
    });
    let server = Server { port, seen: Arc::default() };
    let total = std::time::Duration::from_millis(300);
    let started = std::time::Instant::now();
    let error = server.client_with(Limits { total, ..Limits::impatient() }).probe().await.unwrap_err();
    assert!(matches!(error.kind, ClientErrorKind::TooSlow { .. }), "{error}");
    assert!(started.elapsed() < 10 * total, "{:?}", started.elapsed());
    assert_eq!(connections.load(std::sync::atomic::Ordering::Relaxed), 1, "it is not tried again");
}
