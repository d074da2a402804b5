//! Messages to users and user groups of the server: `POST /api/messageConversations`, and who they are called there.
//!
//! Every user may send; who is allowed to list users is another matter, so people are found by `userLookup`, which
//! every user may ask. It answers with an empty success where there is nobody of that name.

use serde::{Deserialize, Serialize};

use crate::answer::{Answer, parse};
use crate::bounds::Bounds;
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind, clean};
use crate::query::Query;
use crate::retry::RetryRule;
use crate::system::optional;
use crate::transport::Ask;
use xfer_domain::alert::Recipient;
use xfer_domain::uid::Uid;

const RESOURCE: &str = "messageConversations";

/// The longest subject that the servers' database holds, in characters.
const LONGEST_SUBJECT: usize = 255;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireMessage<'message> {
    subject: &'message str,
    text: &'message str,
    users: Vec<WireId>,
    user_groups: Vec<WireId>,
}

#[derive(Serialize)]
struct WireId {
    id: Uid,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireUser {
    id: Uid,
    username: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireGroups {
    user_groups: Vec<WireGroup>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireGroup {
    id: Uid,
    display_name: Option<String>,
}

/// The body of a message.
pub(crate) fn message_body(subject: &str, text: &str, users: &[Recipient], groups: &[Recipient]) -> Vec<u8> {
    let ids = |list: &[Recipient]| list.iter().map(|recipient| WireId { id: recipient.id }).collect();
    let end = subject.char_indices().nth(LONGEST_SUBJECT).map_or(subject.len(), |(at, _)| at);
    let message = WireMessage { subject: &subject[..end], text, users: ids(users), user_groups: ids(groups) };
    // Plain strings always serialise.
    serde_json::to_vec(&message).unwrap_or_default()
}

fn read_user(answer: &Answer) -> Result<Recipient, ClientErrorKind> {
    let user: WireUser = parse(answer.json()?, "a user")?;
    let name = user.display_name.or(user.username).unwrap_or_else(|| user.id.to_string());
    Ok(Recipient { id: user.id, name: clean(&name) })
}

fn read_group(answer: &Answer) -> Result<Option<Recipient>, ClientErrorKind> {
    let list: WireGroups = parse(answer.json()?, "user groups")?;
    Ok(list.user_groups.into_iter().next().map(|group| {
        let name = group.display_name.unwrap_or_else(|| group.id.to_string());
        Recipient { id: group.id, name: clean(&name) }
    }))
}

impl Client {
    /// Sends a message once, unless it was turned away at the door.
    pub async fn send_message(
        &self,
        subject: &str,
        text: &str,
        users: &[Recipient],
        groups: &[Recipient],
    ) -> Result<(), ClientError> {
        let body = Some(message_body(subject, text, users, groups).into());
        let ask = Ask {
            query: Query::new(RESOURCE),
            body,
            slow: false,
            fresh: false,
            rule: RetryRule::Import,
            bounds: Bounds::ONE,
        };
        self.read(ask, |answer| answer.json().map(|_| ())).await
    }

    /// The user of that user name or id; none where there is nobody.
    pub async fn find_user(&self, name: &str) -> Result<Option<Recipient>, ClientError> {
        let escaped = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        optional(self.read(Ask::get(Query::new(&format!("userLookup/{escaped}"))), read_user).await)
    }

    /// The user group of that name or id, as far as the user may see it.
    pub async fn find_user_group(&self, name: &str) -> Result<Option<Recipient>, ClientError> {
        for property in ["id", "name"] {
            let filter = format!("{property}:eq:{name}");
            let query = Query::new("userGroups").pair("filter", &filter).pair("fields", "id,displayName");
            if let Some(Some(group)) = optional(self.read(Ask::get(query), read_group).await)? {
                return Ok(Some(group));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::{message_body, read_group, read_user};
    use crate::answer::Answer;
    use xfer_domain::alert::Recipient;
    use xfer_domain::uid::Uid;

    fn recipient(id: &str, name: &str) -> Recipient {
        Recipient { id: Uid::parse(id).unwrap(), name: name.to_owned() }
    }

    #[test]
    fn a_message_names_its_recipients_by_id() {
        let users = [recipient("xE7jOejl9FI", "John")];
        let groups = [recipient("GOLswS44mh8", "System administrators")];
        let body = message_body("xfer: monthly failed", "a \"text\"", &users, &groups);
        let expected = r#"{"subject":"xfer: monthly failed","text":"a \"text\"","users":[{"id":"xE7jOejl9FI"}],"userGroups":[{"id":"GOLswS44mh8"}]}"#;
        assert_eq!(String::from_utf8(body).unwrap(), expected);
        let long = String::from_utf8(message_body(&"é".repeat(300), "", &[], &[])).unwrap();
        assert_eq!(long.matches('é').count(), 255);
    }

    #[test]
    fn people_and_groups_are_found_by_what_they_are_called() {
        let json = |body: &str| Answer::new(200, Some("application/json"), body);
        let user =
            r#"{"id":"xE7jOejl9FI","username":"admin","firstName":"John","surname":"Doe","displayName":"John Doe"}"#;
        assert_eq!(read_user(&json(user)).unwrap(), recipient("xE7jOejl9FI", "John Doe"));
        assert!(read_user(&json("")).is_err(), "nobody of that name: success without content");
        let groups = r#"{"pager":{},"userGroups":[{"id":"GOLswS44mh8","displayName":"Admins"}]}"#;
        assert_eq!(read_group(&json(groups)).unwrap(), Some(recipient("GOLswS44mh8", "Admins")));
        assert_eq!(read_group(&json(r#"{"userGroups":[]}"#)).unwrap(), None);
    }
}
