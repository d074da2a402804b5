//! The synced copies of the servers' metadata.
//!
//! A copy is replaced whole, in one transaction: a sync that fails half-way, for whatever reason, leaves the old copy,
//! because mapping against half a server would be worse than against last week's. The copies are large (50,000 org
//! units are common), so rows are written in the order of their keys through one prepared statement per kind.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, Statement, Transaction, params};

use crate::store::column::{Columns, Id};
use crate::store::config::ConfigStore;
use crate::store::config::servers::{AnalyticsFlags, found, store_identity};
use crate::store::error::StoreError;
use xfer_domain::metadata::{CategoryOption, Metadata};
use xfer_domain::server::{Account, ServerId, ServerIdentity};
use xfer_domain::uid::Uid;

/// A kind of metadata object that has a table of its own.
pub(super) trait Cached: Sized {
    /// The table.
    const TABLE: &'static str;
    /// Its columns without `server`; the first one is the key, by which rows are read in order.
    const COLUMNS: &'static str;
    /// What it is found by.
    type Key: Ord;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// Runs an insert with the server and then the columns in order.
    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize>;

    /// Reads the columns in order.
    fn read(row: &Row<'_>) -> rusqlite::Result<Self>;
}

/// What a sync brings.
#[derive(Debug, Clone, Copy)]
pub struct SyncedServer<'synced> {
    /// The metadata.
    pub metadata: &'synced Metadata,
    /// What the server said about itself.
    pub identity: &'synced ServerIdentity,
    /// The user it was synced as.
    pub account: &'synced Account,
    /// How its analytics answers.
    pub analytics: AnalyticsFlags,
    /// When it was synced, in the server's own clock (`serverDate`).
    pub synced_at: &'synced str,
}

/// How many objects a copy holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are DHIS2's own words")]
pub struct MetadataCounts {
    pub organisation_units: u64,
    pub organisation_unit_levels: u64,
    pub organisation_unit_groups: u64,
    pub data_elements: u64,
    pub data_sets: u64,
    pub category_combos: u64,
    pub category_option_combos: u64,
    pub category_options: u64,
    pub indicators: u64,
    pub program_indicators: u64,
    pub option_sets: u64,
}

impl MetadataCounts {
    /// How many objects a server's metadata holds.
    pub fn of(metadata: &Metadata) -> Self {
        let count = |objects: usize| objects as u64;
        Self {
            organisation_units: count(metadata.organisation_units.len()),
            organisation_unit_levels: count(metadata.organisation_unit_levels.len()),
            organisation_unit_groups: count(metadata.organisation_unit_groups.len()),
            data_elements: count(metadata.data_elements.len()),
            data_sets: count(metadata.data_sets.len()),
            category_combos: count(metadata.category_combos.len()),
            category_option_combos: count(metadata.category_option_combos.len()),
            // What stands in for a hidden one was not listed.
            category_options: count(metadata.category_options.values().filter(|option| !option.is_hidden).count()),
            indicators: count(metadata.indicators.len()),
            program_indicators: count(metadata.program_indicators.len()),
            option_sets: count(metadata.option_sets.len()),
        }
    }

    /// Every type, as people call it, with its number.
    pub fn by_type(&self) -> [(&'static str, u64); 11] {
        [
            ("org units", self.organisation_units),
            ("org unit levels", self.organisation_unit_levels),
            ("org unit groups", self.organisation_unit_groups),
            ("data sets", self.data_sets),
            ("data elements", self.data_elements),
            ("category combos", self.category_combos),
            ("category option combos", self.category_option_combos),
            ("category options", self.category_options),
            ("indicators", self.indicators),
            ("program indicators", self.program_indicators),
            ("option sets", self.option_sets),
        ]
    }
}

/// Category options that the server listed, as a table with its condition.
const LISTED_OPTIONS: &str = "(SELECT server FROM category_option WHERE NOT is_hidden)";

/// Every table of a copy, for emptying it.
const TABLES: [&str; 11] = [
    "organisation_unit",
    "organisation_unit_level",
    "organisation_unit_group",
    "data_element",
    "data_set",
    "category_combo",
    "category_option_combo",
    "category_option",
    "indicator",
    "program_indicator",
    "option_set",
];

/// The tables of objects that findings name.
const NAMED_TABLES: [&str; 9] = [
    "organisation_unit",
    "data_element",
    "data_set",
    "category_combo",
    "category_option_combo",
    "category_option",
    "indicator",
    "program_indicator",
    "option_set",
];

impl ConfigStore {
    /// Puts a new copy of a server's metadata in the place of the old one.
    pub fn save_metadata(&mut self, server: ServerId, synced: &SyncedServer<'_>) -> Result<(), StoreError> {
        let metadata = synced.metadata;
        self.database.write(|transaction| {
            store_identity(transaction, server, synced.identity, synced.account, synced.analytics)?;
            let changed = transaction
                .execute("UPDATE server SET synced_at = ?2 WHERE id = ?1", params![server.0, synced.synced_at])?;
            found(changed, server)?;
            keep_names(transaction, server, metadata)?;
            let category_options = with_former_names(transaction, server, &metadata.category_options)?;
            for table in TABLES {
                transaction.execute(&format!("DELETE FROM {table} WHERE server = ?1"), [server.0])?;
            }
            save(transaction, server, &metadata.organisation_units)?;
            save(transaction, server, &metadata.organisation_unit_levels)?;
            save(transaction, server, &metadata.organisation_unit_groups)?;
            save(transaction, server, &metadata.data_elements)?;
            save(transaction, server, &metadata.data_sets)?;
            save(transaction, server, &metadata.category_combos)?;
            save(transaction, server, &metadata.category_option_combos)?;
            save(transaction, server, &category_options)?;
            save(transaction, server, &metadata.indicators)?;
            save(transaction, server, &metadata.program_indicators)?;
            save(transaction, server, &metadata.option_sets)
        })
    }

    /// The copy of a server's metadata; empty if it was never synced.
    pub fn load_metadata(&self, server: ServerId) -> Result<Metadata, StoreError> {
        self.database.read_together(|connection| {
            Ok(Metadata {
                organisation_units: load(connection, server)?,
                organisation_unit_levels: load(connection, server)?,
                organisation_unit_groups: load(connection, server)?,
                data_elements: load(connection, server)?,
                data_sets: load(connection, server)?,
                category_combos: load(connection, server)?,
                category_option_combos: load(connection, server)?,
                category_options: load(connection, server)?,
                indicators: load(connection, server)?,
                program_indicators: load(connection, server)?,
                option_sets: load(connection, server)?,
                lost: lost(connection, server)?,
            })
        })
    }

    /// How many objects the copy of a server's metadata holds, without loading them.
    pub fn metadata_counts(&self, server: ServerId) -> Result<MetadataCounts, StoreError> {
        self.database.read_together(|connection| {
            let count = |table: &str| -> Result<u64, StoreError> {
                let query = format!("SELECT count(*) FROM {table} WHERE server = ?1");
                let number: i64 = connection.query_row(&query, [server.0], |row| row.get(0))?;
                Ok(u64::try_from(number).unwrap_or_default())
            };
            Ok(MetadataCounts {
                organisation_units: count("organisation_unit")?,
                organisation_unit_levels: count("organisation_unit_level")?,
                organisation_unit_groups: count("organisation_unit_group")?,
                data_elements: count("data_element")?,
                data_sets: count("data_set")?,
                category_combos: count("category_combo")?,
                category_option_combos: count("category_option_combo")?,
                category_options: count(LISTED_OPTIONS)?,
                indicators: count("indicator")?,
                program_indicators: count("program_indicator")?,
                option_sets: count("option_set")?,
            })
        })
    }
}

/// Keeps the names of what the copy that is there has and the new one does not: whoever maps it or runs with it is told
/// what was lost, and not an id. What is shown again is lost no longer.
fn keep_names(transaction: &Transaction<'_>, server: ServerId, new: &Metadata) -> Result<(), StoreError> {
    let mut keep = transaction.prepare("INSERT OR REPLACE INTO lost_object (server, id, name) VALUES (?1, ?2, ?3)")?;
    for table in NAMED_TABLES {
        let mut statement = transaction.prepare(&format!("SELECT id, name FROM {table} WHERE server = ?1"))?;
        let mut rows = statement.query([server.0])?;
        while let Some(row) = rows.next()? {
            let (id, name): (Uid, String) = (row.id(0)?, row.get(1)?);
            if !new.knows(id) {
                keep.execute(params![server.0, Id(id), name])?;
            }
        }
    }
    let mut forget = transaction.prepare("DELETE FROM lost_object WHERE server = ?1 AND id = ?2")?;
    for id in lost(transaction, server)?.into_keys().filter(|id| new.knows(*id)) {
        forget.execute(params![server.0, Id(id)])?;
    }
    Ok(())
}

/// Options that the user may not see stand in the copy by their ids (the client). Those that were shown once
/// keep the name that they had.
fn with_former_names(
    connection: &Connection,
    server: ServerId,
    new: &BTreeMap<Uid, CategoryOption>,
) -> Result<BTreeMap<Uid, CategoryOption>, StoreError> {
    let mut options = new.clone();
    let mut statement = connection.prepare("SELECT name FROM category_option WHERE server = ?1 AND id = ?2")?;
    for option in options.values_mut().filter(|option| option.name == option.id.as_str()) {
        let former: Option<String> =
            statement.query_row(params![server.0, Id(option.id)], |row| row.get(0)).optional()?;
        option.name = former.unwrap_or_else(|| option.id.to_string());
    }
    Ok(options)
}

fn lost(connection: &Connection, server: ServerId) -> Result<BTreeMap<Uid, String>, StoreError> {
    let mut statement = connection.prepare("SELECT id, name FROM lost_object WHERE server = ?1")?;
    let rows = statement.query_map([server.0], |row| Ok((row.id(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn save<T: Cached>(
    transaction: &Transaction<'_>,
    server: ServerId,
    objects: &BTreeMap<T::Key, T>,
) -> Result<(), StoreError> {
    let places = ", ?".repeat(T::COLUMNS.split(',').count());
    let mut statement =
        transaction.prepare(&format!("INSERT INTO {} (server, {}) VALUES (?{places})", T::TABLE, T::COLUMNS))?;
    for object in objects.values() {
        object.insert(&mut statement, server.0)?;
    }
    Ok(())
}

fn load<T: Cached>(connection: &Connection, server: ServerId) -> Result<BTreeMap<T::Key, T>, StoreError> {
    let mut statement =
        connection.prepare(&format!("SELECT {} FROM {} WHERE server = ?1 ORDER BY server, 1", T::COLUMNS, T::TABLE))?;
    let mut rows = statement.query([server.0])?;
    let mut objects = Vec::new();
    while let Some(row) = rows.next()? {
        let object = T::read(row)?;
        objects.push((object.key(), object));
    }
    // Collected from rows in order, which is much faster than inserting one by one.
    Ok(objects.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use crate::store::config::{AnalyticsFlags, ConfigStore, MetadataCounts, SyncedServer};
    use crate::store::error::StoreError;
    use crate::store::testing::{account, add_server, data_elements, identity, metadata, org_units, sync, uid};
    use xfer_domain::metadata::{CategoryOption, Metadata, OrganisationUnitGroup};
    use xfer_domain::server::ServerId;

    #[test]
    fn what_a_sync_does_not_show_any_more_keeps_its_name_until_it_is_shown_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let (one, two) =
            (add_server(&mut store, "one", "https://a.org", "x"), add_server(&mut store, "two", "https://b.org", "x"));
        sync(&mut store, &one, &metadata());
        sync(&mut store, &two, &metadata());
        let mut less = metadata();
        let (id, element) = less.data_elements.pop_first().unwrap();
        less.data_sets.clear();
        sync(&mut store, &one, &less);
        let kept = store.load_metadata(one.id).unwrap();
        assert_eq!((kept.name_of(id), kept.lost.len()), (element.name.clone(), 1 + metadata().data_sets.len()));
        sync(&mut store, &one, &less);
        assert_eq!(store.load_metadata(one.id).unwrap().name_of(id), element.name, "two syncs later, too");
        assert!(store.load_metadata(two.id).unwrap().lost.is_empty());
        // Options that are hidden come by their ids.
        for _ in 0..2 {
            let mut hidden = metadata();
            hidden.category_options.values_mut().for_each(|option| option.name = option.id.to_string());
            sync(&mut store, &one, &hidden);
            assert_eq!(store.load_metadata(one.id).unwrap().category_options, metadata().category_options);
        }
        sync(&mut store, &one, &metadata());
        assert_eq!(store.load_metadata(one.id).unwrap(), metadata());
    }

    #[test]
    fn a_copy_is_what_was_synced() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let one = add_server(&mut store, "one", "https://a.org", "x");
        let two = add_server(&mut store, "two", "https://b.org", "x");
        assert_eq!(store.load_metadata(one.id).unwrap(), Metadata::default());
        let mut rich = metadata();
        let hidden = CategoryOption::hidden(uid('z', 1), "Aurora".to_owned());
        rich.category_options.insert(hidden.id, hidden);
        sync(&mut store, &one, &rich);
        sync(&mut store, &two, &Metadata { organisation_units: org_units(5), ..Metadata::default() });
        assert_eq!(store.load_metadata(one.id).unwrap(), rich);
        assert_eq!(store.load_metadata(two.id).unwrap().organisation_units.len(), 5);
        let counts = MetadataCounts {
            organisation_units: 120,
            organisation_unit_levels: 3,
            organisation_unit_groups: 2,
            data_elements: 12,
            data_sets: 2,
            category_combos: 1,
            category_option_combos: 1,
            category_options: 1,
            indicators: 1,
            program_indicators: 1,
            option_sets: 1,
        };
        assert_eq!(store.metadata_counts(one.id).unwrap(), counts);
        assert_eq!(MetadataCounts::of(&rich), counts);
        let kept = store.server("one").unwrap();
        assert_eq!(kept.synced_at.as_deref(), Some("2024-05-06T07:08:09.000"));
        assert_eq!(kept.identity, Some(identity()));

        sync(&mut store, &one, &Metadata::default());
        let now = Metadata { lost: BTreeMap::new(), ..store.load_metadata(one.id).unwrap() };
        assert_eq!(now, Metadata::default(), "the old copy is replaced whole");
    }

    #[test]
    fn a_failing_sync_keeps_the_old_copy() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let server = add_server(&mut store, "one", "https://a.org", "x");
        let old = metadata();
        sync(&mut store, &server, &old);
        // Two objects of one id, found out only after thousands of rows were written.
        let group = OrganisationUnitGroup {
            id: uid('g', 1),
            code: None,
            name: "twice".to_owned(),
            organisation_units: BTreeSet::new(),
        };
        let broken = Metadata {
            organisation_units: org_units(2000),
            organisation_unit_groups: [(uid('g', 1), group.clone()), (uid('g', 2), group)].into(),
            ..Metadata::default()
        };
        let synced = SyncedServer {
            metadata: &broken,
            identity: &identity(),
            account: &account(),
            analytics: AnalyticsFlags::default(),
            synced_at: "later",
        };
        assert!(store.save_metadata(server.id, &synced).is_err());
        assert_eq!(store.load_metadata(server.id).unwrap(), old);
        assert_eq!(store.server("one").unwrap().synced_at.as_deref(), Some("2024-05-06T07:08:09.000"));
        let nobody = SyncedServer { metadata: &old, ..synced };
        assert!(matches!(store.save_metadata(ServerId(99), &nobody), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn a_copy_of_national_size_is_kept_whole() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::open(&crate::store::home::Home::new(folder.path())).unwrap();
        let server = add_server(&mut store, "one", "https://a.org", "x");
        let national =
            Metadata { organisation_units: org_units(20_000), data_elements: data_elements(2_000), ..metadata() };
        sync(&mut store, &server, &national);
        sync(&mut store, &server, &national);
        assert!(store.load_metadata(server.id).unwrap() == national);
    }
}
