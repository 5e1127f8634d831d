//! What the messages between terminal and centre say, in a few words: made from their bytes, by who watches the line. No
//! ID number and no name is in them.

use qiyong_protocol::centre::message::MessageError;
use qiyong_protocol::centre::{Answer, BatchState, Body, Deal, Request};
use qiyong_protocol::rules::decision::Operation;

/// What a request asks; `None` is one that cannot be read.
pub(super) fn request(request: Option<&Request<'_>>) -> String {
    request.map_or_else(|| "(a message that cannot be read)".to_string(), |request| describe_body(&request.body))
}

/// What an answer says, as whoever knows the keys has read it; `None`: to a request that cannot be read.
pub(super) fn answer(answer: Option<&Result<Answer, MessageError>>) -> String {
    match answer {
        Some(Ok(answer)) => describe_answer(answer),
        Some(Err(error)) => format!("({error})"),
        None => "(an answer that cannot be read)".to_string(),
    }
}

fn describe_body(body: &Body<'_>) -> String {
    match body {
        Body::Authenticate(step) => {
            let what = if step.external.is_some() { "is it genuine, and may I read it?" } else { "is it genuine?" };
            format!("card {:?}: {what}", step.ident)
        }
        Body::Inquire { card, operation } => {
            format!("card {}: how does it stand, for {}?", card.number, operation.as_str())
        }
        Body::Transact { stan, card, operation } => {
            format!("transaction {:06}, card {}: {}", stan.0, card.number, describe_operation(operation))
        }
        Body::SignIn { .. } => "may I work under this name?".to_string(),
        Body::SignOff => "my work is over".to_string(),
        Body::Echo => "are you there?".to_string(),
        Body::SettleBatch { totals } => {
            let [apply, settle, purchase] = Deal::ALL.map(|deal| totals.of(deal));
            format!(
                "settle my batch: {} applications, {} bills of {}, {} purchases of {}",
                apply.count, settle.count, settle.total, purchase.count, purchase.total
            )
        }
        Body::Upload { from, entries } => format!("my entries from {from:06} on: {}", entries.len()),
        Body::UploadDone { count } => format!("these were all, {count}: compare"),
        Body::Reverse { stan, original } => format!("reverse transaction {:06}, card {}", stan.0, original.card),
        Body::Confirm { stan, original, result: None } => {
            format!("transaction {:06}, card {}: it is done", stan.0, original.card)
        }
        Body::Confirm { stan, original, result: Some(reason) } => {
            format!("transaction {:06}, card {}: it is done, but {reason}", stan.0, original.card)
        }
        Body::PinChanged { card, .. } => format!("card {card}: the initial PIN was replaced"),
        Body::Report { reason, operation, .. } => format!("for the record: {} ended with {reason}", operation.as_str()),
    }
}

/// An operation and its amounts, in a few words.
pub fn describe_operation(operation: &Operation) -> String {
    match operation {
        Operation::Apply { document: Some(document) } => {
            format!("put it into use on application, {} shown", document.kind.as_str())
        }
        Operation::Apply { document: None } => "put it into use on application, no document shown".to_string(),
        Operation::Settle(bill) => format!("settle {}, of which the fund pays {}", bill.total(), bill.fund()),
        Operation::Purchase(bill) => format!("pay {}", bill.total()),
        Operation::Query => "ask how it stands".to_string(),
    }
}

fn describe_answer(answer: &Answer) -> String {
    match answer {
        Answer::Authenticated { external, .. } => if external.is_some() {
            "what the card must answer, and what it must hear"
        } else {
            "what the card must answer"
        }
        .to_string(),
        Answer::SignedIn { lease, .. } => {
            format!("yes, batch {:06}, numbers from {:06}, and a new key", lease.batch.0, lease.next.0)
        }
        Answer::Standing(standing) => {
            let pin = if standing.pin_is_initial { ", its PIN is the initial one" } else { "" };
            format!("it is {}{pin}", standing.status.as_str())
        }
        Answer::Approved(receipt) => {
            let activated = if receipt.effects.activates { ", the card is now active" } else { "" };
            format!("approved, {} charged, balance {}{activated}", receipt.effects.charge, receipt.balance)
        }
        Answer::Batch(BatchState::Open) => "first the totals".to_string(),
        Answer::Batch(BatchState::Balanced) => "the totals agree, the batch is settled".to_string(),
        Answer::Batch(BatchState::Differs) => "the totals differ: upload the entries".to_string(),
        Answer::Batch(BatchState::Closed) => "the batch is settled with a difference".to_string(),
        Answer::Done => "noted".to_string(),
        Answer::Refused(reason) => format!("refused: {reason}"),
    }
}
