//! The names of periods in metadata (`I18nFormat.formatPeriod`, English).

use jiff::civil::Date;

use crate::profile::Profile;
use xfer_domain::period::relative::RelativePeriod;
use xfer_domain::period::{Period, PeriodType};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The name of a period: `January 2024`, `January - March 2024`, `Week 1 2024-01-01 - 2024-01-07` (2.44 sets a dash after
/// the week's number).
pub(super) fn of_period(period: Period, profile: Profile) -> String {
    let (start, end) = (period.start(), period.end());
    let number = || {
        let text = period.to_string();
        text.rsplit(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default().to_owned()
    };
    let period_type = period.period_type();
    match period_type {
        PeriodType::Daily => start.to_string(),
        PeriodType::BiWeekly => format!("BiWeek {} {start} - {end}", number()),
        PeriodType::Yearly => start.year().to_string(),
        PeriodType::Monthly => format!("{} {}", month(start), start.year()),
        _ if period_type.is_weekly() => {
            let dash = if profile >= Profile::V44 { " -" } else { "" };
            format!("Week {}{dash} {start} - {end}", number())
        }
        _ if start.year() == end.year() => format!("{} - {} {}", month(start), month(end), end.year()),
        _ => format!("{} {} - {} {}", month(start), start.year(), month(end), end.year()),
    }
}

fn month(date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

/// The name of a keyword: `LAST_12_MONTHS` → `Last 12 months`.
pub(super) fn of_keyword(keyword: RelativePeriod) -> String {
    let words = keyword.name().replace('_', " ").to_lowercase();
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{of_keyword, of_period};
    use crate::profile::Profile;
    use xfer_domain::period::Period;

    #[test]
    fn names_are_those_of_the_server() {
        for (period, name) in [
            ("202401", "January 2024"),
            ("2024", "2024"),
            ("2024Q1", "January - March 2024"),
            ("2024W2", "Week 2 2024-01-08 - 2024-01-14"),
            ("20240131", "2024-01-31"),
            ("2024April", "April 2024 - March 2025"),
        ] {
            assert_eq!(of_period(Period::parse(period).unwrap(), Profile::V43), name);
        }
        let later = of_period(Period::parse("2024W2").unwrap(), Profile::V44);
        assert_eq!(later, "Week 2 - 2024-01-08 - 2024-01-14");
        assert_eq!(of_keyword("LAST_12_MONTHS".parse().unwrap()), "Last 12 months");
    }
}
