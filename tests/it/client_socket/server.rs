//! A server of scripted answers over TCP, so that connections can be cut where no framework would cut them. Requests
//! are recorded as they came.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use xfer_dhis2::client::{Client, ClientOptions};
use xfer_dhis2::error::ClientError;
use xfer_dhis2::limits::Limits;
use xfer_domain::secret::Login;

/// What the server does with a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Status, extra header lines, body of JSON.
    Json(u16, &'static str, String),
    /// These bytes as they are, then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, then silence.
    Stalls(Vec<u8>),
}

pub(super) fn json(body: &str) -> Reply {
    Reply::Json(200, "", body.to_owned())
}

pub(super) fn refusal(status: u16, code: &str) -> Reply {
    let body = format!(r#"{{"httpStatusCode":{status},"status":"ERROR","message":"no","errorCode":"{code}"}}"#);
    Reply::Json(status, "", body)
}

/// A request as it came: head and body.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    head: String,
    pub(super) body: Vec<u8>,
}

impl Seen {
    pub(super) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// A server that answers by a function of the request and of how many came before.
pub(super) struct Server {
    pub(super) port: u16,
    pub(super) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(super) async fn start(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&seen), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { port, seen }
    }

    /// Answers `system/info` as a server of that version, everything else by the function.
    pub(super) async fn dhis2(
        version: &'static str,
        answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::start(
            move |seen, number| {
                if seen.line().contains("/api/system/info") { info(version) } else { answer(seen, number) }
            },
        )
        .await
    }

    pub(super) fn requests(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Requests other than `system/info`.
    pub(super) fn data_requests(&self) -> Vec<Seen> {
        self.requests().into_iter().filter(|seen| !seen.line().contains("system/info")).collect()
    }

    pub(super) fn client(&self) -> Client {
        self.client_with(Limits::impatient())
    }

    pub(super) fn client_with(&self, limits: Limits) -> Client {
        Client::new(Self::options(&format!("http://127.0.0.1:{}/ctx", self.port), limits)).unwrap()
    }

    /// A client that was given this address.
    pub(super) fn client_at(url: &str) -> Result<Client, ClientError> {
        Client::new(Self::options(url, Limits::impatient()))
    }

    fn options(url: &str, limits: Limits) -> ClientOptions {
        ClientOptions {
            server: "test".to_owned(),
            url: url.parse().unwrap(),
            login: Login::Basic { username: "clerk".to_owned(), password: "very-secret".to_owned().into() },
            allow_http: false,
            certificates: None,
            limits,
        }
    }
}

fn info(version: &str) -> Reply {
    json(&format!(
        r#"{{"version":"{version}","calendar":"iso8601","serverDate":"2026-11-22T22:18:42.878","systemId":"abc",
        "lastAnalyticsTableSuccess":"2026-11-22T21:59:00.110"}}"#
    ))
}

async fn serve(
    mut stream: tokio::net::TcpStream,
    log: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static>,
) {
    while let Some(seen) = read_request(&mut stream).await {
        let number = {
            let mut log = log.lock().unwrap();
            log.push(seen.clone());
            log.len() - 1
        };
        match answer(&seen, number) {
            Reply::Bytes(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Reply::Stalls(bytes) => {
                let _ = stream.write_all(&bytes).await;
                std::future::pending::<()>().await;
            }
            Reply::Json(status, headers, body) => {
                let text = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                );
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
        }
    }
}

pub(super) async fn read_request(stream: &mut tokio::net::TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    };
    let mut seen = Seen { head: String::from_utf8_lossy(&bytes[..head_end]).into_owned(), body: Vec::new() };
    let length: usize = seen.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    seen.body = bytes.split_off(head_end + 4);
    while seen.body.len() < length {
        match stream.read(&mut buffer).await {
            Ok(read) if read > 0 => seen.body.extend_from_slice(&buffer[..read]),
            _ => return None,
        }
    }
    Some(seen)
}
