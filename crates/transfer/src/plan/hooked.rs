//! Source periods through a script's `period` hook: once for each period and item, when the routine is planned.
//!
//! The destination is read and compared for the periods that are written, so these have to be known before the first
//! request. The hook therefore sees the period and the item, and no value. It takes the place of the job's shift and
//! of the choice of the containing period.
//!
//! A destination period that is written has to be read whole, as with the job's own coarsening. Only the script knows
//! what feeds it: so it is asked about the periods of the window, and then about the periods around and between, until
//! it has put none into a wanted period for as long as two destination periods last. What lands in a wanted period is
//! read; what lands elsewhere is none of this run's, also if it lies in the window.
//!
//! Wanted is what the window asks for: the longer periods that it covers, where the job makes longer ones; else, and
//! where the script puts nothing into those, the periods into which the script puts those of the window. A window of a
//! job that writes what it reads names source periods, as with a job's shift: who moves March to February runs March.

use std::collections::{BTreeMap, BTreeSet};

use crate::hooks::{ActingScript, Outcome, PeriodContext};
use xfer_domain::period::{Period, PeriodType};

/// Most periods that a script is asked about beyond the window, on either side. Further out than that no month begins.
const FURTHEST: usize = 5_000;

/// How far around the window a script is asked at least that writes the periods that it reads, in days: it may compare
/// with the year before, or put the months of a year into one of them.
const AROUND: usize = 2 * 366;

/// Where a script puts the source periods of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookedPeriods {
    /// The script's name.
    pub script: String,
    /// By source period: what is read for the item.
    pub destinations: BTreeMap<Period, HookedPeriod>,
    /// How many source periods go to each destination period.
    pub sources: BTreeMap<Period, usize>,
    /// Destination periods of which the beginning or the end was not found.
    pub cut: BTreeSet<Period>,
}

/// Where a script puts a source period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookedPeriod {
    /// To this period.
    To(Period),
    /// Nowhere, for this reason.
    Dropped(String),
    /// Nowhere, because the script failed or gave a period that the job does not write.
    Rejected(String),
}

impl HookedPeriods {
    /// Asks the script about the periods of the window, and about those around them that go to the same places. `longer`
    /// are the longer periods that the window covers; none where the job writes periods of the type that it reads.
    pub fn of(
        script: &dyn ActingScript,
        asked: &[Period],
        longer: &BTreeSet<Period>,
        written: PeriodType,
        at: &PeriodContext<'_>,
    ) -> Self {
        let mut search = Search { script, written, at, wanted: longer.clone(), found: Self::default() };
        let answers: Vec<(Period, HookedPeriod)> = asked.iter().map(|period| (*period, search.ask(*period))).collect();
        if !longer.is_empty() {
            search.look(&answers);
        }
        if !search.found.destinations.values().any(|found| matches!(found, HookedPeriod::To(_))) {
            let images = answers.iter().filter_map(|(_, answer)| match answer {
                HookedPeriod::To(to) => Some(*to),
                HookedPeriod::Dropped(_) | HookedPeriod::Rejected(_) => None,
            });
            search.wanted = images.collect();
            search.look(&answers);
        }
        let mut found = Self { script: script.name().to_owned(), ..search.found };
        found.destinations.keys().for_each(|period| script.reads_period(*period, at));
        for destination in found.destinations.values() {
            if let HookedPeriod::To(to) = destination {
                *found.sources.entry(*to).or_default() += 1;
            }
        }
        found
    }

    /// The destination periods that a source period may belong to for which the script failed: those of its nearest
    /// neighbours that it understood.
    pub fn around(&self, period: Period) -> impl Iterator<Item = Period> {
        let to = |(_, destination): (&Period, &HookedPeriod)| match destination {
            HookedPeriod::To(to) => Some(*to),
            HookedPeriod::Dropped(_) | HookedPeriod::Rejected(_) => None,
        };
        let before = self.destinations.range(..period).rev().find_map(to);
        let after = self.destinations.range(period..).find_map(to);
        before.into_iter().chain(after)
    }

    /// The first source period that goes to a destination period.
    pub fn first_source(&self, destination: Period) -> Option<Period> {
        let goes_there = |found: &HookedPeriod| *found == HookedPeriod::To(destination);
        self.destinations.iter().find(|(_, found)| goes_there(found)).map(|(period, _)| *period)
    }

    /// Whether several source periods go to one destination period.
    pub fn merges(&self) -> bool {
        self.sources.values().any(|number| *number > 1)
    }
}

/// The questions to one script about one item.
struct Search<'ask> {
    script: &'ask dyn ActingScript,
    written: PeriodType,
    at: &'ask PeriodContext<'ask>,
    /// The destination periods of the window.
    wanted: BTreeSet<Period>,
    found: HookedPeriods,
}

impl Search<'_> {
    fn ask(&self, period: Period) -> HookedPeriod {
        match self.script.period(period, self.at).outcome {
            Outcome::Value(to) if to.period_type() == self.written => HookedPeriod::To(to),
            Outcome::Value(to) => HookedPeriod::Rejected(format!(
                "the script puts {period} into {to}, which is {}; the job writes {}",
                to.period_type().name(),
                self.written.name()
            )),
            Outcome::Drop(reason) => HookedPeriod::Dropped(reason),
            Outcome::Reject(reason) => HookedPeriod::Rejected(reason),
        }
    }

    /// Takes what the script says of the window, and looks at the periods between and around.
    fn look(&mut self, answers: &[(Period, HookedPeriod)]) {
        let is_ours = |answer: &HookedPeriod, wanted: &BTreeSet<Period>| match answer {
            HookedPeriod::To(to) => wanted.contains(to),
            HookedPeriod::Dropped(_) | HookedPeriod::Rejected(_) => true,
        };
        let ours = answers.iter().filter(|(_, answer)| is_ours(answer, &self.wanted));
        self.found.destinations = ours.cloned().collect();
        let asked = || answers.iter().map(|(period, _)| *period);
        let (Some(first), Some(last)) = (asked().min(), asked().max()) else { return };
        if self.wanted.is_empty() {
            return;
        }
        let length = usize::from(first.period_type().nominal_days()).max(1);
        let same_type = first.period_type() == self.written;
        let around = (2 * usize::from(self.written.nominal_days())).max(if same_type { AROUND } else { 0 });
        let patience = around / length + 2;
        let between: Vec<Period> =
            std::iter::successors(Some(first), Period::next).take_while(|period| *period <= last).collect();
        let mut touches = false;
        for period in between {
            touches = self.take(period, touches);
        }
        for direction in [-1, 1] {
            self.outward(if direction < 0 { first } else { last }, direction, patience);
        }
    }

    /// Goes outward from a period until nothing has landed in a wanted period for a while.
    fn outward(&mut self, from: Period, direction: i32, patience: usize) {
        let mut touches = matches!(self.found.destinations.get(&from), Some(HookedPeriod::To(_)));
        let (mut misses, mut steps, mut period) = (0, 0, from);
        while misses < patience {
            let Some(next) = period.shift(direction) else { return };
            period = next;
            touches = self.take(period, touches);
            misses = if touches { 0 } else { misses + 1 };
            steps += 1;
            if steps >= FURTHEST {
                let outermost = self.found.destinations.get(&period).cloned();
                self.found.cut.extend(match outermost {
                    Some(HookedPeriod::To(to)) => Some(to),
                    _ => None,
                });
                return;
            }
        }
    }

    /// Takes a period that goes to a wanted one. One for which the script fails is taken if the period before it on
    /// the way went there: it may belong there, too. Whether it was taken.
    fn take(&mut self, period: Period, touches: bool) -> bool {
        if let Some(known) = self.found.destinations.get(&period) {
            return matches!(known, HookedPeriod::To(_));
        }
        let destination = self.ask(period);
        let taken = match &destination {
            HookedPeriod::To(to) => self.wanted.contains(to),
            HookedPeriod::Rejected(_) => touches,
            HookedPeriod::Dropped(_) => false,
        };
        if taken {
            self.found.destinations.insert(period, destination);
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{HookedPeriod, HookedPeriods};
    use crate::fixture::{document, job, metadata, period, plain_item, plan_of};
    use crate::hooks::PeriodContext;
    use crate::hooks::fake::{attached, ready};
    use xfer_domain::period::{Period, PeriodType};
    use xfer_domain::script::Hook;

    #[test]
    fn each_period_has_its_fate_and_wrong_types_are_refused() {
        let plan = plan_of(&document(vec![job("a", vec![plain_item(1)])], &["202401"])).unwrap();
        let metadata = metadata();
        let at = PeriodContext { source: &metadata, destination: &metadata, job: "a", item: &plan.jobs[0].items[0] };
        let script = ready(&attached("back", &[Hook::Period]), &job("a", Vec::new())).unwrap();
        let read = ["202401", "202402", "202403", "202404"].map(period);
        let hooked = HookedPeriods::of(&*script, &read, &BTreeSet::new(), PeriodType::Monthly, &at);
        assert_eq!(hooked.destinations[&read[1]], HookedPeriod::To(read[0]));
        assert!(
            matches!(&hooked.destinations[&read[2]], HookedPeriod::Dropped(reason) if reason == "March is left out")
        );
        assert!(matches!(&hooked.destinations[&read[3]], HookedPeriod::Rejected(_)));
        assert_eq!(hooked.sources.into_keys().collect::<Vec<_>>(), [period("202312"), read[0]]);
        let quarterly = HookedPeriods::of(&*script, &read, &BTreeSet::new(), PeriodType::Quarterly, &at);
        let HookedPeriod::Rejected(reason) = &quarterly.destinations[&read[0]] else { panic!("{quarterly:?}") };
        assert!(reason.contains("202312, which is Monthly; the job writes Quarterly"), "{reason}");
    }

    #[test]
    fn periods_of_the_same_type_are_read_whole_wherever_their_parts_stand() {
        let plan = plan_of(&document(vec![job("a", vec![plain_item(1)])], &["202401"])).unwrap();
        let metadata = metadata();
        let at = PeriodContext { source: &metadata, destination: &metadata, job: "a", item: &plan.jobs[0].items[0] };
        let read = |script: &str, window: &[&str]| {
            let script = ready(&attached(script, &[Hook::Period]), &job("a", Vec::new())).unwrap();
            let asked: Vec<_> = window.iter().map(|text| period(text)).collect();
            let hooked = HookedPeriods::of(&*script, &asked, &BTreeSet::new(), PeriodType::Monthly, &at);
            assert!(hooked.cut.is_empty());
            let to = |(from, to): (&Period, &HookedPeriod)| match to {
                HookedPeriod::To(to) => format!("{from}>{to}"),
                other => panic!("{other:?}"),
            };
            hooked.destinations.iter().map(to).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(read("month-before", &["202401"]), "202401>202312");
        // February alone would make half of January.
        assert_eq!(read("feb-to-jan", &["202402"]), "202401>202401 202402>202401");
        assert_eq!(read("feb-to-jan", &["202401", "202402"]), "202401>202401 202402>202401");
        // The same month of the year before stands twelve months away.
        assert_eq!(read("with-last-year", &["202403"]), "202303>202403 202403>202403");
        assert_eq!(read("with-last-year", &["202303"]), "202303>202403 202403>202403");
        let months: Vec<String> = (1..=12).map(|month| format!("2024{month:02}>202401")).collect();
        assert_eq!(read("year-to-january", &["202412"]), months.join(" "));
    }

    #[test]
    fn months_of_a_scripts_own_are_read_whole() {
        let plan = plan_of(&document(vec![job("a", vec![plain_item(1)])], &["202401"])).unwrap();
        let metadata = metadata();
        let at = PeriodContext { source: &metadata, destination: &metadata, job: "a", item: &plan.jobs[0].items[0] };
        let script = ready(&attached("from-28th", &[Hook::Period]), &job("a", Vec::new())).unwrap();
        let days = |first: &str, last: &str| {
            let last = period(last);
            std::iter::successors(Some(period(first)), xfer_domain::period::Period::next)
                .take_while(|day| *day <= last)
                .collect::<Vec<_>>()
        };
        // A window from 1 July to 31 August asks for July and August; its last four days are September's.
        let summer = [period("202407"), period("202408")].into();
        let hooked = HookedPeriods::of(&*script, &days("20240701", "20240831"), &summer, PeriodType::Monthly, &at);
        let counts: Vec<(String, usize)> =
            hooked.sources.iter().map(|(period, number)| (period.to_string(), *number)).collect();
        assert_eq!(counts, [("202407".to_owned(), 30), ("202408".to_owned(), 31)], "28 June to 27 July, and so on");
        assert_eq!(hooked.destinations.keys().next(), Some(&period("20240628")));
        assert!(hooked.cut.is_empty());
        // Two days with a gap between them: the gap belongs to the same month.
        let two = [period("20240701"), period("20240720")];
        let hooked = HookedPeriods::of(&*script, &two, &[period("202407")].into(), PeriodType::Monthly, &at);
        assert_eq!(hooked.sources.values().copied().collect::<Vec<_>>(), [30]);
        // Nothing lands in the longer periods that the window covers: then it is asked where its periods go.
        let elsewhere = HookedPeriods::of(&*script, &two, &[period("202501")].into(), PeriodType::Monthly, &at);
        assert_eq!(elsewhere.sources, hooked.sources);
        assert_eq!(hooked.around(period("20240710")).collect::<Vec<_>>(), [period("202407"), period("202407")]);
    }
}
