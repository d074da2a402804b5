//! Scripts and where they act, as they stand in a file of version 1. A script is known by the hash of its text, which is
//! made anew from the text on reading: what was attached is what runs. Where its file lay on the machine that made the
//! xfer file is nobody's business and stays out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::xferfile::wire::{Unknown, word};
use xfer_domain::script::{self, ContentHash, Hook, ParameterValue, ScriptSource};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    name: String,
    content: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attachment {
    script: String,
    hash: String,
    hooks: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, Parameter>,
}

#[derive(Serialize, Deserialize)]
enum Parameter {
    Boolean(bool),
    Number(String),
    Text(String),
    List(Vec<Self>),
}

impl Script {
    pub(super) fn of(script: &ScriptSource) -> Self {
        let ScriptSource { name, content, hash: _ } = script;
        Self { name: name.clone(), content: content.clone() }
    }

    pub(super) fn into_script(self) -> ScriptSource {
        ScriptSource::new(self.name, self.content)
    }
}

impl Attachment {
    pub(super) fn of(attachment: &script::Attachment) -> Self {
        let script::Attachment { script, hash, hooks, parameters, file: _ } = attachment;
        Self {
            script: script.clone(),
            hash: hash.to_string(),
            hooks: hooks.iter().map(|hook| hook.name().to_owned()).collect(),
            parameters: parameters.iter().map(|(name, value)| (name.clone(), Parameter::of(value))).collect(),
        }
    }

    fn into_attachment(self) -> Result<script::Attachment, Unknown> {
        let parameters = self.parameters.into_iter().map(|(name, value)| value.into_value().map(|value| (name, value)));
        Ok(script::Attachment {
            script: self.script,
            hash: ContentHash::from(self.hash),
            hooks: self.hooks.iter().map(|text| word(text, Hook::from_name)).collect::<Result<_, _>>()?,
            parameters: parameters.collect::<Result<_, _>>()?,
            file: None,
        })
    }
}

/// The scripts of a place.
pub(super) fn attachments(list: Vec<Attachment>) -> Result<Vec<script::Attachment>, Unknown> {
    list.into_iter().map(Attachment::into_attachment).collect()
}

impl Parameter {
    fn of(value: &ParameterValue) -> Self {
        match value {
            ParameterValue::Boolean(truth) => Self::Boolean(*truth),
            ParameterValue::Number(number) => Self::Number(number.to_string()),
            ParameterValue::Text(text) => Self::Text(text.clone()),
            ParameterValue::List(values) => Self::List(values.iter().map(Self::of).collect()),
        }
    }

    fn into_value(self) -> Result<ParameterValue, Unknown> {
        Ok(match self {
            Self::Boolean(truth) => ParameterValue::Boolean(truth),
            Self::Number(text) => ParameterValue::Number(word(&text, |text| text.parse().ok())?),
            Self::Text(text) => ParameterValue::Text(text),
            Self::List(values) => {
                ParameterValue::List(values.into_iter().map(Self::into_value).collect::<Result<_, _>>()?)
            }
        })
    }
}
