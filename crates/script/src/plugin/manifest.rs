//! `plugin.ron`: the manifest of a plugin, and its rules.

use std::collections::BTreeSet;

use ron::extensions::Extensions;
use serde::Deserialize;

use super::parameter::{Kind, Parameter, fitting};
use super::setting::Setting;
use super::{MANIFEST, PluginError};
use xfer_domain::script::{Hook, ParameterValue};

/// The one version of what plugins may use: the hooks, and the functions that scripts have.
pub(super) const API: u32 = 1;

/// Longest name of a plugin.
const LONGEST_NAME: usize = 64;
/// Longest text of a manifest that is shown to a person, in characters.
const LONGEST_TEXT: usize = 300;
/// Most parameters; a person is asked for each.
const MOST_PARAMETERS: usize = 32;

/// What a plugin says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Its name, which is also that of its folder.
    pub name: String,
    /// Its version: `1.0.0`.
    pub version: String,
    /// What it does, in one sentence.
    pub description: String,
    /// Where it acts.
    pub hooks: Vec<Hook>,
    /// What it can be given.
    pub parameters: Vec<Parameter>,
}

/// The file's own shape.
#[derive(Debug, Deserialize)]
#[serde(rename = "Plugin", deny_unknown_fields)]
struct WireManifest {
    name: String,
    version: String,
    api: u32,
    description: String,
    hooks: Vec<Hook>,
    #[serde(default)]
    parameters: Vec<WireParameter>,
}

#[derive(Debug, Deserialize)]
#[serde(rename = "Parameter", deny_unknown_fields)]
struct WireParameter {
    name: String,
    kind: Kind,
    #[serde(default)]
    default: Option<Setting>,
    #[serde(default)]
    range: Option<(Setting, Setting)>,
    #[serde(default)]
    choices: Vec<String>,
    prompt: String,
}

/// Whether a text can name a plugin: `^[a-z0-9][a-z0-9_-]{0,63}$`. Such a name is one folder on every system, and
/// never a way to another.
pub fn is_name(text: &str) -> bool {
    let small = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (1..=LONGEST_NAME).contains(&text.len())
        && text.starts_with(small)
        && text.chars().all(|letter| small(letter) || matches!(letter, '_' | '-'))
        && !is_device(text)
}

/// Names that Windows keeps for devices, whatever folder they are in.
fn is_device(name: &str) -> bool {
    let numbered = |prefix: &str| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

impl Manifest {
    /// Reads a manifest and checks it.
    ///
    /// # Errors
    /// [`PluginError`] with the line of a mistake in the form, or the rule that is broken.
    pub fn parse(text: &str) -> Result<Self, PluginError> {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        let wire: WireManifest = options.from_str(text).map_err(|cause| {
            let line = cause.span.start.line;
            PluginError::rule(
                format!("{MANIFEST}, line {line}: {}", cause.code),
                format!("`xfer plugin new` makes an example of a {MANIFEST}"),
            )
        })?;
        let WireManifest { name, version, api, description, hooks, parameters } = wire;
        if !is_name(&name) {
            return Err(bad_name(&name));
        }
        if !is_version(&version) {
            return broken(&name, &format!("version \"{version}\" has not the form 1.0.0"));
        }
        if api != API {
            return Err(PluginError::rule(
                format!("the plugin {name} is made for version {api} of what plugins may use; this xfer has {API}"),
                if api > API { "a newer xfer is needed" } else { "ask for a newer version of the plugin" },
            ));
        }
        if !is_shown(&description) {
            return broken(&name, "its description is empty, too long or more than a line");
        }
        if hooks.is_empty() || hooks.iter().collect::<BTreeSet<_>>().len() < hooks.len() {
            return broken(&name, "it names no hook, or one twice");
        }
        if parameters.len() > MOST_PARAMETERS {
            return broken(&name, &format!("it has more than {MOST_PARAMETERS} parameters"));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = parameters.iter().find(|parameter| !seen.insert(&parameter.name)) {
            return broken(&name, &format!("it has the parameter {} twice", twice.name));
        }
        let parameters = parameters.into_iter().map(|wire| wire.checked(&name)).collect::<Result<_, _>>()?;
        Ok(Self { name, version, description, hooks, parameters })
    }

    /// A parameter by its name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

/// The refusal of a name.
pub fn bad_name(name: &str) -> PluginError {
    PluginError::rule(
        format!("{name:?} cannot be the name of a plugin"),
        "a name has up to 64 of a-z, 0-9, `-` and `_`, and begins with a letter or digit",
    )
}

fn broken<T>(name: &str, what: &str) -> Result<T, PluginError> {
    Err(PluginError::rule(format!("the manifest of the plugin {name} is wrong: {what}"), format!("correct {MANIFEST}")))
}

fn is_version(text: &str) -> bool {
    let part = |part: &str| (1..=6).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit());
    text.split('.').count() == 3 && text.split('.').all(part)
}

/// Whether a text can be shown on a line: no control characters, which could move the cursor.
fn is_shown(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= LONGEST_TEXT && !text.chars().any(char::is_control)
}

fn is_parameter_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
}

impl WireParameter {
    fn checked(self, plugin: &str) -> Result<Parameter, PluginError> {
        let Self { name, kind, default, range, choices, prompt } = self;
        if !is_parameter_name(&name) {
            return broken(plugin, &format!("{name:?} cannot be the name of a parameter; write it_like_this"));
        }
        if !is_shown(&prompt) {
            return broken(plugin, &format!("the prompt of {name} is empty, too long or more than a line"));
        }
        if !choices.is_empty() && kind != Kind::Text {
            return broken(plugin, &format!("{name} is {kind}; only a text has choices"));
        }
        if let Some(choice) = choices.iter().find(|choice| !is_shown(choice)) {
            return broken(plugin, &format!("{choice:?} of {name} cannot be shown as a choice"));
        }
        let range = match range {
            None => None,
            Some((Setting(ParameterValue::Number(least)), Setting(ParameterValue::Number(most))))
                if least <= most && matches!(kind, Kind::Number | Kind::Whole | Kind::Numbers) =>
            {
                Some((least, most))
            }
            Some(_) => return broken(plugin, &format!("the range of {name} is not (smallest, largest) of numbers")),
        };
        let parameter = Parameter { name, kind, default: default.map(|Setting(value)| value), range, choices, prompt };
        if let Some(default) = &parameter.default
            && let Err(PluginError::Rule { what, .. }) = fitting(&parameter, default)
        {
            return broken(plugin, &format!("the default is wrong: {what}"));
        }
        Ok(parameter)
    }
}
