//! The texts that cells are made of, each kept once.
//!
//! The numbers are remembered between calls, since one slice uses the same words as the next. Words that a transaction
//! added are remembered only after it has committed: a number that was rolled back may be given to another word.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};

use crate::store::error::StoreError;
use xfer_domain::cell::CellKey;
use xfer_domain::hashed::Hashed;
use xfer_domain::period::{Period, PeriodError};
use xfer_domain::uid::Uid;

/// How many words are remembered. National servers have some 20,000 org units; beyond that they are looked up again.
const REMEMBERED: usize = 200_000;

/// The numbers of words that are known to be stored.
#[derive(Debug, Default)]
pub(super) struct Words {
    known: Hashed<String, i64>,
}

impl Words {
    /// Begins to number words inside a transaction.
    pub(super) fn within<'transaction>(
        &'transaction self,
        connection: &'transaction Connection,
    ) -> Result<Numbering<'transaction>, StoreError> {
        Ok(Numbering {
            words: self,
            fresh: Hashed::default(),
            periods: Hashed::default(),
            last_unit: None,
            select: connection.prepare_cached("SELECT id FROM word WHERE text = ?1")?,
            insert: connection.prepare_cached("INSERT INTO word (text) VALUES (?1)")?,
            connection,
        })
    }

    /// Remembers what a transaction numbered, after it committed.
    pub(super) fn remember(&mut self, fresh: Hashed<String, i64>) {
        if self.known.len() + fresh.len() > REMEMBERED {
            self.known.clear();
        }
        self.known.extend(fresh);
    }

    /// Forgets everything, after words were removed.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

/// The numbers of a cell's five parts, in the order of the tables' columns.
pub(super) type CellNumbers = [i64; 5];

/// Numbers words within one transaction.
pub(super) struct Numbering<'transaction> {
    words: &'transaction Words,
    fresh: Hashed<String, i64>,
    // Cells are many and their periods few: printing one for each cell would cost as much as storing it.
    periods: Hashed<Period, i64>,
    // They come in runs.
    last_unit: Option<(Uid, i64)>,
    select: CachedStatement<'transaction>,
    insert: CachedStatement<'transaction>,
    connection: &'transaction Connection,
}

impl Numbering<'_> {
    /// The number of a word; none if it is not stored.
    pub(super) fn find(&mut self, word: &str) -> Result<Option<i64>, StoreError> {
        if let Some(number) = self.words.known.get(word).or_else(|| self.fresh.get(word)) {
            return Ok(Some(*number));
        }
        let number = self.select.query_row([word], |row| row.get(0)).optional()?;
        if let Some(number) = number {
            self.fresh.insert(word.to_owned(), number);
        }
        Ok(number)
    }

    /// The number of a word, which is stored if it is not yet.
    pub(super) fn number(&mut self, word: &str) -> Result<i64, StoreError> {
        if let Some(number) = self.find(word)? {
            return Ok(number);
        }
        self.insert.execute([word])?;
        let number = self.connection.last_insert_rowid();
        self.fresh.insert(word.to_owned(), number);
        Ok(number)
    }

    /// The number of a word that may be absent.
    pub(super) fn number_if_any(&mut self, word: Option<&str>) -> Result<Option<i64>, StoreError> {
        word.map(|word| self.number(word)).transpose()
    }

    /// The number of an org unit.
    pub(super) fn org_unit(&mut self, unit: Uid) -> Result<i64, StoreError> {
        match self.last_unit {
            Some((last, number)) if last == unit => Ok(number),
            _ => {
                let number = self.number(unit.as_str())?;
                self.last_unit = Some((unit, number));
                Ok(number)
            }
        }
    }

    /// The numbers of a cell's parts.
    pub(super) fn cell(&mut self, cell: &CellKey) -> Result<CellNumbers, StoreError> {
        let org_unit = self.org_unit(cell.org_unit)?;
        let mut uid = |uid: Uid| self.number(uid.as_str());
        let data_element = uid(cell.data_element)?;
        let category_option_combo = uid(cell.category_option_combo)?;
        let attribute_option_combo = uid(cell.attribute_option_combo)?;
        let period = self.period(cell.period)?;
        Ok([org_unit, period, data_element, category_option_combo, attribute_option_combo])
    }

    /// The number of a period that may be absent.
    pub(super) fn period_if_any(&mut self, period: Option<Period>) -> Result<Option<i64>, StoreError> {
        period.map(|period| self.period(period)).transpose()
    }

    /// The number of a period.
    pub(super) fn period(&mut self, period: Period) -> Result<i64, StoreError> {
        if let Some(number) = self.periods.get(&period) {
            return Ok(*number);
        }
        let number = self.number(&period.to_string())?;
        self.periods.insert(period, number);
        Ok(number)
    }

    /// What was numbered, to be remembered once the transaction has committed.
    pub(super) fn into_fresh(self) -> Hashed<String, i64> {
        self.fresh
    }
}

/// A stored word that cannot be what it should be.
pub(super) fn not_a(what: &str, word: &str) -> StoreError {
    let reason: Box<dyn std::error::Error + Send + Sync> = format!("`{word}` is no {what}").into();
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, reason).into()
}

/// Words by number, each looked up and parsed once.
pub(super) struct Dictionary<'connection> {
    select: rusqlite::CachedStatement<'connection>,
    texts: Hashed<i64, String>,
    uids: Hashed<i64, Uid>,
    periods: Hashed<i64, Period>,
}

impl<'connection> Dictionary<'connection> {
    /// An empty dictionary.
    pub(super) fn new(connection: &'connection Connection) -> Result<Self, StoreError> {
        Ok(Self {
            select: connection.prepare_cached("SELECT text FROM word WHERE id = ?1")?,
            texts: Hashed::default(),
            uids: Hashed::default(),
            periods: Hashed::default(),
        })
    }

    fn look_up(&mut self, number: i64) -> Result<String, StoreError> {
        let text = self.select.query_row([number], |row| row.get(0)).optional()?;
        text.ok_or_else(|| not_a("word", &number.to_string()))
    }

    /// A word as text.
    pub(super) fn text(&mut self, number: i64) -> Result<String, StoreError> {
        if let Some(text) = self.texts.get(&number) {
            return Ok(text.clone());
        }
        let text = self.look_up(number)?;
        self.texts.insert(number, text.clone());
        Ok(text)
    }

    /// A word as an id.
    pub(super) fn uid(&mut self, number: i64) -> Result<Uid, StoreError> {
        if let Some(uid) = self.uids.get(&number) {
            return Ok(*uid);
        }
        let text = self.look_up(number)?;
        let uid = Uid::parse(&text).map_err(|_| not_a("id", &text))?;
        self.uids.insert(number, uid);
        Ok(uid)
    }

    /// A word as a period.
    pub(super) fn period(&mut self, number: i64) -> Result<Period, StoreError> {
        if let Some(period) = self.periods.get(&number) {
            return Ok(*period);
        }
        let text = self.look_up(number)?;
        let period = Period::parse(&text).map_err(|PeriodError(text)| not_a("period", &text))?;
        self.periods.insert(number, period);
        Ok(period)
    }
}

/// Reads a cell's five parts from neighbouring columns, org unit first.
pub(super) fn read_key(row: &Row<'_>, first: usize, dictionary: &mut Dictionary<'_>) -> Result<CellKey, StoreError> {
    Ok(CellKey {
        org_unit: dictionary.uid(row.get(first)?)?,
        period: dictionary.period(row.get(first + 1)?)?,
        data_element: dictionary.uid(row.get(first + 2)?)?,
        category_option_combo: dictionary.uid(row.get(first + 3)?)?,
        attribute_option_combo: dictionary.uid(row.get(first + 4)?)?,
    })
}
