//! The application: one visit of a holder, from "insert card" to "take your card".
//!
//! [`Terminal::serve`] is the whole story; read it first. [`reading`] gets the data off the card, `authentication` proves it
//! genuine, `pin_entry` deals with the holder's PIN, `readers_pad` with one that is keyed at a reader, `ports` lists what the outside
//! must provide, `cause` says in few bytes what exactly went wrong. The decision itself is the centre's (`qiyong_protocol::rules`); the terminal makes sure that it is asked
//! about a genuine card in the right hands.
//!
//! A transaction whose answer never came is reversed before anything else is done, and one whose receipt was shown is confirmed,
//! again and again until the centre has acknowledged it (docs/design.md §1, invariants 1 and 3). [`Memory`] keeps these duties and
//! the numbers used: a transaction is noted there before it is sent, when it is approved, when the card is done with, and when the
//! centre has said how it ended (docs/never-lost.md §1). So the terminal knows what it owes, wherever the power is cut; `duty` says what that can be,
//! `owed` pays it, `sign_in` gets the lease, and `settlement` compares a day's work with the centre's. Reversals and confirmations go out under the terminal's master key and under the name of their time, so that
//! neither a sign-in nor the present name is needed for them; the link has the keys.
//!
//! # A visit
//!
//! What a terminal needs around it, for the imaginary device Q2: its reader chip speaks APDUs by itself, and its network module
//! carries whole messages. A slot of contacts is in [`slot`](crate::slot), the serial line to till and centre in
//! [`link`](crate::link), flash in [`storage`](crate::storage).
//!
//! ```
//! use core::convert::Infallible;
//! use core::future::pending;
//!
//! use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash};
//! use qiyong_firmware::slot::{CardSlot, SlotError};
//! use qiyong_firmware::storage::Store;
//! use qiyong_firmware::terminal::{CentreLink, Clock, NoPin, Operator, Settings, Terminal, WhichPin};
//! use qiyong_firmware::ui::Screen;
//! use qiyong_protocol::card::date::Timestamp;
//! use qiyong_protocol::card::pin::Pin;
//! use qiyong_protocol::centre::{Answer, Deal, LinkError, Request, TerminalId};
//! use qiyong_protocol::iso7816::apdu::{Command, Response};
//! use qiyong_protocol::rules::decision::Operation;
//! use qiyong_protocol::rules::institution::InstitutionCode;
//! use qiyong_protocol::rules::reason::{Outcome, Reason};
//!
//! /// The reader chip. Nobody inserts a card today.
//! struct Reader;
//!
//! impl CardSlot for Reader {
//!     async fn wait_for_card(&mut self, _seconds: u16) -> bool {
//!         false
//!     }
//!
//!     async fn connect(&mut self) -> Result<&[u8], SlotError> {
//!         Err(SlotError::Removed)
//!     }
//!
//!     async fn transmit<'b>(&mut self, _: &Command<'_>, _: &'b mut [u8]) -> Result<Response<'b>, SlotError> {
//!         Err(SlotError::Removed)
//!     }
//!
//!     async fn disconnect(&mut self) {}
//! }
//!
//! /// The network module, with a centre that takes note of all it hears.
//! struct Network;
//!
//! impl CentreLink for Network {
//!     async fn ask(&mut self, _request: &Request<'_>) -> Result<Answer, LinkError> {
//!         Ok(Answer::Done)
//!     }
//! }
//!
//! /// Screen and keys, with nobody at them.
//! #[derive(Default)]
//! struct Desk {
//!     shown: Vec<Screen>,
//! }
//!
//! impl Operator for Desk {
//!     fn show(&mut self, screen: &Screen) {
//!         self.shown.push(*screen);
//!     }
//!
//!     async fn enter_pin(&mut self, _which: WhichPin) -> Result<Pin, NoPin> {
//!         Err(NoPin::TimedOut)
//!     }
//!
//!     async fn cancel(&mut self) {
//!         pending().await
//!     }
//! }
//!
//! /// A clock that nobody has set.
//! struct RealTimeClock;
//!
//! impl Clock for RealTimeClock {
//!     fn now(&mut self) -> Timestamp {
//!         Timestamp::UNSET
//!     }
//! }
//!
//! /// The flash chip, of 32 pages with 2 KiB each.
//! struct Flash(Vec<u8>);
//!
//! impl ErrorType for Flash {
//!     type Error = NorFlashErrorKind;
//! }
//!
//! impl ReadNorFlash for Flash {
//!     const READ_SIZE: usize = 1;
//!
//!     fn read(&mut self, at: u32, room: &mut [u8]) -> Result<(), NorFlashErrorKind> {
//!         let bytes = self.0.get(at as usize..).and_then(|bytes| bytes.get(..room.len()));
//!         room.copy_from_slice(bytes.ok_or(NorFlashErrorKind::OutOfBounds)?);
//!         Ok(())
//!     }
//!
//!     fn capacity(&self) -> usize {
//!         self.0.len()
//!     }
//! }
//!
//! impl NorFlash for Flash {
//!     const WRITE_SIZE: usize = 8;
//!     const ERASE_SIZE: usize = 2048;
//!
//!     fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
//!         self.0.get_mut(from as usize..to as usize).ok_or(NorFlashErrorKind::OutOfBounds)?.fill(0xFF);
//!         Ok(())
//!     }
//!
//!     fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
//!         let places = self.0.iter_mut().skip(at as usize);
//!         places.zip(bytes).for_each(|(place, byte)| *place &= byte);
//!         Ok(())
//!     }
//! }
//!
//! /// The random number generator; an image needs a true one.
//! struct Dice(u32);
//!
//! impl rand_core::TryRng for Dice {
//!     type Error = Infallible;
//!
//!     fn try_next_u32(&mut self) -> Result<u32, Infallible> {
//!         self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
//!         Ok(self.0)
//!     }
//! #    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
//! #        Ok(u64::from(self.try_next_u32()?) << 32 | u64::from(self.try_next_u32()?))
//! #    }
//! #    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
//! #        bytes.iter_mut().try_for_each(|byte| self.try_next_u32().map(|word| *byte = word as u8))
//! #    }
//! }
//!
//! impl rand_core::TryCryptoRng for Dice {}
//!
//! let settings = Settings::at(InstitutionCode::new("P32010000017").unwrap(), TerminalId(*b"00000001"));
//! let memory = Store::<_>::open(Flash(vec![0xFF; 32 * 2048]), None);
//! let mut terminal = Terminal::new(Reader, Network, Desk::default(), RealTimeClock, Dice(1), memory, settings);
//! # let report = embassy_futures::block_on(async {
//! let report = terminal.serve(&Operation::Query).await;
//! # report });
//! assert_eq!((report.outcome, report.reason), (Outcome::TimedOut, Some(Reason::NobodyCame)));
//! assert_eq!(terminal.operator().shown, [Screen::InsertCard, Screen::NotDone(Reason::NobodyCame)]);
//! ```

mod authentication;
mod board;
mod cause;
mod duty;
mod owed;
mod pin_entry;
mod ports;
mod readers_pad;
pub mod reading;
mod settlement;
mod sign_in;

pub use board::{AtTerminal, Board, Parts, PinEntry};
pub use cause::CauseCode;
pub use duty::{Closed, Duties, Owed, Transaction};
pub use ports::{CentreLink, Clock, Memory, MemoryError, NoPin, Operator, WhichPin};
pub use readers_pad::{AtReader, OfPad, OnPad, PinPad};
pub use reading::{CardData, Cause};

use embassy_futures::select::{Either, select};
use rand_core::CryptoRng;

use qiyong_protocol::card::codes::CardNumber;
use qiyong_protocol::card::date::Timestamp;
use qiyong_protocol::centre::message::response;
use qiyong_protocol::centre::{
    Answer, Body, Deal, LinkError, Original, Policy, Receipt, Request, Stan, Standing, TerminalId,
};
use qiyong_protocol::ecr::Formality;
use qiyong_protocol::rules::decision::{Effects, Operation, PresentedCard};
use qiyong_protocol::rules::institution::InstitutionCode;
use qiyong_protocol::rules::money::{Bill, Fen};
use qiyong_protocol::rules::reason::{Outcome, Reason};

use crate::slot::CardSlot;
use crate::ui::Screen;

/// Where a terminal stands, and how long and how often it tries.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Where it stands.
    pub institution: InstitutionCode,
    /// Its name within the institution.
    pub terminal: TerminalId,
    /// How long it waits for a card, in seconds.
    pub card_wait: u16,
    /// How often and how long it tries to tell the centre something. A sign-in brings another one.
    pub policy: Policy,
}

impl Settings {
    /// A terminal there with the usual waits: a minute for a card, and the policy by default.
    pub const fn at(institution: InstitutionCode, terminal: TerminalId) -> Self {
        Self { institution, terminal, card_wait: 60, policy: Policy::DEFAULT }
    }
}

/// How a visit ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Report {
    /// Approved, refused, failed or cancelled.
    pub outcome: Outcome,
    /// Why not, unless approved.
    pub reason: Option<Reason>,
    /// What exactly was wrong with the card or the way to the centre, where more is known than the reason says.
    pub cause: Option<CauseCode>,
    /// What was done.
    pub effects: Effects,
    /// The personal account's balance after a transaction.
    pub balance: Option<Fen>,
    /// How the card stands: for a query as answered; otherwise as before the transaction.
    pub standing: Option<Standing>,
    /// The card, if it could be read.
    pub card: Option<CardNumber>,
    /// The transaction's number, if one was sent.
    pub stan: Option<Stan>,
    /// The holder replaced the initial PIN.
    pub pin_changed: bool,
    /// At a bank: why the offer to replace it came to nothing, unless it was declined. Does not touch the outcome.
    pub pin_unchanged: Option<Reason>,
}

/// Why a visit goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stop {
    reason: Reason,
    cause: Option<CauseCode>,
    /// Whether the centre gave the reason. A reason that the terminal found must be reported to the centre.
    by_centre: bool,
    /// Whether it counts only if the card, read once more, says the same.
    again: bool,
}

impl Stop {
    const fn here(reason: Reason) -> Self {
        Self { reason, cause: None, by_centre: false, again: false }
    }

    const fn centre(reason: Reason) -> Self {
        Self { reason, cause: None, by_centre: true, again: false }
    }
}

impl From<LinkError> for Stop {
    fn from(error: LinkError) -> Self {
        // The reason says it all where simply no answer came.
        let cause = if matches!(error, LinkError::NoAnswer) { None } else { Some(Cause::Link(error).into()) };
        Self { cause, ..Self::here(error.reason()) }
    }
}

impl From<MemoryError> for Stop {
    fn from(error: MemoryError) -> Self {
        match error {
            MemoryError::Worn | MemoryError::Unreadable | MemoryError::OtherVersion => {
                Self::here(Reason::StorageFailed)
            }
            MemoryError::NumbersUsedUp => Self::here(Reason::NumbersUsedUp),
            MemoryError::JournalFull => Self::here(Reason::JournalFull),
        }
    }
}

/// A terminal: a card slot, a centre link, an operator, a clock, a source of random numbers and a memory.
pub struct Terminal<B: Board> {
    slot: B::Slot,
    link: B::Centre,
    operator: B::Operator,
    clock: B::Clock,
    random: B::Random,
    memory: B::Memory,
    settings: Settings,
    /// Whether the centre has confirmed the lease since the start or the last set-up.
    signed_in: bool,
}

/// What became known in the course of a visit.
#[derive(Default)]
struct Visit {
    card: Option<CardNumber>,
    standing: Option<Standing>,
    stan: Option<Stan>,
    pin_changed: bool,
    pin_unchanged: Option<Reason>,
    /// Something was approved. What is noted of it next is what became of the card.
    approved: bool,
}

impl<S: CardSlot, L: CentreLink, O: Operator, C: Clock, R: CryptoRng, M: Memory> Terminal<(S, L, O, C, R, M)> {
    /// A terminal of parts whose board has no name; see [`Parts`] for them.
    pub const fn new(slot: S, link: L, operator: O, clock: C, random: R, memory: M, settings: Settings) -> Self {
        Self { slot, link, operator, clock, random, memory, settings, signed_in: false }
    }
}

impl<B: Board> Terminal<B> {
    /// A terminal of a board's parts.
    pub fn of(parts: Parts<B>, settings: Settings) -> Self {
        let Parts { slot, centre, operator, clock, random, memory } = parts;
        Self { slot, link: centre, operator, clock, random, memory, settings, signed_in: false }
    }

    /// Gives the terminal another place and name. What is owed under the old name is still paid under that.
    // Inlined into a future, its copies would bring a `memmove` into the image, which nothing else needs.
    #[inline(never)]
    pub fn set_up(&mut self, institution: InstitutionCode, terminal: TerminalId) {
        (self.settings.institution, self.settings.terminal) = (institution, terminal);
        self.signed_in = false;
    }

    /// Serves one holder: waits for a card, does `operation` with it and shows how that ended.
    ///
    /// Cancel-safety: nobody is charged wrongly by a drop, as by a power cut: the next visit first reverses a transaction that
    /// nobody has seen the end of, or confirms one that somebody has. But the card may be left on power until then, and the report is lost.
    /// To end a visit early let [`Operator::cancel`] complete.
    pub async fn serve(&mut self, operation: &Operation) -> Report {
        let mut visit = Visit::default();
        let (mut receipt, mut stop) = match self.visit(operation, &mut visit).await {
            Ok(receipt) => (receipt, None),
            Err(stop) => (None, Some(stop)),
        };
        self.slot.disconnect().await;
        if visit.approved
            && let Err(error) = self.memory.card_result(visit.pin_unchanged)
        {
            // The next start would not know that anybody has seen it and reverse it, so that happens now, and nobody sees it.
            let _ = self.pay_owed().await;
            (visit.approved, receipt, stop) = (false, None, Some(error.into()));
        }
        if let Some(Stop { reason, by_centre: false, .. }) = stop {
            // For the centre's record only: if the centre cannot be reached, its record lacks this.
            let _ = self.ask(Body::Report { card: visit.card, operation, reason }).await;
        }
        let report = Report {
            outcome: stop.map_or(Outcome::Approved, |stop| stop.reason.outcome()),
            reason: stop.map(|stop| stop.reason),
            cause: stop.and_then(|stop| stop.cause),
            effects: receipt.map_or_else(Effects::default, |receipt| receipt.effects),
            balance: receipt.map(|receipt| receipt.balance),
            standing: visit.standing,
            card: visit.card,
            stan: visit.stan,
            pin_changed: visit.pin_changed,
            pin_unchanged: visit.pin_unchanged,
        };
        self.show_end(operation, &report);
        if visit.approved {
            self.confirm().await;
        }
        report
    }

    /// Settles something with the centre that is about no holder. What is owed goes first, and then a sign-in if the
    /// terminal has not signed in since it started.
    ///
    /// Cancel-safety: as [`Terminal::serve`].
    pub async fn attend(&mut self, what: Formality) -> Report {
        let stop = self.settle_with_centre(what).await.err();
        self.slot.disconnect().await;
        let reason = stop.map(|stop| stop.reason);
        self.operator.show(&reason.map_or(Screen::Attended(what), Screen::NotDone));
        Report {
            outcome: reason.map_or(Outcome::Approved, Reason::outcome),
            reason,
            cause: stop.and_then(|stop| stop.cause),
            effects: Effects::default(),
            balance: None,
            standing: None,
            card: None,
            stan: None,
            pin_changed: false,
            pin_unchanged: None,
        }
    }

    async fn settle_with_centre(&mut self, what: Formality) -> Result<(), Stop> {
        self.pay_all().await?;
        self.operator.show(&Screen::AskingCentre);
        let body = match what {
            Formality::SettleBatch => return self.settle_batch().await,
            Formality::SignOff => Body::SignOff,
            Formality::Echo => Body::Echo,
        };
        match self.ask(body).await? {
            Answer::Done => {}
            // A centre that answers something else has not answered.
            _ => return Err(Stop::here(Reason::NoAnswer)),
        }
        if what == Formality::SignOff {
            self.signed_in = false;
        }
        Ok(())
    }

    /// The steps of a visit. `Ok(None)` is an answered query.
    async fn visit(&mut self, operation: &Operation, visit: &mut Visit) -> Result<Option<Receipt>, Stop> {
        self.pay_all().await?;
        if self.memory.is_full() {
            self.operator.show(&Screen::AskingCentre);
            self.settle_batch().await?;
        }

        self.operator.show(&Screen::InsertCard);
        let card_wait = self.settings.card_wait;
        match select(self.operator.cancel(), self.slot.wait_for_card(card_wait)).await {
            Either::Second(true) => {}
            Either::First(()) => return Err(Stop::here(Reason::CancelledByOperator)),
            Either::Second(false) => return Err(Stop::here(Reason::NobodyCame)),
        }

        let (card, standing) = self.identify(operation, visit).await?;
        visit.standing = Some(standing);
        self.carry_out(operation, &card, standing, visit).await
    }

    /// The steps of a visit once the card is known to be genuine and the centre has been asked about it. Apart from
    /// [`Self::visit`], so that what these steps keep takes no RAM while the card is read.
    async fn carry_out(
        &mut self,
        operation: &Operation,
        card: &PresentedCard,
        standing: Standing,
        visit: &mut Visit,
    ) -> Result<Option<Receipt>, Stop> {
        let Some(kind) = Deal::of(operation) else { return Ok(None) };
        match operation {
            Operation::Query => Ok(None),
            Operation::Apply { .. } => {
                let receipt = self.transact(operation, kind, card, visit).await?;
                if standing.pin_is_initial {
                    // The bank needs no PIN, so the holder may decline. Whatever goes wrong here, what was approved stays
                    // approved. The centre is told what went wrong, since the card may have blocked the PIN.
                    match self.offer_pin_change(card, standing).await {
                        Ok(changed) => visit.pin_changed = changed,
                        Err(Stop { reason: Reason::CancelledByOperator, .. }) => {}
                        Err(Stop { reason, .. }) => {
                            visit.pin_unchanged = Some(reason);
                            let _ = self.ask(Body::Report { card: visit.card, operation, reason }).await;
                        }
                    }
                }
                Ok(Some(receipt))
            }
            Operation::Settle(bill) | Operation::Purchase(bill) => {
                let pin = B::Pins::verify(self, Some(bill.share())).await?;
                if standing.pin_is_initial {
                    visit.pin_changed = B::Pins::see_to_initial(self, &pin, card, standing).await?;
                }
                self.transact(operation, kind, card, visit).await.map(Some)
            }
        }
    }

    /// Asks the centre to carry out `operation`, under a number of its own.
    async fn transact(
        &mut self,
        operation: &Operation,
        kind: Deal,
        card: &PresentedCard,
        visit: &mut Visit,
    ) -> Result<Receipt, Stop> {
        self.operator.show(&Screen::AskingCentre);
        let Settings { institution, terminal, .. } = self.settings;
        let time = self.clock.now();
        // The clock says what no message can: nothing is begun that could then neither be sent nor reversed.
        if Timestamp::from_bcd(time.to_bcd()).is_none() {
            return Err(LinkError::Unwritable { field: 12 }.into());
        }
        let total = operation.bill().map(Bill::total).unwrap_or_default();
        // From here until the answer is in hand, the transaction may have happened without our knowing.
        let original = Original { card: card.number, total, time };
        let (batch, stan) = self.memory.begin(&self.settings, original, kind)?;
        let request = Request { institution, terminal, batch, time, body: Body::Transact { stan, card, operation } };
        let mut answered = match self.send(&request).await {
            Ok(Answer::Approved(receipt)) => Ok(receipt),
            // A centre that answers something else has not answered.
            Ok(_) => Err(Stop::here(Reason::NoAnswer)),
            Err(stop) => Err(stop),
        };
        self.note_signed_out(answered.as_ref().err());
        let is_unsent = matches!(answered, Err(Stop { reason: Reason::NotSent, by_centre: false, .. }));
        if !is_unsent {
            visit.stan = Some(stan);
        }
        let noted = match &answered {
            Ok(receipt) => self.memory.answered(receipt.effects.charge),
            // Of what certainly has not left there is nothing to reverse.
            Err(_) if is_unsent => self.memory.close(Closed::Unsent, None),
            Err(Stop { by_centre: true, reason, .. }) => self.memory.close(Closed::Refused, Some(*reason)),
            Err(_) => {
                // Whether the reversal gets through or not changes nothing in how this transaction ended.
                let _ = self.pay_owed().await;
                return answered;
            }
        };
        visit.approved = answered.is_ok() && noted.is_ok();
        // The next start would not know how it ended and reverse the transaction, so it is reversed already now.
        if let Err(error) = noted {
            answered = Err(error.into());
            let _ = self.pay_owed().await;
        }
        answered
    }

    /// One message to the centre about the visit. A refusal is the end of the visit, whatever was asked.
    async fn ask(&mut self, body: Body<'_>) -> Result<Answer, Stop> {
        let batch = self.sign_in().await?;
        let Settings { institution, terminal, .. } = self.settings;
        let time = self.clock.now();
        let answer = self.send(&Request { institution, terminal, batch, time, body }).await;
        self.note_signed_out(answer.as_ref().err());
        answer
    }

    /// Sends a message while the card rests.
    ///
    /// A message under way is not given up because the card is taken out, since the centre may have acted on it; but
    /// contacts without a card are taken off power at once.
    async fn send(&mut self, request: &Request<'_>) -> Result<Answer, Stop> {
        self.slot.rest().await;
        let slot = &mut self.slot;
        let watch = async {
            slot.removal().await;
            slot.disconnect().await;
            core::future::pending::<()>().await;
        };
        let answer = match select(self.link.ask(request), watch).await {
            Either::First(answer) => answer,
            Either::Second(()) => Err(LinkError::NoAnswer),
        };
        match answer {
            Ok(Answer::Refused(reason)) => Err(Stop::centre(reason)),
            Ok(answer) => Ok(answer),
            Err(error) => {
                // The centre has another working key, or the link has none: the next message is a sign-in.
                if matches!(error, LinkError::Rejected(response::MAC) | LinkError::NotSignedIn) {
                    self.signed_in = false;
                }
                Err(error.into())
            }
        }
    }

    fn show_end(&mut self, operation: &Operation, report: &Report) {
        self.operator.show(&match (report.reason, report.balance, report.standing) {
            (Some(reason), _, _) => Screen::NotDone(reason),
            (None, Some(balance), _) => {
                Screen::Approved { effects: report.effects, paid: operation.bill().is_some(), balance }
            }
            (None, None, Some(standing)) => Screen::Standing(standing),
            // An approved visit has a balance or a standing.
            (None, None, None) => Screen::NotDone(Reason::NoAnswer),
        });
    }

    /// How often and how long it tries.
    pub const fn policy(&self) -> Policy {
        self.settings.policy
    }

    /// What is owed to the centre, as far as is known.
    pub fn duties(&self) -> Duties {
        self.memory.duties()
    }

    /// The memory, for whoever keeps settings and counters in it, too.
    pub const fn memory(&mut self) -> &mut B::Memory {
        &mut self.memory
    }

    /// The card slot, for benches.
    pub const fn slot(&mut self) -> &mut B::Slot {
        &mut self.slot
    }

    /// The operator, for benches.
    pub const fn operator(&mut self) -> &mut B::Operator {
        &mut self.operator
    }

    /// The centre link, for benches.
    pub const fn link(&mut self) -> &mut B::Centre {
        &mut self.link
    }
}
