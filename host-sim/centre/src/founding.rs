//! How an area begins: its agency, its first administrator, and what this program knows of it (`data/`).

use serde::Deserialize;

use qiyong_protocol::card::codes::Region;

use crate::access;
use crate::acts::fields::{Area, Day, Text};
use crate::acts::office::Office;
use crate::acts::role::Role;
use crate::agency::{self, AddRegion, OpenOutlet, OutletKind};
use crate::error::CentreError;
use crate::store::database::Database;
use crate::store::value::values;
use crate::{configuration, parameters};

/// The name of the first administrator.
pub const ADMINISTRATOR: &str = "admin";

/// The areas of which this program brings regions and parameters.
const DEFAULTS: &[(&str, &str)] = &[("320100", include_str!("../data/320100.toml"))];

/// An area that begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founding {
    /// The coordinating area.
    pub area: Region,
    /// The agency's name.
    pub agency: String,
}

/// What a file of `data/` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Defaults {
    #[serde(default)]
    region: Vec<AddRegion>,
    #[serde(default)]
    parameter: Vec<Value>,
}

/// A value of a parameter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    name: String,
    since: Day,
    /// Where it was found, for whoever reads the file. It must be there.
    source: String,
    value: serde_json::Value,
}

pub(crate) fn found(office: &Office<'_>, founding: &Founding) -> Result<(), CentreError> {
    let area = office.area();
    let area = area.as_str();
    let agency = OpenOutlet {
        code: Text(format!("{area}99")),
        kind: OutletKind::Agency,
        region: Area(office.area()),
        parent: None,
        name: Text(founding.agency.clone()),
        approval: None,
        establishment: None,
    };
    agency::add_outlet(office, &agency)?;
    access::add_operator(office, ADMINISTRATOR, Role::Administrator, &agency.code.0, ADMINISTRATOR)?;
    let Some((_, text)) = DEFAULTS.iter().find(|(known, _)| *known == area) else { return Ok(()) };
    let defaults: Defaults = toml::from_str(text).map_err(|error| CentreError::Defaults(error.to_string()))?;
    for region in &defaults.region {
        agency::add_region(office, region)?;
    }
    for Value { name, since, source, value } in defaults.parameter {
        let wrong = |why: &str| CentreError::Defaults(format!("{name}: {why}"));
        if source.trim().is_empty() {
            return Err(wrong("no source"));
        }
        let kind = parameters::all().find(|kind| kind.name == name).ok_or_else(|| wrong("no such parameter"))?;
        let json = (kind.check)(value).map_err(|error| wrong(&error))?;
        let known = office.store().find(
            "SELECT name FROM parameters WHERE area = $1 AND name = $2 AND since = $3",
            values![office.area(), name, since],
        )?;
        if known.is_none() {
            configuration::keep(office.store(), office.area(), &name, since.0, &json)?;
        }
    }
    Ok(())
}

/// The areas that have an agency here.
pub(crate) fn areas(store: &dyn Database) -> Result<Vec<Region>, CentreError> {
    let rows =
        store.rows("SELECT DISTINCT area FROM outlets WHERE kind = $1 ORDER BY area", values![OutletKind::Agency])?;
    rows.iter().map(|row| row.get("area")).collect()
}

/// The areas that have an agency, an act, money or a settlement here, founded or not.
pub(crate) fn recorded_areas(store: &dyn Database) -> Result<Vec<Region>, CentreError> {
    let rows = store.rows(
        "SELECT area FROM outlets WHERE kind = $1 UNION SELECT area FROM audit UNION SELECT area FROM postings
         UNION SELECT area FROM entries UNION SELECT area FROM balances UNION SELECT area FROM settlements
         UNION SELECT area FROM years ORDER BY area",
        values![OutletKind::Agency],
    )?;
    rows.iter().map(|row| row.get("area")).collect()
}
