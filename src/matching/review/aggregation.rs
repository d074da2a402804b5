//! Which operator fits what is combined. DHIS2 says of each data element how its values aggregate, over org units and
//! over time (`aggregationType`): cases are added up, an average weight is not, and a stock is added over org units but
//! is that of the last month over time.

use std::collections::BTreeSet;

use crate::domain::item::{Combine, Item, SourceItem};
use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::org_unit_map::OrgUnitMapping;
use crate::domain::uid::Uid;
use crate::matching::finding;
use crate::matching::items::{attribute_combos_of, category_combos_of};
use crate::matching::review::overlap::quoted;
use crate::matching::review::words::source_name;
use crate::matching::review::{Finding, Review, through_analytics};

/// Along what several values of a data element meet in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Along {
    /// Several org units are merged.
    OrgUnits,
    /// Periods become coarser ones.
    Time,
    /// Several option combos go to one.
    OptionCombos,
}

impl Along {
    fn in_words(self) -> &'static str {
        match self {
            Self::OrgUnits => "over org units",
            Self::Time => "over time",
            Self::OptionCombos => "over option combos",
        }
    }
}

/// What an aggregation type says about combining along something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// This operator does what DHIS2 does.
    Operator(Combine),
    /// No operator does: such values are not combined.
    Never,
    /// The aggregation type is not known here, or says nothing.
    Unknown,
}

/// The operator that does what DHIS2 does with values of an aggregation type. `counted` says that the values are figures
/// of analytics: a count is a number of values there, which can be added up; raw values of such an element cannot.
pub fn fit(aggregation_type: &str, along: Along, counted: bool) -> Fit {
    use Combine::{Average, First, Last, Max, Min, Sum};
    // Over org units, over time. Option combos go with the org units: DHIS2 treats both after time.
    let (space, time) = match aggregation_type {
        "SUM" => (Some(Sum), Some(Sum)),
        "AVERAGE" => (Some(Average), Some(Average)),
        "AVERAGE_SUM_ORG_UNIT" => (Some(Sum), Some(Average)),
        "LAST" | "LAST_IN_PERIOD" => (Some(Sum), Some(Last)),
        "LAST_AVERAGE_ORG_UNIT" | "LAST_IN_PERIOD_AVERAGE_ORG_UNIT" => (Some(Average), Some(Last)),
        // The last one of all org units: which one that is does not show in one period.
        "LAST_LAST_ORG_UNIT" => (None, Some(Last)),
        "FIRST" => (Some(Sum), Some(First)),
        "FIRST_AVERAGE_ORG_UNIT" => (Some(Average), Some(First)),
        "FIRST_FIRST_ORG_UNIT" => (None, Some(First)),
        "MIN" => (Some(Min), Some(Min)),
        "MAX" => (Some(Max), Some(Max)),
        "MIN_SUM_ORG_UNIT" => (Some(Sum), Some(Min)),
        "MAX_SUM_ORG_UNIT" => (Some(Sum), Some(Max)),
        "COUNT" if counted => (Some(Sum), Some(Sum)),
        "COUNT" | "STDDEV" | "VARIANCE" | "NONE" => (None, None),
        _ => return Fit::Unknown,
    };
    let operator = if along == Along::Time { time } else { space };
    operator.map_or(Fit::Never, Fit::Operator)
}

/// The one operator for all the ways in which values meet.
pub fn fit_all(aggregation_type: &str, ways: &BTreeSet<Along>, counted: bool) -> Fit {
    let mut fits = ways.iter().map(|along| fit(aggregation_type, *along, counted));
    let Some(first) = fits.next() else { return Fit::Unknown };
    if fits.all(|other| other == first) { first } else { Fit::Never }
}

/// What is asked about the items of a job.
#[derive(Debug, Clone, Copy)]
pub struct Merging<'review> {
    source: &'review Metadata,
    destination: &'review Metadata,
    job: &'review Job,
    /// Whether the map sends several source units to one.
    merges_units: bool,
}

impl<'review> Merging<'review> {
    /// The items of a job under an org unit map.
    pub fn new(
        source: &'review Metadata,
        destination: &'review Metadata,
        job: &'review Job,
        rows: &[OrgUnitMapping],
    ) -> Self {
        let mut seen = BTreeSet::new();
        let merges_units = rows.iter().filter_map(OrgUnitMapping::target).any(|target| !seen.insert(target));
        Self { source, destination, job, merges_units }
    }

    /// Along what values of an item meet in one cell. `others` are items that may write the same cell.
    pub fn ways(&self, item: &Item, others: &[Item]) -> BTreeSet<Along> {
        let mut ways = BTreeSet::new();
        if self.merges_units {
            ways.insert(Along::OrgUnits);
        }
        if self.job.source_period_type != self.job.destination_period_type {
            ways.insert(Along::Time);
        }
        let part = |other: &Item| {
            other.destination == item.destination
                && other.source != item.source
                && other.source.id() == item.source.id()
        };
        if reads_several(self.source, &item.source) || others.iter().any(part) {
            ways.insert(Along::OptionCombos);
        }
        ways
    }

    /// The operator that fits an item, by the source's aggregation type and, where that says nothing, by the
    /// destination's; none where no value meets another, or nothing fits.
    pub fn operator(&self, item: &Item, others: &[Item]) -> Option<Combine> {
        let ways = self.ways(item, others);
        let counted = through_analytics(self.job, &item.source);
        let of =
            |aggregation_type: Option<&str>| aggregation_type.map_or(Fit::Unknown, |own| fit_all(own, &ways, counted));
        match of(self.source_type(&item.source)) {
            Fit::Operator(operator) => Some(operator),
            Fit::Never => None,
            Fit::Unknown => match of(self.destination_type(item)) {
                Fit::Operator(operator) => Some(operator),
                Fit::Never | Fit::Unknown => None,
            },
        }
    }

    /// The aggregation type of numbers; others are not calculated with.
    fn source_type(&self, source: &SourceItem) -> Option<&'review str> {
        match source {
            SourceItem::DataElement { id, .. } => {
                let element = self.source.data_elements.get(id).filter(|element| element.value_type.is_numeric());
                element.map(|element| element.aggregation_type.as_str())
            }
            SourceItem::ProgramIndicator { id } => {
                self.source.program_indicators.get(id).and_then(|indicator| indicator.aggregation_type.as_deref())
            }
            SourceItem::Indicator { .. } => None,
        }
    }

    fn destination_type(&self, item: &Item) -> Option<&'review str> {
        let element = self.destination.data_elements.get(&item.destination.data_element);
        element.filter(|element| element.value_type.is_numeric()).map(|element| element.aggregation_type.as_str())
    }

    /// Whether an indicator is a share of something: such figures cannot be added up.
    fn is_ratio(&self, source: &SourceItem) -> bool {
        let SourceItem::Indicator { id } = source else { return false };
        let indicator = self.source.indicators.get(id);
        indicator.is_some_and(|indicator| indicator.denominator.contains('{'))
    }

    /// What speaks against the operator of an item.
    fn finding(&self, number: usize, item: &Item) -> Option<Finding> {
        let combine = item.combine.unwrap_or(self.job.combine);
        // Where nothing is said the missing operator is the finding; a script that combines knows what it does.
        if combine == Combine::Error || !item.scripts.is_empty() || !self.job.scripts.is_empty() {
            return None;
        }
        let ways = self.ways(item, &self.job.items);
        if ways.is_empty() {
            return None;
        }
        let name = source_name(self.source, &item.source);
        if self.is_ratio(&item.source) && combine == Combine::Sum {
            let message = format!(
                "item {number}: {name} is an indicator with a denominator; figures of several {} cannot be added up",
                several(&ways)
            );
            return Some(self.no_operator(number, message));
        }
        let sides = [
            (self.source_type(&item.source), through_analytics(self.job, &item.source), name.clone(), "source"),
            (self.destination_type(item), true, self.destination.name_of(item.destination.data_element), "destination"),
        ];
        sides.into_iter().find_map(|(own, counted, name, side)| {
            self.against(number, combine, own?, counted, &ways, &format!("{name} ({side})"))
        })
    }

    fn no_operator(&self, number: usize, message: String) -> Finding {
        let found = Finding::new(&finding::NO_OPERATOR_FITS, self.job, message).items(vec![number]);
        let item = number.checked_sub(1).and_then(|index| self.job.items.get(index));
        // What comes from analytics anyway is not helped by reading it from there.
        if item.is_some_and(|item| through_analytics(self.job, &item.source)) {
            let hint = "Combine along one way only, or keep org units and periods as they are.";
            return found.hint(hint.to_owned());
        }
        found
    }

    fn against(
        &self,
        number: usize,
        combine: Combine,
        aggregation_type: &str,
        counted: bool,
        ways: &BTreeSet<Along>,
        name: &str,
    ) -> Option<Finding> {
        let fits: Vec<(Along, Fit)> =
            ways.iter().map(|along| (*along, fit(aggregation_type, *along, counted))).collect();
        let wrong = |(_, fit): &&(Along, Fit)| match fit {
            Fit::Operator(operator) => *operator != combine,
            // Of values that are not combined a person may still want the largest or the last.
            Fit::Never => matches!(combine, Combine::Sum | Combine::Average),
            Fit::Unknown => false,
        };
        fits.iter().find(wrong)?;
        let says = |(along, fit): &(Along, Fit)| match fit {
            Fit::Operator(operator) => format!("{} {}", operator.name(), along.in_words()),
            Fit::Never | Fit::Unknown => format!("nothing {}", along.in_words()),
        };
        let wanted = fits.iter().map(says).collect::<Vec<_>>().join(", ");
        let job = quoted(&self.job.name);
        let message = format!(
            "item {number}: {name} has the aggregation type {aggregation_type}, which asks for {wanted}; the item takes {}",
            combine.name()
        );
        Some(match fit_all(aggregation_type, ways, counted) {
            Fit::Operator(operator) => {
                let hint = format!(
                    "give the item the operator that fits: xfer job edit-item {job} {number} --combine {}",
                    operator.name()
                );
                Finding::new(&finding::OPERATOR_DOES_NOT_FIT, self.job, message).items(vec![number]).hint(hint)
            }
            Fit::Never | Fit::Unknown => self.no_operator(number, message),
        })
    }
}

fn several(ways: &BTreeSet<Along>) -> String {
    let words = ways.iter().map(|along| match along {
        Along::OrgUnits => "org units",
        Along::Time => "periods",
        Along::OptionCombos => "option combos",
    });
    words.collect::<Vec<_>>().join(" and ")
}

/// Whether an item leaves an option combo open of which its data element has several.
fn reads_several(source: &Metadata, item: &SourceItem) -> bool {
    let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = *item else { return false };
    let several = |category_combos: &[Uid]| {
        let combos = source.category_option_combos.values();
        combos.filter(|combo| category_combos.contains(&combo.category_combo)).nth(1).is_some()
    };
    category_option_combo.is_none() && several(&category_combos_of(source, id))
        || attribute_option_combo.is_none() && several(&attribute_combos_of(source, id))
}

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let of_job = |job| {
        let merging = Merging::new(review.source.metadata, review.destination.metadata, job, review.rows);
        (1..).zip(&job.items).filter_map(|(number, item)| merging.finding(number, item)).collect::<Vec<_>>()
    };
    review.jobs.iter().flat_map(of_job).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Along, Fit, fit, fit_all};
    use crate::domain::item::Combine::{Average, First, Last, Max, Min, Sum};

    #[test]
    fn every_aggregation_type_has_its_operator_over_org_units_and_over_time() {
        let one = Fit::Operator;
        // Type, over org units and option combos, over time, all of them at once.
        for (aggregation_type, space, time, both) in [
            ("SUM", one(Sum), one(Sum), one(Sum)),
            ("AVERAGE", one(Average), one(Average), one(Average)),
            ("AVERAGE_SUM_ORG_UNIT", one(Sum), one(Average), Fit::Never),
            ("LAST", one(Sum), one(Last), Fit::Never),
            ("LAST_IN_PERIOD", one(Sum), one(Last), Fit::Never),
            ("LAST_AVERAGE_ORG_UNIT", one(Average), one(Last), Fit::Never),
            ("LAST_IN_PERIOD_AVERAGE_ORG_UNIT", one(Average), one(Last), Fit::Never),
            ("LAST_LAST_ORG_UNIT", Fit::Never, one(Last), Fit::Never),
            ("FIRST", one(Sum), one(First), Fit::Never),
            ("FIRST_AVERAGE_ORG_UNIT", one(Average), one(First), Fit::Never),
            ("FIRST_FIRST_ORG_UNIT", Fit::Never, one(First), Fit::Never),
            ("MIN", one(Min), one(Min), one(Min)),
            ("MAX", one(Max), one(Max), one(Max)),
            ("MIN_SUM_ORG_UNIT", one(Sum), one(Min), Fit::Never),
            ("MAX_SUM_ORG_UNIT", one(Sum), one(Max), Fit::Never),
            ("COUNT", Fit::Never, Fit::Never, Fit::Never),
            ("STDDEV", Fit::Never, Fit::Never, Fit::Never),
            ("VARIANCE", Fit::Never, Fit::Never, Fit::Never),
            ("NONE", Fit::Never, Fit::Never, Fit::Never),
            ("CUSTOM", Fit::Unknown, Fit::Unknown, Fit::Unknown),
            ("DEFAULT", Fit::Unknown, Fit::Unknown, Fit::Unknown),
        ] {
            assert_eq!(fit(aggregation_type, Along::OrgUnits, false), space, "{aggregation_type} over org units");
            assert_eq!(fit(aggregation_type, Along::OptionCombos, false), space, "{aggregation_type} over combos");
            assert_eq!(fit(aggregation_type, Along::Time, false), time, "{aggregation_type} over time");
            let ways = BTreeSet::from([Along::OrgUnits, Along::Time]);
            assert_eq!(fit_all(aggregation_type, &ways, false), both, "{aggregation_type} over both");
        }
        assert_eq!(fit("COUNT", Along::Time, true), one(Sum), "figures of analytics are numbers of values");
        assert_eq!(fit_all("SUM", &BTreeSet::new(), false), Fit::Unknown, "nothing meets");
    }
}
