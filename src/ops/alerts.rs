//! Alerts: one message when the state of a scheduled routine changes, and none while it stays as it is.
//!
//! What was told last is kept in the state folder, under the name of the file: a file that does not even open has no
//! routine to keep it with. A message that cannot be delivered is tried again by the next run.

use std::path::Path;

use secrecy::SecretString;
use serde_json::{Value, json};

use crate::dhis2::error::ClientErrorKind;
use crate::dhis2::webhook::deliver;
use crate::ops::home::Home;
use crate::ops::schedule::name_of;
use crate::platform::{self, Existing};

/// How a run ended, as far as an alert is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Everything arrived.
    Complete,
    /// Some cells did not arrive.
    Incomplete,
    /// There was nothing to transfer.
    Empty,
    /// It came to no good end.
    Failed,
}

impl Condition {
    /// The word for it in messages and in the state folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Empty => "nothing-to-transfer",
            Self::Failed => "failed",
        }
    }
}

/// What a message looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// JSON of our own, `xfer-alert/1`.
    #[default]
    Json,
    /// What Slack's incoming webhooks take, and Mattermost's.
    Slack,
    /// An adaptive card, as Teams' workflows take it.
    Teams,
    /// No message: the address is asked for after each good run, and the switch there fires when it is not.
    Ping,
}

/// What is to be told about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// The file's or routine's name.
    pub name: String,
    /// How the run ended.
    pub condition: Condition,
    /// The exit code of the process.
    pub exit_code: u8,
    /// What happened, in a sentence.
    pub words: String,
}

/// Whether something is to be told after what was told last; a first run that is complete is no news.
fn is_news(last: Option<&str>, now: Condition) -> bool {
    last.unwrap_or(Condition::Complete.name()) != now.name()
}

/// The message. None for a ping, which has none.
fn message(shape: Shape, alert: &Alert) -> Option<Value> {
    let head = match alert.condition {
        Condition::Complete => "is complete again",
        Condition::Incomplete => "is incomplete",
        Condition::Empty => "had nothing to transfer",
        Condition::Failed => "failed",
    };
    let text = format!("xfer: {} {head} (exit code {}): {}", alert.name, alert.exit_code, alert.words);
    match shape {
        Shape::Json => Some(json!({
            "format": "xfer-alert/1",
            "name": alert.name,
            "condition": alert.condition.name(),
            "exit_code": alert.exit_code,
            "text": text,
        })),
        // Slack reads these three as mark-up.
        Shape::Slack => Some(json!({"text": text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")})),
        Shape::Teams => Some(json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [{"type": "TextBlock", "text": text, "wrap": true}],
                },
            }],
        })),
        Shape::Ping => None,
    }
}

/// Tells how a run of a file ended, if that is news; gives whether something was sent.
pub async fn tell(
    home: &Home,
    file: &Path,
    address: &SecretString,
    shape: Shape,
    alert: &Alert,
) -> Result<bool, ClientErrorKind> {
    if shape == Shape::Ping {
        let good = alert.condition == Condition::Complete;
        if good {
            deliver(address, None).await?;
        }
        return Ok(good);
    }
    let kept = home.files().state_folder().join(format!("{}.told", name_of(file)));
    let last = std::fs::read_to_string(&kept).ok();
    if !is_news(last.as_deref(), alert.condition) {
        return Ok(false);
    }
    deliver(address, message(shape, alert).map(|message| message.to_string())).await?;
    let written = platform::create_private_folder(&home.files().state_folder())
        .and_then(|()| platform::write_privately(&kept, alert.condition.name().as_bytes(), Existing::Replace));
    if let Err(cause) = written {
        tracing::warn!(file = %kept.display(), %cause, "what was told was not kept; it will be told again");
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::{Alert, Condition, Shape, is_news, message};

    #[test]
    fn only_a_change_is_news() {
        use Condition::{Complete, Empty, Failed, Incomplete};
        let runs = [Complete, Failed, Failed, Incomplete, Incomplete, Complete, Complete, Empty, Complete];
        let mut last: Option<String> = None;
        let told: Vec<Condition> = runs
            .into_iter()
            .filter(|now| {
                let news = is_news(last.as_deref(), *now);
                last = Some(now.name().to_owned());
                news
            })
            .collect();
        assert_eq!(told, [Failed, Incomplete, Complete, Empty, Complete]);
    }

    #[test]
    fn messages_have_the_shapes_that_their_readers_take() {
        let alert = Alert {
            name: "monthly".to_owned(),
            condition: Condition::Incomplete,
            exit_code: 3,
            words: "<2> of 10 cells & more".to_owned(),
        };
        let text = "xfer: monthly is incomplete (exit code 3): <2> of 10 cells & more";
        let json = message(Shape::Json, &alert).unwrap();
        assert_eq!((json["condition"].as_str(), json["text"].as_str()), (Some("incomplete"), Some(text)));
        let slack = message(Shape::Slack, &alert).unwrap();
        assert!(slack["text"].as_str().unwrap().ends_with("&lt;2&gt; of 10 cells &amp; more"));
        let teams = message(Shape::Teams, &alert).unwrap();
        assert_eq!(teams["attachments"][0]["content"]["body"][0]["text"], text);
        assert_eq!(message(Shape::Ping, &alert), None);
    }
}
