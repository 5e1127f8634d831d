//! The acts of access: operators, tokens, the audit record.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{add_operator, issue_token, operator};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Moment, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::{self, Role};
use crate::store::audit;
use crate::store::value::values;

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<AddOperator>(),
    entry::<EndOperator>(),
    entry::<ListOperators>(),
    entry::<IssueToken>(),
    entry::<EndTokens>(),
    entry::<ListAudit>(),
    entry::<WhoAmI>(),
];

/// How long a token may last.
const TOKEN_HOURS: i32 = 24 * 31;

/// Nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// `false`: it had been done before, and stays as it is.
    pub changed: bool,
}

/// An operator's name: 1 to 32 lower-case letters, digits and hyphens.
fn checked_id(field: &str, id: &str) -> Result<(), Refusal> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=32).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(General::not_allowed(
        field,
        "an operator's name has 1 to 32 lower-case letters, digits and hyphens",
        "操作员名为 1 至 32 位小写字母、数字或连字符",
    )
    .into())
}

/// Lets somebody act for an outlet, in one role. Done again with the same role and outlet it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddOperator {
    /// The operator's name here: 1 to 32 lower-case letters, digits and hyphens
    #[schema(pattern = "^[a-z0-9-]{1,32}$")]
    pub id: String,
    /// The role
    pub role: Role,
    /// The outlet's code
    pub outlet: Text,
    /// The person's name
    pub name: Text,
}

impl Act for AddOperator {
    const NAME: &'static str = "operator.add";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        checked_id("id", &self.id)?;
        desk.subject(format!("operator {}", self.id));
        let outlet = desk.store().find(
            "SELECT code FROM outlets WHERE area = $1 AND code = $2 AND (closed IS NULL OR closed > $3)",
            values![desk.area(), self.outlet.0, desk.today()],
        )?;
        if outlet.is_none() {
            return Err(General::NotFound("outlet").into());
        }
        let changed = add_operator(desk, &self.id, self.role, &self.outlet.0, &self.name.0)?;
        let known = operator(desk, &self.id)?;
        if known.is_none_or(|known| known.role != self.role || known.outlet != self.outlet.0) {
            return Err(General::not_allowed(
                "id",
                "this name is another operator's, or one who has ended",
                "该操作员名已被使用或已停用",
            )
            .into());
        }
        Ok(Done { changed })
    }
}

/// Ends an operator's work, and the operator's tokens.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndOperator {
    /// The operator's name
    #[schema(pattern = "^[a-z0-9-]{1,32}$")]
    pub id: String,
}

impl Act for EndOperator {
    const NAME: &'static str = "operator.end";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        checked_id("id", &self.id)?;
        desk.subject(format!("operator {}", self.id));
        if self.id == desk.operator().id {
            return Err(General::not_allowed("id", "nobody ends themselves", "不能停用自己").into());
        }
        let ended = desk.store().execute(
            "UPDATE operators SET ended = $1 WHERE area = $2 AND id = $3 AND ended IS NULL",
            values![desk.today(), desk.area(), self.id],
        )?;
        end_tokens(desk, &self.id)?;
        if ended == 0
            && desk
                .store()
                .find("SELECT id FROM operators WHERE area = $1 AND id = $2", values![desk.area(), self.id])?
                .is_none()
        {
            return Err(General::NotFound("operator").into());
        }
        Ok(Done { changed: ended == 1 })
    }
}

/// An operator.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorLine {
    /// The operator's name here
    pub id: String,
    /// The role
    pub role: Role,
    /// The outlet's code
    pub outlet: String,
    /// The person's name
    pub name: String,
    /// Whether the operator still works here
    pub works: bool,
}

/// The operators of the area.
#[derive(Debug, Serialize, ToSchema)]
pub struct Operators {
    /// The operators, by name
    pub operators: Vec<OperatorLine>,
}

/// Lists the operators of the area; at most 1,000.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListOperators {}

impl Act for ListOperators {
    const NAME: &'static str = "operator.list";
    const ROLES: &'static [Role] = &[Role::Administrator, Role::Auditor];
    const READS: bool = true;
    type Answer = Operators;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Operators, Refusal> {
        let rows = desk.store().rows(
            "SELECT id, role, outlet, name, ended FROM operators WHERE area = $1 ORDER BY id LIMIT 1000",
            values![desk.area()],
        )?;
        let mut operators = Vec::new();
        for row in rows {
            let ended: Option<jiff::civil::Date> = row.get("ended")?;
            operators.push(OperatorLine {
                id: row.get("id")?,
                role: row.get("role")?,
                outlet: row.get("outlet")?,
                name: row.get("name")?,
                works: ended.is_none_or(|day| day > desk.today()),
            });
        }
        Ok(Operators { operators })
    }
}

/// A token, which is shown once.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// What the operator sends as `Authorization: Bearer`
    pub token: String,
    /// When it ends
    pub expires: Moment,
}

/// Issues a token with which an operator signs in over HTTP.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueToken {
    /// The operator's name
    #[schema(pattern = "^[a-z0-9-]{1,32}$")]
    pub operator: String,
    /// For how many hours, 1 to 744
    #[schema(minimum = 1, maximum = 744)]
    pub hours: i32,
}

impl Act for IssueToken {
    const NAME: &'static str = "token.issue";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Token;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Token, Refusal> {
        checked_id("operator", &self.operator)?;
        desk.subject(format!("operator {}", self.operator));
        if !(1..=TOKEN_HOURS).contains(&self.hours) {
            return Err(General::not_allowed("hours", "1 to 744 hours", "1 至 744 小时").into());
        }
        if operator(desk, &self.operator)?.is_none() {
            return Err(General::NotFound("operator").into());
        }
        let span = jiff::Span::new().hours(self.hours);
        let expires = desk.now().checked_add(span).map_err(|_| General::NotFound("day"))?;
        let token = issue_token(desk, &self.operator, expires)?;
        Ok(Token { token: token.to_string(), expires: Moment(expires) })
    }
}

/// Ends all tokens of an operator: whoever holds one must get a new one.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndTokens {
    /// The operator's name
    #[schema(pattern = "^[a-z0-9-]{1,32}$")]
    pub operator: String,
}

impl Act for EndTokens {
    const NAME: &'static str = "token.end";
    const ROLES: &'static [Role] = &[Role::Administrator];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        checked_id("operator", &self.operator)?;
        desk.subject(format!("operator {}", self.operator));
        Ok(Done { changed: end_tokens(desk, &self.operator)? > 0 })
    }
}

fn end_tokens(desk: &Desk<'_>, operator: &str) -> Result<usize, Refusal> {
    Ok(desk.store().execute(
        "UPDATE tokens SET ended = $1 WHERE area = $2 AND operator = $3 AND ended IS NULL",
        values![desk.now(), desk.area(), operator],
    )?)
}

/// An act of the past.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLine {
    /// Its number in the chain
    pub number: i64,
    /// When, by the centre's clock
    pub time: Moment,
    /// Who
    pub operator: String,
    /// For which outlet
    pub outlet: String,
    /// What
    pub act: String,
    /// `done`, or the code of the refusal
    pub outcome: String,
    /// The numbers of what it was about
    pub subject: String,
}

/// Acts of the past, latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditLines {
    /// The acts
    pub records: Vec<AuditLine>,
}

/// Lists what was done and refused in the area, latest first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListAudit {
    /// Only records before this number
    #[schema(minimum = 1)]
    pub before: Option<i64>,
    /// How many, 1 to 1,000; 100 if not said
    #[schema(minimum = 1, maximum = 1000)]
    pub limit: Option<u16>,
}

impl Act for ListAudit {
    const NAME: &'static str = "audit.list";
    const ROLES: &'static [Role] = &[Role::Auditor];
    const READS: bool = true;
    type Answer = AuditLines;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AuditLines, Refusal> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=1000).contains(&limit) {
            return Err(General::not_allowed("limit", "1 to 1,000", "1 至 1000").into());
        }
        let line = |(number, record): (i64, audit::Record)| AuditLine {
            number,
            time: Moment(record.time),
            operator: record.operator,
            outlet: record.outlet,
            act: record.act,
            outcome: record.outcome,
            subject: record.subject,
        };
        let records = audit::last(desk.store(), desk.area(), self.before, limit)?;
        Ok(AuditLines { records: records.into_iter().map(line).collect() })
    }
}

/// Who is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The operator's name
    pub operator: String,
    /// The role
    pub role: Role,
    /// The outlet's code
    pub outlet: String,
    /// The area's code
    pub area: String,
}

/// Says who is signed in, and for which outlet.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WhoAmI {}

impl Act for WhoAmI {
    const NAME: &'static str = "operator.me";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = Me;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Me, Refusal> {
        let operator = desk.operator();
        Ok(Me {
            operator: operator.id.clone(),
            role: operator.role,
            outlet: operator.outlet.clone(),
            area: desk.area().as_str().to_owned(),
        })
    }
}
