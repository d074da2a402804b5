//! How data elements, data sets, categories, indicators and option sets stand in the copy of a server's metadata.

use rusqlite::{Row, Statement, params};

use crate::store::column::{ByName, Columns, Id, Ids, JsonList, Text, Word};
use crate::store::config::metadata::Cached;
use xfer_domain::metadata::{
    CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, DataElement, DataSet, Indicator, OptionSet,
    ProgramIndicator,
};
use xfer_domain::uid::Uid;

impl Cached for DataElement {
    const TABLE: &'static str = "data_element";
    const COLUMNS: &'static str = "id, code, name, short_name, value_type, aggregation_type, zero_is_significant, \
         category_combo, option_set, attribute_values, comment_option_set";
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
            Word(self.value_type),
            self.aggregation_type,
            self.zero_is_significant,
            Id(self.category_combo),
            self.option_set.map(Id),
            JsonList(self.attribute_values.as_slice()),
            self.comment_option_set.map(Id),
        ])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            short_name: row.get(3)?,
            value_type: row.get::<_, Word<_>>(4)?.0,
            aggregation_type: row.get(5)?,
            zero_is_significant: row.get(6)?,
            category_combo: row.id(7)?,
            option_set: row.id_if_any(8)?,
            attribute_values: row.get::<_, JsonList<_>>(9)?.0,
            comment_option_set: row.id_if_any(10)?,
        })
    }
}

impl Cached for DataSet {
    const TABLE: &'static str = "data_set";
    const COLUMNS: &'static str = "id, code, name, period_type, category_combo, open_future_periods, expiry_days, \
         data_set_elements, organisation_unit_ids, data_input_periods, may_read, may_write, open_periods_after_option_end";
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
            ByName(self.period_type),
            Id(self.category_combo),
            self.open_future_periods,
            self.expiry_days,
            JsonList(self.data_set_elements.as_slice()),
            Ids::join(&self.organisation_units),
            JsonList(self.data_input_periods.as_slice()),
            self.access.read,
            self.access.write,
            self.open_periods_after_co_end_date,
        ])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            period_type: row.named(3)?,
            category_combo: row.id(4)?,
            open_future_periods: row.get(5)?,
            expiry_days: row.get(6)?,
            data_set_elements: row.get::<_, JsonList<_>>(7)?.0,
            organisation_units: row.get::<_, Ids<_>>(8)?.0,
            data_input_periods: row.get::<_, JsonList<_>>(9)?.0,
            access: DataAccess { read: row.get(10)?, write: row.get(11)? },
            open_periods_after_co_end_date: row.get(12)?,
        })
    }
}

impl Cached for CategoryCombo {
    const TABLE: &'static str = "category_combo";
    const COLUMNS: &'static str = "id, code, name, is_default, category_option_combo_ids";
    type Key = Uid;

    fn key(&self) -> Uid {
        self.id
    }

    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize> {
        let combos = Ids::join(&self.category_option_combos);
        statement.execute(params![server, Id(self.id), self.code, self.name, self.is_default, combos])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            is_default: row.get(3)?,
            category_option_combos: row.get::<_, Ids<_>>(4)?.0,
        })
    }
}

impl Cached for CategoryOptionCombo {
    const TABLE: &'static str = "category_option_combo";
    const COLUMNS: &'static str = "id, code, name, category_combo, category_option_ids";
    type Key = Uid;

    fn key(&self) -> Uid {
        self.id
    }

    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize> {
        let options = Ids::join(&self.category_options);
        statement.execute(params![server, Id(self.id), self.code, self.name, Id(self.category_combo), options])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            category_combo: row.id(3)?,
            category_options: row.get::<_, Ids<_>>(4)?.0,
        })
    }
}

impl Cached for CategoryOption {
    const TABLE: &'static str = "category_option";
    const COLUMNS: &'static str =
        "id, code, name, start_date, end_date, organisation_unit_ids, may_read, may_write, is_hidden";
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
            self.start_date.map(Text),
            self.end_date.map(Text),
            Ids::join(&self.organisation_units),
            self.access.read,
            self.access.write,
            self.is_hidden,
        ])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            start_date: row.get::<_, Option<Text<_>>>(3)?.map(|date| date.0),
            end_date: row.get::<_, Option<Text<_>>>(4)?.map(|date| date.0),
            organisation_units: row.get::<_, Ids<_>>(5)?.0,
            access: DataAccess { read: row.get(6)?, write: row.get(7)? },
            is_hidden: row.get(8)?,
        })
    }
}

impl Cached for Indicator {
    const TABLE: &'static str = "indicator";
    const COLUMNS: &'static str = "id, code, name, decimals, numerator, denominator, export_category_option_combo, \
         export_attribute_option_combo";
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
            self.decimals,
            self.numerator,
            self.denominator,
            self.aggregate_export_category_option_combo,
            self.aggregate_export_attribute_option_combo,
        ])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            decimals: row.get(3)?,
            numerator: row.get(4)?,
            denominator: row.get(5)?,
            aggregate_export_category_option_combo: row.get(6)?,
            aggregate_export_attribute_option_combo: row.get(7)?,
        })
    }
}

impl Cached for ProgramIndicator {
    const TABLE: &'static str = "program_indicator";
    const COLUMNS: &'static str = "id, code, name, program, aggregation_type, decimals, export_category_option_combo, \
         export_attribute_option_combo, export_data_element";
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
            self.program.map(Id),
            self.aggregation_type,
            self.decimals,
            self.aggregate_export_category_option_combo,
            self.aggregate_export_attribute_option_combo,
            self.aggregate_export_data_element,
        ])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.id(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            program: row.id_if_any(3)?,
            aggregation_type: row.get(4)?,
            decimals: row.get(5)?,
            aggregate_export_category_option_combo: row.get(6)?,
            aggregate_export_attribute_option_combo: row.get(7)?,
            aggregate_export_data_element: row.get(8)?,
        })
    }
}

impl Cached for OptionSet {
    const TABLE: &'static str = "option_set";
    const COLUMNS: &'static str = "id, code, name, options";
    type Key = Uid;

    fn key(&self) -> Uid {
        self.id
    }

    fn insert(&self, statement: &mut Statement<'_>, server: i64) -> rusqlite::Result<usize> {
        statement.execute(params![server, Id(self.id), self.code, self.name, JsonList(self.options.as_slice())])
    }

    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.id(0)?, code: row.get(1)?, name: row.get(2)?, options: row.get::<_, JsonList<_>>(3)?.0 })
    }
}
