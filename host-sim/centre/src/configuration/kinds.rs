//! A parameter without its type: how they are set and read from a file of defaults.

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::Parameter;

/// A parameter, its type forgotten.
#[derive(Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// The schema of its value.
    pub schema: fn() -> RefOr<Schema>,
    /// The value as it is kept; an error says what is wrong with it.
    pub check: fn(Value) -> Result<String, String>,
}

/// The kind of a parameter.
pub const fn kind<P: Parameter>() -> Kind {
    Kind { name: P::NAME, schema: <P as utoipa::PartialSchema>::schema, check: check::<P> }
}

fn check<P: Parameter>(value: Value) -> Result<String, String> {
    let value: P = serde_path_to_error::deserialize(value).map_err(|error| error.to_string())?;
    value.check()?;
    serde_json::to_string(&value).map_err(|error| error.to_string())
}
