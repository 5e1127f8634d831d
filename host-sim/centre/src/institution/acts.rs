//! What is done about institutions: they are registered, agreed with, suspended, taken back, ended, shown.

use jiff::ToSpan;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use qiyong_protocol::rules::institution::{Channel, InstitutionCode};

use super::agreement::{Agreement, Change, Designation, State, transition};
use super::level::Level;
use super::records;
use super::refusal::Refused;
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::entry::{Entry, entry};
use crate::acts::fields::{Area, Day, InstitutionNo, Text};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::acts::role::{self, Role};
use crate::acts::waiting::Waiting;
use crate::agency::{self, OpenOutlet, OutletKind};
use crate::store::value::values;

/// The acts of this room.
pub const ACTS: &[Entry] = &[
    entry::<RegisterInstitution>(),
    entry::<AgreeWithInstitution>(),
    entry::<SuspendInstitution>(),
    entry::<ResumeInstitution>(),
    entry::<EndAgreement>(),
    entry::<ShowInstitution>(),
    entry::<ListInstitutions>(),
];

const MAY: &[Role] = &[Role::SettlementOfficer];

/// Registers a bank's outlet, a hospital or a pharmacy, and opens a desk for its operators. It may be used once there is
/// an agreement. Done again it changes nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterInstitution {
    /// Its code: B, H or P, its region's six digits, five of its own
    pub code: InstitutionNo,
    /// Its name
    pub name: Text,
}

impl Act for RegisterInstitution {
    const NAME: &'static str = "institution.register";
    const ROLES: &'static [Role] = MAY;
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        let code = self.code.0;
        desk.subject(format!("institution {code}"));
        let region = code.region();
        if region != desk.area() && !agency::has_region(desk, region)? {
            return Err(Refused::Region.into());
        }
        let changed = records::add(desk.store(), desk.area(), code, &self.name.0, desk.today())?;
        if records::name(desk, code)?.as_deref() != Some(self.name.0.as_str()) {
            return Err(Refused::CodeTaken.into());
        }
        let kind = if code.channel() == Channel::Bank { OutletKind::Bank } else { OutletKind::Institution };
        let outlet = OpenOutlet {
            code: Text(code.as_str().to_owned()),
            kind,
            region: Area(region),
            parent: None,
            name: self.name.clone(),
            approval: None,
            establishment: None,
        };
        agency::add_outlet(desk, &outlet)?;
        Ok(Done { changed })
    }
}

/// An agreement, and how it stands today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AgreementView {
    /// Its number within the institution
    pub number: i64,
    /// The level for the deductible and the fund's share
    pub level: Level,
    /// The level for price limits
    pub price_level: Level,
    /// Its first day
    pub effective: Day,
    /// The first day on which it holds no more
    pub void: Option<Day>,
    /// It was ended: the first day on which it holds no more
    pub ended: Option<Day>,
    /// How it stands today
    pub state: State,
    /// The first day after the suspension of today
    pub suspended_until: Option<Day>,
    /// What it waits for, and until when; missing if it is over
    pub waiting: Option<Waiting>,
}

fn view(agreement: &Agreement, office: &Office<'_>) -> AgreementView {
    let today = office.today();
    let state = agreement.state(today);
    let suspension = agreement.suspensions.iter().find(|suspension| suspension.holds(today));
    AgreementView {
        number: agreement.number,
        level: agreement.level,
        price_level: agreement.price_level,
        effective: Day(agreement.effective),
        void: agreement.void.map(Day),
        ended: agreement.ended.map(Day),
        state,
        suspended_until: suspension.filter(|_| state == State::Suspended).map(|suspension| Day(suspension.until)),
        waiting: agreement.waiting(today),
    }
}

/// Designates an institution by an agreement, or lets a bank's outlet issue cards, for a term.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreeWithInstitution {
    /// The institution's code
    pub code: InstitutionNo,
    /// The level for the deductible and the fund's share: of a hospital community to three, of others unrated
    pub level: Level,
    /// The level for price limits, which may be another
    pub price_level: Level,
    /// The first day, today or later
    pub effective: Day,
    /// The first day on which it holds no more
    pub void: Day,
}

impl Act for AgreeWithInstitution {
    const NAME: &'static str = "institution.agree";
    const ROLES: &'static [Role] = MAY;
    type Answer = AgreementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AgreementView, Refusal> {
        let code = self.code.0;
        known(desk, code)?;
        let hospital = code.channel() == Channel::Hospital;
        if [self.level, self.price_level].iter().any(|level| (*level == Level::Unrated) == hospital) {
            return Err(Refused::Level.into());
        }
        let (effective, void) = (self.effective.0, self.void.0);
        if effective < desk.today() {
            return Err(Refused::Past.into());
        }
        let months = desk.parameter::<Designation>()?.term_max_months;
        let longest = effective.checked_add(i64::from(months).months()).unwrap_or(jiff::civil::Date::MAX);
        if void <= effective || void > longest {
            return Err(Refused::Term { months }.into());
        }
        let before = records::agreements(desk, code)?;
        if before.iter().any(|agreement| agreement.overlaps(effective, Some(void))) {
            return Err(Refused::Overlap.into());
        }
        let agreement = Agreement {
            number: i64::try_from(before.len()).unwrap_or(i64::MAX).saturating_add(1),
            level: self.level,
            price_level: self.price_level,
            effective,
            void: Some(void),
            ended: None,
            suspensions: Vec::new(),
        };
        records::add_agreement(desk.store(), desk.area(), code, &agreement)?;
        Ok(view(&agreement, desk))
    }
}

/// Suspends an agreement from today on. Fees of these days are not settled. The suspension ends by itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendInstitution {
    /// The institution's code
    pub code: InstitutionNo,
    /// For so many days, today among them
    #[schema(minimum = 1)]
    pub days: u16,
    /// Why
    pub reason: Text,
}

impl Act for SuspendInstitution {
    const NAME: &'static str = "institution.suspend";
    const ROLES: &'static [Role] = MAY;
    type Answer = AgreementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AgreementView, Refusal> {
        let agreement = changeable(desk, self.code.0, Change::Suspend)?;
        let designation = desk.parameter::<Designation>()?;
        let most = designation.suspension_max_days;
        if !(1..=most).contains(&self.days) {
            return Err(Refused::Days { most }.into());
        }
        if agreement.suspensions.len() >= usize::from(designation.suspensions_max) {
            return Err(Refused::SuspendedBefore(designation.suspensions_max).into());
        }
        let until = desk.today().checked_add(i64::from(self.days).days()).unwrap_or(jiff::civil::Date::MAX);
        let number = i64::try_from(agreement.suspensions.len()).unwrap_or(i64::MAX).saturating_add(1);
        desk.store().execute(
            "INSERT INTO suspensions (area, institution, agreement, number, since, until, reason)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            values![desk.area(), self.code, agreement.number, number, desk.today(), until, self.reason],
        )?;
        shown(desk, self.code.0, agreement.number)
    }
}

/// Takes a suspension back: the agreement holds again from today on.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeInstitution {
    /// The institution's code
    pub code: InstitutionNo,
}

impl Act for ResumeInstitution {
    const NAME: &'static str = "institution.resume";
    const ROLES: &'static [Role] = MAY;
    type Answer = AgreementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AgreementView, Refusal> {
        let agreement = changeable(desk, self.code.0, Change::Resume)?;
        desk.store().execute(
            "UPDATE suspensions SET until = $1
             WHERE area = $2 AND institution = $3 AND agreement = $4 AND since <= $1 AND until > $1",
            values![desk.today(), desk.area(), self.code, agreement.number],
        )?;
        shown(desk, self.code.0, agreement.number)
    }
}

/// Ends an agreement before its term is over. Fees from today on are not settled.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndAgreement {
    /// The institution's code
    pub code: InstitutionNo,
    /// Why
    pub reason: Text,
}

impl Act for EndAgreement {
    const NAME: &'static str = "institution.end";
    const ROLES: &'static [Role] = MAY;
    type Answer = AgreementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<AgreementView, Refusal> {
        let agreement = changeable(desk, self.code.0, Change::End)?;
        desk.store().execute(
            "UPDATE agreements SET ended = $1, end_reason = $2 WHERE area = $3 AND institution = $4 AND number = $5",
            values![desk.today(), self.reason, desk.area(), self.code, agreement.number],
        )?;
        shown(desk, self.code.0, agreement.number)
    }
}

/// An institution and its agreements.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstitutionView {
    /// Its code
    pub code: InstitutionNo,
    /// Its name
    pub name: String,
    /// Whether it may be used today
    pub usable: bool,
    /// Its agreements, oldest first
    pub agreements: Vec<AgreementView>,
}

/// Shows an institution and its agreements (national transaction 1201).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShowInstitution {
    /// Its code
    pub code: InstitutionNo,
}

impl Act for ShowInstitution {
    const NAME: &'static str = "institution.show";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    const NUMBERS: &'static [&'static str] = &["1201"];
    type Answer = InstitutionView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<InstitutionView, Refusal> {
        let name = known(desk, self.code.0)?;
        let agreements: Vec<_> =
            records::agreements(desk, self.code.0)?.iter().map(|agreement| view(agreement, desk)).collect();
        let usable = agreements.iter().any(|agreement| agreement.state == State::InForce);
        Ok(InstitutionView { code: self.code, name, usable, agreements })
    }
}

/// An institution in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstitutionLine {
    /// Its code
    pub code: InstitutionNo,
    /// Its name
    pub name: String,
    /// Whether it may be used today
    pub usable: bool,
}

/// Institutions by code.
#[derive(Debug, Serialize, ToSchema)]
pub struct Institutions {
    /// The institutions
    pub institutions: Vec<InstitutionLine>,
}

/// Lists the institutions of the area by code, at most 1,000.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListInstitutions {
    /// Only those after this code
    pub after: Option<InstitutionNo>,
}

impl Act for ListInstitutions {
    const NAME: &'static str = "institution.list";
    const ROLES: &'static [Role] = role::ALL;
    const READS: bool = true;
    type Answer = Institutions;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Institutions, Refusal> {
        let after = self.after.map_or(String::new(), |code| code.to_string());
        let rows = desk.store().rows(
            "SELECT code, name FROM institutions WHERE area = $1 AND code > $2 ORDER BY code LIMIT 1000",
            values![desk.area(), after],
        )?;
        let mut institutions = Vec::new();
        for row in rows {
            let code: InstitutionNo = row.get("code")?;
            let usable = records::usable_on(desk, code.0, desk.today())?;
            institutions.push(InstitutionLine { code, name: row.get("name")?, usable });
        }
        Ok(Institutions { institutions })
    }
}

/// The name of an institution that is registered here; the act is about it.
fn known(desk: &mut Desk<'_>, code: InstitutionCode) -> Result<String, Refusal> {
    desk.subject(format!("institution {code}"));
    Ok(records::name(desk, code)?.ok_or(Refused::Unknown)?)
}

/// The agreement to which this change can be made today.
fn changeable(desk: &mut Desk<'_>, code: InstitutionCode, change: Change) -> Result<Agreement, Refusal> {
    known(desk, code)?;
    let agreement = records::agreement(desk, code)?.ok_or(Refused::State(None))?;
    let state = agreement.state(desk.today());
    if transition(state, change).is_none() {
        return Err(Refused::State(Some(state)).into());
    }
    Ok(agreement)
}

fn shown(office: &Office<'_>, code: InstitutionCode, number: i64) -> Result<AgreementView, Refusal> {
    let all = records::agreements(office, code)?;
    let agreement = all.iter().find(|agreement| agreement.number == number).ok_or(Refused::State(None))?;
    Ok(view(agreement, office))
}
