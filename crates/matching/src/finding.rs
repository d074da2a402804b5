//! The words for what the checks of org unit maps and jobs find, each with cause and remedy.
//!
//! A check speaks before a value is sent, a run while it sends. Where both meet the same thing, the word is the run's
//! (`combine-missing`, `period-type-mismatch`) and stands in its table.

use xfer_domain::finding::table;

table! {
    // The org unit map: what is not transferred.
    UNMAPPED_WITH_DATA = Error, Mapping, "unmapped-with-data",
        "A source org unit has data in the window and no destination: its values would not be transferred.",
        "Map it, or mark it as ignored if it should be left out: `xfer orgunit map`, or the spreadsheet.";
    PROPOSED_WITH_DATA = Error, Mapping, "proposed-with-data",
        "A source org unit has data in the window and its destination is only proposed: no value is transferred before it is confirmed.",
        "Check it and confirm it: `xfer orgunit map`, or the spreadsheet.";
    UNMAPPED_BUT_ASSIGNED = Warning, Mapping, "unmapped-but-assigned",
        "A source org unit is assigned to a data set that is read and has no destination. Whether it has data was not \
         checked.",
        "Map it, or mark it as ignored; to check the source for values, leave out --offline.";
    IGNORED_WITH_DATA = Info, Mapping, "ignored-with-data",
        "A source org unit is marked as ignored and has data in the window, which is left out.",
        "Nothing, if this is intended; otherwise map it.";
    PROPOSAL_WAITING = Warning, Mapping, "proposal-waiting",
        "A proposed match is not confirmed yet; until then no values are transferred.",
        "Check it and confirm it: `xfer orgunit map`, or the spreadsheet.";
    // The org unit map: rows that may be wrong.
    ORG_UNIT_TWICE = Warning, Mapping, "org-unit-twice",
        "An org unit of the map has a duplicate on its server: the same name below the same parent, or the same code.",
        "Make sure that the map has the one that is in use; close or merge the other one on the server.";
    UNITS_SHARE_DESTINATION = Error, Mapping, "units-share-destination",
        "Several source org units go to one destination org unit, and a job has no combine operator.",
        "Give the job or its items an operator (`xfer job edit JOB --combine sum`), or give each unit its own destination.";
    SOURCE_UNIT_CLOSED = Info, Timing, "source-unit-closed",
        "A mapped source org unit was closed before the window begins; nobody can report there now.",
        "Nothing, if you only need its old values; otherwise map its successor.";
    DESTINATION_UNIT_CLOSED = Error, Timing, "destination-unit-closed",
        "A destination org unit was closed before the window begins, or before periods that the source has values \
         for: it does not accept them.",
        "Map the source org unit to the successor, or correct the closing date at the destination.";
    DESTINATION_UNIT_CLOSES = Warning, Timing, "destination-unit-closes",
        "A destination org unit closes within the window; it does not accept later periods.",
        "Map the source org unit to the successor from then on, or correct the closing date at the destination.";
    DESTINATION_UNIT_OPENS_LATER = Error, Timing, "destination-unit-opens-later",
        "The source has values for periods before the destination org unit opened; it does not accept them.",
        "Correct the opening date at the destination, or map the source org unit to the predecessor.";
    LEVEL_UNUSUAL = Warning, Mapping, "level-unusual",
        "A source org unit goes to another level of the destination's tree than most of its siblings.",
        "Check whether it was mapped to a district instead of a facility, or a facility instead of a district.";
    DESTINATION_UNIT_NOT_ASSIGNED = Error, Configuration, "destination-unit-not-assigned",
        "A destination org unit that should receive values is not assigned to the data sets that the jobs write.",
        "Assign it to the data set at the destination and sync again, or map the source org unit to an assigned one.";
    // Jobs.
    ITEM_SOURCE_TWICE = Warning, Mapping, "item-source-twice",
        "Two items of the job read the same data and write it to different cells.",
        "Nothing, if the figure is needed twice; otherwise remove one of the items.";
    ITEMS_SHARE_CELL = Error, Mapping, "items-share-cell",
        "Several items of the job write the same cell, and no combine operator is set.",
        "Set a combine operator (`--combine sum`), or give each item its own cell.";
    CATEGORY_CLASH = Warning, Mapping, "category-clash",
        "The option combos at the source and at the destination have different meanings.",
        "Choose the option combo that means the same: `xfer job edit-item`.";
    CELL_NOT_COLLECTED = Error, Configuration, "cell-not-collected",
        "No mapped destination org unit is assigned to a data set that collects the data element in the job's periods.",
        "Assign the org units to the data set at the destination and sync again.";
    OPTION_SET_CLASH = Warning, Value, "option-set-clash",
        "The destination accepts only the codes of an option set, and the source may have others.",
        "Add the missing options at the destination, or map to a data element without option set.";
    OPTION_CLASH = Warning, Value, "option-clash",
        "An option code means one thing at the source and the opposite at the destination, so the same value would \
         have another meaning there.",
        "Correct the option at one of the servers, or translate the values with a script (`fn value`).";
    VALUES_REFUSED = Error, Value, "values-refused",
        "Values of the last year do not fit the data element at the destination and would be held back.",
        "Correct the values at the source, or map the item to a data element whose value type accepts them.";
    VALUES_ARE_SOURCE_IDS = Warning, Value, "values-are-source-ids",
        "The values of an item are ids of objects of the source: org units are translated by the map, files, users and other objects are not transferred, and their values are held back.",
        "Map the org units that values name; for everything else take the item out of the job, or translate its values with a script (`fn value`).";
    SOURCE_ITEM_UNKNOWN = Error, Mapping, "source-item-unknown",
        "The source does not have the data that an item reads, or the user may not see it.",
        "It was deleted, or the cached metadata is old: sync the source and check again; then correct or remove the \
         item.";
    SOURCE_COMBO_FOREIGN = Error, Mapping, "source-combo-foreign",
        "The category option combo of an item does not belong to its data element at the source.",
        "It cannot have values; choose one of the data element's own combos.";
    SOURCE_ATTRIBUTE_COMBO_FOREIGN = Warning, Mapping, "source-attribute-combo-foreign",
        "The attribute option combo of an item belongs to no data set with its data element at the source.",
        "It can only have values if the data set had another attribute combo before; choose another one.";
    SOURCE_PART_NOT_READABLE = Warning, Permission, "source-part-not-readable",
        "No item reads one part of a data element of the job, such as an attribute option combo, and the source user \
         may not read it: it is not known whether it has values.",
        "Share the category option with the source user with \"can view data\", sync, and use `xfer job auto` to find \
         its destination.";
    DESTINATION_ELEMENT_UNKNOWN = Error, Mapping, "destination-element-unknown",
        "The destination does not have the data element of an item, or the user may not see it.",
        "It was deleted, or the cached metadata is old: sync the destination and check again; then correct or remove \
         the item.";
    VALUE_TYPE_NARROWER = Warning, Value, "value-type-narrower",
        "The destination's value type accepts fewer values than the source's.",
        "Values that do not fit are held back and named when the routine runs; the check counts those of the last \
         year.";
    VALUE_TYPE_MISMATCH = Error, Value, "value-type-mismatch",
        "The value types of source and destination have nothing in common.",
        "Choose a destination data element of the same value type.";
    FACTOR_NEEDS_NUMBERS = Error, Mapping, "factor-needs-numbers",
        "An item has a factor, but its source values are not numbers.",
        "Remove the factor: `xfer job edit-item JOB NUMBER --factor none`.";
    ROUNDING_NEEDS_NUMBERS = Error, Mapping, "rounding-needs-numbers",
        "An item is rounded, but its destination does not accept numbers.",
        "Remove the rounding: `xfer job edit-item JOB NUMBER --round none`.";
    ROUNDING_TOO_FINE = Warning, Value, "rounding-too-fine",
        "Values are rounded to decimals, but the destination accepts only whole numbers.",
        "Round to 0 decimals: `--round 0`.";
    COVERAGE_WITHOUT_EFFECT = Warning, Mapping, "coverage-without-effect",
        "An item has a coverage rule, but periods are written as they are read.",
        "Remove it (`--coverage none`), or let the job write longer periods, such as months into quarters.";
    SHARE_NEEDS_NUMBERS = Error, Mapping, "share-needs-numbers",
        "A value is divided into shares, but a data element does not accept numbers.",
        "Divide it among data elements that accept numbers.";
    SHARE_ALONE = Warning, Mapping, "share-alone",
        "An item is the only share of its source, and gets all of it.",
        "Add the other shares: `xfer job add-item JOB … --share WEIGHT`.";
    SHARE_NOT_ALONE = Error, Mapping, "share-not-alone",
        "Another item writes to the cell of a share, so the shares no longer add up to the source value.",
        "Map the other item elsewhere.";
    // The mapping review: what only shows when items, map, rights and routines are seen together.
    VALUE_COUNTED_TWICE = Error, Mapping, "value-counted-twice",
        "Two items read the same source values and write them to one cell, which would count them twice. A run is refused.",
        "Remove one of the items, or choose option combos that do not overlap.";
    VALUE_READ_TWICE = Warning, Mapping, "value-read-twice",
        "Two items read the same source values and write them to one cell; with this operator the result is the same.",
        "Remove one of the items: it has no effect now, but with another operator its values would count twice.";
    ITEMS_DISAGREE = Error, Mapping, "items-disagree",
        "Items of one cell have different combine operators, rounding or coverage rules, but only one can apply. A \
         run is refused.",
        "Give all items of the cell the same operator, rounding and coverage rule: `xfer job edit-item`.";
    PARENT_WITH_CHILDREN = Error, Mapping, "parent-with-children",
        "An org unit and one below it go to the same destination org unit. Read through analytics, the upper figure \
         contains the lower one. A run is refused.",
        "Map only one of the two levels (mark the other as ignored), or read raw values: `xfer job edit JOB --read raw`.";
    PARENT_BESIDE_CHILDREN = Warning, Mapping, "parent-beside-children",
        "An org unit and one below it are read through analytics, and their destinations are also below each other: \
         totals at the destination contain the lower figure twice.",
        "Map only one of the two levels (mark the other as ignored), unless nobody uses such totals at the \
         destination.";
    JOBS_SHARE_CELL = Error, Mapping, "jobs-share-cell",
        "Two jobs of a routine write the same cell in the same periods. A run is refused.",
        "Put the items into one job with a combine operator, or take one of the jobs out of the routine.";
    ROUTINES_SHARE_CELL = Warning, Mapping, "routines-share-cell",
        "Another routine writes other values to the same cells: each run overwrites the value of the other.",
        "Let one routine write the cell: put the items into one job with a combine operator, or map one of them elsewhere.";
    READS_WHAT_IT_WRITES = Error, Mapping, "reads-what-it-writes",
        "Source and destination are one system, and items read the cells that they write: every run changes the \
         values again. A run is refused.",
        "Write to data elements that the job does not read. If one server is a copy of the other, give the copy a system id of its own.";
    READS_WHAT_ANOTHER_WRITES = Warning, Mapping, "reads-what-another-writes",
        "Source and destination are one system, and an item reads a cell that another item writes: the result depends \
         on which is done first.",
        "Read the data that the other item reads, or put the items into routines that run one after the other.";
    VALUES_GO_ROUND = Warning, Mapping, "values-go-round",
        "Another routine transfers this routine's values back to where they were read, over two or more servers: \
         every round of runs changes the values again, or undoes corrections.",
        "Transfer values in one direction only: remove the item from one of the routines, or write to a data element \
         that the other routine does not read.";
    OPERATOR_DOES_NOT_FIT = Warning, Mapping, "operator-does-not-fit",
        "Several values go to one cell, and the combine operator does not fit the aggregation type of the data \
         element.",
        "Give the item the operator that fits: `xfer job edit-item JOB NUMBER --combine OPERATOR`.";
    NO_OPERATOR_FITS = Warning, Mapping, "no-operator-fits",
        "Several values go to one cell, and no single operator fits the aggregation type of the data element: a stock \
         is added up over org units, but not over time.",
        "Combine only over org units or only over periods, combine nothing, or let the source aggregate: `xfer job \
         edit JOB --read analytics`.";
    DESTINATION_ADDS_PERCENTAGES = Warning, Mapping, "destination-adds-percentages",
        "A reporting rate (a percentage) goes to a data element whose values the destination adds up: totals over org \
         units or periods would be sums of percentages.",
        "Give the data element the aggregation type AVERAGE or NONE at the destination and sync it again, or transfer \
         the counts and divide them with an indicator there.";
    CALENDAR_ARITHMETIC = Error, Configuration, "calendar-arithmetic",
        "The servers do not use the ISO calendar, and the job needs to calculate with periods. A run is refused.",
        "Transfer periods of one type unchanged, and list them in the routine one by one or as a range.";
    // What changed since it was mapped.
    UNIT_DELETED = Error, Drift, "unit-deleted",
        "An org unit of the map can no longer be read: it was deleted, or the user may no longer see it.",
        "If it still exists, give the user access again and sync; only if it was deleted, map its successor, or \
         remove the row from the map.";
    UNIT_RENAMED = Warning, Drift, "unit-renamed",
        "The name of an org unit changed after its row was confirmed.",
        "Make sure that it is still the same place; then accept the change: `xfer orgunit check … --accept-drift`.";
    UNIT_MOVED = Warning, Drift, "unit-moved",
        "An org unit was moved to another parent after its row was confirmed.",
        "Make sure that it is still the same place; then accept the change: `xfer orgunit check … --accept-drift`.";
    UNIT_CODE_CHANGED = Warning, Drift, "unit-code-changed",
        "The code of an org unit changed after its row was confirmed.",
        "Make sure that it is still the same place; then accept the change: `xfer orgunit check … --accept-drift`.";
    UNIT_LEVEL_CHANGED = Info, Drift, "unit-level-changed",
        "An org unit is now on another level below the same parent: a level was added or removed above it.",
        "Usually nothing; accept the change: `xfer orgunit check … --accept-drift`.";
    UNIT_CLOSING_CHANGED = Warning, Drift, "unit-closing-changed",
        "The closing date of an org unit was set, changed or removed after its row was confirmed.",
        "Map its successor if it has one; then accept the change: `xfer orgunit check … --accept-drift`.";
    ITEM_DELETED = Error, Drift, "item-deleted",
        "An object of an item can no longer be read: it was deleted, or it is no longer shared with the user.",
        "If it still exists, share it with the user again and sync; only if it was deleted, map the item to its successor.";
    ITEM_PART_LOST = Error, Drift, "item-part-lost",
        "An option combo or a data set of an item can no longer be read: it was deleted, or it is no longer shared \
         with the user.",
        "If it still exists, share it with the user again and sync; only if it was deleted, choose its replacement: \
         `xfer job edit-item`.";
    ITEM_RENAMED = Warning, Drift, "item-renamed",
        "The name of an object of an item changed after the item was made.",
        "Make sure that it still counts the same thing; then accept the change: `xfer job check JOB --accept-drift`.";
    ITEM_CODE_CHANGED = Info, Drift, "item-code-changed",
        "The code of an object of an item changed after the item was made.",
        "Usually nothing; accept the change: `xfer job check JOB --accept-drift`.";
    ITEM_VALUE_TYPE_CHANGED = Warning, Drift, "item-value-type-changed",
        "The value type of a data element changed after the item was made.",
        "Check that the values still fit; then accept the change: `xfer job check JOB --accept-drift`.";
    ITEM_RECATEGORISED = Warning, Drift, "item-recategorised",
        "The category combo of a data element changed after the item was made.",
        "Check that the item's option combos are still collected; then accept the change: `xfer job check JOB \
         --accept-drift`.";
    ITEM_OPTIONS_CHANGED = Warning, Drift, "item-options-changed",
        "The options of an option combo changed after the item was made.",
        "Make sure that both sides still mean the same; then accept the change: `xfer job check JOB --accept-drift`.";
    ITEM_OPTION_SET_CHANGED = Warning, Drift, "item-option-set-changed",
        "The option set of a data element changed after the item was made.",
        "Check that the values are still among the options; then accept the change: `xfer job check JOB \
         --accept-drift`.";
    ITEM_DATA_SETS_CHANGED = Warning, Drift, "item-data-sets-changed",
        "The data sets or period types of a data element changed after the item was made.",
        "Check that it is still collected in the job's periods; then accept the change: `xfer job check JOB \
         --accept-drift`.";
    REPORT_PERIOD_LONGER = Error, Timing, "report-period-longer",
        "The data set has longer periods than the job reads. No report is due in the shorter periods, and the server \
         answers 0 instead of no value.",
        "Use a job whose source period type is that of the data set, or a longer one.";
    ITEM_FORMULA_CHANGED = Warning, Drift, "item-formula-changed",
        "The calculation of an indicator changed after the item was made.",
        "Make sure that it still counts the same thing; then accept the change: `xfer job check JOB --accept-drift`.";
}

/// What a run says, too, in its words: they stand in its table, which has their full cause and remedy.
pub mod of_runs {
    use xfer_domain::finding::table;

    table! {
        SOURCE_NOT_READABLE = Error, Permission, "source-not-readable",
            "The source user may not read all the data of an item; the server leaves it out without a message.",
            "Give the user data read access to what is named (or the org units as data view org units), then sync the source again.";
        DESTINATION_NOT_READABLE = Error, Permission, "destination-not-readable",
            "The destination user may not read all the cells that are written.",
            "Give the user data read access to what is named (or the org units as data view org units), then sync the destination again.";
        DATA_SET_NO_WRITE = Error, Permission, "data-set-no-write",
            "The user may not enter data for the data set at the destination.",
            "Share the data set with the user or one of its groups with \"can capture data\".";
        CATEGORY_OPTION_NO_WRITE = Error, Permission, "category-option-no-write",
            "The user may not enter data for a category option of the cell.",
            "Share the category option with the user or one of its groups with \"can capture data\".";
        LEFTOVER = Warning, Mapping, "leftover",
            "The routine wrote cells that none of its items and org units writes to now.",
            "Set `when_empty: delete`: the next run then deletes the values that nobody else changed. Or delete them \
             by hand at the destination.";
        CALENDAR_DIFFERS = Error, Configuration, "calendar-differs",
            "The two servers use different calendars, so their periods do not match.",
            "Transfers need the same calendar on both servers.";
        COMBINE_MISSING = Error, Mapping, "combine-missing",
            "Several source values go to one cell and no combine operator is set.",
            "Set the job's or the item's combine operator (`sum`, `average`, `last` …), or correct the map.";
        PERCENTAGES_ADDED_UP = Error, Mapping, "percentages-added-up",
            "Reporting rates (percentages) of several org units, periods or data sets would be added up. Such a sum \
             has no meaning.",
            "Transfer the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which can be added up, and divide them with \
             an indicator at the destination; or give each rate its own cell, and read it in the periods that are \
             written.";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::ALL;

    #[test]
    fn words_are_kebab_case_and_unique_and_every_entry_helps() {
        let words: BTreeSet<&str> = ALL.iter().map(|code| code.word).collect();
        assert_eq!(words.len(), ALL.len());
        for code in ALL {
            assert!(code.word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", code.word);
            assert!(code.cause.len() > 20 && code.remedy.len() > 20, "{}", code.word);
        }
    }
}
