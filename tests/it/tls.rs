//! S12: encrypted connections, through the real program. Whatever is wrong with a server's certificate or its encryption,
//! nothing of a request reaches it, and the person is told what is wrong and what to do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use xfer::ops::sandbox::{PASSWORD, Ports, start};
use xfer_sandbox::profile::Profile;

use crate::support::office::refused;
use crate::support::{Output, Xfer};

/// An authority that issues certificates.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// The settings of a server with a certificate of this authority.
    fn issue(&self, params: &CertificateParams) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        settings(certificate.der().clone(), &key)
    }
}

/// A certificate for this machine, valid now.
fn for_this_machine() -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
    params
}

fn settings(certificate: CertificateDer<'static>, key: &KeyPair) -> ServerConfig {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap()
}

/// A listener and what came to it: connections, and bytes of requests after they were deciphered.
struct Listener {
    port: u16,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<u8>>>,
}

impl Listener {
    fn start(serve: impl Fn(TcpStream, &Mutex<Vec<u8>>) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counter, log) = (Arc::clone(&connections), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                serve(stream, &log);
            }
        });
        Self { port, connections, requests }
    }

    /// Encrypts what a function answers to a request.
    fn encrypted(settings: ServerConfig, answer: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
        let settings = Arc::new(settings);
        Self::start(move |stream, log| {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&settings)).unwrap(), stream);
            let request = request(&mut stream);
            log.lock().unwrap().extend_from_slice(&request);
            if !request.is_empty() {
                let _ = stream.write_all(&answer(&request));
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        })
    }

    /// Sends these bytes when a client has greeted, as a server that is too old would.
    fn old(answer: &'static [u8]) -> Self {
        Self::start(move |mut stream, log| {
            let mut greeting = [0; 4096];
            let _ = stream.read(&mut greeting);
            let _ = stream.write_all(answer);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest);
            // An alert (type 21) is the end of a greeting, not a request.
            if rest.first() != Some(&21) {
                log.lock().unwrap().extend_from_slice(&rest);
            }
        })
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }
}

/// A request with its body; nothing if the client went away before it had sent one.
fn request(stream: &mut impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let head = bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4);
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
            if bytes.len() >= head + length.unwrap_or(0) {
                return bytes;
            }
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&buffer[..read]),
            _ => return bytes,
        }
    }
}

/// An embedded server behind encryption.
fn in_front_of(url: &str, settings: ServerConfig) -> Listener {
    let behind = url.trim_start_matches("http://").to_owned();
    Listener::encrypted(settings, move |request| {
        let mut stream = TcpStream::connect(&behind).unwrap();
        let head = request.windows(2).position(|window| window == b"\r\n").unwrap() + 2;
        // One request for each connection: the end of the answer is the end of the connection.
        stream.write_all(&[&request[..head], b"Connection: close\r\n", &request[head..]].concat()).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    })
}

/// The command that adds a server, with the authorities of a file.
fn adding(xfer: &Xfer, url: &str) -> Command {
    let words = ["server", "add", "tracker", url, "--username", "reader", "--password-file", "password"];
    let mut command = xfer.prepared(&words);
    command.env("SSL_CERT_FILE", xfer.home().join("authorities.pem"));
    command
}

fn add(xfer: &Xfer, url: &str) -> Output {
    xfer.finished(&mut adding(xfer, url))
}

fn office(authority: &Authority) -> Xfer {
    let xfer = Xfer::new();
    xfer.file("password", PASSWORD);
    xfer.file("authorities.pem", authority.0.pem());
    xfer
}

#[test]
fn whatever_is_wrong_with_the_encryption_nothing_is_sent_and_the_remedy_is_told() {
    let trusted = Authority::new("Ministry of Health");
    let unknown = Authority::new("Somebody else");
    let xfer = office(&trusted);
    let nothing = |_: &[u8]| Vec::new();
    let (mut expired, mut early) = (for_this_machine(), for_this_machine());
    expired.not_after = date_time_ymd(2020, 1, 1);
    early.not_before = date_time_ymd(4000, 1, 1);
    let other_host = CertificateParams::new(vec!["dhis2.example.org".to_owned()]).unwrap();
    let own_key = KeyPair::generate().unwrap();
    let self_signed = for_this_machine().self_signed(&own_key).unwrap();
    // TLS 1.1 (3, 2) accepted by a server hello, with 32 bytes of randomness, no session and an old cipher.
    let hello_1_1 = [&[22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2][..], &[7; 32], &[0, 0, 47, 0]].concat().leak();
    // What a server says that knows no version of the client's: a fatal alert, protocol_version.
    let alert: &[u8] = &[21, 3, 1, 0, 2, 2, 70];
    let cases = [
        ("expired", Listener::encrypted(trusted.issue(&expired), nothing), "has expired", "renew the certificate"),
        ("not yet valid", Listener::encrypted(trusted.issue(&early), nothing), "not valid yet", "this machine's clock"),
        (
            "another host",
            Listener::encrypted(trusted.issue(&other_host), nothing),
            "of another host",
            "the host name that",
        ),
        (
            "self-signed",
            Listener::encrypted(settings(self_signed.der().clone(), &own_key), nothing),
            "does not know",
            "SSL_CERT_FILE",
        ),
        (
            "unknown authority",
            Listener::encrypted(unknown.issue(&for_this_machine()), nothing),
            "does not know",
            "update-ca-certificates",
        ),
        ("TLS 1.1", Listener::old(hello_1_1), "too old to be safe", "TLS 1.2 or later"),
        ("TLS 1.1, said by an alert", Listener::old(alert), "too old to be safe", "TLS 1.2 or later"),
        (
            "no encryption at all",
            Listener::old(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
            "does not use TLS",
            "begins with http://",
        ),
    ];
    for (name, server, words, remedy) in cases {
        let output = add(&xfer, &server.url());
        refused(&output, 2, &["tracker", words, remedy]);
        assert!(server.connections.load(Ordering::SeqCst) > 0, "{name}: it was asked\n{output}");
        assert_eq!(*server.requests.lock().unwrap(), b"", "{name}: nothing of a request came");
    }
    let kept = xfer.run("server list --format json").expect_code(0).json();
    assert_eq!(kept.as_array().unwrap().len(), 0);
}

#[test]
fn a_certificate_of_the_ministrys_own_authority_is_good_once_the_authority_is_known() {
    let servers = start(Profile::V42, Profile::V42, Ports::Free).unwrap();
    let authority = Authority::new("Ministry of Health");
    let xfer = office(&authority);
    let proxy = in_front_of(servers.source.url(), authority.issue(&for_this_machine()));
    let added = add(&xfer, &proxy.url()).expect_code(0);
    assert!(added.stderr.contains("added tracker"), "\n{added}");
    let came = proxy.requests.lock().unwrap().clone();
    assert!(String::from_utf8_lossy(&came).contains("uthorization: Basic "), "the login went through the encryption");
    // The same server with this machine's own authorities alone.
    let output = xfer.run("server test tracker");
    // A machine without any authorities of its own says so.
    let words: &[&str] =
        if output.stderr.contains("does not know") { &["does not know", "--ca-file"] } else { &["CA certificates"] };
    refused(&output, 2, words);
}

/// What a proxy on the way sees: which host is asked for, and bytes that it cannot read.
#[test]
fn a_proxy_learns_the_host_and_nothing_else() {
    let servers = start(Profile::V42, Profile::V42, Ports::Free).unwrap();
    let authority = Authority::new("Ministry of Health");
    let xfer = office(&authority);
    let host = "dhis2.example.invalid";
    let certificate = CertificateParams::new(vec![host.to_owned()]).unwrap();
    let server = in_front_of(servers.source.url(), authority.issue(&certificate));
    let port = server.port;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let proxy = Listener::start(move |mut stream, greetings| {
        greetings.lock().unwrap().extend_from_slice(&request(&mut stream));
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let behind = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (back, forth) = (stream.try_clone().unwrap(), behind.try_clone().unwrap());
        let (to_server, to_client) = (Arc::clone(&log), Arc::clone(&log));
        std::thread::spawn(move || handed_on(stream, forth, &to_server));
        std::thread::spawn(move || handed_on(behind, back, &to_client));
    });
    let mut command = adding(&xfer, &format!("https://{host}"));
    let added = xfer.finished(command.env("HTTPS_PROXY", format!("http://127.0.0.1:{}", proxy.port))).expect_code(0);
    assert!(added.stderr.contains("added tracker"), "\n{added}");
    let asked = String::from_utf8(proxy.requests.lock().unwrap().clone()).unwrap();
    assert!(asked.starts_with(&format!("CONNECT {host}:443 ")) && !asked.contains("uthorization"), "{asked}");
    let secrets = xfer.secrets();
    let came = server.requests.lock().unwrap().clone();
    let passed = seen.lock().unwrap().clone();
    assert!(passed.len() > came.len(), "{} bytes passed through, {} of requests came", passed.len(), came.len());
    let secrets = secrets.lock().unwrap();
    assert!(!secrets.hits("the server", &came).is_empty(), "the login came to the server");
    assert_eq!(secrets.hits("the proxy", &[asked.as_bytes(), &passed].concat()), Vec::<String>::new());
}

/// Hands on what comes, and keeps a copy.
fn handed_on(mut from: TcpStream, mut to: TcpStream, log: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(read) = from.read(&mut buffer)
        && read > 0
    {
        log.lock().unwrap().extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// Five kinds of redirect from an encrypted server to one without encryption, or to another encrypted one.
#[test]
fn no_redirect_leads_out_of_the_encryption() {
    let authority = Authority::new("Ministry of Health");
    let xfer = office(&authority);
    let plain = Listener::start(|_, _| {});
    let other = Listener::encrypted(authority.issue(&for_this_machine()), |_| Vec::new());
    for target in [format!("http://127.0.0.1:{}", plain.port), other.url()] {
        for status in [301, 302, 303, 307, 308] {
            let location = format!("{target}/api/system/info");
            let server = Listener::encrypted(authority.issue(&for_this_machine()), move |_| {
                format!(
                    "HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                .into_bytes()
            });
            let output = add(&xfer, &server.url());
            refused(&output, 2, &["tracker", &target]);
            assert!(!server.requests.lock().unwrap().is_empty(), "{status}: it was asked");
        }
    }
    assert_eq!(plain.connections.load(Ordering::SeqCst) + other.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn plain_http_is_for_this_machine_or_for_servers_that_it_was_allowed_for() {
    let xfer = Xfer::new();
    xfer.file("password", PASSWORD);
    let login = "--username reader --password-file password";
    let far = "http://dhis2.example.invalid";
    refused(&xfer.run(&format!("server add far {far} {login}")), 2, &["is not encrypted", "--allow-http"]);
    let _ = xfer.run(&format!("server add far {far} {login} --allow-http --no-test")).expect_code(0);
    // Allowed, it is tried, and there is no such host.
    refused(&xfer.run("server test far"), 5, &["far", "cannot be reached"]);
    // The permission stands with the server: without it, not even a name is looked up.
    let database = rusqlite::Connection::open(xfer.home().join("config.db")).unwrap();
    assert_eq!(database.execute("UPDATE server SET allow_http = 0", []).unwrap(), 1);
    refused(&xfer.run("server test far"), 2, &["is not encrypted"]);
    let servers = start(Profile::V42, Profile::V42, Ports::Free).unwrap();
    let near = servers.source.url();
    let _ = xfer.run(&format!("server add near {near} {login}")).expect_code(0);
}

/// What `openssl req -x509` makes: a self-signed certificate that calls itself an authority.
fn made_by_hand(names: &[&str]) -> (rcgen::Certificate, ServerConfig) {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let settings = settings(certificate.der().clone(), &key);
    (certificate, settings)
}

#[test]
fn a_certificate_that_signs_itself_is_good_once_it_was_given_for_the_server() {
    let servers = start(Profile::V42, Profile::V42, Ports::Free).unwrap();
    let xfer = office(&Authority::new("Ministry of Health"));
    let (certificate, shown) = made_by_hand(&["localhost", "127.0.0.1"]);
    let proxy = in_front_of(servers.source.url(), shown);
    let output = add(&xfer, &proxy.url());
    refused(&output, 2, &["tracker", "self-signed", "--ca-file"]);
    assert!(!output.stderr.contains("OtherError"), "{output}");
    assert_eq!(*proxy.requests.lock().unwrap(), b"");
    // The file that all programs of the machine read does not help: such a certificate is no server's.
    xfer.file("authorities.pem", certificate.pem());
    refused(&add(&xfer, &proxy.url()), 2, &["self-signed"]);

    xfer.file("own.pem", certificate.pem());
    let login = "--username reader --password-file password";
    let _ = xfer.run(&format!("server add tracker {} {login} --ca-file own.pem", proxy.url())).expect_code(0);
    let _ = xfer.run("server sync tracker").expect_code(0);
    let shown = xfer.run("server show tracker --format json").expect_code(0);
    let fingerprint = certificate.pem().parse::<xfer_domain::certificates::Certificates>().unwrap().fingerprints();
    assert!(shown.stdout.contains(&fingerprint[0]), "{shown}");
    let _ = xfer.run("server test tracker").expect_code(0);

    // Another certificate at the same address is somebody else, however it came there.
    let (other, _) = made_by_hand(&["localhost", "127.0.0.1"]);
    xfer.file("other.pem", other.pem());
    let given = other.pem().parse::<xfer_domain::certificates::Certificates>().unwrap().fingerprints();
    let words = ["tracker", "is not the one in the given file", "--ca-file"];
    let output = xfer.run("server edit tracker --ca-file other.pem");
    refused(&output, 2, &words);
    let said: String = output.stderr.split_whitespace().collect();
    assert!(said.contains(&fingerprint[0]) && said.contains(&given[0]), "{output}");
    let _ = xfer.run("server test tracker").expect_code(0);
    let _ = xfer.run("server edit tracker --no-ca-file --no-test").expect_code(0);
    let mut test = xfer.prepared(&["server", "test", "tracker"]);
    test.env("SSL_CERT_FILE", xfer.home().join("authorities.pem"));
    refused(&xfer.finished(&mut test), 2, &["self-signed", "--ca-file"]);
}

#[test]
fn what_cannot_be_a_certificate_of_a_server_is_refused_in_words() {
    let xfer = office(&Authority::new("Ministry of Health"));
    let login = "--username reader --password-file password --no-test";
    let far = "https://dhis2.example.invalid";
    xfer.file("empty.pem", "");
    xfer.file("key.pem", KeyPair::generate().unwrap().serialize_pem());
    xfer.file("junk.pem", "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n");
    for (file, words) in [("empty.pem", "holds no certificate"), ("key.pem", "private key"), ("junk.pem", "number 1")] {
        refused(&xfer.run(&format!("server add far {far} {login} --ca-file {file}")), 2, &[words]);
    }
    refused(&xfer.run(&format!("server add far {far} {login} --ca-file nowhere.pem")), 10, &["nowhere.pem"]);
    let near = "http://127.0.0.1:1";
    xfer.file("own.pem", made_by_hand(&["localhost"]).0.pem());
    refused(&xfer.run(&format!("server add far {near} {login} --ca-file own.pem")), 2, &["is not encrypted"]);
}

#[test]
fn a_run_that_meets_a_certificate_it_cannot_trust_ends_as_a_fault_of_the_setup() {
    use crate::support::country::Country;
    use crate::support::trial::Trial;

    let country = |side| {
        let country = Country::new(side).facilities(&["Centre A"]).element("CAS", serde_json::json!({}));
        country.data_set("M", "Monthly", &["CAS"], serde_json::json!({}))
    };
    let source = country("source").value(["CAS", "", "", "Centre A", "202401"], "7");
    let trial = Trial::between(&source, &country("destination"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    let unknown = Authority::new("Somebody else").issue(&for_this_machine());
    let listener = in_front_of(trial.destination.url(), unknown);
    let edit = format!("server edit dst --url {} --username writer --password-file password --no-test", listener.url());
    trial.ok(&edit);
    for line in ["run r", "run r --format json", "run r --dry-run"] {
        let ended = trial.run(line).expect_code(2);
        assert!(format!("{ended}").contains("SSL_CERT_FILE"), "{line}: {ended}");
    }
    assert_eq!(*listener.requests.lock().unwrap(), b"", "nothing was sent");
}

#[test]
fn a_run_and_an_xfer_file_know_the_certificate_of_a_server() {
    use crate::support::country::Country;
    use crate::support::trial::Trial;

    let country = |side| {
        let country = Country::new(side).facilities(&["Centre A"]).element("CAS", serde_json::json!({}));
        country.data_set("M", "Monthly", &["CAS"], serde_json::json!({}))
    };
    let source = country("source").value(["CAS", "", "", "Centre A", "202401"], "7");
    let trial = Trial::between(&source, &country("destination"));
    let authority = Authority::new("Ministry of Health");
    let (own, shown) = made_by_hand(&["127.0.0.1"]);
    let (from, to) = (
        in_front_of(trial.source.url(), shown),
        in_front_of(trial.destination.url(), authority.issue(&for_this_machine())),
    );
    trial.xfer.file("own.pem", own.pem());
    trial.xfer.file("ministry.pem", authority.0.pem());
    trial.ok(&format!(
        "server edit src --url {} --username reader --password-file password --ca-file own.pem",
        from.url()
    ));
    trial.ok(&format!(
        "server edit dst --url {} --username writer --password-file password --ca-file ministry.pem",
        to.url()
    ));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial.ok("run r");
    let cell = ["CAS", "", "", "Centre A", "202401"];
    assert_eq!(trial.value(cell).as_deref(), Some("7"));

    Trial::store(&trial.destination, cell, None);
    trial.xfer.file("passphrase", "correct horse battery staple of the ministry");
    trial.ok("routine export r r.xfer --passphrase-file passphrase");
    let fingerprint = own.pem().parse::<xfer_domain::certificates::Certificates>().unwrap().fingerprints();
    let inspected = trial.ok("routine inspect r.xfer --passphrase-file passphrase --format json");
    assert!(inspected.stdout.contains(&fingerprint[0]), "{inspected}");
    trial.ok("exec r.xfer --passphrase-file passphrase");
    assert_eq!(trial.value(cell).as_deref(), Some("7"));
}

#[test]
fn tokens_are_understood_as_people_have_them() {
    let servers = start(Profile::V42, Profile::V42, Ports::Free).unwrap();
    let xfer = office(&Authority::new("Ministry of Health"));
    xfer.file("bare", "\u{feff}\"ApiToken d2p_notATokenOfThisServer0000000000000000000000000000000\"\r\n");
    let url = servers.source.url();
    // The server answers that it does not know the token: it was understood, and sent as one.
    let output = xfer.run(&format!("server add tracker {url} --token-file bare"));
    assert!(output.stderr.contains("refuses") && !output.stderr.contains("a token cannot have"), "{output}");
    for (name, content, words) in [
        ("two", &b"d2p_one\nd2p_two\n"[..], "more than one word"),
        ("bearer", b"Bearer d2p_one", "`Bearer` login"),
        ("nothing", b"\xef\xbb\xbf\r\n", "is empty"),
        ("binary", b"\xff\x00\xd8", "is not"),
    ] {
        xfer.file(name, content);
        refused(&xfer.run(&format!("server add tracker {url} --token-file {name}")), 2, &[words]);
    }
    // A password that PowerShell wrote.
    let utf_16: Vec<u8> = format!("\u{feff}{PASSWORD}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    xfer.file("sixteen", utf_16);
    let _ = xfer.run(&format!("server add tracker {url} --username reader --password-file sixteen")).expect_code(0);
}
