//! Messages between users: `POST /api/messageConversations`, and `userLookup`, by which every user finds others.
//!
//! As the servers' own source has it, alike in all versions: recipients are named by id, one that does not exist is a
//! conflict, a group that does not exist is not found, nobody at all is a conflict, and the answer to a message says
//! where the conversation is. A user who is not found is a success without a body.

use serde::Deserialize;
use serde_json::json;

use crate::exchange::{Request, Response};
use crate::front;
use crate::state::conversations::Conversation;
use crate::state::{State, User};
use crate::world::{Object, references, text};

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Posted {
    subject: Option<String>,
    text: Option<String>,
    users: Vec<Id>,
    user_groups: Vec<Id>,
    organisation_units: Vec<Id>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Id {
    id: String,
}

/// Takes a message.
pub(crate) fn post(state: &mut State, user: &User, request: &Request) -> Response {
    // Jackson reads text: what is packed is none.
    let Ok(posted) = serde_json::from_slice::<Posted>(&request.body) else {
        return Response::web_message(400, Some("Invalid JSON input"), None);
    };
    let recipients = match recipients(state, &posted) {
        Ok(recipients) => recipients,
        Err(refusal) => return *refusal,
    };
    if recipients.is_empty() {
        return Response::web_message(409, Some("No recipients selected."), None);
    }
    let id = format!("Msg{:08}", state.conversations.len() + 1);
    state.conversations.push(Conversation {
        id: id.clone(),
        subject: posted.subject.unwrap_or_default(),
        text: posted.text.unwrap_or_default(),
        sender: user.name().to_owned(),
        recipients,
    });
    let body = json!({
        "httpStatus": "Created", "httpStatusCode": 201, "status": "OK", "message": "Message conversation created",
    });
    Response::json(201, &body).with_header("location", &format!("/messageConversations/{id}"))
}

/// Everybody who is meant: users by themselves, by their groups and by their org units.
fn recipients(state: &State, posted: &Posted) -> Result<Vec<String>, Box<Response>> {
    let world = &state.world;
    let refuse = |status, message: String, code| Err(Box::new(Response::web_message(status, Some(&message), code)));
    let mut all: Vec<String> = Vec::new();
    for Id { id } in &posted.organisation_units {
        if world.get("organisationUnits", id).is_none() {
            return refuse(409, format!("Organisation Unit does not exist: {id}"), None);
        }
        let there = |user: &&Object| references(user, "organisationUnits").contains(&id.as_str());
        all.extend(world.list("users").iter().filter(there).filter_map(|user| text(user, "id")).map(str::to_owned));
    }
    for Id { id } in &posted.users {
        if world.get("users", id).is_none() {
            return refuse(409, format!("User does not exist: {id}"), None);
        }
        all.push(id.clone());
    }
    for Id { id } in &posted.user_groups {
        let Some(group) = world.get("userGroups", id) else {
            return refuse(404, format!("UserGroup with id {id} could not be found."), Some("E1005"));
        };
        all.extend(references(group, "users").into_iter().map(str::to_owned));
    }
    let mut once: Vec<String> = Vec::new();
    for id in all {
        if !once.contains(&id) {
            once.push(id);
        }
    }
    Ok(once)
}

/// Answers who a user name or an id is.
pub(crate) fn look_up(state: &State, request: &Request) -> Response {
    let segments = front::segments(request);
    let Some(wanted) = segments.get(1) else { return front::not_found() };
    let is_meant = |user: &&Object| [text(user, "id"), text(user, "username")].contains(&Some(wanted.as_str()));
    let Some(user) = state.world.list("users").iter().find(is_meant) else { return Response::empty(200) };
    let part = |property: &str| text(user, property).unwrap_or_default().to_owned();
    let (first, last) = (part("firstName"), part("surname"));
    let body = json!({
        "id": part("id"), "username": part("username"), "firstName": first, "surname": last,
        "displayName": format!("{first} {last}"),
    });
    Response::json(200, &body)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::exchange::{Request, Response};
    use crate::instance::Instance;
    use crate::profile::Profile;

    fn instance() -> Instance {
        let user = |id: &str, name: &str| json!({"id": id, "username": name, "password": "pw", "firstName": name, "surname": "Sample"});
        let export = json!({
            "users": [user("UsReader001", "reader"), user("UsWriter001", "writer")],
            "userGroups": [{"id": "UgWriters01", "name": "Writers", "users": [{"id": "UsWriter001"}]}],
        });
        Instance::new(Profile::V42, &export)
    }

    fn ask(instance: &Instance, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let headers = vec![("authorization".to_owned(), "Basic cmVhZGVyOnB3".to_owned())];
        let body = body.to_string().into_bytes();
        let request = Request { method: method.to_owned(), target: target.to_owned(), headers, body };
        let Response { status, body, .. } = instance.handle(&request);
        (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    #[test]
    fn a_message_reaches_everybody_once_and_says_where_it_is() {
        let instance = instance();
        let message = json!({
            "subject": "s", "text": "t", "users": [{"id": "UsWriter001"}], "userGroups": [{"id": "UgWriters01"}],
        });
        let (status, answer) = ask(&instance, "POST", "/api/messageConversations", &message);
        assert_eq!((status, answer["message"].as_str()), (201, Some("Message conversation created")));
        let sent = instance.with_state(|state| state.conversations.clone());
        assert_eq!((sent.len(), sent[0].sender.as_str()), (1, "reader"));
        assert_eq!(sent[0].recipients, ["UsWriter001"]);
    }

    #[test]
    fn nobody_and_strangers_are_refused_as_servers_do() {
        let instance = instance();
        for (message, status, said) in [
            (json!({"subject": "s", "text": "t"}), 409, "No recipients selected."),
            (json!({"users": [{"id": "UsNobody001"}]}), 409, "User does not exist: UsNobody001"),
            (json!({"userGroups": [{"id": "UgNobody001"}]}), 404, "UserGroup with id UgNobody001 could not be found."),
        ] {
            let (answered, body) = ask(&instance, "POST", "/api/messageConversations", &message);
            assert_eq!((answered, body["message"].as_str()), (status, Some(said)));
        }
        assert!(instance.with_state(|state| state.conversations.is_empty()));
    }

    #[test]
    fn people_are_found_by_user_name_and_id() {
        let instance = instance();
        for wanted in ["writer", "UsWriter001"] {
            let (status, user) = ask(&instance, "GET", &format!("/api/userLookup/{wanted}"), &Value::Null);
            assert_eq!((status, user["displayName"].as_str()), (200, Some("writer Sample")), "{wanted}");
        }
        assert_eq!(ask(&instance, "GET", "/api/userLookup/nobody", &Value::Null), (200, Value::Null));
        assert_eq!(ask(&instance, "DELETE", "/api/messageConversations", &Value::Null).0, 405);
    }
}
