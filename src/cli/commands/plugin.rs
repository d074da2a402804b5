//! `xfer plugin`: ready-made scripts with parameters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, text};
use crate::cli::ui::{Ui, printable};
use crate::cli::wizard;
use crate::ops::home::Home;
use crate::ops::jobs;
use crate::ops::plugins::{self, Found, Origin};
use crate::ops::scripts::{self, Place};
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::script::{Attachment, Hook, ParameterValue};
use xfer_domain::shell::shell_word;
use xfer_script::plugin::{self, Plugin, is_name};

/// What `xfer plugin --help` ends with.
const AFTER_HELP: &str = "First steps:
  xfer plugin list                            the plugins
  xfer plugin show cap-outliers               what it does, its parameters
  xfer script attach plugin:NAME --job JOB    use it; asks for its parameters
  xfer run ROUTINE --dry-run                  what it changes, before anything is sent

`xfer job edit JOB` asks for the same in its guided setup. The manual is docs/plugins.md.";

/// `xfer plugin …`
#[derive(Debug, Subcommand)]
#[command(after_help = AFTER_HELP)]
pub enum Command {
    /// List the built-in and installed plugins
    List,
    /// Show what a plugin does, and its parameters
    Show {
        /// The plugin's name
        name: String,
    },
    /// Make a new plugin: a folder with an example of every file
    New {
        /// The plugin's name, and that of its folder
        name: String,
    },
    /// Install a plugin from its folder
    Install {
        /// The folder; it is read, checked and copied, and not needed afterwards
        folder: PathBuf,
        /// Put it in the place of an installed one of the same name
        #[arg(long)]
        replace: bool,
    },
    /// Remove an installed plugin; attached copies keep working until `xfer script detach`
    Remove {
        /// The plugin's name
        name: String,
    },
    /// Run the tests of plugins
    Test {
        /// A plugin's name, or a folder [default: all plugins]
        plugin: Option<PathBuf>,
    },
}

/// Carries out `xfer plugin …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::List => list(home, ui)?,
        Command::Show { name } => show(&plugins::find(home, name)?, ui),
        Command::New { name } => {
            let folder = plugins::create(Path::new(""), name)?;
            ui.say(&format!("{} has an example of a plugin", folder.display()));
            ui.say(&format!("next, when it is ready:\n  xfer plugin test ./{name}\n  xfer plugin install ./{name}"));
        }
        Command::Install { folder, replace } => {
            let plugin = plugins::install(home, folder, *replace)?;
            let (name, version) = (&plugin.manifest.name, &plugin.manifest.version);
            ui.say(&format!("the plugin {name} {version} is installed"));
            if let Some(job) = jobs::list(home)?.first() {
                let job = shell_word(&job.name);
                ui.say(&format!("next, to use it in a job:\n  xfer script attach plugin:{name} --job {job}"));
            }
        }
        Command::Remove { name } => {
            plugins::remove(home, name)?;
            ui.say(&format!("the plugin {name} is removed; attached copies keep working"));
        }
        Command::Test { plugin } => return test(plugin.as_deref(), home, ui),
    }
    Ok(ExitCode::Success)
}

fn hook_names(hooks: &[Hook]) -> String {
    hooks.iter().map(|hook| hook.name()).collect::<Vec<_>>().join(", ")
}

fn list(home: &Home, ui: &Ui) -> Result<(), CliError> {
    let columns = [
        text("name", "Plugin").whole(),
        text("version", "Version").detail(),
        text("origin", "From").detail(),
        text("hooks", "Functions"),
        text("description", "What it does"),
    ];
    let mut listing = Listing::new(&columns, "no plugins");
    for Found { name, origin, plugin } in plugins::list(home)? {
        let origin = match origin {
            Origin::Bundled => "xfer",
            Origin::Installed => "installed",
        };
        listing.row(match plugin {
            Ok(Plugin { manifest, .. }) => vec![
                json!(name),
                json!(manifest.version),
                json!(origin),
                json!(hook_names(&manifest.hooks)),
                json!(manifest.description),
            ],
            Err(error) => {
                vec![json!(name), json!(null), json!(origin), json!(null), json!(format!("cannot be used: {error}"))]
            }
        });
    }
    listing.print(ui);
    Ok(())
}

fn show(plugin: &Plugin, ui: &Ui) {
    let manifest = &plugin.manifest;
    let columns = [
        text("name", "Parameter").whole(),
        text("kind", "Allowed values"),
        text("default", "Default"),
        text("prompt", "Meaning"),
    ];
    let mut listing = Listing::new(&columns, "it has no parameters");
    for parameter in &manifest.parameters {
        listing.row(vec![
            json!(parameter.name),
            json!(parameter.in_words()),
            json!(parameter.default.as_ref().map(ToString::to_string)),
            json!(parameter.prompt),
        ]);
    }
    ui.say(&format!("{} {} ({})", manifest.name, manifest.version, hook_names(&manifest.hooks)));
    ui.say(&format!("files: sha256 {}", plugin.hash()));
    ui.say(&printable(&plugin.texts.readme));
    listing.print(ui);
}

fn test(named: Option<&Path>, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let plugins = match named {
        None => plugins::list(home)?.into_iter().map(|found| found.plugin).collect::<Result<Vec<_>, _>>()?,
        Some(named) => vec![match named.to_str().filter(|name| is_name(name)) {
            Some(name) if !named.is_dir() || plugin::bundled_names().any(|own| own == name) => {
                plugins::find(home, name)?
            }
            _ => plugins::read(named)?,
        }],
    };
    let (mut passed, mut failed) = (0, 0);
    for plugin in &plugins {
        for result in plugin.test().map_err(crate::ops::error::OpsError::from)? {
            if result.passed() {
                passed += 1;
                continue;
            }
            failed += 1;
            let difference = result.difference().join("\n  ");
            ui.data(&printable(&format!(
                "{}: {}\n  given     {}\n  - expected, + got\n  {difference}\n",
                plugin.manifest.name, result.name, result.given
            )));
        }
    }
    ui.say(&format!("{} passed, {failed} failed", counted(passed, "case")));
    Ok(if failed == 0 { ExitCode::Success } else { ExitCode::Incomplete })
}

/// Attaches a plugin: asks for what is missing where somebody can be asked, and shows what the parameters do.
pub(super) fn attach(
    name: &str,
    place: &Place,
    mut parameters: BTreeMap<String, ParameterValue>,
    home: &Home,
    ui: &Ui,
) -> Result<(Attachment, bool), CliError> {
    let found = plugins::find(home, name)?;
    let missing = plugin::missing(&found.manifest, &parameters);
    if ui.can_ask() && missing.iter().any(|parameter| parameter.default.is_none()) {
        let again = format!("xfer script attach plugin:{}", shell_word(name));
        parameters.extend(wizard::plugin::ask(ui, &missing, &again)?);
    }
    let attached = scripts::attach_plugin(home, place, name, &parameters)?;
    let used = plugin::to_params(&attached.0.parameters).map_err(crate::ops::error::OpsError::from)?;
    if let Some(sample) = found.sample(&used).map_err(crate::ops::error::OpsError::from)? {
        let lines = |text: &str| text.replace('\n', "\n  ");
        ui.say(&printable(&format!(
            "for example:\n  {}\nbecomes\n  {}",
            lines(&sample.before),
            sample.after.join("\n  ")
        )));
    }
    Ok(attached)
}
