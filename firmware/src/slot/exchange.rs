//! Carries one APDU over the line in the protocol in force. The engines of `qiyong_protocol` say what to send and how long to
//! wait; here it is done.
//!
//! Neither power nor ATR here: that is [`super::ContactSlot`]'s.

use qiyong_protocol::iso7816::apdu::{Command, Response};
use qiyong_protocol::iso7816::t0::{T0Error, T0Response};
use qiyong_protocol::iso7816::{t0, t1};

use super::repetition::{receive, send};
use super::{CardLine, LineError, SlotError};

/// The protocol of a powered card.
#[derive(Debug)]
pub(super) enum Protocol {
    /// T=0, within these limits.
    T0(t0::Limits),
    /// T=1, and what it remembers between APDUs.
    T1(t1::Connection),
}

impl SlotError {
    /// Whether the command is at fault: not a character of it was sent, and the card is as before.
    pub const fn is_of_the_command(self) -> bool {
        matches!(self, Self::T0(T0Error::ExtendedLength | T0Error::InsNotAllowed(_)) | Self::Command(_))
    }
}

impl Protocol {
    /// Whether only a reset helps the card after an exchange that ended with `error`.
    pub(super) const fn is_over(&self, error: SlotError) -> bool {
        match (error, self) {
            (error, _) if error.is_of_the_command() => false,
            // In T=1 the exchange may have ended in a way that both sides know of.
            (SlotError::T1(_) | SlotError::Response(_), Self::T1(link)) => !link.is_ready(),
            _ => true,
        }
    }

    /// Carries `command`; the response data lies in `buffer`. `unproven` is taken back when the first valid character has
    /// come.
    pub(super) async fn exchange<L: CardLine>(
        &mut self,
        line: &mut L,
        command: &Command<'_>,
        buffer: &mut [u8],
        unproven: &mut bool,
    ) -> Result<T0Response, SlotError> {
        match self {
            Self::T0(limits) => over_t0(line, command, buffer, *limits, unproven).await,
            Self::T1(link) => {
                let limits = t1::Limits::new(link, command.data.len(), buffer.len());
                let exchange = link.command(command, buffer, limits).map_err(SlotError::Command)?;
                let len = over_t1(line, exchange).await?;
                *unproven = false;
                let response = Response::decode(buffer.get(..len).unwrap_or_default()).map_err(SlotError::Response)?;
                Ok(T0Response { len: response.data.len(), sw: response.sw })
            }
        }
    }
}

async fn over_t0<L: CardLine>(
    line: &mut L,
    command: &Command<'_>,
    buffer: &mut [u8],
    limits: t0::Limits,
    unproven: &mut bool,
) -> Result<T0Response, SlotError> {
    let mut exchange = t0::Exchange::new(command, buffer, limits);
    let mut heard = false;
    loop {
        let step = exchange.step();
        if heard && !matches!(step, t0::Step::Done(Err(_))) {
            *unproven = false;
        }
        match step {
            t0::Step::Send(bytes) => {
                send(line, bytes).await?;
                exchange.sent();
            }
            t0::Step::Receive(within) => match receive(line, within).await? {
                Some((byte, etu)) => {
                    heard = true;
                    exchange.received(byte, etu);
                }
                None => exchange.timed_out(),
            },
            t0::Step::Done(result) => return result.map_err(SlotError::T0),
        }
    }
}

/// Runs an exchange of T=1 to its end; returns what [`t1::Step::Done`] does.
pub(super) async fn over_t1<L: CardLine>(line: &mut L, mut exchange: t1::Exchange<'_>) -> Result<usize, SlotError> {
    loop {
        match exchange.step() {
            t1::Step::Send(bytes) => {
                line.send(bytes).await?;
                exchange.sent();
            }
            t1::Step::Receive(within) => match line.receive(within).await {
                Ok((character, etu)) if character.parity_ok => exchange.received(character.byte, etu),
                Ok((_, etu)) => exchange.parity_error(etu),
                Err(LineError::Timeout) => exchange.timed_out(),
                Err(error) => return Err(error.into()),
            },
            t1::Step::Done(result) => return result.map_err(SlotError::T1),
        }
    }
}
