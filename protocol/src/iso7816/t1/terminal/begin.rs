//! How an exchange begins: what is prepared before the first character.

use super::super::block::{Pcb, Supervisory};
use super::super::bounds::IFS_MAX;
use super::super::connection::{Connection, Limits};
use super::super::error::{Budget, Fault, T1Error, Trouble};
use super::super::outgoing::OutgoingBlock;
use super::super::receiver::Receiver;
use super::{Abort, Exchange, Part, State, Task};
use crate::iso7816::apdu::{ApduError, Command, Pieces};

impl Connection {
    /// Prepares a command APDU; the response, status word included, will be written to `response`.
    pub fn exchange<'a>(&'a mut self, command: &'a [u8], response: &'a mut [u8], limits: Limits) -> Exchange<'a> {
        Exchange::new(self, Task::Command, Pieces::of_bytes(command), response, limits)
    }

    /// The same for a command that is not encoded. It is sent from where its data is, short or extended.
    ///
    /// # Errors
    /// [`ApduError::TooLong`]: Nc over 65 535 or Ne over 65 536.
    pub fn command<'a>(
        &'a mut self,
        command: &Command<'a>,
        response: &'a mut [u8],
        limits: Limits,
    ) -> Result<Exchange<'a>, ApduError> {
        Ok(Exchange::new(self, Task::Command, Pieces::of(command)?, response, limits))
    }

    /// Prepares to tell the card that the terminal takes blocks of up to `ifsd` information bytes, 1 to 254 (rule 4).
    ///
    /// Best done first after the reset: until then the card cuts its responses into pieces of 32 bytes.
    pub fn negotiate_ifsd(&mut self, ifsd: u8, limits: Limits) -> Exchange<'_> {
        Exchange::new(self, Task::Ifsd(ifsd.clamp(1, IFS_MAX)), Pieces::raw(&[]), &mut [], limits)
    }
}

impl<'a> Exchange<'a> {
    fn new(
        connection: &'a mut Connection,
        task: Task,
        command: Pieces<'a>,
        response: &'a mut [u8],
        limits: Limits,
    ) -> Self {
        let (frame, count) = match task {
            Task::Command => OutgoingBlock::of_command(connection, &command, 0),
            Task::Ifsd(ifsd) => {
                let prologue = [connection.nad, Pcb::Request(Supervisory::Ifs).encode(), 1];
                (OutgoingBlock::whole(connection.edc, prologue, [ifsd, 0, 0, 0, 0, 0, 0]), 0)
            }
        };
        let blocks = limits.blocks.checked_sub(1);
        let state = match blocks {
            _ if !connection.ready => State::Done(Err(T1Error::NeedsReset)),
            Some(_) => State::Sending(Part::Front),
            None => State::Done(Err(T1Error::OutOfBudget(Budget::Blocks))),
        };
        Self {
            receiver: Receiver::new(connection.edc, connection.ifsd, 0),
            cwt: connection.cwt,
            connection,
            task,
            command,
            response,
            limits: Limits { blocks: blocks.unwrap_or(0), ..limits },
            state,
            frame,
            offset: 0,
            count,
            gone: 0,
            len: 0,
            responding: false,
            taken: false,
            abort: Abort::No,
            failures: 0,
            before: Trouble { sent: 0, fault: Fault::Silence },
            extension: 1,
        }
    }
}
