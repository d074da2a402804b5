//! Dimensions whose names were looked up.

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::world::{Object, text};
use xfer_domain::period::Period;

/// What a reporting rate item counts (`ReportingRateMetric`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    ReportingRate,
    ReportingRateOnTime,
    ActualReports,
    ActualReportsOnTime,
    ExpectedReports,
}

impl Metric {
    const ALL: [Self; 5] = [
        Self::ReportingRate,
        Self::ReportingRateOnTime,
        Self::ActualReports,
        Self::ActualReportsOnTime,
        Self::ExpectedReports,
    ];

    /// The name in a data item.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ReportingRate => "REPORTING_RATE",
            Self::ReportingRateOnTime => "REPORTING_RATE_ON_TIME",
            Self::ActualReports => "ACTUAL_REPORTS",
            Self::ActualReportsOnTime => "ACTUAL_REPORTS_ON_TIME",
            Self::ExpectedReports => "EXPECTED_REPORTS",
        }
    }

    /// The metric of a name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// How a data set's name is completed in metadata.
    pub(super) fn display_name(self) -> &'static str {
        match self {
            Self::ReportingRate => "Reporting rate",
            Self::ReportingRateOnTime => "Reporting rate on time",
            Self::ActualReports => "Actual reports",
            Self::ActualReportsOnTime => "Actual reports on time",
            Self::ExpectedReports => "Expected reports",
        }
    }

    /// Whether only reports within the data set's timely days count.
    pub(super) fn on_time(self) -> bool {
        matches!(self, Self::ReportingRateOnTime | Self::ActualReportsOnTime)
    }
}

/// A data element narrowed to option combos; what is not named is summed over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Operand {
    /// Data element id.
    pub(super) element: String,
    /// Category option combo id.
    pub(super) category_option_combo: Option<String>,
    /// Attribute option combo id.
    pub(super) attribute_option_combo: Option<String>,
}

impl Operand {
    /// All of a data element.
    pub(super) fn total(element: &str) -> Self {
        Self { element: element.to_owned(), category_option_combo: None, attribute_option_combo: None }
    }

    /// The text in a query and in rows: wildcards are echoed as written (`analytics/operand-wildcard`).
    pub(super) fn text(&self) -> String {
        let combo = self.category_option_combo.as_deref().unwrap_or("*");
        match (&self.category_option_combo, &self.attribute_option_combo) {
            (None, None) => self.element.clone(),
            (Some(combo), None) => format!("{}.{combo}", self.element),
            (_, Some(attribute)) => format!("{}.{combo}.{attribute}", self.element),
        }
    }
}

/// One item of `dx`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DataItem {
    Element(String),
    Operand(Operand),
    Indicator(String),
    ProgramIndicator(String),
    ProgramDataElement { program: String, element: String },
    ReportingRate { data_set: String, metric: Metric },
}

impl DataItem {
    /// The item's text in rows and metadata.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Element(id) | Self::Indicator(id) | Self::ProgramIndicator(id) => id.clone(),
            Self::Operand(operand) => operand.text(),
            Self::ProgramDataElement { program, element } => format!("{program}.{element}"),
            Self::ReportingRate { data_set, metric } => format!("{data_set}.{}", metric.name()),
        }
    }
}

/// One item of `pe`: a period, or a span of days (`2024-01-01_2024-01-31`), which the server takes for a day that ends
/// later: it goes by the name of its first day, and only values of that day are found under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PeriodItem {
    /// The text in rows.
    pub(super) id: String,
    /// The period; of a span of days its first day.
    pub(super) period: Period,
    /// First day.
    pub(super) start: Date,
    /// Last day.
    pub(super) end: Date,
}

impl PeriodItem {
    /// The item of a period.
    pub(super) fn of(period: Period) -> Self {
        Self { id: period.to_string(), period, start: period.start(), end: period.end() }
    }
}

/// A dimension that metadata defines: a category or a group set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dynamic {
    /// A category; its items are options of the value's category (or attribute) option combo.
    Category { attribute: bool },
    /// A group set of org units; its items are groups of the value's org unit.
    OrgUnitGroupSet,
}

/// What a dimension holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Axis {
    Data(Vec<DataItem>),
    Period(Vec<PeriodItem>),
    OrgUnit(Vec<String>),
    CategoryOptionCombo,
    AttributeOptionCombo,
    Dynamic(Dynamic, Vec<String>),
}

/// A dimension or filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Dimension {
    /// Its name in the query and in headers.
    pub(super) name: String,
    /// Its title in headers and metadata.
    pub(super) title: String,
    /// Its items.
    pub(super) axis: Axis,
    /// What the query named beside the items (levels, groups, boundaries, keywords), for metadata.
    pub(super) keywords: Vec<(String, Value)>,
}

impl Dimension {
    /// The ids of its items, as metadata lists them.
    pub(super) fn item_ids(&self) -> Vec<String> {
        match &self.axis {
            Axis::Data(items) => items.iter().map(DataItem::text).collect(),
            Axis::Period(items) => items.iter().map(|item| item.id.clone()).collect(),
            Axis::OrgUnit(ids) | Axis::Dynamic(_, ids) => ids.clone(),
            Axis::CategoryOptionCombo | Axis::AttributeOptionCombo => Vec::new(),
        }
    }
}

/// A request whose names were looked up. The data dimension stands first (`DataQueryParams.addDimension`), the others
/// in the order of the request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Dimensions {
    /// Columns of the answer.
    pub(super) columns: Vec<Dimension>,
    /// Filters.
    pub(super) filters: Vec<Dimension>,
}

impl Dimensions {
    /// Columns and filters.
    pub(super) fn all(&self) -> impl Iterator<Item = &Dimension> {
        self.columns.iter().chain(&self.filters)
    }

    /// The data items of columns and filters.
    pub(super) fn data_items(&self) -> Vec<&DataItem> {
        self.all()
            .filter_map(|dimension| if let Axis::Data(items) = &dimension.axis { Some(items) } else { None })
            .flatten()
            .collect()
    }

    /// The periods of columns and filters.
    pub(super) fn periods(&self) -> Vec<&PeriodItem> {
        self.all()
            .filter_map(|dimension| if let Axis::Period(items) = &dimension.axis { Some(items) } else { None })
            .flatten()
            .collect()
    }

    /// The org units of columns and filters.
    pub(super) fn org_units(&self) -> Vec<&str> {
        self.all()
            .filter_map(|dimension| if let Axis::OrgUnit(ids) = &dimension.axis { Some(ids) } else { None })
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// Whether a column or filter of that name was asked for.
    pub(super) fn has(&self, name: &str) -> bool {
        self.all().any(|dimension| dimension.name == name)
    }
}

/// An object that the query names beside items, as metadata shows it: id, code and name.
pub(super) fn keyword(object: &Object) -> (String, Value) {
    let id = text(object, "id").unwrap_or_default();
    let mut shown = json!({"uid": id});
    for property in ["code", "name"] {
        if let Some(value) = text(object, property) {
            shown[property] = value.into();
        }
    }
    (id.to_owned(), shown)
}
