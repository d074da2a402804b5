//! The reference of members: `thing.name`.

use super::{Entry, Kind};

const MEMBERS: [(&str, &str, &str, &str); 37] = [
    ("ctx", "job", "text", "The job's name."),
    ("ctx", "source", "text", "The name of the source server."),
    ("ctx", "destination", "text", "The name of the destination server."),
    ("ctx", "item", "item", "The item that the value belongs to; not in `rows`."),
    (
        "ctx",
        "org_unit",
        "org unit",
        "Where the value goes; not in `rows`, and not in `period`, which decides for all org units at once.",
    ),
    ("ctx", "period", "period", "The period that the value goes to (in `period`: that it comes from); not in `rows`."),
    ("ctx", "params", "ctx.params", "The parameters that were set where the script is attached: `ctx.params.factor`."),
    ("ctx", "now", "text", "When the run started, as `2024-03-01T10:00:00Z`; the only time that scripts know."),
    ("ctx", "sources", "list", "In `combine`: a map with `value`, `org_unit` and `period` for each of the values."),
    ("item", "source", "object", "The data element, indicator, program indicator or reporting rate that is read."),
    ("item", "destination", "object", "The data element that is written."),
    ("item", "coc", "object", "The category option combo that is written."),
    ("item", "aoc", "object", "The attribute option combo that is written."),
    (
        "item",
        "parts",
        "list",
        "All category option combos of the data element to which the job maps the same source item; not in `period`.",
    ),
    ("object", "id", "text", "Its id of eleven letters and digits."),
    ("object", "code", "text", "Its code; `()` if it has none."),
    ("object", "name", "text", "Its name."),
    ("org unit", "id", "text", "Its id of eleven letters and digits."),
    ("org unit", "code", "text", "Its code; `()` if it has none."),
    ("org unit", "name", "text", "Its name."),
    ("org unit", "path", "text", "The names from the root down to it, as `Country / District / Facility`."),
    ("org unit", "level", "number", "Its depth in the tree; the root is 1."),
    ("period", "id", "text", "DHIS2's identifier, as `202401` or `2024Q1`."),
    ("period", "type", "text", "DHIS2's name of its type, as `Monthly`."),
    ("period", "start", "text", "Its first day, as `2024-01-01`."),
    ("period", "end", "text", "Its last day, as `2024-01-31`."),
    ("period", "days", "number", "How many days it has."),
    ("period", "year", "number", "The year of its first day."),
    ("period", "month", "number", "The month of its first day, from 1 to 12."),
    ("row", "data", "object", "Its data element, indicator, program indicator or reporting rate; can be set."),
    ("row", "coc", "object", "Its category option combo, `()` if it has none; can be set."),
    ("row", "aoc", "object", "Its attribute option combo, `()` if it has none; can be set."),
    ("row", "org_unit", "org unit", "Its org unit; can be set, to one of the same slice."),
    ("row", "period", "period", "Its period; can be set."),
    ("row", "value", "number, text, yes/no", "Its value; can be set."),
    ("text", "len", "number", "The number of characters."),
    ("list", "len", "number", "The number of elements."),
];

pub(super) fn entries() -> impl Iterator<Item = Entry> {
    MEMBERS.iter().map(|(of, name, gives, text)| Entry { kind: Kind::Member, of, name, signature: name, gives, text })
}
