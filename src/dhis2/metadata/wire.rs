//! Metadata as servers print it, and its way into the domain.
//!
//! What a list leaves out when unset is optional here, numbers may come as integers or floats (`expiryDays` is `0` on
//! 2.40 and `0.0` on 2.42), dates as days or moments. An object that cannot stand in the domain (an id that is none, a
//! period type that this program does not know) is left out with a note: one odd object must not cost the sync.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use crate::domain::metadata::{
    AttributeValue, CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, DataElement, DataInputPeriod,
    DataSet, DataSetElement, Indicator, OptionSet, OptionSetOption, OrganisationUnit, OrganisationUnitGroup,
    OrganisationUnitLevel, ProgramIndicator,
};
use crate::domain::period::{Period, PeriodType};
use crate::domain::uid::Uid;
use crate::domain::value_type::ValueType;

/// A type of metadata: how it is asked for, and what becomes of it.
pub(crate) trait Listed: serde::de::DeserializeOwned + Send + 'static {
    /// The domain's form of it.
    type Object: Send;

    /// DHIS2's plural, the endpoint and the key of the list.
    const PLURAL: &'static str;

    /// The fields to ask for (dhis2-api 3.4). Names that a version does not know are ignored by it.
    const FIELDS: &'static str;

    /// A filter, where not all objects are wanted.
    const FILTER: Option<&'static str> = None;

    /// Its id as the server prints it.
    fn id(&self) -> &str;

    /// The domain's form, or why it has none. Parts that had to be left out are noted.
    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<Self::Object, String>;
}

/// A reference to another object.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    id: String,
}

impl Reference {
    fn uid(&self) -> Result<Uid, String> {
        Uid::parse(&self.id).map_err(|error| error.to_string())
    }
}

/// The ids of a list of references; those that are none are noted.
fn uids<C: FromIterator<Uid>>(references: Option<Vec<Reference>>, of: Uid, notes: &mut Vec<String>) -> C {
    let references = references.unwrap_or_default().into_iter();
    references
        .filter_map(|reference| reference.uid().map_err(|error| notes.push(format!("`{of}`: {error}"))).ok())
        .collect()
}

/// A required reference.
fn required(reference: Option<Reference>, what: &str) -> Result<Uid, String> {
    reference.ok_or_else(|| format!("it has no {what}"))?.uid()
}

/// The day of `1990-01-01T00:00:00.000` or `1990-01-01`.
pub(crate) fn day(text: &str) -> Option<Date> {
    text.get(..10)?.parse().ok()
}

/// An optional day; one that cannot be read is noted, since "no date" means "no restriction".
fn optional_day(text: Option<String>, of: Uid, notes: &mut Vec<String>) -> Option<Date> {
    let text = text?;
    let read = day(&text);
    if read.is_none() && !text.is_empty() {
        notes.push(format!("`{of}`: the date `{text}` cannot be read"));
    }
    read
}

/// A name, or the id of something without one.
fn named(name: Option<String>, id: Uid) -> String {
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| id.to_string())
}

#[derive(Debug, Deserialize)]
pub(crate) struct WireAttributeValue {
    value: Option<String>,
    attribute: Option<Reference>,
}

fn attribute_values(values: Option<Vec<WireAttributeValue>>) -> Vec<AttributeValue> {
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

fn access(wire: Option<WireAccess>) -> DataAccess {
    let open = DataAccess::default();
    wire.and_then(|access| access.data).map_or(open, |data| DataAccess {
        read: data.read.unwrap_or(open.read),
        write: data.write.unwrap_or(open.write),
    })
}

/// An organisation unit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireOrganisationUnit {
    id: String,
    code: Option<String>,
    name: Option<String>,
    short_name: Option<String>,
    path: Option<String>,
    opening_date: Option<String>,
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
    id: String,
    level: u32,
    name: Option<String>,
}

impl Listed for WireLevel {
    type Object = OrganisationUnitLevel;
    const PLURAL: &'static str = "organisationUnitLevels";
    const FIELDS: &'static str = "id,level,name";

    fn id(&self) -> &str {
        &self.id
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
    id: String,
    code: Option<String>,
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

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<OrganisationUnitGroup, String> {
        let organisation_units = uids(self.organisation_units, id, notes);
        Ok(OrganisationUnitGroup { id, code: self.code, name: named(self.name, id), organisation_units })
    }
}

/// A data element.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireDataElement {
    id: String,
    code: Option<String>,
    name: Option<String>,
    short_name: Option<String>,
    value_type: Option<ValueType>,
    aggregation_type: Option<String>,
    zero_is_significant: Option<bool>,
    category_combo: Option<Reference>,
    option_set: Option<Reference>,
    attribute_values: Option<Vec<WireAttributeValue>>,
}

impl Listed for WireDataElement {
    type Object = DataElement;
    const PLURAL: &'static str = "dataElements";
    const FIELDS: &'static str = "id,code,name,shortName,valueType,aggregationType,zeroIsSignificant,\
                                  categoryCombo[id],optionSet[id],attributeValues[value,attribute[id]]";
    const FILTER: Option<&'static str> = Some("domainType:eq:AGGREGATE");

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, _: &mut Vec<String>) -> Result<DataElement, String> {
        Ok(DataElement {
            id,
            code: self.code,
            name: named(self.name, id),
            short_name: self.short_name,
            value_type: self.value_type.unwrap_or(ValueType::Other),
            aggregation_type: self.aggregation_type.unwrap_or_else(|| "NONE".to_owned()),
            zero_is_significant: self.zero_is_significant.unwrap_or(false),
            category_combo: required(self.category_combo, "category combo")?,
            option_set: self.option_set.map(|reference| reference.uid()).transpose()?,
            attribute_values: attribute_values(self.attribute_values),
        })
    }
}

/// Membership of a data element in a data set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMember {
    data_element: Option<Reference>,
    category_combo: Option<Reference>,
}

/// When a period takes entries.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireInputPeriod {
    period: Option<Reference>,
    opening_date: Option<String>,
    closing_date: Option<String>,
}

/// A data set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireDataSet {
    id: String,
    code: Option<String>,
    name: Option<String>,
    period_type: Option<String>,
    category_combo: Option<Reference>,
    open_future_periods: Option<i32>,
    expiry_days: Option<f64>,
    data_set_elements: Option<Vec<WireMember>>,
    organisation_units: Option<Vec<Reference>>,
    data_input_periods: Option<Vec<WireInputPeriod>>,
    access: Option<WireAccess>,
}

impl Listed for WireDataSet {
    type Object = DataSet;
    const PLURAL: &'static str = "dataSets";
    const FIELDS: &'static str = "id,code,name,periodType,openFuturePeriods,expiryDays,categoryCombo[id],\
                                  dataInputPeriods,dataSetElements[dataElement[id],categoryCombo[id]],\
                                  organisationUnits[id],access[data]";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<DataSet, String> {
        let period_type: PeriodType =
            self.period_type.ok_or("it has no period type")?.parse().map_err(|error| format!("{error}"))?;
        let members = self.data_set_elements.unwrap_or_default().into_iter();
        let members: Result<Vec<DataSetElement>, String> = members.map(member).collect();
        let windows = self.data_input_periods.unwrap_or_default().into_iter();
        let windows: Result<Vec<DataInputPeriod>, String> =
            windows.map(|window| input_period(window, id, notes)).collect();
        Ok(DataSet {
            id,
            code: self.code,
            name: named(self.name, id),
            period_type,
            category_combo: self.category_combo.map_or(Ok(Uid::DEFAULT_CATEGORY_COMBO), |combo| combo.uid())?,
            open_future_periods: self.open_future_periods.unwrap_or(0),
            expiry_days: self.expiry_days.unwrap_or(0.0),
            data_set_elements: members?,
            // An entry that cannot be read would make the restriction look wider than it is: the set is left out.
            data_input_periods: windows?,
            organisation_units: uids(self.organisation_units, id, notes),
            access: access(self.access),
        })
    }
}

fn member(wire: WireMember) -> Result<DataSetElement, String> {
    Ok(DataSetElement {
        data_element: required(wire.data_element, "data element in one of its members")?,
        category_combo: wire.category_combo.map(|combo| combo.uid()).transpose()?,
    })
}

fn input_period(wire: WireInputPeriod, of: Uid, notes: &mut Vec<String>) -> Result<DataInputPeriod, String> {
    let period = wire.period.ok_or("an input period without period")?;
    Ok(DataInputPeriod {
        period: Period::parse(&period.id).map_err(|error| error.to_string())?,
        opening_date: optional_day(wire.opening_date, of, notes),
        closing_date: optional_day(wire.closing_date, of, notes),
    })
}

/// A category combo.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireCategoryCombo {
    id: String,
    code: Option<String>,
    name: Option<String>,
    is_default: Option<bool>,
    category_option_combos: Option<Vec<Reference>>,
}

impl Listed for WireCategoryCombo {
    type Object = CategoryCombo;
    const PLURAL: &'static str = "categoryCombos";
    const FIELDS: &'static str = "id,code,name,isDefault,categoryOptionCombos[id]";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<CategoryCombo, String> {
        // Very old or repaired databases keep the default combo under another id (dhis2-api 3.4).
        let is_default = self.is_default.unwrap_or_else(|| self.name.as_deref() == Some("default"));
        let category_option_combos = uids(self.category_option_combos, id, notes);
        Ok(CategoryCombo { id, code: self.code, name: named(self.name, id), is_default, category_option_combos })
    }
}

/// A category option combo.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireOptionCombo {
    id: String,
    code: Option<String>,
    name: Option<String>,
    category_combo: Option<Reference>,
    category_options: Option<Vec<Reference>>,
}

impl Listed for WireOptionCombo {
    type Object = CategoryOptionCombo;
    const PLURAL: &'static str = "categoryOptionCombos";
    const FIELDS: &'static str = "id,code,name,categoryCombo[id],categoryOptions[id]";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<CategoryOptionCombo, String> {
        Ok(CategoryOptionCombo {
            id,
            code: self.code,
            name: named(self.name, id),
            category_combo: required(self.category_combo, "category combo")?,
            category_options: uids(self.category_options, id, notes),
        })
    }
}

/// A category option.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireCategoryOption {
    id: String,
    code: Option<String>,
    name: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    organisation_units: Option<Vec<Reference>>,
    access: Option<WireAccess>,
}

impl Listed for WireCategoryOption {
    type Object = CategoryOption;
    const PLURAL: &'static str = "categoryOptions";
    const FIELDS: &'static str = "id,code,name,startDate,endDate,organisationUnits[id],access[data]";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<CategoryOption, String> {
        Ok(CategoryOption {
            id,
            code: self.code,
            name: named(self.name, id),
            start_date: optional_day(self.start_date, id, notes),
            end_date: optional_day(self.end_date, id, notes),
            organisation_units: uids::<BTreeSet<Uid>>(self.organisation_units, id, notes),
            access: access(self.access),
        })
    }
}

/// An indicator.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireIndicator {
    id: String,
    code: Option<String>,
    name: Option<String>,
    decimals: Option<i64>,
    numerator: Option<String>,
    denominator: Option<String>,
    aggregate_export_category_option_combo: Option<String>,
    aggregate_export_attribute_option_combo: Option<String>,
}

impl Listed for WireIndicator {
    type Object = Indicator;
    const PLURAL: &'static str = "indicators";
    const FIELDS: &'static str = "id,code,name,decimals,numerator,denominator,aggregateExportCategoryOptionCombo,\
                                  aggregateExportAttributeOptionCombo";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, _: &mut Vec<String>) -> Result<Indicator, String> {
        Ok(Indicator {
            id,
            code: self.code,
            name: named(self.name, id),
            decimals: self.decimals.and_then(|decimals| u32::try_from(decimals).ok()),
            numerator: self.numerator.unwrap_or_default(),
            denominator: self.denominator.unwrap_or_default(),
            aggregate_export_category_option_combo: self.aggregate_export_category_option_combo,
            aggregate_export_attribute_option_combo: self.aggregate_export_attribute_option_combo,
        })
    }
}

/// A program indicator.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireProgramIndicator {
    id: String,
    code: Option<String>,
    name: Option<String>,
    program: Option<Reference>,
    aggregation_type: Option<String>,
    decimals: Option<i64>,
    aggregate_export_category_option_combo: Option<String>,
    aggregate_export_attribute_option_combo: Option<String>,
    aggregate_export_data_element: Option<String>,
}

impl Listed for WireProgramIndicator {
    type Object = ProgramIndicator;
    const PLURAL: &'static str = "programIndicators";
    const FIELDS: &'static str = "id,code,name,program[id],aggregationType,decimals,\
                                  aggregateExportCategoryOptionCombo,aggregateExportAttributeOptionCombo,\
                                  aggregateExportDataElement";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, _: &mut Vec<String>) -> Result<ProgramIndicator, String> {
        Ok(ProgramIndicator {
            id,
            code: self.code,
            name: named(self.name, id),
            program: self.program.map(|program| program.uid()).transpose()?,
            aggregation_type: self.aggregation_type,
            decimals: self.decimals.and_then(|decimals| u32::try_from(decimals).ok()),
            aggregate_export_category_option_combo: self.aggregate_export_category_option_combo,
            aggregate_export_attribute_option_combo: self.aggregate_export_attribute_option_combo,
            aggregate_export_data_element: self.aggregate_export_data_element,
        })
    }
}

/// An option.
#[derive(Debug, Deserialize)]
struct WireOption {
    id: String,
    code: Option<String>,
    name: Option<String>,
}

/// An option set.
#[derive(Debug, Deserialize)]
pub(crate) struct WireOptionSet {
    id: String,
    code: Option<String>,
    name: Option<String>,
    options: Option<Vec<Option<WireOption>>>,
}

impl Listed for WireOptionSet {
    type Object = OptionSet;
    const PLURAL: &'static str = "optionSets";
    const FIELDS: &'static str = "id,code,name,options[id,code,name]";

    fn id(&self) -> &str {
        &self.id
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<OptionSet, String> {
        // Gaps in an option set's sort order are printed as null.
        let options = self.options.unwrap_or_default().into_iter().flatten().filter_map(|wire| {
            let option =
                Uid::parse(&wire.id).map_err(|error| notes.push(format!("option set `{id}`: {error}"))).ok()?;
            let code = wire.code?;
            Some(OptionSetOption { id: option, name: named(wire.name, option), code })
        });
        let options = options.collect();
        Ok(OptionSet { id, code: self.code, name: named(self.name, id), options })
    }
}

#[cfg(test)]
mod tests {
    use super::{Listed, WireDataElement, WireDataSet, WireOptionSet, WireOrganisationUnit, day};
    use crate::domain::uid::Uid;
    use crate::domain::value_type::ValueType;

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
