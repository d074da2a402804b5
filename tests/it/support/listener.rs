//! What takes messages in tests: a web address and a mail server on this machine, which keep what they were sent.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

/// A request to a web address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub method: String,
    pub path: String,
    pub body: String,
}

/// A web address that takes messages.
pub(crate) struct Channel {
    pub url: String,
    calls: Receiver<Call>,
}

impl Channel {
    /// Answers every request with a status and the words of a listener.
    pub(crate) fn answering(status: u16) -> Self {
        Self::playing(vec![Some(status)])
    }

    /// Refuses every request, and repeats the address that was asked for, plain and escaped, as many do.
    pub(crate) fn echoing() -> Self {
        Self::saying(vec![Some(404)], |call| {
            format!("Cannot {} {}, {}", call.method, call.path, call.path.replace('/', "\\/"))
        })
    }

    /// Answers each request with its status, and all that follow with the last one; none: never answers.
    pub(crate) fn playing(statuses: Vec<Option<u16>>) -> Self {
        Self::saying(statuses, |_| "words".to_owned())
    }

    fn saying(statuses: Vec<Option<u16>>, words: fn(&Call) -> String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hooks/secret-part", listener.local_addr().unwrap());
        let (sender, calls) = channel();
        thread::spawn(move || {
            let mut unanswered = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let call = read_call(&mut stream);
                let words = words(&call);
                // Noted before it is answered: whoever was answered finds it noted.
                if sender.send(call).is_err() {
                    return;
                }
                let status = statuses[number.min(statuses.len() - 1)];
                if let Some(status) = status {
                    let length = words.len();
                    let answer =
                        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{words}");
                    // Whoever was killed meanwhile reads no answer.
                    let _ = stream.write_all(answer.as_bytes());
                } else {
                    unanswered.push(stream);
                }
            }
        });
        Self { url, calls }
    }

    /// What was sent since the last time, by programs that have ended or were answered.
    pub(crate) fn got(&self) -> Vec<Call> {
        self.calls.try_iter().collect()
    }

    /// Waits for the next request.
    pub(crate) fn next(&self) -> Call {
        self.calls.recv().unwrap()
    }

    /// The conditions of the messages that were sent since the last time.
    pub(crate) fn conditions(&self) -> Vec<String> {
        let message = |call: Call| {
            assert_eq!(call.method, "POST");
            let message: Value = serde_json::from_str(&call.body).unwrap();
            assert_eq!(message["format"], "xfer-alert/1");
            message["condition"].as_str().unwrap().to_owned()
        };
        self.got().into_iter().map(message).collect()
    }
}

fn read_call(stream: &mut TcpStream) -> Call {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap();
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    let mut words = head.split(' ').map(str::to_owned);
    Call {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        body: String::from_utf8(body).unwrap(),
    }
}

/// The user that the mail server knows, and the password.
pub(crate) const MAIL_USER: &str = "xfer@health.example";
pub(crate) const MAIL_PASSWORD: &str = "mail-Secret-1";

/// Somebody for whom no mail server takes a letter.
pub(crate) const GONE: &str = "gone@health.example";

/// How a mail server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mailing {
    /// It takes everything from whoever logs in as [`MAIL_USER`].
    Taking,
    /// The same, encrypted from the start, as `localhost`.
    Tls,
    /// The same, encrypted when asked to, and before that nobody can log in.
    Starttls,
    /// It takes everything from everybody.
    Open,
    /// It lets nobody in, and repeats what it was told: as it came, and the password in words and lines.
    Echoing,
    /// It never says a word.
    Silent,
}

/// A mail server; what it was told, line by line.
pub(crate) struct MailServer {
    pub port: u16,
    lines: Receiver<String>,
}

impl MailServer {
    pub(crate) fn start(mailing: Mailing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, lines) = channel();
        thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                if mailing == Mailing::Silent {
                    silent.push(stream);
                } else {
                    // Whoever goes away in the middle of a sentence has said enough.
                    let _ = serve(stream, mailing, &sender);
                }
            }
        });
        Self { port, lines }
    }

    /// What it was told since the last time.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }
}

/// One conversation, in the clear or not.
fn serve(stream: TcpStream, mailing: Mailing, heard: &Sender<String>) -> io::Result<()> {
    match mailing {
        Mailing::Tls => converse(&mut BufReader::new(encrypted(stream)), mailing, true, heard).map(drop),
        Mailing::Starttls => {
            let mut clear = BufReader::new(stream);
            match converse(&mut clear, mailing, true, heard)? {
                End::Farewell => Ok(()),
                End::Encrypt => {
                    let mut stream = BufReader::new(encrypted(clear.into_inner()));
                    converse(&mut stream, Mailing::Tls, false, heard).map(drop)
                }
            }
        }
        _ => converse(&mut BufReader::new(stream), mailing, true, heard).map(drop),
    }
}

/// Where the certificates of the mail server lie; `authority.pem` vouches for it.
pub(crate) fn certificate(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/mail").join(name)
}

fn encrypted(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let chain = vec![CertificateDer::from_pem_file(certificate("server.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(certificate("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

/// How a conversation ended.
enum End {
    Farewell,
    Encrypt,
}

fn converse<S: Read + Write>(
    stream: &mut BufReader<S>,
    mailing: Mailing,
    greets: bool,
    heard: &Sender<String>,
) -> io::Result<End> {
    if greets {
        say(stream, "220 mail.test ready")?;
    }
    let mut known = mailing == Mailing::Open;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(End::Farewell);
        }
        let line = line.trim_end().to_owned();
        // A listener that nobody asks any more has nothing to note.
        let _ = heard.send(line.clone());
        match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => say(
                stream,
                match mailing {
                    Mailing::Open => "250 mail.test",
                    Mailing::Starttls => "250-mail.test\r\n250 STARTTLS",
                    _ => "250-mail.test\r\n250 AUTH PLAIN LOGIN",
                },
            )?,
            "STARTTLS" => {
                say(stream, "220 go on")?;
                return Ok(End::Encrypt);
            }
            "AUTH" => {
                if mailing == Mailing::Echoing {
                    let packed = STANDARD.encode(format!("user {MAIL_USER} with {MAIL_PASSWORD} is unknown"));
                    say(stream, &format!("535-5.7.8 {line}\r\n535-{MAIL_PASSWORD}\r\n535 {packed}"))?;
                    continue;
                }
                known = line == format!("AUTH PLAIN {}", STANDARD.encode(format!("\0{MAIL_USER}\0{MAIL_PASSWORD}")));
                say(stream, if known { "235 welcome" } else { "535 5.7.8 who are you" })?;
            }
            "RCPT" if known && line.contains(GONE) => say(stream, "550 5.1.1 no such user")?,
            "MAIL" | "RCPT" => say(stream, if known { "250 ok" } else { "530 log in first" })?,
            "DATA" => {
                say(stream, "354 go on")?;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line)?;
                    if line == ".\r\n" {
                        break;
                    }
                    let _ = heard.send(line.trim_end().to_owned());
                }
                say(stream, "250 2.0.0 queued as 7")?;
            }
            "QUIT" => {
                say(stream, "221 bye")?;
                return Ok(End::Farewell);
            }
            _ => say(stream, "502 what")?,
        }
    }
}

fn say<S: Read + Write>(stream: &mut BufReader<S>, line: &str) -> io::Result<()> {
    let writer = stream.get_mut();
    writer.write_all(format!("{line}\r\n").as_bytes())?;
    writer.flush()
}
