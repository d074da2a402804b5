//! How servers name a value that does not fit its type (`ValidationUtils.valueIsValid` and its translations).

use xfer_domain::value_type::ValueType;

/// The key of the error.
pub(super) fn key(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Number => "value_not_numeric",
        ValueType::UnitInterval => "value_not_unit_interval",
        ValueType::Percentage => "value_not_percentage",
        ValueType::Integer => "value_not_integer",
        ValueType::IntegerPositive => "value_not_positive_integer",
        ValueType::IntegerNegative => "value_not_negative_integer",
        ValueType::IntegerZeroOrPositive => "value_not_zero_or_positive_integer",
        ValueType::Boolean => "value_not_bool",
        ValueType::TrueOnly => "value_not_true_only",
        ValueType::Date => "value_not_valid_date",
        ValueType::Age => "value_not_valid_age",
        ValueType::DateTime => "value_not_valid_datetime",
        ValueType::Time => "value_not_valid_time",
        ValueType::Coordinate => "value_not_coordinate",
        ValueType::Url => "value_not_url",
        ValueType::Letter => "value_not_valid_letter",
        ValueType::Email => "value_not_valid_email",
        ValueType::PhoneNumber => "value_not_phone_number",
        ValueType::Username => "value_not_valid_username",
        ValueType::FileResource | ValueType::Image => "value_not_valid_file_resource_uid",
        ValueType::OrganisationUnit => "value_not_valid_org_unit_uid",
        _ => "value_length_greater_than_max_length",
    }
}

/// The key in words where a translation exists; the key itself where none does.
pub(super) fn words(key: &'static str) -> &'static str {
    match key {
        "value_not_numeric" => "Data value is not numeric",
        "value_not_unit_interval" => "Data value is not a unit interval",
        "value_not_percentage" => "Data value is not a percentage",
        "value_not_integer" => "Data value is not an integer",
        "value_not_positive_integer" => "Data value is not a positive integer",
        "value_not_negative_integer" => "Data value is not a negative integer",
        "value_not_bool" => "Data value is not a boolean",
        "value_not_true_only" => "Data value is not true",
        "value_not_valid_date" => "Data value is not a valid date",
        "value_not_valid_letter" => "Data value is not a valid letter",
        "value_length_greater_than_max_length" => "Data value is greater than max length",
        other => other,
    }
}
