//! The rules that depend on the data set, and the choice of one data set among several that hold the data element.
//!
//! A data element may be in several data sets, which differ in period type, combos, assignment and deadlines. A row is
//! sent with one of them on its payload; any for which every rule passes will do, and the first by id keeps runs alike.
//! Where none passes, the one that got furthest is reported: its fault is the one that a person has to mend.

use jiff::ToSpan;
use jiff::civil::Date;
use xfer_domain::capabilities::InputPeriods;
use xfer_domain::counted::noun_for;

use super::blame::{Kind, blame};
use super::index::{ComboIndex, DataSetIndex, Membership};
use super::{Preflight, Subject};
use crate::finding::{
    ATTRIBUTE_OPTION_COMBO_FOREIGN, ATTRIBUTE_OPTION_OUTSIDE_DATES, CATEGORY_OPTION_COMBO_FOREIGN, DATA_SET_NO_WRITE,
    INPUT_PERIOD_CLOSED, ORG_UNIT_NOT_ASSIGNED, PERIOD_EXPIRED, PERIOD_IN_FUTURE, PERIOD_TYPE_MISMATCH, Reason,
};
use xfer_domain::metadata::{DataInputPeriod, DataSet};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ImportEngine;

/// The rules in the order in which they are asked. How far a data set gets decides which one is reported: a wrong
/// period type means that the cell was never meant for this set, a deadline that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    PeriodType,
    CategoryCombo,
    AttributeCombo,
    Assignment,
    Access,
    InputPeriod,
    Expired,
    Future,
    OptionDates,
}

impl Preflight<'_> {
    /// The data set to send the row with, or the fault of the one that got furthest.
    pub(super) fn choose_data_set(&self, subject: &Subject<'_, '_>) -> Result<Uid, Box<Reason>> {
        let mut furthest: Option<(Fault, Membership)> = None;
        for &membership in &subject.element.memberships {
            let candidate = &self.index.data_sets[membership.data_set];
            let Some(fault) = self.fault(candidate, membership, subject) else { return Ok(candidate.data_set.id) };
            if furthest.is_none_or(|(best, _)| fault > best) {
                furthest = Some((fault, membership));
            }
        }
        // The caller has made sure that there is at least one membership.
        Err(Box::new(furthest.map_or_else(
            || self.in_no_data_set(subject.cell),
            |(fault, membership)| self.describe(fault, membership, subject),
        )))
    }

    fn fault(&self, candidate: &DataSetIndex<'_>, membership: Membership, subject: &Subject<'_, '_>) -> Option<Fault> {
        let (cell, data_set) = (subject.cell, candidate.data_set);
        if cell.period.period_type() != data_set.period_type {
            return Some(Fault::PeriodType);
        }
        if subject.category_options.category_combo != membership.category_combo {
            return Some(Fault::CategoryCombo);
        }
        if subject.attribute_options.category_combo != data_set.category_combo {
            return Some(Fault::AttributeCombo);
        }
        if !candidate.assigned.contains(&cell.org_unit) {
            return Some(Fault::Assignment);
        }
        if !data_set.access.write && !self.user.superuser {
            return Some(Fault::Access);
        }
        self.time_fault(candidate, cell.period).or_else(|| {
            let outside = self.outside_dates(subject.attribute_options, data_set, cell.period);
            outside.map(|_| Fault::OptionDates)
        })
    }

    /// What keeps a period outside of the dates of the attribute options, in words; none where nothing does.
    ///
    /// The generations differ. Up to 2.42 a period may begin before the options end, and the end moves on by as many
    /// periods as the data set stays open (`CategoryOption.getAdjustedEndDate`,
    /// `DataValueSetImportValidator.checkDataValuePeriodWithinAttrOptionComboRange`). From 2.43 on the whole period has
    /// to lie between the dates, as it is or moved back by that many periods
    /// (`DefaultDataEntryService.validateEntryTimeliness`).
    fn outside_dates(&self, options: &ComboIndex<'_>, data_set: &DataSet, period: Period) -> Option<String> {
        if !self.knows_days {
            return None;
        }
        let open = data_set.open_periods_after_co_end_date;
        let (first, last) = (period.start(), period.end());
        match self.engine {
            ImportEngine::RowByRow => {
                let begins_later = options.start_date.filter(|start| *start > last);
                let until = |end: Date| if open == 0 { end } else { data_set.period_type.rewound(end, -open) };
                let ended_before = options.end_date.filter(|end| until(*end) < first);
                match (begins_later, ended_before) {
                    (Some(start), _) => Some(format!("begins on {start}, after the period `{period}`")),
                    (_, Some(end)) => Some(format!("ends on {end}, before the period `{period}`")),
                    (None, None) => None,
                }
            }
            ImportEngine::SetBased => {
                let covers = |day: Date| {
                    options.start_date.is_none_or(|start| start <= day) && options.end_date.is_none_or(|end| day <= end)
                };
                let moved = |day: Date| period.period_type().rewound(day, open);
                if covers(first) && covers(last) || open != 0 && covers(moved(first)) && covers(moved(last)) {
                    return None;
                }
                let begins_later = options.start_date.filter(|start| *start > first);
                Some(match (begins_later, options.end_date) {
                    (Some(start), _) if start > last => format!("begins on {start}, after the period `{period}`"),
                    (Some(start), _) => format!("begins on {start}, within the period `{period}`"),
                    (None, Some(end)) if end < first => format!("ends on {end}, before the period `{period}`"),
                    (None, Some(end)) => format!("ends on {end}, within the period `{period}`"),
                    (None, None) => return None,
                })
            }
        }
    }

    fn time_fault(&self, candidate: &DataSetIndex<'_>, period: Period) -> Option<Fault> {
        // Listed periods replace the other deadlines from 2.43 on (`DefaultDataEntryService.validateEntryTimeliness`).
        if !candidate.input_periods.is_empty() {
            let open = candidate.input_periods.get(&period).is_some_and(|inputs| {
                // 2.43.0 and 2.43.1 take closed windows and refuse open ones (`import/input-period-open`): there the
                // server decides, and `about_destination` says so.
                self.input_periods == InputPeriods::Inverted || inputs.iter().any(|input| is_open(input, self.today))
            });
            return (!open).then_some(Fault::InputPeriod);
        }
        if !self.knows_days {
            return None;
        }
        if !self.user.may_edit_expired && expires(candidate.data_set, period).is_some_and(|last| self.today > last) {
            return Some(Fault::Expired);
        }
        candidate.latest_open.is_some_and(|latest| period.start() > latest.start()).then_some(Fault::Future)
    }

    fn describe(&self, fault: Fault, membership: Membership, subject: &Subject<'_, '_>) -> Reason {
        let metadata = self.metadata;
        let (cell, data_set) = (subject.cell, self.index.data_sets[membership.data_set].data_set);
        let set = &data_set.name;
        let element = &subject.element.element.name;
        let combo = |id: Uid| metadata.name_of(id);
        match fault {
            Fault::PeriodType => {
                let reason = format!(
                    "data set `{set}` has {} periods, `{}` is {}",
                    data_set.period_type.name(),
                    cell.period,
                    cell.period.period_type().name()
                );
                blame(metadata, &PERIOD_TYPE_MISMATCH, Kind::DataSet, data_set.id, reason)
            }
            Fault::CategoryCombo => {
                let reason = format!(
                    "`{}` is not a category option combo of `{}`, which data element `{element}` has in data set \
                     `{set}`",
                    combo(cell.category_option_combo),
                    combo(membership.category_combo),
                );
                blame(metadata, &CATEGORY_OPTION_COMBO_FOREIGN, Kind::DataElement, cell.data_element, reason)
            }
            Fault::AttributeCombo => {
                let reason = format!(
                    "`{}` is not an attribute option combo of `{}`, which data set `{set}` has",
                    combo(cell.attribute_option_combo),
                    combo(data_set.category_combo),
                );
                blame(metadata, &ATTRIBUTE_OPTION_COMBO_FOREIGN, Kind::DataSet, data_set.id, reason)
            }
            Fault::Assignment => {
                let reason = format!("the org unit is not assigned to data set `{set}`");
                blame(metadata, &ORG_UNIT_NOT_ASSIGNED, Kind::OrganisationUnit, cell.org_unit, reason)
            }
            Fault::Access => {
                let reason = format!("user `{}` may not enter data for data set `{set}`", self.user.name);
                blame(metadata, &DATA_SET_NO_WRITE, Kind::DataSet, data_set.id, reason)
            }
            Fault::InputPeriod => {
                let reason = format!("data set `{set}` does not list `{}` as open on {}", cell.period, self.today);
                blame(metadata, &INPUT_PERIOD_CLOSED, Kind::DataSet, data_set.id, reason)
            }
            Fault::Expired => {
                let last = expires(data_set, cell.period).unwrap_or(Date::MAX);
                let reason = format!("data set `{set}` accepted data for `{}` until {last}", cell.period);
                blame(metadata, &PERIOD_EXPIRED, Kind::DataSet, data_set.id, reason)
            }
            Fault::OptionDates => {
                let why = self.outside_dates(subject.attribute_options, data_set, cell.period).unwrap_or_default();
                let open = if why.starts_with("ends") {
                    stays_open(&set, data_set.open_periods_after_co_end_date)
                } else {
                    String::new()
                };
                let reason = format!("the attribute option combo {why}{open}");
                let combo = cell.attribute_option_combo;
                blame(metadata, &ATTRIBUTE_OPTION_OUTSIDE_DATES, Kind::AttributeOptionCombo, combo, reason)
            }
            Fault::Future => {
                let reason = format!(
                    "data set `{set}` does not accept `{}` yet: it has {} open future periods and today is {}",
                    cell.period, data_set.open_future_periods, self.today
                );
                blame(metadata, &PERIOD_IN_FUTURE, Kind::DataSet, data_set.id, reason)
            }
        }
    }
}

/// What a data set makes of the end of an attribute option, as the end of a sentence about that end.
fn stays_open(data_set: &impl std::fmt::Display, periods: i32) -> String {
    let number = periods.unsigned_abs();
    let noun = noun_for(number.into(), "period");
    match periods {
        0 => String::new(),
        1.. => format!(", and data set `{data_set}` stays open for {number} more {noun} only"),
        _ => format!(", and data set `{data_set}` closes {number} {noun} before that"),
    }
}

/// Whether a listed window is open on a day.
fn is_open(input: &DataInputPeriod, today: Date) -> bool {
    input.opening_date.is_none_or(|opening| opening <= today)
        && input.closing_date.is_none_or(|closing| today <= closing)
}

/// The last day on which the period may be entered; none where entry never closes.
///
/// 2.43 counts the day of expiry in, older versions close when it begins: on that one day the server decides.
fn expires(data_set: &DataSet, period: Period) -> Option<Date> {
    if data_set.expiry_days <= 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "days, rounded up; far below 2^31 or clamped to it")]
    let days = data_set.expiry_days.ceil().min(1e6) as i64;
    Some(period.end().saturating_add(days.days()))
}

/// The org units in which every option of the combo is valid: the first option that leaves the unit out.
pub(super) fn option_that_excludes(combo: &ComboIndex<'_>, path: &[Uid]) -> Option<Uid> {
    // From the unit upwards: restrictions list facilities as a rule (`measured.md`), so the first look decides.
    let excluded =
        combo.restricted.iter().find(|option| !path.iter().rev().any(|unit| option.organisation_units.contains(unit)));
    excluded.map(|option| option.id)
}

#[cfg(test)]
mod tests {
    use super::stays_open;

    #[test]
    fn how_long_a_data_set_stays_open_is_said_in_words() {
        for (periods, words) in [
            (0, ""),
            (1, ", and data set `Funds` stays open for 1 more period only"),
            (2, ", and data set `Funds` stays open for 2 more periods only"),
            (-1, ", and data set `Funds` closes 1 period before that"),
            (-3, ", and data set `Funds` closes 3 periods before that"),
        ] {
            assert_eq!(stays_open(&"Funds", periods), words);
        }
    }
}
