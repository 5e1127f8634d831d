//! Bills: tried (2206, 2101), settled (2207, 2102), undone (2208, 2103), reversed by the sender's message number (2601),
//! shown.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::till::{self, Line, SettlementView, TILLS, TrialView};
use super::visits::{register, trial_view, with_lines};
use crate::acts::Act;
use crate::acts::desk::Desk;
use crate::acts::fields::{Amount, Private, Text};
use crate::acts::refusal::Refusal;
use crate::acts::role::Role;
use crate::settlement::bill::{Bill, WorkedOut, check_lines, work_out};
use crate::settlement::booking::{self, Ask, Reversed, open_visit};
use crate::settlement::codes::MedType;
use crate::settlement::entitlement::{self, CertType, Purpose};
use crate::settlement::records::{self, Settlement};
use crate::settlement::refusal::Refused;
use crate::settlement::setlinfo::Setlinfo;
use crate::settlement::visit::Visit;

/// Works out what a bill would cost whom, and changes nothing (national transactions 2206, and 2101 with lines).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// The person's number
    pub psn_no: Text,
    /// 02 the identity document, 03 the card
    pub mdtrt_cert_type: CertType,
    /// Its number
    pub mdtrt_cert_no: Private,
    /// The kind of treatment: 41 at a pharmacy, any other at a hospital
    pub med_type: MedType,
    /// The visit whose lines were sent before; without it the lines are given here
    #[schema(minimum = 1)]
    pub mdtrt_id: Option<i64>,
    /// The lines, if there is no visit
    #[serde(default)]
    #[schema(max_items = 500)]
    pub feedetail: Vec<Line>,
    /// Whether the personal account, and those of relatives, may pay
    pub acct_used_flag: bool,
}

impl Act for Trial {
    const NAME: &'static str = "settlement.trial";
    const ROLES: &'static [Role] = TILLS;
    const READS: bool = true;
    const NUMBERS: &'static [&'static str] = &["2101", "2206", "2303"];
    type Answer = TrialView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<TrialView, Refusal> {
        let institution = till::institution(desk)?;
        till::fits(institution, self.med_type)?;
        let certificate = (self.mdtrt_cert_type, self.mdtrt_cert_no.expose());
        let person = entitlement::identify(desk, &self.psn_no.0, certificate, Purpose::Ask)?;
        let worked_out = match self.mdtrt_id {
            Some(number) if self.feedetail.is_empty() => {
                let (visit, of) = open_visit(desk, institution, number)?;
                same_visit(&visit, &person.number, self.med_type)?;
                booking::trial(desk, &visit, &of, self.acct_used_flag)?
            }
            None => {
                let lines = till::kept(&self.feedetail)?;
                check_lines(desk, &lines)?;
                let bill = Bill {
                    institution,
                    person: &person,
                    med_type: self.med_type,
                    lines: &lines,
                    acct_used: self.acct_used_flag,
                };
                work_out(desk, &bill)?
            }
            Some(_) => return Err(Refused::VisitOrLines.into()),
        };
        Ok(trial_view(self.mdtrt_id, worked_out))
    }
}

/// Settles a bill and moves its money (national transactions 2207, and 2102 with lines). The same message again gets the
/// same answer, and moves nothing.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settle {
    /// The sender's number of this message, never used before: 1 to 30 letters and digits
    #[schema(pattern = "^[0-9A-Za-z]{1,30}$")]
    pub medins_setl_id: String,
    /// The person's number
    pub psn_no: Text,
    /// 02 the identity document, 03 the card
    pub mdtrt_cert_type: CertType,
    /// Its number
    pub mdtrt_cert_no: Private,
    /// The kind of treatment: 41 at a pharmacy, any other at a hospital
    pub med_type: MedType,
    /// The visit whose lines were sent before; without it the lines are given here
    #[schema(minimum = 1)]
    pub mdtrt_id: Option<i64>,
    /// The lines, if there is no visit
    #[serde(default)]
    #[schema(max_items = 500)]
    pub feedetail: Vec<Line>,
    /// Whether the personal account, and those of relatives, may pay
    pub acct_used_flag: bool,
    /// The bill's sum, fen: the centre's must be the same
    pub medfee_sumamt: Amount,
    /// If given, the centre's must be the same, fen
    pub fulamt_ownpay_amt: Option<Amount>,
    /// If given, the centre's must be the same, fen
    pub overlmt_selfpay: Option<Amount>,
    /// If given, the centre's must be the same, fen
    pub preselfpay_amt: Option<Amount>,
    /// If given, the centre's must be the same, fen
    pub inscp_scp_amt: Option<Amount>,
}

impl Act for Settle {
    const NAME: &'static str = "settlement.settle";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2102", "2207", "2304"];
    type Answer = SettlementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<SettlementView, Refusal> {
        till::check_number("medins_setl_id", &self.medins_setl_id)?;
        desk.subject(format!("message {}", self.medins_setl_id));
        let institution = till::institution(desk)?;
        let request = till::request(desk, self)?;
        let ask = Ask { institution, message: &self.medins_setl_id, request, operator: &desk.operator().id };
        if let Some(known) = booking::again(desk, &ask)? {
            return Ok(known.into());
        }
        till::fits(institution, self.med_type)?;
        let certificate = (self.mdtrt_cert_type, self.mdtrt_cert_no.expose());
        let person = entitlement::identify(desk, &self.psn_no.0, certificate, Purpose::Pay)?;
        let (visit, worked_out) = match self.mdtrt_id {
            Some(number) if self.feedetail.is_empty() => {
                let (visit, of) = open_visit(desk, institution, number)?;
                same_visit(&visit, &person.number, self.med_type)?;
                let worked_out = booking::trial(desk, &visit, &of, self.acct_used_flag)?;
                (visit, worked_out)
            }
            None => {
                let visit = register(desk, (&self.psn_no.0, certificate), self.med_type, self.acct_used_flag)?;
                let worked_out = with_lines(desk, &visit, &self.feedetail)?;
                (visit, worked_out)
            }
            Some(_) => return Err(Refused::VisitOrLines.into()),
        };
        self.compare(&worked_out)?;
        let settlement = booking::settle(desk, &ask, (&visit, &person), worked_out)?;
        desk.subject(format!("settlement {} of message {}", settlement.number, self.medins_setl_id));
        Ok(settlement.into())
    }
}

impl Settle {
    fn compare(&self, worked_out: &WorkedOut) -> Result<(), Refusal> {
        let Setlinfo { medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_scp_amt, .. } =
            worked_out.calculated.setlinfo;
        let sums = [
            ("medfee_sumamt", Some(self.medfee_sumamt), medfee_sumamt),
            ("fulamt_ownpay_amt", self.fulamt_ownpay_amt, fulamt_ownpay_amt),
            ("overlmt_selfpay", self.overlmt_selfpay, overlmt_selfpay),
            ("preselfpay_amt", self.preselfpay_amt, preselfpay_amt),
            ("inscp_scp_amt", self.inscp_scp_amt, inscp_scp_amt),
        ];
        let wrong = sums.into_iter().find(|(_, said, is)| said.is_some_and(|said| said.0 != *is));
        wrong.map_or(Ok(()), |(field, _, expected)| Err(Refused::Sum { field, expected }.into()))
    }
}

/// Whether the visit is this person's and of this kind.
fn same_visit(visit: &Visit, person: &str, med_type: MedType) -> Result<(), Refusal> {
    if visit.person != person {
        return Err(Refused::Visit.into());
    }
    if visit.med_type == med_type { Ok(()) } else { Err(Refused::MedType.into()) }
}

/// Undoes a settlement: the exact negative of it (national transactions 2208, 2103). The visit can be settled again. The
/// same message again gets the same answer.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// The sender's number of this message, never used before: 1 to 30 letters and digits
    #[schema(pattern = "^[0-9A-Za-z]{1,30}$")]
    pub medins_setl_id: String,
    /// The settlement
    #[schema(minimum = 1)]
    pub setl_id: i64,
    /// The person's number
    pub psn_no: Text,
}

impl Act for Undo {
    const NAME: &'static str = "settlement.undo";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2103", "2208", "2305"];
    type Answer = SettlementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<SettlementView, Refusal> {
        till::check_number("medins_setl_id", &self.medins_setl_id)?;
        desk.subject(format!("settlement {} by message {}", self.setl_id, self.medins_setl_id));
        let institution = till::institution(desk)?;
        let request = till::request(desk, self)?;
        let ask = Ask { institution, message: &self.medins_setl_id, request, operator: &desk.operator().id };
        if let Some(known) = booking::again(desk, &ask)? {
            return Ok(known.into());
        }
        let original = records::by_number(desk, self.setl_id)?;
        let theirs = |known: &Settlement| known.institution == institution && known.person == self.psn_no.0;
        let original = original.filter(theirs).ok_or(Refused::Settlement)?;
        Ok(booking::undo(desk, &ask, &original)?.into())
    }
}

/// What reversing a message came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReversedView {
    /// `undone`: it had been carried out, and is undone now. `remembered`: it had not come; if it comes, it is refused.
    /// `before`: it was reversed or undone before.
    pub outcome: String,
}

/// Reverses a message whose answer was lost, by the sender's number of it (national transaction 2601). A settlement is
/// undone; an undo is taken back.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reverse {
    /// The person's number
    pub psn_no: Text,
    /// The sender's number of the message to be reversed: 1 to 30 letters and digits
    #[schema(pattern = "^[0-9A-Za-z]{1,30}$")]
    pub omsgid: String,
}

impl Act for Reverse {
    const NAME: &'static str = "settlement.reverse";
    const ROLES: &'static [Role] = TILLS;
    const NUMBERS: &'static [&'static str] = &["2601"];
    type Answer = ReversedView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<ReversedView, Refusal> {
        till::check_number("omsgid", &self.omsgid)?;
        desk.subject(format!("message {}", self.omsgid));
        let institution = till::institution(desk)?;
        let request = till::request(desk, self)?;
        // No sender's number has a hyphen.
        let message = format!("2601-{}", self.omsgid);
        let ask = Ask { institution, message: &message, request, operator: &desk.operator().id };
        let outcome = match booking::reverse(desk, &ask, &self.psn_no.0, &self.omsgid)? {
            Reversed::Undone => "undone",
            Reversed::Remembered => "remembered",
            Reversed::Before => "before",
        };
        Ok(ReversedView { outcome: outcome.into() })
    }
}

/// Shows a settlement. A till sees those of its institution, the agency all.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// Its number
    #[schema(minimum = 1)]
    pub setl_id: i64,
}

impl Act for Show {
    const NAME: &'static str = "settlement.show";
    const ROLES: &'static [Role] = &[Role::Hospital, Role::Pharmacy, Role::SettlementOfficer, Role::Auditor];
    const READS: bool = true;
    type Answer = SettlementView;

    fn carry_out(&self, desk: &mut Desk<'_>) -> Result<SettlementView, Refusal> {
        let found = records::by_number(desk, self.setl_id)?;
        let is_till = TILLS.contains(&desk.operator().role);
        let institution = if is_till { Some(till::institution(desk)?) } else { None };
        let theirs = |known: &Settlement| institution.is_none_or(|institution| known.institution == institution);
        Ok(found.filter(theirs).ok_or(Refused::Settlement)?.into())
    }
}
