//! Which operator fits what is combined. DHIS2 says of each data element how its values aggregate, over org units and
//! over time (`aggregationType`): cases are added up, an average weight is not, and a stock is added over org units but
//! is that of the last month over time.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{self, of_runs};
use crate::items::{attribute_combos_of, category_combos_of};
use crate::review::overlap::quoted;
use crate::review::sides::{Says, Side, fit_of_reports};
use crate::review::words::{items, source_name};
use crate::review::{Finding, Review, through_analytics};
use xfer_domain::data_item::ReportingMetric;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::script::{Attachment, Hook};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

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
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::OrgUnits => "over org units",
            Self::Time => "over time",
            Self::OptionCombos => "over option combos",
        }
    }

    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::OrgUnits => "org units",
            Self::Time => "periods",
            Self::OptionCombos => "option combos",
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
        // What a formula of its own makes of the values is not known.
        "COUNT" | "STDDEV" | "VARIANCE" | "NONE" | "CUSTOM" => (None, None),
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
    /// The scripts of the routine; those of the job and its items stand with them.
    scripts: &'review [Attachment],
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
        Self { source, destination, job, scripts: &[], merges_units }
    }

    /// The same where a routine has scripts of its own.
    #[must_use]
    pub fn with_scripts(self, scripts: &'review [Attachment]) -> Self {
        Self { scripts, ..self }
    }

    /// Along what values of an item meet in one cell. `others` are items that may write the same cell.
    pub fn ways(&self, item: &Item, others: &[Item]) -> BTreeSet<Along> {
        let mut ways = BTreeSet::new();
        if self.merges_units {
            ways.insert(Along::OrgUnits);
        }
        // A script that decides periods may put several into one.
        if self.job.source_period_type != self.job.destination_period_type || self.acts(item, Hook::Period) {
            ways.insert(Along::Time);
        }
        let part = |other: &Item| {
            other.destination == item.destination
                && other.source != item.source
                && other.source.data() == item.source.data()
        };
        if reads_several(self.source, &item.source) || others.iter().any(part) {
            ways.insert(Along::OptionCombos);
        }
        ways
    }

    /// The operator that fits an item, by the source's aggregation type and, where that says nothing, by the
    /// destination's; none where no value meets another, or nothing fits.
    pub fn operator(&self, item: &Item, others: &[Item]) -> Option<Combine> {
        // Nothing can be calculated with a text.
        let chosen = item.combine.unwrap_or(self.job.combine);
        if self.holds_no_numbers(&item.source).is_some() {
            return calculates(chosen).then_some(Combine::Last);
        }
        let ways = self.ways(item, others);
        let counted = through_analytics(self.job, &item.source);
        let of =
            |aggregation_type: Option<&str>| aggregation_type.map_or(Fit::Unknown, |own| fit_all(own, &ways, counted));
        let own = match item.source.data().metric() {
            Some(_) if ways.is_empty() => Fit::Unknown,
            Some(metric) => fit_of_reports(metric),
            None => of(self.source_type(&item.source)),
        };
        match own {
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
            SourceItem::Indicator { .. } | SourceItem::ReportingRate { .. } => None,
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

    /// Whether a script acts on an item, wherever it is attached.
    fn acts(&self, item: &Item, hook: Hook) -> bool {
        item.scripts.iter().chain(&self.job.scripts).chain(self.scripts).any(|script| script.acts(hook))
    }

    /// What speaks against the operator of an item. A script that combines takes the operator's place; others do not.
    fn finding(&self, number: usize, item: &Item) -> Option<Finding> {
        let combine = item.combine.unwrap_or(self.job.combine);
        // Where nothing is said the missing operator is the finding.
        if combine == Combine::Error || self.acts(item, Hook::Combine) {
            return None;
        }
        if let Some(found) = self.no_numbers(number, item, combine) {
            return Some(found);
        }
        let ways = self.ways(item, &self.job.items);
        if let Some(found) = self.percentages_added_up(number, item, combine, &ways) {
            return Some(found);
        }
        if ways.is_empty() {
            return None;
        }
        let sides = self.sides(item);
        let against: Vec<&Side> = sides.iter().filter(|side| side.objects(combine, &ways)).collect();
        if against.is_empty() {
            return None;
        }
        let suits = |operator: &Combine| sides.iter().all(|side| !side.objects(*operator, &ways));
        let better = sides.iter().filter_map(|side| side.wants(&ways)).find(suits);
        let told = if better.is_some() { against } else { sides.iter().filter(|side| side.says(&ways)).collect() };
        let asked = told.iter().map(|side| side.in_words(&ways)).collect::<Vec<_>>().join("; ");
        let message = format!("item {number}: {asked}; the item uses {}", combine.name());
        let job = quoted(&self.job.name);
        Some(if let Some(operator) = better {
            let operator = operator.name();
            let hint =
                format!("give the item the operator that fits: xfer job edit-item {job} {number} --combine {operator}");
            Finding::new(&finding::OPERATOR_DOES_NOT_FIT, self.job, message).items(vec![number]).hint(hint)
        } else if is_percentage(item) {
            let message = format!("{message}, and no operator can combine several percentages");
            let hint = of_runs::PERCENTAGES_ADDED_UP.remedy;
            Finding::new(&finding::NO_OPERATOR_FITS, self.job, message).items(vec![number]).hint(hint.to_owned())
        } else if told.len() > 1 {
            let hint = "source and destination disagree, and no operator fits both: check which one is right; give \
                        each value its own cell, or map the item to another data element";
            let message = format!("{message}, and no operator fits both");
            Finding::new(&finding::NO_OPERATOR_FITS, self.job, message).items(vec![number]).hint(hint.to_owned())
        } else if through_analytics(self.job, &item.source) {
            // What comes from analytics anyway is not helped by reading it from there.
            let hint = "combine only over org units or only over periods, or combine nothing";
            Finding::new(&finding::NO_OPERATOR_FITS, self.job, message).items(vec![number]).hint(hint.to_owned())
        } else {
            Finding::new(&finding::NO_OPERATOR_FITS, self.job, message).items(vec![number])
        })
    }

    /// Percentages of reports that would be added up. A script that decides periods may leave nothing to add.
    fn percentages_added_up(
        &self,
        number: usize,
        item: &Item,
        combine: Combine,
        ways: &BTreeSet<Along>,
    ) -> Option<Finding> {
        if combine != Combine::Sum || !is_percentage(item) {
            return None;
        }
        let mut meet: Vec<&str> = ways.iter().map(|along| along.plural()).collect();
        if ways.contains(&Along::Time) && self.acts(item, Hook::Period) {
            meet.retain(|along| *along != Along::Time.plural());
        }
        let beside = |other: &Item| other.destination == item.destination && other.source.data() != item.source.data();
        if self.job.items.iter().any(beside) {
            meet.push("items");
        }
        if meet.is_empty() {
            return None;
        }
        let name = source_name(self.source, &item.source);
        let message = format!(
            "item {number}: {name} is a percentage; those of several {} go to one cell, and the item uses sum",
            meet.join(" and ")
        );
        Some(Finding::new(&of_runs::PERCENTAGES_ADDED_UP, self.job, message).items(vec![number]))
    }

    /// What both servers say of an item's values, as far as they say something.
    fn sides(&self, item: &Item) -> Vec<Side> {
        let source = source_name(self.source, &item.source);
        let own = if let Some(metric) = item.source.data().metric() {
            Some(Says::Reports(metric))
        } else if self.is_ratio(&item.source) {
            Some(Says::Ratio)
        } else {
            let counted = through_analytics(self.job, &item.source);
            self.source_type(&item.source).map(|own| Says::Type(own.to_owned(), counted))
        };
        let destination = self.destination.name_of(item.destination.data_element);
        let theirs = self.destination_type(item).map(|own| Says::Type(own.to_owned(), true));
        [(own, format!("{source} (source)")), (theirs, format!("{destination} (destination)"))]
            .into_iter()
            .filter_map(|(says, name)| Some(Side { says: says?, name }))
            .collect()
    }

    /// Values that are no numbers, under an operator that calculates: every cell of them would be held back.
    fn no_numbers(&self, number: usize, item: &Item, combine: Combine) -> Option<Finding> {
        let holds = self.holds_no_numbers(&item.source)?;
        if !calculates(combine) || self.acts(item, Hook::Value) {
            return None;
        }
        let message = format!(
            "item {number}: {} has {holds}; the item uses {}, which needs numbers, so every cell with another value \
             would be held back",
            source_name(self.source, &item.source),
            combine.name()
        );
        let hint = format!(
            "use an operator that does not calculate: xfer job edit-item {} {number} --combine last; give each org \
             unit or option combo its own cell",
            quoted(&self.job.name)
        );
        Some(Finding::new(&finding::NO_OPERATOR_FITS, self.job, message).items(vec![number]).hint(hint))
    }

    /// What a data element holds, where it is no numbers.
    fn holds_no_numbers(&self, source: &SourceItem) -> Option<&'static str> {
        let SourceItem::DataElement { id, .. } = source else { return None };
        let value_type = self.source.data_elements.get(id)?.value_type;
        (!value_type.is_numeric()).then_some(match value_type {
            ValueType::Boolean | ValueType::TrueOnly => "yes and no",
            _ => "no numbers",
        })
    }

    /// The ways in which values certainly meet in one cell, where no operator and no script says how they combine: a run
    /// is refused. What a script with `period` does is known when it is asked.
    fn unsaid(&self, item: &Item) -> BTreeSet<Along> {
        let combine = item.combine.unwrap_or(self.job.combine);
        if combine != Combine::Error || self.acts(item, Hook::Combine) {
            return BTreeSet::new();
        }
        let mut ways = self.ways(item, &[]);
        if self.acts(item, Hook::Period) {
            ways.remove(&Along::Time);
        }
        ways
    }
}

/// Whether an item reads a percentage of reports.
fn is_percentage(item: &Item) -> bool {
    item.source.data().metric().is_some_and(ReportingMetric::is_percentage)
}

/// Whether an operator takes numbers only.
fn calculates(combine: Combine) -> bool {
    matches!(combine, Combine::Sum | Combine::Average | Combine::Min | Combine::Max)
}

pub(super) fn several(ways: &BTreeSet<Along>) -> String {
    ways.iter().map(|along| along.plural()).collect::<Vec<_>>().join(" and ")
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
        let merging = merging.with_scripts(review.scripts);
        let mut found: Vec<Finding> = unsaid(&merging);
        found.extend((1..).zip(&job.items).filter_map(|(number, item)| merging.finding(number, item)));
        found
    };
    review.jobs.iter().flat_map(of_job).collect()
}

/// Items whose values meet without an operator, one finding for each way.
fn unsaid(merging: &Merging<'_>) -> Vec<Finding> {
    let mut by_ways: BTreeMap<(bool, BTreeSet<Along>), Vec<usize>> = BTreeMap::new();
    for (number, item) in (1..).zip(&merging.job.items) {
        let ways = merging.unsaid(item);
        if !ways.is_empty() {
            by_ways.entry((is_percentage(item), ways)).or_default().push(number);
        }
    }
    let finding = |((percentages, ways), numbers): ((bool, BTreeSet<Along>), Vec<usize>)| {
        let message = format!(
            "{}: values of several {} go to one cell, and no combine operator is set, so a run is refused",
            items(&numbers),
            several(&ways)
        );
        let hint = "set one: `xfer job edit JOB --combine sum`, or `xfer job edit-item JOB NUMBER --combine OPERATOR` \
                    for one item; or give each value its own cell";
        // No operator makes one percentage of several.
        let hint = if percentages { of_runs::PERCENTAGES_ADDED_UP.remedy } else { hint };
        let hint = hint.replace("JOB", &quoted(&merging.job.name));
        Finding::new(&of_runs::COMBINE_MISSING, merging.job, message).items(numbers).hint(hint)
    };
    by_ways.into_iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Along, Fit, fit, fit_all};
    use xfer_domain::item::Combine::{Average, First, Last, Max, Min, Sum};

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
            ("CUSTOM", Fit::Never, Fit::Never, Fit::Never),
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
