//! What goes wrong on this machine: stores, keys, xfer files, files that people edit, alerts.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::Error as Sqlite;
use xfer::mail::MailError;
use xfer::ops::error::OpsError;
use xfer::ops::files::sheet::SheetFinding;
use xfer::ops::shrunk::Shrunk;
use xfer::ops::undelivered::DeliveryError;
use xfer_domain::alert::{ServerSide, UnusableAddress};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::{Fault, InWords};
use xfer_domain::run::StopCause;
use xfer_matching::finding;
use xfer_matching::review::Finding;
use xfer_sandbox::server::StartError;
use xfer_storage::platform::NoHomeFolder;
use xfer_storage::sealing::SealingError;
use xfer_storage::store::vault::SealBroken;
use xfer_storage::store::{Kind, Named, StoreError};
use xfer_storage::xferfile::XferFileError;

use super::typed::{refusal, script_error};
use super::{check, check_end, walk};

fn text() -> String {
    "x".to_owned()
}

fn file() -> PathBuf {
    PathBuf::from("file")
}

fn failed() -> io::Error {
    io::Error::other("the disk")
}

fn named() -> Named {
    Named::new(Kind::Server, "national")
}

fn asked(code: ExitCode) -> InWords {
    InWords { code, message: text(), causes: Vec::new(), hints: vec![text()] }
}

#[test]
fn every_failure_of_the_store_has_its_code() {
    walk!(StoreError {
        StoreError::NotFound(_) => Usage [StoreError::NotFound(named())]
        StoreError::AlreadyExists(_) => Usage [StoreError::AlreadyExists(named())]
        StoreError::BadName { .. } => Usage [StoreError::BadName { kind: Kind::Job, name: text(), reason: "x" }]
        StoreError::InUse { .. } => Usage [StoreError::InUse { what: named(), by: vec![named()] }]
        StoreError::MixedPairs { .. } => Usage [StoreError::MixedPairs { routine: text() }]
        StoreError::AlteredScript { .. } => Damaged [StoreError::AlteredScript { script: text() }]
        StoreError::NewerSchema { .. } => Damaged [StoreError::NewerSchema { file: file(), found: 2, supported: 1 }]
        StoreError::Damaged { .. } => Damaged [StoreError::Damaged { file: file(), reason: text() }]
        StoreError::Locked { .. } => Locked [StoreError::Locked { pid: None, since: None }]
        StoreError::Busy { .. } => Temporary [StoreError::Busy { file: file() }]
        StoreError::KeyUnreadable { .. } => LocalIo [
            StoreError::KeyUnreadable { file: file(), reason: text(), source: Some(failed()) },
        ]
        StoreError::KeyMissing { .. } => WrongKey [StoreError::KeyMissing { file: file() }]
        StoreError::KeyDamaged { .. } => Damaged [StoreError::KeyDamaged { file: file(), reason: text() }]
        StoreError::KeyPermissions { .. } => LocalIo [StoreError::KeyPermissions { file: file(), mode: 0o644 }]
        StoreError::KeyClosed { .. } => Usage [StoreError::KeyClosed { file: file(), words: Box::new(asked(ExitCode::Usage)) }]
        StoreError::WrongPassphrase { .. } => WrongKey [StoreError::WrongPassphrase { file: file() }]
        StoreError::Sealed { .. } => WrongKey [StoreError::Sealed { server: text() }]
        StoreError::SealedAlert { .. } => WrongKey [StoreError::SealedAlert { alert: text() }]
        StoreError::DiskFull { .. } => LocalIo [StoreError::DiskFull { file: file() }]
        StoreError::Io { .. } => LocalIo [
            StoreError::Io { action: "reading", file: file(), source: failed() },
            StoreError::Io { action: "writing", file: file(), source: failed() },
        ]
        StoreError::Database { .. } => LocalIo [
            StoreError::Database { file: file(), source: Sqlite::InvalidQuery },
        ]
        StoreError::Sqlite(_) => LocalIo [StoreError::Sqlite(Sqlite::InvalidQuery)]
    });
    // Whoever was asked for a passphrase says why there is none, with a code of its own.
    let not_there = Box::new(asked(ExitCode::FileNotFound));
    check_end(OpsError::Store(StoreError::KeyClosed { file: file(), words: not_there }), ExitCode::FileNotFound);
    check(&SealBroken, ExitCode::WrongKey);
    check(&NoHomeFolder, ExitCode::Usage);
}

#[test]
fn every_failure_of_an_xfer_file_and_its_keys_has_its_code() {
    walk!(SealingError {
        SealingError::NoRandomNumbers(_) => LocalIo [SealingError::NoRandomNumbers(text())]
        SealingError::TooLong => LocalIo [SealingError::TooLong]
        SealingError::TooWeak(_) => Damaged [SealingError::TooWeak(text())]
        SealingError::TooDear(_) => Damaged [SealingError::TooDear(text())]
        SealingError::EasyPassphrase(_) => Usage [SealingError::EasyPassphrase("x")]
        SealingError::NotStretched(_) => LocalIo [SealingError::NotStretched(text())]
    });
    for sealing in [
        SealingError::TooLong,
        SealingError::TooWeak(text()),
        SealingError::TooDear(text()),
        SealingError::EasyPassphrase("x"),
    ] {
        assert_eq!(sealing.code(), XferFileError::from(sealing.clone()).code(), "{sealing}: in a file as anywhere");
    }
    walk!(XferFileError {
        XferFileError::NotAnXferFile => Damaged [XferFileError::NotAnXferFile]
        XferFileError::TooLarge => Damaged [XferFileError::TooLarge]
        XferFileError::Unsupported { .. } => Damaged [
            XferFileError::Unsupported { written_by: text(), reason: text() },
        ]
        XferFileError::Damaged(_) => Damaged [XferFileError::Damaged("x")]
        XferFileError::WrongKey(_) => WrongKey [XferFileError::WrongKey(text())]
        XferFileError::TooWeak(_) => Damaged [XferFileError::TooWeak(text())]
        XferFileError::TooDear(_) => Damaged [XferFileError::TooDear(text())]
        XferFileError::Recipients { .. } => Usage [XferFileError::Recipients { most: 3 }]
        XferFileError::EasyPassphrase(_) => Usage [XferFileError::EasyPassphrase("x")]
        XferFileError::NoSuchKey { .. } => Usage [
            XferFileError::NoSuchKey { name: text(), known: Vec::new() },
            XferFileError::NoSuchKey { name: text(), known: vec![text()] },
        ]
        XferFileError::NotAKey(_) => Damaged [XferFileError::NotAKey("x")]
        XferFileError::NotMade(_) => LocalIo [XferFileError::NotMade(text())]
    });
}

#[test]
fn every_failure_of_an_alert_has_its_code() {
    walk!(MailError {
        MailError::Address(_) => Usage [MailError::Address(text())]
        MailError::Unusable(_) => Usage [
            MailError::Unusable(UnusableAddress::NotEncrypted), MailError::Unusable(UnusableAddress::NoUrl),
        ]
        MailError::Setup(_) => Usage [MailError::Setup(text())]
        MailError::Timeout { .. } => Temporary [MailError::Timeout { waited: Duration::from_secs(1) }]
        MailError::Encryption(_) => Usage [MailError::Encryption(text())]
        MailError::Refused(_) => Login [MailError::Refused(text())]
        MailError::Unavailable(_) => Temporary [MailError::Unavailable(text())]
    });
    let made = [
        DeliveryError::Mail(MailError::Refused(text())),
        DeliveryError::Mail(MailError::Unavailable(text())),
        DeliveryError::Closed,
        DeliveryError::NoLogin(ServerSide::Source),
        DeliveryError::LoginRefused(text()),
        DeliveryError::Busy,
        DeliveryError::WrongServer { server: text() },
    ];
    for error in made {
        let code = match &error {
            // Both have a table of their own.
            DeliveryError::Http(kind) => kind.code(),
            DeliveryError::Server(error) => error.code(),
            DeliveryError::Mail(error) => error.code(),
            DeliveryError::Closed | DeliveryError::NoLogin(_) => ExitCode::WrongKey,
            DeliveryError::LoginRefused(_) => ExitCode::Login,
            DeliveryError::Busy => ExitCode::Temporary,
            DeliveryError::WrongServer { .. } => ExitCode::WrongServer,
        };
        check(&error, code);
        check_end(OpsError::Undelivered { channel: text(), cause: Box::new(error) }, code);
    }
}

fn found() -> Finding {
    Finding {
        code: finding::ALL[0],
        job: None,
        items: Vec::new(),
        units: Vec::new(),
        routines: Vec::new(),
        message: text(),
        hint: text(),
    }
}

fn local(kind: io::ErrorKind) -> OpsError {
    OpsError::LocalFile { path: file(), action: "read", source: kind.into() }
}

#[test]
fn every_use_case_that_fails_has_its_code() {
    walk!(StartError {
        StartError::Listen { .. } => LocalIo [
            StartError::Listen { address: "127.0.0.1:1".parse().unwrap(), source: failed() },
        ]
        StartError::Thread(_) => LocalIo [StartError::Thread(failed())]
    });
    let made = vec![
        OpsError::Store(StoreError::Locked { pid: None, since: None }),
        OpsError::Script(Box::new(script_error())),
        OpsError::NotFound { kind: "server", name: text(), near: Vec::new() },
        OpsError::NotFound { kind: "run", name: text(), near: vec![text()] },
        OpsError::invalid(text(), text()),
        OpsError::WrongServer { server: text(), expected: text(), found: text() },
        OpsError::NotSynced { server: text() },
        OpsError::Shrunk { server: text(), shrunk: vec![Shrunk { what: "org units", before: 2, after: 1 }] },
        OpsError::NotWhole { server: text(), missing: vec![text()] },
        OpsError::OwnOrgUnitsMissing { server: text(), user: text() },
        OpsError::File { path: file(), findings: vec![SheetFinding { line: 2, column: None, message: text() }] },
        OpsError::ItemRefused { message: text(), hint: text() },
        OpsError::Refused { routine: text(), findings: vec![found()] },
        local(io::ErrorKind::NotFound),
        local(io::ErrorKind::PermissionDenied),
        OpsError::XferFile { path: file(), cause: XferFileError::WrongKey(text()) },
        OpsError::XferFile { path: file(), cause: XferFileError::TooLarge },
        OpsError::Stopped { by: StopCause::Interrupted },
        OpsError::Signals(failed()),
        OpsError::Asked(Box::new(asked(ExitCode::FileNotFound))),
        OpsError::Undelivered { channel: text(), cause: Box::new(DeliveryError::Busy) },
        OpsError::SandboxFile { path: file(), refusal: refusal() },
        OpsError::Sandbox(StartError::Thread(failed())),
    ];
    for error in made {
        let code = match &error {
            OpsError::Store(inner) => inner.code(),
            OpsError::Client(inner) => inner.code(),
            OpsError::Transfer(inner) => inner.code(),
            OpsError::Journal(inner) => inner.code(),
            OpsError::Script(inner) => inner.code(),
            OpsError::Item(inner) => inner.code(),
            OpsError::XferFile { cause, .. } => cause.code(),
            OpsError::SandboxFile { refusal, .. } => refusal.code(),
            OpsError::Sandbox(inner) => inner.code(),
            OpsError::Undelivered { cause, .. } => cause.code(),
            OpsError::Asked(words) => words.code,
            OpsError::Stopped { by } => by.code(),
            OpsError::LocalFile { source, .. } if source.kind() == io::ErrorKind::NotFound => ExitCode::FileNotFound,
            OpsError::LocalFile { .. } | OpsError::Signals(_) => ExitCode::LocalIo,
            OpsError::WrongServer { .. } => ExitCode::WrongServer,
            OpsError::OwnOrgUnitsMissing { .. } => ExitCode::Temporary,
            OpsError::NotFound { .. }
            | OpsError::Invalid { .. }
            | OpsError::NotSynced { .. }
            | OpsError::Shrunk { .. }
            | OpsError::NotWhole { .. }
            | OpsError::File { .. }
            | OpsError::ItemRefused { .. }
            | OpsError::Refused { .. } => ExitCode::Usage,
        };
        check_end(error, code);
    }
}
