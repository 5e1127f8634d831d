//! Carries out a transaction once and undoes it once, whatever is lost, repeated, or comes in the wrong order.
//!
//! [`qiyong_protocol::rules::decision`] decides whether a transaction may go on; this file carries it out. Institution,
//! terminal, batch and number (STAN) identify a transaction, and the journal remembers each one for ever:
//!
//! | What comes | What happens | Answer |
//! |---|---|---|
//! | a new number, of the terminal that has the name's lease | the transaction is decided and, if approved, carried out | approved or refused |
//! | a new number, of another terminal | recorded in the journal, not carried out | refused, not signed in |
//! | the same again | nothing | the same answer again |
//! | the same again after its reversal | nothing | if it was approved: refused, already reversed |
//! | a new number after its reversal | recorded in the journal, not carried out | refused, already reversed |
//! | a known number with another card, operation, amount or time | recorded in the journal, not carried out | refused, number reused |
//! | a reversal | an approved transaction is undone; an unknown number is remembered, with card, amount and time | done |
//! | a reversal again | nothing | done |
//! | a reversal with another card, amount or time than the number's | recorded in the journal, nothing undone | refused, number reused |
//!
//! A reversal needs no lease, since it names the batch of its original: what was begun under a lease is undone after
//! the lease has ended, too (docs/centre.md §12).
//!
//! Undoing returns the money, and takes back what the transaction put into use. If another approved transaction, which
//! is not undone, would have put it into use by itself, that transaction takes its place: the card stays active, and
//! the record of activations names this transaction. It must be in the card's area, since a card is never put into use
//! elsewhere (docs/card.md §2.5): payments that an active card made in other areas remain, but do not keep it active.

use qiyong_protocol::card::status::CardStatus;
use qiyong_protocol::centre::{Answer, Original, Receipt, Request, Stan};
use qiyong_protocol::rules::decision::{CardRecord, Operation, PresentedCard, decide};
use qiyong_protocol::rules::institution::Channel;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::journal::Function;
use super::leases;
use crate::error::{CentreError, Damage};
use crate::store::{Line, LineKind, Store, StoredTransaction, Subject, TransactionId};

/// Carries out `operation`, unless this transaction was carried out or undone before.
pub(crate) fn transact(
    store: &Store,
    request: &Request<'_>,
    stan: Stan,
    presented: &PresentedCard,
    operation: &Operation,
) -> Result<Answer, CentreError> {
    let id = identify(request, stan);
    let write = |kind| store.write(request, &Line { kind, card: Some(presented.number), operation: Some(operation) });
    store.atomically(|store| {
        let subject = Subject::new(presented.number, operation, request.time);
        let refuse = |reason| {
            write(LineKind::Refusal(Some(stan), reason))?;
            Ok(Answer::Refused(reason))
        };
        match (store.transaction(id)?, store.reversal(id)?) {
            (Some(known), _) if known.subject == subject => return Ok(answer_again(&known)),
            (None, Some(reversed)) if reversed == subject.original() => {
                write(LineKind::Transaction(stan, Err(Reason::AlreadyReversed)))?;
                return Ok(Answer::Refused(Reason::AlreadyReversed));
            }
            (None, None) => {}
            _ => return refuse(Reason::NumberReused),
        }
        let institution = store.institution(request.institution, request.time.date)?;
        // A place that is not known has no leases, and a reason of its own.
        if institution.is_some() && !leases::is_held(store, request)? {
            return refuse(Reason::NotSignedIn);
        }
        let record = store.card(presented.number)?;
        let decision = decide(operation, request.time.date, institution.as_ref(), presented, record.as_ref());
        let approved = decision.and_then(|effects| {
            let card = record.ok_or(Reason::CardUnknown)?;
            let balance = card.account.checked_sub(effects.charge).ok_or(Reason::InsufficientFunds)?;
            Ok((CardRecord { account: balance, ..card }, Receipt { effects, balance }))
        });
        let (mut card, receipt) = match approved {
            Ok(approved) => approved,
            Err(reason) => {
                write(LineKind::Transaction(stan, Err(reason)))?;
                return Ok(Answer::Refused(reason));
            }
        };
        let row = write(LineKind::Transaction(stan, Ok(receipt)))?;
        if receipt.effects.activates {
            card.status = CardStatus::Active;
            card.social = true;
            store.add_activation(row, Function::Social, card.number)?;
        }
        if receipt.effects.activates_financial {
            card.financial = true;
            store.add_activation(row, Function::Financial, card.number)?;
        }
        store.update_card(&card)?;
        Ok(Answer::Approved(receipt))
    })
}

/// Undoes the transaction with this number, or remembers the number in case the transaction still comes.
pub(crate) fn reverse(
    store: &Store,
    request: &Request<'_>,
    stan: Stan,
    original: Original,
) -> Result<Answer, CentreError> {
    let id = identify(request, stan);
    store.atomically(|store| {
        let known = store.transaction(id)?;
        let reversed = store.reversal(id)?;
        let named = known.as_ref().map(|known| known.subject.original()).or(reversed);
        if named.is_some_and(|named| named != original) {
            return Ok(Answer::Refused(Reason::NumberReused));
        }
        if reversed.is_some() {
            return Ok(Answer::Done);
        }
        store.remember_reversal(id, request.time, original)?;
        if let Some(known) = known
            && let Ok(receipt) = known.result
        {
            undo(store, &known, receipt)?;
        }
        Ok(Answer::Done)
    })
}

const fn identify(request: &Request<'_>, stan: Stan) -> TransactionId {
    let Request { institution, terminal, batch, .. } = *request;
    TransactionId { institution, terminal, batch, stan }
}

fn answer_again(known: &StoredTransaction) -> Answer {
    match known.result {
        Ok(_) if known.reversed => Answer::Refused(Reason::AlreadyReversed),
        Ok(receipt) => Answer::Approved(receipt),
        Err(reason) => Answer::Refused(reason),
    }
}

fn undo(store: &Store, known: &StoredTransaction, receipt: Receipt) -> Result<(), CentreError> {
    let card = store.card(known.subject.card)?;
    let mut card = card.ok_or(CentreError::Damaged(Damage::Card(known.subject.card)))?;
    card.account = Fen(card.account.0.saturating_add(receipt.effects.charge.0));
    let standing = store.transactions_of(card.number)?;
    for function in store.undo_activations(known.id)? {
        // The reversal has already been recorded, so `known` is not among them.
        match standing.iter().find(|other| keeps_in_use(other, function, &card)) {
            Some(heir) => store.add_activation(heir.id, function, card.number)?,
            None => take_back(&mut card, function),
        }
    }
    store.update_card(&card)
}

/// Whether this transaction by itself would have put `function` of `card` into use.
fn keeps_in_use(transaction: &StoredTransaction, function: Function, card: &CardRecord) -> bool {
    let stands = transaction.result.is_ok() && !transaction.reversed;
    let asked_only = transaction.subject.operation == Operation::Query.as_str();
    let local = transaction.institution.area() == Ok(card.area);
    let can = function == Function::Social || transaction.institution.channel() == Channel::Bank;
    stands && !asked_only && local && can
}

fn take_back(card: &mut CardRecord, function: Function) {
    match function {
        Function::Social => {
            card.social = false;
            // A card that was meanwhile reported lost or blocked stays so.
            if card.status == CardStatus::Active {
                card.status = CardStatus::Inactive;
            }
        }
        Function::Financial => card.financial = false,
    }
}
