//! The country that the sandbox's two shipped instances show: Haiti, with invented facilities and figures.
//!
//! The *source* is a Tracker server with data sets beside its programs; the *destination* a national server of
//! aggregates with other ids, other names, other category combos, facilities that were merged, split, moved and
//! closed, and figures that somebody typed by hand. Both come from one plan, so the generator also knows the truth:
//! which org unit is which, where each figure belongs, and what a complete transfer must leave behind.
//!
//! Pure and seeded: the same seed and scale give the same country on every machine. The files in `fixtures/source` and
//! `fixtures/destination` are its metadata at seed 1 and scale 1; a test compares them, and writes them anew with
//! `XFER_REGENERATE=1 cargo test --lib regenerate`.
//!
//! | file | holds |
//! |---|---|
//! | `places`, `facilities`, `counterparts` | communes and facilities, and what became of each at the destination |
//! | `combos`, `catalogue`, `programs` | what is counted, on both sides, and the ways between them |
//! | `org_units`, `source_metadata`, `destination_metadata`, `users` | the two exports |
//! | `values`, `destination_values` | the figures |
//! | `truth` | the mapping, and the outcome of a complete transfer |

mod catalogue;
mod combos;
mod counterparts;
mod destination_metadata;
mod destination_values;
mod export;
mod facilities;
mod ids;
mod org_units;
mod places;
mod programs;
mod ranks;
mod source_metadata;
#[cfg(test)]
mod tests;
mod truth;
mod users;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::Value;

use crate::chance::Chance;
use crate::values::{ValueKey, Values};
use counterparts::Facilities;
use ids::Ids;
use values::Calendar;
use xfer_domain::period::{Period, PeriodType};

pub use programs::Fact;
pub use truth::{TrueItem, TrueJob, TrueKind, TrueOrgUnit};

/// The password of every account: `admin` and `reader` at the source; `admin`, `writer` and `writer_sud_est` (who may
/// write in the department Sud-Est only) at the destination.
pub const PASSWORD: &str = users::PASSWORD;

/// The day on which the country lives, that of the sandbox's clock.
pub const TODAY: Date = Date::constant(2026, 11, 22);

/// How large a country is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Facilities at the source.
    pub facilities: usize,
    /// Complete months before today that have data. Weeks and quarters follow: two weeks a month, at most 52.
    pub months: u16,
}

impl Default for Scale {
    /// The shipped fixtures.
    fn default() -> Self {
        Self { facilities: 160, months: 13 }
    }
}

/// A country: the plan from which both sides are made. Each method makes one part of it anew.
#[derive(Debug, Clone)]
pub struct Country {
    chance: Chance,
    facilities: Facilities,
    calendar: Calendar,
    source: Ids,
    destination: Ids,
}

impl Country {
    /// Haiti at the scale of the shipped fixtures.
    pub fn haiti(seed: u64) -> Self {
        Self::haiti_at(seed, Scale::default())
    }

    /// Haiti at any scale.
    pub fn haiti_at(seed: u64, scale: Scale) -> Self {
        let chance = Chance::new(seed);
        let weeks = (scale.months * 2).min(52);
        Self {
            chance,
            facilities: Facilities::generate(chance, scale.facilities),
            calendar: Calendar {
                months: before_today(PeriodType::Monthly, scale.months),
                weeks: before_today(PeriodType::Weekly, weeks),
                quarters: before_today(PeriodType::Quarterly, scale.months.div_ceil(3)),
            },
            source: Ids::of_side(chance, "source"),
            destination: Ids::of_side(chance, "destination"),
        }
    }

    /// The source's metadata in DHIS2's export form.
    pub fn source_metadata(&self) -> Value {
        source_metadata::generate(self.source, &self.facilities.source)
    }

    /// The destination's metadata in DHIS2's export form.
    pub fn destination_metadata(&self) -> Value {
        destination_metadata::generate(self.destination, &self.facilities.destination)
    }

    /// What the source stores: reported figures, registrations, and the events of its programs.
    pub fn source_values(&self) -> Values {
        let facilities = &self.facilities.source;
        let reported = values::generate(self.chance, self.source, facilities, &self.calendar);
        Values { events: programs::stored(self.chance, self.source, facilities, &self.calendar.months), ..reported }
    }

    /// What the destination stores before the first transfer: some of what the source's values would make there, some
    /// of it wrong.
    pub fn destination_values(&self, source: &Values) -> Values {
        let months = &self.calendar.months;
        let typed: BTreeSet<String> = destination_values::typed_months(months).map(|month| month.to_string()).collect();
        let expected =
            truth::expected(&self.true_jobs(), &self.true_org_units(), source, |period| typed.contains(period));
        destination_values::generate(self.chance, self.destination, &self.facilities.destination, &expected, months)
    }

    /// What the source's program indicators count, event by event.
    pub fn facts(&self) -> Vec<Fact> {
        programs::facts(self.chance, self.source, &self.facilities.source, &self.calendar.months)
    }

    /// Which org unit is which. Source facilities that the destination lacks are left out; several may be one.
    pub fn true_org_units(&self) -> Vec<TrueOrgUnit> {
        truth::org_units(self.source, self.destination, &self.facilities)
    }

    /// The jobs that fill the destination's data sets.
    pub fn true_jobs(&self) -> Vec<TrueJob> {
        truth::jobs(self.source, self.destination)
    }

    /// What the data element items of [`true_jobs`](Self::true_jobs) make of the source's values, cell by cell, before
    /// the destination's own rules: some cells lie in closed facilities or in years without a partner.
    pub fn expected(&self, source: &Values) -> BTreeMap<ValueKey, String> {
        truth::expected(&self.true_jobs(), &self.true_org_units(), source, |_| true)
    }
}

/// The last complete periods before today, oldest first.
fn before_today(period_type: PeriodType, count: u16) -> Vec<Period> {
    let current = period_type.containing(TODAY);
    (1..=i32::from(count)).rev().filter_map(|back| current.shift(-back)).collect()
}
