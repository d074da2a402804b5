//! Source periods through a script's `period` hook: once for each period and item, when the routine is planned.
//!
//! The destination is read and compared for the periods that are written, so these have to be known before the first
//! request. The hook therefore sees the period and the item, and no value. It takes the place of the job's shift and
//! of the choice of the containing period; what is read stays as the window says.

use std::collections::{BTreeMap, HashMap};

use crate::domain::period::{Period, PeriodType};
use crate::transfer::hooks::{ActingScript, Outcome, PeriodContext};

/// Where a script puts the source periods of an item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookedPeriods {
    /// The script's name.
    pub script: String,
    /// By source period.
    pub destinations: HashMap<Period, HookedPeriod>,
    /// How many source periods go to each destination period.
    pub sources: BTreeMap<Period, usize>,
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
    /// Asks the script about each period that is read.
    pub fn of(script: &dyn ActingScript, read: &[Period], written: PeriodType, at: &PeriodContext<'_>) -> Self {
        let mut hooked = Self { script: script.name().to_owned(), ..Self::default() };
        for period in read {
            let destination = match script.period(*period, at).outcome {
                Outcome::Value(to) if to.period_type() == written => HookedPeriod::To(to),
                Outcome::Value(to) => HookedPeriod::Rejected(format!(
                    "the script puts {period} into {to}, which is {}; the job writes {}",
                    to.period_type().name(),
                    written.name()
                )),
                Outcome::Drop(reason) => HookedPeriod::Dropped(reason),
                Outcome::Reject(reason) => HookedPeriod::Rejected(reason),
            };
            if let HookedPeriod::To(to) = destination {
                *hooked.sources.entry(to).or_default() += 1;
            }
            hooked.destinations.insert(*period, destination);
        }
        hooked
    }

    /// Whether several source periods go to one destination period.
    pub fn merges(&self) -> bool {
        self.sources.values().any(|number| *number > 1)
    }
}

#[cfg(test)]
mod tests {
    use super::{HookedPeriod, HookedPeriods};
    use crate::domain::period::PeriodType;
    use crate::domain::script::Hook;
    use crate::transfer::fixture::{document, job, metadata, period, plain_item, plan_of};
    use crate::transfer::hooks::PeriodContext;
    use crate::transfer::hooks::fake::{attached, ready};

    #[test]
    fn each_period_has_its_fate_and_wrong_types_are_refused() {
        let plan = plan_of(&document(vec![job("a", vec![plain_item(1)])], &["202401"])).unwrap();
        let metadata = metadata();
        let at = PeriodContext { source: &metadata, destination: &metadata, job: "a", item: &plan.jobs[0].items[0] };
        let script = ready(&attached("back", &[Hook::Period]), &job("a", Vec::new())).unwrap();
        let read = ["202401", "202402", "202403", "202404"].map(period);
        let hooked = HookedPeriods::of(&*script, &read, PeriodType::Monthly, &at);
        assert_eq!(hooked.destinations[&read[1]], HookedPeriod::To(read[0]));
        assert!(
            matches!(&hooked.destinations[&read[2]], HookedPeriod::Dropped(reason) if reason == "March is left out")
        );
        assert!(matches!(&hooked.destinations[&read[3]], HookedPeriod::Rejected(_)));
        assert_eq!(hooked.sources.into_keys().collect::<Vec<_>>(), [period("202312"), read[0]]);
        let quarterly = HookedPeriods::of(&*script, &read, PeriodType::Quarterly, &at);
        let HookedPeriod::Rejected(reason) = &quarterly.destinations[&read[0]] else { panic!("{quarterly:?}") };
        assert!(reason.contains("202312, which is Monthly; the job writes Quarterly"), "{reason}");
    }
}
