//! The calendar on paper: every day of some years with the names of its periods.
//!
//! Nothing here calculates with periods. Each day is given the name of its day, week, month …; a period is the run of
//! days with one name. Where a period belongs in a coarser calendar is found by counting its days.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use jiff::ToSpan;
use jiff::civil::{Date, Weekday, date};

use xfer_domain::period::PeriodType;

/// How the calendar is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    Day,
    Week,
    SundayWeek,
    TwoWeeks,
    Month,
    Quarter,
    Year,
}

/// A period: its name and its days.
#[derive(Debug, Clone)]
pub(super) struct Stretch {
    pub(super) name: String,
    pub(super) days: Vec<Date>,
}

const FIRST: Date = date(2022, 1, 1);
const LAST: Date = date(2025, 12, 31);
/// Around this day all worlds play.
pub(super) const BASE: Date = date(2023, 1, 1);

static CALENDARS: LazyLock<Vec<Vec<Stretch>>> = LazyLock::new(|| Cut::ALL.map(written_down).into());

/// The place of each period by its name; no two cuts share a name.
static PLACES: LazyLock<HashMap<&'static str, (Cut, usize)>> = LazyLock::new(|| {
    let of = |cut: Cut| {
        cut.stretches().iter().enumerate().map(move |(place, stretch)| (stretch.name.as_str(), (cut, place)))
    };
    Cut::ALL.into_iter().flat_map(of).collect()
});

/// Where each period of one cut belongs in another, by its place in the calendar of the first.
static HOMES: LazyLock<Vec<Vec<Vec<Home>>>> = LazyLock::new(|| {
    let homes = |from: Cut, to: Cut| from.stretches().iter().map(|stretch| counted(stretch, to)).collect();
    Cut::ALL.map(|from| Cut::ALL.map(|to| homes(from, to)).into()).into()
});

/// Where a period belongs in another calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// The period with more than half of its days.
    In(usize),
    /// Half of its days are in the one and half in the other.
    Halved(usize, usize),
}

fn written_down(cut: Cut) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut day = FIRST;
    while day <= LAST {
        let name = cut.name_of(day);
        match stretches.last_mut().filter(|last| last.name == name) {
            Some(last) => last.days.push(day),
            None => stretches.push(Stretch { name, days: vec![day] }),
        }
        day = day.tomorrow().unwrap();
    }
    stretches
}

fn counted(stretch: &Stretch, to: Cut) -> Home {
    let mut tally: BTreeMap<usize, usize> = BTreeMap::new();
    for day in &stretch.days {
        *tally.entry(to.index_on(*day)).or_default() += 1;
    }
    let most = *tally.values().max().unwrap();
    let with_most: Vec<usize> = tally.iter().filter(|(_, number)| **number == most).map(|(place, _)| *place).collect();
    match with_most.as_slice() {
        // Into a finer calendar nothing has a home; nobody asks for one.
        [first, second, ..] => Home::Halved(*first, *second),
        _ => Home::In(with_most[0]),
    }
}

impl Cut {
    pub(super) const ALL: [Self; 7] =
        [Self::Day, Self::Week, Self::SundayWeek, Self::TwoWeeks, Self::Month, Self::Quarter, Self::Year];

    pub(super) fn period_type(self) -> PeriodType {
        match self {
            Self::Day => PeriodType::Daily,
            Self::Week => PeriodType::Weekly,
            Self::SundayWeek => PeriodType::WeeklySunday,
            Self::TwoWeeks => PeriodType::BiWeekly,
            Self::Month => PeriodType::Monthly,
            Self::Quarter => PeriodType::Quarterly,
            Self::Year => PeriodType::Yearly,
        }
    }

    fn name_of(self, day: Date) -> String {
        let (year, month) = (day.year(), day.month());
        match self {
            Self::Day => format!("{year}{month:02}{:02}", day.day()),
            Self::Week => {
                let (year, week) = week_of(day, Weekday::Monday);
                format!("{year}W{week}")
            }
            Self::SundayWeek => {
                let (year, week) = week_of(day, Weekday::Sunday);
                format!("{year}SunW{week}")
            }
            Self::TwoWeeks => {
                let (year, week) = week_of(day, Weekday::Monday);
                format!("{year}BiW{}", (week + 1) / 2)
            }
            Self::Month => format!("{year}{month:02}"),
            Self::Quarter => format!("{year}Q{}", (month + 2) / 3),
            Self::Year => year.to_string(),
        }
    }

    pub(super) fn stretches(self) -> &'static [Stretch] {
        &CALENDARS[self as usize]
    }

    /// The place of the period that holds a day.
    pub(super) fn index_on(self, day: Date) -> usize {
        self.stretches().partition_point(|stretch| *stretch.days.last().unwrap() < day)
    }

    /// The place of a period by its name; none for a period of another cut.
    pub(super) fn index_of(self, name: &str) -> Option<usize> {
        PLACES.get(name).filter(|(cut, _)| *cut == self).map(|(_, place)| *place)
    }

    /// The name of the period at a place.
    pub(super) fn name_at(self, index: usize) -> String {
        self.stretches()[index].name.clone()
    }

    /// Where, in the calendar of `to`, a period of this cut belongs.
    pub(super) fn home(self, index: usize, to: Self) -> Home {
        HOMES[self as usize][to as usize][index]
    }

    /// Every period of this cut that has days between two days, with its home in another cut.
    pub(super) fn homes(self, to: Self, first: Date, last: Date) -> impl Iterator<Item = (usize, Home)> {
        (self.index_on(first)..=self.index_on(last)).map(move |index| (index, self.home(index, to)))
    }

    /// The first and the last day from one period to another.
    pub(super) fn days(self, first: usize, last: usize) -> (Date, Date) {
        (self.stretches()[first].days[0], *self.stretches()[last].days.last().unwrap())
    }
}

/// Year and number of the week that holds a day. A week belongs to the year of its fourth day.
fn week_of(day: Date, first: Weekday) -> (i16, i16) {
    let mut start = day;
    while start.weekday() != first {
        start = start.yesterday().unwrap();
    }
    let fourth = start.checked_add(3.days()).unwrap();
    (fourth.year(), (fourth.day_of_year() - 1) / 7 + 1)
}

#[test]
fn the_paper_calendar_has_the_names_of_real_ones() {
    for (cut, day, name) in [
        (Cut::Week, date(2023, 1, 1), "2022W52"),
        (Cut::Week, date(2025, 12, 31), "2026W1"),
        (Cut::SundayWeek, date(2023, 1, 1), "2023SunW1"),
        (Cut::TwoWeeks, date(2023, 1, 16), "2023BiW2"),
        (Cut::Quarter, date(2023, 6, 30), "2023Q2"),
    ] {
        assert_eq!(cut.name_at(cut.index_on(day)), name);
    }
    // 30 January to 5 February: two days and five.
    let week = Cut::Week.index_of("2023W5").unwrap();
    assert_eq!(Cut::Week.home(week, Cut::Month), Home::In(Cut::Month.index_of("202302").unwrap()));
    // 24 April to 7 May: seven days and seven.
    let fortnight = Cut::TwoWeeks.index_of("2023BiW9").unwrap();
    let [april, may] = ["202304", "202305"].map(|name| Cut::Month.index_of(name).unwrap());
    assert_eq!(Cut::TwoWeeks.home(fortnight, Cut::Month), Home::Halved(april, may));
}
