//! Plugins: scripts that come as a folder, with a manifest that says what they are for and which parameters they take.
//!
//! | file | what it holds |
//! |---|---|
//! | `plugin.ron` | the [`Manifest`]: name, version, description, hooks, parameters |
//! | `main.rhai` | the script |
//! | `tests.ron` | cases, in the format of a script's own |
//! | `README.md` | what a person reads first |
//!
//! A [`Plugin`] is read from the texts of these files, wherever they lie: in the program ([`bundled()`]) or in the home
//! folder. What is attached is one text, [`Plugin::attached`]: the script, and below it a line with the hash of all
//! four files. So whatever pins that text (the store, an xfer file) pins the whole plugin.

mod bundled;
mod cases;
mod manifest;
mod parameter;
mod parameters;
mod setting;
mod template;

pub use bundled::{bundled, bundled_names};
pub use manifest::{Manifest, bad_name, is_name};
pub use parameter::{Kind, Parameter};
pub use parameters::{check, missing, read};
pub use template::template;

use crate::suggest::nearest;
use crate::{Number, Param, Params, Script, ScriptError};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::script::{ContentHash, Hook, ParameterValue, ScriptSource};

/// The files of a plugin, and how many bytes each may hold. There are no others.
pub const FILES: [(&str, usize); 4] =
    [(MANIFEST, 64 * 1024), (MAIN, 256 * 1024), (TESTS, 1024 * 1024), (README, 256 * 1024)];

/// The file of the manifest.
pub const MANIFEST: &str = "plugin.ron";
/// The file of the script.
pub const MAIN: &str = "main.rhai";
/// The file of the cases.
pub const TESTS: &str = "tests.ron";
/// The file that people read first.
pub const README: &str = "README.md";

/// What stands before a plugin's name where a script's name is expected.
pub const PREFIX: &str = "plugin:";

/// Why a plugin, or what it is given, cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PluginError {
    /// It breaks a rule.
    #[error("{what}")]
    Rule {
        /// What is wrong.
        what: String,
        /// What to do.
        hint: String,
    },
    /// Its script does not compile.
    #[error(transparent)]
    Script(#[from] Box<ScriptError>),
}

impl Fault for PluginError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Rule { .. } => ExitCode::Usage,
            Self::Script(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Rule { hint, .. } => Some(hint.clone()),
            Self::Script(error) => error.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Rule { .. } => Vec::new(),
            Self::Script(error) => error.details(),
        }
    }
}

impl PluginError {
    pub(crate) fn rule(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Rule { what: what.into(), hint: hint.into() }
    }
}

/// The texts of a plugin's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// Of `plugin.ron`.
    pub manifest: String,
    /// Of `main.rhai`.
    pub main: String,
    /// Of `tests.ron`.
    pub tests: String,
    /// Of `README.md`.
    pub readme: String,
}

impl Texts {
    /// Each file's name with its text, in the order of [`FILES`].
    pub fn files(&self) -> [(&'static str, &str); 4] {
        [(MANIFEST, &self.manifest), (MAIN, &self.main), (TESTS, &self.tests), (README, &self.readme)]
    }

    /// The texts, each asked for by its file's name.
    ///
    /// # Errors
    /// Of the one who is asked.
    pub fn gather<E>(mut text_of: impl FnMut(&'static str) -> Result<String, E>) -> Result<Self, E> {
        Ok(Self {
            manifest: text_of(MANIFEST)?,
            main: text_of(MAIN)?,
            tests: text_of(TESTS)?,
            readme: text_of(README)?,
        })
    }
}

/// A plugin whose manifest holds and whose script compiles.
#[derive(Debug, Clone)]
pub struct Plugin {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its files.
    pub texts: Texts,
    /// Its script.
    pub script: Script,
}

impl Plugin {
    /// Reads a plugin from the texts of its files.
    ///
    /// # Errors
    /// [`PluginError`] where the manifest breaks a rule, the script does not compile, or the two do not agree on hooks.
    pub fn read(texts: Texts) -> Result<Self, PluginError> {
        let manifest = Manifest::parse(&texts.manifest)?;
        let script = Script::compile(&script_name(&manifest.name), &texts.main).map_err(Box::new)?;
        let (mut said, mut defined): (Vec<&str>, Vec<&str>) =
            (manifest.hooks.iter().map(|hook| hook.name()).collect(), script.hooks().map(Hook::name).collect());
        said.sort_unstable();
        defined.sort_unstable();
        if said != defined {
            return Err(PluginError::rule(
                format!(
                    "the manifest of the plugin {} names the hooks {}, and {MAIN} defines {}",
                    manifest.name,
                    said.join(", "),
                    defined.join(", ")
                ),
                format!("make `hooks` in {MANIFEST} and the functions in {MAIN} the same"),
            ));
        }
        Ok(Self { manifest, texts, script })
    }

    /// The hash of all its files, each with its name and length, so that no text can move from one to another.
    pub fn hash(&self) -> ContentHash {
        let mut all = String::new();
        for (name, text) in self.texts.files() {
            all.push_str(&[name, " ", &text.len().to_string(), "\n", text].concat());
        }
        ContentHash::of(&all)
    }

    /// The text that is attached: the script on its own lines, and the hash of all files below.
    pub fn attached(&self) -> ScriptSource {
        let Manifest { name, version, .. } = &self.manifest;
        let end = if self.texts.main.ends_with('\n') { "" } else { "\n" };
        let content = format!("{}{end}// plugin {name} {version}, files {}\n", self.texts.main, self.hash());
        ScriptSource::new(script_name(name), content)
    }
}

/// The name under which a plugin is attached: `plugin:scale`.
pub fn script_name(plugin: &str) -> String {
    format!("{PREFIX}{plugin}")
}

/// Parameters as scripts see them.
///
/// # Errors
/// [`PluginError`] for a number with more digits than scripts calculate with.
pub fn to_params<'value>(
    parameters: impl IntoIterator<Item = (&'value String, &'value ParameterValue)>,
) -> Result<Params, PluginError> {
    parameters.into_iter().map(|(name, value)| Ok((name.clone(), to_param(name, value)?))).collect()
}

fn to_param(name: &str, value: &ParameterValue) -> Result<Param, PluginError> {
    if !fits(value) {
        let hint = "scripts calculate with up to 28 digits";
        return Err(PluginError::rule(format!("{name}={value} is too large a number"), hint));
    }
    Ok(value.into())
}

/// Whether scripts can calculate with all numbers of a value.
fn fits(value: &ParameterValue) -> bool {
    match value {
        ParameterValue::Number(number) => Number::from_big(number).is_some(),
        ParameterValue::List(values) => values.iter().all(fits),
        ParameterValue::Boolean(_) | ParameterValue::Text(_) => true,
    }
}

/// "did you mean …?", or else what there is.
pub fn meant<'name>(typed: &str, there: impl Iterator<Item = &'name str> + Clone) -> String {
    nearest(typed, there.clone()).map_or_else(
        || format!("there are: {}", there.collect::<Vec<_>>().join(", ")),
        |near| format!("did you mean {near}?"),
    )
}

#[cfg(test)]
mod tests;
