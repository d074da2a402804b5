//! Who may read and write what: sharing of objects, as DHIS2's `AclService` reads it.

use serde_json::Value;

use crate::state::User;
use crate::world::{Object, references, text};

/// What a user may do with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "four letters of an access string, each on its own")]
pub(crate) struct Access {
    /// Sees the object.
    pub read: bool,
    /// Changes the object.
    pub write: bool,
    /// Reads the data behind it.
    pub data_read: bool,
    /// Writes data behind it.
    pub data_write: bool,
}

/// What a user may do with an object. Superusers may everything; an object without sharing (an org unit) is open to
/// read; data of an object without sharing is open to nobody else.
pub(crate) fn access(user: &User, object: &Object) -> Access {
    if user.is_superuser() {
        return Access { read: true, write: true, data_read: true, data_write: true };
    }
    let Some(sharing) = object.get("sharing").and_then(Value::as_object) else {
        return Access { read: true, write: false, data_read: false, data_write: false };
    };
    let owner = text(sharing, "owner") == Some(user.id());
    let grants = grants(user, sharing);
    let granted =
        |position: usize, letter: u8| grants.iter().any(|grant| grant.as_bytes().get(position) == Some(&letter));
    Access {
        read: owner || granted(0, b'r'),
        write: owner || granted(1, b'w'),
        data_read: granted(2, b'r'),
        data_write: granted(3, b'w'),
    }
}

/// Every access string that applies to a user: the public one, her own, and those of her groups.
fn grants<'object>(user: &User, sharing: &'object Object) -> Vec<&'object str> {
    let groups = references(&user.object, "userGroups");
    let entry = |kind: &str, id: &str| {
        sharing
            .get(kind)
            .and_then(|entries| entries.get(id))
            .and_then(|entry| entry.get("access"))
            .and_then(Value::as_str)
    };
    text(sharing, "public")
        .into_iter()
        .chain(entry("users", user.id()))
        .chain(groups.into_iter().filter_map(|group| entry("userGroups", group)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn user(authorities: &[&str]) -> User {
        User {
            object: json!({"id": "UsrWide0001", "userGroups": [{"id": "UgWriters01"}]})
                .as_object()
                .cloned()
                .unwrap_or_default(),
            authorities: authorities.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    #[test]
    fn groups_grant_what_the_public_lacks() {
        let object = json!({"sharing": {"public": "--------", "users": {}, "userGroups": {"UgWriters01": {"access": "r-rw----"}}}});
        let object = object.as_object().cloned().unwrap_or_default();
        let plain = access(&user(&[]), &object);
        assert_eq!(plain, Access { read: true, write: false, data_read: true, data_write: true });
        assert!(access(&user(&["ALL"]), &object).write);
    }

    #[test]
    fn an_object_without_sharing_is_open_to_read_only() {
        let plain = access(&user(&[]), &Object::new());
        assert_eq!(plain, Access { read: true, write: false, data_read: false, data_write: false });
    }
}
