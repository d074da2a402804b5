//! How far a read reaches: subtrees of org units, and option combos whose options are shared.
//!
//! The tree itself is filled in by [`filling`](crate::world::filling), sharing is judged by
//! [`access`](crate::access); this is what raw reads and analytics build on both.

use crate::access::access;
use crate::state::User;
use crate::world::{World, reference, references};

/// An org unit and everything below it, level by level from the top; empty where there is no such unit.
pub(crate) fn subtree<'world>(world: &'world World, root: &str) -> Vec<&'world str> {
    let mut found = Vec::new();
    let Some(unit) = world.get("organisationUnits", root) else { return found };
    found.extend(unit.get("id").and_then(serde_json::Value::as_str));
    let mut next = 0;
    while next < found.len() {
        if let Some(unit) = world.get("organisationUnits", found[next]) {
            // A unit that claims to be its own ancestor stands in the list already.
            let children = references(unit, "children");
            found.extend(children.into_iter().filter(|child| reference(unit, "parent") != Some(child)));
        }
        next += 1;
        if found.len() > world.list("organisationUnits").len() {
            break;
        }
    }
    found
}

/// Whether a user may read data under an attribute (or category) option combo: all of its options must allow it
/// (`AclService.canDataRead` of the combo's options; rows of other combos are left out of raw reads without a word).
pub(crate) fn may_read_option_combo(world: &World, user: &User, combo: &str) -> bool {
    if user.is_superuser() {
        return true;
    }
    let Some(combo) = world.get("categoryOptionCombos", combo) else { return true };
    references(combo, "categoryOptions")
        .into_iter()
        .filter_map(|option| world.get("categoryOptions", option))
        .all(|option| access(user, option).data_read)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{may_read_option_combo, subtree};
    use crate::state::User;
    use crate::world::World;

    fn world() -> World {
        World::load(&json!({
            "organisationUnits": [
                {"id": "nation"}, {"id": "south", "parent": {"id": "nation"}},
                {"id": "north", "parent": {"id": "nation"}}, {"id": "clinic", "parent": {"id": "north"}}
            ],
            "categoryOptions": [
                {"id": "open", "sharing": {"public": "rwrw----"}}, {"id": "closed", "sharing": {"public": "--------"}}
            ],
            "categoryOptionCombos": [
                {"id": "one", "categoryOptions": [{"id": "open"}]},
                {"id": "two", "categoryOptions": [{"id": "open"}, {"id": "closed"}]}
            ]
        }))
    }

    fn user(authorities: &[&str]) -> User {
        User {
            object: serde_json::Map::new(),
            authorities: authorities.iter().map(|authority| (*authority).to_owned()).collect(),
        }
    }

    #[test]
    fn a_subtree_begins_with_its_root() {
        let world = world();
        assert_eq!(subtree(&world, "north"), ["north", "clinic"]);
        assert_eq!(subtree(&world, "nation"), ["nation", "south", "north", "clinic"]);
        assert!(subtree(&world, "nowhere").is_empty());
    }

    #[test]
    fn one_closed_option_closes_the_combo() {
        let world = world();
        assert!(may_read_option_combo(&world, &user(&[]), "one"));
        assert!(!may_read_option_combo(&world, &user(&[]), "two"));
        assert!(may_read_option_combo(&world, &user(&["ALL"]), "two"));
    }
}
