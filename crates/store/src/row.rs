//! Rows of both engines behind one set of typed getters.
//!
//! Every mismatch is [`Error::Corrupt`] and names table, column and, where the row has one, its ID.

use std::hash::{Hash as _, Hasher};

use comity_model::{id::Id, secret::Hashed, time::Utc};
use rusqlite::types::Value as Cell;
use serde::de::DeserializeOwned;
use sqlx::{Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    sqlite::connection::SqliteRow,
};

/// One row of an answer.
pub struct Row {
    table: &'static str,
    columns: Columns,
}

enum Columns {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub(crate) const fn sqlite(table: &'static str, row: SqliteRow) -> Self {
        Self {
            table,
            columns: Columns::Sqlite(row),
        }
    }

    pub(crate) const fn postgres(table: &'static str, row: PgRow) -> Self {
        Self {
            table,
            columns: Columns::Postgres(row),
        }
    }

    /// Every value as it came, for comparing what a statement saw with what it sees again.
    pub(crate) fn hash_values(&self, hasher: &mut impl Hasher) {
        let Columns::Postgres(row) = &self.columns else {
            return;
        };
        for column in 0..row.len() {
            let value = row.try_get_raw(column).ok();
            value.and_then(|v| v.as_bytes().ok()).hash(hasher);
        }
    }

    /// That the value of a column makes no sense.
    pub fn corrupt(&self, column: &str) -> Error {
        let id = self
            .read_uuid("id")
            .ok()
            .flatten()
            .map(|id| id.to_string())
            .unwrap_or_default();
        Error::Corrupt {
            table: self.table,
            column: column.to_owned(),
            id,
        }
    }

    /// A value of SQLite through `read`, which knows what the column may hold.
    fn cell<'r, T>(
        &self,
        row: &'r SqliteRow,
        column: &str,
        read: impl FnOnce(&'r Cell) -> Option<T>,
    ) -> Result<Option<T>> {
        match row.cell(column) {
            Some(Cell::Null) => Ok(None),
            Some(cell) => read(cell).map(Some).ok_or_else(|| self.corrupt(column)),
            None => Err(self.corrupt(column)),
        }
    }

    /// Text or NULL.
    pub fn opt_text(&self, column: &str) -> Result<Option<String>> {
        match &self.columns {
            Columns::Sqlite(row) => self.cell(row, column, text),
            Columns::Postgres(row) => row.try_get(column).map_err(|_| self.corrupt(column)),
        }
    }

    /// An integer or NULL.
    pub fn opt_int(&self, column: &str) -> Result<Option<i64>> {
        match &self.columns {
            Columns::Sqlite(row) => self.cell(row, column, int),
            Columns::Postgres(row) => row.try_get(column).map_err(|_| self.corrupt(column)),
        }
    }

    /// A truth value or NULL.
    pub fn opt_bool(&self, column: &str) -> Result<Option<bool>> {
        match &self.columns {
            Columns::Sqlite(row) => self.cell(row, column, |cell| match int(cell) {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            }),
            Columns::Postgres(row) => row.try_get(column).map_err(|_| self.corrupt(column)),
        }
    }

    /// A UUID or NULL.
    pub fn opt_uuid(&self, column: &str) -> Result<Option<Uuid>> {
        self.read_uuid(column).map_err(|()| self.corrupt(column))
    }

    /// `Err` where the column holds something else.
    fn read_uuid(&self, column: &str) -> std::result::Result<Option<Uuid>, ()> {
        match &self.columns {
            Columns::Sqlite(row) => match row.cell(column).ok_or(())? {
                Cell::Null => Ok(None),
                Cell::Blob(bytes) => Uuid::from_slice(bytes).map(Some).map_err(drop),
                _ => Err(()),
            },
            Columns::Postgres(row) => row.try_get(column).map_err(drop),
        }
    }

    /// Bytes or NULL.
    pub fn opt_bytes(&self, column: &str) -> Result<Option<Vec<u8>>> {
        match &self.columns {
            Columns::Sqlite(row) => self.cell(row, column, |cell| bytes(cell).map(<[u8]>::to_vec)),
            Columns::Postgres(row) => row.try_get(column).map_err(|_| self.corrupt(column)),
        }
    }

    /// JSON text, exactly as it was written, or NULL.
    pub fn opt_json_text(&self, column: &str) -> Result<Option<String>> {
        match &self.columns {
            Columns::Sqlite(row) => self.cell(row, column, text),
            // The driver knows no text in `json` columns, but that is what they carry.
            Columns::Postgres(row) => row
                .try_get_unchecked(column)
                .map_err(|_| self.corrupt(column)),
        }
    }

    /// A value from a JSON column, or NULL.
    pub fn opt_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>> {
        self.opt_json_text(column)?
            .map(|text| serde_json::from_str(&text).map_err(|_| self.corrupt(column)))
            .transpose()
    }

    /// A point in time or NULL.
    pub fn opt_time(&self, column: &str) -> Result<Option<Utc>> {
        Ok(self.opt_int(column)?.map(Utc::from_micros))
    }

    /// An identifier or NULL.
    pub fn opt_id<T>(&self, column: &str) -> Result<Option<Id<T>>> {
        Ok(self.opt_uuid(column)?.map(Id::new))
    }

    /// Text.
    pub fn text(&self, column: &str) -> Result<String> {
        self.present(column, self.opt_text(column)?)
    }

    /// An integer.
    pub fn int(&self, column: &str) -> Result<i64> {
        self.present(column, self.opt_int(column)?)
    }

    /// A truth value.
    pub fn bool(&self, column: &str) -> Result<bool> {
        self.present(column, self.opt_bool(column)?)
    }

    /// A UUID.
    pub fn uuid(&self, column: &str) -> Result<Uuid> {
        self.present(column, self.opt_uuid(column)?)
    }

    /// An identifier.
    pub fn id<T>(&self, column: &str) -> Result<Id<T>> {
        self.uuid(column).map(Id::new)
    }

    /// A point in time.
    pub fn time(&self, column: &str) -> Result<Utc> {
        self.int(column).map(Utc::from_micros)
    }

    /// Bytes.
    pub fn bytes(&self, column: &str) -> Result<Vec<u8>> {
        self.present(column, self.opt_bytes(column)?)
    }

    /// A SHA-256.
    pub fn hashed(&self, column: &str) -> Result<Hashed> {
        let bytes = self.bytes(column)?;
        bytes
            .try_into()
            .map(Hashed)
            .map_err(|_| self.corrupt(column))
    }

    /// A value from a JSON column.
    pub fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T> {
        self.present(column, self.opt_json(column)?)
    }

    /// A word that `parse` understands: `row.word("state", KeyState::parse)`.
    pub fn word<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        parse(&self.text(column)?).ok_or_else(|| self.corrupt(column))
    }

    fn present<T>(&self, column: &str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.corrupt(column))
    }
}

fn text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.clone()),
        _ => None,
    }
}

const fn int(cell: &Cell) -> Option<i64> {
    match cell {
        Cell::Integer(int) => Some(*int),
        _ => None,
    }
}

fn bytes(cell: &Cell) -> Option<&[u8]> {
    match cell {
        Cell::Blob(bytes) => Some(bytes),
        _ => None,
    }
}

/// Maps rows with a table's own reading function.
pub(crate) fn read_all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T>) -> Result<Vec<T>> {
    rows.iter().map(read).collect()
}
