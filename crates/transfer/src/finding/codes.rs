//! The table itself. Grouped by where in a transfer an entry is met; the order is that of `docs/findings.md`.

use xfer_domain::finding::table;

table! {
    // Preflight: who may write at all.
    NO_IMPORT_AUTHORITY = Error, Permission, "no-import-authority",
        "The user at the destination lacks the authority to import data values (`F_DATAVALUE_ADD`).",
        "Ask the destination's administrator for a role with the authority \"Add/Update Data Value\" for this user.";
    DATA_SET_NO_WRITE = Error, Permission, "data-set-no-write",
        "The user may not enter data for the data set at the destination.",
        "Share the data set with the user or one of its groups with \"can capture data\".";
    ORG_UNIT_OUTSIDE_CAPTURE = Error, Permission, "org-unit-outside-capture",
        "The org unit lies outside the part of the tree in which the user may enter data.",
        "Give the user at the destination this org unit, or one above it, as a data capture org unit.";
    CATEGORY_OPTION_NO_WRITE = Error, Permission, "category-option-no-write",
        "The user may not enter data for a category option of the cell.",
        "Share the category option with the user or one of its groups with \"can capture data\".";
    // Preflight: the address.
    DATA_ELEMENT_UNKNOWN = Error, Mapping, "data-element-unknown",
        "The destination has no such data element, or the user may not see it.",
        "Sync the destination again; then map the item to a data element that exists, or share it with the user.";
    DATA_ELEMENT_IN_NO_DATA_SET = Error, Configuration, "data-element-in-no-data-set",
        "The data element is in no data set at the destination, so no form or report would show its values.",
        "Add the data element to a data set at the destination, or map the item to another one; then sync again.";
    DATA_ELEMENT_NOT_IN_DATA_SET = Error, Configuration, "data-element-not-in-data-set",
        "The data element is not in the data set that the values were sent with.",
        "Sync the destination again: the data set was changed after the last sync.";
    ORG_UNIT_UNKNOWN = Error, Mapping, "org-unit-unknown",
        "The destination has no such org unit, or the user may not see it.",
        "Sync the destination again; then map the source org unit to one that exists.";
    ORG_UNIT_NOT_ASSIGNED = Error, Configuration, "org-unit-not-assigned",
        "The org unit is not assigned to the data set.",
        "Assign the org unit to the data set at the destination, or map the source org unit to an assigned one; then sync again.";
    ORG_UNIT_NOT_OPEN_YET = Error, Timing, "org-unit-not-open-yet",
        "The period ends before the opening date of the org unit.",
        "Correct the opening date of the org unit at the destination, or leave these periods out.";
    ORG_UNIT_CLOSED = Error, Timing, "org-unit-closed",
        "The period begins after the closing date of the org unit.",
        "Correct the closing date of the org unit at the destination, or map the source org unit to its successor.";
    ORG_UNIT_NOT_OPEN = Error, Timing, "org-unit-not-open",
        "The org unit was not open when the period began.",
        "Correct the opening or closing date of the org unit at the destination, or leave these periods out.";
    PERIOD_TYPE_MISMATCH = Error, Configuration, "period-type-mismatch",
        "The data set takes periods of another type.",
        "Set the job's destination period type to that of the data set.";
    PERIOD_INVALID = Error, Mapping, "period-invalid",
        "The destination does not take the period.",
        "Check the job's period types and the calendars of both servers.";
    CATEGORY_OPTION_COMBO_UNKNOWN = Error, Mapping, "category-option-combo-unknown",
        "The destination has no such category option combo, or the user may not see it.",
        "Sync the destination again; then map the item to a category option combo of its data element.";
    CATEGORY_OPTION_COMBO_FOREIGN = Error, Mapping, "category-option-combo-foreign",
        "The category option combo does not belong to the category combo that the data element has in the data set.",
        "Map the item to a category option combo of the data element's own category combo (or of the data set's override).";
    ATTRIBUTE_OPTION_COMBO_UNKNOWN = Error, Mapping, "attribute-option-combo-unknown",
        "The destination has no such attribute option combo, or the user may not see it or not enter data for it.",
        "Where the user lost the right, share the category options of the combo with \"can capture data\"; otherwise sync the destination again and map the item to an attribute option combo of the data set.";
    ATTRIBUTE_OPTION_COMBO_FOREIGN = Error, Mapping, "attribute-option-combo-foreign",
        "The attribute option combo does not belong to the category combo of the data set.",
        "Map the item to an attribute option combo of the data set; `default` where the data set has none.";
    ATTRIBUTE_OPTION_OUTSIDE_DATES = Error, Timing, "attribute-option-outside-dates",
        "The period lies outside the dates between which an attribute option is valid.",
        "Correct the start and end date of the category option at the destination, let the data set stay open after it (open periods after the end date), or map to another attribute option combo.";
    ATTRIBUTE_OPTION_NOT_FOR_ORG_UNIT = Error, Configuration, "attribute-option-not-for-org-unit",
        "An attribute option is restricted to org units, and this is not one of them.",
        "Add the org unit to the category option at the destination, or map to another attribute option combo.";
    DUPLICATE_CELL = Error, Mapping, "duplicate-cell",
        "The same destination cell would be sent twice, and the two values need not agree.",
        "Map the items to different cells, or put them into one job with a combine operator.";
    // Preflight: the time.
    PERIOD_IN_FUTURE = Error, Timing, "period-in-future",
        "The period has not ended and the data set does not take periods that far ahead.",
        "Wait until the period has ended, or raise \"open future periods\" of the data set.";
    PERIOD_EXPIRED = Error, Timing, "period-expired",
        "The data set no longer takes data for the period: its expiry days have passed.",
        "Raise the expiry days of the data set, or give the user the authority \"Edit expired\" (`F_EDIT_EXPIRED`).";
    PERIOD_NOT_OPEN = Error, Timing, "period-not-open",
        "The data set does not take the period today: it is in the future, has expired or is not among the input periods.",
        "Look at the data set's expiry days, open future periods and data input periods at the destination.";
    INPUT_PERIOD_CLOSED = Error, Timing, "input-period-closed",
        "The data set lists the periods it takes and when; this period is not among them, or not open today.",
        "Open the period among the data input periods of the data set.";
    INPUT_PERIODS_INVERTED = Warning, Configuration, "input-periods-inverted",
        "DHIS2 2.43.0 and 2.43.1 refuse input periods that are open and take closed ones; input periods are therefore not checked beforehand. A 2.43 that does not name its patch may do so: what is closed is held back, and what is open is sent.",
        "Upgrade the destination beyond 2.43.1, or remove the data input periods of the data set while values are transferred.";
    DATA_APPROVED = Error, Timing, "data-approved",
        "The data of the org unit and period are approved at the destination and therefore closed.",
        "Ask for the approval to be taken back, or leave the period out.";
    // Preflight: the value.
    VALUE_INVALID = Error, Value, "value-invalid",
        "The value is not of the data element's value type.",
        "Correct the value at the source, give the item a factor or rounding, or map it to a data element of the right type.";
    VALUE_MISSING = Error, Value, "value-missing",
        "There is no value to send.",
        "Correct the value at the source; empty values are never sent.";
    OPTION_UNKNOWN = Error, Value, "option-unknown",
        "The value is none of the codes of the data element's option set.",
        "Add the option at the destination, or translate the value with a script or the option map plugin.";
    SOURCE_ID_NOT_TRANSLATED = Error, Value, "source-id-not-translated",
        "The value is the id of a file, a user or another object of the source, which means nothing at the destination.",
        "Take the item out of the job, or translate its values with a script (`fn value`); one that gives the value back as it is says that both servers have the same ids.";
    ORG_UNIT_VALUE_UNMAPPED = Error, Mapping, "org-unit-value-unmapped",
        "The value is an org unit of the source that has no confirmed destination.",
        "Map that org unit too, or translate the value with a script (`fn value`).";
    ORG_UNIT_VALUE_UNKNOWN = Error, Value, "org-unit-value-unknown",
        "The value is an org unit that the destination does not have.",
        "Sync the destination if the org unit is new there; else correct the value or what translates it.";
    COMMENT_TOO_LONG = Error, Value, "comment-too-long",
        "The comment of the cell is longer than the destination takes, and overwriting without it would lose it.",
        "Shorten the comment: at the source where the job copies comments, else at the destination.";
    COMMENT_OPTION_UNKNOWN = Error, Value, "comment-option-unknown",
        "The comment of the cell is none of the options that the data element allows for comments.",
        "Correct the comment at the destination, or remove the comment option set of the data element.";
    // Engine: from the source to the cell.
    ORG_UNIT_UNMAPPED = Error, Mapping, "org-unit-unmapped",
        "A source org unit with values has no confirmed destination org unit.",
        "Map the org unit, or mark it as ignored: `xfer orgunit unmapped` lists them.";
    ORG_UNIT_PROPOSED = Warning, Mapping, "org-unit-proposed",
        "The mapping of a source org unit with values is only proposed, so its values are not transferred.",
        "Look it over and confirm it: `xfer orgunit map SOURCE DESTINATION`.";
    SOURCE_VALUE_INVALID = Error, Value, "source-value-invalid",
        "A source value is no number (or date) where the item needs one.",
        "Correct the value at the source; where the data element holds no numbers, choose an operator that does not calculate (`--combine last`) or handle it in a script.";
    SOURCE_PERIOD_UNUSABLE = Error, Mapping, "source-period-unusable",
        "A source period lies half in one destination period and half in another; the cells of both are held back.",
        "Choose a destination period type of which one holds more than half of each source period (as of weeks in months), or let a script decide (`period`).";
    CELL_NOT_WHOLE = Error, Source, "cell-not-whole",
        "A part of the cell's value cannot be used, so nothing is written for the cell: a cell is written whole or not at all.",
        "The example names the part and why it cannot be used: correct the value at the source, the script or the item that asks for numbers, then run again.";
    SOURCE_NOT_READABLE = Error, Permission, "source-not-readable",
        "The source user may not read all that feeds a cell, so it is not known whether the source has a value: nothing is written and nothing deleted.",
        "Share the object with the source user with \"can view data\"; or map only what may be read, each option combo with an item of its own.";
    COMBINE_MISSING = Error, Mapping, "combine-missing",
        "Several source values go to one cell and no combine operator is set.",
        "Set the job's or the item's combine operator (`sum`, `average`, `last` …), or correct the map.";
    PERCENTAGES_ADDED_UP = Error, Mapping, "percentages-added-up",
        "Percentages of reports would be added up, or were to be: of org units, of periods or of data sets. Their sum says nothing.",
        "Move the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which add up, and let an indicator of the destination divide them; or keep apart what meets, and read the rate in the periods that are written.";
    SOURCE_EMPTY = Warning, Source, "source-empty",
        "The source has no values for the items, org units and periods of the run. An error where a job had values before and has none now: then the run is incomplete.",
        "Check the periods (the report names the last one that has values), the items and whether the source user may see the data; analytics may need to be run. If the values were withdrawn on purpose, delete them by hand at the destination, too.";
    SOURCE_PERIODS_EMPTY = Info, Source, "source-periods-empty",
        "For some periods of the run the source has no value at all of a job.",
        "Nothing, if nobody reported then; otherwise look at the source whether the reports are late or the periods the wrong ones.";
    SOURCE_ITEM_MISSING = Error, Source, "source-item-missing",
        "What an item reads can no longer be read by the source user: it was deleted, or is not shared any more. Its cells are held back.",
        "Share it with the source user again; only if it was deleted, sync the source and map the item to its successor.";
    SOURCE_ITEM_UNANSWERED = Warning, Source, "source-item-unanswered",
        "The source left an item out of its answer without a word; it has no values, or the user may not see it.",
        "Check whether the item has data in these periods and is shared with the source user.";
    SOURCE_ORG_UNIT_OUT_OF_SCOPE = Error, Permission, "source-org-unit-out-of-scope",
        "The source user may not see the data of an org unit.",
        "Give the source user the org unit, or one above it, as a data view org unit.";
    ANALYTICS_STALE = Warning, Source, "analytics-stale",
        "The source's analytics tables are older than the routine allows or older than the latest data.",
        "Run analytics at the source (Data Administration, Analytics management), or schedule it before this routine.";
    ANALYTICS_NEVER_RUN = Error, Source, "analytics-never-run",
        "The source has never built its analytics tables, so indicators have no values.",
        "Run analytics at the source (Data Administration, Analytics management).";
    ANALYTICS_CHANGED = Warning, Source, "analytics-changed",
        "The source rebuilt its analytics tables while they were read; they were read again.",
        "Schedule the routine for a time when analytics does not run.";
    ZEROS_LEFT_OUT = Info, Source, "zeros-left-out",
        "The source leaves zeros out of analytics, so a missing value and a zero look the same.",
        "Set \"include zero values in analytics\" at the source, read raw values, or set the item's rule for empty values to `zero`.";
    ZERO_DROPPED = Info, Configuration, "zero-dropped",
        "The destination does not keep zeros for the data element (zero is not significant); nothing is stored.",
        "Set \"store zero data values\" of the data element at the destination if zeros matter.";
    ZERO_KEPT = Warning, Configuration, "zero-kept",
        "The source has 0, the destination does not keep zeros for the data element (zero is not significant), and what stands there stays.",
        "Set \"store zero data values\" of the data element at the destination; or let the routine delete what it wrote (`--when-empty delete`).";
    COVERAGE_SHORT = Warning, Source, "coverage-short",
        "Too few source periods have a value for the destination period, so nothing is written for it.",
        "Wait for the missing reports, or lower the coverage rule of the item: `xfer job edit-item … --coverage`.";
    SHARE_NOT_WHOLE = Error, Value, "share-not-whole",
        "The value cannot be shared out: it has more decimals than the destination data elements take.",
        "Round the item first (`--round 0`), or share it out to data elements that take decimals.";
    SCRIPT_CHANGED = Info, Policy, "script-changed",
        "A script made other values of these.",
        "Nothing, if that is what the script is for; the report shows examples, before → after.";
    SCRIPT_CREATED = Info, Policy, "script-created",
        "A script added values that the source does not have.",
        "Nothing, if that is what the script is for; `created_by_script` counts them.";
    SCRIPT_ROW_FOREIGN = Error, Policy, "script-row-foreign",
        "A script with `rows` put a row into an org unit, data item or period that the run does not cover; it has no place.",
        "Let the script add rows only for org units, items and periods that it was given; where values go to other periods, `fn period` says so, and the run then reads all of them.";
    SCRIPT_DROPPED = Info, Policy, "script-dropped",
        "A script left the value out, with the reason given.",
        "Nothing, if that is what the script is for; `xfer script test` shows how it decides.";
    SCRIPT_FAILED = Error, Policy, "script-failed",
        "A script stopped with an error on this value, or refused it.",
        "Correct the script, or let it act on fewer items; its file, line and row stand beside this finding.";
    CALENDAR_DIFFERS = Error, Configuration, "calendar-differs",
        "The two servers use different calendars; their periods do not correspond.",
        "Transfers need the same calendar on both servers.";
    VERSION_UNTESTED = Warning, Configuration, "version-untested",
        "The version of a server is outside those whose rules the program knows; a newer one is taken for the newest that it knows.",
        "Try a dry run first, and look closely at what is read back; a newer xfer may know the version.";
    SERVER_CHANGED = Warning, Configuration, "server-changed",
        "The server's version or metadata changed since the last sync.",
        "Sync the server again and look at `xfer check`.";
    METADATA_STALE = Warning, Configuration, "metadata-stale",
        "The synced metadata of a server is old; what was changed there since is not known here.",
        "Sync the server: `xfer server sync`.";
    DESTINATION_NOT_READABLE = Error, Permission, "destination-not-readable",
        "The user may not read what stands in the cell at the destination, so nothing is compared and nothing is overwritten.",
        "Share the object with the user at the destination with \"can view data\".";
    // Engine: guards.
    MAX_CHANGE_EXCEEDED = Error, Policy, "max-change-exceeded",
        "The run would change a larger share of the destination's cells than the routine allows.",
        "Look at the differences with `xfer run --diff`; if they are right, raise `max_change` for once.";
    MAX_DELETE_EXCEEDED = Error, Policy, "max-delete-exceeded",
        "The run would delete more cells than the routine allows.",
        "Look at the differences with `xfer run --diff`; if they are right, raise `max_delete` for once.";
    MAX_DELETE_SHARE_EXCEEDED = Error, Policy, "max-delete-share-exceeded",
        "A larger share of what the routine wrote would be deleted (or overwritten with zeros) than it allows, because the source has nothing; nothing of the job is deleted.",
        "Look at the source: an answer that is empty by mistake looks like this. If the values were withdrawn on purpose, raise the share for once: `xfer routine edit … --max-delete-share 100`.";
    DELETE_WITHOUT_EVIDENCE = Error, Source, "delete-without-evidence",
        "The source has nothing at all for the job, for a group of org units or for a period, and an empty answer is not a wish to delete: nothing is deleted or overwritten with zeros there.",
        "Look at the source: does it show these values in its data entry? If they were withdrawn on purpose, delete them by hand at the destination.";
    DELETE_NOT_OURS = Info, Policy, "delete-not-ours",
        "The source has no value, but the cell was not written by this routine and is therefore not deleted.",
        "Delete it by hand at the destination if it is wrong.";
    // Engine: after the push.
    DIFFERS_AFTER_WRITE = Error, Transport, "differs-after-write",
        "The destination accepted the value, but holds another one when read back.",
        "Look for someone else who writes the same cells, or for a rule of the destination; then run again.";
    OUTCOME_UNKNOWN = Error, Transport, "outcome-unknown",
        "The value was sent, no trustworthy answer came and the read-back failed too.",
        "Run again: what arrived is recognised and not sent twice.";
    NOT_SENT = Error, Transport, "not-sent",
        "The run stopped before the value was sent.",
        "Run again: the run goes on where it stopped.";
    NO_READ_BACK = Warning, Permission, "no-read-back",
        "The values were accepted but cannot be proved: the user may not read them at the destination.",
        "Share the data set with \"can view data\" and give the user the org units as data view org units.";
    READ_BACK_CUT_OFF = Warning, Transport, "read-back-cut-off",
        "The values were accepted by the destination, and the run came to its end before they could be read back.",
        "Run again: what has arrived is found unchanged, and what has not is sent.";
    JOURNAL_NOT_CLOSED = Error, Transport, "journal-not-closed",
        "The end of the run could not be written down on this machine; what this report says holds all the same, and `xfer runs` shows the run as broken off.",
        "Check that the state folder may be written to, that the disk is not full and that no other program holds the database; then run again: what has arrived is found unchanged.";
    JOURNAL_CUT_OFF = Error, Transport, "journal-cut-off",
        "The run could not write down on this machine what becomes of its values, so it sent nothing more; what this report says holds all the same.",
        "Check that the state folder may be written to, that the disk is not full and that no other program holds the database; then run again: what has arrived is recognised, and what has not is sent.";
    ROWS_LOST_IN_RACE = Info, Transport, "rows-lost-in-race",
        "The destination lost rows when two requests wrote at the same time; they were sent again alone.",
        "Nothing; should it happen often, set the routine's `parallel` to 1.";
    SENT_AGAIN = Info, Transport, "sent-again",
        "The destination refused a whole POST because of some of its rows; the others were sent again.",
        "Nothing beyond the refused cells, which are listed on their own.";
    SERVER_FAILED = Error, Transport, "server-failed",
        "The destination failed on this value without giving a reason.",
        "Look into the destination's log; upgrade it if the version is old.";
    SERVER_GAVE_UP = Error, Transport, "server-gave-up",
        "The destination failed again and again without giving a reason; the rest of the POST was not tried.",
        "Look into the destination's log, then run again.";
    SERVER_REFUSED = Error, Configuration, "server-refused",
        "The destination refused the value for a reason of its own.",
        "Read the server's sentence beside this finding; sync the destination again.";
    DATA_SET_UNKNOWN = Error, Mapping, "data-set-unknown",
        "The destination has no such data set, or the user may not see it.",
        "Sync the destination again; the data set was deleted or its sharing was changed.";
    OPTION_COMBO_REQUIRED = Error, Configuration, "option-combo-required",
        "The destination is set to require an option combo on every row.",
        "Map the item to its category option combo and attribute option combo.";
    OPTIONS_RESTRICTED = Warning, Configuration, "options-restricted",
        "The attribute options of a data set are restricted to many org units, which makes writing several times slower.",
        "Restrict the options to an org unit high in the tree, or lift the restriction.";
    // Engine: what the plan and the slices add.
    SOURCE_ORG_UNIT_UNKNOWN = Error, Mapping, "source-org-unit-unknown",
        "A mapped source org unit does not exist at the source, or the user may not see it: none of its values arrive, and a sum that it is part of is not sent.",
        "Where it was deleted, take it out of the org unit map (`xfer orgunit check` names it); otherwise share it with the source user and sync the source again.";
    ORG_UNIT_IGNORED = Info, Mapping, "org-unit-ignored",
        "A source org unit that is marked as ignored has values; they are left out.",
        "Nothing, if that is what the mark is for; otherwise map the org unit.";
    AREA_NOT_READ = Info, Source, "area-not-read",
        "A large part of the source's tree has no mapped org unit and was not read, so unmapped values there are not counted.",
        "Nothing, if that part is not to be transferred; otherwise map its org units.";
    SOURCE_VALUE_TWICE = Error, Source, "source-value-twice",
        "The source gave the same value twice and not the same both times; nothing is sent for the cells that it is part of.",
        "Run again, somebody may have been entering it; if it stays, let the source's administrator look for doubled rows or for a proxy that mixes answers.";
    DESTINATION_VALUE_TWICE = Error, Transport, "destination-value-twice",
        "The destination gave the same value twice and not the same both times: what stands in the cell is not known, and nothing is sent for it.",
        "Run again, somebody may have been entering it; if it stays, let the destination's administrator look for doubled rows or for a proxy that mixes answers.";
    SOURCE_VALUE_EMPTY = Info, Source, "source-value-empty",
        "A source value has a comment but no value; there is nothing to transfer.",
        "Nothing, unless the comment stands for a number that is missing at the source.";
    OPTION_COMBO_NOT_MAPPED = Warning, Mapping, "option-combo-not-mapped",
        "The source has values of a mapped data element under an option combo that no item of the job reads.",
        "Add an item for the option combo, if its values belong to the destination.";
    SOURCE_COMMENTS_NOT_MOVED = Info, Policy, "source-comments-not-moved",
        "Source values have comments or follow-up marks, and the job does not move them.",
        "Nothing, or let them go along: `xfer job edit … --comments copy`.";
    SLICE_FAILED = Error, Transport, "slice-failed",
        "A part of the run could not be read; nothing of it was sent, and its values are not in the counts.",
        "Run again; if it stays, the sentence beside this finding says what to look at.";
    SLICES_NOT_DONE = Error, Transport, "slices-not-done",
        "The run stopped before all its parts were done.",
        "Run again: what has arrived is recognised and not sent twice.";
    SAME_SYSTEM = Warning, Configuration, "same-system",
        "Source and destination say that they are the same system: one is a copy of the other, or both are one server.",
        "Nothing, if values are meant to move within one system; otherwise check both addresses.";
    ANOTHER_DESTINATION = Warning, Configuration, "another-destination",
        "The routine wrote to another system before. What it wrote there is its own there; here nothing is yet.",
        "Nothing, if the routine is meant to go to another server now; otherwise check the destination's address.";
    XFER_FILE_OUTDATED = Warning, Configuration, "xfer-file-outdated",
        "The xfer file is older than its routine: the run did what the routine was when it was exported.",
        "Export the routine again to the same place: `xfer routine export`.";
    STALE_KEPT = Info, Policy, "stale-kept",
        "The destination has a value where the source has none; the routine keeps it.",
        "Nothing, or set the rule for empty values to `zero` or `delete`.";
    LEFTOVER = Warning, Mapping, "leftover",
        "Cells hold what this routine once wrote, and no item or org unit of it leads to them any more: after a correction of the map their values count twice.",
        "Let the routine delete what it wrote (`xfer routine edit … --when-empty delete`, within `max_delete`), or delete it by hand; a run over all jobs and periods does it.";
    STALE_CHANGED = Warning, Policy, "stale-changed",
        "A cell that this routine once wrote was changed by somebody else; the source has no value for it now, and it is kept.",
        "Delete it by hand at the destination if it is wrong.";
    NOT_PROVED = Info, Policy, "not-proved",
        "The values were accepted and not read back, because the routine says so.",
        "Switch verification on, unless another check does the same.";
    DIFF_NOT_POSSIBLE = Warning, Permission, "diff-not-possible",
        "The user may not read the values at the destination, so everything is sent and nothing is compared.",
        "Share the data set with \"can view data\" and give the user the org units as data view org units.";
}
