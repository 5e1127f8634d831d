//! Commands and responses that go in several messages (CCID 1.1 sections 6.1.4 and 6.2.1).

use super::{Chain, Engine, WHOLE};
use crate::ccid::apdus::Apdus;
use crate::ccid::job::Job;
use crate::ccid::message::{Answer, DATA_MAX, Failure, Message, Reply, Request, Status};
use crate::faults::{Fault, has};

const BEGINS: u16 = 1;
const ENDS: u16 = 2;
const GOES_ON: u16 = 3;
/// The host waits for more of the response; in an answer: the reader waits for more of the command.
const MORE: u16 = 0x10;

impl Engine {
    /// PC_to_RDR_XfrBlock at the level of extended APDUs (section 6.1.4).
    pub(super) fn transfer(&mut self, message: Message<'_>, apdus: &mut Apdus<'_>) -> Result<(), Failure> {
        self.must_be_active()?;
        let (level, chain) = (message.level(), self.chain);
        match (level, chain) {
            (MORE, Chain::Response(_)) if message.data.is_empty() => {
                self.piece(message.seq, apdus);
                return Ok(());
            }
            (MORE, Chain::Response(_)) => return Err(Failure::LENGTH),
            (WHOLE | BEGINS, _) => {
                self.end_chain(apdus);
                apdus.forget_command();
            }
            (ENDS | GOES_ON, Chain::Command) => {}
            _ if has(Fault::AnyLevel) => {}
            _ => {
                self.end_chain(apdus);
                return Err(Failure::LEVEL);
            }
        }
        if message.data.is_empty() || !apdus.push(message.data) {
            self.chain = Chain::None;
            apdus.forget_command();
            return Err(Failure::LENGTH);
        }
        if matches!(level, BEGINS | GOES_ON) {
            self.chain = Chain::Command;
            self.reply(Reply::DataBlock, message.seq, Status::Done, MORE as u8, &[]);
        } else {
            self.chain = Chain::None;
            self.begin(Request::Transfer, message.seq, Job::Transmit);
        }
        Ok(())
    }

    /// The next piece of the response (section 6.2.1).
    pub(super) fn piece(&mut self, seq: u8, apdus: &mut Apdus<'_>) {
        let Chain::Response(at) = self.chain else { return };
        let rest = apdus.response.get(at..apdus.response_len).unwrap_or_default();
        let piece = rest.get(..DATA_MAX).unwrap_or(rest);
        let (is_first, is_last) = (at == 0, piece.len() == rest.len());
        let level = match (is_first, is_last) {
            (true, true) => WHOLE,
            (true, false) => BEGINS,
            (false, true) => ENDS,
            (false, false) => GOES_ON,
        };
        let (next, seq) = (at + piece.len(), if has(Fault::OldSequence) { seq.wrapping_sub(1) } else { seq });
        let answer = Answer::new(Reply::DataBlock, seq, self.icc, Status::Done, level as u8, piece);
        self.answer = Some(answer);
        if is_last {
            self.chain = Chain::None;
            apdus.forget_response();
        } else {
            self.chain = Chain::Response(if has(Fault::PieceLost) { next + 1 } else { next });
        }
    }
}
