//! What the servers' metadata say about the values of an item, and which operators that excludes.

use std::collections::BTreeSet;

use crate::review::aggregation::{Along, Fit, fit, fit_all, several};
use xfer_domain::data_item::ReportingMetric;
use xfer_domain::item::Combine;

/// The operator for reports of a data set: counts add up over whatever they are counted, of shares nothing can be made.
pub(super) fn fit_of_reports(metric: ReportingMetric) -> Fit {
    if metric.is_percentage() { Fit::Never } else { Fit::Operator(Combine::Sum) }
}

/// What one server says of the values of an item.
#[derive(Debug)]
pub(super) struct Side {
    /// What it says.
    pub(super) says: Says,
    /// What the values are of, with the side.
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) enum Says {
    /// An aggregation type, and whether the values are figures of analytics.
    Type(String, bool),
    /// Shares of something: such figures cannot be added up.
    Ratio,
    /// Reports of a data set: a count, or a share of them.
    Reports(ReportingMetric),
}

impl Side {
    fn fit(&self, along: Along) -> Fit {
        match &self.says {
            Says::Type(own, counted) => fit(own, along, *counted),
            Says::Ratio => Fit::Unknown,
            Says::Reports(metric) => fit_of_reports(*metric),
        }
    }

    /// The one operator that it asks for.
    pub(super) fn wants(&self, ways: &BTreeSet<Along>) -> Option<Combine> {
        match &self.says {
            Says::Type(own, counted) => match fit_all(own, ways, *counted) {
                Fit::Operator(operator) => Some(operator),
                Fit::Never | Fit::Unknown => None,
            },
            Says::Ratio => None,
            Says::Reports(metric) if metric.is_percentage() => None,
            Says::Reports(_) => Some(Combine::Sum),
        }
    }

    /// Whether it says anything.
    pub(super) fn says(&self, ways: &BTreeSet<Along>) -> bool {
        matches!(self.says, Says::Ratio) || ways.iter().any(|along| self.fit(*along) != Fit::Unknown)
    }

    pub(super) fn objects(&self, combine: Combine, ways: &BTreeSet<Along>) -> bool {
        if matches!(self.says, Says::Ratio) {
            return combine == Combine::Sum;
        }
        ways.iter().any(|along| match self.fit(*along) {
            Fit::Operator(operator) => operator != combine,
            // Of values that are not combined a person may still want the largest or the last.
            Fit::Never => matches!(combine, Combine::Sum | Combine::Average),
            Fit::Unknown => false,
        })
    }

    pub(super) fn in_words(&self, ways: &BTreeSet<Along>) -> String {
        let name = &self.name;
        let of = || several(ways);
        let own = match &self.says {
            Says::Type(own, _) => own,
            Says::Ratio => {
                let of = of();
                return format!(
                    "{name} is an indicator with a denominator; its figures for several {of} cannot be added up"
                );
            }
            Says::Reports(metric) if metric.is_percentage() => {
                return format!("{name} is a percentage; no operator can combine those of several {}", of());
            }
            Says::Reports(_) => return format!("{name} counts reports; those of several {} add up", of()),
        };
        let wanted = ways.iter().map(|along| match self.fit(*along) {
            Fit::Operator(operator) => format!("{} {}", operator.name(), along.in_words()),
            Fit::Never | Fit::Unknown => format!("nothing {}", along.in_words()),
        });
        let wanted = wanted.collect::<Vec<_>>().join(", ");
        format!("{name} has the aggregation type {own}, which needs {wanted}")
    }
}
