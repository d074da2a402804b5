//! What types of metadata there are and which properties they have, as `/api/schemas` would tell.
//!
//! A property that an object does not store takes its default; derived ones are computed by
//! [`derive`](crate::metadata_lists::derive). The tables hold what clients of aggregate data read; types without objects in the sandbox
//! answer with empty lists.

mod table;

pub(crate) use table::SCHEMAS;
use table::{DIMENSION_ITEM, IDENTIFIABLE};

use crate::profile::Profile;

/// What a property holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Text, or an enumeration.
    Text,
    /// A whole number.
    Whole,
    /// A number that may have decimals.
    Decimal,
    /// True or false.
    Boolean,
    /// `yyyy-MM-dd'T'HH:mm:ss.SSS`.
    Date,
    /// One object of a type (its plural name).
    Reference(&'static str),
    /// Several objects of a type.
    Collection(&'static str),
    /// A user, shown with name and user name.
    Author,
    /// A part of the object with properties of its own.
    Part(&'static [Property]),
    /// A list of parts.
    Parts(&'static [Property]),
    /// JSON that is shown as it is.
    Opaque,
}

impl Kind {
    /// Whether `:simple` shows it and paths end at it.
    pub(crate) fn is_simple(self) -> bool {
        matches!(self, Self::Text | Self::Whole | Self::Decimal | Self::Boolean | Self::Date)
    }

    /// Whether it is a list.
    pub(crate) fn is_collection(self) -> bool {
        matches!(self, Self::Collection(_) | Self::Parts(_))
    }
}

/// What stands for a property that an object does not store.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Default {
    /// The key is left out.
    Absent,
    /// `false`.
    False,
    /// `true`.
    True,
    /// A whole number.
    Number(i64),
    /// Some text.
    Text(&'static str),
    /// An empty list.
    Empty,
}

/// A property of a type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Property {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What stands for it where an object has none.
    pub default: Default,
    /// False for what `:owner` leaves out: the other end of a relation, computed things.
    pub owner: bool,
    /// The first version that has it.
    pub since: Profile,
    /// The last version that has it.
    pub until: Profile,
}

impl Property {
    const fn or(self, default: Default) -> Self {
        Self { default, ..self }
    }

    const fn derived(self) -> Self {
        Self { owner: false, ..self }
    }

    const fn since(self, since: Profile) -> Self {
        Self { since, ..self }
    }

    const fn until(self, until: Profile) -> Self {
        Self { until, ..self }
    }

    /// Whether a version has it.
    pub(crate) fn exists_in(&self, profile: Profile) -> bool {
        (self.since..=self.until).contains(&profile)
    }
}

const fn property(name: &'static str, kind: Kind, default: Default) -> Property {
    Property { name, kind, default, owner: true, since: Profile::V40, until: Profile::V44 }
}

const fn text(name: &'static str) -> Property {
    property(name, Kind::Text, Default::Absent)
}

const fn whole(name: &'static str) -> Property {
    property(name, Kind::Whole, Default::Absent)
}

const fn date(name: &'static str) -> Property {
    property(name, Kind::Date, Default::Absent)
}

const fn flag(name: &'static str) -> Property {
    property(name, Kind::Boolean, Default::False)
}

const fn one(name: &'static str, plural: &'static str) -> Property {
    property(name, Kind::Reference(plural), Default::Absent)
}

const fn many(name: &'static str, plural: &'static str) -> Property {
    property(name, Kind::Collection(plural), Default::Empty)
}

/// The other end of a relation.
const fn inverse(name: &'static str, plural: &'static str) -> Property {
    many(name, plural).derived()
}

const fn parts(name: &'static str, of: &'static [Property]) -> Property {
    property(name, Kind::Parts(of), Default::Empty)
}

const fn opaque(name: &'static str) -> Property {
    property(name, Kind::Opaque, Default::Absent)
}

const fn list(name: &'static str) -> Property {
    property(name, Kind::Opaque, Default::Empty)
}

/// A type of metadata.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schema {
    /// Its plural name, which is also its path: `dataElements`.
    pub plural: &'static str,
    /// Its class: `DataElement`.
    pub class: &'static str,
    /// `dimensionItemType`, for types that analytics takes as items.
    pub dimension_item: Option<&'static str>,
    /// Whether sharing says who may read and write the data behind it.
    pub shares_data: bool,
    groups: &'static [&'static [Property]],
}

impl Schema {
    /// The type of a plural name.
    pub(crate) fn of(plural: &str) -> Option<&'static Self> {
        SCHEMAS.iter().find(|schema| schema.plural == plural)
    }

    /// Its properties in a version.
    pub(crate) fn properties(&self, profile: Profile) -> impl Iterator<Item = &'static Property> {
        let dimensional = if self.dimension_item.is_some() { DIMENSION_ITEM } else { &[] };
        [IDENTIFIABLE, dimensional]
            .into_iter()
            .chain(self.groups.iter().copied())
            .flatten()
            .filter(move |property| property.exists_in(profile))
    }

    /// One property.
    pub(crate) fn property(&self, profile: Profile, name: &str) -> Option<&'static Property> {
        self.properties(profile).find(|property| property.name == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_type_names_each_property_once_and_only_known_types() {
        for schema in SCHEMAS {
            let mut names = HashSet::new();
            for property in schema.properties(Profile::V43) {
                assert!(names.insert(property.name), "{} {}", schema.plural, property.name);
                if let Kind::Reference(plural) = property.kind {
                    assert!(Schema::of(plural).is_some(), "{} {}", schema.plural, property.name);
                }
            }
        }
    }

    #[test]
    fn properties_come_and_go_with_versions() {
        let indicators = Schema::of("programIndicators").unwrap();
        assert!(indicators.property(Profile::V41, "categoryMappingIds").is_none());
        assert!(indicators.property(Profile::V42, "categoryMappingIds").is_some());
        assert!(indicators.property(Profile::V41, "publicAccess").is_none());
    }
}
