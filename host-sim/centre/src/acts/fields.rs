//! Fields that acts have in common, each with its shape in JSON.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};
use zeroize::Zeroize;

use qiyong_protocol::card::codes::{CardNumber, Region};
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::institution::InstitutionCode;

use crate::store::value::{FromValue, ToValue, Value};

/// A type with one text form, in JSON as in a column.
macro_rules! text_field {
    ($(#[$doc:meta])* $name:ident($inner:ty), $what:literal, $read:expr, $write:expr, $schema:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let write: fn(&$inner) -> String = $write;
                f.write_str(&write(&self.0))
            }
        }

        impl std::str::FromStr for $name {
            type Err = &'static str;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let read: fn(&str) -> Option<$inner> = $read;
                read(text).map(Self).ok_or(concat!("must be ", $what))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer).map_err(|_| D::Error::custom(concat!("must be ", $what)))?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let build: fn(ObjectBuilder) -> ObjectBuilder = $schema;
                build(ObjectBuilder::new().schema_type(Type::String).description(Some($what))).into()
            }
        }
        impl ToSchema for $name {}

        impl ToValue for $name {
            fn to_value(&self) -> Value {
                Value::Text(self.to_string())
            }
        }
        impl FromValue for $name {
            fn from_value(value: Value) -> Option<Self> {
                String::from_value(value)?.parse().ok()
            }
        }
    };
}

text_field!(
    /// A day.
    Day(jiff::civil::Date),
    "a day that exists, as YYYY-MM-DD",
    |text| (text.len() == 10).then(|| text.parse().ok()).flatten(),
    ToString::to_string,
    |schema| schema.format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
);
text_field!(
    /// A date and time, China Standard Time.
    Moment(jiff::civil::DateTime),
    "a date and time, as YYYY-MM-DDTHH:MM:SS",
    |text| (text.len() == 19).then(|| text.parse().ok()).flatten(),
    ToString::to_string,
    |schema| schema.pattern(Some(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"))
);
text_field!(
    /// A month.
    Month(jiff::civil::Date),
    "a month, as YYYY-MM",
    |text| (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten(),
    |first| format!("{:04}-{:02}", first.year(), first.month()),
    |schema| schema.pattern(Some(r"^\d{4}-(0[1-9]|1[0-2])$"))
);
text_field!(
    /// A region's code.
    Area(Region),
    "a region's code, six digits",
    |text| Region::new(text).ok(),
    |region| region.as_str().to_owned(),
    |schema| schema.pattern(Some(r"^\d{6}$"))
);
text_field!(
    /// A card's number.
    CardNo(CardNumber),
    "a card's number, nine characters with its check character",
    |text| CardNumber::new_checked(text.as_bytes()).ok(),
    |number| number.as_str().to_owned(),
    |schema| schema.pattern(Some(r"^[0-9A-Z]{8}[0-9X]$"))
);
text_field!(
    /// The code of a bank's outlet, a hospital or a pharmacy.
    InstitutionNo(InstitutionCode),
    "an institution's code: B, H or P and eleven digits",
    |text| InstitutionCode::new(text).ok(),
    |code| code.as_str().to_owned(),
    |schema| schema.pattern(Some(r"^[BHP]\d{11}$"))
);

text_field!(
    /// A terminal's name within its institution.
    TerminalNo(TerminalId),
    "a terminal's name: eight letters and digits",
    |text| {
        let name: [u8; 8] = text.as_bytes().try_into().ok()?;
        name.iter().all(u8::is_ascii_alphanumeric).then_some(TerminalId(name))
    },
    |name| name.as_str().to_owned(),
    |schema| schema.pattern(Some("^[0-9A-Za-z]{8}$"))
);

/// An amount in fen; negative only where the field says so. At most twelve digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Amount(pub i64);

impl Amount {
    /// The largest.
    pub const MAX: i64 = 999_999_999_999;
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("must be an amount in fen: a whole number of at most twelve digits");
        let amount = i64::deserialize(deserializer).map_err(|_| wrong())?;
        if amount.abs() <= Self::MAX { Ok(Self(amount)) } else { Err(wrong()) }
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
            .description(Some("an amount in fen"))
            .minimum(Some(-Self::MAX))
            .maximum(Some(Self::MAX))
            .into()
    }
}
impl ToSchema for Amount {}

/// Amounts added up, in fen: only in answers, where there may be more digits than in an [`Amount`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[schema(description = "amounts added up, in fen")]
pub struct Total(pub i64);

/// Text that identifies a person, or a secret: at most 200 characters, none of them control characters. Prints as `***`.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Private(pub String);

impl Private {
    /// What it hides.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<'de> Deserialize<'de> for Private {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plain_text(deserializer, 200).map(Self)
    }
}

impl PartialSchema for Private {
    fn schema() -> RefOr<Schema> {
        text_schema(200)
    }
}
impl ToSchema for Private {}

/// A line of text: 1 to 200 characters, none of them control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        plain_text(deserializer, 200).map(Self)
    }
}

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        text_schema(200)
    }
}
impl ToSchema for Text {}

impl ToValue for Text {
    fn to_value(&self) -> Value {
        Value::Text(self.0.clone())
    }
}

impl FromValue for Text {
    fn from_value(value: Value) -> Option<Self> {
        String::from_value(value).map(Self)
    }
}

fn plain_text<'de, D: Deserializer<'de>>(deserializer: D, most: usize) -> Result<String, D::Error> {
    let wrong = || D::Error::custom(format!("must be text of 1 to {most} characters without control characters"));
    let text = String::deserialize(deserializer).map_err(|_| wrong())?;
    let length = text.chars().count();
    if (1..=most).contains(&length) && !text.chars().any(char::is_control) { Ok(text) } else { Err(wrong()) }
}

fn text_schema(most: usize) -> RefOr<Schema> {
    let shape = format!("^[^\\x00-\\x1F\\x7F-\\x9F]{{1,{most}}}$");
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(most))
        .pattern(Some(shape))
        .into()
}
