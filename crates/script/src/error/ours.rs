//! Failures of our own functions. They reach the engine as a text that begins with what failed, with the details behind
//! it; here the two become sentences.

use super::type_in_words;
use super::words::{Words, words};
use crate::arithmetic::failure;
use crate::suggest;
use crate::{marks, period_type, work};
use xfer_domain::period::PeriodType;
use xfer_domain::script::Hook;

pub(super) fn in_words(error: &str) -> Words {
    calculation(error)
        .or_else(|| of_lists(error))
        .or_else(|| of_periods(error))
        .or_else(|| of_rows(error))
        .or_else(|| of_context(error))
        .unwrap_or_else(|| words("this cannot be calculated", "compare it with the reference in `docs/scripting.md`"))
}

fn calculation(error: &str) -> Option<Words> {
    if let Some(rest) = error.strip_prefix(marks::UNLIKE) {
        let [operator, left, right] = parts(rest);
        let what = match operator {
            "==" | "!=" => format!("a {left} is compared with a {right}: they are never equal"),
            _ => format!("a {left} is compared with a {right}: neither is larger"),
        };
        return Some(words(
            what,
            "turn the text into a number with `number(…)`, or the number into a text with `text(…)`",
        ));
    }
    if let Some(text) = error.strip_prefix(marks::NOT_A_NUMBER) {
        let comma = text.contains(',');
        let hint = if comma {
            "decimals have a point, not a comma: `t.replace(\",\", \".\")`"
        } else {
            "check it first: `if is_number(t) { number(t) } else { skip(\"no number\") }`"
        };
        return Some(words(format!("{text} is not a number"), hint));
    }
    Some(match error {
        failure::DIVISION_BY_ZERO => {
            words("you divided by zero", "check the divisor first: `if d == 0 { skip(\"no denominator\") }`")
        }
        failure::TOO_LARGE | "integer overflow" => {
            words("the number is too large to be calculated exactly", "numbers have up to 28 digits; check the factor")
        }
        failure::NO_POWER => words(
            "this power cannot be calculated",
            "the exponent is a whole number from -200 to 200; for a root, use `x.sqrt()`",
        ),
        failure::NO_ROOT => words("a negative number has no square root", "check it first: `if x < 0 { … }`"),
        failure::DECIMALS => words(
            "a number cannot be rounded to so many decimals",
            "give the number of decimals, from 0 to 20: `x.round(1)`",
        ),
        _ => return None,
    })
}

fn of_lists(error: &str) -> Option<Words> {
    if let Some(rest) = error.strip_prefix(marks::NOT_NUMBERS) {
        let [place, kind, shown] = parts(rest);
        let hint = match type_in_words(kind).as_str() {
            "nothing" => "leave missing values out first: `values.filter(|x| x != ())`",
            "a text" => "turn the texts into numbers first: `values.map(|x| number(x))`",
            "a row" => "take the values of the rows first: `rows.map(|r| r.value)`",
            _ => "only numbers can be added up",
        };
        return Some(words(
            format!("element {place} of the list is {} (`{shown}`), not a number", type_in_words(kind)),
            hint,
        ));
    }
    if let Some(rest) = error.strip_prefix(marks::NOT_COMPARABLE) {
        let [left, right, _] = parts(rest);
        let what = format!("{} and {} cannot be sorted", type_in_words(left), type_in_words(right));
        let hint = if left == right {
            "choose what to sort by: `rows.sorted_by(|r| r.period)`"
        } else {
            "all elements must be of one kind; a text becomes a number with `number(…)`"
        };
        return Some(words(what, hint));
    }
    Some(match error {
        marks::EMPTY_LIST => words(
            "the list is empty, so it has no average",
            "check it first: `if values.is_empty() { skip(\"no values\") }`",
        ),
        work::TOO_MUCH_TEXT => words(
            "the list has too much text to be sorted, searched or compared",
            "all its texts together may have 16 MiB; use ids or codes instead of long texts",
        ),
        work::TOO_DEEP => words(
            "lists are nested too deeply to be sorted, searched or compared",
            "a list may hold lists, 64 deep; did a list get into itself?",
        ),
        _ => return None,
    })
}

fn of_periods(error: &str) -> Option<Words> {
    if let Some(text) = error.strip_prefix(period_type::NO_PERIOD) {
        return Some(words(
            format!("{text} is not a period"),
            "periods are written as DHIS2 does: `202401`, `2024Q1`, `2024W5`, `2024`",
        ));
    }
    if let Some(name) = error.strip_prefix(period_type::NO_PERIOD_TYPE) {
        let names = PeriodType::ALL.into_iter().map(PeriodType::name);
        let near = suggest::nearest(name, names.clone());
        let hint = near.map_or_else(
            || format!("types are {}", names.collect::<Vec<_>>().join(", ")),
            |near| format!("did you mean `\"{near}\"`?"),
        );
        return Some(words(format!("`{name}` is not a period type"), hint));
    }
    if let Some(rest) = error.strip_prefix(period_type::STRADDLES) {
        let [period, kind, _] = parts(rest);
        return Some(words(
            format!("{period} is not inside one {kind} period"),
            format!(
                "a period fits into a longer one that contains it whole; for the shorter ones inside it, use `p.periods(\"{kind}\")`"
            ),
        ));
    }
    (error == period_type::OUT_OF_CALENDAR)
        .then(|| words("the shift is too large for the calendar", "shift by fewer periods"))
}

fn of_rows(error: &str) -> Option<Words> {
    if let Some(rest) = error.strip_prefix(marks::NOT_IN_SLICE) {
        let [kind, name, near] = parts(rest);
        let hint = if near.is_empty() {
            "use the id, the code or the exact name of one that the job reads here".to_owned()
        } else {
            format!("did you mean `{near}`?")
        };
        return Some(words(format!("there is no {kind} `{name}` in this slice"), hint));
    }
    if let Some(rest) = error.strip_prefix(marks::AMBIGUOUS) {
        let [kind, name, _] = parts(rest);
        return Some(words(format!("more than one {kind} is called `{name}`"), "use the id or the code"));
    }
    if let Some(rest) = error.strip_prefix(marks::WRONG_MEMBER) {
        let [member, kind, _] = parts(rest);
        let hint = match member {
            "value" => "a value is a number, a text, true or false",
            _ => "use an id, a code, a name, or one of another row: `r.org_unit`",
        };
        return Some(words(format!("{} cannot be the {member} of a row", type_in_words(kind)), hint));
    }
    let rest = error.strip_prefix(marks::ROW_NEEDS)?;
    Some(match rest.split_once('\t') {
        Some((_, unknown)) => {
            let members = ["data", "coc", "aoc", "org_unit", "period", "value"];
            let near = suggest::nearest(unknown, members.into_iter());
            let hint = near
                .map_or_else(|| format!("a row has {}", members.join(", ")), |near| format!("did you mean `{near}`?"));
            words(format!("a row has no `{unknown}`"), hint)
        }
        None => words(format!("the new row has no `{rest}`"), "a row needs `data`, `org_unit`, `period` and `value`"),
    })
}

fn of_context(error: &str) -> Option<Words> {
    if let Some(rest) = error.strip_prefix(marks::NOT_KNOWN) {
        let [member, hook, _] = parts(rest);
        return Some(if member == "sources" {
            words(
                format!("`ctx.sources` is not available in `{hook}`, only in `combine`"),
                "write `fn combine(values, ctx)`; find other values with `lookup`",
            )
        } else if hook == Hook::Period.name() {
            words(
                format!("`ctx.{member}` is not available in `period`: its result is for all org units"),
                "decide by `p` and `ctx.item`; org units whose values go to other periods need a separate job",
            )
        } else {
            words(
                format!("`ctx.{member}` is not available in `{hook}`: there are many"),
                format!("each row has its own: `r.{member}`"),
            )
        });
    }
    if error == marks::NO_SLICE {
        return Some(words(
            "rows can be made and changed only in `rows`",
            "write `fn rows(rows, ctx)`, which has all rows; the other hooks return one value or period",
        ));
    }
    if error == marks::LOOKUP_TOO_EARLY {
        return Some(words(
            "`lookup` finds nothing in `period`: periods are decided before any value is read",
            "decide by `p` and `ctx.item`, which are the same for all values",
        ));
    }
    if let Some(rest) = error.strip_prefix(marks::NO_PARAM) {
        let mut names = rest.split('\t').filter(|name| !name.is_empty());
        let name = names.next().unwrap_or_default();
        let known: Vec<&str> = names.collect();
        let hint = match (suggest::nearest(name, known.iter().copied()), known.is_empty()) {
            (Some(near), _) => format!("did you mean `ctx.params.{near}`?"),
            (None, true) => format!("the script was attached without parameters; set one with `--param {name}=…`"),
            (None, false) => format!("parameters are {}; set one with `--param {name}=…`", known.join(", ")),
        };
        return Some(words(format!("there is no parameter `{name}`"), hint));
    }
    if let Some(rest) = error.strip_prefix(marks::SEVERAL) {
        let [name, number, _] = parts(rest);
        return Some(words(
            format!("`{name}` has {number} values here, one for each option combo"),
            "choose one, `lookup(\"…\", #{ coc: \"…\" })`, or take all: `lookup_all(\"…\").sum()`",
        ));
    }
    let rest = error.strip_prefix(marks::LOOKUP_WHERE)?;
    Some(match rest.split_once('\t') {
        Some((_, unknown)) => {
            words(format!("`lookup` cannot look by `{unknown}`"), "use `coc`, `aoc`, `org_unit` and `period`")
        }
        None => words(
            format!("`lookup` needs the {rest}"),
            "in `rows`, give the place: `lookup(\"…\", #{ org_unit: r.org_unit, period: r.period })`",
        ),
    })
}

/// The details behind a failure, separated by tabs; missing ones are empty.
fn parts(rest: &str) -> [&str; 3] {
    let mut parts = rest.splitn(3, '\t');
    std::array::from_fn(|_| parts.next().unwrap_or_default())
}
