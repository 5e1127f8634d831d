//! Who serves an area: the administrative department, its one agency, branches and outlets with their approvals
//! (Articles 7 and 72 of the Social Insurance Law), and the outlets of banks. What an operator there may do is said by
//! each act.

pub mod jurisdiction;

use serde::{Deserialize, Serialize};
use strum::EnumCount;
use utoipa::ToSchema;

use qiyong_protocol::card::codes::Region;

use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Area, Day, Text};
use crate::acts::general::General;
use crate::acts::office::Office;
use crate::acts::refusal::{Explain, Refusal};
use crate::acts::role::{self, Role};
use crate::error::CentreError;
use crate::ledger::{self, Account, Posting};
use crate::store::value::Row;
use crate::store::value::{values, words};

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<OpenOutlet>(),
    entry::<CloseOutlet>(),
    entry::<ListOutlets>(),
    entry::<AddRegion>(),
    entry::<ListRegions>(),
    entry::<BookRunningCost>(),
];

words! {
    /// What an outlet is.
    pub enum OutletKind {
        /// 行政部门: the administrative department, of the county's level or above; it approves
        Department,
        /// 经办机构: the agency; one in a coordinating area
        Agency,
        /// 分支机构: a branch of the agency
        Branch,
        /// 服务网点: an outlet of the agency
        Outlet,
        /// A bank's outlet that acts for the centre
        Bank,
        /// A hospital or a pharmacy
        Institution,
    }
}

/// Why an outlet is not opened or closed.
#[derive(Clone, Debug, PartialEq, Eq, EnumCount)]
pub enum Refused {
    /// There is an agency already.
    SecondAgency,
    /// A branch or an outlet without both approvals.
    NoApproval(&'static str),
    /// The code does not begin with the region's code and end with two digits.
    Code,
    /// The code is taken, by an outlet with other data.
    CodeTaken,
    /// The region is not one of this area today.
    Region,
    /// Operators still act for it.
    InUse,
    /// The amount is not above zero.
    Cost,
}

impl Refused {
    /// Every code.
    pub const ALL: &[&str; Self::COUNT] = &[
        "agency-exists",
        "approval-missing",
        "outlet-code-invalid",
        "outlet-code-taken",
        "region-not-of-area",
        "outlet-in-use",
        "cost-not-positive",
    ];
}

impl Explain for Refused {
    fn code(&self) -> &'static str {
        match self {
            Self::SecondAgency => "agency-exists",
            Self::NoApproval(_) => "approval-missing",
            Self::Code => "outlet-code-invalid",
            Self::CodeTaken => "outlet-code-taken",
            Self::Region => "region-not-of-area",
            Self::InUse => "outlet-in-use",
            Self::Cost => "cost-not-positive",
        }
    }

    fn field(&self) -> Option<String> {
        match self {
            Self::SecondAgency => Some("kind".into()),
            Self::NoApproval(field) => Some((*field).into()),
            Self::Code | Self::CodeTaken | Self::InUse => Some("code".into()),
            Self::Region => Some("region".into()),
            Self::Cost => Some("amount".into()),
        }
    }

    fn en(&self) -> String {
        match self {
            Self::SecondAgency => "a coordinating area has one agency, and this one has it (Article 72)",
            Self::NoApproval(_) => {
                "branches and outlets need the approval of the administrative department and of the establishment authority (Article 72)"
            }
            Self::Code => "an outlet's code is its region's six digits and two of its own; an institution's is its own code",
            Self::CodeTaken => "this code is another outlet's",
            Self::Region => "this region does not belong to the coordinating area today",
            Self::InUse => "operators still act for this outlet",
            Self::Cost => "a running cost is above zero",
        }
        .into()
    }

    fn zh(&self) -> String {
        match self {
            Self::SecondAgency => "统筹区只设一个经办机构，本区已设立（第七十二条）",
            Self::NoApproval(_) => "设立分支机构和服务网点须经行政部门和机构编制管理机关批准（第七十二条）",
            Self::Code => "网点编码为行政区划六位加两位序号；医药机构使用其自身编码",
            Self::CodeTaken => "该编码已属于另一网点",
            Self::Region => "该行政区划今日不属于本统筹区",
            Self::InUse => "仍有操作员在该网点办理业务",
            Self::Cost => "运行经费须大于零",
        }
        .into()
    }

    fn next_en(&self) -> String {
        match self {
            Self::SecondAgency => "Open a branch or an outlet of it.",
            Self::NoApproval(_) => "Enter both approvals' numbers.",
            Self::Code | Self::CodeTaken => "Give it another code.",
            Self::Region => "Choose a region of the list (region.list), or add it (region.add).",
            Self::InUse => "End these operators first (operator.end).",
            Self::Cost => "Correct the amount.",
        }
        .into()
    }

    fn next_zh(&self) -> String {
        match self {
            Self::SecondAgency => "请设立其分支机构或服务网点。",
            Self::NoApproval(_) => "请填写两项批准文号。",
            Self::Code | Self::CodeTaken => "请使用其他编码。",
            Self::Region => "请从行政区划列表中选择，或先添加。",
            Self::InUse => "请先停用这些操作员。",
            Self::Cost => "请更正金额。",
        }
        .into()
    }
}

/// An outlet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenOutlet {
    /// Its code: the region's six digits and two of its own; an institution's own code
    pub code: Text,
    /// What it is
    pub kind: OutletKind,
    /// The region where it stands
    pub region: Area,
    /// The code of what it belongs to
    pub parent: Option<Text>,
    /// Its name
    pub name: Text,
    /// The number of the administrative department's approval
    pub approval: Option<Text>,
    /// The number of the establishment authority's approval
    pub establishment: Option<Text>,
}

impl Act for OpenOutlet {
    const NAME: &'static str = "outlet.open";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("outlet {}", self.code.0));
        if self.kind == OutletKind::Agency {
            let agency = desk.store().find(
                "SELECT code FROM outlets WHERE area = $1 AND kind = $2 AND closed IS NULL AND code <> $3",
                values![desk.area(), OutletKind::Agency, self.code.0],
            )?;
            if agency.is_some() {
                return Err(Refused::SecondAgency.into());
            }
        }
        if matches!(self.kind, OutletKind::Branch | OutletKind::Outlet) {
            if self.approval.is_none() {
                return Err(Refused::NoApproval("approval").into());
            }
            if self.establishment.is_none() {
                return Err(Refused::NoApproval("establishment").into());
            }
        }
        if !is_code(self.kind, self.region.0, &self.code.0) {
            return Err(Refused::Code.into());
        }
        if !has_region(desk, self.region.0)? {
            return Err(Refused::Region.into());
        }
        if let Some(parent) = &self.parent
            && outlet(desk, &parent.0)?.is_none()
        {
            return Err(General::NotFound("outlet").into());
        }
        if let Some(known) = outlet(desk, &self.code.0)? {
            return if known == *self { Ok(Done { changed: false }) } else { Err(Refused::CodeTaken.into()) };
        }
        add_outlet(desk, self)?;
        Ok(Done { changed: true })
    }
}

fn is_code(kind: OutletKind, region: Region, code: &str) -> bool {
    if kind == OutletKind::Institution {
        return qiyong_protocol::rules::institution::InstitutionCode::new(code).is_ok();
    }
    let own = code.strip_prefix(region.as_str());
    own.is_some_and(|own| own.len() == 2 && own.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Adds an outlet without asking any rule: what the centre's first agency is made with.
///
/// # Errors
/// The database failed.
pub fn add_outlet(office: &Office<'_>, outlet: &OpenOutlet) -> Result<(), CentreError> {
    let OpenOutlet { code, kind, region, parent, name, approval, establishment } = outlet;
    office.store().execute(
        "INSERT INTO outlets (area, code, kind, region, parent, name, approval, establishment, opened)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
        values![office.area(), code, kind, region, parent, name, approval, establishment, office.today()],
    )?;
    Ok(())
}

/// The open outlet with this code.
///
/// # Errors
/// The database failed.
pub fn outlet(office: &Office<'_>, code: &str) -> Result<Option<OpenOutlet>, CentreError> {
    let row = office.store().find(
        "SELECT * FROM outlets WHERE area = $1 AND code = $2 AND (closed IS NULL OR closed > $3)",
        values![office.area(), code, office.today()],
    )?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &Row) -> Result<OpenOutlet, CentreError> {
    Ok(OpenOutlet {
        code: row.get("code")?,
        kind: row.get("kind")?,
        region: row.get("region")?,
        parent: row.get("parent")?,
        name: row.get("name")?,
        approval: row.get("approval")?,
        establishment: row.get("establishment")?,
    })
}

/// Closes an outlet for which nobody acts any more.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseOutlet {
    /// Its code
    pub code: Text,
}

impl Act for CloseOutlet {
    const NAME: &'static str = "outlet.close";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("outlet {}", self.code.0));
        let acting = desk.store().find(
            "SELECT id FROM operators WHERE area = $1 AND outlet = $2 AND ended IS NULL LIMIT 1",
            values![desk.area(), self.code.0],
        )?;
        if acting.is_some() {
            return Err(Refused::InUse.into());
        }
        let closed = desk.store().execute(
            "UPDATE outlets SET closed = $1 WHERE area = $2 AND code = $3 AND closed IS NULL",
            values![desk.today(), desk.area(), self.code.0],
        )?;
        let known = desk
            .store()
            .find("SELECT code FROM outlets WHERE area = $1 AND code = $2", values![desk.area(), self.code.0])?;
        if known.is_none() {
            return Err(General::NotFound("outlet").into());
        }
        Ok(Done { changed: closed == 1 })
    }
}

/// The outlets of the area.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outlets {
    /// The open outlets, by code
    pub outlets: Vec<OpenOutlet>,
}

/// Lists the open outlets of the area; at most 1,000.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOutlets {}

impl Act for ListOutlets {
    const NAME: &'static str = "outlet.list";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = Outlets;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Outlets, Refusal> {
        let rows = desk.store().rows(
            "SELECT * FROM outlets WHERE area = $1 AND closed IS NULL ORDER BY code LIMIT 1000",
            values![desk.area()],
        )?;
        Ok(Outlets { outlets: rows.iter().map(read).collect::<Result<_, _>>()? })
    }
}

/// A region's code of GB/T 2260 and the days on which it is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddRegion {
    /// The code
    pub code: Area,
    /// Its name
    pub name: Text,
    /// Its first day
    pub since: Day,
    /// Its last day, if it was withdrawn: it lives on in identity numbers
    pub until: Option<Day>,
}

impl Act for AddRegion {
    const NAME: &'static str = "region.add";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("region {}", self.code));
        if self.until.is_some_and(|until| until.0 < self.since.0) {
            return Err(General::not_allowed("until", "not before its first day", "不得早于生效日").into());
        }
        Ok(Done { changed: add_region(desk, self)? })
    }
}

/// Adds a region, or sets the last day of a known one; `false`: it was known so.
///
/// # Errors
/// The database failed.
pub fn add_region(office: &Office<'_>, region: &AddRegion) -> Result<bool, CentreError> {
    let AddRegion { code, name, since, until } = region;
    let changed = office.store().execute(
        "INSERT INTO regions (area, code, name, since, until) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (area, code, since) DO UPDATE SET name = excluded.name, until = excluded.until
         WHERE regions.name <> excluded.name OR coalesce(regions.until, '') <> coalesce(excluded.until, '')",
        values![office.area(), code, name, since, until],
    )?;
    Ok(changed == 1)
}

/// Whether a region belongs to the area today. The area's own code always does.
///
/// # Errors
/// The database failed.
pub fn has_region(office: &Office<'_>, code: Region) -> Result<bool, CentreError> {
    let row = office.store().find(
        "SELECT code FROM regions WHERE area = $1 AND code = $2 AND since <= $3 AND (until IS NULL OR until >= $3)",
        values![office.area(), code, office.today()],
    )?;
    Ok(code == office.area() || row.is_some())
}

/// The regions of the area.
#[derive(Debug, Serialize, ToSchema)]
pub struct Regions {
    /// The regions, withdrawn ones too
    pub regions: Vec<AddRegion>,
}

/// Lists the regions of the area, withdrawn ones too.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRegions {}

impl Act for ListRegions {
    const NAME: &'static str = "region.list";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = Regions;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Regions, Refusal> {
        let rows = desk.store().rows(
            "SELECT code, name, since, until FROM regions WHERE area = $1 ORDER BY code, since LIMIT 1000",
            values![desk.area()],
        )?;
        let read = |row: &Row| {
            Ok::<_, CentreError>(AddRegion {
                code: row.get("code")?,
                name: row.get("name")?,
                since: row.get("since")?,
                until: row.get("until")?,
            })
        };
        Ok(Regions { regions: rows.iter().map(read).collect::<Result<_, _>>()? })
    }
}

/// A running cost of the agency, which the finance authority of the same level pays (Article 72).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookRunningCost {
    /// The bill's number: booked once
    pub reference: Text,
    /// What for
    pub purpose: Text,
    /// In fen, above zero
    pub amount: Amount,
}

impl Act for BookRunningCost {
    const NAME: &'static str = "cost.book";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("cost {}", self.reference.0));
        if self.amount.0 <= 0 {
            return Err(Refused::Cost.into());
        }
        let booked = desk.store().find(
            "SELECT number FROM postings WHERE area = $1 AND reason = 'running-cost' AND reference = $2",
            values![desk.area(), self.reference],
        )?;
        if booked.is_some() {
            return Ok(Done { changed: false });
        }
        let posting = Posting {
            day: desk.today(),
            reason: "running-cost".into(),
            reference: self.reference.0.clone(),
            lines: vec![(Account::Finance, -self.amount.0), (Account::Outside("running-costs".into()), self.amount.0)],
        };
        // Neither account is one that may not fall below zero.
        ledger::post(desk, &desk.operator().id, &posting)?.map_err(|_| Refused::Cost)?;
        Ok(Done { changed: true })
    }
}
