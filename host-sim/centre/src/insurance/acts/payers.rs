//! Who pays, and of which base (docs/centre.md §6.7.1).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Amount, Month as MonthField, Private, Text};
use crate::acts::general::General;
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::insurance::month::Month;
use crate::insurance::payers::{self, Particulars, Payer};
use crate::insurance::refusal::Refused;
use crate::insurance::relations::{self};
use crate::insurance::slips;
use crate::persons;

use super::declaring::{check_base, declarable};

/// The acts of this file.
pub const ACTS: &[Entry] = &[entry::<RegisterPayer>(), entry::<ShowPayer>(), entry::<DeclareBase>()];

/// Registers an employer, or the agreed account of a person who pays alone. Again with other data it changes them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPayer {
    /// The employer's code (统一社会信用代码: up to 18 capital letters and digits), or a person's number
    #[schema(pattern = "^[0-9A-Z]{2,18}$")]
    pub payer: String,
    /// The name
    pub name: Private,
    /// The bank account from which premiums are taken; missing: the payer pays by the slip
    #[serde(default)]
    pub account: Option<Private>,
    /// The class of work injury of the employer's trade, from 1; not for a person
    #[serde(default)]
    #[schema(minimum = 1, maximum = 255)]
    pub injury_class: Option<u8>,
}

impl Act for RegisterPayer {
    const NAME: &'static str = "payer.register";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        if !(2..=18).contains(&self.payer.len()) || !self.payer.bytes().all(allowed) {
            let zh = "单位编码为 2 至 18 位大写字母或数字";
            return Err(General::not_allowed("payer", "a payer has 2 to 18 capital letters and digits", zh).into());
        }
        desk.subject(format!("payer {}", self.payer));
        let employer = persons::get(desk, &self.payer)?.is_none();
        if let Some(class) = self.injury_class {
            let injury: crate::insurance::rates::Injury = desk.parameter()?;
            if !employer || usize::from(class) > injury.classes.len() || class == 0 {
                return Err(Refused::InjuryClass.into());
            }
        }
        let account = self.account.as_ref().map(|account| account.expose().to_owned()).unwrap_or_default();
        if account.len() > 34 || !account.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let zh = "银行账号为至多 34 位字母或数字";
            return Err(General::not_allowed("account", "an account has up to 34 letters and digits", zh).into());
        }
        let particulars = Particulars { name: self.name.expose().to_owned(), account };
        let payer = Payer { number: self.payer.clone(), employer, particulars, injury_class: self.injury_class };
        let changed = payers::get(desk, &self.payer)?.as_ref() != Some(&payer);
        if changed {
            payers::keep(desk, &payer)?;
        }
        Ok(Done { changed })
    }
}

/// What is known of a payer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayerAnswer {
    /// The employer's code or the person's number
    pub payer: String,
    /// Whether it is an employer
    pub employer: bool,
    /// The name
    pub name: Private,
    /// Whether an account was agreed from which premiums are taken
    pub account_agreed: bool,
    /// The class of work injury
    pub injury_class: Option<u8>,
}

/// Shows a payer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowPayer {
    /// The employer's code or the person's number
    pub payer: Text,
}

impl Act for ShowPayer {
    const NAME: &'static str = "payer.show";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = PayerAnswer;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PayerAnswer, Refusal> {
        let payer = payers::get(desk, &self.payer.0)?.ok_or(General::NotFound("payer"))?;
        Ok(PayerAnswer {
            payer: payer.number.clone(),
            employer: payer.employer,
            name: Private(payer.particulars.name.clone()),
            account_agreed: !payer.particulars.account.is_empty(),
            injury_class: payer.injury_class,
        })
    }
}

/// Declares a person's base from a month on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeclareBase {
    /// The person's number
    pub person: Text,
    /// The employer's code; missing for a flexible worker
    #[serde(default)]
    pub payer: Option<Text>,
    /// The first month
    pub from: MonthField,
    /// In fen a month: the own monthly average of last year, or the chosen base of a flexible worker
    pub base: Amount,
}

impl Act for DeclareBase {
    const NAME: &'static str = "base.declare";
    const ROLES: &'static [Role] = &[Role::PremiumOfficer];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("person {}", self.person.0));
        let from = Month::from(self.from);
        declarable(desk, from)?;
        let payer = self.payer.as_ref().map_or(&self.person.0, |payer| &payer.0);
        let known = relations::live(desk, &self.person.0)?;
        let paid: Vec<_> = known.iter().filter(|relation| relation.payer == *payer).collect();
        let Some(relation) = paid.first() else {
            return Err(General::NotFound("relation with this payer").into());
        };
        for relation in &paid {
            if let Some(first) = slips::last_assessed(desk, relation.number, from.first())? {
                return Err(Refused::TooEarly(Month::of(first).next()).into());
            }
        }
        check_base(desk, relation.capacity, self.base.0, from)?;
        let before = relations::base_on(desk, payer, &self.person.0, from.first())?;
        relations::keep_base(desk, (payer, &self.person.0), from.first(), self.base.0)?;
        Ok(Done { changed: before != Some(self.base.0) })
    }
}
