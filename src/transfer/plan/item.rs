//! One item of a job with everything that the stages ask about it, looked up once.

use bigdecimal::BigDecimal;

use crate::domain::cell::CellAddress;
use crate::domain::item::{Combine, Item, SourceItem, WhenEmpty};
use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::routine::Policies;
use crate::domain::value_type::ValueType;

/// An item made ready to run. The place of a script's `value` hook is after `factor`, before the value is shaped.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedItem {
    /// What is read.
    pub source: SourceItem,
    /// Where it goes.
    pub destination: CellAddress,
    /// How several contributions become one value.
    pub combine: Combine,
    /// Factor of each contribution.
    pub factor: Option<BigDecimal>,
    /// What happens to a destination cell when the source has nothing for it.
    pub when_empty: WhenEmpty,
    /// The destination's value type; `Other` for a data element that it does not know (preflight names it).
    pub value_type: ValueType,
    /// Whether the destination does not keep zeros in cells of this item.
    pub zero_vanishes: bool,
}

impl PlannedItem {
    /// Looks up what the destination's metadata says about an item.
    pub fn new(item: &Item, job: &Job, policies: &Policies, destination: &Metadata) -> Self {
        let element = destination.data_elements.get(&item.destination.data_element);
        let value_type = element.map_or(ValueType::Other, |element| element.value_type);
        // ValidationUtils.dataValueIsZeroAndInsignificant: numeric, not significant, and not averaged.
        let zero_vanishes = element.is_some_and(|element| {
            element.value_type.is_numeric()
                && !element.zero_is_significant
                && !matches!(element.aggregation_type.as_str(), "AVERAGE" | "AVERAGE_SUM_ORG_UNIT")
        });
        Self {
            source: item.source,
            destination: item.destination,
            combine: item.combine.unwrap_or(job.combine),
            factor: item.factor.clone(),
            when_empty: item.when_empty.unwrap_or(policies.when_empty),
            value_type,
            zero_vanishes,
        }
    }

    /// Whether each contribution has to be a number.
    pub fn needs_numbers(&self) -> bool {
        self.value_type.is_numeric()
            || self.factor.is_some()
            || matches!(self.combine, Combine::Sum | Combine::Average | Combine::Min | Combine::Max)
    }
}
