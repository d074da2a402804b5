//! Metadata as servers print it, and its way into the domain: what all types share.
//!
//! What a list leaves out when unset is optional here, numbers may come as integers or floats (`expiryDays` is `0` on
//! 2.40 and `0.0` on 2.42), dates as days or moments. An object that cannot stand in the domain (an id that is none, a
//! period type that this program does not know) is left out with a note: one odd object must not cost the sync.

use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use crate::metadata::text;
use xfer_domain::metadata::{AttributeValue, DataAccess};
use xfer_domain::uid::Uid;

/// A type of metadata: how it is asked for, and what becomes of it.
pub(crate) trait Listed: serde::de::DeserializeOwned + Send + 'static {
    /// The domain's form of it.
    type Object: Send + 'static;

    /// DHIS2's plural, the endpoint and the key of the list.
    const PLURAL: &'static str;

    /// The fields to ask for (dhis2-api 3.4). Names that a version does not know are ignored by it.
    const FIELDS: &'static str;

    /// A filter, where not all objects are wanted.
    const FILTER: Option<&'static str> = None;

    /// Its id as the server prints it.
    fn id(&self) -> &str;

    /// Its name, for people who are told that it was left out.
    fn name(&self) -> Option<&str>;

    /// Whether a copy without it is whole all the same, should it have no form in the domain: it is of a kind that this
    /// program does not know, or one that servers keep by mistake. Anything else is damaged, or was on its way.
    fn is_dispensable(&self) -> bool {
        false
    }

    /// The domain's form, or why it has none. Parts that had to be left out are noted.
    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<Self::Object, String>;
}

/// A reference to another object. There may be a country's org units of them, so what is no id is not kept.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    id: ReferredId,
}

#[derive(Debug, Clone, Copy)]
struct ReferredId(Option<Uid>);

impl<'de> Deserialize<'de> for ReferredId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = ReferredId;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an id")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ReferredId, E> {
                Ok(ReferredId(Uid::parse(text).ok()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl Reference {
    pub(crate) fn uid(&self) -> Result<Uid, String> {
        self.id.0.ok_or_else(|| "it refers to something without a DHIS2 id".to_owned())
    }
}

/// The ids of a list of references; those that are none are noted.
pub(crate) fn uids<C: FromIterator<Uid>>(references: Option<Vec<Reference>>, of: Uid, notes: &mut Vec<String>) -> C {
    let references = references.unwrap_or_default();
    let odd = references.iter().filter(|reference| reference.id.0.is_none()).count();
    if odd > 0 {
        notes.push(format!("`{of}`: {odd} references to something without a DHIS2 id"));
    }
    references.into_iter().filter_map(|reference| reference.id.0).collect()
}

/// A required reference.
pub(crate) fn required(reference: Option<Reference>, what: &str) -> Result<Uid, String> {
    reference.ok_or_else(|| format!("it has no {what}"))?.uid()
}

/// The day of `1990-01-01T00:00:00.000` or `1990-01-01`.
pub(crate) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// An optional day; one that cannot be read is noted, since "no date" means "no restriction".
pub(crate) fn optional_day(text: Option<String>, of: Uid, notes: &mut Vec<String>) -> Option<Date> {
    let text = text?;
    let read = day(&text);
    if read.is_none() && !text.is_empty() {
        notes.push(format!("`{of}`: the date `{text}` cannot be read"));
    }
    read
}

/// A name, or the id of something without one.
pub(crate) fn named(name: Option<String>, id: Uid) -> String {
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string())
}

#[derive(Debug, Deserialize)]
pub(crate) struct WireAttributeValue {
    #[serde(default, deserialize_with = "text::name_if_short")]
    value: Option<String>,
    attribute: Option<Reference>,
}

pub(crate) fn attribute_values(values: Option<Vec<WireAttributeValue>>) -> Vec<AttributeValue> {
    let values = values.unwrap_or_default().into_iter();
    values
        .filter_map(|wire| Some(AttributeValue { attribute: wire.attribute?.uid().ok()?, value: wire.value? }))
        .collect()
}

#[derive(Debug, Deserialize)]
pub(crate) struct WireAccess {
    data: Option<WireDataAccess>,
}

#[derive(Debug, Deserialize)]
struct WireDataAccess {
    read: Option<bool>,
    write: Option<bool>,
}

pub(crate) fn access(wire: Option<WireAccess>) -> DataAccess {
    let open = DataAccess::default();
    wire.and_then(|access| access.data).map_or(open, |data| DataAccess {
        read: data.read.unwrap_or(open.read),
        write: data.write.unwrap_or(open.write),
    })
}

#[cfg(test)]
mod tests {
    use super::{Listed, day};
    use crate::metadata::wire_data::{WireDataElement, WireDataSet, WireOptionSet};
    use crate::metadata::wire_units::WireOrganisationUnit;
    use xfer_domain::uid::Uid;
    use xfer_domain::value_type::ValueType;

    fn convert<T: Listed>(json: &str) -> (Result<T::Object, String>, Vec<String>) {
        let wire: T = serde_json::from_str(json).unwrap();
        let id = Uid::parse(wire.id()).unwrap();
        let mut notes = Vec::new();
        (wire.into_domain(id, &mut notes), notes)
    }

    #[test]
    fn data_sets_of_old_and_new_servers() {
        for days in ["10", "10.0"] {
            let json = format!(
                r#"{{"id":"DstExpiry01","name":"Late","periodType":"Monthly","expiryDays":{days},
                "dataSetElements":[{{"dataElement":{{"id":"DemExpiry01"}}}}],"organisationUnits":[{{"id":"OuFacility1"}},{{"id":"bad"}}],
                "dataInputPeriods":[{{"period":{{"id":"202401"}},"openingDate":"2024-01-01T00:00:00.000"}}]}}"#
            );
            let (set, notes) = convert::<WireDataSet>(&json);
            let set = set.unwrap();
            assert!((set.expiry_days - 10.0).abs() < f64::EPSILON);
            assert_eq!(set.data_input_periods[0].opening_date, day("2024-01-01"));
            assert_eq!((set.organisation_units.len(), notes.len()), (1, 1));
            assert!(set.access.read && set.access.write, "a server that says nothing is taken to allow it");
        }
        let (set, _) = convert::<WireDataSet>(r#"{"id":"DstExpiry01","periodType":"TwoYearly"}"#);
        assert!(set.unwrap_err().contains("TwoYearly"));
        let (set, _) = convert::<WireDataSet>(
            r#"{"id":"DstExpiry01","periodType":"Monthly","dataInputPeriods":[{"period":{"id":"never"}}]}"#,
        );
        assert!(set.is_err(), "a restriction must not vanish");
    }

    #[test]
    fn unknown_value_types_pass_unchanged() {
        let (element, _) = convert::<WireDataElement>(
            r#"{"id":"DemNumber01","valueType":"HOLOGRAM","categoryCombo":{"id":"bjDvmb4bfuf"}}"#,
        );
        let element = element.unwrap();
        assert_eq!(element.value_type, ValueType::Other);
        assert_eq!(element.name, "DemNumber01");
        assert!(convert::<WireDataElement>(r#"{"id":"DemNumber01"}"#).0.is_err());
    }

    #[test]
    fn paths_and_gaps() {
        let (unit, _) = convert::<WireOrganisationUnit>(
            r#"{"id":"OuFacility1","path":"/OuNation001/OuFacility1","closedDate":"2024-06-30T00:00:00.000"}"#,
        );
        let unit = unit.unwrap();
        assert_eq!((unit.level(), unit.closed_date), (2, day("2024-06-30")));
        assert!(convert::<WireOrganisationUnit>(r#"{"id":"OuFacility1","path":"/OuNation001"}"#).0.is_err());
        let (set, _) =
            convert::<WireOptionSet>(r#"{"id":"OstStock001","options":[null,{"id":"OptStock001","code":"LOW"}]}"#);
        assert_eq!(set.unwrap().options.len(), 1);
    }
}
