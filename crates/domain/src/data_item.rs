//! What can be read at a source: the data items that DHIS2's `dx` names, and one table of their kinds.
//!
//! Every word for a kind (in SQL, CSV, xfer files, on the command line, in sentences) and every rule that depends on the
//! kind alone (how it is read, where its values may go, which numbers they are) stands in [`DataKind::facts`] or is
//! derived from it.
//!
//! **A new kind needs**
//!
//! 1. a variant of [`DataKind`] with its row in [`DataKind::facts`], and its place in [`DataKind::ALL`];
//! 2. a variant of [`DataItem`] with what names one of them, and of [`SourceItem`](crate::item::SourceItem);
//! 3. where its objects stand in the metadata: [`DataItem::code`], [`DataItem::is_in`];
//! 4. the forms on the disk: columns in `store::config::jobs`, a variant in `xferfile::wire::routine` (appended, never
//!    renamed), what of the metadata goes with it in `xferfile::prune`, how it looked in `domain::fingerprint`.
//!
//! Nothing else has to be remembered: a `match` over kinds has no catch-all arm, so rustc names every other place that
//! has to decide something (how people write it in `matching::items`, which rights it needs in `domain::access`, how its
//! figures combine in `matching::review::aggregation`, …). `let … else` is left to questions that only a data element
//! has an answer to: about its option combos, and its values one by one.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::job::ReadFrom;
use crate::metadata::Metadata;
use crate::named::{named, spoken};
use crate::uid::Uid;
use crate::value_type::ValueType;

/// The kinds of data items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataKind {
    /// A data element.
    DataElement,
    /// An indicator.
    Indicator,
    /// A program indicator.
    ProgramIndicator,
    /// A reporting rate of a data set, or one of the counts behind it.
    ReportingRate,
}

/// What is true of all data items of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindFacts {
    /// The word in databases, CSV files and tables: `data_element`.
    pub word: &'static str,
    /// The word in xfer files: `DataElement`.
    pub file_word: &'static str,
    /// The word on the command line: `data-element`.
    pub option: &'static str,
    /// The words in sentences: `data element`.
    pub words: &'static str,
    /// What it is, for a list of kinds.
    pub about: &'static str,
    /// How it is read.
    pub read: ReadBy,
    /// Whether values stand under option combos, which an item names or leaves open.
    pub has_option_combos: bool,
    /// Which data elements its values may go to.
    pub goes_to: GoesTo,
}

/// How values of a kind are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    /// As the job says: raw values or analytics.
    Job,
    /// Through analytics, which calculates it.
    Analytics,
}

/// Which data elements values of a kind may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoesTo {
    /// Those whose value type takes them; a number is a text as well.
    Fitting,
    /// Those that hold numbers: as a text it could not be calculated with any more.
    Numbers,
}

impl DataKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::DataElement, Self::Indicator, Self::ProgramIndicator, Self::ReportingRate];

    /// The table of kinds.
    pub const fn facts(self) -> KindFacts {
        match self {
            Self::DataElement => KindFacts {
                word: "data_element",
                file_word: "DataElement",
                option: "data-element",
                words: "data element",
                about: "A data element",
                read: ReadBy::Job,
                has_option_combos: true,
                goes_to: GoesTo::Fitting,
            },
            Self::Indicator => KindFacts {
                word: "indicator",
                file_word: "Indicator",
                option: "indicator",
                words: "indicator",
                about: "An indicator",
                read: ReadBy::Analytics,
                has_option_combos: false,
                goes_to: GoesTo::Fitting,
            },
            Self::ProgramIndicator => KindFacts {
                word: "program_indicator",
                file_word: "ProgramIndicator",
                option: "program-indicator",
                words: "program indicator",
                about: "A program indicator",
                read: ReadBy::Analytics,
                has_option_combos: false,
                goes_to: GoesTo::Fitting,
            },
            Self::ReportingRate => KindFacts {
                word: "reporting_rate",
                file_word: "ReportingRate",
                option: "reporting-rate",
                words: "reporting rate",
                about: "A reporting rate of a data set, or a count behind it",
                read: ReadBy::Analytics,
                has_option_combos: false,
                goes_to: GoesTo::Numbers,
            },
        }
    }

    /// The word for it in databases, CSV files and tables.
    pub const fn name(self) -> &'static str {
        self.facts().word
    }

    /// The words for it in sentences.
    pub const fn words(self) -> &'static str {
        self.facts().words
    }

    /// The kind of that word, as it is written in databases and files.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind of a word that a person wrote, however its parts are joined: `Data element`, `data_element`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::from_name(&text.trim().to_lowercase().replace([' ', '-', '\u{a0}'], "_"))
    }

    /// All kinds in words, for a sentence that asks for one of them.
    pub fn any_in_words() -> String {
        let [first @ .., last] = Self::ALL.map(Self::words);
        format!("{} or {last}", first.join(", "))
    }

    /// Whether values of it come from analytics, in a job that reads its data elements so.
    pub fn is_aggregated(self, read: ReadFrom) -> bool {
        match self.facts().read {
            ReadBy::Job => read == ReadFrom::Analytics,
            ReadBy::Analytics => true,
        }
    }
}

spoken!(DataKind);

/// What is counted of a data set's reports. Names and words are those of DHIS2 (`ReportingRateMetric`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReportingMetric {
    /// Actual of expected reports, in percent.
    ReportingRate,
    /// Actual reports on time of expected reports, in percent.
    ReportingRateOnTime,
    /// How many reports were registered as complete.
    ActualReports,
    /// How many of them were on time.
    ActualReportsOnTime,
    /// How many reports are due.
    ExpectedReports,
}

named!(ReportingMetric {
    ReportingRate = "REPORTING_RATE",
    ReportingRateOnTime = "REPORTING_RATE_ON_TIME",
    ActualReports = "ACTUAL_REPORTS",
    ActualReportsOnTime = "ACTUAL_REPORTS_ON_TIME",
    ExpectedReports = "EXPECTED_REPORTS",
});

impl ReportingMetric {
    /// What DHIS2 calls it in names.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ReportingRate => "Reporting rate",
            Self::ReportingRateOnTime => "Reporting rate on time",
            Self::ActualReports => "Actual reports",
            Self::ActualReportsOnTime => "Actual reports on time",
            Self::ExpectedReports => "Expected reports",
        }
    }

    /// The metric that a person wrote: `REPORTING_RATE`, `reporting-rate`, `Reporting rate`.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::from_name(&text.trim().to_uppercase().replace([' ', '-', '\u{a0}'], "_"))
    }

    /// Whether it is a share of reports, in percent: such figures say nothing when they are added up.
    pub const fn is_percentage(self) -> bool {
        match self {
            Self::ReportingRate | Self::ReportingRateOnTime => true,
            Self::ActualReports | Self::ActualReportsOnTime | Self::ExpectedReports => false,
        }
    }

    /// The names of all metrics, for a sentence.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

/// A data item of a source, as `dx` names it: what values are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataItem {
    /// A data element.
    DataElement(Uid),
    /// An indicator.
    Indicator(Uid),
    /// A program indicator.
    ProgramIndicator(Uid),
    /// A reporting rate.
    ReportingRate {
        /// The data set whose reports are counted.
        data_set: Uid,
        /// What is counted.
        metric: ReportingMetric,
    },
}

impl DataItem {
    /// Its kind.
    pub const fn kind(self) -> DataKind {
        match self {
            Self::DataElement(_) => DataKind::DataElement,
            Self::Indicator(_) => DataKind::Indicator,
            Self::ProgramIndicator(_) => DataKind::ProgramIndicator,
            Self::ReportingRate { .. } => DataKind::ReportingRate,
        }
    }

    /// The id of the object that it is made of: of a reporting rate the data set's.
    pub const fn id(self) -> Uid {
        match self {
            Self::DataElement(id) | Self::Indicator(id) | Self::ProgramIndicator(id) => id,
            Self::ReportingRate { data_set, .. } => data_set,
        }
    }

    /// What of its object is read, where the id alone does not say it.
    pub const fn metric(self) -> Option<ReportingMetric> {
        match self {
            Self::DataElement(_) | Self::Indicator(_) | Self::ProgramIndicator(_) => None,
            Self::ReportingRate { metric, .. } => Some(metric),
        }
    }

    /// The data items that a text may stand for in `dx`: an id alone does not say of what kind its object is.
    pub fn named_by(text: &str) -> impl Iterator<Item = Self> {
        DataKind::ALL.into_iter().filter_map(move |kind| match kind {
            DataKind::DataElement => Uid::parse(text).ok().map(Self::DataElement),
            DataKind::Indicator => Uid::parse(text).ok().map(Self::Indicator),
            DataKind::ProgramIndicator => Uid::parse(text).ok().map(Self::ProgramIndicator),
            DataKind::ReportingRate => {
                let (data_set, metric) = text.split_once('.')?;
                let metric = ReportingMetric::from_name(metric)?;
                Some(Self::ReportingRate { data_set: Uid::parse(data_set).ok()?, metric })
            }
        })
    }

    /// The code of its object. Of a reporting rate DHIS2 writes it before the metric: `ANC.REPORTING_RATE`.
    pub fn code(self, metadata: &Metadata) -> Option<String> {
        match self {
            Self::DataElement(id) => metadata.data_elements.get(&id)?.code.clone(),
            Self::Indicator(id) => metadata.indicators.get(&id)?.code.clone(),
            Self::ProgramIndicator(id) => metadata.program_indicators.get(&id)?.code.clone(),
            Self::ReportingRate { data_set, metric } => {
                let code = metadata.data_sets.get(&data_set)?.code.as_ref()?;
                Some(format!("{code}.{}", metric.name()))
            }
        }
    }

    /// Whether the metadata know it.
    pub fn is_in(self, metadata: &Metadata) -> bool {
        match self {
            Self::DataElement(id) => metadata.data_elements.contains_key(&id),
            Self::Indicator(id) => metadata.indicators.contains_key(&id),
            Self::ProgramIndicator(id) => metadata.program_indicators.contains_key(&id),
            Self::ReportingRate { data_set, .. } => metadata.data_sets.contains_key(&data_set),
        }
    }

    /// What its values look like; none for a data element that the metadata do not know.
    pub fn value_type(self, metadata: &Metadata) -> Option<ValueType> {
        match self {
            Self::DataElement(id) => Some(metadata.data_elements.get(&id)?.value_type),
            Self::Indicator(_) | Self::ProgramIndicator(_) => Some(ValueType::Number),
            Self::ReportingRate { metric, .. } if metric.is_percentage() => Some(ValueType::Percentage),
            Self::ReportingRate { .. } => Some(ValueType::IntegerZeroOrPositive),
        }
    }

    /// Every data item that the metadata have to offer, in no order.
    pub fn all(metadata: &Metadata) -> impl Iterator<Item = Self> + '_ {
        let rates = metadata.data_sets.keys().flat_map(|data_set| {
            ReportingMetric::ALL.into_iter().map(|metric| Self::ReportingRate { data_set: *data_set, metric })
        });
        let elements = metadata.data_elements.keys().copied().map(Self::DataElement);
        let indicators = metadata.indicators.keys().copied().map(Self::Indicator);
        let program_indicators = metadata.program_indicators.keys().copied().map(Self::ProgramIndicator);
        elements.chain(indicators).chain(program_indicators).chain(rates)
    }
}

impl Metadata {
    /// The name of a data item as DHIS2 shows it; the id of an object that is not known.
    pub fn data_name(&self, data: DataItem) -> String {
        let object = self.name_of(data.id());
        match data.metric() {
            Some(metric) => format!("{object} - {}", metric.words()),
            None => object,
        }
    }
}

/// As in `dx` and in the rows of an answer: `ImspTQPwCqd`, `ImspTQPwCqd.REPORTING_RATE`.
impl fmt::Display for DataItem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.metric() {
            Some(metric) => write!(formatter, "{}.{}", self.id(), metric.name()),
            None => write!(formatter, "{}", self.id()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DataItem, DataKind, ReportingMetric};
    use crate::uid::Uid;

    #[test]
    fn every_kind_has_words_of_its_own_that_lead_back_to_it() {
        let column = |of: fn(DataKind) -> &'static str| DataKind::ALL.map(of).into_iter().collect::<BTreeSet<_>>();
        for words in [
            column(DataKind::name),
            column(DataKind::words),
            column(|kind| kind.facts().file_word),
            column(|kind| kind.facts().option),
        ] {
            assert_eq!(words.len(), DataKind::ALL.len(), "{words:?}");
        }
        for kind in DataKind::ALL {
            let facts = kind.facts();
            for text in [facts.word, facts.option, facts.words] {
                assert_eq!(DataKind::from_text(&text.to_uppercase()), Some(kind), "{text}");
            }
            let variant: String = facts.words.split(' ').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
            assert_eq!((facts.file_word, facts.option), (variant.as_str(), facts.word.replace('_', "-").as_str()));
        }
        assert_eq!(DataKind::any_in_words(), "data element, indicator, program indicator or reporting rate");
    }

    #[test]
    fn a_metric_is_read_as_people_and_servers_write_it() {
        for metric in ReportingMetric::ALL {
            for text in [metric.name(), metric.words(), &metric.name().to_lowercase()] {
                assert_eq!(ReportingMetric::from_text(text), Some(metric), "{text}");
            }
            let json = serde_json::to_string(&metric).unwrap();
            assert_eq!(json, format!("\"{}\"", metric.name()));
        }
        assert_eq!(ReportingMetric::from_text("REPORTING"), None);
        let data_set = Uid::parse("DstMonthly1").unwrap();
        let rate = DataItem::ReportingRate { data_set, metric: ReportingMetric::ActualReports };
        assert_eq!(rate.to_string(), "DstMonthly1.ACTUAL_REPORTS");
        assert_eq!(DataItem::named_by("DstMonthly1.ACTUAL_REPORTS").collect::<Vec<_>>(), [rate]);
        assert_eq!(DataItem::named_by("DstMonthly1").count(), 3, "of whatever kind");
        assert_eq!(DataItem::named_by("DstMonthly1.HllvX50cXC0").count(), 0);
        assert_eq!(DataItem::Indicator(data_set).to_string(), "DstMonthly1");
    }
}
