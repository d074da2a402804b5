//! The words for what the doctor finds, each with cause and remedy.
//!
//! Where a run or the check of a map would meet the same thing, the word is theirs (`calendar-differs`,
//! `options-restricted`) and stands in their tables; these are its own, those of `xfer server test` included.

use xfer_domain::finding::{Code, table};
use xfer_transfer::finding;

/// The words of runs that the doctor uses for what a run would meet.
pub const OF_RUNS: &[&Code] = &[
    &finding::ANALYTICS_NEVER_RUN,
    &finding::ANALYTICS_STALE,
    &finding::CALENDAR_DIFFERS,
    &finding::DATA_SET_NO_WRITE,
    &finding::INPUT_PERIODS_INVERTED,
    &finding::NO_IMPORT_AUTHORITY,
    &finding::OPTIONS_RESTRICTED,
    &finding::SERVER_CHANGED,
    &finding::VERSION_UNTESTED,
    &finding::ZEROS_LEFT_OUT,
];

table! {
    // This machine.
    HOME_EMPTY = Info, Configuration, "home-empty",
        "The home folder is empty.",
        "Start with `xfer init`; if the folder should not be empty, check XFER_HOME and the user that runs the \
         program.";
    HOME_OPEN = Warning, Configuration, "home-open-to-others",
        "Other users of this machine can read the home folder.",
        "Make it private with `chmod 700`; you can still read its files.";
    HOME_NOT_WRITABLE = Error, Configuration, "home-not-writable",
        "The home folder is not writable, so no run can save its journal.",
        "Give the folder to the user that runs the program, and free space if the disk is full.";
    FILE_OPEN = Error, Configuration, "file-open-to-others",
        "Other users of this machine can read or change a private file.",
        "Make it private with `chmod 600`; if others may have read it, change the passwords in it.";
    DATABASE_UNUSABLE = Error, Configuration, "database-unusable",
        "The configuration or a journal cannot be opened or is damaged.",
        "Restore it from a backup; the cause with this finding says what is wrong.";
    LOGIN_UNUSABLE = Error, Configuration, "login-unusable",
        "The login of a server cannot be decrypted with the machine key.",
        "Restore the key from its backup, or enter the login again: `xfer server edit`.";
    KEY_CLOSED = Error, Configuration, "key-closed",
        "The machine key needs its passphrase, so no login and no server was checked.",
        "Give it with `--key-passphrase-file` or `--key-passphrase-command`, or at a terminal.";
    XFER_FILE_UNUSABLE = Error, Configuration, "xfer-file-unusable",
        "An xfer file cannot be read by this program.",
        "Export the routine again, or use the version of the program that wrote it.";
    // What was scheduled.
    SCHEDULE_GONE = Error, Configuration, "schedule-gone",
        "An installed schedule was removed from its place: no runs are started.",
        "Install it again with `xfer schedule install`, or remove it with `xfer schedule remove`.";
    SCHEDULE_ALTERED = Warning, Configuration, "schedule-altered",
        "The schedule was changed after it was installed.",
        "If somebody changed it on purpose, ignore this finding; otherwise install it again.";
    SCHEDULE_NOT_STARTED = Warning, Configuration, "schedule-not-started",
        "The units of a schedule are installed, but systemd does not start the timer.",
        "Start it: `systemctl enable --now`; `xfer schedule install --start` does so by itself.";
    SCHEDULE_UNSEEN = Info, Configuration, "schedule-unseen",
        "This user cannot check whether a schedule is still installed, or whether its files still exist.",
        "Run the doctor as the user who installed it, or as root.";
    SCHEDULE_CANNOT_RUN = Error, Configuration, "schedule-cannot-run",
        "The program, the xfer file, or its key or passphrase file is not where the schedule expects it.",
        "Restore it, or install the schedule again with the new paths.";
    SCHEDULED_FILE_OUTDATED = Warning, Configuration, "scheduled-file-outdated",
        "A schedule runs an xfer file that is older than its routine: the runs use the old routine.",
        "Export the routine again to the same file: `xfer routine export`.";
    RUN_MISSED = Warning, Configuration, "run-missed",
        "A scheduled run did not happen: it was not started, or could not reach a server.",
        "Look at the scheduler's log; was the machine off, the network down, or the program moved?";
    // The way to the servers.
    SERVER_UNREACHABLE = Error, Transport, "server-unreachable",
        "The server does not answer as a DHIS2 server should.",
        "The cause with this finding says what to check: address, network, certificate or the server's log.";
    LOGIN_REFUSED = Error, Permission, "login-refused",
        "The server refuses the saved login.",
        "Enter it again with `xfer server edit`; check that the user is not locked or expired.";
    NOT_ENCRYPTED = Warning, Transport, "not-encrypted",
        "The connection to the server is not encrypted: others on the network could read the password and the data.",
        "Use its https address: `xfer server edit NAME --url`.";
    CLOCK_DIFFERS = Warning, Transport, "clock-differs",
        "The clocks of this machine and of the server differ by more than two minutes.",
        "Set both from a time server (NTP); the server's date decides which periods a run covers.";
    ANOTHER_SYSTEM = Error, Configuration, "another-system",
        "The system id of the server changed: it is not the system that was added.",
        "Check the address; if the database was replaced on purpose, `xfer server test` accepts it.";
    NEVER_SYNCED = Warning, Configuration, "never-synced",
        "The server was never synced, so nothing can be mapped or checked.",
        "Sync it: `xfer server sync`.";
    // What a server says about itself and the user.
    CALENDAR_UNSUPPORTED = Warning, Configuration, "calendar-unsupported",
        "The server uses a calendar in which the program cannot calculate.",
        "Transfer to a server with the same calendar, to the same periods, each listed by name; weeks, shifts, longer \
         and relative periods are refused.";
    NO_CAPTURE_ORG_UNITS = Warning, Permission, "no-capture-org-units",
        "The user has no capture org units: it cannot write, and in DHIS2 2.42 it cannot read raw values.",
        "Give the user data capture org units at the server.";
    NO_VIEW_ORG_UNITS = Warning, Permission, "no-view-org-units",
        "The user has neither data view nor capture org units: analytics returns nothing.",
        "Give the user data view org units at the server.";
    CANNOT_IMPORT = Info, Permission, "cannot-import",
        "The user may not import data values (`F_DATAVALUE_ADD`): not needed at a source, needed at a destination.",
        "Nothing at a source; at a destination give the user a role with \"Add/Update Data Value\".";
    PROOF_NOT_POSSIBLE = Warning, Permission, "proof-not-possible",
        "The user may write in org units that it may not read: values there are accepted but not verified.",
        "Give the user the same data view org units as capture org units.";
    ANALYTICS_NEVER_BUILT = Info, Source, "analytics-never-built",
        "The server never built its analytics tables: indicators and program indicators cannot be read from it.",
        "Nothing where only raw values are read; otherwise run analytics at the server.";
    NO_OUTPUT_PERIOD_TYPES = Warning, Source, "no-output-period-types",
        "The server has no output period types, so its analytics returns no rows.",
        "Set them in System Settings, then build the analytics tables again.";
    // What is mapped.
    MAP_HAS_ERRORS = Error, Mapping, "map-has-errors",
        "The check of an org unit map finds errors: some values will not arrive.",
        "See it in full: `xfer orgunit check SOURCE DESTINATION`.";
    JOB_HAS_ERRORS = Error, Mapping, "job-has-errors",
        "The check of a job finds items that cannot work.",
        "See it in full: `xfer job check JOB`.";
    MAPPED_THINGS_CHANGED = Warning, Drift, "mapped-things-changed",
        "Org units or data items changed at a server since they were mapped.",
        "See what changed with `xfer orgunit check` or `xfer job check`; `--accept-drift` accepts the changes.";
    IN_SEVERAL_DATA_SETS = Warning, Configuration, "in-several-data-sets",
        "Data elements that a job writes are in several data sets of the same period type; their rules may differ.",
        "Make sure that the org units are assigned to the same data sets and that these close at the same time.";
    EXCHANGE_WRITES_TOO = Warning, Configuration, "exchange-writes-too",
        "An aggregate data exchange of the destination itself writes data elements that a job writes: the last one wins.",
        "Stop one of the two, or give them different data elements.";
}
