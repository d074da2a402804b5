//! Data elements, data sets and option sets as servers print them.
//!
//! `expiryDays` is an integer on 2.40 and a float on 2.42; a `dataSetElements` entry has a category combo only where it
//! overrides the data element's own (`metadata/data-sets-fields`).

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use crate::metadata::text;
use crate::metadata::wire::{
    Listed, Reference, WireAccess, WireAttributeValue, access, attribute_values, named, optional_day, required, uids,
};
use xfer_domain::metadata::{DataElement, DataInputPeriod, DataSet, DataSetElement, OptionSet, OptionSetOption};
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// A data element.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireDataElement {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    short_name: Option<String>,
    value_type: Option<ValueType>,
    #[serde(default, deserialize_with = "text::word")]
    aggregation_type: Option<String>,
    zero_is_significant: Option<bool>,
    category_combo: Option<Reference>,
    option_set: Option<Reference>,
    comment_option_set: Option<Reference>,
    attribute_values: Option<Vec<WireAttributeValue>>,
}

impl Listed for WireDataElement {
    type Object = DataElement;
    const PLURAL: &'static str = "dataElements";
    const FIELDS: &'static str = "id,code,name,shortName,valueType,aggregationType,zeroIsSignificant,\
                                  categoryCombo[id],optionSet[id],commentOptionSet[id],\
                                  attributeValues[value,attribute[id]]";
    const FILTER: Option<&'static str> = Some("domainType:eq:AGGREGATE");

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
            comment_option_set: self.comment_option_set.map(|reference| reference.uid()).transpose()?,
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

/// A period, as an object of its own.
#[derive(Debug, Deserialize)]
struct WirePeriod {
    #[serde(deserialize_with = "text::id")]
    id: String,
}

/// When a period takes entries.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireInputPeriod {
    period: Option<WirePeriod>,
    #[serde(default, deserialize_with = "text::word")]
    opening_date: Option<String>,
    #[serde(default, deserialize_with = "text::word")]
    closing_date: Option<String>,
}

/// A data set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireDataSet {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text::word")]
    period_type: Option<String>,
    category_combo: Option<Reference>,
    open_future_periods: Option<i32>,
    open_periods_after_co_end_date: Option<i32>,
    expiry_days: Option<f64>,
    data_set_elements: Option<Vec<WireMember>>,
    organisation_units: Option<Vec<Reference>>,
    data_input_periods: Option<Vec<WireInputPeriod>>,
    access: Option<WireAccess>,
}

impl Listed for WireDataSet {
    type Object = DataSet;
    const PLURAL: &'static str = "dataSets";
    const FIELDS: &'static str = "id,code,name,periodType,openFuturePeriods,openPeriodsAfterCoEndDate,expiryDays,\
                                  categoryCombo[id],\
                                  dataInputPeriods,dataSetElements[dataElement[id],categoryCombo[id]],\
                                  organisationUnits[id],access[data]";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn is_dispensable(&self) -> bool {
        // Nothing could be moved into a period type that we do not know.
        self.period_type.as_ref().is_some_and(|name| name.parse::<PeriodType>().is_err())
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
            open_periods_after_co_end_date: self.open_periods_after_co_end_date.unwrap_or(0),
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

/// An option.
#[derive(Debug, Deserialize)]
struct WireOption {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
}

/// The options of a set as far as they are of use, and how many have no id.
#[derive(Debug, Default)]
struct Options {
    kept: Vec<OptionSetOption>,
    odd: u64,
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Options;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of options")
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Options, S::Error> {
                let mut options = Options::default();
                while let Some(wire) = list.next_element::<Option<WireOption>>()? {
                    // Gaps in an option set's sort order are printed as null.
                    let Some(wire) = wire else { continue };
                    let Ok(id) = Uid::parse(&wire.id) else {
                        options.odd += 1;
                        continue;
                    };
                    let name = named(wire.name, id);
                    options.kept.extend(wire.code.map(|code| OptionSetOption { id, code, name }));
                }
                Ok(options)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// An option set.
#[derive(Debug, Deserialize)]
pub(crate) struct WireOptionSet {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    options: Option<Options>,
}

impl Listed for WireOptionSet {
    type Object = OptionSet;
    const PLURAL: &'static str = "optionSets";
    const FIELDS: &'static str = "id,code,name,options[id,code,name]";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn into_domain(self, id: Uid, notes: &mut Vec<String>) -> Result<OptionSet, String> {
        let Options { kept: options, odd } = self.options.unwrap_or_default();
        if odd > 0 {
            notes.push(format!("option set `{id}`: {odd} options without a DHIS2 id"));
        }
        Ok(OptionSet { id, code: self.code, name: named(self.name, id), options })
    }
}
