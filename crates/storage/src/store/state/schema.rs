//! The schema of `state/<routine id>.db`, as the list of migrations that lead to it.
//!
//! A run of a national programme has hundreds of thousands of cells, and each is made of the same few thousand ids,
//! periods and reasons. Those are kept once, as `word`, and cells refer to them by number: a cell takes some 30 bytes
//! instead of 150. The view `cell_text` shows cells in words, for anybody with an SQLite tool. Cells that a run found
//! unchanged are counted, and `unchanged_text` shows how many.

use crate::store::identity::Schema;
use crate::store::migrate::Migration;

/// The kind of database.
pub(super) static SCHEMA: Schema = Schema::new("the journal of a routine", i32::from_be_bytes(*b"xfrs"), MIGRATIONS);

/// Every migration ever released. Append only.
pub(super) const MIGRATIONS: &[Migration] = &[
    // 1: everything the first release keeps.
    |transaction| transaction.execute_batch(FIRST),
    // 2: what each alert channel was told last, and what waits to be told.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE alert_told (
                 channel TEXT PRIMARY KEY, -- the channel's UUID
                 condition TEXT NOT NULL
             ) STRICT, WITHOUT ROWID;
             CREATE TABLE alert_waiting (
                 id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they are told
                 channel TEXT NOT NULL,
                 notice TEXT NOT NULL -- JSON
             ) STRICT;",
        )
    },
    // 3: how the last run ended, for channels that did not want to hear of it, too.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE alert_outcome (
                 channel TEXT PRIMARY KEY, -- the channel's UUID
                 condition TEXT NOT NULL
             ) STRICT, WITHOUT ROWID;
             INSERT INTO alert_outcome SELECT channel, condition FROM alert_told;",
        )
    },
    // 4: what was typed, so that a run that was broken off can be started again as it was.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE run_command (
                 run TEXT PRIMARY KEY, -- the run's UUID; noted before the run begins
                 words TEXT NOT NULL -- JSON list, what stood after `xfer`
             ) STRICT, WITHOUT ROWID;",
        )
    },
    // 5: where a written cell came from, so that it is found again when the job moves its periods elsewhere.
    |transaction| {
        transaction.execute_batch("ALTER TABLE ledger ADD COLUMN source_period INTEGER; -- NULL where nobody noted it")
    },
    // 6: the cells of POSTs until it is known what became of them. They outlive their run's rows: what may be deleted
    // at the destination does not hang on what is remembered of runs.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE open_cell (
                 org_unit INTEGER NOT NULL,
                 period INTEGER NOT NULL,
                 data_element INTEGER NOT NULL,
                 category_option_combo INTEGER NOT NULL,
                 attribute_option_combo INTEGER NOT NULL,
                 run INTEGER NOT NULL, -- the word of the run's UUID
                 job INTEGER NOT NULL,
                 previous TEXT,
                 blind INTEGER NOT NULL, -- 1 where nobody knows the previous value
                 value TEXT, -- NULL for a deletion
                 contributions INTEGER NOT NULL,
                 source_period INTEGER,
                 PRIMARY KEY (org_unit, period, data_element, category_option_combo, attribute_option_combo, run)
             ) STRICT, WITHOUT ROWID;",
        )
    },
    |connection| {
        connection.execute_batch(
            "-- Whose ledger it is: no number at one server says anything about another.
             CREATE TABLE destination (
                 id INTEGER PRIMARY KEY,
                 system_id TEXT NOT NULL UNIQUE,
                 is_current INTEGER NOT NULL -- 1 for the one that ledger and open_cell speak of
             ) STRICT;
             CREATE TABLE writer (
                 destination INTEGER NOT NULL REFERENCES destination,
                 name TEXT NOT NULL, -- empty: somebody wrote before names were kept
                 PRIMARY KEY (destination, name)
             ) STRICT, WITHOUT ROWID;
             CREATE TABLE ledger_aside (
                 destination INTEGER NOT NULL REFERENCES destination,
                 org_unit INTEGER NOT NULL,
                 period INTEGER NOT NULL,
                 data_element INTEGER NOT NULL,
                 category_option_combo INTEGER NOT NULL,
                 attribute_option_combo INTEGER NOT NULL,
                 value TEXT NOT NULL,
                 source_period INTEGER,
                 PRIMARY KEY (
                     destination, org_unit, period, data_element, category_option_combo, attribute_option_combo
                 )
             ) STRICT, WITHOUT ROWID;
             CREATE TABLE open_cell_aside (
                 destination INTEGER NOT NULL REFERENCES destination,
                 org_unit INTEGER NOT NULL,
                 period INTEGER NOT NULL,
                 data_element INTEGER NOT NULL,
                 category_option_combo INTEGER NOT NULL,
                 attribute_option_combo INTEGER NOT NULL,
                 run INTEGER NOT NULL,
                 job INTEGER NOT NULL,
                 previous TEXT,
                 blind INTEGER NOT NULL,
                 value TEXT,
                 contributions INTEGER NOT NULL,
                 source_period INTEGER,
                 PRIMARY KEY (
                     destination, org_unit, period, data_element, category_option_combo, attribute_option_combo, run
                 )
             ) STRICT, WITHOUT ROWID;",
        )
    },
    // 8: unchanged cells are counted. Runs from before keep theirs as rows until they are forgotten.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE unchanged (
                 run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
                 job INTEGER NOT NULL,
                 period INTEGER NOT NULL,
                 part INTEGER NOT NULL, -- each slice of the run adds one
                 cells INTEGER NOT NULL, -- how many
                 org_units BLOB NOT NULL, -- how many in each; see `unchanged.rs`
                 PRIMARY KEY (run, job, period, part)
             ) STRICT, WITHOUT ROWID;
             CREATE VIEW unchanged_text AS SELECT
                 run.uuid AS run, job.text AS job, period.text AS period, sum(cells) AS cells
             FROM unchanged
                 JOIN run ON run.id = unchanged.run
                 JOIN word AS job ON job.id = unchanged.job
                 JOIN word AS period ON period.id = unchanged.period
             GROUP BY unchanged.run, unchanged.job, unchanged.period;",
        )
    },
    // 9: parts of a run's work that wait, and are gone with its end.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE aside (
                 run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
                 number INTEGER NOT NULL,
                 part BLOB NOT NULL,
                 PRIMARY KEY (run, number)
             ) STRICT;",
        )
    },
    // 10: the cells of a POST that is being sent, as one: nearly all of them are settled together. What is left of them is
    // spread to `open_cell`.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE open_post (
                 id INTEGER PRIMARY KEY,
                 run INTEGER NOT NULL, -- the word of the run's UUID
                 job INTEGER NOT NULL,
                 cells BLOB NOT NULL -- see `open.rs`
             ) STRICT;",
        )
    },
];

const FIRST: &str = "
    CREATE TABLE word (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE run (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of starts
        uuid TEXT NOT NULL UNIQUE,
        routine TEXT NOT NULL,
        mode TEXT NOT NULL,
        started TEXT NOT NULL,
        periods TEXT NOT NULL, -- JSON list
        finished TEXT,
        outcome TEXT,
        exit_code INTEGER,
        report TEXT, -- JSON, xfer-report/1
        CHECK ((report IS NULL) = (finished IS NULL))
    ) STRICT;

    CREATE TABLE chunk (
        run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
        number INTEGER NOT NULL,
        job TEXT NOT NULL,
        data_set TEXT NOT NULL,
        digest BLOB NOT NULL CHECK (length(digest) = 32),
        row_count INTEGER NOT NULL,
        answer TEXT, -- NULL while it is being sent
        PRIMARY KEY (run, number)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE cell (
        run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
        job INTEGER NOT NULL,
        org_unit INTEGER NOT NULL,
        period INTEGER NOT NULL,
        data_element INTEGER NOT NULL,
        category_option_combo INTEGER NOT NULL,
        attribute_option_combo INTEGER NOT NULL,
        previous TEXT,
        value TEXT,
        state INTEGER NOT NULL,
        code INTEGER,
        reason INTEGER,
        contributions INTEGER NOT NULL,
        PRIMARY KEY (run, job, org_unit, period, data_element, category_option_combo, attribute_option_combo)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE ledger (
        org_unit INTEGER NOT NULL,
        period INTEGER NOT NULL,
        data_element INTEGER NOT NULL,
        category_option_combo INTEGER NOT NULL,
        attribute_option_combo INTEGER NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (org_unit, period, data_element, category_option_combo, attribute_option_combo)
    ) STRICT, WITHOUT ROWID;

    CREATE VIEW cell_text AS SELECT
        run.uuid AS run, job.text AS job, data_element.text AS data_element,
        category_option_combo.text AS category_option_combo, attribute_option_combo.text AS attribute_option_combo,
        org_unit.text AS org_unit, period.text AS period, previous, value, state.text AS state, code.text AS code,
        reason.text AS reason, contributions
    FROM cell
        JOIN run ON run.id = cell.run
        JOIN word AS job ON job.id = cell.job
        JOIN word AS data_element ON data_element.id = cell.data_element
        JOIN word AS category_option_combo ON category_option_combo.id = cell.category_option_combo
        JOIN word AS attribute_option_combo ON attribute_option_combo.id = cell.attribute_option_combo
        JOIN word AS org_unit ON org_unit.id = cell.org_unit
        JOIN word AS period ON period.id = cell.period
        JOIN word AS state ON state.id = cell.state
        LEFT JOIN word AS code ON code.id = cell.code
        LEFT JOIN word AS reason ON reason.id = cell.reason;
";
