//! The way to a centre in the same process, in the bytes of ISO 8583, and the loss of messages on it.

use std::cell::RefCell;
use std::rc::Rc;

use thiserror::Error;

use qiyong_firmware::terminal::CentreLink;
use qiyong_protocol::centre::message::{MESSAGE_MAX, MessageError, read_answer, write_request};
use qiyong_protocol::centre::{Answer, Body, LinkError, Request, Stan};
use qiyong_protocol::rules::decision::Operation;

use super::centre::{CentreEnd, CentreFailure};
use super::event::{Event, Recorder};
use super::visit::LinkTrouble;
use crate::line::Seat;

/// How long a terminal waits for the centre's answer (docs/card.md §5.5), in seconds.
const ANSWER_WAIT: u64 = 60;

/// Why a request got no answer, or no usable answer.
#[derive(Debug, Error)]
pub enum ExchangeError {
    /// The centre failed.
    #[error(transparent)]
    Centre(CentreFailure),
    /// The request cannot be written: the centre knows nothing of it.
    #[error("the message to the centre: {0}")]
    Unwritable(MessageError),
    /// The answer cannot be read, or says that the centre could not act on the request.
    #[error("the message to the centre: {0}")]
    Answer(MessageError),
    /// The centre sent nothing back.
    #[error("the centre dropped the message, since it could not read it")]
    Dropped,
}

impl ExchangeError {
    /// The error that the terminal gets.
    pub const fn link_error(&self) -> LinkError {
        match self {
            Self::Unwritable(error) => LinkError::Unwritable { field: error.field() },
            Self::Answer(MessageError::Rejected(code)) => LinkError::Rejected(*code),
            Self::Centre(_) | Self::Answer(_) => LinkError::Failed,
            Self::Dropped => LinkError::NoAnswer,
        }
    }
}

/// A terminal's end of a line to a centre in the same process: turns requests into bytes and bytes into answers. The
/// owner of the line decides whether a message arrives, and how long this takes.
#[derive(Debug)]
pub struct CentreLine {
    /// The next number for messages without a transaction number.
    next: Stan,
}

impl Default for CentreLine {
    fn default() -> Self {
        Self::new()
    }
}

impl CentreLine {
    /// A line over which nothing has gone yet.
    pub const fn new() -> Self {
        Self { next: Stan(1) }
    }

    /// Sends `request` to `centre` and returns the answer.
    ///
    /// # Errors
    /// There is no usable answer.
    pub fn exchange(&mut self, centre: &mut dyn CentreEnd, request: &Request<'_>) -> Result<Answer, ExchangeError> {
        let number = self.next;
        self.next = number.next_message();
        let key = centre.key();
        let mut buffer = [0; MESSAGE_MAX];
        let (sent, bytes) = write_request(request, number, &key, &mut buffer).map_err(ExchangeError::Unwritable)?;
        let answer = centre.answer(bytes).map_err(ExchangeError::Centre)?.ok_or(ExchangeError::Dropped)?;
        read_answer(&answer, &sent, &key).map_err(ExchangeError::Answer)
    }
}

/// A terminal's link in a world.
pub(super) struct WorldLink {
    centre: Rc<RefCell<dyn CentreEnd>>,
    line: CentreLine,
    recorder: Recorder,
    failure: Rc<RefCell<Option<ExchangeError>>>,
    trouble: LinkTrouble,
    /// The number of messages of this visit so far.
    messages: usize,
    seat: Seat,
    /// Whether the card is pulled while the centre carries out the transaction.
    pull: bool,
}

impl WorldLink {
    pub(super) fn new(
        centre: Rc<RefCell<dyn CentreEnd>>,
        recorder: Recorder,
        failure: Rc<RefCell<Option<ExchangeError>>>,
        seat: Seat,
    ) -> Self {
        let line = CentreLine::new();
        Self { centre, line, recorder, failure, trouble: LinkTrouble::None, messages: 0, seat, pull: false }
    }

    /// A visit begins, during which this goes wrong.
    pub(super) const fn begin(&mut self, trouble: LinkTrouble, pull: bool) {
        (self.trouble, self.messages, self.pull) = (trouble, 0, pull);
    }
}

impl CentreLink for WorldLink {
    async fn ask(&mut self, request: &Request<'_>) -> Result<Answer, LinkError> {
        let (arrives, returns) = self.trouble.delivery(self.messages, &request.body);
        self.messages += 1;
        if self.pull && matches!(request.body, Body::Transact { .. }) {
            self.seat.pull();
            // The centre needs some time.
            embassy_futures::yield_now().await;
        }
        let answer = arrives.then(|| self.line.exchange(&mut *self.centre.borrow_mut(), request));
        let result = match answer {
            Some(Ok(answer)) if returns => Ok(answer),
            Some(Err(error)) => {
                let link_error = error.link_error();
                self.failure.borrow_mut().get_or_insert(error);
                Err(link_error)
            }
            _ => Err(LinkError::NoAnswer),
        };
        let answered = match (&result, arrives) {
            (Ok(answer), _) => describe_answer(answer),
            (Err(_), true) => "(the answer is lost)".to_string(),
            (Err(_), false) => "(the message is lost)".to_string(),
        };
        let event = Event::Message { asked: describe_body(&request.body), answered };
        self.recorder.note(event);
        if result.is_err() {
            self.recorder.time.advance_seconds(ANSWER_WAIT);
        }
        result
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
        Answer::SignedIn(lease) => format!("yes, in batch {:06} from number {:06} on", lease.batch.0, lease.next.0),
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
