//! The words for what the checks of org unit maps and jobs find, each with cause and remedy.
//!
//! A check speaks before a value is sent, a run while it sends. Where both meet the same thing, the word is the run's
//! (`combine-missing`, `period-type-mismatch`) and stands in its table.

use xfer_domain::finding::table;

table! {
    // The org unit map: what is not transferred.
    UNMAPPED_WITH_DATA = Error, Mapping, "unmapped-with-data",
        "A source org unit has data in the window and no destination: its values would not be transferred.",
        "Map it, or mark it as ignored if it is deliberately left out: `xfer orgunit map`, or the spreadsheet.";
    PROPOSED_WITH_DATA = Error, Mapping, "proposed-with-data",
        "A source org unit has data in the window and its destination is only proposed: no value is transferred before it is confirmed.",
        "Look it over and confirm it: `xfer orgunit map`, or the spreadsheet.";
    UNMAPPED_BUT_ASSIGNED = Warning, Mapping, "unmapped-but-assigned",
        "A source org unit is assigned to a data set that is read and has no destination. Whether it has data was not asked.",
        "Map it, or mark it as ignored; without --offline the check asks the source for its values.";
    IGNORED_WITH_DATA = Info, Mapping, "ignored-with-data",
        "A source org unit is marked as ignored and has data in the window, which is left out.",
        "Nothing, if that is what the mark is for; otherwise map it.";
    PROPOSAL_WAITING = Warning, Mapping, "proposal-waiting",
        "A match was proposed and waits for a person; until then it carries no values.",
        "Look it over and confirm it: `xfer orgunit map`, or the spreadsheet.";
    // The org unit map: rows that may be wrong.
    ORG_UNIT_TWICE = Warning, Mapping, "org-unit-twice",
        "An org unit of the map has a twin on its server: the same name below the same parent, or the same code.",
        "Make sure that the map uses the one that is in use; close or merge the other one on the server.";
    UNITS_SHARE_DESTINATION = Error, Mapping, "units-share-destination",
        "Several source org units go to one destination org unit, and a job does not say how their values combine.",
        "Give the job or its items an operator (`xfer job edit JOB --combine sum`), or give each unit its own destination.";
    SOURCE_UNIT_CLOSED = Info, Timing, "source-unit-closed",
        "A mapped source org unit was closed before the window begins; nobody can report there any more.",
        "Nothing, if its old values are all that is wanted; otherwise map its successor.";
    DESTINATION_UNIT_CLOSED = Error, Timing, "destination-unit-closed",
        "A destination org unit was closed before the window begins, or before periods that the source has values for: it takes none of these.",
        "Map the source org unit to the successor, or correct the closing date at the destination.";
    DESTINATION_UNIT_CLOSES = Warning, Timing, "destination-unit-closes",
        "A destination org unit closes within the window; periods after that are not taken.",
        "Map the source org unit to the successor from then on, or correct the closing date at the destination.";
    DESTINATION_UNIT_OPENS_LATER = Error, Timing, "destination-unit-opens-later",
        "The source has values for periods before the destination org unit opened; it takes none of these.",
        "Correct the opening date at the destination, or map the source org unit to the predecessor.";
    LEVEL_UNUSUAL = Warning, Mapping, "level-unusual",
        "A source org unit goes to another level of the destination's tree than most of its siblings.",
        "Look whether it was mapped to a district instead of a facility, or the other way round.";
    DESTINATION_UNIT_NOT_ASSIGNED = Error, Configuration, "destination-unit-not-assigned",
        "A destination org unit that should receive values is not assigned to the data sets that the jobs write.",
        "Assign it to the data set at the destination and sync again, or map the source org unit to an assigned one.";
    // Jobs.
    ITEM_SOURCE_TWICE = Warning, Mapping, "item-source-twice",
        "Two items of the job read the same and write it to different cells.",
        "Nothing, if the figure is wanted twice; otherwise remove one of the items.";
    ITEMS_SHARE_CELL = Error, Mapping, "items-share-cell",
        "Several items of the job write the same cell, and nothing says how their values combine.",
        "Say how they combine (`--combine sum`), or give each its own cell.";
    CATEGORY_CLASH = Warning, Mapping, "category-clash",
        "The option combo at the source means something else than the one at the destination.",
        "Choose the option combo that means the same: `xfer job edit-item`.";
    CELL_NOT_COLLECTED = Error, Configuration, "cell-not-collected",
        "No mapped destination org unit is assigned to a data set that collects the data element in the job's periods.",
        "Assign the org units to the data set at the destination and sync again.";
    OPTION_SET_CLASH = Warning, Value, "option-set-clash",
        "The destination takes only the codes of an option set, and the source may hold others.",
        "Add the missing options at the destination, or map to a data element without option set.";
    OPTION_CLASH = Warning, Value, "option-clash",
        "A code of an option set stands for one thing at the source and for its opposite at the destination: the same value would say something else there.",
        "Correct the option at one of the servers, or translate the values with a script (`fn value`).";
    VALUES_REFUSED = Error, Value, "values-refused",
        "Values of the last year do not fit the data element at the destination and would be held back.",
        "Correct the values at the source, or map the item to a data element whose value type takes them.";
    VALUES_ARE_SOURCE_IDS = Warning, Value, "values-are-source-ids",
        "The values of an item are ids of objects of the source: org units are translated by the map, files, users and other objects are not transferred, and their values are held back.",
        "Map the org units that values name; for everything else take the item out of the job, or translate its values with a script (`fn value`).";
    SOURCE_ITEM_UNKNOWN = Error, Mapping, "source-item-unknown",
        "The source does not have what an item reads, or the user may not see it.",
        "It was deleted, or the metadata is old: sync the source and check again; then correct or remove the item.";
    SOURCE_COMBO_FOREIGN = Error, Mapping, "source-combo-foreign",
        "The category option combo of an item does not belong to its data element at the source.",
        "No value can stand there; choose one of the data element's own combos.";
    SOURCE_ATTRIBUTE_COMBO_FOREIGN = Warning, Mapping, "source-attribute-combo-foreign",
        "The attribute option combo of an item belongs to no data set with its data element at the source.",
        "Values can only stand there if the data set had another attribute combo once; choose another one.";
    SOURCE_PART_NOT_READABLE = Warning, Permission, "source-part-not-readable",
        "A part of a data element that the job reads, such as an attribute option combo, is read by no item, and the source user may not read it: whether it has values is not known.",
        "Share the category option with the source user with \"can view data\", sync, and look with `xfer job auto` for what it goes to.";
    DESTINATION_ELEMENT_UNKNOWN = Error, Mapping, "destination-element-unknown",
        "The destination does not have the data element of an item, or the user may not see it.",
        "It was deleted, or the metadata is old: sync the destination and check again; then correct or remove the item.";
    VALUE_TYPE_NARROWER = Warning, Value, "value-type-narrower",
        "The destination's value type takes fewer values than the source's.",
        "Values that do not fit are held back by name when the routine runs; the check counts those of the last year.";
    VALUE_TYPE_MISMATCH = Error, Value, "value-type-mismatch",
        "The value types of source and destination have nothing in common.",
        "Choose a destination data element of the same value type.";
    FACTOR_NEEDS_NUMBERS = Error, Mapping, "factor-needs-numbers",
        "An item has a factor, but its source holds no numbers.",
        "Remove the factor: `xfer job edit-item JOB NUMBER --factor none`.";
    ROUNDING_NEEDS_NUMBERS = Error, Mapping, "rounding-needs-numbers",
        "An item is rounded, but its destination takes no numbers.",
        "Remove the rounding: `xfer job edit-item JOB NUMBER --round none`.";
    ROUNDING_TOO_FINE = Warning, Value, "rounding-too-fine",
        "Values are rounded to decimals, but the destination takes whole numbers.",
        "Round to 0 decimals: `--round 0`.";
    COVERAGE_WITHOUT_EFFECT = Warning, Mapping, "coverage-without-effect",
        "A coverage rule stands where periods are written as they are read.",
        "Remove it (`--coverage none`), or let the job write coarser periods, such as months into quarters.";
    SHARE_NEEDS_NUMBERS = Error, Mapping, "share-needs-numbers",
        "A value is to be shared out to a data element that takes no numbers.",
        "Share it out to data elements that take numbers.";
    SHARE_ALONE = Warning, Mapping, "share-alone",
        "An item is the only share of its source, and gets all of it.",
        "Add the other shares: `xfer job add-item JOB … --share WEIGHT`.";
    SHARE_NOT_ALONE = Error, Mapping, "share-not-alone",
        "Another item goes to the cell of a share, so that the parts no longer add up to their source.",
        "Map the other item elsewhere.";
    // The mapping review: what only shows when items, map, rights and routines are seen together.
    VALUE_COUNTED_TWICE = Error, Mapping, "value-counted-twice",
        "Two items read the same source values and write them to one cell, which would count them twice. A run is refused.",
        "Remove one of the items, or name option combos that have nothing in common.";
    VALUE_READ_TWICE = Warning, Mapping, "value-read-twice",
        "Two items read the same source values and write them to one cell; the operator makes the same of them.",
        "Remove one of the items: it does nothing, and with another operator its values would count twice.";
    ITEMS_DISAGREE = Error, Mapping, "items-disagree",
        "Items of one cell differ in combine operator, rounding or coverage rule, and only one of them can hold. A run is refused.",
        "Give all items of the cell the same operator, rounding and coverage rule: `xfer job edit-item`.";
    PARENT_WITH_CHILDREN = Error, Mapping, "parent-with-children",
        "An org unit and one below it go to one destination org unit, and their figures, read through analytics, contain each other. A run is refused.",
        "Map only one of the two levels (mark the other as ignored), or read raw values: `xfer job edit JOB --read raw`.";
    PARENT_BESIDE_CHILDREN = Warning, Mapping, "parent-beside-children",
        "An org unit and one below it are read through analytics and go to org units that lie in each other, too: the totals of the destination contain the lower figure twice.",
        "Map only one of the two levels (mark the other as ignored), unless nobody adds these figures up at the destination.";
    JOBS_SHARE_CELL = Error, Mapping, "jobs-share-cell",
        "Two jobs of a routine write the same cell in the same periods. A run is refused.",
        "Put the items into one job with a combine operator, or take one of the jobs out of the routine.";
    ROUTINES_SHARE_CELL = Warning, Mapping, "routines-share-cell",
        "Another routine writes other values to the same cells: each run puts its own value over that of the other.",
        "Let one routine write the cell: put the items into one job with a combine operator, or map one of them elsewhere.";
    READS_WHAT_IT_WRITES = Error, Mapping, "reads-what-it-writes",
        "Source and destination are one system, and items read the cells that they write: every run makes other values of the same. A run is refused.",
        "Write to data elements that the job does not read. If one server is a copy of the other, give the copy a system id of its own.";
    READS_WHAT_ANOTHER_WRITES = Warning, Mapping, "reads-what-another-writes",
        "Source and destination are one system, and an item reads a cell that another item writes: the outcome depends on what is done first.",
        "Read what the other item reads, or put the items into routines that run one after the other.";
    VALUES_GO_ROUND = Warning, Mapping, "values-go-round",
        "Another routine brings what this one writes back to where it was read, over two or more servers: every round of runs changes the values again, or takes back what somebody corrected.",
        "Let values go one way only: take the item out of one of the routines, or write to a data element that the way back does not read.";
    OPERATOR_DOES_NOT_FIT = Warning, Mapping, "operator-does-not-fit",
        "Several values meet in one cell, and they are combined otherwise than the aggregation type of the data element says.",
        "Give the item the operator that fits: `xfer job edit-item JOB NUMBER --combine OPERATOR`.";
    NO_OPERATOR_FITS = Warning, Mapping, "no-operator-fits",
        "Several values meet in one cell, and no single operator does what the aggregation type of the data element says: a stock is added up over org units, but not over time.",
        "Combine along one way only, keep org units and periods as they are, or let the source aggregate: `xfer job edit JOB --read analytics`.";
    DESTINATION_ADDS_PERCENTAGES = Warning, Mapping, "destination-adds-percentages",
        "A percentage of reports goes to a data element whose values the destination adds up: its totals over org units or periods would be sums of percentages.",
        "Give the data element the aggregation type AVERAGE or NONE at the destination and sync it again, or move the counts and let an indicator there divide them.";
    CALENDAR_ARITHMETIC = Error, Configuration, "calendar-arithmetic",
        "The servers count their periods in a calendar that is not the ISO one, and the job needs to know where its periods begin. A run is refused.",
        "Move periods of one type as they are, and name them in the routine one by one or as a range.";
    // What changed since it was mapped.
    UNIT_DELETED = Error, Drift, "unit-deleted",
        "An org unit of the map can no longer be read: it was deleted, or the user may not see it any more.",
        "If it still exists, let the user see it again and sync; only if it was deleted, map its successor, or take the row out of the map.";
    UNIT_RENAMED = Warning, Drift, "unit-renamed",
        "An org unit has another name than when its row was confirmed.",
        "Make sure that it is still the same place; then take today's state: `xfer orgunit check … --accept-drift`.";
    UNIT_MOVED = Warning, Drift, "unit-moved",
        "An org unit lies below another parent than when its row was confirmed.",
        "Make sure that it is still the same place; then take today's state: `xfer orgunit check … --accept-drift`.";
    UNIT_CODE_CHANGED = Warning, Drift, "unit-code-changed",
        "An org unit has another code than when its row was confirmed.",
        "Make sure that it is still the same place; then take today's state: `xfer orgunit check … --accept-drift`.";
    UNIT_LEVEL_CHANGED = Info, Drift, "unit-level-changed",
        "An org unit lies on another level below the same parent: a level was put in or taken out above it.",
        "Nothing, as a rule; take today's state: `xfer orgunit check … --accept-drift`.";
    UNIT_CLOSING_CHANGED = Warning, Drift, "unit-closing-changed",
        "The closing date of an org unit was set, changed or taken away after its row was confirmed.",
        "Map its successor where it has one; then take today's state: `xfer orgunit check … --accept-drift`.";
    ITEM_DELETED = Error, Drift, "item-deleted",
        "An object of an item can no longer be read: it was deleted, or it is not shared with the user any more.",
        "If it still exists, share it with the user again and sync; only if it was deleted, map the item to its successor.";
    ITEM_PART_LOST = Error, Drift, "item-part-lost",
        "An option combo or a data set that an item stands on can no longer be read: it was deleted, or it is not shared with the user any more.",
        "If it still exists, share it with the user again and sync; only if it was deleted, choose what took its place: `xfer job edit-item`.";
    ITEM_RENAMED = Warning, Drift, "item-renamed",
        "An object of an item has another name than when the item was made.",
        "Make sure that it still counts the same; then take today's state: `xfer job check JOB --accept-drift`.";
    ITEM_CODE_CHANGED = Info, Drift, "item-code-changed",
        "An object of an item has another code than when the item was made.",
        "Nothing, as a rule; take today's state: `xfer job check JOB --accept-drift`.";
    ITEM_VALUE_TYPE_CHANGED = Warning, Drift, "item-value-type-changed",
        "A data element of an item has another value type than when the item was made.",
        "Look whether the values still fit; then take today's state: `xfer job check JOB --accept-drift`.";
    ITEM_RECATEGORISED = Warning, Drift, "item-recategorised",
        "A data element of an item has another category combo than when the item was made.",
        "Look whether the item's option combos are still collected; then take today's state: `xfer job check JOB --accept-drift`.";
    ITEM_OPTIONS_CHANGED = Warning, Drift, "item-options-changed",
        "An option combo of an item stands for other options than when the item was made.",
        "Make sure that both sides still mean the same; then take today's state: `xfer job check JOB --accept-drift`.";
    ITEM_OPTION_SET_CHANGED = Warning, Drift, "item-option-set-changed",
        "A data element of an item has another option set than when the item was made.",
        "Look whether the values are still among the options; then take today's state: `xfer job check JOB --accept-drift`.";
    ITEM_DATA_SETS_CHANGED = Warning, Drift, "item-data-sets-changed",
        "A data element of an item is collected in other data sets, or in other periods, than when the item was made.",
        "Look whether it is still collected in the job's periods; then take today's state: `xfer job check JOB --accept-drift`.";
    REPORT_PERIOD_LONGER = Error, Timing, "report-period-longer",
        "A data set is reported in longer periods than those that the job reads its reports in. No report is due in these, and the server answers 0 instead of nothing.",
        "Read the reports in a job whose source period type is that of the data set, or a longer one.";
    ITEM_FORMULA_CHANGED = Warning, Drift, "item-formula-changed",
        "An indicator of an item calculates something else than when the item was made.",
        "Make sure that it still counts the same; then take today's state: `xfer job check JOB --accept-drift`.";
}

/// What a run says, too, in its words: they stand in its table, which has their full cause and remedy.
pub mod of_runs {
    use xfer_domain::finding::table;

    table! {
        SOURCE_NOT_READABLE = Error, Permission, "source-not-readable",
            "The source user may not read all that an item reads; the server leaves it out without a word.",
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
            "The routine wrote cells that no item and no org unit of the map leads to any more.",
            "`when_empty: delete` lets the next run remove what nobody else changed; or delete the values by hand at the destination.";
        CALENDAR_DIFFERS = Error, Configuration, "calendar-differs",
            "The two servers use different calendars; their periods do not correspond.",
            "Transfers need the same calendar on both servers.";
        COMBINE_MISSING = Error, Mapping, "combine-missing",
            "Several source values go to one cell and no combine operator is set.",
            "Set the job's or the item's combine operator (`sum`, `average`, `last` …), or correct the map.";
        PERCENTAGES_ADDED_UP = Error, Mapping, "percentages-added-up",
            "Percentages of reports would be added up, or were to be: of org units, of periods or of data sets. Their sum says nothing.",
            "Move the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which add up, and let an indicator of the destination divide them; or keep apart what meets, and read the rate in the periods that are written.";
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
