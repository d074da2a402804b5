//! What other users and programs of the machine could see of a running xfer: its arguments, its environment, its memory
//! in a core dump, and what it says when it panics. Linux tells all of this in `/proc`.

use std::ffi::OsString;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use xfer::ops::sandbox::PASSWORD;
use xfer_domain::secret::Login;

use crate::support::Xfer;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    use xfer_sandbox::faults::{Fault, Matcher};

    use crate::announce::announce;
    use crate::support::Xfer;
    use crate::support::office::Office;

    const PASSPHRASE: &str = "moringa kasava tilapia sorghum";
    const KEY_PASSPHRASE: &str = "fonio by the other river";

    /// A process and those that it started.
    fn family(process: u32) -> Vec<u32> {
        let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
        let below = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(family);
        std::iter::once(process).chain(below).collect()
    }

    /// Reads what `/proc` tells of a process and its children; gives how many arguments were seen.
    fn look_at(xfer: &Xfer, process: u32) -> usize {
        let mut seen = 0;
        for member in family(process) {
            for file in ["cmdline", "environ"] {
                // What cannot be read, nobody else can read either.
                let Ok(text) = fs::read(format!("/proc/{member}/{file}")) else { continue };
                let hits = xfer.secrets().lock().unwrap().hits(&format!("{file} of {member}"), &text);
                assert_eq!(hits, Vec::<String>::new());
                seen += usize::from(file == "cmdline" && !text.is_empty());
            }
        }
        seen
    }

    #[test]
    fn arguments_and_environment_of_a_run_and_its_children_hold_no_secret() {
        let office = Office::ready();
        office.xfer.file("passphrase", PASSPHRASE);
        office.xfer.file("key-passphrase", KEY_PASSPHRASE);
        office.ok("routine export monthly --passphrase-file passphrase");
        office.ok("key protect --passphrase-file key-passphrase");
        office.servers.destination.faults().add(Matcher::imports().nth(1), Fault::Stall);
        let by_file = "exec monthly.xfer --passphrase-file passphrase --json";
        let by_command = ["exec", "monthly.xfer", "--json", "--passphrase-command", "cat passphrase"];
        let by_key = ["run", "monthly", "--key-passphrase-command", "cat key-passphrase"];
        let commands = [
            office.xfer.prepared(&by_file.split(' ').collect::<Vec<_>>()),
            office.xfer.prepared(&by_command),
            office.xfer.prepared(&by_key),
        ];
        let mut looks = 0;
        for mut command in commands {
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            let sent = office.servers.destination.ledger().imports().len();
            let mut running = command.spawn().unwrap();
            while office.servers.destination.ledger().imports().len() == sent && running.try_wait().unwrap().is_none() {
                looks += look_at(&office.xfer, running.id());
                std::thread::yield_now();
            }
            running.kill().unwrap();
            running.wait().unwrap();
            office.servers.destination.faults().clear();
            office.servers.destination.faults().add(Matcher::imports().nth(1), Fault::Stall);
        }
        assert!(looks > 100, "{looks} looks");
        announce(&format!("S4: arguments and environment of runs and their children looked at {looks} times: 0 hits"));
    }

    /// The limit that the parent raised is taken back by the program itself, and the kernel writes no memory to the disk.
    #[test]
    fn a_process_that_aborts_leaves_no_core() {
        let office = Office::ready();
        office.servers.destination.faults().add(Matcher::imports().nth(1), Fault::Stall);
        let xfer = office.xfer.prepared(&["run", "monthly"]);
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\""]);
        command
            .arg(xfer.get_program())
            .args(xfer.get_args())
            .env_clear()
            .envs(xfer.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(office.xfer.home()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut running = command.spawn().unwrap();
        while office.servers.destination.ledger().imports().is_empty() && running.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let limits = fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
        let core: Vec<&str> =
            limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
        assert_eq!(core[4..6], ["0", "0"], "{limits}");
        let killed = Command::new("kill").args(["-ABRT", &running.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let ended = running.wait().unwrap();
        assert_eq!((ended.signal(), ended.core_dumped()), (Some(6), false));
        let left = fs::read_dir(office.xfer.home()).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(!left.into_iter().any(|name| name.to_string_lossy().starts_with("core")));
    }
}

/// The variable by which the test below knows that it is the process that panics.
const PANICS: &str = "XFER_TEST_PANICS";

const CANARY: &str = "canary-of-a-panic";

#[test]
fn a_panic_says_where_it_happened_and_nothing_of_what_it_held() {
    if std::env::var_os(PANICS).is_some() {
        let home = tempfile::tempdir().unwrap();
        let words = ["xfer", "key", "show-location", "--home"].map(OsString::from);
        xfer::cli::run(words.into_iter().chain([home.path().as_os_str().to_owned()]));
        let login = Login::Token(CANARY.to_owned().into());
        let panicked = catch_unwind(AssertUnwindSafe(|| panic!("{CANARY} in {login:?}")));
        assert!(panicked.is_err());
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process_secrets::a_panic_says_where_it_happened_and_nothing_of_what_it_held", "--nocapture"])
        .env(PANICS, "1")
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert!(said.contains("error: this is a bug in xfer at tests/it/process_secrets.rs:"), "{said}");
    assert!(!said.contains(CANARY), "{said}");
}

/// No struct keeps a secret as plain text: then none can show it, and each wipes it. The sandbox plays a server, whose
/// passwords are its sample data.
#[test]
fn secrets_are_kept_in_types_that_cannot_show_them() {
    fn look(folder: &std::path::Path, found: &mut Vec<String>, files: &mut usize) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("crates/sandbox") {
                    look(&path, found, files);
                }
                continue;
            }
            *files += 1;
            let text = fs::read_to_string(&path).unwrap();
            let product = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in product.lines().enumerate() {
                let Some((name, kind)) = line.trim().trim_start_matches("pub ").split_once(": ") else { continue };
                let name = name.rsplit(' ').next().unwrap_or_default();
                let secret = ["password", "passphrase", "token", "secret", "credential"].contains(&name);
                let plain = ["String", "Option<String>", "Vec<u8>", "&str"].iter().any(|kept| kind.starts_with(kept));
                if secret && plain {
                    found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    let (mut found, mut files) = (Vec::new(), 0);
    for folder in ["src", "crates"] {
        look(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found, &mut files);
    }
    assert!(files > 200, "only {files} files were found");
    assert_eq!(found, Vec::<String>::new());
}

/// What holds secrets and can be printed for debugging, printed with a secret in it.
#[test]
fn nothing_that_holds_a_secret_prints_it() {
    use secrecy::SecretString;
    use xfer::ops::home::Home;
    use xfer::ops::servers::{NewServer, ServerChange};
    use xfer_dhis2::client::{Client, ClientOptions};
    use xfer_dhis2::limits::Limits;
    use xfer_storage::store::vault::{Place, Vault};
    use xfer_storage::store::{ConfigStore, Home as Files, Unlocking};
    use xfer_storage::xferfile::{Change, FileKeyHolder, Keys};

    let secret = || SecretString::from(PASSWORD);
    let login = || Login::Basic { username: "clerk".to_owned(), password: secret() };
    let url = || "http://127.0.0.1:1".parse().unwrap();
    let options = || ClientOptions {
        server: "s".to_owned(),
        url: url(),
        login: login(),
        allow_http: false,
        certificates: None,
        limits: Limits::default(),
    };
    let key = FileKeyHolder::generate().unwrap();
    let keys = Keys { passphrases: vec![secret()], key_files: vec![key.clone()] };
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::new(folder.path().join("key"), std::sync::Arc::default());
    vault.seal(&secret(), &Place { table: "server", row: 1, column: "secret", origin: "http://a" }).unwrap();
    let machine_key = fs::read(folder.path().join("key")).unwrap();
    let unlocking = || Unlocking::by(|| Ok(SecretString::from(PASSWORD)));
    let change = ServerChange { login: Some(login()), ..ServerChange::default() };
    let shown = [
        format!("{:?} {:?}", login(), Login::Token(secret())),
        format!("{:#?}", options()),
        format!("{:#?}", Client::new(options()).unwrap()),
        format!("{key:#?} {keys:#?}"),
        format!("{:#?}", Change { add: keys.clone(), ..Change::default() }),
        format!(
            "{:#?}",
            NewServer {
                name: "s".to_owned(),
                url: url(),
                login: login(),
                allow_http: false,
                certificates: None,
                test: false
            }
        ),
        format!("{change:#?}"),
        format!("{vault:#?}"),
        format!("{:#?}", unlocking()),
        format!("{:#?}", Home::at(folder.path().to_owned()).unlocked_by(unlocking())),
        format!("{:#?}", ConfigStore::open(&Files::new(folder.path())).unwrap()),
    ];
    let xfer = Xfer::new();
    let secrets = xfer.secrets();
    let mut secrets = secrets.lock().unwrap();
    secrets.add("the password", "clerk", PASSWORD.as_bytes());
    secrets.add("the machine key", "key", &machine_key);
    secrets.add(
        "the machine key as numbers",
        "key",
        format!("{}, {}, {}", machine_key[0], machine_key[1], machine_key[2]).as_bytes(),
    );
    secrets.add("a key of a file", "key", key.to_text().split(' ').nth(1).unwrap().as_bytes());
    for text in shown {
        assert_eq!(secrets.hits(&text, text.as_bytes()), Vec::<String>::new());
    }
    // The word that stands in its place is what tells that there is a secret at all.
    assert!(format!("{:?}", login()).contains("REDACTED"));
}
