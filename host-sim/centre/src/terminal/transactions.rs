//! Carries out a transaction once, and resolves it once: it is confirmed, or undone. Whatever is lost, repeated, or comes in the
//! wrong order.
//!
//! [`qiyong_protocol::rules::decision`] decides whether a transaction may go on; this file carries it out. Institution,
//! terminal, batch and number (STAN) identify a transaction, and the journal remembers each one for ever:
//!
//! | What comes | What happens | Answer |
//! |---|---|---|
//! | a new number, of the terminal that has the name's lease | the transaction is decided and, if approved, carried out | approved or refused |
//! | a new number, of another terminal | recorded in the journal, not carried out | refused, not signed in |
//! | a new number in a batch that is settled | recorded in the journal, not carried out | refused, batch settled |
//! | a new number, with a time too far from the centre's | decided: recorded, not carried out | refused, clock wrong |
//! | the same again | nothing | the same answer again |
//! | the same again after its reversal | nothing | if it was approved: refused, already reversed |
//! | the same again after the centre has undone it | nothing | refused, expired |
//! | a new number after its reversal | recorded in the journal, not carried out | refused, already reversed |
//! | a known number with another card, operation, amount or time | recorded in the journal, not carried out | refused, number reused |
//! | a new number that was passed on to another region | recorded in the journal, not carried out | refused, number reused |
//! | from another region, a repetition with a number that is new here | recorded: it never will be carried out | refused, region down |
//! | a reversal | an approved transaction is undone; an unknown number is remembered, with card, amount and time | done |
//! | a reversal again, or of what the centre has undone | nothing | done |
//! | a reversal of what was confirmed | recorded in the journal, nothing undone | refused, already confirmed |
//! | a confirmation | an approved transaction is posted | done |
//! | a confirmation again | nothing | done |
//! | a confirmation of what was reversed | recorded in the journal | refused, already reversed |
//! | a confirmation of what the centre has undone | recorded in the journal | refused, expired |
//! | a confirmation of what was never approved | recorded in the journal | refused, unknown transaction |
//! | a confirmation with another card, amount or time than the number's | recorded in the journal | refused, number reused |
//! | a reversal with another card, amount or time than the number's | recorded in the journal, nothing undone | refused, number reused |
//!
//! A transaction is pending from its approval until it is resolved; [`super::pending`] undoes what stays so for too long.
//!
//! A reversal or a confirmation needs no lease, since it names the batch of its original: what was begun under a lease is resolved after
//! the lease has ended, too (docs/centre.md §12).
//!
//! Undoing returns the money, and takes back what the transaction put into use. If another approved transaction, which
//! is not undone, would have put it into use by itself, that transaction takes its place: the card stays active, and
//! the record of activations names this transaction. It must be in the card's area, since a card is never put into use
//! elsewhere (docs/card.md §2.5): payments that an active card made in other areas remain, but do not keep it active.

use qiyong_protocol::centre::{Answer, Original, Receipt, Request, Stan};
use qiyong_protocol::rules::decision::{Operation, PresentedCard, decide};
use qiyong_protocol::rules::institution::{Channel, InstitutionCode};
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use crate::error::{CentreError, Damage};
use crate::institution::records::area_of;
use crate::ledger::{self, Account, Posting, Unposted};
use crate::life::card_act::FormalRelease;
use crate::life::card_file::{self, CardFile};
use crate::life::deeds::BankAct;
use crate::life::deeds::CardAct;
use crate::life::history::{self, Event};
use crate::store::{Line, LineKind, Store, StoredTransaction, TransactionId};
use crate::terminal::files::Files;
use crate::terminal::forwarded;
use crate::terminal::journal::{Function, Phase};
use crate::terminal::leases::Hold;
use crate::terminal::number::{Coming, Confirming, Number, Reversing, Subject};
use crate::terminal::origin::Origin;
use crate::terminal::settling::after;
use crate::terminal::settling::compare::Verdict;

/// Carries out `operation`, unless this transaction was carried out or undone before.
pub(crate) fn transact(
    files: Files<'_>,
    (request, origin): (&Request<'_>, Origin<'_>),
    stan: Stan,
    presented: &PresentedCard,
    operation: &Operation,
) -> Result<Answer, CentreError> {
    let id = identify(request, stan);
    let write = |kind| {
        let line = Line { kind, card: Some(presented.number), operation: Some(operation) };
        files.store.write(request, files.now, &line)
    };
    files.store.atomically(|store| {
        let subject = Subject::new(presented.number, operation, request.time);
        let refuse = |reason| {
            write(LineKind::Refusal(Some(stan), reason))?;
            Ok(Answer::Refused(reason))
        };
        match recorded(store, id)?.number().comes(&subject) {
            Coming::New => {}
            Coming::Again(answer) => return Ok(answer),
            Coming::Late => {
                write(LineKind::Transaction(stan, Err(Reason::AlreadyReversed)))?;
                return Ok(Answer::Refused(Reason::AlreadyReversed));
            }
            Coming::Other => return refuse(Reason::NumberReused),
        }
        let institution = origin.institution(files, request)?;
        let end = |reason| {
            write(LineKind::Transaction(stan, Err(reason)))?;
            Ok(Answer::Refused(reason))
        };
        if !origin.may_be_new() {
            return end(Reason::RegionDown);
        }
        // A place that is not known has no leases, and a reason of its own.
        if let Some(place) = &institution {
            if forwarded::find(store, place.area, id)?.is_some() {
                return refuse(Reason::NumberReused);
            }
            match origin.hold(files, request)? {
                Hold::Held => {}
                Hold::Settled => return refuse(Reason::BatchSettled),
                Hold::None if after::is_settled(store, id)? => return refuse(Reason::BatchSettled),
                Hold::None => return refuse(Reason::NotSignedIn),
            }
            // The number has met its end: what comes late, or too early, is not carried out when the clocks agree by chance.
            if !origin.has_right_clock(files, place, request)? {
                return end(Reason::ClockWrong);
            }
        }
        let known = files.card_for(presented.number, operation, institution.as_ref())?;
        let today = files.today()?;
        let approved = known.and_then(|known| {
            let record = known.as_ref().map(|known| &known.record);
            let effects = decide(operation, today, institution.as_ref(), presented, record)?;
            let card = known.ok_or(Reason::CardUnknown)?;
            let balance = card.record.account.checked_sub(effects.charge).ok_or(Reason::InsufficientFunds)?;
            Ok((card.file, Receipt { effects, balance }))
        });
        let (mut card, receipt) = match approved {
            Ok(approved) => approved,
            Err(reason) => return end(reason),
        };
        let row = write(LineKind::Transaction(stan, Ok(receipt)))?;
        store.add_pending(card.area, row, files.now)?;
        charge(files, &card, request.institution, (row, operation.as_str()), i128::from(receipt.effects.charge.0))?;
        let channel = request.institution.channel();
        if receipt.effects.activates {
            put_into_use(files, &mut card, request.institution, (Function::Social, row))?;
        }
        // At a bank only; elsewhere the decision never says so.
        if receipt.effects.activates_financial && channel == Channel::Bank {
            put_into_use(files, &mut card, request.institution, (Function::Financial, row))?;
        }
        Ok(Answer::Approved(receipt))
    })
}

/// Undoes the transaction with this number, or remembers the number in case the transaction still comes.
pub(crate) fn reverse(
    files: Files<'_>,
    request: &Request<'_>,
    stan: Stan,
    original: Original,
) -> Result<Answer, CentreError> {
    let id = identify(request, stan);
    files.store.atomically(|store| {
        let known = recorded(store, id)?;
        let undone = match known.number().is_reversed(original) {
            Reversing::Nothing(answer) => return Ok(answer),
            Reversing::Undo(undone) => undone,
        };
        store.remember_reversal(id, request.time, original)?;
        if let (Some(known), Some(receipt)) = (known.transaction, undone) {
            store.resolve(&known, Phase::Voided, files.now, None)?;
            undo(files, &known, receipt)?;
            after::note_late(files, known.id, Verdict::LateReversal)?;
        }
        Ok(Answer::Done)
    })
}

/// Notes that an approved transaction is done, as its terminal says; `result` is what failed on the card after the approval.
pub(crate) fn confirm(
    files: Files<'_>,
    request: &Request<'_>,
    (stan, original): (Stan, Original),
    result: Option<Reason>,
) -> Result<Answer, CentreError> {
    let id = identify(request, stan);
    files.store.atomically(|store| {
        let known = recorded(store, id)?;
        if let Confirming::Nothing(answer) = known.number().is_confirmed(original) {
            return Ok(answer);
        }
        if let Some(known) = known.transaction {
            store.resolve(&known, Phase::Posted, files.now, result)?;
            after::note_late(files, known.id, Verdict::LateConfirmation)?;
        }
        Ok(Answer::Done)
    })
}

/// Undoes the transaction in this row of the journal, which nobody has confirmed in time; `false`: it was resolved meanwhile.
pub(crate) fn expire(files: Files<'_>, row: i64) -> Result<bool, CentreError> {
    files.store.atomically(|store| {
        let Some(known) = store.transaction_in(row)? else { return Ok(false) };
        let Some(receipt) = known.decided.expires() else { return Ok(false) };
        if !store.resolve(&known, Phase::Expired, files.now, None)? {
            return Ok(false);
        }
        undo(files, &known, receipt)?;
        after::note_late(files, known.id, Verdict::LateExpiry)?;
        Ok(true)
    })
}

/// What the database has of a number.
struct Recorded {
    transaction: Option<StoredTransaction>,
    reversal: Option<Original>,
}

impl Recorded {
    fn number(&self) -> Number<'_> {
        Number { decided: self.transaction.as_ref().map(|known| &known.decided), reversal: self.reversal }
    }
}

fn recorded(store: &Store, id: TransactionId) -> Result<Recorded, CentreError> {
    Ok(Recorded { transaction: store.transaction(id)?, reversal: store.reversal(id)? })
}

/// What identifies the transaction of this number.
pub(crate) const fn identify(request: &Request<'_>, stan: Stan) -> TransactionId {
    let Request { institution, terminal, batch, .. } = *request;
    TransactionId { institution, terminal, batch, stan }
}

/// Moves money from the person's account to the institution; back, if `amount` is below zero. `row` is the
/// transaction's in the journal.
fn charge(
    files: Files<'_>,
    card: &CardFile,
    institution: InstitutionCode,
    (row, reason): (i64, &str),
    amount: i128,
) -> Result<(), CentreError> {
    if amount == 0 {
        return Ok(());
    }
    let out_of_range = || CentreError::Amount(Fen(u64::try_from(amount.unsigned_abs()).unwrap_or(u64::MAX)));
    let amount_fen = i64::try_from(amount).map_err(|_| out_of_range())?;
    let posting = Posting {
        day: files.now.date(),
        reason: reason.to_owned(),
        reference: format!("journal {row}"),
        lines: vec![
            (Account::Person(card.person.clone()), -amount_fen),
            (Account::Institution(institution), amount_fen),
        ],
    };
    match ledger::post(&files.office(card.area), "-", &posting)? {
        Ok(_) => Ok(()),
        // The decision has looked at the balance within this transaction.
        Err(Unposted::Short(_)) => Err(CentreError::Damaged(Damage::Column("balances.balance".into()))),
        Err(Unposted::Unbalanced) => Err(out_of_range()),
    }
}

/// Puts a function of the card into use, by the transaction in this row of the journal.
fn put_into_use(
    files: Files<'_>,
    card: &mut CardFile,
    institution: InstitutionCode,
    (function, row): (Function, i64),
) -> Result<(), CentreError> {
    files.store.add_activation(row, function, (card.area, card.number))?;
    change(files, card, institution, function, Change::PutIntoUse)
}

/// What a terminal's transaction does to a function.
#[derive(Clone, Copy)]
enum Change {
    PutIntoUse,
    TakeBack,
}

/// Changes a function of the card by the tables of its life, and notes it in the card's history. What the tables refuse
/// was not admitted by the decision; then nothing changes.
fn change(
    files: Files<'_>,
    card: &mut CardFile,
    institution: InstitutionCode,
    function: Function,
    what: Change,
) -> Result<(), CentreError> {
    let place = institution.channel().into();
    let in_use = matches!(what, Change::PutIntoUse);
    let (before, after, act): (String, String, &str) = match function {
        Function::Social => {
            let act = if in_use { CardAct::Activate } else { CardAct::TakeBack };
            let before = card.status_at(files.now);
            let Ok(step) = act.judge(place, before, FormalRelease::default()) else { return Ok(()) };
            card.social = in_use;
            let after = step.after(before, card.social);
            card.set_status(after);
            (before.as_str().into(), after.as_str().into(), act.word())
        }
        Function::Financial => {
            let act = if in_use { BankAct::Activate } else { BankAct::TakeBack };
            let before = card.bank_status_at(files.now);
            let Ok(step) = act.judge(place, before, false) else { return Ok(()) };
            card.financial = in_use;
            let after = step.after(before, card.financial);
            card.set_bank_status(after);
            (before.word().into(), after.word().into(), act.into())
        }
    };
    let office = files.office(card.area);
    card_file::update(&office, card)?;
    let event = Event {
        time: files.now,
        act: act.to_owned(),
        function,
        place,
        operator: "-".into(),
        outlet: institution.to_string(),
        before,
        after,
        note: None,
    };
    history::add(&office, card, &event)
}

fn undo(files: Files<'_>, known: &StoredTransaction, receipt: Receipt) -> Result<(), CentreError> {
    let number = known.decided.subject.card;
    let card = card_file::find(files.store, &files.store.vault, number)?;
    let mut card = card.ok_or(CentreError::Damaged(Damage::Card(number)))?;
    let reason = format!("{}-undone", known.decided.subject.operation);
    charge(files, &card, known.institution, (known.id, &reason), -i128::from(receipt.effects.charge.0))?;
    let undone = files.store.undo_activations(card.area, known.id)?;
    if undone.is_empty() {
        return Ok(());
    }
    let standing = files.store.transactions_of(card.number)?;
    for function in undone {
        // That it is undone has already been recorded, so `known` is not among them.
        let mut heir = None;
        for other in &standing {
            if heir.is_none() && keeps_in_use(files, other, function, &card)? {
                heir = Some(other.id);
            }
        }
        match heir {
            Some(heir) => files.store.add_activation(heir, function, (card.area, card.number))?,
            None => change(files, &mut card, known.institution, function, Change::TakeBack)?,
        }
    }
    Ok(())
}

/// Whether this transaction by itself would have put `function` of `card` into use.
fn keeps_in_use(
    files: Files<'_>,
    transaction: &StoredTransaction,
    function: Function,
    card: &CardFile,
) -> Result<bool, CentreError> {
    let channel = transaction.institution.channel();
    Ok(transaction.decided.keeps_in_use(function, channel, true)
        && area_of(files.store, transaction.institution)? == Some(card.area))
}
