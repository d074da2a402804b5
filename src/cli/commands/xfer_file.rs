//! `xfer routine export|inspect|import|rekey`: routines as files.

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::arguments::keys::{OpeningKeys, SealingKeys, named};
use crate::cli::commands::files::may_replace;
use crate::cli::commands::review::review;
use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::render::alert;
use crate::cli::render::clock;
use crate::cli::render::facts::{Facts, rows};
use crate::cli::render::listing::{Listing, text};
use crate::cli::ui::{Format, Ui};
use crate::ops::home::Home;
use crate::ops::xfer_files::{self, Inspected, KeyChange};
use xfer_domain::certificates::Certificates;
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::secret::Login;
use xfer_domain::shell::shell_word;
use xfer_storage::xferfile::{Content, FileServer, RecipientKind};

/// `xfer routine export`
#[derive(Debug, Args)]
pub struct Export {
    /// The routine
    pub name: String,
    /// The file [default: NAME.xfer in this folder]
    pub file: Option<PathBuf>,
    /// What the file will open with.
    #[command(flatten)]
    pub keys: SealingKeys,
    /// The last day on which the file may be run (2027-12-31)
    #[arg(long, value_name = "DAY")]
    pub not_after: Option<Date>,
}

/// `xfer routine inspect`
#[derive(Debug, Args)]
pub struct Inspect {
    /// The file
    pub file: PathBuf,
    /// What opens the file.
    #[command(flatten)]
    pub keys: OpeningKeys,
}

/// `xfer routine import`
#[derive(Debug, Args)]
pub struct Import {
    /// The file
    pub file: PathBuf,
    /// What opens the file.
    #[command(flatten)]
    pub keys: OpeningKeys,
    /// Show what would happen, but change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `xfer routine rekey`
#[derive(Debug, Args)]
pub struct Rekey {
    /// The file
    pub file: PathBuf,
    /// What opens the file now.
    #[command(flatten)]
    pub keys: OpeningKeys,
    /// A key file that will also open the file
    #[arg(long = "add-key-file", value_name = "FILE")]
    pub add_key_files: Vec<PathBuf>,
    /// Make a key file that will also open the file
    #[arg(long, value_name = "FILE")]
    pub add_new_key_file: Option<PathBuf>,
    /// Ask for a passphrase that will also open the file
    #[arg(long, conflicts_with = "add_passphrase_file")]
    pub add_passphrase: bool,
    /// A file with a passphrase that will also open the file (- reads standard input)
    #[arg(long, value_name = "FILE")]
    pub add_passphrase_file: Option<PathBuf>,
    /// A key to remove, by the name that `inspect` shows
    #[arg(long = "remove-key", value_name = "KEY")]
    pub remove_keys: Vec<String>,
    /// Remove the present passphrases
    #[arg(long)]
    pub remove_passphrases: bool,
}

/// Carries out `xfer routine export`.
pub(super) fn export(arguments: &Export, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let not_after = arguments.not_after.map(end_of).transpose()?;
    let export = xfer_files::Export {
        routine: arguments.name.clone(),
        file: arguments.file.clone(),
        keys: arguments.keys.keys(ui)?,
        new_key_file: arguments.keys.new_key_file.clone(),
        not_after,
    };
    if let Some(file) = xfer_files::replaces_another(home, &arguments.name, arguments.file.as_deref())? {
        may_replace(&file, &format!(", which is not an older export of {} from this home", arguments.name), ui)?;
    }
    let exported = xfer_files::export(home, &export, Timestamp::now())?;
    let file = exported.file.display().to_string();
    ui.say(&format!(
        "wrote {file}: {}, revision {}; it opens with {}",
        exported.routine,
        exported.revision,
        opens_with(&exported.recipients)
    ));
    review(&exported.routine, home, ui);
    let key = export.keys.key_files.is_empty().then_some(exported.new_key_file).flatten();
    let key = key.or_else(|| arguments.keys.key_files.first().cloned());
    let opened = match &key {
        Some(key) => format!(" --key-file {}", shell_word(&key.display().to_string())),
        None => " --passphrase-file FILE".to_owned(),
    };
    if let Some(key) = &arguments.keys.new_key_file {
        ui.say(&format!(
            "made the key {}: keep it separate from the file, and keep a copy in a safe place",
            key.display()
        ));
    }
    ui.say(&format!("next: xfer exec {}{opened} --dry-run", shell_word(&file)));
    Ok(ExitCode::Success)
}

/// The end of a day where the program runs.
fn end_of(day: Date) -> Result<Timestamp, CliError> {
    day.tomorrow()
        .and_then(|next| next.to_zoned(TimeZone::system()))
        .map(|midnight| midnight.timestamp())
        .map_err(|cause| CliError::usage(format!("{day} is not a valid last day")).caused_by(&cause))
}

fn opens_with(recipients: &[RecipientKind]) -> String {
    let words = recipients.iter().map(|recipient| match recipient {
        RecipientKind::Passphrase { .. } => "a passphrase".to_owned(),
        RecipientKind::KeyFile { name } => format!("the key {name}"),
    });
    words.collect::<Vec<_>>().join(" or ")
}

/// Carries out `xfer routine inspect`. Without a key it shows what anybody can see, and asks nothing.
pub(super) fn inspect(arguments: &Inspect, ui: &Ui) -> Result<ExitCode, CliError> {
    let inspected = xfer_files::inspect(&arguments.file, &arguments.keys.given(ui)?)?;
    let sealed = inspected.content.is_none();
    facts(&inspected).print(ui);
    if sealed && ui.format == Format::Table {
        ui.say("the rest is encrypted; give --key-file or --passphrase-file to see it");
    }
    Ok(ExitCode::Success)
}

fn facts(inspected: &Inspected) -> Facts {
    let mut facts = Facts::new();
    let header = &inspected.header;
    facts.in_words("format", json!(header.format), "format", format!("xfer-file/{}", header.format));
    facts.in_words("written_by", json!(header.written_by), "written by", format!("xfer {}", header.written_by));
    facts.in_words("sha256", json!(inspected.digest), "sha256", inspected.digest.clone());
    let openers = header.recipients.iter().map(|recipient| match recipient {
        RecipientKind::Passphrase { memory_mib, passes } => {
            json!({"kind": "passphrase", "memory_mib": memory_mib, "passes": passes})
        }
        RecipientKind::KeyFile { name } => json!({"kind": "key_file", "name": name}),
    });
    facts.each("opens_with", openers.collect(), "opens with", header.recipients.iter().map(opener));
    let Some(content) = &inspected.content else { return facts };
    let Content { revision, created, not_after, source, destination, document, alert_secrets: _ } = content;
    let routine = &document.routine;
    facts.fact("routine", json!(routine.name));
    facts.fact("id", json!(routine.id));
    facts.fact("revision", json!(revision));
    facts.moment("exported", Some(&created.to_string()));
    match not_after {
        Some(at) => facts.moment("run until", Some(&at.to_string())),
        None => facts.in_words("run_until", Value::Null, "run until", "no limit".to_owned()),
    }
    facts.in_words("periods", json!(routine.window), "periods", routine.window.join(", "));
    server(&mut facts, "source", source);
    server(&mut facts, "destination", destination);
    let mapped = document.org_unit_map.iter().filter(|row| row.target().is_some()).count();
    let words = format!("{} confirmed", counted(mapped as u64, "row"));
    facts.in_words("org_unit_map_rows", json!(mapped), "org unit map", words);
    let jobs = document.jobs.iter().map(|job| json!({"name": job.name, "items": job.items.len()}));
    let words = document.jobs.iter().map(|job| format!("{}: {}", job.name, counted(job.items.len() as u64, "item")));
    facts.each("jobs", jobs.collect(), "job", words);
    facts.each("alerts", alert::for_programs(&routine.alerts), "alert", routine.alerts.iter().map(alert::told));
    facts
}

/// How a file can be opened, in words.
fn opener(recipient: &RecipientKind) -> String {
    match recipient {
        RecipientKind::Passphrase { memory_mib, passes } => {
            format!("a passphrase (Argon2id, {memory_mib} MiB, {passes} passes)")
        }
        RecipientKind::KeyFile { name } => format!("the key {name}"),
    }
}

/// Everything about a server but the secret.
fn server(facts: &mut Facts, side: &str, server: &FileServer) {
    let login = match &server.login {
        Login::Basic { username, .. } => format!("as {username}"),
        Login::Token(_) => "with a personal access token".to_owned(),
    };
    let fingerprints: Vec<String> = server.certificates.iter().flat_map(Certificates::fingerprints).collect();
    let units = server.metadata.organisation_units.len();
    let value = json!({
        "name": server.name,
        "address": server.url.to_string(),
        "login": login,
        "system_id": server.system_id,
        "trusted_certificates": fingerprints,
        "synced": clock::for_programs(&server.synced_at),
        "org_units": units,
    });
    let mut shown = rows(side, [format!("{} at {}, {login}", server.name, server.url)]);
    shown.extend(rows(&format!("{side} system id"), [server.system_id.clone()]));
    shown.extend(rows(&format!("{side} trusted certificate (SHA-256)"), fingerprints));
    let copied = format!("synced {}; {}", clock::in_words(&server.synced_at), counted(units as u64, "org unit"));
    shown.extend(rows(&format!("{side} metadata"), [copied]));
    facts.told(side, value, shown);
}

/// Carries out `xfer routine import`.
pub(super) fn import(arguments: &Import, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let inspected = xfer_files::inspect(&arguments.file, &arguments.keys.or_asked(ui)?)?;
    let Some(content) = inspected.content else { return Ok(ExitCode::Bug) };
    let import = xfer_files::plan_import(home, &content)?;
    let columns = [text("what", "What"), text("name", "Name"), text("change", "Change"), text("detail", "Detail")];
    let mut listing = Listing::new(&columns, "nothing to import");
    for line in &import.lines {
        listing.row(vec![json!(line.kind), json!(line.name), json!(line.change.name()), json!(line.detail)]);
    }
    listing.print(ui);
    if arguments.dry_run {
        ui.say("nothing was changed");
        return Ok(ExitCode::Success);
    }
    if !ui.confirm(&format!("Import {} as shown?", import.routine)) {
        return Err(
            CliError::usage("nothing was imported".to_owned()).hint("give --yes to import it without a question")
        );
    }
    xfer_files::apply(home, &import)?;
    ui.say(&format!("imported {}", import.routine));
    let next = match import.to_sync.as_slice() {
        [] => format!("next: xfer run {} --dry-run", shell_word(&import.routine)),
        servers => {
            let servers: Vec<String> = servers.iter().map(|name| shell_word(name)).collect();
            format!("next: xfer server sync {}", servers.join(" "))
        }
    };
    ui.say(&next);
    Ok(ExitCode::Success)
}

/// Carries out `xfer routine rekey`.
pub(super) fn rekey(arguments: &Rekey, ui: &Ui) -> Result<ExitCode, CliError> {
    let nothing = arguments.add_key_files.is_empty()
        && arguments.add_new_key_file.is_none()
        && !arguments.add_passphrase
        && arguments.add_passphrase_file.is_none()
        && arguments.remove_keys.is_empty()
        && !arguments.remove_passphrases;
    if nothing {
        return Err(CliError::usage("nothing to change".to_owned())
            .hint("give --add-key-file, --add-new-key-file, --add-passphrase, --remove-key or --remove-passphrases"));
    }
    let keys = arguments.keys.or_asked(ui)?;
    let mut add = named(&arguments.add_key_files)?;
    let source = match &arguments.add_passphrase_file {
        Some(file) => Some(SecretSource::File(file.clone())),
        None => arguments.add_passphrase.then_some(SecretSource::NewPrompt),
    };
    if let Some(source) = source {
        add.passphrases.push(secret(ui, &source, "new passphrase of the file", "--add-passphrase-file")?);
    }
    let change = KeyChange {
        add,
        without_keys: arguments.remove_keys.clone(),
        without_passphrases: arguments.remove_passphrases,
    };
    let recipients = xfer_files::rekey(&arguments.file, &keys, &change, arguments.add_new_key_file.as_deref())?;
    ui.say(&format!("{} now opens with {}", arguments.file.display(), opens_with(&recipients)));
    if !change.without_keys.is_empty() || change.without_passphrases {
        ui.say("people with access to the old file may still have it: change the servers' passwords if needed");
    }
    Ok(ExitCode::Success)
}
