//! The accounts of an instance. All have the password [`PASSWORD`].

use serde_json::json;

use super::export::{Export, named, references, sharing};
use super::ids::Ids;

/// The password of every account of the sandbox's country.
pub(super) const PASSWORD: &str = "Sample-Pass-1";

/// The id of `admin` on every DHIS2 server.
const ADMIN_ID: &str = "M5zQapPyTZI";

/// What a person needs who only reads.
pub(super) const READ: &[&str] = &["M_dhis-web-dashboard", "F_VIEW_EVENT_ANALYTICS"];
/// What a person needs who writes values.
pub(super) const WRITE: &[&str] = &["M_dhis-web-dataentry", "F_DATAVALUE_ADD"];

/// An account.
#[derive(Debug)]
pub(super) struct Account {
    /// Its user name.
    pub(super) key: &'static str,
    /// What its role may do.
    pub(super) authorities: &'static [&'static str],
    /// The group it belongs to.
    pub(super) group: Option<&'static str>,
    /// Where it may write and read.
    pub(super) org_unit: String,
}

/// Adds accounts, a role for each, and their groups.
pub(super) fn write(export: &mut Export, ids: Ids, accounts: &[Account]) {
    for account in accounts {
        let role = ids.object("userRoles", account.key);
        export.add(
            "userRoles",
            json!({
                "id": role, "name": format!("Role {}", account.key), "code": format!("ROLE_{}", account.key),
                "authorities": account.authorities, "sharing": sharing("rw------"),
            }),
        );
        let here = json!([{"id": account.org_unit}]);
        export.add(
            "users",
            json!({
                "id": user_id(ids, account.key), "username": account.key, "password": PASSWORD,
                "firstName": account.key, "surname": "Sample", "userRoles": [{"id": role}],
                "organisationUnits": here, "dataViewOrganisationUnits": here, "userGroups": [],
            }),
        );
    }
    let mut groups: Vec<&str> = accounts.iter().filter_map(|account| account.group).collect();
    groups.dedup();
    for group in groups {
        let members: Vec<String> = accounts
            .iter()
            .filter(|account| account.group == Some(group))
            .map(|account| user_id(ids, account.key))
            .collect();
        let mut object = named(&ids.object("userGroups", group), group, Some(group));
        object["users"] = references(members.iter().map(String::as_str));
        object["sharing"] = sharing("rw------");
        export.add("userGroups", object);
    }
}

fn user_id(ids: Ids, key: &str) -> String {
    if key == "admin" { ADMIN_ID.to_owned() } else { ids.object("users", key) }
}
