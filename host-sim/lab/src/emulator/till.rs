//! The till's end of the board's serial line: frames in both directions, the centre behind it, and the loss of messages
//! on the way to the centre. The machine decides what follows from the frames.

use std::os::unix::net::UnixStream;

use thiserror::Error;

use qiyong_protocol::centre::Body;
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::{MESSAGE_MAX, Parts, read_request};
use qiyong_protocol::ecr::{Command, Event};
use qiyong_protocol::frame::{Decoder, Frame, FrameError, Peer, encode, encoded_len};

use super::EmulatorError;
use super::lines::SerialLine;
use qiyong_sim::world::centre::CentreEnd;
use qiyong_sim::world::visit::LinkTrouble;

/// What came from the board.
#[derive(Debug)]
pub(super) enum Heard {
    /// An event for the till.
    Event(Event),
    /// A message for the centre.
    ToCentre(Vec<u8>),
    /// What came says nothing.
    Nonsense(Nonsense),
}

/// Why what came from the board says nothing.
#[derive(Debug, Error)]
pub(super) enum Nonsense {
    /// It is a frame to the till without an event in it.
    #[error("an event that is none")]
    NoEvent,
    /// It is no frame.
    #[error(transparent)]
    NoFrame(FrameError),
}

/// The line's rate, in bits a second.
const BAUD: u64 = 115_200;

/// The line.
pub(super) struct TillLine {
    line: SerialLine,
    decoder: Box<Decoder<{ encoded_len(MESSAGE_MAX) }>>,
    /// What goes wrong on the way to the centre during this visit, and how many messages have gone that way.
    trouble: LinkTrouble,
    messages: usize,
    /// The centre's answers that the board has not got yet.
    answers: Vec<Vec<u8>>,
}

impl TillLine {
    pub(super) fn new(stream: UnixStream) -> Self {
        Self {
            line: SerialLine::new(stream, BAUD),
            decoder: Box::default(),
            trouble: LinkTrouble::None,
            messages: 0,
            answers: Vec::new(),
        }
    }

    /// The bytes on it.
    pub(super) const fn line(&mut self) -> &mut SerialLine {
        &mut self.line
    }

    /// A visit begins, during which this goes wrong.
    pub(super) fn begin(&mut self, trouble: LinkTrouble) {
        (self.trouble, self.messages) = (trouble, 0);
        self.answers.clear();
    }

    /// Sends a command to the terminal.
    pub(super) fn command(&mut self, command: &Command, now: u64) -> Result<(), EmulatorError> {
        self.send(Peer::Till, &command.encode(), now)
    }

    /// Brings a message to the centre, unless it is to be lost, and keeps the answer, unless that is to be lost.
    /// Returns whether the message is a transaction.
    pub(super) fn pass_on(&mut self, message: &[u8], centre: &mut dyn CentreEnd) -> Result<bool, EmulatorError> {
        let key = centre.key();
        let mut parts = Parts::default();
        let request = Message::read(message).ok().and_then(|message| read_request(&message, &key, &mut parts).ok());
        let (trouble, number) = (self.trouble, self.messages);
        self.messages += 1;
        let delivery = |body: &Body<'_>| {
            let (arrives, returns) = trouble.delivery(number, body);
            (arrives, returns, matches!(body, Body::Transact { .. }))
        };
        // A message that cannot be read is for the centre to reject.
        let (arrives, returns, transaction) = request.map_or((true, true, false), |request| delivery(&request.body));
        let answer = if arrives { centre.answer(message).map_err(EmulatorError::Centre)? } else { None };
        self.answers.extend(answer.filter(|_| returns));
        Ok(transaction)
    }

    /// Sends the centre's answers to the board; returns whether there were any.
    pub(super) fn answer(&mut self, now: u64) -> Result<bool, EmulatorError> {
        let answers = std::mem::take(&mut self.answers);
        for answer in &answers {
            self.send(Peer::Centre, answer, now)?;
        }
        Ok(!answers.is_empty())
    }

    fn send(&mut self, peer: Peer, payload: &[u8], now: u64) -> Result<(), EmulatorError> {
        let mut buffer = [0; encoded_len(MESSAGE_MAX)];
        let frame = encode(peer, payload, &mut buffer).ok_or(EmulatorError::TooLong(payload.len()))?;
        self.line.say(frame, now);
        Ok(())
    }

    /// What has come since the last call.
    pub(super) fn hear(&mut self) -> Result<Vec<Heard>, EmulatorError> {
        let bytes = self.line.hear()?;
        let heard = bytes.into_iter().filter_map(|byte| {
            Some(match self.decoder.push(byte)? {
                Ok(Frame { peer: Peer::Till, payload }) => match Event::decode(payload) {
                    Some(event) => Heard::Event(event),
                    None => Heard::Nonsense(Nonsense::NoEvent),
                },
                Ok(Frame { peer: Peer::Centre, payload }) => Heard::ToCentre(payload.to_vec()),
                Err(error) => Heard::Nonsense(Nonsense::NoFrame(error)),
            })
        });
        Ok(heard.collect())
    }
}
