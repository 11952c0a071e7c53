//! Rows on their way into a table, for either engine.

use uuid::Uuid;

/// A field.
#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Key(Uuid),
}

/// A row, in the order of the table's columns.
pub type Row = Vec<Value>;

/// A table and the columns a run fills.
#[derive(Debug)]
pub struct Table {
    pub name: &'static str,
    pub columns: &'static str,
}

impl Table {
    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.columns.split(',').count()
    }
}

/// Makes a value of what it is made from.
macro_rules! from {
    ($($kind:ty => $variant:ident),*) => {
        $(impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from!(i64 => Int, &str => Text, String => Text, Vec<u8> => Bytes, &[u8] => Bytes, [u8; 32] => Bytes, Uuid => Key);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A row of these values.
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::rows::Value::from($value)),*] };
}
pub(crate) use row;

/// The rows in the binary format of PostgreSQL's COPY.
pub fn copied(rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * 512 + 32);
    bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0");
    bytes.extend_from_slice(&[0; 8]);
    for row in rows {
        let width = i16::try_from(row.len()).unwrap_or(i16::MAX);
        bytes.extend_from_slice(&width.to_be_bytes());
        for value in row {
            match value {
                Value::Null => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
                Value::Int(number) => field(&mut bytes, &number.to_be_bytes()),
                Value::Text(text) => field(&mut bytes, text.as_bytes()),
                Value::Bytes(value) => field(&mut bytes, value),
                Value::Key(key) => field(&mut bytes, key.as_bytes()),
            }
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    bytes
}

fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    let length = i32::try_from(value.len()).unwrap_or(i32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(value);
}
