//! How org units, levels and groups stand in the copy of a server's metadata.

use rusqlite::{Row, Statement, params};

use crate::store::column::{Columns, Id, Ids, JsonList, Text};
use crate::store::config::metadata::Cached;
use xfer_domain::metadata::{OrganisationUnit, OrganisationUnitGroup, OrganisationUnitLevel};
use xfer_domain::uid::Uid;

impl Cached for OrganisationUnit {
    const TABLE: &'static str = "organisation_unit";
    const COLUMNS: &'static str = "id, code, name, short_name, path_ids, opening_date, closed_date, attribute_values";
    type Key = Uid;

    fn key(&self) -> Uid {
        self.id
    }

    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize> {
        statement.execute(params![
            server,
            Id(self.id),
            self.code,
            self.name,
            self.short_name,
            Ids::join(&self.path),
            self.opening_date.map(Text),
            self.closed_date.map(Text),
            JsonList(self.attribute_values.as_slice()),
        ])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            short_name: row.get(3)?,
            path: row.get::<_, Ids<_>>(4)?.0,
            opening_date: row.get::<_, Option<Text<_>>>(5)?.map(|date| date.0),
            closed_date: row.get::<_, Option<Text<_>>>(6)?.map(|date| date.0),
            attribute_values: row.get::<_, JsonList<_>>(7)?.0,
        })
    }
}

impl Cached for OrganisationUnitLevel {
    const TABLE: &'static str = "organisation_unit_level";
    const COLUMNS: &'static str = "level, id, name";
    type Key = u32;

    fn key(&self) -> u32 {
        self.level
    }

    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize> {
        statement.execute(params![server, self.level, Id(self.id), self.name])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { level: row.get(0)?, id: row.id(1)?, name: row.get(2)? })
    }
}

impl Cached for OrganisationUnitGroup {
    const TABLE: &'static str = "organisation_unit_group";
    const COLUMNS: &'static str = "id, code, name, organisation_unit_ids";
    type Key = Uid;

    fn key(&self) -> Uid {
        self.id
    }

    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize> {
        statement.execute(params![server, Id(self.id), self.code, self.name, Ids::join(&self.organisation_units)])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            organisation_units: row.get::<_, Ids<_>>(3)?.0,
        })
    }
}
