//! Parameters of statements. Each kind knows its NULL, because PostgreSQL wants to know the type.

use comity_model::{id::Id, secret::Hashed, time::Utc};
use rusqlite::{
    ToSql,
    types::{ToSqlOutput, ValueRef},
};
use serde::Serialize;
use serde_json::Map;
use sqlx::{
    Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo, types::Oid},
    query::Query,
};
use uuid::Uuid;

use crate::error::{Error, Result};

/// One parameter; `None` is NULL of that type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(Option<String>),
    /// Integers, and times as microseconds since 1970.
    Int(Option<i64>),
    Bool(Option<bool>),
    Uuid(Option<Uuid>),
    Bytes(Option<Vec<u8>>),
    /// JSON text, kept byte for byte.
    Json(Option<String>),
}

impl Value {
    /// The JSON text of a serializable value.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        let text = serde_json::to_string(value).map_err(|e| Error::Database {
            table: "",
            reason: format!("not JSON: {e}"),
        })?;
        Ok(Self::Json(Some(text)))
    }

    /// The JSON text of a serializable value, or NULL.
    pub fn json_or_null<T: Serialize>(value: Option<&T>) -> Result<Self> {
        value.map_or(Ok(Self::Json(None)), Self::json)
    }

    /// PostgreSQL cannot keep U+0000 and SQLite compares differently after it: refused on both.
    pub(crate) fn check(&self, table: &'static str) -> Result<()> {
        match self {
            Self::Text(Some(text)) if text.contains('\0') => Err(Error::Database {
                table,
                reason: "text with a NUL character: refuse it where it comes in".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

/// A type that is stored as one kind of [`Value`]; gives `Option` of it its typed NULL.
pub trait Stored: Into<Value> {
    /// NULL of this type.
    const NULL: Value;
}

impl<T: Stored> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(T::NULL, Into::into)
    }
}

macro_rules! stored {
    ($($type:ty => $variant:ident, |$v:ident| $convert:expr;)*) => {
        $(
            impl From<$type> for Value {
                fn from($v: $type) -> Self {
                    Self::$variant(Some($convert))
                }
            }
            impl Stored for $type {
                const NULL: Value = Value::$variant(None);
            }
        )*
    };
}

stored! {
    String => Text, |v| v;
    &str => Text, |v| v.to_owned();
    &String => Text, |v| v.clone();
    i64 => Int, |v| v;
    i32 => Int, |v| i64::from(v);
    u32 => Int, |v| i64::from(v);
    Utc => Int, |v| v.micros();
    bool => Bool, |v| v;
    Uuid => Uuid, |v| v;
    Vec<u8> => Bytes, |v| v;
    &[u8] => Bytes, |v| v.to_vec();
    &Vec<u8> => Bytes, |v| v.clone();
    Hashed => Bytes, |v| v.0.to_vec();
    &Map<String, serde_json::Value> => Json, |v| serde_json::Value::Object(v.clone()).to_string();
}

impl<T> From<Id<T>> for Value {
    fn from(id: Id<T>) -> Self {
        Self::Uuid(Some(id.uuid()))
    }
}

impl<T> Stored for Id<T> {
    const NULL: Value = Value::Uuid(None);
}

/// The parameters of a statement, `$1` first: `values![tenant, &user.upn, user.deleted]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::value::Value::from($value)),*] };
}
pub(crate) use values;

/// JSON as PostgreSQL's `json`, which keeps the text as it is (`jsonb` would re-order it).
struct JsonText(Option<String>);

const PG_JSON: Oid = Oid(114);

impl Type<Postgres> for JsonText {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(PG_JSON)
    }
}

impl Encode<'_, Postgres> for JsonText {
    fn encode_by_ref(
        &self,
        buffer: &mut PgArgumentBuffer,
    ) -> std::result::Result<IsNull, BoxDynError> {
        <Option<&str> as Encode<Postgres>>::encode(self.0.as_deref(), buffer)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let bound = match self {
            Self::Text(Some(text)) | Self::Json(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Int(Some(int)) => ValueRef::Integer(*int),
            Self::Bool(Some(flag)) => ValueRef::Integer(i64::from(*flag)),
            Self::Uuid(Some(uuid)) => ValueRef::Blob(uuid.as_bytes()),
            Self::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Text(None)
            | Self::Json(None)
            | Self::Int(None)
            | Self::Bool(None)
            | Self::Uuid(None)
            | Self::Bytes(None) => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(bound))
    }
}

pub(crate) fn bind_postgres(
    query: Query<'_, Postgres, PgArguments>,
    value: Value,
) -> Query<'_, Postgres, PgArguments> {
    match value {
        Value::Text(v) => query.bind(v),
        Value::Json(v) => query.bind(JsonText(v)),
        Value::Int(v) => query.bind(v),
        Value::Bool(v) => query.bind(v),
        Value::Uuid(v) => query.bind(v),
        Value::Bytes(v) => query.bind(v),
    }
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn null_keeps_its_type() {
        assert_eq!(Value::from(None::<&str>), Value::Text(None));
        assert_eq!(Value::from(None::<uuid::Uuid>), Value::Uuid(None));
        assert_eq!(Value::from(Some(true)), Value::Bool(Some(true)));
        assert_eq!(
            values![1_i64, "a"],
            [Value::Int(Some(1)), Value::Text(Some("a".into()))]
        );
    }

    #[test]
    fn a_nul_character_is_refused() {
        assert!(Value::from("a\0b").check("users").is_err());
        assert!(Value::from("ab").check("users").is_ok());
    }
}
