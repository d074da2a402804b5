//! Id schemes: by which property a query names objects, and which property an answer shows.

use std::fmt;

use serde_json::Value;

use crate::world::{Object, World, text};

/// An id scheme (`IdScheme` of dhis2-core). `ID` and `UUID` name database keys that the sandbox does not have; they
/// are read as `UID`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// The id.
    #[default]
    Uid,
    /// `code`.
    Code,
    /// `name`.
    Name,
    /// The value of a metadata attribute.
    Attribute(String),
}

impl Scheme {
    /// Reads a parameter's value; unknown texts mean `UID`, as on the server.
    pub(crate) fn parse(value: &str) -> Self {
        let upper = value.to_uppercase();
        match upper.as_str() {
            "CODE" => Self::Code,
            "NAME" => Self::Name,
            _ => match upper.strip_prefix("ATTRIBUTE:") {
                Some(id) => Self::Attribute(value[value.len() - id.len()..].to_owned()),
                None => Self::Uid,
            },
        }
    }

    /// The property of an object that this scheme shows; none where the object lacks it.
    pub(crate) fn of<'object>(&self, object: &'object Object) -> Option<&'object str> {
        match self {
            Self::Uid => text(object, "id"),
            Self::Code => text(object, "code"),
            Self::Name => text(object, "name"),
            Self::Attribute(attribute) => object
                .get("attributeValues")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .find(|value| value.pointer("/attribute/id").and_then(Value::as_str) == Some(attribute))
                .and_then(|value| value.get("value").and_then(Value::as_str)),
        }
    }

    /// The object that a text names.
    pub(crate) fn find<'world>(&self, world: &'world World, plural: &str, name: &str) -> Option<&'world Object> {
        match self {
            Self::Uid => world.get(plural, name),
            _ => world.list(plural).iter().find(|object| self.of(object) == Some(name)),
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uid => formatter.write_str("UID"),
            Self::Code => formatter.write_str("CODE"),
            Self::Name => formatter.write_str("NAME"),
            Self::Attribute(id) => write!(formatter, "ATTRIBUTE:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Scheme;
    use crate::world::World;

    #[test]
    fn schemes_find_and_show() {
        let world = World::load(&json!({"dataElements": [{
            "id": "DemNumber01", "code": "WATER", "name": "Water",
            "attributeValues": [{"value": "X-1", "attribute": {"id": "AttrExtId01"}}]
        }]}));
        for (scheme, name) in
            [("UID", "DemNumber01"), ("code", "WATER"), ("NAME", "Water"), ("ATTRIBUTE:AttrExtId01", "X-1")]
        {
            let scheme = Scheme::parse(scheme);
            let found = scheme.find(&world, "dataElements", name);
            assert_eq!(found.and_then(|object| scheme.of(object)), Some(name), "{scheme}");
        }
        assert!(Scheme::Code.find(&world, "dataElements", "DemNumber01").is_none());
        assert_eq!(Scheme::parse("attribute:AttrExtId01").to_string(), "ATTRIBUTE:AttrExtId01");
    }
}
