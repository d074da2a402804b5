//! The id schemes of an exchange: by what it names objects in what it reads and sends, and by what the target knows them.

use crate::ops::jobs::exchange::model::{Request, TargetRequest};
use xfer_domain::metadata::AttributeValue;
use xfer_domain::uid::Uid;

/// How objects are named in what is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scheme {
    Uid,
    Code,
    Name,
    Attribute(Uid),
}

impl Scheme {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("the id scheme {text} is not known");
        match text.trim().to_uppercase().as_str() {
            "UID" | "ID" => Ok(Self::Uid),
            "CODE" => Ok(Self::Code),
            "NAME" => Ok(Self::Name),
            _ => {
                let (kind, id) = text.split_once(':').ok_or_else(unknown)?;
                let id = Uid::parse(id.trim()).map_err(|_| unknown())?;
                if kind.trim().eq_ignore_ascii_case("attribute") { Ok(Self::Attribute(id)) } else { Err(unknown()) }
            }
        }
    }

    pub(super) fn of(&self, object: &Object<'_>) -> Option<String> {
        match self {
            Self::Uid => Some(object.id.to_string()),
            Self::Code => object.code.map(str::to_owned),
            Self::Name => Some(object.name.to_owned()),
            Self::Attribute(attribute) => {
                object.attributes.iter().find(|value| value.attribute == *attribute).map(|value| value.value.clone())
            }
        }
    }
}

/// An object as schemes name it.
pub(super) struct Object<'metadata> {
    id: Uid,
    code: Option<&'metadata str>,
    name: &'metadata str,
    attributes: &'metadata [AttributeValue],
}

/// How a request names what it reads and sends, and how the target understands it.
#[derive(Debug)]
pub(super) struct Schemes {
    pub(super) input: Scheme,
    /// Of data elements.
    pub(super) elements: Scheme,
    /// Of indicators and program indicators.
    pub(super) items: Scheme,
    pub(super) combos: Scheme,
    pub(super) elements_there: Scheme,
    pub(super) combos_there: Scheme,
}

impl Schemes {
    pub(super) fn of(request: &Request, target: &TargetRequest) -> Result<Self, String> {
        let first = |texts: [&Option<String>; 3]| {
            let given = texts.into_iter().flatten().find(|text| !text.trim().is_empty());
            given.map(|text| Scheme::parse(text)).transpose()
        };
        let none = &None;
        let output = &request.output_id_scheme;
        let (element, item) = (&request.output_data_element_id_scheme, &request.output_data_item_id_scheme);
        let elements = first([element, item, output])?.unwrap_or(Scheme::Uid);
        let items = first([item, output, element])?.unwrap_or(Scheme::Uid);
        let combos = first([output, none, none])?.unwrap_or(Scheme::Uid);
        let there = first([&target.data_element_id_scheme, &target.id_scheme, none])?;
        let combos_there = first([&target.category_option_combo_id_scheme, &target.id_scheme, none])?;
        Ok(Self {
            input: first([&request.input_id_scheme, none, none])?.unwrap_or(Scheme::Uid),
            elements_there: there.unwrap_or_else(|| elements.clone()),
            combos_there: combos_there.unwrap_or_else(|| combos.clone()),
            elements,
            items,
            combos,
        })
    }
}

/// An object as schemes name it, from its parts.
pub(super) fn object<'metadata>(
    id: Uid,
    code: Option<&'metadata str>,
    name: &'metadata str,
    attributes: &'metadata [AttributeValue],
) -> Object<'metadata> {
    Object { id, code, name, attributes }
}
