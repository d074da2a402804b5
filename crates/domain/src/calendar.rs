//! Calendars other than the ISO one, and what xfer can transfer with them.
//!
//! Servers of one calendar take each other's period identifiers as they are (`208001` is a month of the Nepali year 2080
//! on both). Where a month begins and how long it is cannot be told from here (dhis2-api 9.3), so whatever needs that is
//! refused: coarser periods, a shift, weeks, relative windows, ranges of days, scripts that move periods.

use crate::counted::noun_for;
use crate::job::Job;
use crate::period::relative::RelativePeriod;
use crate::period::{Period, PeriodType};
use crate::script::{Attachment, Hook};

/// Something that cannot be worked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// What needs it, as a sentence without its end.
    pub what: String,
    /// What to do instead.
    pub instead: String,
}

/// Whether periods are counted as in the ISO calendar; the Gregorian one prints the same identifiers.
pub fn is_iso(calendar: &str) -> bool {
    matches!(calendar, "" | "iso8601" | "gregorian")
}

/// Whether two servers count their periods alike.
pub fn same(one: &str, other: &str) -> bool {
    one == other || is_iso(one) && is_iso(other)
}

/// Calendars whose years have a short thirteenth month.
fn has_thirteen_months(calendar: &str) -> bool {
    matches!(calendar, "ethiopian" | "coptic")
}

fn is_weekly(period_type: PeriodType) -> bool {
    matches!(period_type.nominal_days(), 7 | 14)
}

/// What a job wants of a calendar that it cannot have.
pub fn needs_of_job<'job>(job: &'job Job, of_routine: impl IntoIterator<Item = &'job Attachment>) -> Option<Need> {
    let need = |what: String, instead: String| Some(Need { what, instead });
    let (read, written) = (job.source_period_type, job.destination_period_type);
    if is_weekly(read) || is_weekly(written) {
        return need(format!("{} moves weeks", job.name), "move months, quarters or years instead".to_owned());
    }
    if read != written {
        return need(
            format!("{} makes {} periods of {} ones", job.name, written.name(), read.name()),
            format!("write the periods that are read: `xfer job edit … --to-period-type {}`", read.name()),
        );
    }
    if job.period_shift != 0 {
        return need(
            format!(
                "{} moves values by {} {}",
                job.name,
                job.period_shift,
                noun_for(job.period_shift.unsigned_abs().into(), "period")
            ),
            "leave the periods where they are: `xfer job edit … --shift 0`".to_owned(),
        );
    }
    let of_items = job.items.iter().flat_map(|item| &item.scripts);
    let script = of_items.chain(&job.scripts).chain(of_routine).find(|script| script.hooks.contains(&Hook::Period))?;
    need(
        format!("the script {} of {} puts values into other periods", script.script, job.name),
        "detach the script: `xfer script detach`".to_owned(),
    )
}

/// What a window wants of a calendar that it cannot have.
pub fn needs_of_window(window: &[String], wanted: PeriodType, calendar: &str) -> Option<Need> {
    let need = |what: String| {
        let instead =
            format!("name the {} periods of the {calendar} calendar one by one, or as a range", wanted.name());
        Some(Need { what, instead })
    };
    let of = |text: &str| Period::parse(text.trim()).ok();
    window.iter().map(|text| text.trim()).find_map(|text| {
        if text.parse::<RelativePeriod>().is_ok() {
            return need(format!("`{text}` depends on the day"));
        }
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (of(first)?, of(last)?);
        if first.period_type() != wanted {
            return need(format!("`{text}` stands for the {} periods in it", wanted.name()));
        }
        let range = first != last;
        if range && wanted == PeriodType::Daily {
            return need(format!("`{text}` is a range of days"));
        }
        let over_years = first.start().year() != last.start().year();
        if range && over_years && has_thirteen_months(calendar) && wanted.nominal_days() < 365 {
            return need(format!("`{text}` goes past the end of a year, which has a thirteenth month"));
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::{is_iso, needs_of_job, needs_of_window, same};
    use crate::job::Job;
    use crate::period::PeriodType;
    use crate::testing as fixture;

    #[test]
    fn gregorian_and_iso_are_the_same_and_others_are_not() {
        assert!(is_iso("iso8601") && is_iso("gregorian") && is_iso("") && !is_iso("ethiopian"));
        assert!(same("gregorian", "iso8601") && same("nepali", "nepali"));
        assert!(!same("nepali", "iso8601") && !same("nepali", "ethiopian"));
    }

    #[test]
    fn the_same_periods_in_and_out_need_nothing_and_all_else_does() {
        let plain = fixture::job("plain", Vec::new());
        let need = |job: &Job| needs_of_job(job, []).map(|need| need.what);
        assert_eq!(need(&plain), None);
        let quarterly = Job { destination_period_type: PeriodType::Quarterly, ..plain.clone() };
        assert_eq!(need(&quarterly).as_deref(), Some("plain makes Quarterly periods of Monthly ones"));
        let shifted = Job { period_shift: -1, ..plain.clone() };
        assert_eq!(need(&shifted).as_deref(), Some("plain moves values by -1 period"));
        let (source_period_type, destination_period_type) = (PeriodType::WeeklySunday, PeriodType::WeeklySunday);
        let weekly = Job { source_period_type, destination_period_type, ..plain };
        assert_eq!(need(&weekly).as_deref(), Some("plain moves weeks"));
    }

    #[test]
    fn windows_are_named_periods_of_the_jobs_type() {
        let refused = |text: &str, wanted, calendar| needs_of_window(&[text.to_owned()], wanted, calendar).is_some();
        for (text, wanted, calendar, expected) in [
            ("208001", PeriodType::Monthly, "nepali", false),
            ("208001..208103", PeriodType::Monthly, "nepali", false),
            ("201601..201612", PeriodType::Monthly, "ethiopian", false),
            ("201612..201701", PeriodType::Monthly, "ethiopian", true),
            ("2016..2017", PeriodType::Yearly, "ethiopian", false),
            ("LAST_3_MONTHS", PeriodType::Monthly, "nepali", true),
            ("2080", PeriodType::Monthly, "nepali", true),
            ("20800101", PeriodType::Daily, "nepali", false),
            ("20800101..20800103", PeriodType::Daily, "nepali", true),
        ] {
            assert_eq!(refused(text, wanted, calendar), expected, "{text} {calendar}");
        }
    }
}
