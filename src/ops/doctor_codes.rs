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
        "Nothing is kept in the home folder yet.",
        "Begin with `xfer init`; if there should be something, check XFER_HOME and the user that runs the program.";
    HOME_OPEN = Warning, Configuration, "home-open-to-others",
        "Other users of this machine may look into the home folder.",
        "Close it to others with `chmod 700`; the files in it stay readable for you.";
    HOME_NOT_WRITABLE = Error, Configuration, "home-not-writable",
        "Nothing can be written into the home folder, so that no run can keep its journal.",
        "Give the folder to the user that runs the program, and free space if the disk is full.";
    FILE_OPEN = Error, Configuration, "file-open-to-others",
        "Other users of this machine can read or change a file that is for its owner alone.",
        "Close it with `chmod 600`; if others may have read it, change the passwords that it holds.";
    DATABASE_UNUSABLE = Error, Configuration, "database-unusable",
        "The configuration or a journal cannot be opened or is damaged.",
        "Restore it from a backup; the cause beside this finding says what is wrong.";
    LOGIN_UNUSABLE = Error, Configuration, "login-unusable",
        "The login of a server cannot be opened with the key of this machine.",
        "Restore the key from its backup, or enter the login again: `xfer server edit`.";
    KEY_CLOSED = Error, Configuration, "key-closed",
        "The key of this machine needs its passphrase, so that no login could be looked at and no server asked.",
        "Give it: `--key-passphrase-file`, `--key-passphrase-command`, or at a terminal.";
    XFER_FILE_UNUSABLE = Error, Configuration, "xfer-file-unusable",
        "An xfer file cannot be read by this program.",
        "Export the routine again, or use the version of the program that wrote it.";
    // What was scheduled.
    SCHEDULE_GONE = Error, Configuration, "schedule-gone",
        "A schedule that was installed is not where it was put any more: nobody starts the runs.",
        "Install it again with `xfer schedule install`, or take it back with `xfer schedule remove`.";
    SCHEDULE_ALTERED = Warning, Configuration, "schedule-altered",
        "What the scheduler was given is other than it was installed.",
        "If somebody changed it on purpose, silence this finding; else install it again.";
    SCHEDULE_NOT_STARTED = Warning, Configuration, "schedule-not-started",
        "The units of a schedule are installed, but systemd does not start the timer.",
        "Start it: `systemctl enable --now`; `xfer schedule install --start` does so by itself.";
    SCHEDULE_UNSEEN = Info, Configuration, "schedule-unseen",
        "Whether a schedule is still installed, or what it needs still there, cannot be seen by this user.",
        "Run the doctor as the user who installed it, or as root.";
    SCHEDULE_CANNOT_RUN = Error, Configuration, "schedule-cannot-run",
        "The program, the xfer file or what opens it is not where the schedule looks for it.",
        "Put it back, or install the schedule again with the paths as they are now.";
    SCHEDULED_FILE_OUTDATED = Warning, Configuration, "scheduled-file-outdated",
        "A schedule runs an xfer file that is older than its routine: the runs go on as the routine was.",
        "Export the routine again to the same place: `xfer routine export`.";
    RUN_MISSED = Warning, Configuration, "run-missed",
        "A scheduled run was due and none was made: it was not started, or reached no server.",
        "Look at the scheduler's log; was the machine off, the network down, or the program moved?";
    // The way to the servers.
    SERVER_UNREACHABLE = Error, Transport, "server-unreachable",
        "The server does not answer as a DHIS2 server should.",
        "The cause beside this finding says what to look at: address, network, certificate or the server's log.";
    LOGIN_REFUSED = Error, Permission, "login-refused",
        "The server refuses the login that is kept for it.",
        "Enter it again with `xfer server edit`; check that the user is not locked or expired.";
    NOT_ENCRYPTED = Warning, Transport, "not-encrypted",
        "The server is reached without encryption, so that password and data can be read on the way.",
        "Use its https address: `xfer server edit NAME --url`.";
    CLOCK_DIFFERS = Warning, Transport, "clock-differs",
        "The clocks of this machine and of the server differ by more than two minutes.",
        "Let both be set by a time server (NTP); the server's date decides which periods a run covers.";
    ANOTHER_SYSTEM = Error, Configuration, "another-system",
        "Another system answers at the address than the one that was added.",
        "Check the address; if the database was replaced on purpose, `xfer server test` accepts it.";
    NEVER_SYNCED = Warning, Configuration, "never-synced",
        "The metadata of the server was never copied, so that nothing can be mapped or checked.",
        "Copy it: `xfer server sync`.";
    // What a server says about itself and the user.
    CALENDAR_UNSUPPORTED = Warning, Configuration, "calendar-unsupported",
        "The server counts its periods in a calendar in which the program cannot calculate.",
        "Transfer to a server of the same calendar, the same periods in and out, each named; weeks, shifts, coarser and relative periods are refused.";
    NO_CAPTURE_ORG_UNITS = Warning, Permission, "no-capture-org-units",
        "The user has no capture org units: it cannot write, and 2.42 does not let it read raw values.",
        "Give the user data capture org units at the server.";
    NO_VIEW_ORG_UNITS = Warning, Permission, "no-view-org-units",
        "The user has neither data view nor capture org units: analytics shows it nothing.",
        "Give the user data view org units at the server.";
    CANNOT_IMPORT = Info, Permission, "cannot-import",
        "The user may not import data values (`F_DATAVALUE_ADD`): fine for a source, not for a destination.",
        "Nothing at a source; at a destination give the user a role with \"Add/Update Data Value\".";
    PROOF_NOT_POSSIBLE = Warning, Permission, "proof-not-possible",
        "The user may write where it may not read: what is written there ends as accepted, not as proved.",
        "Give the user the same data view org units as capture org units.";
    ANALYTICS_NEVER_BUILT = Info, Source, "analytics-never-built",
        "The server never built its analytics tables: indicators and program indicators cannot be read from it.",
        "Nothing where only raw values are read; otherwise run analytics at the server.";
    NO_OUTPUT_PERIOD_TYPES = Warning, Source, "no-output-period-types",
        "The server has no output period types: its analytics answers without any rows.",
        "Set them in System Settings, then build the analytics tables again.";
    // What is mapped.
    MAP_HAS_ERRORS = Error, Mapping, "map-has-errors",
        "The check of an org unit map finds what keeps values from arriving.",
        "See it in full: `xfer orgunit check SOURCE DESTINATION`.";
    JOB_HAS_ERRORS = Error, Mapping, "job-has-errors",
        "The check of a job finds items that cannot work.",
        "See it in full: `xfer job check JOB`.";
    MAPPED_THINGS_CHANGED = Warning, Drift, "mapped-things-changed",
        "Org units or data items changed at a server since they were mapped.",
        "Look at what changed with `xfer orgunit check` or `xfer job check`; `--accept-drift` takes it as it is.";
    IN_SEVERAL_DATA_SETS = Warning, Configuration, "in-several-data-sets",
        "Data elements that a job writes are in several data sets of the same period type, whose rules may differ.",
        "Make sure that the org units are assigned to the same data sets and that these close at the same time.";
    EXCHANGE_WRITES_TOO = Warning, Configuration, "exchange-writes-too",
        "An aggregate data exchange of the destination itself writes data elements that a job writes: the last one wins.",
        "Stop one of the two, or give them different data elements.";
}
