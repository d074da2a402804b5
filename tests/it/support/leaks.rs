//! The leak scan (S4), a part of every end-to-end test: what the program says and every file that it leaves behind is
//! searched for the secrets of that test, in each form in which they could be seen.
//!
//! A secret becomes known when a test puts it into the home ([`super::Xfer::file`]) or types it where nothing is shown;
//! the machine key and key files are found when the home is searched. A file that holds a secret and nothing else is
//! where a person, or the program on her word, put it: that is no leak.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;

/// Shorter secrets would be found by accident.
const SHORTEST: usize = 8;

/// What is looked for: secrets, each with the user whom it belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Canaries {
    known: Vec<Canary>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Canary {
    name: String,
    user: String,
    secret: Vec<u8>,
}

impl Canaries {
    /// Looks for this secret from now on, too.
    pub(crate) fn add(&mut self, name: &str, user: &str, secret: &[u8]) {
        let secret = secret.trim_ascii().to_vec();
        let canary = Canary { name: name.to_owned(), user: user.to_owned(), secret };
        if canary.secret.len() >= SHORTEST && !self.known.contains(&canary) {
            self.known.push(canary);
        }
    }

    /// Secrets in every form in which they could be seen, each with its name.
    pub(crate) fn needles(&self) -> Vec<(String, Vec<u8>)> {
        self.known
            .iter()
            .flat_map(|canary| {
                forms(&canary.user, &canary.secret).map(|(form, needle)| (format!("{} {form}", canary.name), needle))
            })
            .collect()
    }

    /// What is found in a text or file.
    pub(crate) fn hits(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let needles = self.needles();
        let search = AhoCorasick::new(needles.iter().map(|(_, needle)| needle)).unwrap();
        let mut hits: Vec<String> = search
            .find_overlapping_iter(bytes)
            .map(|found| format!("{} in {place}", needles[found.pattern().as_usize()].0))
            .collect();
        hits.sort();
        hits.dedup();
        hits
    }

    /// What is found in the files below a folder, and how many files there are. Keys that lie there are looked for, too.
    pub(crate) fn hits_below(&self, folder: &Path) -> (Vec<String>, Vec<PathBuf>) {
        let mut paths = Vec::new();
        files(folder, &mut paths);
        let contents: Vec<(PathBuf, Vec<u8>)> =
            paths.into_iter().filter_map(|path| Some((path.clone(), std::fs::read(path).ok()?))).collect();
        let mut all = self.clone();
        for (path, content) in &contents {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if matches!(&*name, "key" | "key.next") && content.len() == 32 {
                all.known.push(Canary {
                    name: "the machine key".to_owned(),
                    user: name.into_owned(),
                    secret: content.clone(),
                });
            } else if let Some(key) =
                content.strip_prefix(b"xfer-key-1 ").and_then(|rest| rest.split(|b| *b == b' ').next())
            {
                all.add("the key of a file", "xfer-key-1", key);
            }
        }
        let holds_nothing_else = |content: &[u8]| {
            content.starts_with(b"xfer-key-1 ")
                || all.known.iter().any(|canary| canary.secret == content || canary.secret == content.trim_ascii())
        };
        let searched = contents.iter().filter(|(_, content)| !holds_nothing_else(content));
        let hits = searched.flat_map(|(path, content)| all.hits(&path.display().to_string(), content)).collect();
        (hits, contents.into_iter().map(|(path, _)| path).collect())
    }
}

/// The forms of a secret.
fn forms(user: &str, secret: &[u8]) -> [(&'static str, Vec<u8>); 6] {
    let text = String::from_utf8_lossy(secret).into_owned();
    [
        ("as it is", secret.to_vec()),
        ("base64", base64(secret).into_bytes()),
        ("base64 with its user", base64(&[user.as_bytes(), b":", secret].concat()).into_bytes()),
        ("hexadecimal", hexadecimal(secret).into_bytes()),
        ("percent-encoded", percent_encoded(secret).into_bytes()),
        ("escaped as JSON", serde_json::to_string(&text).unwrap().trim_matches('"').as_bytes().to_vec()),
    ]
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

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push(path);
        }
    }
}
