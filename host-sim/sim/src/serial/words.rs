//! What the messages between terminal and centre say, in a few words: made from their bytes, by who watches the line. No
//! ID number and no name is in them.

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{MESSAGE_MAX, read_answer, write_request};
use qiyong_protocol::centre::{Answer, Body, Request, Stan};
use qiyong_protocol::rules::decision::Operation;
use zeroize::Zeroizing;

/// What a request asks; `None` is one that cannot be read.
pub(super) fn request(request: Option<&Request<'_>>) -> String {
    request.map_or_else(|| "(a message that cannot be read)".to_string(), |request| describe_body(&request.body))
}

/// What an answer says, to the terminal that sent `request`.
pub(super) fn answer(answer: &[u8], request: Option<&Request<'_>>, key: &X919) -> String {
    let read = || {
        let number = Message::read(answer).ok()?.field(11)?.digit_array::<6>()?;
        let stan = Stan(number.iter().fold(0, |number, digit| number * 10 + u32::from(*digit)));
        // The terminal's own note of what it has sent, made once more.
        let mut buffer = Zeroizing::new([0; MESSAGE_MAX]);
        let (sent, _) = write_request(request?, stan, key, &mut *buffer).ok()?;
        Some(match read_answer(answer, &sent, key) {
            Ok(answer) => describe_answer(&answer),
            Err(error) => format!("({error})"),
        })
    };
    read().unwrap_or_else(|| "(an answer that cannot be read)".to_string())
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
        Body::Reverse { stan, original } => format!("reverse transaction {:06}, card {}", stan.0, original.card),
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
        Answer::SignedIn(lease) => format!("yes, batch {:06}, numbers from {:06}", lease.batch.0, lease.next.0),
        Answer::Standing(standing) => {
            let pin = if standing.pin_is_initial { ", its PIN is the initial one" } else { "" };
            format!("it is {}{pin}", standing.status.as_str())
        }
        Answer::Approved(receipt) => {
            let activated = if receipt.effects.activates { ", the card is now active" } else { "" };
            format!("approved, {} charged, balance {}{activated}", receipt.effects.charge, receipt.balance)
        }
        Answer::Done => "noted".to_string(),
        Answer::Refused(reason) => format!("refused: {reason}"),
    }
}
