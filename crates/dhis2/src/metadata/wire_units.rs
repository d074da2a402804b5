//! Organisation units, their levels and groups, as servers print them.

use serde::Deserialize;

use crate::metadata::text;
use crate::metadata::wire::{Listed, Reference, WireAttributeValue, attribute_values, named, optional_day, uids};
use xfer_domain::metadata::{OrganisationUnit, OrganisationUnitGroup, OrganisationUnitLevel};
use xfer_domain::uid::Uid;

/// An organisation unit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireOrganisationUnit {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    short_name: Option<String>,
    #[serde(default, deserialize_with = "text::formula")]
    path: Option<String>,
    #[serde(default, deserialize_with = "text::word")]
    opening_date: Option<String>,
    #[serde(default, deserialize_with = "text::word")]
    closed_date: Option<String>,
    attribute_values: Option<Vec<WireAttributeValue>>,
}

impl Listed for WireOrganisationUnit {
    type Object = OrganisationUnit;
    const PLURAL: &'static str = "organisationUnits";
    const FIELDS: &'static str =
        "id,code,name,shortName,path,openingDate,closedDate,attributeValues[value,attribute[id]]";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<OrganisationUnit, String> {
        let path = self.path.ok_or("it has no path")?;
        let path: Result<Vec<Uid>, _> = path.split('/').filter(|part| !part.is_empty()).map(Uid::parse).collect();
        let path = path.map_err(|error| error.to_string())?;
        if path.last() != Some(&id) {
            return Err("its path does not end with itself".to_owned());
        }
        Ok(OrganisationUnit {
            id,
            code: self.code,
            name: named(self.name, id),
            short_name: self.short_name,
            path,
            opening_date: optional_day(self.opening_date, id, notes),
            closed_date: optional_day(self.closed_date, id, notes),
            attribute_values: attribute_values(self.attribute_values),
        })
    }
}

/// The name of a level.
#[derive(Debug, Deserialize)]
pub(crate) struct WireLevel {
    #[serde(deserialize_with = "text::id")]
    id: String,
    level: u32,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
}

impl Listed for WireLevel {
    type Object = OrganisationUnitLevel;
    const PLURAL: &'static str = "organisationUnitLevels";
    const FIELDS: &'static str = "id,level,name";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn into_domain(self, id: Uid, _: &mut Vec<String>) -> Result<OrganisationUnitLevel, String> {
        let name = self.name.unwrap_or_else(|| format!("Level {}", self.level));
        Ok(OrganisationUnitLevel { id, level: self.level, name })
    }
}

/// A group of organisation units.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireGroup {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    organisation_units: Option<Vec<Reference>>,
}

impl Listed for WireGroup {
    type Object = OrganisationUnitGroup;
    const PLURAL: &'static str = "organisationUnitGroups";
    const FIELDS: &'static str = "id,code,name,organisationUnits[id]";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<OrganisationUnitGroup, String> {
        let organisation_units = uids(self.organisation_units, id, notes);
        Ok(OrganisationUnitGroup { id, code: self.code, name: named(self.name, id), organisation_units })
    }
}
