//! Who may act: operators, one role each, who act for one outlet, and the tokens with which they sign in.

use jiff::civil::DateTime;
use zeroize::Zeroizing;

use qiyong_protocol::card::codes::Region;

use crate::acts::desk::Operator;
use crate::acts::office::Office;
use crate::acts::role::Role;
use crate::error::CentreError;
use crate::store::value::Row;
use crate::store::value::values;

pub mod acts;

/// The operator who works under this name today.
///
/// # Errors
/// The database failed.
pub fn operator(office: &Office<'_>, id: &str) -> Result<Option<Operator>, CentreError> {
    let row = office.store().find(
        "SELECT operators.id AS id, role, outlet FROM operators
         JOIN outlets ON outlets.area = operators.area AND outlets.code = operators.outlet
         WHERE operators.area = $1 AND operators.id = $2 AND since <= $3 AND (ended IS NULL OR ended > $3)
           AND (closed IS NULL OR closed > $3)",
        values![office.area(), id, office.today()],
    )?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<Operator, CentreError> {
    Ok(Operator { id: row.get("id")?, role: row.get("role")?, outlet: row.get("outlet")? })
}

/// Adds an operator; `false`: the name is taken.
///
/// # Errors
/// The database failed.
pub fn add_operator(office: &Office<'_>, id: &str, role: Role, outlet: &str, name: &str) -> Result<bool, CentreError> {
    let added = office.store().execute(
        "INSERT INTO operators (area, id, outlet, role, name, since) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
        values![office.area(), id, outlet, role, name, office.today()],
    )?;
    Ok(added == 1)
}

/// A new token of an operator: the area's code, a hyphen and 64 hexadecimal digits. The centre keeps its keyed hash.
///
/// # Errors
/// The system has no random numbers, or the database failed.
pub fn issue_token(office: &Office<'_>, operator: &str, expires: DateTime) -> Result<Zeroizing<String>, CentreError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| CentreError::NoRandom)?;
    let token = Zeroizing::new(format!("{}-{}", office.area().as_str(), hex::encode(*bytes)));
    office.store().execute(
        "INSERT INTO tokens (area, hash, operator, expires) VALUES ($1, $2, $3, $4)",
        values![office.area(), office.hash("token", &token), operator, expires],
    )?;
    Ok(token)
}

/// The area in which a token was issued; `None`: this is no token.
pub fn area_of_token(token: &str) -> Option<Region> {
    let (area, secret) = token.split_once('-')?;
    let is_secret = secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
    Region::new(area).ok().filter(|_| is_secret)
}

/// Whose token this is, if it is in force now.
///
/// # Errors
/// The database failed.
pub fn by_token(office: &Office<'_>, token: &str) -> Result<Option<Operator>, CentreError> {
    let row = office.store().find(
        "SELECT operator FROM tokens WHERE area = $1 AND hash = $2 AND expires > $3 AND ended IS NULL",
        values![office.area(), office.hash("token", token), office.now()],
    )?;
    match row {
        Some(row) => operator(office, &row.get::<String>("operator")?),
        None => Ok(None),
    }
}
