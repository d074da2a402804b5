//! The schema of `config.db`, as the list of migrations that lead to it.
//!
//! Names are unique without regard to case and to what accents are made of: `name_key` holds them folded, because SQLite
//! folds only ASCII. Numbers of
//! servers are never used again (AUTOINCREMENT), because sealed secrets are bound to them.

use crate::store::config::names;
use crate::store::identity::Schema;
use crate::store::migrate::Migration;

/// The kind of database.
pub(super) static SCHEMA: Schema = Schema::new("the configuration", i32::from_be_bytes(*b"xfrc"), MIGRATIONS);

/// Every migration ever released. Append only.
pub(super) const MIGRATIONS: &[Migration] = &[
    // 1: everything the first release keeps.
    |transaction| {
        transaction.execute_batch(SERVERS)?;
        transaction.execute_batch(METADATA)?;
        transaction.execute_batch(MAPPING)
    },
    // 2: what the matcher made of the evidence stays with the row.
    |transaction| {
        transaction.execute_batch(
            "ALTER TABLE org_unit_mapping ADD COLUMN class TEXT;
             ALTER TABLE org_unit_mapping ADD COLUMN explanation TEXT;",
        )
    },
    // 3: what the objects of a row or an item looked like when it came into force, as JSON.
    |transaction| {
        transaction.execute_batch(
            "ALTER TABLE org_unit_mapping ADD COLUMN seen TEXT;
             ALTER TABLE job_item ADD COLUMN seen TEXT;",
        )
    },
    // 4: how often a routine was exported, so that a later file can be told from an earlier one.
    |transaction| transaction.execute_batch("ALTER TABLE routine ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;"),
    // 5: operators beside combine and factor; scripts by hash, and where they are attached (JSON lists).
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE script (
                 hash TEXT PRIMARY KEY, -- SHA-256 of the content
                 name TEXT NOT NULL,
                 content TEXT NOT NULL
             ) STRICT, WITHOUT ROWID;
             ALTER TABLE job ADD COLUMN round TEXT;
             ALTER TABLE job ADD COLUMN coverage TEXT;
             ALTER TABLE job ADD COLUMN scripts TEXT;
             ALTER TABLE job_item ADD COLUMN round TEXT;
             ALTER TABLE job_item ADD COLUMN coverage TEXT;
             ALTER TABLE job_item ADD COLUMN share TEXT;
             ALTER TABLE job_item ADD COLUMN scripts TEXT;
             ALTER TABLE routine ADD COLUMN scripts TEXT;",
        )
    },
    // 6: the files that were written.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE exported_file (
                 routine TEXT NOT NULL REFERENCES routine ON DELETE CASCADE,
                 path TEXT NOT NULL,
                 revision INTEGER NOT NULL,
                 exported_at TEXT NOT NULL,
                 digest TEXT NOT NULL,
                 PRIMARY KEY (routine, path)
             ) STRICT, WITHOUT ROWID;",
        )
    },
    // 7: who is told how runs end. Numbers are never used again, because sealed secrets are bound to them.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE routine_alert (
                 id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they were added
                 routine TEXT NOT NULL REFERENCES routine ON DELETE CASCADE,
                 uuid TEXT NOT NULL,
                 name TEXT NOT NULL,
                 name_key TEXT NOT NULL,
                 events TEXT NOT NULL, -- JSON list
                 channel TEXT NOT NULL, -- JSON, without what is secret
                 secret BLOB, -- a web address or a password, sealed: store/vault.rs
                 UNIQUE (routine, name_key)
             ) STRICT;",
        )
    },
    // 8: what a server said when it was last asked, as JSON.
    |transaction| transaction.execute_batch("ALTER TABLE server ADD COLUMN answer TEXT;"),
    // 9: certificates by which a server is trusted, as PEM; what else decides whether a value is taken.
    |transaction| {
        transaction.execute_batch(
            "ALTER TABLE server ADD COLUMN certificates TEXT;
             ALTER TABLE data_set ADD COLUMN open_periods_after_option_end INTEGER NOT NULL DEFAULT 0;
             ALTER TABLE data_element ADD COLUMN comment_option_set TEXT;",
        )
    },
    // 10: whether comments of the source are moved; absent means that they are not.
    |transaction| transaction.execute_batch("ALTER TABLE job ADD COLUMN comments TEXT;"),
    // 11: how much of what a routine wrote may vanish in one run, in percent.
    |transaction| {
        transaction.execute_batch("ALTER TABLE routine ADD COLUMN max_delete_share INTEGER NOT NULL DEFAULT 20;")
    },
    // 12: names of what an earlier sync showed and the last one did not.
    |transaction| {
        transaction.execute_batch(
            "CREATE TABLE lost_object (
                 server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
                 id TEXT NOT NULL,
                 name TEXT NOT NULL,
                 PRIMARY KEY (server, id)
             ) STRICT, WITHOUT ROWID;",
        )?;
        transaction.execute_batch(NAMES_FROM_FINGERPRINTS)
    },
    // 13: one name is one, whatever its accents are made of.
    |transaction| {
        let tables = ["server", "job", "routine", "routine_alert"];
        tables.into_iter().try_for_each(|table| names::settle_keys(transaction, table))
    },
    // 14: which category options stand for those that are hidden from the user: they had nothing but a right to write.
    |transaction| {
        transaction.execute_batch(
            "ALTER TABLE category_option ADD COLUMN is_hidden INTEGER NOT NULL DEFAULT 0;
             UPDATE category_option SET is_hidden = 1, may_write = 0
                 WHERE code IS NULL AND start_date IS NULL AND end_date IS NULL AND organisation_unit_ids = ''
                     AND NOT may_read AND may_write;",
        )
    },
    // 15: any kind of data item, and which figure of its object is read. Kinds are checked where they are read, by the
    // table of the program, so that the next one needs no other table.
    |transaction| transaction.execute_batch(ITEMS_OF_ANY_KIND),
];

// SQLite changes no constraint of a table, so it is made anew. Numbers of items are never used again, also not those of
// items that are gone.
const ITEMS_OF_ANY_KIND: &str = "
    CREATE TABLE item_of_any_kind (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of the job's items
        job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
        kind TEXT NOT NULL,
        source TEXT NOT NULL,
        metric TEXT, -- where the object alone does not say what is read
        source_category_option_combo TEXT,
        source_attribute_option_combo TEXT,
        data_element TEXT NOT NULL,
        category_option_combo TEXT NOT NULL,
        attribute_option_combo TEXT NOT NULL,
        combine TEXT,
        factor TEXT,
        when_empty TEXT,
        note TEXT,
        seen TEXT,
        round TEXT,
        coverage TEXT,
        share TEXT,
        scripts TEXT
    ) STRICT;
    INSERT INTO item_of_any_kind (id, job, kind, source, source_category_option_combo, source_attribute_option_combo,
        data_element, category_option_combo, attribute_option_combo, combine, factor, when_empty, note, seen, round,
        coverage, share, scripts)
    SELECT id, job, kind, source, source_category_option_combo, source_attribute_option_combo,
        data_element, category_option_combo, attribute_option_combo, combine, factor, when_empty, note, seen, round,
        coverage, share, scripts FROM job_item;
    DELETE FROM sqlite_sequence WHERE name = 'item_of_any_kind';
    INSERT INTO sqlite_sequence (name, seq)
        SELECT 'item_of_any_kind', seq FROM sqlite_sequence WHERE name = 'job_item';
    DROP TABLE job_item;
    ALTER TABLE item_of_any_kind RENAME TO job_item;
    CREATE INDEX job_item_job ON job_item (job);
";

// What was lost before names were kept is known from the rows and items that point at it.
const NAMES_FROM_FINGERPRINTS: &str = "
    WITH seen_object (server, id, name) AS (
        SELECT source_server, source, json_extract(seen, '$.source.name') FROM org_unit_mapping
        UNION ALL
        SELECT destination_server, destination, json_extract(seen, '$.destination.name') FROM org_unit_mapping
        UNION ALL
        SELECT job.source, job_item.source, json_extract(seen, '$.source.name') FROM job_item JOIN job ON job.id = job
        UNION ALL
        SELECT job.destination, data_element, json_extract(seen, '$.destination.name')
            FROM job_item JOIN job ON job.id = job
    )
    INSERT OR IGNORE INTO lost_object (server, id, name)
    SELECT server, id, name FROM seen_object AS seen
    WHERE id IS NOT NULL AND name IS NOT NULL
        AND EXISTS (SELECT 1 FROM server WHERE server.id = seen.server AND synced_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM organisation_unit AS o WHERE o.server = seen.server AND o.id = seen.id)
        AND NOT EXISTS (SELECT 1 FROM data_element AS d WHERE d.server = seen.server AND d.id = seen.id)
        AND NOT EXISTS (SELECT 1 FROM indicator AS i WHERE i.server = seen.server AND i.id = seen.id)
        AND NOT EXISTS (SELECT 1 FROM program_indicator AS p WHERE p.server = seen.server AND p.id = seen.id);
";

const SERVERS: &str = "
    CREATE TABLE server (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        allow_http INTEGER NOT NULL CHECK (allow_http IN (0, 1)),
        login TEXT NOT NULL CHECK (login IN ('basic', 'token')),
        username TEXT CHECK ((username IS NULL) = (login = 'token')),
        secret BLOB, -- sealed: store/vault.rs
        system_id TEXT,
        system_name TEXT,
        version TEXT,
        calendar TEXT,
        account TEXT, -- JSON
        analytics_includes_zeros INTEGER,
        output_period_types_missing INTEGER,
        synced_at TEXT
    ) STRICT;

    CREATE TABLE tuning (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        setting TEXT NOT NULL,
        shape TEXT NOT NULL, -- what kind of request it was learnt from
        value INTEGER NOT NULL,
        PRIMARY KEY (server, setting, shape)
    ) STRICT, WITHOUT ROWID;
";

// What is looked up stands in columns of its own; what only ever travels with its object is JSON or a list of ids.
// Columns end in `_ids` where they hold ids separated by spaces.
const METADATA: &str = "
    CREATE TABLE organisation_unit (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        short_name TEXT,
        path_ids TEXT NOT NULL,
        opening_date TEXT,
        closed_date TEXT,
        attribute_values TEXT,
        PRIMARY KEY (server, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE organisation_unit_level (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        level INTEGER NOT NULL,
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (server, level)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE organisation_unit_group (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        organisation_unit_ids TEXT NOT NULL,
        PRIMARY KEY (server, id)
    ) STRICT;

    CREATE TABLE data_element (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        short_name TEXT,
        value_type TEXT NOT NULL,
        aggregation_type TEXT NOT NULL,
        zero_is_significant INTEGER NOT NULL,
        category_combo TEXT NOT NULL,
        option_set TEXT,
        attribute_values TEXT,
        PRIMARY KEY (server, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE data_set (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        period_type TEXT NOT NULL,
        category_combo TEXT NOT NULL,
        open_future_periods INTEGER NOT NULL,
        expiry_days REAL NOT NULL,
        data_set_elements TEXT,
        organisation_unit_ids TEXT NOT NULL,
        data_input_periods TEXT,
        may_read INTEGER NOT NULL,
        may_write INTEGER NOT NULL,
        PRIMARY KEY (server, id)
    ) STRICT;

    CREATE TABLE category_combo (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        is_default INTEGER NOT NULL,
        category_option_combo_ids TEXT NOT NULL,
        PRIMARY KEY (server, id)
    ) STRICT;

    CREATE TABLE category_option_combo (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        category_combo TEXT NOT NULL,
        category_option_ids TEXT NOT NULL,
        PRIMARY KEY (server, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE category_option (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        start_date TEXT,
        end_date TEXT,
        organisation_unit_ids TEXT NOT NULL,
        may_read INTEGER NOT NULL,
        may_write INTEGER NOT NULL,
        PRIMARY KEY (server, id)
    ) STRICT;

    CREATE TABLE indicator (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        decimals INTEGER,
        numerator TEXT NOT NULL,
        denominator TEXT NOT NULL,
        export_category_option_combo TEXT,
        export_attribute_option_combo TEXT,
        PRIMARY KEY (server, id)
    ) STRICT;

    CREATE TABLE program_indicator (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        program TEXT,
        aggregation_type TEXT,
        decimals INTEGER,
        export_category_option_combo TEXT,
        export_attribute_option_combo TEXT,
        export_data_element TEXT,
        PRIMARY KEY (server, id)
    ) STRICT;

    CREATE TABLE option_set (
        server INTEGER NOT NULL REFERENCES server ON DELETE CASCADE,
        id TEXT NOT NULL,
        code TEXT,
        name TEXT NOT NULL,
        options TEXT,
        PRIMARY KEY (server, id)
    ) STRICT;
";

// Nothing a person entered goes with a server by itself: removal names what uses it.
const MAPPING: &str = "
    CREATE TABLE org_unit_mapping (
        source_server INTEGER NOT NULL REFERENCES server ON DELETE RESTRICT,
        destination_server INTEGER NOT NULL REFERENCES server ON DELETE RESTRICT,
        source TEXT NOT NULL,
        destination TEXT,
        method TEXT NOT NULL,
        score REAL,
        state TEXT NOT NULL,
        note TEXT,
        PRIMARY KEY (source_server, destination_server, source)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX org_unit_mapping_destination_server ON org_unit_mapping (destination_server);

    CREATE TABLE job (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        source INTEGER NOT NULL REFERENCES server ON DELETE RESTRICT,
        destination INTEGER NOT NULL REFERENCES server ON DELETE RESTRICT,
        source_period_type TEXT NOT NULL,
        destination_period_type TEXT NOT NULL,
        period_shift INTEGER NOT NULL,
        combine TEXT NOT NULL,
        read_from TEXT NOT NULL
    ) STRICT;

    CREATE TABLE job_item (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order of the job's items
        job INTEGER NOT NULL REFERENCES job ON DELETE CASCADE,
        kind TEXT NOT NULL CHECK (kind IN ('data_element', 'indicator', 'program_indicator')),
        source TEXT NOT NULL,
        source_category_option_combo TEXT,
        source_attribute_option_combo TEXT,
        data_element TEXT NOT NULL,
        category_option_combo TEXT NOT NULL,
        attribute_option_combo TEXT NOT NULL,
        combine TEXT,
        factor TEXT,
        when_empty TEXT,
        note TEXT
    ) STRICT;
    CREATE INDEX job_item_job ON job_item (job);

    CREATE TABLE routine (
        id TEXT PRIMARY KEY, -- a UUID, which names its state file
        name TEXT NOT NULL,
        name_key TEXT NOT NULL UNIQUE,
        window TEXT NOT NULL, -- JSON list
        only_changed INTEGER NOT NULL,
        verify INTEGER NOT NULL,
        when_empty TEXT NOT NULL,
        max_change INTEGER,
        max_delete INTEGER,
        tolerate_unmapped INTEGER NOT NULL,
        max_analytics_age_hours INTEGER,
        parallel INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE routine_job (
        routine TEXT NOT NULL REFERENCES routine ON DELETE CASCADE,
        position INTEGER NOT NULL,
        job INTEGER NOT NULL REFERENCES job ON DELETE RESTRICT,
        PRIMARY KEY (routine, position)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX routine_job_job ON routine_job (job);
";

#[cfg(test)]
mod tests;
