//! What the objects of a row or an item looked like when it came into force, kept beside it in the column `seen`.
//!
//! Rows and items are looked at when they are written, in the same transaction, so that no way of writing them can
//! forget it: whoever writes hands over how to look. What was in force before and still says the same keeps what was
//! seen then; that is what makes a later difference visible. Rows of homes older than the column have nothing there.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::store::column::{Columns, Id, Json};
use crate::store::config::ConfigStore;
use crate::store::config::job_items::{ItemId, job_number, load_items};
use crate::store::error::StoreError;
use xfer_domain::cell::CellAddress;
use xfer_domain::fingerprint::{ItemFingerprint, MappingFingerprint};
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::uid::Uid;

/// How to look at a row of an org unit map.
pub type LookAtRow<'look> = &'look dyn Fn(&OrgUnitMapping) -> Option<MappingFingerprint>;

/// How to look at an item.
pub type LookAtItem<'look> = &'look dyn Fn(&Item) -> Option<ItemFingerprint>;

impl ConfigStore {
    /// What the units of a map looked like when their rows were confirmed, by source unit.
    pub fn org_unit_fingerprints(&self, pair: Pair) -> Result<BTreeMap<Uid, MappingFingerprint>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT source, seen FROM org_unit_mapping \
                 WHERE source_server = ?1 AND destination_server = ?2 AND seen IS NOT NULL",
            )?;
            let rows = statement.query_map([pair.source.0, pair.destination.0], |row| {
                Ok((row.id(0)?, row.get::<_, Json<MappingFingerprint>>(1)?.0))
            })?;
            let fingerprints = rows.collect::<Result<_, _>>()?;
            Ok(fingerprints)
        })
    }

    /// Takes how units look now for what was seen when their rows were confirmed.
    pub fn renew_org_unit_fingerprints(
        &mut self,
        pair: Pair,
        seen: &BTreeMap<Uid, MappingFingerprint>,
    ) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            for (source, fingerprint) in seen {
                set_row(transaction, pair, *source, Some(&Json(fingerprint)))?;
            }
            Ok(())
        })
    }

    /// What the objects of a job's items looked like when the items were made, in the order of the items.
    pub fn item_fingerprints(&self, job: &str) -> Result<Vec<Option<ItemFingerprint>>, StoreError> {
        self.database.read_together(|connection| {
            let number = job_number(connection, job)?;
            let mut statement = connection.prepare_cached("SELECT seen FROM job_item WHERE job = ?1 ORDER BY id")?;
            let rows = statement
                .query_map([number], |row| Ok(row.get::<_, Option<Json<ItemFingerprint>>>(0)?.map(|seen| seen.0)))?;
            let fingerprints = rows.collect::<Result<_, _>>()?;
            Ok(fingerprints)
        })
    }

    /// Looks at every item of a job anew. Items that cannot be looked at keep what was seen.
    pub fn renew_item_fingerprints(&mut self, job: &str, look: LookAtItem<'_>) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            let number = job_number(transaction, job)?;
            for (id, item) in load_items(transaction, number)? {
                if let Some(seen) = look(&item) {
                    set_item(transaction, id, Some(&Json(seen)))?;
                }
            }
            Ok(())
        })
    }
}

/// The rows that are in force already as they are written now, with what was seen then. Read before they are replaced.
pub(super) fn rows_in_force(
    connection: &Connection,
    pair: Pair,
    rows: &[OrgUnitMapping],
) -> Result<HashMap<Uid, Option<String>>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT seen FROM org_unit_mapping WHERE source_server = ?1 AND destination_server = ?2 AND source = ?3 \
         AND destination = ?4 AND state = 'confirmed'",
    )?;
    let mut in_force = HashMap::new();
    for row in rows {
        let Some(target) = row.target() else { continue };
        let key = params![pair.source.0, pair.destination.0, Id(row.source), Id(target)];
        if let Some(seen) = statement.query_row(key, |row| row.get(0)).optional()? {
            in_force.insert(row.source, seen);
        }
    }
    Ok(in_force)
}

/// Keeps beside rows that were just written what was seen before, or what is seen now where they came into force.
pub(super) fn keep_rows(
    transaction: &Transaction<'_>,
    pair: Pair,
    rows: &[OrgUnitMapping],
    in_force: &HashMap<Uid, Option<String>>,
    look: LookAtRow<'_>,
) -> Result<(), StoreError> {
    for row in rows {
        match in_force.get(&row.source) {
            Some(seen) => set_row(transaction, pair, row.source, seen.as_ref())?,
            None => {
                if let Some(seen) = look(row) {
                    set_row(transaction, pair, row.source, Some(&Json(seen)))?;
                }
            }
        }
    }
    Ok(())
}

fn set_row<T: rusqlite::ToSql>(
    transaction: &Transaction<'_>,
    pair: Pair,
    source: Uid,
    seen: Option<&T>,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE org_unit_mapping SET seen = ?4 WHERE source_server = ?1 AND destination_server = ?2 AND source = ?3",
    )?;
    statement.execute(params![pair.source.0, pair.destination.0, Id(source), seen])?;
    Ok(())
}

/// A job's items as they stand, each with what was seen when it was made.
pub(super) type ItemsSeen = HashMap<(SourceItem, CellAddress), (Item, Option<String>)>;

/// The items of a job with what was seen. Read before they are replaced.
pub(super) fn items_seen(connection: &Connection, job: i64) -> Result<ItemsSeen, StoreError> {
    let mut statement = connection.prepare_cached("SELECT seen FROM job_item WHERE job = ?1 ORDER BY id")?;
    let seen = statement.query_map([job], |row| row.get(0))?.collect::<Result<Vec<Option<String>>, _>>()?;
    let items = load_items(connection, job)?.into_iter().map(|(_, item)| item);
    Ok(items.zip(seen).map(|(item, seen)| ((item.source, item.destination), (item, seen))).collect())
}

/// Keeps beside items that were just written what was seen before, or what is seen now where they are new or changed.
pub(super) fn keep_items(
    transaction: &Transaction<'_>,
    items: &[Item],
    ids: &[ItemId],
    before: &ItemsSeen,
    look: LookAtItem<'_>,
) -> Result<(), StoreError> {
    let mut met = HashSet::new();
    for (item, id) in items.iter().zip(ids) {
        let key = (item.source, item.destination);
        match before.get(&key).filter(|(old, _)| is_the_same(old, item) && met.insert(key)) {
            Some((_, seen)) => set_item(transaction, *id, seen.as_ref())?,
            None => {
                if let Some(seen) = look(item) {
                    set_item(transaction, *id, Some(&Json(seen)))?;
                }
            }
        }
    }
    Ok(())
}

/// Whether nothing of an item is different but the scripts that act on it and its remark, which say nothing about its
/// objects.
fn is_the_same(old: &Item, new: &Item) -> bool {
    *old == Item { scripts: old.scripts.clone(), note: old.note.clone(), ..new.clone() }
}

fn set_item<T: rusqlite::ToSql>(
    transaction: &Transaction<'_>,
    item: ItemId,
    seen: Option<&T>,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached("UPDATE job_item SET seen = ?2 WHERE id = ?1")?;
    statement.execute(params![item.0, seen])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::store::config::ConfigStore;
    use crate::store::testing::{add_server, items, job, uid};
    use xfer_domain::fingerprint::{
        ElementFingerprint, FormulaFingerprint, ItemFingerprint, MappingFingerprint, NamedObject, SourceFingerprint,
        UnitFingerprint,
    };
    use xfer_domain::item::Item;
    use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
    use xfer_domain::pair::Pair;
    use xfer_domain::uid::Uid;
    use xfer_domain::value_type::ValueType;

    fn unit(name: &str) -> UnitFingerprint {
        let parent = NamedObject { id: uid('p', 1), name: "District".to_owned() };
        UnitFingerprint { name: name.to_owned(), code: None, parent: Some(parent), level: 2, closed: None }
    }

    fn mapping(name: &str) -> MappingFingerprint {
        MappingFingerprint { source: unit(name), destination: unit(name) }
    }

    fn item_fingerprint(name: &str) -> ItemFingerprint {
        let formula = FormulaFingerprint {
            name: name.to_owned(),
            code: Some("C1".to_owned()),
            formula: "(1) / (1)".to_owned(),
            decimals: Some(1),
        };
        ItemFingerprint {
            source: SourceFingerprint::Formula(formula),
            destination: ElementFingerprint {
                name: name.to_owned(),
                code: None,
                value_type: ValueType::Integer,
                category_combo: NamedObject { id: Uid::DEFAULT_CATEGORY_COMBO, name: "default".to_owned() },
                option_set: None,
                category_options: Some(vec!["default".to_owned()]),
                attribute_options: None,
                data_sets: Vec::new(),
            },
        }
    }

    fn store() -> (tempfile::TempDir, ConfigStore, Pair) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let source = add_server(&mut store, "a", "https://a.org", "x").id;
        let destination = add_server(&mut store, "b", "https://b.org", "x").id;
        (folder, store, Pair { source, destination })
    }

    #[test]
    fn a_row_keeps_what_was_seen_until_it_comes_into_force_anew() {
        let (_folder, mut store, pair) = store();
        let row = |target: usize, state| OrgUnitMapping::manual(uid('o', 1), Some(uid('e', target)), state);
        let (confirmed, proposed) = (MappingState::Confirmed, MappingState::Proposed);
        let seen = |store: &ConfigStore| {
            let seen = store.org_unit_fingerprints(pair).unwrap();
            seen.get(&uid('o', 1)).map(|seen| seen.source.name.clone())
        };
        let look = |name: &'static str| {
            move |row: &OrgUnitMapping| (row.state == MappingState::Confirmed).then(|| mapping(name))
        };
        store.merge_org_unit_map(pair, &[row(1, proposed)], &look("first")).unwrap();
        assert_eq!(seen(&store), None, "a proposal is not looked at");
        store.merge_org_unit_map(pair, &[row(1, confirmed)], &look("second")).unwrap();
        assert_eq!(seen(&store).as_deref(), Some("second"));
        let noted = OrgUnitMapping { note: Some("checked".to_owned()), ..row(1, confirmed) };
        store.merge_org_unit_map(pair, std::slice::from_ref(&noted), &look("third")).unwrap();
        store.replace_org_unit_map(pair, &[noted], &look("third")).unwrap();
        assert_eq!(seen(&store).as_deref(), Some("second"), "it was in force already");
        store.replace_org_unit_map(pair, &[row(2, confirmed)], &look("fourth")).unwrap();
        assert_eq!(seen(&store).as_deref(), Some("fourth"), "another destination");
        store.renew_org_unit_fingerprints(pair, &BTreeMap::from([(uid('o', 1), mapping("fifth"))])).unwrap();
        assert_eq!(seen(&store).as_deref(), Some("fifth"));
        store.merge_org_unit_map(pair, &[row(2, proposed)], &look("sixth")).unwrap();
        assert_eq!(seen(&store), None, "what is no longer in force is forgotten");
    }

    #[test]
    fn an_item_keeps_what_was_seen_until_it_is_changed() {
        let (_folder, mut store, _) = store();
        let mut malaria = job("malaria", "a", "b");
        malaria.items = items()[..2].to_vec();
        store.add_job(&malaria).unwrap();
        let names = |store: &ConfigStore| -> Vec<Option<String>> {
            let seen = store.item_fingerprints("malaria").unwrap();
            seen.into_iter().map(|seen| seen.map(|seen| seen.source.name().to_owned())).collect()
        };
        let look = |name: &'static str| move |_: &Item| Some(item_fingerprint(name));
        store.update_job("malaria", &malaria, &look("first")).unwrap();
        assert_eq!(names(&store), [None, None], "items from before are left alone");
        store.renew_item_fingerprints("malaria", &look("second")).unwrap();
        assert_eq!(store.item_fingerprints("malaria").unwrap()[1], Some(item_fingerprint("second")));
        malaria.items[0].note = Some("a remark".to_owned());
        malaria.items[1].factor = Some(100.into());
        malaria.items.extend(items().into_iter().skip(2).take(1));
        store.update_job("malaria", &malaria, &look("third")).unwrap();
        let names_of = |words: &[&str]| words.iter().map(|word| Some((*word).to_owned())).collect::<Vec<_>>();
        assert_eq!(names(&store), names_of(&["second", "third", "third"]));
        malaria.items.remove(0);
        store.update_job("malaria", &malaria, &look("fourth")).unwrap();
        assert_eq!(names(&store), names_of(&["third", "third"]));
    }
}
