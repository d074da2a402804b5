//! What goes wrong between us and a server has one code, whatever was asked for: a test of the server, a sync, the first
//! question of a run, a part of it, an alert.

use std::time::Duration;

use xfer::ops::error::OpsError;
use xfer::ops::undelivered::DeliveryError;
use xfer_dhis2::bounds::Excess;
use xfer_dhis2::error::{ClientError, ClientErrorKind as Kind};
use xfer_dhis2::tls::{NotGiven, TlsProblem};
use xfer_domain::fault::Fault;
use xfer_transfer::engine::{ReplayError, TransferError};

use super::{check, check_end, walk};

fn words() -> String {
    "words".to_owned()
}

fn not_given() -> NotGiven {
    NotGiven { shown: "AA".to_owned(), given: vec!["BB".to_owned()] }
}

fn tls(problem: TlsProblem) -> Kind {
    Kind::Tls { problem, source: None }
}

fn refused(status: u16, code: Option<&str>) -> Kind {
    Kind::Refused { status, code: code.map(str::to_owned), message: words() }
}

/// The same at every place that holds it.
fn everywhere(make: impl Fn() -> Kind) {
    let code = make().code();
    let error = || ClientError { server: "national".to_owned(), request: "GET /api/me".to_owned(), kind: make() };
    check(&error(), code);
    check(&TransferError::Server(error()), code);
    check(&ReplayError::Transfer(TransferError::Server(error())), code);
    check(&DeliveryError::Http(make()), code);
    check(&DeliveryError::Server(error()), code);
    check_end(OpsError::Client(error()), code);
    check_end(OpsError::Transfer(TransferError::Server(error())), code);
    let cause = Box::new(DeliveryError::Server(error()));
    check_end(OpsError::Undelivered { channel: "office".to_owned(), cause }, code);
}

macro_rules! kinds {
    ($($pattern:pat => $code:ident [$($sample:expr),+ $(,)?])+) => {
        walk!(Kind { $($pattern => $code [$($sample),+])+ });
        $($(everywhere(|| $sample);)+)+
    };
}

#[test]
fn every_failure_of_a_server_has_one_code() {
    kinds! {
        Kind::InvalidSetup { .. } => Usage [Kind::InvalidSetup { reason: words(), source: None }]
        Kind::Connect { .. } => Temporary [Kind::Connect { reason: words(), source: None }]
        Kind::Tls { problem: TlsProblem::Other(_), .. } => Temporary [tls(TlsProblem::Other(words()))]
        Kind::Tls {
            problem:
                TlsProblem::NotEncrypted
                | TlsProblem::Expired
                | TlsProblem::NotYetValid
                | TlsProblem::UnknownIssuer
                | TlsProblem::SelfSigned
                | TlsProblem::NotGiven(_)
                | TlsProblem::Unusable(_)
                | TlsProblem::OtherHost
                | TlsProblem::TooOld,
            ..
        } => Usage [
            tls(TlsProblem::NotEncrypted), tls(TlsProblem::Expired), tls(TlsProblem::NotYetValid),
            tls(TlsProblem::UnknownIssuer), tls(TlsProblem::SelfSigned), tls(TlsProblem::NotGiven(not_given())),
            tls(TlsProblem::Unusable(words())), tls(TlsProblem::OtherHost), tls(TlsProblem::TooOld),
        ]
        Kind::Timeout { .. } => Temporary [Kind::Timeout { waited: Duration::from_secs(1) }]
        Kind::Interrupted { .. } => Temporary [Kind::Interrupted { source: None }]
        Kind::Unauthorized { .. } => Login [Kind::Unauthorized { message: words(), sent: true }]
        Kind::Forbidden { .. } => Login [Kind::Forbidden { message: words() }]
        Kind::LoginPage { .. } => Login [Kind::LoginPage { location: None }]
        Kind::Redirect { .. } => Usage [Kind::Redirect { location: "https://elsewhere".to_owned() }]
        Kind::NotDhis2 => Usage [Kind::NotDhis2]
        Kind::NoVersion => Usage [Kind::NoVersion]
        Kind::UnknownVersion { .. } => Usage [Kind::UnknownVersion { version: words() }]
        Kind::NotFound { .. } => Other [Kind::NotFound { message: words() }]
        Kind::RateLimited { .. } => Temporary [Kind::RateLimited { retry_after: None }]
        Kind::Unavailable { .. } => Temporary [
            Kind::Unavailable { status: 502, retry_after: None }, Kind::Unavailable { status: 503, retry_after: None },
        ]
        Kind::ServerError { .. } => Temporary [Kind::ServerError { status: 500, message: words() }]
        Kind::PayloadTooLarge => Other [Kind::PayloadTooLarge]
        Kind::UriTooLong => Other [Kind::UriTooLong]
        Kind::EmptyBody => Temporary [Kind::EmptyBody]
        Kind::EmptyAnswer => Login [Kind::EmptyAnswer]
        Kind::Malformed { .. } => Temporary [Kind::Malformed { what: words(), source: None }]
        // By the code that the server gives: rights, what passes, everything else.
        Kind::Refused { status: 403, .. } => Login [refused(403, Some("E7120")), refused(403, Some("E8010"))]
        Kind::Refused { status: 410, .. } => Temporary [refused(410, Some("E7144")), refused(410, Some("E7131"))]
        Kind::Refused { .. } => Other [refused(409, Some("E7128")), refused(409, None)]
        Kind::TooLarge { .. } => Other [Kind::TooLarge { excess: Excess::Bytes(1) }]
        Kind::TooSlow { .. } => Temporary [Kind::TooSlow { received: 1, waited: Duration::from_mins(1) }]
        Kind::MissingIds { .. } => Other [Kind::MissingIds { ids: vec![words()] }]
        Kind::IncompleteList { .. } => Temporary [
            Kind::IncompleteList { plural: "dataSets", total: Some(2), before: None, listed: 1 },
        ]
        Kind::NoList { .. } => Temporary [Kind::NoList { plural: "dataSets", source: None }]
        Kind::EmptyList { .. } => Temporary [Kind::EmptyList { plural: "dataSets" }]
        Kind::ListByGist { .. } => Usage [Kind::ListByGist { plural: "dataSets" }]
        Kind::AnalyticsNotReady { .. } => Temporary [Kind::AnalyticsNotReady { reason: words() }]
        Kind::Other(_) => Other [Kind::Other(words())]
    }
    check(&not_given(), xfer_domain::exit_code::ExitCode::Usage);
}

#[test]
fn an_answer_that_is_too_large_is_so_whatever_it_has_too_much_of() {
    walk!(Excess {
        Excess::Bytes(_) => Other [Excess::Bytes(1)]
        Excess::Values(_) => Other [Excess::Values(1)]
        Excess::Text(_) => Other [Excess::Text(1)]
        Excess::Value(_) => Other [Excess::Value(1)]
        Excess::Depth(_) => Other [Excess::Depth(1)]
        Excess::Ratio(_) => Other [Excess::Ratio(1)]
        Excess::Pages(_) => Other [Excess::Pages(1)]
        Excess::Objects(_) => Other [Excess::Objects(1)]
        Excess::Together(_) => Other [Excess::Together(1)]
        Excess::Held(_) => Other [Excess::Held(1)]
        Excess::Incomplete(_) => Other [Excess::Incomplete(1)]
    });
}
