//! Family pooling: whose account pays for which relative (docs/centre.md §6.7.4).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::common::{READERS, person};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Day, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::kinds::Capacity;
use crate::insurance::pooling::{Kin, Pooling};
use crate::insurance::refusal::Refused;
use crate::insurance::standing;
use crate::persons::proof::Proof;
use crate::store::value::Row;
use crate::store::value::values;

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<BindRelative>(), entry::<UnbindRelative>(), entry::<ListBindings>()];

/// Who binds.
const WHO: &[Role] = &[Role::PremiumOfficer, Role::Clerk];

/// Binds a personal account to a relative: it pays for the relative, whose entitlement stays the own one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BindRelative {
    /// The number of the account's owner
    pub owner: Text,
    /// The owner's document: it is the owner's money that is given
    pub owner_document: Proof,
    /// The relative's number
    pub relative: Text,
    /// What the relative is to the owner
    pub kin: Kin,
}

impl Act for BindRelative {
    const NAME: &'static str = "pooling.bind";
    const ROLES: &'static [Role] = WHO;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let (owner, relative) = (&self.owner.0, &self.relative.0);
        desk.subject(format!("account of {owner}, relative {relative}"));
        if owner == relative {
            return Err(Refused::Oneself.into());
        }
        let today = desk.today();
        self.owner_document.is_of(&person(desk, owner, today)?, "owner_document", desk)?;
        person(desk, relative, today)?;
        let bound = desk.store().find(
            "SELECT kin FROM poolings WHERE area = $1 AND owner = $2 AND relative = $3 AND until IS NULL",
            values![desk.area(), owner, relative],
        )?;
        if let Some(row) = bound {
            return if row.get::<Kin>("kin")? == self.kin {
                Ok(Done { changed: false })
            } else {
                Err(Refused::Bound.into())
            };
        }
        let has_account = |capacity| matches!(capacity, Capacity::Employee | Capacity::Flexible | Capacity::Retired);
        if !standing::capacity_on(desk, owner, today)?.is_some_and(has_account) {
            return Err(Refused::NoAccount.into());
        }
        let pooling: Pooling = desk.parameter()?;
        pooling.bind(self.kin, standing::insured(desk, relative, today)?).map_err(Refused::Pooling)?;
        let number = desk.next_number("pooling")?;
        desk.store().execute(
            "INSERT INTO poolings (area, owner, relative, kin, since, number) VALUES ($1, $2, $3, $4, $5, $6)",
            values![desk.area(), owner, relative, self.kin, today, number],
        )?;
        Ok(Done { changed: true })
    }
}

/// Unbinds a personal account from a relative, from today on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnbindRelative {
    /// The number of the account's owner
    pub owner: Text,
    /// The relative's number
    pub relative: Text,
}

impl Act for UnbindRelative {
    const NAME: &'static str = "pooling.unbind";
    const ROLES: &'static [Role] = WHO;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("account of {}, relative {}", self.owner.0, self.relative.0));
        let changed = desk.store().execute(
            "UPDATE poolings SET until = $1 WHERE area = $2 AND owner = $3 AND relative = $4 AND until IS NULL",
            values![desk.today(), desk.area(), self.owner, self.relative],
        )?;
        if changed == 0 { Err(Refused::NotBound.into()) } else { Ok(Done { changed: true }) }
    }
}

/// A binding.
#[derive(Debug, Serialize, ToSchema)]
pub struct Binding {
    /// The number of the account's owner
    pub owner: String,
    /// The relative's number
    pub relative: String,
    /// What the relative is to the owner
    pub kin: Kin,
    /// The first day
    pub since: Day,
    /// The day on which it ended
    pub until: Option<Day>,
}

/// Bindings.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bindings {
    /// The bindings, oldest first
    pub bindings: Vec<Binding>,
}

/// Lists the bindings of a person: as owner and as relative, ended ones among them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListBindings {
    /// The person's number
    pub person: Text,
}

impl Act for ListBindings {
    const NAME: &'static str = "pooling.list";
    const ROLES: &'static [Role] = READERS;
    const READS: bool = true;
    type Answer = Bindings;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Bindings, Refusal> {
        crate::persons::get(desk, &self.person.0)?.ok_or(General::NotFound("person"))?;
        // One after the other: with OR or UNION SQLite walks over all bindings of the area.
        let mut rows = desk.store().rows(
            "SELECT * FROM poolings WHERE area = $1 AND owner = $2 ORDER BY number LIMIT 1000",
            values![desk.area(), self.person],
        )?;
        rows.extend(desk.store().rows(
            "SELECT * FROM poolings WHERE area = $1 AND relative = $2 ORDER BY number LIMIT 1000",
            values![desk.area(), self.person],
        )?);
        let binding = |row: &Row| {
            let binding = Binding {
                owner: row.get("owner")?,
                relative: row.get("relative")?,
                kin: row.get("kin")?,
                since: row.get("since")?,
                until: row.get("until")?,
            };
            Ok::<_, Refusal>((row.get::<i64>("number")?, binding))
        };
        let mut bindings = rows.iter().map(binding).collect::<Result<Vec<_>, _>>()?;
        bindings.sort_by_key(|(number, _)| *number);
        Ok(Bindings { bindings: bindings.into_iter().take(1_000).map(|(_, binding)| binding).collect() })
    }
}
