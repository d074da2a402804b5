//! Ages in days, weeks, months and years, as one measure.

/// An age in months, or below a month in days: months of 30 and years of 365 days, fine enough to tell age groups
/// apart, and the same for `<1 an` and `0-11 mois`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Age {
    /// Whole months.
    pub months: u32,
    /// Days beyond them.
    pub days: u32,
}

/// What ages are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Days.
    Days,
    /// Weeks.
    Weeks,
    /// Months.
    Months,
    /// Years.
    Years,
}

/// More of any unit is no age.
const MOST: u32 = 100_000;

impl Unit {
    /// The unit of a word, in English, French, Spanish or Portuguese.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "d" | "j" | "jour" | "jours" | "day" | "days" | "dia" | "dias" => Some(Self::Days),
            "week" | "weeks" | "semaine" | "semaines" | "wk" | "wks" | "sem" | "semana" | "semanas" => {
                Some(Self::Weeks)
            }
            "m" | "mo" | "mos" | "mois" | "month" | "months" | "mths" | "mth" | "mes" | "meses" => Some(Self::Months),
            "an" | "ans" | "annee" | "annees" | "y" | "yr" | "yrs" | "year" | "years" | "ano" | "anos" => {
                Some(Self::Years)
            }
            _ => None,
        }
    }

    /// So many of it.
    pub fn age(self, number: u32) -> Age {
        let number = number.min(MOST);
        match self {
            Self::Days => Age { months: number / 30, days: number % 30 },
            Self::Weeks => Age { months: number * 7 / 30, days: number * 7 % 30 },
            Self::Months => Age { months: number, days: 0 },
            Self::Years => Age { months: number * 12, days: 0 },
        }
    }

    /// So many of it; none beyond any age.
    pub fn checked_age(self, number: u32) -> Option<Age> {
        (number <= MOST).then(|| self.age(number))
    }
}
