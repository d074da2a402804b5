//! Category combos, category option combos, category options and indicators as servers print them.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::metadata::text;
use crate::metadata::wire::{Listed, Reference, WireAccess, access, named, optional_day, required, uids};
use xfer_domain::metadata::{CategoryCombo, CategoryOption, CategoryOptionCombo, Indicator, ProgramIndicator};
use xfer_domain::uid::Uid;

/// A category combo.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireCategoryCombo {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
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

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
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

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn is_dispensable(&self) -> bool {
        // Left over when a category combo was taken away: no value can stand there.
        self.category_combo.is_none()
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
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    #[serde(default, deserialize_with = "text::word")]
    start_date: Option<String>,
    #[serde(default, deserialize_with = "text::word")]
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

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
            is_hidden: false,
        })
    }
}

/// An indicator.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WireIndicator {
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    decimals: Option<i64>,
    #[serde(default, deserialize_with = "text::formula")]
    numerator: Option<String>,
    #[serde(default, deserialize_with = "text::formula")]
    denominator: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    aggregate_export_category_option_combo: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
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

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
    #[serde(deserialize_with = "text::id")]
    id: String,
    #[serde(default, deserialize_with = "text::name")]
    code: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    name: Option<String>,
    program: Option<Reference>,
    #[serde(default, deserialize_with = "text::word")]
    aggregation_type: Option<String>,
    decimals: Option<i64>,
    #[serde(default, deserialize_with = "text::name")]
    aggregate_export_category_option_combo: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
    aggregate_export_attribute_option_combo: Option<String>,
    #[serde(default, deserialize_with = "text::name")]
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

    fn name(&self) -> Option<&str> {
        self.name.as_deref()
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
