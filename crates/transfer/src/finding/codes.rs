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
        "The org unit is outside the part of the tree where the user may enter data.",
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
        "The data set has another period type.",
        "Set the job's destination period type to that of the data set.";
    PERIOD_INVALID = Error, Mapping, "period-invalid",
        "The destination does not accept the period.",
        "Check the job's period types and the calendars of both servers.";
    CATEGORY_OPTION_COMBO_UNKNOWN = Error, Mapping, "category-option-combo-unknown",
        "The destination has no such category option combo, or the user may not see it.",
        "Sync the destination again; then map the item to a category option combo of its data element.";
    CATEGORY_OPTION_COMBO_FOREIGN = Error, Mapping, "category-option-combo-foreign",
        "The category option combo does not belong to the category combo that the data element has in the data set.",
        "Map the item to a category option combo of the data element's own category combo (or of the data set's override).";
    ATTRIBUTE_OPTION_COMBO_UNKNOWN = Error, Mapping, "attribute-option-combo-unknown",
        "The destination has no such attribute option combo, or the user may not see it or not enter data for it.",
        "If the user lost access, share the category options of the combo with \"can capture data\"; otherwise sync \
         the destination again and map the item to an attribute option combo of the data set.";
    ATTRIBUTE_OPTION_COMBO_FOREIGN = Error, Mapping, "attribute-option-combo-foreign",
        "The attribute option combo does not belong to the category combo of the data set.",
        "Map the item to an attribute option combo of the data set; `default` where the data set has none.";
    ATTRIBUTE_OPTION_OUTSIDE_DATES = Error, Timing, "attribute-option-outside-dates",
        "The period is outside the dates in which an attribute option is valid.",
        "Correct the start and end date of the category option at the destination, let the data set stay open after it (open periods after the end date), or map to another attribute option combo.";
    ATTRIBUTE_OPTION_NOT_FOR_ORG_UNIT = Error, Configuration, "attribute-option-not-for-org-unit",
        "An attribute option is restricted to certain org units, and this is not one of them.",
        "Add the org unit to the category option at the destination, or map to another attribute option combo.";
    DUPLICATE_CELL = Error, Mapping, "duplicate-cell",
        "The same destination cell would be sent twice, possibly with different values.",
        "Map the items to different cells, or put them into one job with a combine operator.";
    // Preflight: the time.
    PERIOD_IN_FUTURE = Error, Timing, "period-in-future",
        "The period has not ended, and the data set does not accept periods that far in the future.",
        "Wait until the period has ended, or raise \"open future periods\" of the data set.";
    PERIOD_EXPIRED = Error, Timing, "period-expired",
        "The data set no longer accepts data for the period: its expiry days have passed.",
        "Raise the expiry days of the data set, or give the user the authority \"Edit expired\" (`F_EDIT_EXPIRED`).";
    PERIOD_NOT_OPEN = Error, Timing, "period-not-open",
        "The data set does not accept the period today: it is in the future, has expired or is not one of the input \
         periods.",
        "Look at the data set's expiry days, open future periods and data input periods at the destination.";
    INPUT_PERIOD_CLOSED = Error, Timing, "input-period-closed",
        "The data set lists the periods it accepts and when; this period is not listed, or not open today.",
        "Open the period in the data input periods of the data set.";
    INPUT_PERIODS_INVERTED = Warning, Configuration, "input-periods-inverted",
        "DHIS2 2.43.0 and 2.43.1 refuse input periods that are open and take closed ones; input periods are therefore \
         not checked before sending. If the patch version of a 2.43 is not known: closed periods are held back, open \
         ones are sent.",
        "Upgrade the destination beyond 2.43.1, or remove the data input periods of the data set while values are transferred.";
    DATA_APPROVED = Error, Timing, "data-approved",
        "The data of the org unit and period are approved at the destination and therefore closed.",
        "Ask for the approval to be removed, or leave the period out.";
    // Preflight: the value.
    VALUE_INVALID = Error, Value, "value-invalid",
        "The value is not of the data element's value type.",
        "Correct the value at the source, give the item a factor or rounding, or map it to a data element of the right type.";
    VALUE_MISSING = Error, Value, "value-missing",
        "There is no value to send.",
        "Correct the value at the source; empty values are never sent.";
    OPTION_UNKNOWN = Error, Value, "option-unknown",
        "The value is not a code of the data element's option set.",
        "Add the option at the destination, or translate the value with a script or the option map plugin.";
    SOURCE_ID_NOT_TRANSLATED = Error, Value, "source-id-not-translated",
        "The value is the id of a file, a user or another object of the source, which has no meaning at the \
         destination.",
        "Take the item out of the job, or translate its values with a script (`fn value`); a script that returns the \
         value unchanged states that both servers use the same ids.";
    ORG_UNIT_VALUE_UNMAPPED = Error, Mapping, "org-unit-value-unmapped",
        "The value is an org unit of the source that has no confirmed destination.",
        "Map that org unit too, or translate the value with a script (`fn value`).";
    ORG_UNIT_VALUE_UNKNOWN = Error, Value, "org-unit-value-unknown",
        "The value is an org unit that the destination does not have.",
        "Sync the destination if the org unit is new there; otherwise correct the value or its script.";
    COMMENT_TOO_LONG = Error, Value, "comment-too-long",
        "The comment of the cell is longer than the destination takes, and overwriting without it would lose it.",
        "Shorten the comment: at the source if the job copies comments, otherwise at the destination.";
    COMMENT_OPTION_UNKNOWN = Error, Value, "comment-option-unknown",
        "The comment of the cell is not one of the options that the data element allows for comments.",
        "Correct the comment at the destination, or remove the comment option set of the data element.";
    // Engine: from the source to the cell.
    ORG_UNIT_UNMAPPED = Error, Mapping, "org-unit-unmapped",
        "A source org unit with values has no confirmed destination org unit.",
        "Map the org unit, or mark it as ignored: `xfer orgunit unmapped` lists them.";
    ORG_UNIT_PROPOSED = Warning, Mapping, "org-unit-proposed",
        "The mapping of a source org unit with values is only proposed, so its values are not transferred.",
        "Check it and confirm it: `xfer orgunit map SOURCE DESTINATION`.";
    SOURCE_VALUE_INVALID = Error, Value, "source-value-invalid",
        "A source value is not a number (or date), but the item needs one.",
        "Correct the value at the source; where the data element holds no numbers, choose an operator that does not calculate (`--combine last`) or handle it in a script.";
    SOURCE_PERIOD_UNUSABLE = Error, Mapping, "source-period-unusable",
        "A source period is half in one destination period and half in another; the cells of both are held back.",
        "Choose a destination period type in which each source period falls mostly into one period (such as weeks \
         into months), or let a script decide (`fn period`).";
    CELL_NOT_WHOLE = Error, Source, "cell-not-whole",
        "A part of the cell's value cannot be used, so nothing is written for the cell: a cell is written whole or not at all.",
        "The example names the part and the reason: correct the value at the source, the script, or the item that \
         needs numbers, then run again.";
    SOURCE_NOT_READABLE = Error, Permission, "source-not-readable",
        "The source user may not read everything that goes into a cell, so it is not known whether the source has a \
         value: nothing is written and nothing deleted.",
        "Share the object with the source user with \"can view data\"; or map only what the user may read, one item \
         for each option combo.";
    COMBINE_MISSING = Error, Mapping, "combine-missing",
        "Several source values go to one cell and no combine operator is set.",
        "Set the job's or the item's combine operator (`sum`, `average`, `last` …), or correct the map.";
    PERCENTAGES_ADDED_UP = Error, Mapping, "percentages-added-up",
        "Reporting rates (percentages) of several org units, periods or data sets would be added up. Such a sum has \
         no meaning.",
        "Transfer the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which can be added up, and divide them with an \
         indicator at the destination; or give each rate its own cell, and read it in the periods that are written.";
    SOURCE_EMPTY = Warning, Source, "source-empty",
        "The source has no values for the items, org units and periods of the run. It is an error if the job had \
         values before: then the run is incomplete.",
        "Check the periods (the report names the last one that has values), the items, and whether the source user \
         may see the data; analytics may need to be run. If the values were deleted on purpose, delete them by hand \
         at the destination too.";
    SOURCE_PERIODS_EMPTY = Info, Source, "source-periods-empty",
        "For some periods of the run the source has no values for a job.",
        "Nothing, if nobody reported then; otherwise check at the source whether reports are late or the periods are \
         wrong.";
    SOURCE_ITEM_MISSING = Error, Source, "source-item-missing",
        "The source user can no longer read the data of an item: it was deleted, or is no longer shared. Its cells \
         are held back.",
        "Share it with the source user again; only if it was deleted, sync the source and map the item to its successor.";
    SOURCE_ITEM_UNANSWERED = Warning, Source, "source-item-unanswered",
        "The source left an item out of its answer without a message: it has no values, or the user may not see it.",
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
        "The source leaves zeros out of analytics, so a zero looks like a missing value.",
        "Set \"include zero values in analytics\" at the source, read raw values, or set the item's rule for empty values to `zero`.";
    ZERO_DROPPED = Info, Configuration, "zero-dropped",
        "The destination does not keep zeros for the data element (zero is not significant); nothing is stored.",
        "Set \"store zero data values\" of the data element at the destination if zeros matter.";
    ZERO_KEPT = Warning, Configuration, "zero-kept",
        "The source has 0, but the destination does not keep zeros for the data element (zero is not significant), so \
         the old value stays.",
        "Set \"store zero data values\" of the data element at the destination; or let the routine delete what it wrote (`--when-empty delete`).";
    COVERAGE_SHORT = Warning, Source, "coverage-short",
        "Too few source periods have a value for the destination period, so nothing is written for it.",
        "Wait for the missing reports, or lower the coverage rule of the item: `xfer job edit-item … --coverage`.";
    SHARE_NOT_WHOLE = Error, Value, "share-not-whole",
        "The value cannot be divided into shares: it has more decimals than the destination data elements accept.",
        "Round the item first (`--round 0`), or divide it among data elements that accept decimals.";
    SCRIPT_CHANGED = Info, Policy, "script-changed",
        "A script changed these values.",
        "Nothing, if this is intended; the report shows examples, before → after.";
    SCRIPT_CREATED = Info, Policy, "script-created",
        "A script added values that the source does not have.",
        "Nothing, if this is intended; `created_by_script` counts them.";
    SCRIPT_ROW_FOREIGN = Error, Policy, "script-row-foreign",
        "A script with `rows` put a row into an org unit, data item or period that the run does not cover.",
        "Let the script add rows only for org units, items and periods that it was given; to move values to other \
         periods, use `fn period`; the run then reads all of them.";
    SCRIPT_DROPPED = Info, Policy, "script-dropped",
        "A script left the value out, with the reason given.",
        "Nothing, if this is intended; `xfer script test` shows how it decides.";
    SCRIPT_FAILED = Error, Policy, "script-failed",
        "A script stopped with an error on this value, or refused it.",
        "Correct the script, or attach it to fewer items; the finding names its file, line and row.";
    CALENDAR_DIFFERS = Error, Configuration, "calendar-differs",
        "The two servers use different calendars, so their periods do not match.",
        "Transfers need the same calendar on both servers.";
    VERSION_UNTESTED = Warning, Configuration, "version-untested",
        "The program does not know the rules of this server version. It treats a newer version like the newest that \
         it knows.",
        "Try a dry run first, and check carefully what is read back; a newer xfer may know the version.";
    SERVER_CHANGED = Warning, Configuration, "server-changed",
        "The server's version or metadata changed since the last sync.",
        "Sync the server again and look at `xfer check`.";
    METADATA_STALE = Warning, Configuration, "metadata-stale",
        "The cached metadata of a server is old; later changes on the server are not known here.",
        "Sync the server: `xfer server sync`.";
    DESTINATION_NOT_READABLE = Error, Permission, "destination-not-readable",
        "The user may not read the cell's value at the destination, so nothing is compared and nothing is overwritten.",
        "Share the object with the user at the destination with \"can view data\".";
    // Engine: guards.
    MAX_CHANGE_EXCEEDED = Error, Policy, "max-change-exceeded",
        "The run would change a larger share of the destination's cells than the routine allows.",
        "Look at the differences with `xfer run --diff`; if they are right, raise `max_change` for one run.";
    MAX_DELETE_EXCEEDED = Error, Policy, "max-delete-exceeded",
        "The run would delete more cells than the routine allows.",
        "Look at the differences with `xfer run --diff`; if they are right, raise `max_delete` for one run.";
    MAX_DELETE_SHARE_EXCEEDED = Error, Policy, "max-delete-share-exceeded",
        "The run would delete (or overwrite with zeros) a larger share of the routine's own values than it allows, \
         because the source has no values; nothing of the job is deleted.",
        "Check the source: it may answer with no values by mistake. If the values were deleted on purpose, raise the \
         share for one run: `xfer routine edit … --max-delete-share 100`.";
    DELETE_WITHOUT_EVIDENCE = Error, Source, "delete-without-evidence",
        "The source has no values at all for the job, for a group of org units or for a period. An empty answer may \
         be a mistake, so nothing is deleted or overwritten with zeros there.",
        "Check the source: does data entry show these values? If they were deleted on purpose, delete them by hand at \
         the destination.";
    DELETE_NOT_OURS = Info, Policy, "delete-not-ours",
        "The source has no value, but the cell was not written by this routine and is therefore not deleted.",
        "Delete it by hand at the destination if it is wrong.";
    // Engine: after the push.
    DIFFERS_AFTER_WRITE = Error, Transport, "differs-after-write",
        "The destination accepted the value, but holds another one when read back.",
        "Check whether somebody else writes the same cells, or whether the destination has a rule for them; then run \
         again.";
    OUTCOME_UNKNOWN = Error, Transport, "outcome-unknown",
        "The value was sent, but there was no reliable answer and the read-back failed too.",
        "Run again: what arrived is recognised and not sent twice.";
    NOT_SENT = Error, Transport, "not-sent",
        "The run stopped before the value was sent.",
        "Run again: the run goes on where it stopped.";
    NO_READ_BACK = Warning, Permission, "no-read-back",
        "The values were accepted but not verified: the user may not read them at the destination.",
        "Share the data set with \"can view data\" and give the user the org units as data view org units.";
    READ_BACK_CUT_OFF = Warning, Transport, "read-back-cut-off",
        "The values were accepted by the destination, but the run ended before they could be read back.",
        "Run again: values that arrived are found unchanged, the others are sent.";
    JOURNAL_NOT_CLOSED = Error, Transport, "journal-not-closed",
        "The end of the run could not be saved on this machine. This report is still correct, but `xfer runs` shows \
         the run as not finished.",
        "Check that the state folder is writable, that the disk is not full and that no other program uses the \
         database; then run again: values that arrived are found unchanged.";
    JOURNAL_CUT_OFF = Error, Transport, "journal-cut-off",
        "The run could not save its journal on this machine, so it stopped sending. This report is still correct.",
        "Check that the state folder is writable, that the disk is not full and that no other program uses the \
         database; then run again: values that arrived are recognised, the others are sent.";
    ROWS_LOST_IN_RACE = Info, Transport, "rows-lost-in-race",
        "The destination lost rows when two requests wrote at the same time; they were sent again alone.",
        "Nothing; if it happens often, set the routine's `parallel` to 1.";
    SENT_AGAIN = Info, Transport, "sent-again",
        "The destination refused a whole POST because of some of its rows; the others were sent again.",
        "Nothing; the refused cells are listed as findings of their own.";
    SERVER_FAILED = Error, Transport, "server-failed",
        "The destination failed on this value without giving a reason.",
        "Look in the destination's log; upgrade it if the version is old.";
    SERVER_GAVE_UP = Error, Transport, "server-gave-up",
        "The destination failed again and again without giving a reason; the rest of the POST was not tried.",
        "Look in the destination's log, then run again.";
    SERVER_REFUSED = Error, Configuration, "server-refused",
        "The destination refused the value for another reason.",
        "Read the server's message with this finding; sync the destination again.";
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
        "Nothing, if this is intended; otherwise map the org unit.";
    AREA_NOT_READ = Info, Source, "area-not-read",
        "A large part of the source's tree has no mapped org unit and was not read, so unmapped values there are not counted.",
        "Nothing, if that part is not to be transferred; otherwise map its org units.";
    SOURCE_VALUE_TWICE = Error, Source, "source-value-twice",
        "The source sent the same value twice with different contents; nothing is sent for its cells.",
        "Run again: somebody may have been entering it. If it happens again, ask the source's administrator to look \
         for duplicate rows, or for a proxy that mixes answers.";
    DESTINATION_VALUE_TWICE = Error, Transport, "destination-value-twice",
        "The destination sent the same value twice with different contents, so the cell's value is not known; nothing \
         is sent for it.",
        "Run again: somebody may have been entering it. If it happens again, ask the destination's administrator to \
         look for duplicate rows, or for a proxy that mixes answers.";
    SOURCE_VALUE_EMPTY = Info, Source, "source-value-empty",
        "A source value has a comment but no value; there is nothing to transfer.",
        "Nothing, unless the comment is there because the number is missing at the source.";
    OPTION_COMBO_NOT_MAPPED = Warning, Mapping, "option-combo-not-mapped",
        "The source has values of a mapped data element under an option combo that no item of the job reads.",
        "Add an item for the option combo, if its values belong to the destination.";
    SOURCE_COMMENTS_NOT_MOVED = Info, Policy, "source-comments-not-moved",
        "Source values have comments or follow-up marks, and the job does not transfer them.",
        "Nothing, or transfer them too: `xfer job edit … --comments copy`.";
    SLICE_FAILED = Error, Transport, "slice-failed",
        "A part of the run could not be read; nothing of it was sent, and its values are not in the counts.",
        "Run again; if it happens again, read the cause with this finding.";
    SLICES_NOT_DONE = Error, Transport, "slices-not-done",
        "The run stopped before all its parts were done.",
        "Run again: what has arrived is recognised and not sent twice.";
    SAME_SYSTEM = Warning, Configuration, "same-system",
        "Source and destination have the same system id: one is a copy of the other, or both are one server.",
        "Nothing, if values should stay within one system; otherwise check both addresses.";
    ANOTHER_DESTINATION = Warning, Configuration, "another-destination",
        "The routine wrote to another system before. At this destination it owns no values yet.",
        "Nothing, if the routine should write to another server now; otherwise check the destination's address.";
    XFER_FILE_OUTDATED = Warning, Configuration, "xfer-file-outdated",
        "The xfer file is older than its routine: the run used the routine as it was when the file was exported.",
        "Export the routine again to the same file: `xfer routine export`.";
    STALE_KEPT = Info, Policy, "stale-kept",
        "The destination has a value where the source has none; the routine keeps it.",
        "Nothing, or set the rule for empty values to `zero` or `delete`.";
    LEFTOVER = Warning, Mapping, "leftover",
        "Cells still hold values that this routine wrote earlier, but none of its items or org units writes to them \
         now. After a correction of the map, such values count twice.",
        "Let the routine delete what it wrote (`xfer routine edit … --when-empty delete`, within `max_delete`), or delete it by hand; a run over all jobs and periods does it.";
    STALE_CHANGED = Warning, Policy, "stale-changed",
        "A cell that this routine wrote earlier was changed by somebody else. The source has no value for it now; the \
         destination's value is kept.",
        "Delete it by hand at the destination if it is wrong.";
    NOT_PROVED = Info, Policy, "not-proved",
        "The values were accepted but not read back, because verification is switched off in the routine.",
        "Switch verification on, unless you check the values in another way.";
    DIFF_NOT_POSSIBLE = Warning, Permission, "diff-not-possible",
        "The user may not read the values at the destination, so everything is sent and nothing is compared.",
        "Share the data set with \"can view data\" and give the user the org units as data view org units.";
}
