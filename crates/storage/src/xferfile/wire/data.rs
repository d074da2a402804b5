//! Data elements, data sets and option sets, as they stand in a file of version 1.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use xfer_domain::metadata;
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataElement {
    pub(super) id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    value_type: ValueType,
    aggregation_type: String,
    zero_is_significant: bool,
    category_combo: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    option_set: Option<Uid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment_option_set: Option<Uid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "DHIS2's own word")]
pub(super) struct DataSet {
    pub(super) id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    period_type: PeriodType,
    category_combo: Uid,
    open_future_periods: i32,
    #[serde(default, skip_serializing_if = "is_zero")]
    open_periods_after_co_end_date: i32,
    expiry_days: f64,
    data_set_elements: Vec<Member>,
    organisation_units: Vec<Uid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data_input_periods: Vec<InputPeriod>,
    may_read: bool,
    may_write: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &i32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    data_element: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    category_combo: Option<Uid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputPeriod {
    period: Period,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opening_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closing_date: Option<Date>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OptionSet {
    pub(super) id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    options: Vec<OptionSetOption>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionSetOption {
    id: Uid,
    code: String,
    name: String,
}

impl DataElement {
    pub(super) fn of(element: &metadata::DataElement) -> Self {
        Self {
            id: element.id,
            code: element.code.clone(),
            name: element.name.clone(),
            value_type: element.value_type,
            aggregation_type: element.aggregation_type.clone(),
            zero_is_significant: element.zero_is_significant,
            category_combo: element.category_combo,
            option_set: element.option_set,
            comment_option_set: element.comment_option_set,
        }
    }

    pub(super) fn into_element(self) -> metadata::DataElement {
        metadata::DataElement {
            id: self.id,
            code: self.code,
            name: self.name,
            short_name: None,
            value_type: self.value_type,
            aggregation_type: self.aggregation_type,
            zero_is_significant: self.zero_is_significant,
            category_combo: self.category_combo,
            option_set: self.option_set,
            comment_option_set: self.comment_option_set,
            attribute_values: Vec::new(),
        }
    }
}

impl DataSet {
    pub(super) fn of(data_set: &metadata::DataSet) -> Self {
        let members = data_set.data_set_elements.iter();
        let inputs = data_set.data_input_periods.iter();
        Self {
            id: data_set.id,
            code: data_set.code.clone(),
            name: data_set.name.clone(),
            period_type: data_set.period_type,
            category_combo: data_set.category_combo,
            open_future_periods: data_set.open_future_periods,
            open_periods_after_co_end_date: data_set.open_periods_after_co_end_date,
            expiry_days: data_set.expiry_days,
            data_set_elements: members
                .map(|member| Member { data_element: member.data_element, category_combo: member.category_combo })
                .collect(),
            organisation_units: data_set.organisation_units.iter().copied().collect(),
            data_input_periods: inputs
                .map(|input| InputPeriod {
                    period: input.period,
                    opening_date: input.opening_date,
                    closing_date: input.closing_date,
                })
                .collect(),
            may_read: data_set.access.read,
            may_write: data_set.access.write,
        }
    }

    pub(super) fn into_data_set(self) -> metadata::DataSet {
        let members = self.data_set_elements.into_iter();
        let inputs = self.data_input_periods.into_iter();
        metadata::DataSet {
            id: self.id,
            code: self.code,
            name: self.name,
            period_type: self.period_type,
            category_combo: self.category_combo,
            open_future_periods: self.open_future_periods,
            open_periods_after_co_end_date: self.open_periods_after_co_end_date,
            expiry_days: self.expiry_days,
            data_set_elements: members
                .map(|Member { data_element, category_combo }| metadata::DataSetElement {
                    data_element,
                    category_combo,
                })
                .collect(),
            organisation_units: self.organisation_units.into_iter().collect(),
            data_input_periods: inputs
                .map(|InputPeriod { period, opening_date, closing_date }| metadata::DataInputPeriod {
                    period,
                    opening_date,
                    closing_date,
                })
                .collect(),
            access: metadata::DataAccess { read: self.may_read, write: self.may_write },
        }
    }
}

impl OptionSet {
    pub(super) fn of(option_set: &metadata::OptionSet) -> Self {
        let options = option_set.options.iter();
        Self {
            id: option_set.id,
            code: option_set.code.clone(),
            name: option_set.name.clone(),
            options: options
                .map(|option| OptionSetOption { id: option.id, code: option.code.clone(), name: option.name.clone() })
                .collect(),
        }
    }

    pub(super) fn into_option_set(self) -> metadata::OptionSet {
        let options = self.options.into_iter();
        metadata::OptionSet {
            id: self.id,
            code: self.code,
            name: self.name,
            options: options
                .map(|OptionSetOption { id, code, name }| metadata::OptionSetOption { id, code, name })
                .collect(),
        }
    }
}
