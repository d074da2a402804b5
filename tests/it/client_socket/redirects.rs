//! S6: which redirects are followed, at the level of sockets. Five codes, four targets, two methods: a login never comes
//! to another origin, not even in an encrypted greeting, and what is written is sent where it was meant to go or not at
//! all.

use std::io::Read;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use xfer_dhis2::error::ClientErrorKind;

use super::server::{Reply, Seen, Server, json};
use super::{IMPORTED, VALUES, one_slice, payload, read_raw};
use crate::announce::announce;

/// Another listener, and every byte that came to it.
struct Elsewhere {
    port: u16,
    came: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Elsewhere {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&came);
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut bytes = vec![0; 4096];
                let read = stream.read(&mut bytes).unwrap_or_default();
                bytes.truncate(read);
                log.lock().unwrap().push(bytes);
            }
        });
        Self { port, came }
    }
}

/// Where a redirect leads, seen from a server at `home`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    OtherHost,
    OtherPort,
    OtherScheme,
    SameOrigin,
}

impl Target {
    fn address(self, home: &str, elsewhere: u16) -> String {
        let port = home.rsplit(':').next().unwrap();
        match self {
            Self::OtherHost => format!("http://localhost:{port}/ctx/api/there"),
            Self::OtherPort => format!("http://127.0.0.1:{elsewhere}/ctx/api/there"),
            Self::OtherScheme => format!("https://127.0.0.1:{elsewhere}/ctx/api/there"),
            Self::SameOrigin => "/ctx/api/there".to_owned(),
        }
    }
}

/// A server that answers data requests by a redirect, and the place that it redirects to by what was asked for.
async fn redirecting(status: u16, target: Target, elsewhere: u16) -> Server {
    Server::dhis2("2.43.1", move |seen: &Seen, _| {
        if seen.line().contains("/there") {
            return json(if seen.line().starts_with("POST") { IMPORTED } else { VALUES });
        }
        let location = target.address(seen.header("host").unwrap(), elsewhere);
        Reply::Json(status, format!("Location: {location}\r\n").leak(), String::new())
    })
    .await
}

#[tokio::test]
async fn a_login_stays_at_its_origin_whatever_the_redirect() {
    let elsewhere = Elsewhere::start();
    let (mut followed, mut refused) = (0, 0);
    for status in [301, 302, 303, 307, 308] {
        for target in [Target::OtherHost, Target::OtherPort, Target::OtherScheme, Target::SameOrigin] {
            let case = format!("{status} to {target:?}");
            let server = redirecting(status, target, elsewhere.port).await;
            let (read, values) = read_raw(&server.client(), &one_slice()).await;
            let asked: Vec<String> = server.data_requests().iter().map(|seen| seen.line().to_owned()).collect();
            if target == Target::SameOrigin {
                assert_eq!((read.unwrap(), values.len(), asked.len()), (2, 2, 2), "GET, {case}");
                followed += 1;
            } else {
                assert!(matches!(read, Err(ClientErrorKind::Redirect { .. })), "GET, {case}: {read:?}");
                assert_eq!((values.len(), asked.len()), (0, 1), "GET, {case}: {asked:?}");
                refused += 1;
            }

            let server = redirecting(status, target, elsewhere.port).await;
            let error = server.client().push(&payload(), false).await.unwrap_err();
            assert!(matches!(error.kind, ClientErrorKind::Redirect { .. }), "POST, {case}: {error}");
            let seen = server.data_requests();
            assert!(seen.len() == 1 && !seen[0].line().contains("/there"), "POST, {case}");
            refused += 1;
        }
    }
    assert_eq!((followed, refused), (5, 35));
    // No connection means no header, no body, and no greeting either.
    assert_eq!(*elsewhere.came.lock().unwrap(), Vec::<Vec<u8>>::new());
    announce("S6: 40 redirects, 5 followed (reads at home), 0 connections to another origin");
}

#[tokio::test]
async fn reads_are_redirected_three_times_and_no_more() {
    for (hops, arrives) in [(3, true), (4, false)] {
        let server = Server::dhis2("2.43.1", move |seen: &Seen, _| {
            let at: usize =
                seen.line().split("/hop").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap_or(0);
            if at == hops {
                return json(VALUES);
            }
            Reply::Json(307, format!("Location: /ctx/api/hop{}\r\n", at + 1).leak(), String::new())
        })
        .await;
        let (read, _) = read_raw(&server.client(), &one_slice()).await;
        assert_eq!(read.is_ok(), arrives, "{hops} hops: {read:?}");
        assert_eq!(server.data_requests().len(), 4);
    }
}
