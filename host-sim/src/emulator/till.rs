//! The till's end of the board's serial line, and the centre behind it: commands and endings, the board's messages to the
//! centre and the centre's answers, in the frames of `qiyong_firmware::link`. What is to get lost on the line gets lost here.

use std::os::unix::net::UnixStream;

use qiyong_firmware::link::{self, Command, Ending, Frame, Receiver};
use qiyong_protocol::activation::decision::Operation;
use qiyong_protocol::activation::institution::InstitutionCode;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::host::{Body, Request, TerminalId};

use super::EmulatorError;
use super::clock::BoardClock;
use super::machine::{read_available, write_whole};
use crate::bench::LinkTrouble;
use crate::centre::Centre;

/// What the board said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The visit is over.
    Ended(Ending),
    /// Something to the centre, which may have answered; whether it is a transaction.
    Message {
        /// It is one.
        transaction: bool,
    },
    /// A frame that is none.
    Garbage,
}

/// The till.
pub(super) struct Till {
    line: UnixStream,
    receiver: Receiver,
    place: (InstitutionCode, TerminalId),
    /// What goes wrong in this visit, and its messages to the centre so far.
    trouble: LinkTrouble,
    messages: usize,
    /// What the centre has answered and the board has not been told.
    answers: Vec<Frame>,
}

impl Till {
    /// A till at a line; `place` is where the board stands.
    pub(super) fn new(line: UnixStream, place: (InstitutionCode, TerminalId)) -> Self {
        Self {
            line,
            receiver: Receiver::default(),
            place,
            trouble: LinkTrouble::None,
            messages: 0,
            answers: Vec::new(),
        }
    }

    pub(super) const fn line(&self) -> &UnixStream {
        &self.line
    }

    /// A visit begins, in which this goes wrong.
    pub(super) const fn begin(&mut self, trouble: LinkTrouble) {
        (self.trouble, self.messages) = (trouble, 0);
    }

    /// Sends a command.
    pub(super) fn command(&mut self, command: &Command, clock: &mut BoardClock) -> Result<(), EmulatorError> {
        self.send(&command.encode(), clock)
    }

    fn send(&mut self, frame: &[u8], clock: &mut BoardClock) -> Result<(), EmulatorError> {
        let bytes: Vec<_> = link::framed(frame).collect();
        self.disturb(&bytes, clock)
    }

    /// Sends what need not be a frame.
    pub(super) fn disturb(&mut self, bytes: &[u8], clock: &mut BoardClock) -> Result<(), EmulatorError> {
        clock.fed(bytes.len());
        write_whole(&mut self.line, bytes)
    }

    /// What the board has said; the centre acts on it, and [`Till::answer`] tells the board what comes of that.
    pub(super) fn hear(
        &mut self,
        centre: &mut Centre,
        operation: &Operation,
        time: Timestamp,
        clock: &mut BoardClock,
    ) -> Result<Vec<Heard>, EmulatorError> {
        let (institution, terminal) = self.place;
        let mut all = Vec::new();
        for byte in read_available(&mut self.line)? {
            clock.heard();
            let Some(frame) = self.receiver.received(byte) else {
                continue;
            };
            if let Some(ending) = Ending::decode(frame) {
                all.push(Heard::Ended(ending));
                continue;
            }
            let (trouble, number) = (self.trouble, self.messages);
            let message = link::with_body(frame, operation, |body| {
                let (arrives, returns) = trouble.delivery(number, body);
                let request = Request { institution, terminal, time, body: body.clone() };
                let answer = arrives.then(|| centre.handle(&request)).transpose()?;
                let transaction = matches!(body, Body::Transact { .. });
                Ok::<_, EmulatorError>((answer.filter(|_| returns), transaction))
            });
            let Some(message) = message else {
                all.push(Heard::Garbage);
                continue;
            };
            let (answer, transaction) = message?;
            self.messages += 1;
            self.answers.extend(answer.map(|answer| link::encode_answer(&answer)));
            all.push(Heard::Message { transaction });
        }
        Ok(all)
    }

    /// Tells the board what the centre has answered; returns whether there was anything.
    pub(super) fn answer(&mut self, clock: &mut BoardClock) -> Result<bool, EmulatorError> {
        let answers = std::mem::take(&mut self.answers);
        for answer in &answers {
            self.send(answer, clock)?;
        }
        Ok(!answers.is_empty())
    }
}
