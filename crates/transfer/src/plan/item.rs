//! One item of a job with everything that the stages ask about it, looked up once.

use bigdecimal::BigDecimal;

use xfer_domain::cell::CellAddress;
use xfer_domain::coverage::Coverage;
use xfer_domain::item::{Combine, Item, SourceItem, WhenEmpty};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::rounding::Rounding;
use xfer_domain::routine::Policies;
use xfer_domain::value_type::{Referent, ValueType};

/// An item made ready to run.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question of its own that the metadata answer")]
pub struct PlannedItem {
    /// What is read.
    pub source: SourceItem,
    /// Where it goes.
    pub destination: CellAddress,
    /// How several contributions become one value.
    pub combine: Combine,
    /// Factor of each contribution.
    pub factor: Option<BigDecimal>,
    /// How the cell's value is rounded.
    pub round: Option<Rounding>,
    /// How many source periods must have a value.
    pub coverage: Option<Coverage>,
    /// Its weight among those that share its source out.
    pub share: Option<BigDecimal>,
    /// Whether the source holds numbers.
    pub source_is_numeric: bool,
    /// Whether scripts decide on its values: they may make numbers of texts.
    pub scripted: bool,
    /// What happens to a destination cell when the source has nothing for it.
    pub when_empty: WhenEmpty,
    /// The destination's value type; `Other` for a data element that it does not know (preflight names it).
    pub value_type: ValueType,
    /// Whether the destination does not keep zeros in cells of this item.
    pub zero_vanishes: bool,
    /// Whether the source does not show what it reads: it was deleted, or is hidden from the user. Nothing is read for it.
    pub unseen: bool,
    /// What its values are ids of at the source, where nobody but us translates them and the two servers are not one.
    pub referent: Option<Referent>,
}

impl PlannedItem {
    /// Looks up what the metadata says about an item.
    pub fn new(item: &Item, job: &Job, policies: &Policies, source: &Metadata, destination: &Metadata) -> Self {
        let source_is_numeric = item.source.data().value_type(source).is_some_and(ValueType::is_numeric);
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
            // A job's rounding is for its numbers; an item's own is a person's word about this item.
            round: item.round.or(job.round.filter(|_| value_type.is_numeric())),
            coverage: item.coverage.or(job.coverage),
            share: item.share.clone(),
            source_is_numeric,
            scripted: false,
            when_empty: item.when_empty.unwrap_or(policies.when_empty),
            value_type,
            zero_vanishes,
            unseen: false,
            referent: None,
        }
    }

    /// Whether each contribution has to be a number.
    pub fn needs_numbers(&self) -> bool {
        if self.scripted {
            return self.factor.is_some();
        }
        self.value_type.is_numeric()
            || self.factor.is_some()
            || self.round.is_some()
            || self.share.is_some()
            || matches!(self.combine, Combine::Sum | Combine::Average | Combine::Min | Combine::Max)
    }
}
