//! The holder's PIN: verified by the card, and the initial one replaced (docs/card.md §1.6, §1.10, §2.2). Here it is keyed at the
//! terminal; how it is keyed at a reader is `readers_pad`'s.

use core::future::Future;

use embassy_futures::select::{Either, select};
use zeroize::Zeroizing;

use qiyong_protocol::card::commands;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::centre::{Body, Standing};
use qiyong_protocol::iso7816::sw::StatusWord;
use qiyong_protocol::rules::decision::PresentedCard;
use qiyong_protocol::rules::money::Fen;
use qiyong_protocol::rules::reason::Reason;

use super::board::{AtTerminal, Board, PinEntry};
use super::reading::Cause;
use super::{NoPin, Operator, Stop, Terminal, WhichPin};
use crate::slot::{CardSlot, SlotError};
use crate::ui::Screen;

/// How often a holder may choose an unsuitable new PIN, or key it differently the second time.
pub(super) const NEW_PIN_TRIES: u8 = 3;
/// No card counts more tries than 63Cx can say.
pub(super) const PIN_TRIES_MAX: u8 = 15;

impl<B: Board> PinEntry<B> for AtTerminal {
    type Accepted = Pin;

    fn verify(terminal: &mut Terminal<B>, amount: Option<Fen>) -> impl Future<Output = Result<Pin, Stop>> {
        terminal.verify_pin(amount)
    }

    fn see_to_initial(
        terminal: &mut Terminal<B>,
        accepted: &Pin,
        card: &PresentedCard,
        standing: Standing,
    ) -> impl Future<Output = Result<bool, Stop>> {
        terminal.see_to_initial_pin(accepted, card, standing)
    }
}

impl<B: Board> Terminal<B> {
    /// Asks for the PIN until the card accepts one, blocks, or the holder gives up. `amount` is shown meanwhile; `None`
    /// at a bank, where keying the PIN is an offer.
    async fn verify_pin(&mut self, amount: Option<Fen>) -> Result<Pin, Stop> {
        let mut tries_left = None;
        for _ in 0..PIN_TRIES_MAX {
            self.operator.show(&match (amount, tries_left) {
                (None, None) => Screen::OfferPinChange,
                (amount, tries_left) => Screen::EnterPin { amount: amount.unwrap_or_default(), tries_left },
            });
            let reason = if tries_left.is_some() { Reason::PinWrong } else { Reason::CancelledByOperator };
            let pin = self.enter_pin(WhichPin::Present, reason).await?;
            let block = pin.card_block();
            let command = commands::verify(block.as_bytes());
            let sw = self.status_of(&command).await?;
            match (sw, sw.verification_tries()) {
                (StatusWord::OK, _) => return Ok(pin),
                (StatusWord::BLOCKED, _) | (_, Some(0)) => return Err(Stop::here(Reason::PinBlocked)),
                (_, Some(left)) => tries_left = Some(left),
                (sw, None) => return Err(Cause::Status { ins: command.ins, sw }.into()),
            }
        }
        Err(Stop::here(Reason::PinWrong))
    }

    /// Offers to replace the initial PIN, at a bank. True if it was replaced.
    pub(super) async fn offer_pin_change(&mut self, card: &PresentedCard, standing: Standing) -> Result<bool, Stop> {
        let pin = B::Pins::verify(self, None).await?;
        B::Pins::see_to_initial(self, &pin, card, standing).await
    }

    /// Has the initial PIN replaced, if the card still has it. True if it was replaced.
    ///
    /// A card that was torn out while it took its new PIN, or of whose change the centre has not heard, has the holder's own PIN
    /// already. Where everybody knows the initial one, the PIN that the card has just accepted tells: the centre is told, and
    /// the holder is not asked for another.
    async fn see_to_initial_pin(&mut self, pin: &Pin, card: &PresentedCard, standing: Standing) -> Result<bool, Stop> {
        if standing.initial_is_common && !pin.is_commonly_initial(card.id_number.as_bytes(), card.number.as_bytes()) {
            self.tell_of_own_pin(card).await;
            return Ok(false);
        }
        self.replace_initial_pin(pin, card).await?;
        Ok(true)
    }

    /// If this message is lost, the next visit finds out again.
    pub(super) async fn tell_of_own_pin(&mut self, card: &PresentedCard) {
        let _ = self.ask(Body::PinChanged { card: card.number, ident: card.ident }).await;
    }

    /// Replaces the initial PIN by one of the holder's own, and tells the centre.
    async fn replace_initial_pin(&mut self, initial: &Pin, card: &PresentedCard) -> Result<(), Stop> {
        let unchanged = Reason::InitialPinUnchanged;
        // Asks for a new PIN, and after the first time says what was wrong with the last.
        let mut prompt = Screen::EnterNewPin;
        for _ in 0..NEW_PIN_TRIES {
            self.operator.show(&prompt);
            let new = self.enter_pin(WhichPin::New, unchanged).await?;
            // Driver error -36: the new PIN may not be an initial one.
            if new == *initial || new.is_commonly_initial(card.id_number.as_bytes(), card.number.as_bytes()) {
                prompt = Screen::NewPinUnsuitable;
                continue;
            }
            self.operator.show(&Screen::RepeatNewPin);
            let again = self.enter_pin(WhichPin::NewAgain, unchanged).await?;
            // Driver error -34.
            if new != again {
                prompt = Screen::NewPinsDiffer;
                continue;
            }
            self.change_pin(initial, &new).await?;
            self.tell_of_own_pin(card).await;
            return Ok(());
        }
        Err(Stop::here(unchanged))
    }

    /// Takes a PIN from the key pad while the card rests; `unkeyed` is the reason if there is none, but that
    /// nobody who does not come has cancelled. Nobody is left keying for
    /// a card that was taken out.
    async fn enter_pin(&mut self, which: WhichPin, unkeyed: Reason) -> Result<Pin, Stop> {
        self.slot.rest().await;
        match select(self.slot.removal(), self.operator.enter_pin(which)).await {
            Either::First(()) => Err(SlotError::Removed.into()),
            Either::Second(Err(NoPin::TimedOut)) if unkeyed == Reason::CancelledByOperator => {
                Err(Stop::here(Reason::PinNotKeyed))
            }
            Either::Second(pin) => pin.map_err(|_| Stop::here(unkeyed)),
        }
    }

    async fn change_pin(&mut self, old: &Pin, new: &Pin) -> Result<(), Stop> {
        let (old, new) = (old.card_block(), new.card_block());
        // Old PIN, FF, new PIN: at most 8 + 1 + 8 bytes.
        let mut data = Zeroizing::new([0; 17]);
        let bytes = old.as_bytes().iter().chain(&[0xFF]).chain(new.as_bytes());
        data.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        let len = old.as_bytes().len() + 1 + new.as_bytes().len();
        let command = commands::change_pin(data.get(..len).unwrap_or_default());
        let mut sw = self.status_of(&command).await?;
        if sw.verification_tries().is_some_and(|left| left > 1) {
            // The card has just accepted the old PIN, so this one changed on its way. The next success gives the try back.
            sw = self.status_of(&command).await?;
        }
        match sw {
            StatusWord::OK => Ok(()),
            sw => Err(Cause::Status { ins: command.ins, sw }.into()),
        }
    }
}
