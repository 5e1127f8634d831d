//! Every parameter that there is, and the acts that set and list them. A room's parameters are known once its `PARAMETERS`
//! stand here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Day, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::configuration;
use crate::configuration::kinds::Kind;
use crate::error::{CentreError, Damage};
use crate::store::value::values;
use crate::{application, institution, insurance, life, production, settlement, slip, terminal};

/// The parameters of all rooms.
const ROOMS: &[&[Kind]] = &[
    application::PARAMETERS,
    institution::PARAMETERS,
    insurance::PARAMETERS,
    life::PARAMETERS,
    production::PARAMETERS,
    settlement::PARAMETERS,
    slip::PARAMETERS,
    terminal::PARAMETERS,
];

/// Every parameter.
pub fn all() -> impl Iterator<Item = &'static Kind> {
    ROOMS.iter().copied().flatten()
}

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<SetParameter>(), entry::<ListParameters>()];

/// Sets a parameter from a day on. A value of the same day is replaced, if that day has not begun.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetParameter {
    /// Its name
    pub name: Text,
    /// The first day on which it is in force: today or later
    pub since: Day,
    /// The value
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
}

impl Act for SetParameter {
    const NAME: &'static str = "parameter.set";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let Some(kind) = all().find(|kind| kind.name == self.name.0) else {
            return Err(General::NotFound("parameter").into());
        };
        desk.subject(format!("{} since {}", kind.name, self.since));
        // What was calculated with a figure must be calculated again with the same.
        if self.since.0 < desk.today() {
            return Err(General::not_allowed("since", "today or later", "今日或以后").into());
        }
        let json =
            (kind.check)(self.value.clone()).map_err(|why| General::not_allowed("value", why, "参数值不符合要求"))?;
        configuration::keep(desk.store(), desk.area(), kind.name, self.since.0, &json)?;
        Ok(Done { changed: true })
    }
}

/// A value of a parameter.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterLine {
    /// Its name
    pub name: String,
    /// The first day on which it is in force
    pub since: Day,
    /// The value
    #[schema(value_type = Object)]
    pub value: serde_json::Value,
}

/// Values of parameters.
#[derive(Debug, Serialize, ToSchema)]
pub struct Parameters {
    /// The values, by name and day
    pub parameters: Vec<ParameterLine>,
}

/// Lists the values of all parameters, or of one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListParameters {
    /// Only this one
    pub name: Option<Text>,
}

impl Act for ListParameters {
    const NAME: &'static str = "parameter.list";
    const ROLES: &'static [Role] = &[Role::Administrator, Role::Auditor, Role::PremiumOfficer, Role::SettlementOfficer];
    const READS: bool = true;
    type Answer = Parameters;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Parameters, Refusal> {
        let rows = desk.store().rows(
            "SELECT name, since, value FROM parameters WHERE area = $1 AND (CAST($2 AS TEXT) IS NULL OR name = $2)
             ORDER BY name, since LIMIT 10000",
            values![desk.area(), self.name],
        )?;
        let mut parameters = Vec::new();
        for row in rows {
            let value = serde_json::from_str(&row.get::<String>("value")?)
                .map_err(|_| CentreError::Damaged(Damage::Column("parameters.value".into())))?;
            parameters.push(ParameterLine { name: row.get("name")?, since: row.get("since")?, value });
        }
        Ok(Parameters { parameters })
    }
}
