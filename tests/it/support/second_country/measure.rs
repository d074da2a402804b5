//! How often a matcher is right, kind by kind and class by class.

use std::collections::BTreeMap;
use std::fmt;

use xfer_domain::org_unit_map::{MatchClass, OrgUnitMapping};
use xfer_domain::uid::Uid;

use super::{Kind, SecondCountry};

/// How units of one kind ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) units: usize,
    /// Units that have a counterpart.
    pub(crate) matchable: usize,
    pub(crate) sure_right: usize,
    pub(crate) sure_wrong: usize,
    pub(crate) likely_right: usize,
    pub(crate) likely_wrong: usize,
    /// Asked about, with the right unit proposed.
    pub(crate) asked_right: usize,
    /// Asked about, with a wrong unit proposed.
    pub(crate) asked_wrong: usize,
    /// Nothing proposed.
    pub(crate) silent: usize,
}

impl Counts {
    fn add(&mut self, other: Self) {
        self.units += other.units;
        self.matchable += other.matchable;
        self.sure_right += other.sure_right;
        self.sure_wrong += other.sure_wrong;
        self.likely_right += other.likely_right;
        self.likely_wrong += other.likely_wrong;
        self.asked_right += other.asked_right;
        self.asked_wrong += other.asked_wrong;
        self.silent += other.silent;
    }
}

/// The figures of one or several countries.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    pub(crate) by_kind: BTreeMap<Kind, Counts>,
}

/// Holds a matcher's rows against the truth.
pub(crate) fn measure(country: &SecondCountry, rows: &[OrgUnitMapping]) -> Figures {
    let rows: BTreeMap<Uid, &OrgUnitMapping> = rows.iter().map(|row| (row.source, row)).collect();
    let mut figures = Figures::default();
    for (source, truth) in &country.truth {
        let counts = figures.by_kind.entry(truth.kind).or_default();
        counts.units += 1;
        counts.matchable += usize::from(truth.destination.is_some());
        let Some(row) = rows.get(source) else {
            counts.silent += 1;
            continue;
        };
        let right = row.destination == truth.destination;
        *match (row.class, right) {
            (Some(MatchClass::Sure), true) => &mut counts.sure_right,
            (Some(MatchClass::Sure), false) => &mut counts.sure_wrong,
            (Some(MatchClass::Likely), true) => &mut counts.likely_right,
            (Some(MatchClass::Likely), false) => &mut counts.likely_wrong,
            (_, true) => &mut counts.asked_right,
            (_, false) => &mut counts.asked_wrong,
        } += 1;
    }
    figures
}

impl Figures {
    pub(crate) fn add(&mut self, other: &Self) {
        for (kind, counts) in &other.by_kind {
            self.by_kind.entry(*kind).or_default().add(*counts);
        }
    }

    pub(crate) fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.by_kind.values().for_each(|counts| total.add(*counts));
        total
    }

    /// The share of `sure` rows that are right, in percent.
    pub(crate) fn sure_precision(&self) -> f64 {
        let total = self.total();
        percent(total.sure_right, total.sure_right + total.sure_wrong)
    }

    /// The share of `likely` rows that are right, in percent.
    pub(crate) fn likely_precision(&self) -> f64 {
        let total = self.total();
        percent(total.likely_right, total.likely_right + total.likely_wrong)
    }

    /// The share of units with a counterpart for which it was proposed as sure or likely, in percent.
    pub(crate) fn recall(&self) -> f64 {
        let total = self.total();
        percent(total.sure_right + total.likely_right, total.matchable)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn percent(part: usize, of: usize) -> f64 {
    if of == 0 { 100.0 } else { part as f64 * 100.0 / of as f64 }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| kind | units | with counterpart | sure, right | sure, wrong | likely, right | likely, wrong | asked, right \
             | asked, wrong | nothing | found |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
        )?;
        let mut line = |name: &str, c: &Counts| {
            writeln!(
                f,
                "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                c.units,
                c.matchable,
                c.sure_right,
                c.sure_wrong,
                c.likely_right,
                c.likely_wrong,
                c.asked_right,
                c.asked_wrong,
                c.silent,
                if c.matchable == 0 {
                    "–".to_owned()
                } else {
                    format!("{:.1} %", percent(c.sure_right + c.likely_right, c.matchable))
                }
            )
        };
        for (kind, counts) in &self.by_kind {
            line(kind.words(), counts)?;
        }
        line("**all**", &self.total())
    }
}
