//! What stands in a column, and the types that are written there.
//!
//! Four kinds of value, which SQLite and PostgreSQL both have. Reading checks everything, because someone may have edited
//! the database; an error names the column and never shows its contents.

use std::sync::Arc;

use jiff::civil::{Date, DateTime};

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::error::{CentreError, Damage};

/// A value of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A number; yes and no are 1 and 0, money is in fen.
    Int(i64),
    /// A word, digits, or an ISO date.
    Text(String),
    /// Bytes, sealed ones among them.
    Bytes(Vec<u8>),
}

/// What can be written into a column.
pub trait ToValue {
    /// As it is written.
    fn to_value(&self) -> Value;
}

/// What can be read from a column.
pub trait FromValue: Sized {
    /// `None`: this is never written for this type.
    fn from_value(value: Value) -> Option<Self>;
}

/// A row that was read.
#[derive(Clone, Debug)]
pub struct Row {
    pub(super) columns: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// What stands in this column.
    ///
    /// # Errors
    /// There is no such column, or it holds what is never written for a `T`.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, CentreError> {
        let at = self.columns.iter().position(|name| name == column);
        let value = at.and_then(|at| self.values.get(at)).cloned();
        value.and_then(T::from_value).ok_or_else(|| CentreError::Damaged(Damage::Column(column.to_owned())))
    }
}

/// The values of a statement, in the order of `$1`, `$2` and so on.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::store::value::ToValue::to_value(&$value)),*] };
}

/// Makes an enum whose variants have words, in kebab-case: in JSON, in columns, on command lines and in schemas.
macro_rules! words {
    ($(#[$about:meta])* $sight:vis enum $name:ident { $($variants:tt)* }) => {
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ::serde::Serialize, ::serde::Deserialize,
            ::utoipa::ToSchema, ::strum::Display, ::strum::EnumString, ::strum::IntoStaticStr, ::strum::VariantArray,
        )]
        #[serde(rename_all = "kebab-case")]
        #[strum(serialize_all = "kebab-case")]
        $(#[$about])*
        $sight enum $name { $($variants)* }
        $crate::store::value::word_column!($name);
    };
}

/// Lets an enum whose words strum knows stand in a column as its word.
macro_rules! word_column {
    ($($word:ty),+ $(,)?) => { $(
        impl $crate::store::value::ToValue for $word {
            fn to_value(&self) -> $crate::store::value::Value {
                let word: &'static str = self.into();
                $crate::store::value::Value::Text(word.to_owned())
            }
        }
        impl $crate::store::value::FromValue for $word {
            fn from_value(value: $crate::store::value::Value) -> Option<Self> {
                let $crate::store::value::Value::Text(word) = value else { return None };
                word.parse().ok()
            }
        }
    )+ };
}

pub(crate) use {values, word_column, words};

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok()
    }
}

impl ToValue for bool {
    fn to_value(&self) -> Value {
        Value::Int((*self).into())
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(0) => Some(false),
            Value::Int(1) => Some(true),
            _ => None,
        }
    }
}

macro_rules! number_column {
    ($($number:ty),+) => { $(
        impl ToValue for $number {
            fn to_value(&self) -> Value {
                Value::Int((*self).into())
            }
        }
        impl FromValue for $number {
            fn from_value(value: Value) -> Option<Self> {
                if let Value::Int(number) = value { number.try_into().ok() } else { None }
            }
        }
    )+ };
}
number_column!(i64, i32, u32, u16, u8);

/// Types that are written as text and read back from it.
macro_rules! text_column {
    ($($text:ty: $write:expr, $read:expr;)+) => { $(
        impl ToValue for $text {
            fn to_value(&self) -> Value {
                let write: fn(&Self) -> String = $write;
                Value::Text(write(self))
            }
        }
        impl FromValue for $text {
            fn from_value(value: Value) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                let write: fn(&Self) -> String = $write;
                let Value::Text(text) = value else { return None };
                // Nobody but the centre writes `t` for the `T` in a time: what reads alike and is written otherwise was changed.
                read(&text).filter(|read| write(read) == text)
            }
        }
    )+ };
}
text_column! {
    Date: ToString::to_string, |text| text.parse().ok();
    DateTime: ToString::to_string, |text| text.parse().ok();
    Region: |region| region.as_str().to_owned(), |text| Region::new(text).ok();
    CardNumber: |number| number.as_str().to_owned(), |text| CardNumber::new(text.as_bytes()).ok();
    InstitutionCode: |code| code.as_str().to_owned(), |text| InstitutionCode::new(text).ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_only_as_it_is_written() {
        let read = |text: &str| DateTime::from_value(Value::Text(text.into()));
        let time = "2026-03-02T09:00:00";
        assert_eq!(read(time).map(|read| read.to_string()).as_deref(), Some(time));
        for other in ["2026-03-02t09:00:00", "2026-03-02 09:00:00", "2026-03-02T09:00", "20260302T090000"] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(Date::from_value(Value::Text("20260302".into())), None);
    }
}
