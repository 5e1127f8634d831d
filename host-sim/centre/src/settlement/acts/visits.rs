//! Before a bill is settled: who the person is (1101), the registration (2201, 2202), the lines (2204, 2205), and a
//! purchase prepared in one step, which the till then settles by its number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::till::{self, Line, TILLS, TrialView};
use crate::access::acts::Done;
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Amount, Private, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::acts::waiting::Waiting;
use crate::institution::{records as places, refusal::Refused as PlaceRefused};
use crate::settlement::bill::{WorkedOut, check_lines};
use crate::settlement::booking::{open_visit, trial};
use crate::settlement::codes::{Insutype, Kind, MedType};
use crate::settlement::entitlement::{self, CertType, Purpose};
use crate::settlement::refusal::Refused;
use crate::settlement::terms::Terms;
use crate::settlement::visit::{self, Change, Visit};

/// A person as a till sees them.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonView {
    /// The person's number
    pub psn_no: String,
    /// The name
    pub psn_name: Private,
    /// The person's insurance
    pub insutype: Insutype,
    /// The code of the person's class, if the national interface has one
    pub psn_type: Option<String>,
    /// Whether the pooled fund pays for them today
    pub insured: bool,
    /// The balance of the personal account, fen
    pub balc: Amount,
}

/// Who the person with this certificate is, and how they are insured today (national transaction 1101). Whoever
/// asks is on record, since the numbers of cards can be counted up.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskPerson {
    /// 02 the identity document, 03 the card
    pub mdtrt_cert_type: CertType,
    /// Its number
    pub mdtrt_cert_no: Private,
}

impl Act for AskPerson {
    const NAME: &'static str = "settlement.person";
    const ROLES: &'static [Role] = &[Role::Hospital, Role::Pharmacy, Role::SettlementOfficer];
    const READS: bool = true;
    const NUMBERS: &'static [&'static str] = &["1101"];
    type Answer = PersonView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<PersonView, Refusal> {
        let person = entitlement::person_of(desk, self.mdtrt_cert_type, self.mdtrt_cert_no.expose())?;
        desk.subject(format!("person {}", person.number));
        desk.on_record();
        let entitled = entitlement::of(desk, &person, desk.today(), Kind::Outpatient)?;
        Ok(PersonView {
            psn_no: person.number.clone(),
            psn_name: Private(person.particulars.name.clone()),
            insutype: entitled.insutype,
            psn_type: entitled.class.psn_type().map(str::to_owned),
            insured: entitled.insured,
            balc: Amount(entitled.balance),
        })
    }
}

/// A visit that was registered.
#[derive(Debug, Serialize, ToSchema)]
pub struct Registered {
    /// Its number
    pub mdtrt_id: i64,
    /// What it waits for, and until when
    pub waiting: Option<Waiting>,
}

/// Registers a person's visit (national transaction 2201). It is settled within the days that the area allows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The person's number
    pub psn_no: Text,
    /// 02 the identity document, 03 the card
    pub mdtrt_cert_type: CertType,
    /// Its number
    pub mdtrt_cert_no: Private,
    /// The kind of treatment: 41 at a pharmacy, any other at a hospital
    pub med_type: MedType,
    /// Whether the personal account, and those of relatives, may pay
    pub acct_used_flag: bool,
}

impl Act for Register {
    const NAME: &'static str = "settlement.register";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2201", "2401"];
    type Answer = Registered;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Registered, Refusal> {
        let visit = register(
            desk,
            (&self.psn_no.0, (self.mdtrt_cert_type, self.mdtrt_cert_no.expose())),
            self.med_type,
            self.acct_used_flag,
        )?;
        let until = visit::last_day(visit.opened, desk.parameter::<Terms>()?.open_days);
        let waiting = visit.state.waiting(visit.institution.channel(), until);
        Ok(Registered { mdtrt_id: visit.number, waiting })
    }
}

/// Opens a visit for whoever the certificate names.
pub(super) fn register(
    desk: &mut Desk<'_>,
    (number, certificate): (&str, (CertType, &str)),
    med_type: MedType,
    acct_used: bool,
) -> Result<Visit, Refusal> {
    let institution = till::institution(desk)?;
    till::fits(institution, med_type)?;
    let person = entitlement::identify(desk, number, certificate, Purpose::Ask)?;
    if !places::usable_on(desk, institution, desk.today())? {
        return Err(PlaceRefused::NotUsable(desk.today()).into());
    }
    let visit = visit::open(desk, institution, &person.number, med_type, acct_used)?;
    desk.subject(format!("visit {visit}"));
    Ok(visit::find(desk, visit)?.ok_or(Refused::Visit)?)
}

/// Takes a registration back (national transaction 2202).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unregister {
    /// The visit
    #[schema(minimum = 1)]
    pub mdtrt_id: i64,
}

impl Act for Unregister {
    const NAME: &'static str = "settlement.unregister";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2202"];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("visit {}", self.mdtrt_id));
        let institution = till::institution(desk)?;
        let (visit, _) = open_visit(desk, institution, self.mdtrt_id)?;
        visit::change(desk, &visit, Change::Cancel)?;
        Ok(Done { changed: true })
    }
}

/// Sends lines of a visit's bill (national transaction 2204). Lines that are there already stay; answers the split of all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendLines {
    /// The visit
    #[schema(minimum = 1)]
    pub mdtrt_id: i64,
    /// The lines
    #[schema(min_items = 1, max_items = 500)]
    pub feedetail: Vec<Line>,
}

impl Act for SendLines {
    const NAME: &'static str = "settlement.lines";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2204"];
    type Answer = TrialView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<TrialView, Refusal> {
        desk.subject(format!("visit {}", self.mdtrt_id));
        let institution = till::institution(desk)?;
        let (visit, person) = open_visit(desk, institution, self.mdtrt_id)?;
        let lines = till::kept(&self.feedetail)?;
        check_lines(desk, &lines)?;
        visit::add_lines(desk, visit.number, &lines)?;
        let worked_out = trial(desk, &visit, &person, visit.acct_used)?;
        Ok(trial_view(Some(visit.number), worked_out))
    }
}

/// Takes all lines of a visit's bill back (national transaction 2205).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DropLines {
    /// The visit
    #[schema(minimum = 1)]
    pub mdtrt_id: i64,
}

impl Act for DropLines {
    const NAME: &'static str = "settlement.drop-lines";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2205"];
    type Answer = Done;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Done, Refusal> {
        desk.subject(format!("visit {}", self.mdtrt_id));
        let institution = till::institution(desk)?;
        let (visit, _) = open_visit(desk, institution, self.mdtrt_id)?;
        Ok(Done { changed: visit::drop_lines(desk, visit.number)? > 0 })
    }
}

/// Registers a bill with its lines in one step. `settlement.settle` settles it by the number it gets.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Prepare {
    /// The person's number
    pub psn_no: Text,
    /// 02 the identity document, 03 the card
    pub mdtrt_cert_type: CertType,
    /// Its number
    pub mdtrt_cert_no: Private,
    /// The kind of treatment: 41 at a pharmacy, any other at a hospital
    pub med_type: MedType,
    /// Whether the personal account, and those of relatives, may pay
    pub acct_used_flag: bool,
    /// The lines
    #[schema(min_items = 1, max_items = 500)]
    pub feedetail: Vec<Line>,
}

impl Act for Prepare {
    const NAME: &'static str = "settlement.prepare";
    const ROLES: &'static [Role] = TILLS;
    type Answer = TrialView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<TrialView, Refusal> {
        let visit = register(
            desk,
            (&self.psn_no.0, (self.mdtrt_cert_type, self.mdtrt_cert_no.expose())),
            self.med_type,
            self.acct_used_flag,
        )?;
        let worked_out = with_lines(desk, &visit, &self.feedetail)?;
        Ok(trial_view(Some(visit.number), worked_out))
    }
}

/// Gives a new visit its lines, and works it out.
pub(super) fn with_lines(desk: &Desk<'_>, visit: &Visit, lines: &[Line]) -> Result<WorkedOut, Refusal> {
    let lines = till::kept(lines)?;
    check_lines(desk, &lines)?;
    visit::add_lines(desk, visit.number, &lines)?;
    let person = crate::persons::get(desk, &visit.person)?.ok_or(Refused::Person)?;
    trial(desk, visit, &person, visit.acct_used)
}

/// A bill that was worked out, as the till sees it.
pub(super) fn trial_view(mdtrt_id: Option<i64>, worked_out: WorkedOut) -> TrialView {
    let WorkedOut { calculated, entitled, clr_type, .. } = worked_out;
    TrialView {
        mdtrt_id,
        insutype: entitled.insutype,
        psn_type: entitled.class.psn_type().map(str::to_owned),
        insured: entitled.insured,
        clr_type,
        setlinfo: calculated.setlinfo,
        detlcutinfo: calculated.lines,
    }
}
