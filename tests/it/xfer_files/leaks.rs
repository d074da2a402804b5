//! S4: nothing secret is found anywhere, in whatever form, after everything was done that touches secrets.
//!
//! Canaries: the passwords of both servers' users, the file's passphrase, the key file's key, the machine key, the
//! password that was changed away, and the address that alerts go to. Looked for: as they are, in base64 (alone and as `user:password`), in hexadecimal,
//! percent-encoded, escaped as JSON.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use xfer::ops::sandbox::PASSWORD;

use crate::announce::announce;
use crate::command_line::Office;
use crate::xfer_files::lifecycle::PASSPHRASE;

/// Secrets in every form in which they could be seen.
struct Canaries(Vec<(String, Vec<u8>)>);

impl Canaries {
    fn new(secrets: &[(&str, &str, &[u8])]) -> Self {
        let mut needles = Vec::new();
        for (name, user, secret) in secrets {
            let text = String::from_utf8_lossy(secret).into_owned();
            let with_user = [user.as_bytes(), b":", secret].concat();
            let forms = [
                ("as it is", secret.to_vec()),
                ("base64", base64(secret).into_bytes()),
                ("base64 with its user", base64(&with_user).into_bytes()),
                ("hexadecimal", hexadecimal(secret).into_bytes()),
                ("percent-encoded", percent_encoded(secret).into_bytes()),
                ("escaped as JSON", serde_json::to_string(&text).unwrap().trim_matches('"').as_bytes().to_vec()),
            ];
            needles.extend(forms.map(|(form, needle)| (format!("{name} {form}"), needle)));
        }
        Self(needles)
    }

    /// What is found in a text or file.
    fn hits(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let found = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
        self.0.iter().filter(|(_, needle)| found(needle)).map(|(name, _)| format!("{name} in {place}")).collect()
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0_u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            text.push(char::from(LETTERS[(word >> (18 - 6 * index)) as usize & 63]));
        }
    }
    // Without padding: what stands after it is somebody else's.
    text
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn percent_encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            write!(text, "%{byte:02X}").unwrap();
        }
        text
    })
}

/// Every file below a folder but those that a person put there to hold a secret.
fn files(folder: &Path, secret_files: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, secret_files, found);
        } else if !secret_files.iter().any(|name| path.ends_with(name)) {
            found.push(path);
        }
    }
}

#[test]
fn no_secret_is_found_anywhere() {
    let office = Office::ready();
    office.xfer.file("passphrase", PASSPHRASE);
    office.xfer.file("old-password", "the-Password-Before-1");
    // Nobody listens there: what a failure says must not name it either.
    office.xfer.file("hook", "http://127.0.0.1:1/T0-secret-Address");
    let mut said = Vec::new();
    let mut say = |line: &str| {
        let output = office.xfer.run(line);
        said.push((format!("`xfer {line}`"), format!("{}{}", output.stdout, output.stderr)));
    };
    say("-vv server edit tracker --username reader --password-file old-password");
    say("-vv server edit tracker --username reader --password-file old-password --no-test");
    say("-vv run monthly");
    say("-vv server edit tracker --username reader --password-file password");
    say("-vv server list --format json");
    say("-vv server show tracker --format json");
    say("-vv routine alert add monthly --slack --url-file hook");
    say("-vv routine alert test monthly");
    say("-vv routine alert list monthly --format json");
    say("-vv routine export monthly --passphrase-file passphrase --new-key-file run-key");
    say("-vv routine inspect monthly.xfer --key-file run-key --format json");
    say("-vv routine inspect monthly.xfer");
    say("-vv exec monthly.xfer --key-file run-key --json --log-file run.log");
    say("-vv exec monthly.xfer --passphrase-file passphrase --dry-run --log-file run.log");
    say("-vv exec monthly.xfer --passphrase-file old-password --json --log-file run.log");
    say("-vv exec monthly.xfer --key-file passphrase --json --log-file run.log");
    say("-vv routine rekey monthly.xfer --key-file run-key --add-new-key-file second-key");
    say("-vv routine import monthly.xfer --key-file second-key --yes --format json");
    say("-vv key rotate");
    say("-vv key backup saved-key");
    say("-vv run monthly --format json");
    say("-vv runs cells last --format json");
    say("-vv runs show last --format json");
    say("");

    let read = |name: &str| std::fs::read(office.xfer.home().join(name)).unwrap();
    let run_key = String::from_utf8(read("run-key")).unwrap().split(' ').nth(1).unwrap().to_owned();
    let machine_key = read("key");
    let canaries = Canaries::new(&[
        ("the password", "reader", PASSWORD.as_bytes()),
        ("the password of the destination", "writer", PASSWORD.as_bytes()),
        ("the old password", "reader", b"the-Password-Before-1"),
        ("the passphrase", "passphrase", PASSPHRASE.as_bytes()),
        ("the key of the file", "xfer-key-1", run_key.as_bytes()),
        ("the machine key", "key", &machine_key),
        ("the address of an alert", "slack", b"T0-secret-Address"),
    ]);
    assert_eq!(canaries.0.len(), 42);
    let mut hits: Vec<String> = said.iter().flat_map(|(line, text)| canaries.hits(line, text.as_bytes())).collect();
    let mut found = Vec::new();
    let secret_files = ["password", "passphrase", "old-password", "run-key", "second-key", "saved-key", "key", "hook"];
    files(office.xfer.home(), &secret_files, &mut found);
    let named = |ending: &str| found.iter().any(|path| path.to_string_lossy().ends_with(ending));
    assert!(named("config.db") && named("monthly.xfer") && named("run.log") && named(".db"), "{found:?}");
    for path in &found {
        hits.extend(canaries.hits(&path.display().to_string(), &std::fs::read(path).unwrap()));
    }
    assert_eq!(hits, Vec::<String>::new());
    // The scan is able to find something, in each form.
    for (name, needle) in &canaries.0 {
        assert!(!canaries.hits("a test", &[b"before ", &needle[..], b" after"].concat()).is_empty(), "{name}");
    }
    announce(&format!("S4: 7 canaries in 6 forms, {} outputs and {} files: 0 hits", said.len(), found.len()));
}
