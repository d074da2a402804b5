//! The sandbox on its port: what travels, what goes wrong on plan, and what the ledger knows of it.
//!
//! Spoken to through a plain socket, so that nothing of the client can hide what happens on the wire.
#![expect(clippy::expect_used, reason = "a socket that cannot be opened fails the test")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use serde_json::json;
use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::instance::Instance;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::{RunningSandbox, Sandbox, ServerOptions};
use xfer_sandbox::world::filling::{ADMIN, ADMIN_PASSWORD};

const ROW: &str = r#"{"dataSet":"DstMonthly1","dataValues":[{"dataElement":"DemNumber01","period":"202401","orgUnit":"OuNation001","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0","value":"5"}]}"#;

fn sandbox(profile: Profile, options: ServerOptions) -> RunningSandbox {
    let metadata = json!({
        "organisationUnits": [{"id": "OuNation001", "name": "Tarsovia", "openingDate": "1990-01-01T00:00:00.000"}],
        "dataElements": [{"id": "DemNumber01", "name": "Litres", "valueType": "NUMBER", "domainType": "AGGREGATE",
                          "aggregationType": "SUM", "zeroIsSignificant": true, "categoryCombo": {"id": "bjDvmb4bfuf"}}],
        "dataSets": [{"id": "DstMonthly1", "name": "Monthly", "periodType": "Monthly",
                      "categoryCombo": {"id": "bjDvmb4bfuf"}, "openFuturePeriods": 0, "expiryDays": 0,
                      "dataSetElements": [{"dataElement": {"id": "DemNumber01"}}],
                      "organisationUnits": [{"id": "OuNation001"}]}],
        "users": [{"id": "UsrAdmin001", "username": ADMIN, "password": ADMIN_PASSWORD,
                   "userRoles": [{"id": "UrlSuper001"}], "organisationUnits": [{"id": "OuNation001"}],
                   "dataViewOrganisationUnits": [{"id": "OuNation001"}]}],
        "userRoles": [{"id": "UrlSuper001", "authorities": ["ALL"]}],
    });
    Sandbox::start_on_thread(Arc::new(Instance::new(profile, &metadata)), options).expect("a loopback port")
}

fn request(method: &str, target: &str, body: &str) -> String {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{ADMIN}:{ADMIN_PASSWORD}"));
    format!(
        "{method} {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {pair}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Sends one request on a connection of its own and gives everything that came, or how the connection ended.
fn send(sandbox: &RunningSandbox, request: &str) -> Result<String, ErrorKind> {
    let mut stream = TcpStream::connect(sandbox.address()).expect("the sandbox listens");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    stream.write_all(request.as_bytes()).map_err(|error| error.kind())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| error.kind())?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn import(sandbox: &RunningSandbox) -> Result<String, ErrorKind> {
    send(sandbox, &request("POST", "/api/dataValueSets", ROW))
}

#[test]
fn requests_travel_and_the_ledger_keeps_them() {
    for profile in Profile::ALL {
        let sandbox = sandbox(profile, ServerOptions::default());
        let info = send(&sandbox, &request("GET", "/api/system/info?fields=version", "")).expect("an answer");
        assert!(info.starts_with("HTTP/1.1 200") && info.contains(profile.version()), "{info}");
        let answer = import(&sandbox).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(sandbox.values().data.len(), 1);
        let entries = sandbox.ledger().entries();
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[1].rows, entries[1].status, entries[1].applied), (Some(1), Some(200), true));
        assert_eq!(entries[1].seconds, None, "costs are off by default");
    }
}

#[test]
fn a_fault_that_says_so_applies_nothing() {
    let sandbox = sandbox(Profile::V43, ServerOptions::default());
    let faults = [
        (Fault::Unauthorized, "HTTP/1.1 401"),
        (Fault::TooManyRequests { retry_after: Some(2) }, "HTTP/1.1 429"),
        (Fault::InternalError, "HTTP/1.1 500"),
        (Fault::BadGatewayHtml, "HTTP/1.1 502"),
        (Fault::Unavailable { retry_after: None }, "HTTP/1.1 503"),
        (Fault::PayloadTooLarge, "HTTP/1.1 413"),
        (Fault::LoginPage, "HTTP/1.1 200"),
        (Fault::EmptyOk, "HTTP/1.1 200"),
        (Fault::BareConflict, "HTTP/1.1 409"),
    ];
    for (fault, expected) in faults {
        sandbox.faults().clear();
        sandbox.faults().add(Matcher::imports().nth(0), fault);
        let answer = import(&sandbox).expect("an answer");
        assert!(answer.starts_with(expected), "{fault:?}: {answer}");
        assert!(sandbox.values().data.is_empty(), "{fault:?}");
    }
    assert_eq!(sandbox.ledger().rows_applied(), 0);
    import(&sandbox).expect("an answer");
    assert_eq!(sandbox.values().data.len(), 1, "the plan is used up");
}

#[test]
fn connections_end_without_an_answer() {
    for (fault, applied) in [(Fault::Refuse, 0), (Fault::Reset, 0), (Fault::AnswerLost, 1)] {
        let sandbox = sandbox(Profile::V42, ServerOptions::default());
        sandbox.faults().add(Matcher::imports(), fault);
        let ended = import(&sandbox);
        match fault {
            Fault::Refuse => assert_eq!(ended, Ok(String::new())),
            _ => assert_eq!(ended, Err(ErrorKind::ConnectionReset), "{fault:?}"),
        }
        assert_eq!(sandbox.values().data.len(), applied, "{fault:?}");
        assert_eq!(sandbox.ledger().imports()[0].status, None);
    }
}

#[test]
fn a_gateway_gives_up_while_the_server_goes_on() {
    let sandbox = sandbox(Profile::V42, ServerOptions::default());
    sandbox.faults().add(Matcher::imports(), Fault::GatewayTimeout);
    assert!(import(&sandbox).expect("an answer").starts_with("HTTP/1.1 504"));
    assert_eq!(sandbox.values().data.len(), 1);
}

#[test]
fn a_cut_body_announces_more_than_it_brings() {
    for profile in [Profile::V41, Profile::V42] {
        let sandbox = sandbox(profile, ServerOptions::default());
        let get = request("GET", "/api/organisationUnits?fields=id&paging=false", "");
        let whole = send(&sandbox, &get).expect("an answer");
        assert!(whole.contains("OuNation001"));
        sandbox.faults().add(Matcher::every("GET", "/api/organisationUnits"), Fault::CutBody { at: 10 });
        let cut = send(&sandbox, &get).expect("an answer");
        assert!(cut.starts_with("HTTP/1.1 200") && !cut.contains("OuNation001"), "{cut}");
        let complete =
            if profile == Profile::V41 { cut.contains("content-length: 10\r\n") } else { cut.ends_with("0\r\n\r\n") };
        assert!(!complete, "{cut}");
    }
}

#[test]
fn a_lost_race_for_a_new_period_looks_as_each_version_has_it() {
    for (profile, expected) in
        [(Profile::V42, "E7611"), (Profile::V43, "\"ignored\":1"), (Profile::V44, "\"ignored\":1")]
    {
        let sandbox = sandbox(profile, ServerOptions::default());
        sandbox.faults().add(Matcher::imports().nth(0), Fault::NewPeriodRace);
        let lost = import(&sandbox).expect("an answer");
        assert!(lost.contains(expected), "{}: {lost}", profile.name());
        assert!(sandbox.values().data.is_empty());
        import(&sandbox).expect("an answer");
        assert_eq!(sandbox.values().data.len(), 1, "the second try wins");
    }
}

#[test]
fn costs_are_counted_without_being_spent() {
    let sandbox = sandbox(Profile::V43, ServerOptions { cost_scale: Some(0.0), ..ServerOptions::default() });
    import(&sandbox).expect("an answer");
    assert!(sandbox.ledger().seconds() > 0.0);
}

#[test]
fn a_stalled_request_ends_with_the_sandbox() {
    let sandbox = sandbox(Profile::V40, ServerOptions::default());
    sandbox.faults().add(Matcher::imports(), Fault::Stall);
    let mut stream = TcpStream::connect(sandbox.address()).expect("the sandbox listens");
    stream.write_all(request("POST", "/api/dataValueSets", ROW).as_bytes()).expect("sent");
    while sandbox.ledger().imports().is_empty() {
        std::thread::yield_now();
    }
    let address = sandbox.address();
    drop(sandbox);
    let mut answer = Vec::new();
    let ended = stream.read_to_end(&mut answer);
    assert!(answer.is_empty() && ended.map_or_else(|error| error.kind() == ErrorKind::ConnectionReset, |_| true));
    assert!(TcpStream::connect(address).is_err(), "the port is free again");
}

#[tokio::test]
async fn it_starts_on_the_callers_runtime_too() {
    let instance = Arc::new(Instance::new(Profile::V42, &json!({})));
    let sandbox = Sandbox::start(instance, ServerOptions::default()).await.expect("a loopback port");
    let address = sandbox.address();
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("the sandbox listens");
        stream.write_all(b"GET /api/ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    });
    assert!(answer.await.expect("no panic").starts_with("HTTP/1.1 200"));
    assert_eq!(sandbox.ledger().entries().len(), 1);
}
