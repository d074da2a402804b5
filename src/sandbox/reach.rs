//! Who may see what: the tree of org units, the scopes of a user, and sharing.
//!
//! Three questions that every read asks. The rules are `OrganisationUnitService.isInUserDataViewHierarchy` and
//! `AclService` of dhis2-core; owners' and external access play no part in the fixtures but are honoured where they
//! stand in an object's `sharing`.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::sandbox::instance::User;
use crate::sandbox::world::World;

/// The tree of org units, derived from `parent` once per request.
#[derive(Debug)]
pub struct Tree<'world> {
    parents: HashMap<&'world str, Option<&'world str>>,
    children: HashMap<&'world str, Vec<&'world str>>,
}

impl<'world> Tree<'world> {
    /// The tree of an instance.
    pub fn of(world: &'world World) -> Self {
        let units = world.list("organisationUnits");
        let mut tree = Self { parents: HashMap::with_capacity(units.len()), children: HashMap::new() };
        for unit in units {
            let Some(id) = text(unit, "id") else { continue };
            let parent = reference(unit, "parent");
            tree.parents.insert(id, parent);
            if let Some(parent) = parent {
                tree.children.entry(parent).or_default().push(id);
            }
        }
        tree
    }

    /// Whether there is such an org unit.
    pub fn contains(&self, id: &str) -> bool {
        self.parents.contains_key(id)
    }

    /// The unit's id as the tree holds it, which lives as long as the metadata.
    pub fn find(&self, id: &str) -> Option<&'world str> {
        self.parents.get_key_value(id).map(|(id, _)| *id)
    }

    /// Its children, in the order of the metadata.
    pub fn children(&self, id: &str) -> &[&'world str] {
        self.children.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// A unit and all below it, parents first.
    pub fn subtree(&self, id: &str) -> Vec<&'world str> {
        let mut found: Vec<&str> = self.find(id).into_iter().collect();
        let mut next = 0;
        while next < found.len() {
            found.extend_from_slice(self.children(found[next]));
            next += 1;
        }
        found
    }

    /// A unit and its ancestors, nearest first.
    pub fn upwards(&self, id: &str) -> impl Iterator<Item = &'world str> + '_ {
        std::iter::successors(self.find(id), |id| self.parents.get(id).copied().flatten())
            // A parent that is itself missing ends the walk; a cycle cannot be longer than the tree.
            .take(self.parents.len())
    }

    /// The unit's level; a root is 1.
    pub fn level(&self, id: &str) -> usize {
        self.upwards(id).count()
    }

    /// The unit's path as DHIS2 writes it: `/OuNation001/OuRegionN01`.
    pub fn path(&self, id: &str) -> String {
        let mut ids: Vec<&str> = self.upwards(id).collect();
        ids.push("");
        ids.reverse();
        ids.join("/")
    }

    /// Whether a unit is one of the roots or lies below one.
    pub fn is_within(&self, id: &str, roots: &[&str]) -> bool {
        self.upwards(id).any(|ancestor| roots.contains(&ancestor))
    }
}

/// A text member of an object.
pub fn text<'object>(object: &'object Map<String, Value>, member: &str) -> Option<&'object str> {
    object.get(member).and_then(Value::as_str)
}

/// The id inside a member such as `"parent": {"id": …}`.
pub fn reference<'object>(object: &'object Map<String, Value>, member: &str) -> Option<&'object str> {
    object.get(member).and_then(|member| member.get("id")).and_then(Value::as_str)
}

/// The ids inside a member such as `"organisationUnits": [{"id": …}]`.
pub fn references<'object>(object: &'object Map<String, Value>, member: &str) -> Vec<&'object str> {
    let list = object.get(member).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| entry.get("id").and_then(Value::as_str)).collect()
}

/// The user's org units for entering data.
pub fn capture_roots(user: &User) -> Vec<&str> {
    references(&user.object, "organisationUnits")
}

/// The user's org units for looking at data: the data view ones, or the capture ones where there are none
/// (`User.getDataViewOrganisationUnitsWithFallback`).
pub fn view_roots(user: &User) -> Vec<&str> {
    let view = references(&user.object, "dataViewOrganisationUnits");
    if view.is_empty() { capture_roots(user) } else { view }
}

/// Whether a user may do everything (authority `ALL`).
pub fn is_superuser(user: &User) -> bool {
    user.authorities.iter().any(|authority| authority == "ALL")
}

/// What sharing can grant, by its place in an access text such as `rwr-----`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Seeing the object itself.
    MetadataRead,
    /// Seeing the data entered under it.
    DataRead,
}

impl Access {
    fn granted_by(self, access: &str) -> bool {
        let place = match self {
            Self::MetadataRead => 0,
            Self::DataRead => 2,
        };
        access.as_bytes().get(place) == Some(&b'r')
    }
}

/// Whether sharing lets a user at an object. Objects without `sharing` are open: their types have none.
pub fn may(world: &World, user: &User, object: &Map<String, Value>, access: Access) -> bool {
    if is_superuser(user) {
        return true;
    }
    let Some(sharing) = object.get("sharing") else { return true };
    let user_id = text(&user.object, "id").unwrap_or_default();
    if sharing.get("owner").and_then(Value::as_str) == Some(user_id) {
        return true;
    }
    let granted = |entry: Option<&Value>| {
        entry.and_then(|entry| entry.get("access")).and_then(Value::as_str).is_some_and(|text| access.granted_by(text))
    };
    let public = sharing.get("public").and_then(Value::as_str).is_some_and(|text| access.granted_by(text));
    let own = granted(sharing.get("users").and_then(|users| users.get(user_id)));
    let groups = sharing.get("userGroups").and_then(Value::as_object);
    public
        || own
        || groups.into_iter().flatten().any(|(group, entry)| granted(Some(entry)) && is_member(world, user_id, group))
}

fn is_member(world: &World, user: &str, group: &str) -> bool {
    world.get("userGroups", group).is_some_and(|group| references(group, "users").contains(&user))
}

/// Whether a user may see data under an attribute (or category) option combo: all of its options must grant it.
pub fn may_read_option_combo(world: &World, user: &User, combo: &str) -> bool {
    let Some(combo) = world.get("categoryOptionCombos", combo) else { return true };
    references(combo, "categoryOptions")
        .into_iter()
        .filter_map(|option| world.get("categoryOptions", option))
        .all(|option| may(world, user, option, Access::DataRead))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Access, Tree, may, may_read_option_combo, view_roots};
    use crate::sandbox::instance::User;
    use crate::sandbox::world::World;

    fn world() -> World {
        World::load(&json!({
            "organisationUnits": [
                {"id": "nation"}, {"id": "south", "parent": {"id": "nation"}},
                {"id": "north", "parent": {"id": "nation"}}, {"id": "clinic", "parent": {"id": "north"}}
            ],
            "userGroups": [{"id": "readers", "users": [{"id": "rosa"}]}],
            "categoryOptions": [
                {"id": "open", "sharing": {"public": "rwrw----"}}, {"id": "closed", "sharing": {"public": "--------"}}
            ],
            "categoryOptionCombos": [
                {"id": "one", "categoryOptions": [{"id": "open"}]},
                {"id": "two", "categoryOptions": [{"id": "open"}, {"id": "closed"}]}
            ]
        }))
    }

    fn user(object: &serde_json::Value, authorities: &[&str]) -> User {
        User {
            object: object.as_object().unwrap().clone(),
            authorities: authorities.iter().map(|authority| (*authority).to_owned()).collect(),
        }
    }

    #[test]
    fn the_tree_knows_paths_levels_and_scopes() {
        let world = world();
        let tree = Tree::of(&world);
        assert_eq!(tree.path("clinic"), "/nation/north/clinic");
        assert_eq!((tree.level("nation"), tree.level("clinic")), (1, 3));
        assert_eq!(tree.subtree("north"), ["north", "clinic"]);
        assert!(tree.is_within("clinic", &["north"]) && !tree.is_within("nation", &["north"]));
        assert!(tree.subtree("nowhere").is_empty());
    }

    #[test]
    fn a_user_without_data_view_units_sees_where_she_captures() {
        let capture = user(&json!({"organisationUnits": [{"id": "north"}]}), &[]);
        assert_eq!(view_roots(&capture), ["north"]);
        let both = json!({"organisationUnits": [{"id": "north"}], "dataViewOrganisationUnits": [{"id": "nation"}]});
        assert_eq!(view_roots(&user(&both, &[])), ["nation"]);
    }

    #[test]
    fn sharing_grants_by_public_access_and_groups() {
        let world = world();
        let (rosa, nils) = (user(&json!({"id": "rosa"}), &[]), user(&json!({"id": "nils"}), &[]));
        let set = json!({"sharing": {"public": "r-------", "userGroups": {"readers": {"access": "r-r-----"}}}});
        let set = set.as_object().unwrap();
        assert!(may(&world, &rosa, set, Access::DataRead));
        assert!(may(&world, &nils, set, Access::MetadataRead) && !may(&world, &nils, set, Access::DataRead));
        assert!(may(&world, &user(&json!({}), &["ALL"]), set, Access::DataRead));
        assert!(may_read_option_combo(&world, &nils, "one") && !may_read_option_combo(&world, &nils, "two"));
    }
}
