//! The holder's PIN, keyed on the pad of the reader that the card is in: it goes from there to the card, and never comes here.
//!
//! Whether it is an initial PIN nobody sees, neither that one nor the new one: where the centre says that the PIN is initial, the
//! holder is asked to change it, and the pad's word is taken for it.

use core::future::Future;

use qiyong_protocol::card::commands::ins;
use qiyong_protocol::centre::Standing;
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::rules::decision::PresentedCard;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::board::{Board, PinEntry};
use super::pin_entry::{NEW_PIN_TRIES, PIN_TRIES_MAX};
use super::reading::Cause;
use super::{Operator, Stop, Terminal};
use crate::slot::{CardSlot, SlotError};
use crate::ui::Screen;

/// What the holder keys on a pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnPad {
    /// The PIN, for VERIFY.
    Verify,
    /// The PIN and, twice, a new one, for CHANGE PIN.
    Change,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfPad {
    /// The card has answered so.
    Answered(StatusWord),
    /// Nobody keyed in time.
    TimedOut,
    /// The cancel key was pressed.
    Cancelled,
    /// The new PIN was keyed differently the second time.
    Differ,
    /// A PIN had too few digits, or too many.
    Length,
}

/// A slot with a pad of its own.
pub trait PinPad: CardSlot {
    /// Has the holder key, and the powered card answer. It ends by itself when nobody keys.
    ///
    /// Cancel-safety: as [`CardSlot::transmit`].
    ///
    /// # Errors
    /// As [`CardSlot::transmit`], or the slot has no such pad.
    fn key(&mut self, what: OnPad) -> impl Future<Output = Result<OfPad, SlotError>>;
}

/// The PIN is keyed on the pad of the slot.
#[derive(Clone, Copy, Debug)]
pub struct AtReader;

impl<B: Board<Slot: PinPad>> PinEntry<B> for AtReader {
    type Accepted = ();

    async fn verify(terminal: &mut Terminal<B>, amount: Option<Fen>) -> Result<(), Stop> {
        let mut tries_left = None;
        for _ in 0..PIN_TRIES_MAX {
            terminal.operator.show(&match (amount, tries_left) {
                (None, None) => Screen::OfferPinChange,
                (amount, tries_left) => Screen::EnterPin { amount: amount.unwrap_or_default(), tries_left },
            });
            match (terminal.slot.key(OnPad::Verify).await?, tries_left) {
                (OfPad::Answered(StatusWord::OK), _) => return Ok(()),
                (OfPad::Answered(sw), _) => tries_left = Some(left(sw, ins::VERIFY)?),
                (OfPad::TimedOut, None) => return Err(Stop::here(Reason::PinNotKeyed)),
                (OfPad::Cancelled, None) => return Err(Stop::here(Reason::CancelledByOperator)),
                (OfPad::TimedOut | OfPad::Cancelled, Some(_)) => return Err(Stop::here(Reason::PinWrong)),
                // It is asked for once more, and has cost no try.
                (OfPad::Differ | OfPad::Length, _) => {}
            }
        }
        Err(Stop::here(Reason::PinWrong))
    }

    async fn see_to_initial(
        terminal: &mut Terminal<B>,
        (): &(),
        card: &PresentedCard,
        _standing: Standing,
    ) -> Result<bool, Stop> {
        let mut prompt = Screen::EnterNewPin;
        for _ in 0..NEW_PIN_TRIES {
            terminal.operator.show(&prompt);
            match terminal.slot.key(OnPad::Change).await? {
                OfPad::Answered(StatusWord::OK) => {
                    terminal.tell_of_own_pin(card).await;
                    return Ok(true);
                }
                // The present PIN, which the card has accepted before, was keyed wrong.
                OfPad::Answered(sw) => {
                    prompt = Screen::EnterPin { amount: Fen(0), tries_left: Some(left(sw, ins::CHANGE_PIN)?) }
                }
                OfPad::Differ => prompt = Screen::NewPinsDiffer,
                OfPad::Length => prompt = Screen::NewPinUnsuitable,
                OfPad::TimedOut | OfPad::Cancelled => break,
            }
        }
        Err(Stop::here(Reason::InitialPinUnchanged))
    }
}

/// The tries that a wrong PIN leaves.
fn left(sw: StatusWord, ins: u8) -> Result<u8, Stop> {
    match (sw, sw.verification_tries()) {
        (StatusWord::BLOCKED, _) | (_, Some(0)) => Err(Stop::here(Reason::PinBlocked)),
        (_, Some(left)) => Ok(left),
        (sw, None) => Err(Cause::Status { ins, sw }.into()),
    }
}
