//! Cold and warm reset, and the answer to it (ISO/IEC 7816-3 clauses 6.2.2, 6.2.3 and 8.1).
//!
//! What the answer means is for `negotiation`.

use qiyong_protocol::iso7816::Etu;
use qiyong_protocol::iso7816::atr::{Atr, AtrError};
use qiyong_protocol::iso7816::character::Convention;

use super::repetition::receive;
use super::{CardLine, Clock, ContactSlot, LineConfig, LineError, SlotError, VoltageClass};

/// A powered-down card is left alone for 10 ms before it is powered again (clause 6.2.4): a hundredth of a second.
const REST_PER_SECOND: u32 = 100;
/// RST stays low at least 400 cycles after CLK starts (clause 6.2.2), and as long in a warm reset (6.2.3).
const RESET_CYCLES: u32 = 400;
/// TS comes at most 40 000 cycles after RST goes high (clause 6.2.2): 107.5 etu of 372 cycles.
const FIRST_CHARACTER: Etu = 108;
/// The initial waiting time: at most this between two characters of the ATR (clause 8.1), and of a PPS (clause 9.1).
pub(super) const INITIAL_WAITING_TIME: Etu = 9600;
/// The most the whole ATR may take; clause 8.1 sets no limit below 33 initial waiting times, EMV and readers 20 160.
const ATR_BUDGET: Etu = 20_160;
/// So many characters behind the end of an ATR are listened to: with T0 lost, the rest of it may seem to be behind the end.
const SURPLUS_MAX: u8 = 32;
/// The least etu from the card's last character to the terminal's first in T=0 and PPS (clause 10.2; cards of the PBOC
/// family need it). T=1 has its block guard time. Where the card's guard time is longer, that counts.
pub(super) const TURNAROUND: Etu = 16;

impl<L: CardLine> ContactSlot<L> {
    /// Clause 6.2.2: RST low, VCC on, I/O released, CLK on, and RST high after 400 cycles. When power was taken the slot does not
    /// know, so the card is left alone first.
    pub(super) async fn cold_reset(&mut self, class: VoltageClass) -> Result<(), SlotError> {
        if self.was_powered {
            self.line.wait(self.line.clk_hz().div_ceil(REST_PER_SECOND)).await;
            self.was_powered = false;
        }
        self.line.set_rst(false);
        self.line.set_vcc(Some(class)).await;
        self.line.set_io(true);
        self.line.set_clk(Clock::Running);
        self.answer_to_reset().await
    }

    /// The common end of a cold and a warm reset, RST being low.
    pub(super) async fn answer_to_reset(&mut self) -> Result<(), SlotError> {
        self.unproven = false;
        self.line.configure(&LineConfig::RESET);
        self.line.wait(RESET_CYCLES).await;
        self.line.set_rst(true);
        self.receive_atr().await
    }

    async fn receive_atr(&mut self) -> Result<(), SlotError> {
        self.atr.clear();
        self.surplus = 0;
        let (ts, _) = match self.line.receive(FIRST_CHARACTER).await {
            Err(LineError::Timeout) => return Err(SlotError::Mute),
            ts => ts?,
        };
        let Some(convention) = Convention::from_ts_read_direct(ts) else {
            return Err(SlotError::Atr(AtrError::TsUnknown(ts.byte)));
        };
        self.line.configure(&LineConfig { convention, error_signal: true, ..LineConfig::RESET });
        // An ATR never has more than 33 characters, so pushing cannot fail.
        let _ = self.atr.push(convention.ts());
        let mut elapsed: Etu = 0;
        while Atr::expected_len(&self.atr).is_none_or(|whole| self.atr.len() < whole) && !self.atr.is_full() {
            match receive(&mut self.line, INITIAL_WAITING_TIME).await? {
                Some((byte, etu)) if elapsed.saturating_add(etu) <= ATR_BUDGET => {
                    elapsed += etu;
                    let _ = self.atr.push(byte);
                }
                // The card stopped or dawdled. The check below says what is wrong with the characters that came.
                Some(_) | None => break,
            }
        }
        self.card = Atr::new(&self.atr).check().map_err(SlotError::Atr)?;
        // A character that arrived twice pushes the last one beyond the end, and an ATR without TCK looks right all the same.
        // That one comes before the terminal may speak, so that it costs no time to listen for it.
        while self.surplus < SURPLUS_MAX {
            match self.line.receive(TURNAROUND).await {
                Ok(_) => self.surplus += 1,
                Err(LineError::Timeout) => break,
                Err(error) => return Err(error.into()),
            }
        }
        let expected = self.atr.len();
        match usize::from(self.surplus) {
            0 => Ok(()),
            surplus => Err(SlotError::Atr(AtrError::TooLong { expected, have: expected + surplus })),
        }
    }
}
