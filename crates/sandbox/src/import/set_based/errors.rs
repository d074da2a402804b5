//! The faults of the set-based engine: code, text with places for arguments, arguments (`ErrorCode` E8000 and up).
//!
//! Texts are filled by Java's `MessageFormat`: numbers get thousands separators there, while `objects.args` has them
//! plain. Clients that read row numbers out of texts trip over row 1,000.

use crate::import::answer::{grouped, listed};

/// An argument of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Argument {
    /// A number, `1,234` in the text.
    Number(usize),
    /// Anything else, as it is.
    Text(String),
}

impl Argument {
    fn raw(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Number(number) => grouped(*number),
            Self::Text(text) => text.clone(),
        }
    }
}

/// A fault of a request, a group or a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) code: &'static str,
    template: &'static str,
    arguments: Vec<Argument>,
}

impl Fault {
    fn new(code: &'static str, template: &'static str, arguments: Vec<Argument>) -> Self {
        Self { code, template, arguments }
    }

    /// The text with its arguments in their places.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((place, tail)) = after.split_once('}') else { break };
            match place.parse::<usize>().ok().and_then(|place| self.arguments.get(place)) {
                Some(argument) => text.push_str(&argument.shown()),
                None => text.extend(["{", place, "}"]),
            }
            rest = tail;
        }
        text.push_str(rest);
        text
    }

    /// The arguments, plain.
    pub(super) fn raw_arguments(&self) -> Vec<String> {
        self.arguments.iter().map(Argument::raw).collect()
    }
}

fn text(text: &str) -> Argument {
    Argument::Text(text.to_owned())
}

fn list<T: ToString>(items: &[T]) -> Argument {
    Argument::Text(listed(items.iter().map(ToString::to_string)))
}

macro_rules! row_faults {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $template:literal;)*) => { $(
        $(#[$doc])*
        pub(super) fn $name(index: usize, what: &str) -> Fault {
            Fault::new($code, $template, vec![Argument::Number(index), text(what)])
        }
    )* };
}

row_faults! {
    no_period, "E8100", "Value #{0} period not defined in group or value: `{1}`";
    no_data_element, "E8102", "Value #{0} data element not defined in group or value: `{1}`";
    data_element_not_found, "E8103", "Value #{0} data element not found: `{1}`";
    data_element_malformed, "E8104", "Value #{0} data element UID not valid: `{1}`";
    no_org_unit, "E8105", "Value #{0} org unit not defined in group or value: `{1}`";
    org_unit_malformed, "E8106", "Value #{0} org unit UID is not valid: `{1}`";
    org_unit_not_found, "E8107", "Value #{0} org unit not found: `{1}`";
    category_option_combo_not_found, "E8108", "Value #{0} category option combo not found: `{1}`";
    category_option_combo_malformed, "E8109", "Value #{0} category option combo UID is not valid: `{1}`";
    attribute_option_combo_not_found, "E8110", "Value #{0} attribute option combo not found: `{1}`";
    attribute_option_combo_malformed, "E8111", "Value #{0} attribute option combo UID is not valid: `{1}`";
    comment_not_an_option, "E8124", "Value #{0} comment is not a valid option: `{1}`";
}

/// Options can be decoded only where the data set is known.
pub(super) fn options_need_data_set(index: Option<usize>, options: &str) -> Fault {
    let index = index.map_or_else(|| text("*"), Argument::Number);
    Fault::new("E8101", "Value #{0} data set must be specified to decode options: `{1}`", vec![index, text(options)])
}

pub(super) fn data_set_malformed(id: &str) -> Fault {
    Fault::new("E8004", "Data set UID not valid: `{0}`", vec![text(id)])
}

pub(super) fn data_set_not_found(id: &str) -> Fault {
    Fault::new("E8005", "Data set not found: `{0}`", vec![text(id)])
}

pub(super) fn complete_date_malformed(date: &str) -> Fault {
    Fault::new("E8008", "Completion date not valid: `{0}`", vec![text(date)])
}

pub(super) fn completion_needs_keys() -> Fault {
    Fault::new("E8009", "Completion requires data set, org unit and period to be defined for the group", Vec::new())
}

pub(super) fn scope_id_not_found(id: &str) -> Fault {
    Fault::new("E8034", "Deletion scope ID not found: `{0}`", vec![text(id)])
}

pub(super) fn scope_id_malformed(id: &str) -> Fault {
    Fault::new("E8035", "Deletion scope ID not valid: `{0}`", vec![text(id)])
}

pub(super) fn several_data_sets(sets: &[&str]) -> Fault {
    Fault::new("E8002", "Data set detection failed, found multiple sets: `{0}`", vec![list(sets)])
}

pub(super) fn no_data_set(elements: &[&str]) -> Fault {
    Fault::new("E8003", "Data set detection failed, found no set for data element(s): `{0}`", vec![list(elements)])
}

pub(super) fn data_set_not_writable(set: &str) -> Fault {
    Fault::new("E8010", "Current user cannot enter data for data set: `{0}`", vec![text(set)])
}

pub(super) fn org_units_out_of_reach(units: &[&str]) -> Fault {
    Fault::new("E8011", "Current user cannot enter data for org unit(s): `{0}`", vec![list(units)])
}

pub(super) fn category_options_not_writable(options: &[&str]) -> Fault {
    Fault::new("E8012", "Current user cannot enter data for category option(s): `{0}`", vec![list(options)])
}

pub(super) fn data_elements_foreign(set: &str, elements: &[&str]) -> Fault {
    Fault::new("E8020", "Data set {0} not usable with data element(s): `{1}`", vec![text(set), list(elements)])
}

pub(super) fn periods_of_other_type<T: ToString>(set: &str, periods: &[T]) -> Fault {
    Fault::new("E8021", "Data set {0} not usable with period(s): `{1}`", vec![text(set), list(periods)])
}

pub(super) fn org_units_not_assigned(set: &str, units: &[&str]) -> Fault {
    Fault::new("E8022", "Data set {0} not usable with org unit(s): `{1}`", vec![text(set), list(units)])
}

pub(super) fn attribute_option_combos_foreign(set: &str, combos: &[&str]) -> Fault {
    Fault::new("E8023", "Data set {0} not usable with attribute option combo(s): `{1}`", vec![text(set), list(combos)])
}

pub(super) fn category_option_combos_foreign(set: &str, element: &str, combos: &[&str]) -> Fault {
    Fault::new(
        "E8024",
        "Data set {0} + data element {1} not usable with category option combo(s): `{2}`",
        vec![text(set), text(element), list(combos)],
    )
}

pub(super) fn org_units_foreign_to_combo(combo: &str, units: &[&str]) -> Fault {
    Fault::new("E8025", "Attribute option combo {0} not usable with org unit(s): `{1}`", vec![text(combo), list(units)])
}

pub(super) fn periods_untimely<T: ToString>(set: &str, periods: &[T]) -> Fault {
    Fault::new("E8030", "Untimely data entry for data set {0} and period(s): `{1}`", vec![text(set), list(periods)])
}

pub(super) fn org_unit_untimely<T: ToString>(unit: &str, periods: &[T]) -> Fault {
    Fault::new("E8031", "Untimely data entry for org unit {0} and period(s): `{1}`", vec![text(unit), list(periods)])
}

pub(super) fn combo_untimely<T: ToString>(combo: &str, periods: &[T]) -> Fault {
    Fault::new(
        "E8032",
        "Untimely data entry for attribute option combo {0} and period(s): `{1}`",
        vec![text(combo), list(periods)],
    )
}

pub(super) fn duplicates(indexes: &[usize], key: &str) -> Fault {
    Fault::new("E8128", "Value #{0} all affect the same data value: `{1}`", vec![list(indexes), text(key)])
}

/// A row without value; `comment_would_do` where the data set takes a comment instead.
pub(super) fn no_value(index: usize, comment_would_do: bool) -> Fault {
    let index = vec![Argument::Number(index)];
    if comment_would_do {
        Fault::new("E8121", "Value #{0} value or comment is required", index)
    } else {
        Fault::new("E8120", "Value #{0} value is required", index)
    }
}

pub(super) fn value_not_valid(index: usize, value: &str, value_type: &str, key: &str) -> Fault {
    Fault::new(
        "E8122",
        "Value #{0} value `{1}` is no valid {2}: {3}",
        vec![Argument::Number(index), text(value), text(value_type), text(key)],
    )
}

pub(super) fn not_an_option(index: usize, value: &str, element: &str) -> Fault {
    Fault::new(
        "E8123",
        "Value #{0} value `{1}` is not a valid option of the option set of data element `{2}`",
        vec![Argument::Number(index), text(value), text(element)],
    )
}

pub(super) fn comment_too_long(index: usize, longest: usize) -> Fault {
    Fault::new(
        "E8125",
        "Value #{0} comment exceeds the maximum length of {1}",
        vec![Argument::Number(index), Argument::Number(longest)],
    )
}

/// Why `atomic=true` refuses a group. A group of one keeps its row's code, with all arguments in the first place
/// (recording `import/auto-group-atomic`).
pub(super) fn atomic(entered: usize, valid: usize, faults: &mut Vec<(usize, Fault)>) -> Fault {
    if entered == 1
        && let Some((_, fault)) = faults.pop()
    {
        let all = Argument::Text(listed(fault.raw_arguments()));
        return Fault { arguments: vec![all], ..fault };
    }
    let first = faults.first().map(|(_, fault)| fault.text()).unwrap_or_default();
    Fault::new(
        "E8000",
        "Atomic mode requires all values to be valid but only {0}/{1} were. First issue: {2}",
        vec![Argument::Number(valid), Argument::Number(entered), text(&first)],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_numbers_have_commas_in_texts_only() {
        let fault = value_not_valid(1234, "x", "NUMBER", "value_not_numeric");
        assert_eq!(fault.text(), "Value #1,234 value `x` is no valid NUMBER: value_not_numeric");
        assert_eq!(fault.raw_arguments().join("-"), "1234-x-NUMBER-value_not_numeric");
    }

    #[test]
    fn a_group_of_one_keeps_its_code_with_an_unfilled_text() {
        let fault = atomic(1, 0, &mut vec![(1, value_not_valid(1, "x", "NUMBER", "value_not_numeric"))]);
        assert_eq!(fault.code, "E8122");
        assert_eq!(fault.text(), "Value #[1, x, NUMBER, value_not_numeric] value `{1}` is no valid {2}: {3}");
    }
}
