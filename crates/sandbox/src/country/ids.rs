//! The ids of one side, from the keys that the generator uses.

use super::combos::OptionCombo;
use super::places::DEPARTMENTS;
use crate::chance::Chance;

/// Makes the ids of one side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    /// The chance of everything on this side.
    pub(super) chance: Chance,
}

impl Ids {
    /// The ids of a side of that name.
    pub(super) fn of_side(chance: Chance, side: &str) -> Self {
        Self { chance: chance.of(side) }
    }

    /// The id of an object of a type, by its key.
    pub(super) fn object(self, plural: &str, key: &str) -> String {
        self.chance.of(plural).of(key).uid()
    }

    /// The root of the org units.
    pub(super) fn nation(self) -> String {
        self.object("organisationUnits", "HT")
    }

    /// A department.
    pub(super) fn department(self, department: usize) -> String {
        self.object("organisationUnits", &department_key(department))
    }

    /// A commune.
    pub(super) fn commune(self, department: usize, commune: usize) -> String {
        self.object("organisationUnits", &commune_key(department, commune))
    }
}

/// What identifies a department, and its code.
pub(super) fn department_key(department: usize) -> String {
    format!("HT-{}", DEPARTMENTS[department].code)
}

/// What identifies a commune, and its code.
pub(super) fn commune_key(department: usize, commune: usize) -> String {
    format!("{}-{:02}", department_key(department), commune + 1)
}

/// The keys of an option combo's options: `A0_4+M`.
pub(super) fn options_key(combo: &OptionCombo) -> String {
    let keys: Vec<&str> = combo.options.iter().map(|option| option.key).collect();
    keys.join("+")
}
