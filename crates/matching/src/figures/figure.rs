//! A range or a number of a name, and when two of them are the same.

use crate::figures::age::{Age, Unit};

/// What a number counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Measure {
    /// Days, weeks, months, years.
    Age(Unit),
    /// Grams and the like, which have parts: above 5 kg is not from 6 kg.
    Things(&'static str),
}

const THINGS: &[(&str, &[&str])] = &[
    ("kg", &["kg", "kgs", "kilo", "kilos", "kilogrammes", "kilograms"]),
    ("g", &["g", "gr", "gramme", "grammes", "gram", "grams"]),
    ("mg", &["mg"]),
    ("l", &["l", "litre", "litres", "liter", "liters"]),
    ("dl", &["dl"]),
    ("cl", &["cl"]),
    ("ml", &["ml"]),
    ("cm", &["cm"]),
    ("mm", &["mm"]),
    ("km", &["km", "kms", "kilometres", "kilometers"]),
    ("h", &["h", "heure", "heures", "hour", "hours", "hrs"]),
    ("min", &["min", "minutes", "minute"]),
    ("c", &["c", "celsius"]),
];

impl Measure {
    pub(super) fn of_age(word: &str) -> Option<Self> {
        // `5a`: whoever asks makes sure that it is no word between two numbers.
        if word == "a" { Some(Self::Age(Unit::Years)) } else { Unit::named(word).map(Self::Age) }
    }

    pub(super) fn of_things(word: &str) -> Option<Self> {
        THINGS.iter().find(|(_, ways)| ways.contains(&word)).map(|(name, _)| Self::Things(name))
    }
}

/// One end of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound {
    pub number: String,
    pub inclusive: bool,
    pub measure: Option<Measure>,
}

/// A range or a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Figure {
    /// From, up to; one of them at least.
    Range(Option<Bound>, Option<Bound>),
    /// A number with a mark of its own: `=5`, `±5`, `5 %`.
    Marked(char, String),
    /// A number.
    Lone(String),
}

impl Figure {
    pub(super) fn range(low: Option<Bound>, high: Option<Bound>) -> Self {
        Self::Range(low, high)
    }

    pub(super) fn marked(mark: char, number: &str) -> Self {
        Self::Marked(mark, number.to_owned())
    }

    pub(super) fn lone(number: &str) -> Self {
        Self::Lone(number.to_owned())
    }

    pub(super) fn is_range(&self) -> bool {
        matches!(self, Self::Range(..))
    }

    /// Whether the upper end of a range lies above the lower one.
    pub(super) fn reaches_upwards(&self) -> bool {
        let Self::Range(Some(low), Some(high)) = self else { return true };
        match (age_of(low, 0), age_of(high, i64::from(high.inclusive))) {
            (Some(low), Some(high)) => low < high,
            _ => match (low.number.parse::<f64>(), high.number.parse::<f64>()) {
                (Ok(low), Ok(high)) => low < high,
                _ => false,
            },
        }
    }

    /// The one text of all spellings of the same: `moins de 5 ans` and `0-4 years` are `[0m,60m)`.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Lone(number) => format!("#{number}"),
            Self::Marked(mark, number) => format!("{mark}{number}"),
            Self::Range(low, high) => range_text(low.as_ref(), high.as_ref()),
        }
    }

    /// The same with what it counts left open: what another name leaves unsaid.
    fn bare(&self) -> Self {
        let bare = |bound: &Option<Bound>| bound.clone().map(|bound| Bound { measure: None, ..bound });
        match self {
            Self::Range(low, high) => Self::Range(bare(low), bare(high)),
            other => other.clone(),
        }
    }

    fn says_what_it_counts(&self) -> bool {
        let says = |bound: &Option<Bound>| bound.as_ref().is_some_and(|bound| bound.measure.is_some());
        matches!(self, Self::Range(low, high) if says(low) || says(high))
    }

    /// Whether two may be the same: what one of them counts may be left unsaid.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        self.text() == other.text()
            || (self.says_what_it_counts() != other.says_what_it_counts() && self.bare().text() == other.bare().text())
    }
}

fn range_text(low: Option<&Bound>, high: Option<&Bound>) -> String {
    // Whole numbers go in steps of one, and ages and counts begin at nothing.
    let stepped = |bound: Option<&Bound>, beyond: bool| match bound {
        None => Some(None),
        Some(bound) => {
            let step = i64::from(bound.inclusive == beyond);
            match &bound.measure {
                None => whole(&bound.number)?.checked_add(step).map(|number| Some(number.to_string())),
                Some(Measure::Age(_)) => age_of(bound, step).map(|age| Some(format!("{}m{}d", age.months, age.days))),
                Some(Measure::Things(_)) => None,
            }
        }
    };
    if let (Some(from), Some(before)) = (stepped(low, false), stepped(high, true)) {
        let nothing = match high.and_then(|bound| bound.measure.as_ref()) {
            Some(Measure::Age(_)) => "0m0d",
            _ => "0",
        };
        let from = from.or_else(|| before.as_ref().map(|_| nothing.to_owned()));
        return format!("[{},{})", from.unwrap_or_default(), before.unwrap_or_default());
    }
    let exact = |bound: Option<&Bound>| bound.map_or(String::new(), |bound| bound.number.clone());
    let sign = |bound: Option<&Bound>, inclusive, exclusive| match bound {
        Some(bound) if bound.inclusive => inclusive,
        _ => exclusive,
    };
    let measure = |bound: &Bound| match &bound.measure {
        Some(Measure::Things(name)) => (*name).to_owned(),
        Some(Measure::Age(unit)) => format!("{unit:?}").to_lowercase(),
        None => String::new(),
    };
    format!(
        "{}{},{}{}{}",
        sign(low, "[", "("),
        exact(low),
        exact(high),
        sign(high, "]", ")"),
        high.or(low).map(measure).unwrap_or_default()
    )
}

fn whole(number: &str) -> Option<i64> {
    // A sum below nothing has no nothing to begin at.
    number.parse::<i64>().ok().filter(|number| (0..=1_000_000_000).contains(number))
}

/// The age of an end of a range, so many units further on.
fn age_of(bound: &Bound, further: i64) -> Option<Age> {
    let Some(Measure::Age(unit)) = &bound.measure else { return None };
    let number = u32::try_from(whole(&bound.number)?.checked_add(further)?).ok()?;
    unit.checked_age(number)
}
