//! What a terminal is made of: one trait that a board implements, with a type for each part.

use core::future::Future;

use qiyong_protocol::centre::Standing;
use qiyong_protocol::rules::decision::PresentedCard;
use qiyong_protocol::rules::money::Fen;
use rand_core::CryptoRng;

use super::{CentreLink, Clock, Memory, Operator, Stop, Terminal};
use crate::slot::CardSlot;

/// A board: the types of a terminal's parts. It has no values, so that a terminal on it costs no more than its parts.
///
/// Six types without a name are a board, too, for benches and tests, at which a PIN is keyed at the terminal:
/// [`Terminal::new`](super::Terminal::new) takes them.
pub trait Board: Sized {
    /// Contacts and protocols of the card; [`ContactSlot`](crate::slot::ContactSlot) over any
    /// [`CardLine`](crate::slot::CardLine).
    type Slot: CardSlot;
    /// The way to the centre; a reference to the [`SerialLink`](crate::link::SerialLink) that is also the till's.
    type Centre: CentreLink;
    /// Screen and keys.
    type Operator: Operator;
    /// The time of day.
    type Clock: Clock;
    /// Random numbers, true ones in a product.
    type Random: CryptoRng;
    /// What outlives a power cut. What the till commands needs one that is [`Kept`](crate::application::Kept), too.
    type Memory: Memory;
    /// How a PIN comes to the card: keyed at the [terminal](super::AtTerminal), or on the pad of the slot, a
    /// [reader](super::AtReader).
    type Pins: PinEntry<Self>;
}

impl<S: CardSlot, L: CentreLink, O: Operator, C: Clock, R: CryptoRng, M: Memory> Board for (S, L, O, C, R, M) {
    type Slot = S;
    type Centre = L;
    type Operator = O;
    type Clock = C;
    type Random = R;
    type Memory = M;
    type Pins = AtTerminal;
}

/// How a holder's PIN comes to the card, at a board.
pub trait PinEntry<B: Board> {
    /// What the terminal knows of a PIN that the card has accepted.
    type Accepted;

    /// Has the holder key the PIN until the card accepts it, blocks, or the holder gives up. `amount` is shown meanwhile; `None` at
    /// a bank, where keying the PIN is an offer.
    ///
    /// Cancel-safety: as [`Terminal::serve`], like all here.
    fn verify(terminal: &mut Terminal<B>, amount: Option<Fen>) -> impl Future<Output = Result<Self::Accepted, Stop>>;

    /// Has the initial PIN replaced, if the card still has it. True if it was replaced.
    fn see_to_initial(
        terminal: &mut Terminal<B>,
        accepted: &Self::Accepted,
        card: &PresentedCard,
        standing: Standing,
    ) -> impl Future<Output = Result<bool, Stop>>;
}

/// The PIN is keyed at the terminal: [`Operator::enter_pin`].
#[derive(Clone, Copy, Debug)]
pub struct AtTerminal;

/// The parts themselves.
#[allow(missing_debug_implementations, reason = "a part need not have one")]
pub struct Parts<B: Board> {
    /// The card slot.
    pub slot: B::Slot,
    /// The way to the centre.
    pub centre: B::Centre,
    /// Screen and keys.
    pub operator: B::Operator,
    /// The time of day.
    pub clock: B::Clock,
    /// Random numbers.
    pub random: B::Random,
    /// The memory. The numbers that it gives must never go back: a transaction with a number that the centre knows is a
    /// repetition to it, or a mistake that it does not answer.
    pub memory: B::Memory,
}
