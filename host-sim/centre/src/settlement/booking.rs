//! Settles a bill, undoes it, and reverses a message: each once, with the money moved by the ledger. What a till asks
//! over HTTP and what a terminal's transaction asks come together here (docs/centre.md §15).

use qiyong_protocol::rules::institution::InstitutionCode;

use super::bill::{Bill, WorkedOut, work_out};
use super::calculation::Year;
use super::codes::FundType;
use super::in_use;
use super::records::{self, Relative, Settlement};
use super::refusal::Refused;
use super::state::State;
use super::visit::{self, Change, FeeLine, Visit};
use crate::acts::office::Office;
use crate::acts::refusal::Refusal;
use crate::insurance::booking::pool as insurance;
use crate::insurance::kinds::Kind as InsuranceKind;
use crate::ledger::{self, Account, Posting, Unposted};
use crate::persons::{self, Person};

/// Under which message something is asked, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Where.
    pub institution: InstitutionCode,
    /// The sender's number of the message, unique at the institution.
    pub message: &'a str,
    /// A keyed hash of what is asked: a message that comes again with another is refused.
    pub request: [u8; 32],
    /// Who asks.
    pub operator: &'a str,
}

/// What came under this message before: its answer is given again.
///
/// # Errors
/// Another request came under it, or it was reversed, or undone since.
pub fn again(office: &Office<'_>, ask: &Ask<'_>) -> Result<Option<Settlement>, Refusal> {
    if let Some(known) = records::by_message(office, ask.institution, ask.message)? {
        if known.request != ask.request {
            return Err(Refused::MessageReused.into());
        }
        if known.undone_by.is_some() {
            return Err(Refused::Undone.into());
        }
        return Ok(Some(known));
    }
    if records::is_reversed(office, ask.institution, ask.message)? {
        return Err(Refused::MessageReversed.into());
    }
    Ok(None)
}

/// The open visit with this number at this institution, and its person.
///
/// # Errors
/// There is none, or it is not open.
pub fn open_visit(office: &Office<'_>, institution: InstitutionCode, number: i64) -> Result<(Visit, Person), Refusal> {
    let visit = visit::find(office, number)?.filter(|visit| visit.institution == institution);
    let visit = visit.ok_or(Refused::Visit)?;
    match visit.state {
        State::Open => {}
        State::Lapsed => {
            let days = office.parameter::<super::terms::Terms>()?.open_days;
            return Err(Refused::VisitLapsed { days }.into());
        }
        state => return Err(Refused::VisitState(state).into()),
    }
    let person = persons::get(office, &visit.person)?.ok_or(Refused::Person)?;
    Ok((visit, person))
}

/// What a visit would cost whom, if it were settled now.
///
/// # Errors
/// Its lines are refused.
pub fn trial(office: &Office<'_>, visit: &Visit, person: &Person, acct_used: bool) -> Result<WorkedOut, Refusal> {
    let lines = visit::lines(office, visit.number)?;
    work_out(office, &bill(visit, person, &lines, acct_used))
}

fn bill<'b>(visit: &Visit, person: &'b Person, lines: &'b [FeeLine], acct_used: bool) -> Bill<'b> {
    Bill { institution: visit.institution, person, med_type: visit.med_type, lines, acct_used }
}

/// Settles an open visit. Whoever calls has asked [`again`] before.
///
/// # Errors
/// Its lines are refused, or an account has not enough; nothing of the transaction may stay then.
pub fn settle(
    office: &Office<'_>,
    ask: &Ask<'_>,
    (visit, person): (&Visit, &Person),
    worked_out: WorkedOut,
) -> Result<Settlement, Refusal> {
    visit::change(office, visit, Change::Settle)?;
    let WorkedOut { calculated, entitled, kind, day, clr_type, mulaid_in_acct } = worked_out;
    let relatives = entitled.relatives.iter().zip(&calculated.family).filter(|(_, amount)| **amount > 0);
    let settlement = Settlement {
        number: office.next_number("settlement")?,
        institution: visit.institution,
        message: ask.message.to_owned(),
        request: ask.request,
        visit: visit.number,
        person: person.number.clone(),
        insutype: entitled.insutype,
        kind,
        clr_type,
        time: office.now(),
        year: day.year(),
        before: entitled.balance,
        mulaid_in_acct,
        setlinfo: calculated.setlinfo,
        lines: calculated.lines,
        relatives: relatives
            .map(|((person, _), amount)| Relative { person: person.clone(), amount: *amount })
            .collect(),
        adds: calculated.year,
        undoes: None,
        undone_by: None,
    };
    book(office, ask.operator, "settlement", &settlement)?;
    Ok(settlement)
}

/// Undoes a settlement: the exact negative, and the visit is open again.
///
/// # Errors
/// It was undone before, or is an undo itself.
pub fn undo(office: &Office<'_>, ask: &Ask<'_>, original: &Settlement) -> Result<Settlement, Refusal> {
    if original.undoes.is_some() {
        return Err(Refused::IsUndo.into());
    }
    if original.undone_by.is_some() {
        return Err(Refused::Undone.into());
    }
    let visit = visit::find(office, original.visit)?.ok_or(Refused::Visit)?;
    visit::change(office, &visit, Change::Undo)?;
    let undo = opposite(office, ask, original)?;
    book(office, ask.operator, "settlement-undo", &undo)?;
    records::mark_undone(office, original.number, Some(undo.number))?;
    in_use::undone(office, ask.operator, original)?;
    Ok(undo)
}

/// What reversing a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reversed {
    /// It had been carried out, and is undone now.
    Undone,
    /// It had not come: if it comes, it is refused.
    Remembered,
    /// It was reversed or undone before.
    Before,
}

/// Reverses the message with this number of the sender's (2601). A settlement is undone; an undo is taken back, so that
/// its settlement stands again.
///
/// # Errors
/// The undo cannot be taken back any more: the visit was settled again, or an account has not enough.
pub fn reverse(office: &Office<'_>, ask: &Ask<'_>, person: &str, original: &str) -> Result<Reversed, Refusal> {
    let Some(known) = records::by_message(office, ask.institution, original)? else {
        let remembered = records::remember_reversed(office, ask.institution, original)?;
        return Ok(if remembered { Reversed::Remembered } else { Reversed::Before });
    };
    if known.person != person {
        return Err(Refused::Settlement.into());
    }
    if known.undone_by.is_some() {
        return Ok(Reversed::Before);
    }
    let Some(settled) = known.undoes else {
        undo(office, ask, &known)?;
        return Ok(Reversed::Undone);
    };
    let visit = visit::find(office, known.visit)?.ok_or(Refused::Visit)?;
    visit::change(office, &visit, Change::Settle)?;
    let taken_back = opposite(office, ask, &known)?;
    book(office, ask.operator, "settlement", &taken_back)?;
    records::mark_undone(office, known.number, Some(taken_back.number))?;
    records::mark_undone(office, settled, None)?;
    in_use::stands_again(office, ask.operator, &known, settled)?;
    Ok(Reversed::Undone)
}

/// A settlement with every amount negated.
fn opposite(office: &Office<'_>, ask: &Ask<'_>, original: &Settlement) -> Result<Settlement, Refusal> {
    let before = ledger::balance(office.store(), office.area(), &Account::Person(original.person.clone()))?;
    let Year { deductible, pooled, settled, borne, assisted } = original.adds;
    Ok(Settlement {
        number: office.next_number("settlement")?,
        message: ask.message.to_owned(),
        request: ask.request,
        time: office.now(),
        before,
        setlinfo: original.setlinfo.undone(before + original.own_account()),
        lines: original.lines.iter().cloned().map(std::ops::Neg::neg).collect(),
        relatives: original
            .relatives
            .iter()
            .map(|relative| Relative { amount: -relative.amount, ..relative.clone() })
            .collect(),
        adds: Year { deductible: -deductible, pooled: -pooled, settled: -settled, borne: -borne, assisted: -assisted },
        undoes: Some(original.number),
        undone_by: None,
        ..original.clone()
    })
}

/// Writes a settlement and moves its money.
fn book(office: &Office<'_>, operator: &str, reason: &str, settlement: &Settlement) -> Result<(), Refusal> {
    // An undo that is taken back may find less in the account than it gave back.
    if settlement.setlinfo.balc < 0 {
        return Err(Refused::Short.into());
    }
    records::write(office, settlement)?;
    let posting = Posting {
        day: office.today(),
        reason: reason.to_owned(),
        reference: settlement.number.to_string(),
        lines: lines(settlement),
    };
    match ledger::post(office, operator, &posting)? {
        Ok(_) => Ok(()),
        Err(Unposted::Short(_)) => Err(Refused::Short.into()),
        Err(Unposted::Unbalanced) => Err(Refused::Identity(super::setlinfo::Identity::Payers).into()),
    }
}

/// Whose money a settlement moves: funds and accounts give it to the institution, which has the cash already.
fn lines(settlement: &Settlement) -> Vec<(Account, i64)> {
    let info = &settlement.setlinfo;
    let own = settlement.own_account();
    let mut lines = vec![(Account::Person(settlement.person.clone()), -own)];
    let relatives = settlement.relatives.iter();
    lines.extend(relatives.map(|relative| (Account::Person(relative.person.clone()), -relative.amount)));
    lines.extend(info.setldetail.iter().map(|part| (pool(part.fund_pay_type), -part.fund_payamt)));
    let owed = info.fund_pay_sumamt + own + info.acct_mulaid_pay;
    lines.push((Account::Institution(settlement.institution), owed));
    lines.push((Account::Outside("cash".into()), -info.psn_cash_pay));
    lines.push((Account::Outside(format!("till:{}", settlement.institution)), info.psn_cash_pay));
    lines
}

/// The pool that pays for a fund: insurance's own, where it has one.
fn pool(fund: FundType) -> Account {
    let word = match fund {
        FundType::EmployeesPool => return insurance(InsuranceKind::Medical),
        FundType::Residents => return insurance(InsuranceKind::Resident),
        FundType::Maternity => return insurance(InsuranceKind::Maternity),
        FundType::LargeSums => "large-sums",
        FundType::ResidentsSerious => "resident-serious",
        FundType::Assistance => "assistance",
        FundType::Other => "other",
    };
    Account::Pool(word.into())
}
