//! Files of every version that was ever written, with their keys. They open for ever and say what they always said.
//!
//! `XFER_REGENERATE=1` writes those of the current version that are missing; one that is there is never written again:
//! if it no longer opens, the program is wrong and not the file.

use std::fs;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use xfer_domain::fault::Fault as _;
use xfer_domain::script::ScriptSource;
use xfer_domain::secret::Login;
use xfer_storage::xferfile::{Content, FileKeyHolder, FileServer, Keys, document, header};

use crate::xfer_files::sample::{SAMPLES, alerted, sample, scripted};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/xferfiles/v1")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// Every file opens with the key; every tenth also with the passphrase, which takes its time.
fn has_passphrase(number: usize) -> bool {
    number.is_multiple_of(10)
}

fn keys() -> (Keys, Keys) {
    let key = FileKeyHolder::parse(&read("key")).unwrap();
    let passphrase = SecretString::from(read("passphrase").trim());
    let with_key = Keys { passphrases: Vec::new(), key_files: vec![key] };
    (with_key, Keys { passphrases: vec![passphrase], key_files: Vec::new() })
}

/// Everything that a content says, secrets included.
fn told(content: &Content) -> String {
    let secret = |server: &FileServer| match &server.login {
        Login::Basic { username, password } => format!("{username} {}", password.expose_secret()),
        Login::Token(token) => token.expose_secret().to_owned(),
    };
    let alerts = content.alert_secrets.iter().map(|(id, secret)| format!(" {id} {}", secret.expose_secret()));
    let alerts: String = alerts.collect();
    format!("{content:#?} {} {}{alerts}", secret(&content.source), secret(&content.destination))
}

#[test]
fn files_of_version_1_open_for_ever() {
    let (key, passphrase) = keys();
    for number in 0..SAMPLES {
        let file = folder().join(format!("{number:02}.xfer"));
        if std::env::var_os("XFER_REGENERATE").is_some() && !file.exists() {
            let mut both = key.clone();
            if has_passphrase(number) {
                both.passphrases.clone_from(&passphrase.passphrases);
            }
            fs::write(&file, document::seal(&sample(number), &both).unwrap()).unwrap();
        }
        let bytes = fs::read(&file).unwrap();
        let (content, about) = document::open(&bytes, &key).unwrap();
        assert_eq!(told(&content), told(&sample(number)), "{}", file.display());
        assert_eq!((about.format, about.recipients.len()), (1, 1 + usize::from(has_passphrase(number))));
        if has_passphrase(number) {
            let (content, _) = document::open(&bytes, &passphrase).unwrap();
            assert_eq!(told(&content), told(&sample(number)), "{}", file.display());
        }
    }
}

#[test]
fn a_file_with_operators_and_scripts_opens_for_ever() {
    let (key, _) = keys();
    let file = folder().join("scripts.xfer");
    if std::env::var_os("XFER_REGENERATE").is_some() && !file.exists() {
        fs::write(&file, document::seal(&scripted(), &key).unwrap()).unwrap();
    }
    let (content, _) = document::open(&fs::read(&file).unwrap(), &key).unwrap();
    assert_eq!(told(&content), told(&scripted()));
    assert!(content.document.scripts.iter().all(ScriptSource::is_intact));
}

#[test]
fn a_file_with_alerts_opens_for_ever() {
    let (key, _) = keys();
    let file = folder().join("alerts.xfer");
    if std::env::var_os("XFER_REGENERATE").is_some() && !file.exists() {
        fs::write(&file, document::seal(&alerted(), &key).unwrap()).unwrap();
    }
    let (content, _) = document::open(&fs::read(&file).unwrap(), &key).unwrap();
    assert_eq!(told(&content), told(&alerted()));
    let secrets = content.armed_alerts().into_iter().filter(|armed| armed.secret.is_some()).count();
    assert_eq!((secrets, content.document.routine.alerts.len()), (5, 7));
}

#[test]
fn a_file_of_a_later_version_names_the_program_to_use() {
    let bytes = fs::read(folder().join("01.xfer")).unwrap();
    let line_end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let line = String::from_utf8(bytes[..line_end].to_vec()).unwrap();
    let later = line.replace("xfer-file/1 xfer 0.1.0", "xfer-file/2 xfer 3.4.5");
    assert_ne!(line, later);
    let bytes = [later.as_bytes(), &bytes[line_end..]].concat();
    let (key, _) = keys();
    for refused in [header(&bytes).err(), document::open(&bytes, &key).err()] {
        let refused = refused.unwrap();
        assert!(refused.to_string().contains("its format is 2"), "{refused}");
        assert_eq!(refused.hint().unwrap(), "use xfer 3.4.5 or a newer version");
    }
}
