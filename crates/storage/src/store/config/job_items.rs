//! The rows of a job's items.

use rusqlite::{Connection, Row, Transaction, params};

use crate::store::column::{ByName, Columns, Id, JsonList, Text};
use crate::store::config::names::number_of;
use crate::store::error::{Kind, StoreError};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataKind;
use xfer_domain::item::{Item, SourceItem};

/// An item's number in the store. It never changes and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub i64);

/// The number of the job of that name.
pub(super) fn job_number(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    number_of(connection, Kind::Job, "job", name)
}

/// The items of the job of that number, in order.
pub(super) fn load_items(connection: &Connection, job: i64) -> Result<Vec<(ItemId, Item)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, source, source_category_option_combo, source_attribute_option_combo, data_element, \
         category_option_combo, attribute_option_combo, combine, factor, when_empty, note, round, coverage, share, \
         scripts, metric FROM job_item WHERE job = ?1 ORDER BY id",
    )?;
    let items = statement.query_map([job], read_item)?.collect::<Result<_, _>>()?;
    Ok(items)
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<(ItemId, Item)> {
    let id = row.id(2)?;
    let source = match row.named(1)? {
        DataKind::DataElement => SourceItem::DataElement {
            id,
            category_option_combo: row.id_if_any(3)?,
            attribute_option_combo: row.id_if_any(4)?,
        },
        DataKind::Indicator => SourceItem::Indicator { id },
        DataKind::ProgramIndicator => SourceItem::ProgramIndicator { id },
        DataKind::ReportingRate => SourceItem::ReportingRate { data_set: id, metric: row.named(16)? },
    };
    let destination =
        CellAddress { data_element: row.id(5)?, category_option_combo: row.id(6)?, attribute_option_combo: row.id(7)? };
    let item = Item {
        source,
        destination,
        combine: row.named_if_any(8)?,
        factor: row.get::<_, Option<Text<_>>>(9)?.map(|factor| factor.0),
        when_empty: row.named_if_any(10)?,
        round: row.get::<_, Option<Text<_>>>(12)?.map(|rounding| rounding.0),
        coverage: row.get::<_, Option<Text<_>>>(13)?.map(|coverage| coverage.0),
        share: row.get::<_, Option<Text<_>>>(14)?.map(|share| share.0),
        scripts: row.get::<_, JsonList<_>>(15)?.0,
        note: row.get(11)?,
    };
    Ok((ItemId(row.get(0)?), item))
}

/// Adds items to a job; gives their numbers.
pub(super) fn insert_items(transaction: &Transaction<'_>, job: i64, items: &[Item]) -> Result<Vec<ItemId>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO job_item (job, kind, source, source_category_option_combo, source_attribute_option_combo, \
         data_element, category_option_combo, attribute_option_combo, combine, factor, when_empty, note, round, \
         coverage, share, scripts, metric) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )?;
    let mut ids = Vec::with_capacity(items.len());
    for item in items {
        let [category_option_combo, attribute_option_combo] = item.source.combos();
        statement.execute(params![
            job,
            ByName(item.source.kind()),
            Id(item.source.data().id()),
            category_option_combo.map(Id),
            attribute_option_combo.map(Id),
            Id(item.destination.data_element),
            Id(item.destination.category_option_combo),
            Id(item.destination.attribute_option_combo),
            item.combine.map(ByName),
            item.factor.as_ref().map(Text),
            item.when_empty.map(ByName),
            item.note,
            item.round.map(Text),
            item.coverage.map(Text),
            item.share.as_ref().map(Text),
            JsonList(item.scripts.as_slice()),
            item.source.data().metric().map(ByName)
        ])?;
        ids.push(ItemId(transaction.last_insert_rowid()));
    }
    Ok(ids)
}
