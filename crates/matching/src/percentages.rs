//! Percentages, mostly reporting rates: which data elements accept them, and where they would be added up.

use bigdecimal::BigDecimal;

use crate::finding::DESTINATION_ADDS_PERCENTAGES;
use crate::item_rules::{ItemFinding, of};
use crate::review::aggregation::{Along, Fit, fit};
use xfer_domain::item::{Combine, Item};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::value_type::ValueType;

/// Percentages of reports in a data element whose values the destination adds up.
pub(super) fn totals(source: &Metadata, destination: &Metadata, item: &Item) -> Option<ItemFinding> {
    let target = destination.data_elements.get(&item.destination.data_element)?;
    let is_percentage = item.source.data().metric()?.is_percentage();
    let sums = target.value_type.is_numeric() && adds_up(&target.aggregation_type);
    (is_percentage && sums).then(|| {
        let message = format!(
            "{} is a percentage, and {} at the destination has the aggregation type {}: totals over org units there \
             would add up percentages",
            source.data_name(item.source.data()),
            target.name,
            target.aggregation_type
        );
        of(&DESTINATION_ADDS_PERCENTAGES, message)
    })
}

/// Whether a server adds up values of an aggregation type over org units.
fn adds_up(aggregation_type: &str) -> bool {
    fit(aggregation_type, Along::OrgUnits, true) == Fit::Operator(Combine::Sum)
}

/// Whether every percentage fits after what the item or its job does with it.
pub(super) fn made_to_fit(item: &Item, job: &Job, target: ValueType) -> bool {
    match target {
        ValueType::Integer | ValueType::IntegerZeroOrPositive => {
            item.round.or(job.round).is_some_and(|round| round.digits == 0)
        }
        ValueType::UnitInterval => item.factor.as_ref().is_some_and(|factor| factor * BigDecimal::from(100) <= 1),
        _ => false,
    }
}

/// What to do about values that may not fit.
pub(super) fn what_makes_it_fit(source: ValueType, target: ValueType) -> &'static str {
    match (source, target) {
        (ValueType::Percentage, target) if target.is_integer() => {
            "a percentage is usually not a whole number: round it (--round 0), or choose a data element of type Number"
        }
        (ValueType::Percentage, ValueType::UnitInterval) => {
            "a percentage goes up to 100: convert it to a share of 1 (--factor 0.01)"
        }
        _ => "values that do not fit are held back and named when the routine runs",
    }
}
