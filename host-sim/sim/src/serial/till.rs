//! The till's end of a terminal's serial line, whatever carries its bytes: frames in both directions, the centre behind
//! them, and the loss of messages on the way to the centre. Who sends the bytes, and what follows from what is heard, is
//! for the owner to decide.

use std::collections::BTreeMap;

use thiserror::Error;
use zeroize::Zeroizing;

use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::centre::message::{MESSAGE_MAX, MessageError, Parts, write_answer};
use qiyong_protocol::centre::{Answer, Body, Request};
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::frame::{Decoder, Frame, FrameError, Peer, encode, encoded_len};
use qiyong_protocol::rules::reason::Reason;

use super::ears::Ears;
use super::words;
use crate::decode::masked_message;
use crate::world::centre::{CentreEnd, CentreFailure};
use crate::world::visit::{Delivery, LinkTrouble};

/// The most bytes of a frame.
const FRAME_MAX: usize = encoded_len(MESSAGE_MAX);

/// What came from the terminal.
#[derive(Debug)]
pub enum Heard {
    /// An event for the till.
    Event(Event),
    /// A message for the centre.
    ToCentre(Vec<u8>),
    /// What came says nothing.
    Nonsense(Nonsense),
}

/// Why what came from the terminal says nothing.
#[derive(Debug, Error)]
pub enum Nonsense {
    /// It is a frame to the till without an event in it.
    #[error("an event that is none: wait until the terminal says it again")]
    NoEvent,
    /// It is no frame.
    #[error(transparent)]
    NoFrame(FrameError),
}

/// What became of a message to the centre.
#[derive(Debug)]
pub struct Passed {
    /// Whether it is a transaction.
    pub transaction: bool,
    /// What it asks, in a few words.
    pub asked: String,
    /// What the centre answered, in a few words, or why the terminal gets no answer.
    pub answered: String,
    /// The message as it came to the centre, and what the centre sent back, secrets as `*`; none that did not.
    pub bytes: [Option<Vec<u8>>; 2],
}

/// The till's end.
pub struct TillEnd {
    decoder: Box<Decoder<{ FRAME_MAX - 2 }>>,
    ears: Ears,
    /// What goes wrong on the way to the centre during this visit, and how many messages have gone that way.
    trouble: LinkTrouble,
    messages: usize,
    /// What becomes of single messages instead.
    single: BTreeMap<usize, Delivery>,
    /// The centre's answers that the terminal has not got yet.
    answers: Vec<Vec<u8>>,
    /// The answer that comes too late: with the next one.
    late: Option<Vec<u8>>,
    /// Whether something has gone wrong with a message.
    disturbed: bool,
}

impl Default for TillEnd {
    fn default() -> Self {
        let (trouble, single) = (LinkTrouble::None, BTreeMap::new());
        Self {
            decoder: Box::default(),
            ears: Ears::default(),
            trouble,
            messages: 0,
            single,
            answers: Vec::new(),
            late: None,
            disturbed: false,
        }
    }
}

impl TillEnd {
    /// A visit begins, during which this goes wrong: `single` is for single messages, by their number from 0.
    pub fn begin(&mut self, trouble: LinkTrouble, single: BTreeMap<usize, Delivery>) {
        (self.trouble, self.messages, self.single, self.late) = (trouble, 0, single, None);
        self.answers.clear();
        // Nothing goes that way.
        self.disturbed = trouble == LinkTrouble::Unsendable;
    }

    /// Whoever runs this end was killed and starts again: half a frame, and answers that have not gone out, are gone.
    pub fn begin_anew(&mut self) {
        *self.decoder = Decoder::default();
        self.begin(LinkTrouble::None, BTreeMap::new());
    }

    /// How many messages have come from the terminal in this visit.
    pub const fn messages(&self) -> usize {
        self.messages
    }

    /// Whether nothing has gone wrong with a message in this visit, though something was to.
    pub fn is_left(&self) -> bool {
        self.trouble != LinkTrouble::None && !self.disturbed
    }

    /// Takes the next byte from the terminal. Most bytes end nothing.
    pub fn hear(&mut self, byte: u8) -> Option<Heard> {
        let heard = match self.decoder.push(byte)? {
            Ok(Frame { peer: Peer::Till, payload }) => match Event::decode(payload) {
                Some(event) => Heard::Event(event),
                None => Heard::Nonsense(Nonsense::NoEvent),
            },
            Ok(Frame { peer: Peer::Centre, payload }) => Heard::ToCentre(payload.to_vec()),
            Err(error) => Heard::Nonsense(Nonsense::NoFrame(error)),
        };
        self.decoder.wipe();
        Some(heard)
    }

    /// Brings a message to the centre, unless it is to be lost, and keeps the answer, unless that is to be lost.
    ///
    /// # Errors
    /// The centre failed.
    pub fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<Passed, CentreFailure> {
        let master = centre.key();
        let mut parts = Parts::default();
        let request = self.ears.request(message, &master, &mut parts).ok();
        let single = self.single.get(&self.messages).copied();
        self.messages += 1;
        // A message that cannot be read is for the centre to reject.
        let usual = request.as_ref().map_or(Delivery::WHOLE, |request| self.trouble.delivery(&request.body));
        let delivery = single.unwrap_or(usual);
        self.disturbed |= delivery != Delivery::WHOLE;
        let transaction = matches!(request, Some(Request { body: Body::Transact { .. }, .. }));
        let asked = words::request(request.as_ref());
        let damaged;
        let sent = match delivery.damaged {
            true => {
                damaged = with_a_byte_changed(message);
                &damaged[..]
            }
            false => message,
        };
        if let Some(statement) = delivery.killed {
            centre.dies_at(statement);
        }
        let answer = match delivery {
            Delivery { arrives: false, .. } => None,
            Delivery { refused: Some(reason), .. } => Some(refusal(sent, reason, &self.ears, &master)?),
            _ => centre.answer(sent)?,
        };
        let answer = match (answer, delivery.wrong_key) {
            (Some(answer), true) => Some(with_wrong_key(&answer, message, &mut self.ears, &master)?),
            (answer, _) => answer,
        };
        let said = match (&answer, &request) {
            (Some(answer), Some(request)) => Some(self.ears.answer(answer, message, request, &master)),
            _ => None,
        };
        if let Some(request) = &request
            && delivery.arrives
            && delivery.refused.is_none()
        {
            let said = said.as_ref().and_then(|said| said.as_ref().ok());
            centre.overheard(request, said);
        }
        let answered = match (&answer, &request, delivery) {
            (_, _, Delivery { arrives: false, .. }) => "(the message is lost)".to_string(),
            (_, _, Delivery { killed: Some(_), .. }) => "(the centre is killed)".to_string(),
            (None, ..) => "(the centre cannot read it and says nothing)".to_string(),
            (_, _, Delivery { returns: false, .. }) => "(the answer is lost)".to_string(),
            (Some(_), _, Delivery { late: true, .. }) => "(the answer comes too late)".to_string(),
            (Some(_), ..) => words::answer(said.as_ref()),
        };
        let came = (delivery.arrives && delivery.refused.is_none()).then(|| masked_message(sent));
        let bytes = [came, answer.as_deref().map(masked_message)];
        match answer.filter(|_| delivery.returns) {
            Some(answer) if delivery.late => self.late = Some(answer),
            Some(answer) => {
                self.answers.extend(self.late.take());
                self.answers.extend(delivery.twice.then(|| answer.clone()));
                self.answers.push(answer);
            }
            None => {}
        }
        Ok(Passed { transaction, asked, answered, bytes })
    }

    /// The centre's answers, which go to the terminal now.
    pub fn take_answers(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.answers)
    }

    /// The same in frames.
    pub fn answers(&mut self) -> Vec<Vec<u8>> {
        self.take_answers().iter().map(|answer| from_centre(answer)).collect()
    }
}

/// The frame with a command, which may hold a key.
pub fn command(command: &Command) -> Zeroizing<Vec<u8>> {
    // A command has room in a frame.
    Zeroizing::new(frame(Peer::Till, &command.encode()).unwrap_or_default())
}

/// The frame with an answer of the centre's. An empty one says that there is none: the terminal passes over it.
pub fn from_centre(answer: &[u8]) -> Vec<u8> {
    frame(Peer::Centre, answer).unwrap_or_default()
}

/// The frame with this payload; `None` if it is too long for a frame.
fn frame(peer: Peer, payload: &[u8]) -> Option<Vec<u8>> {
    let mut buffer = Zeroizing::new([0; FRAME_MAX]);
    encode(peer, payload, &mut *buffer).map(<[u8]>::to_vec)
}

/// The answer of whoever stands before the centre and does not bring the message there.
fn refusal(message: &[u8], reason: Reason, ears: &Ears, master: &X919) -> Result<Vec<u8>, CentreFailure> {
    let mut buffer = [0; MESSAGE_MAX];
    let message = Message::read(message).map_err(MessageError::from)?;
    let key = ears.key_of(&message, master);
    Ok(write_answer(&Answer::Refused(reason), &message, &key, &mut buffer)?.to_vec())
}

/// The answer to a sign-in as of a centre that has another master key for the terminal than it knows itself: the working key
/// does not fit its check value.
fn with_wrong_key(answer: &[u8], message: &[u8], ears: &mut Ears, master: &X919) -> Result<Vec<u8>, CentreFailure> {
    let mut parts = Parts::default();
    let request = ears.request(message, master, &mut parts)?;
    let mut said = ears.answer(answer, message, &request, master)?;
    if let Answer::SignedIn { session, .. } = &mut said {
        session.key.check = session.key.check.map(|byte| !byte);
    }
    let mut buffer = [0; MESSAGE_MAX];
    let message = Message::read(message).map_err(MessageError::from)?;
    Ok(write_answer(&said, &message, master, &mut buffer)?.to_vec())
}

/// A message as it would be after a change on its way: of its last byte before F64. A rejection is bound to F64 as it came, so
/// that the terminal would take none if that had changed.
fn with_a_byte_changed(message: &[u8]) -> Vec<u8> {
    let mut bytes = message.to_vec();
    if let Some(byte) = bytes.iter_mut().rev().nth(8) {
        *byte ^= 1;
    }
    bytes
}
