//! A reader as it is at a moment: its slot, the connections that share it, whose turn it is, and what has happened to the card.
//! Whoever has the lock changes it; who waits for what is the reader's.

use std::path::PathBuf;
use std::sync::Arc;

use qiyong_protocol::iso7816::atr::Atr;
use qiyong_sim::card::desk::DeskCard;

use crate::codes::{Disposition, Rv, Share, protocol, state};
use crate::server::client::Client;
use crate::slot::{Slot, SlotFailure};

/// The reader.
pub(super) struct Inner {
    pub(super) slot: Box<dyn Slot>,
    /// Whether somebody watches the slot, and wants to know who asks.
    pub(super) watched: bool,
    /// The reader was unplugged: nothing comes of anything any more.
    pub(super) gone: bool,
    /// The file of the card that is in the reader, or was in last.
    pub(super) card_file: Option<PathBuf>,
    /// Bits of `codes::state`.
    pub(super) state: u32,
    /// The number of insertions and removals.
    pub(super) events: u32,
    pub(super) atr: Vec<u8>,
    /// The protocol in force.
    pub(super) protocol: u32,
    pub(super) cards: Vec<Card>,
    pub(super) exclusive: bool,
    pub(super) turn: Option<Turn>,
}

/// A connection.
pub(super) struct Card {
    pub(super) id: u32,
    /// The program.
    pub(super) client: Arc<Client>,
    pub(super) share: Share,
    pub(super) happened: Option<Happened>,
}

/// What has happened to the card since its connection last knew.
#[derive(Clone, Copy)]
pub(super) enum Happened {
    Reset,
    Removed,
}

/// The connection that has the reader to itself.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    pub(super) card: u32,
    pub(super) client: u64,
    /// The depth of nested transactions; an exclusive connection counts as one.
    pub(super) depth: u32,
}

impl Inner {
    /// A reader without a card.
    pub(super) fn new(slot: Box<dyn Slot>, watched: bool) -> Self {
        Self {
            slot,
            watched,
            gone: false,
            card_file: None,
            state: state::ABSENT,
            events: 0,
            atr: Vec::new(),
            protocol: protocol::UNDEFINED,
            cards: Vec::new(),
            exclusive: false,
            turn: None,
        }
    }

    /// Tells whoever watches who asks for what comes next: a client, or a hand.
    pub(super) fn asked_by(&mut self, client: Option<&Client>) {
        if self.watched {
            self.slot.asked_by(client.map(Client::program));
        }
    }

    /// Puts a card in and powers it to learn its ATR; the card that is in comes out.
    pub(super) fn put_in(&mut self, card: DeskCard) {
        if self.is_present() {
            self.take_out();
        }
        self.card_file = Some(card.path.clone());
        self.slot.insert(card);
        self.came_or_went();
        // The state shows the result.
        let _ = self.reset();
    }

    /// The reader is unplugged, with the card that is in it: nobody has it any more.
    pub(super) fn unplug(&mut self) {
        if self.is_present() {
            self.take_out();
        }
        (self.gone, self.exclusive, self.turn) = (true, false, None);
    }

    pub(super) const fn is_present(&self) -> bool {
        self.state & state::PRESENT != 0
    }

    /// Whether the reader has not been unplugged.
    pub(super) const fn is_there(&self) -> Result<(), Rv> {
        if self.gone { Err(Rv::READER_UNAVAILABLE) } else { Ok(()) }
    }

    pub(super) fn came_or_went(&mut self) {
        // A counter of 16 bits: libpcsclite shows it in the upper half of a state.
        self.events = (self.events + 1) % 0x1_0000;
    }

    pub(super) fn take_out(&mut self) {
        self.slot.remove();
        self.note(Happened::Removed);
        // Transactions end with the card. An exclusive connection stays exclusive, and keeps its turn.
        self.turn = self.turn.filter(|_| self.exclusive).map(|turn| Turn { depth: 1, ..turn });
        self.atr.clear();
        self.protocol = protocol::UNDEFINED;
        self.state = state::ABSENT;
        self.came_or_went();
    }

    pub(super) fn reset(&mut self) -> Result<(), SlotFailure> {
        self.protocol = protocol::UNDEFINED;
        match self.slot.reset() {
            Ok(atr) => {
                self.atr = atr;
                self.state = state::PRESENT | state::POWERED | state::NEGOTIABLE;
                Ok(())
            }
            Err(failure) => {
                self.atr.clear();
                self.state = match failure {
                    SlotFailure::Empty => state::ABSENT,
                    SlotFailure::Mute | SlotFailure::Broken(_) | SlotFailure::LineGone => {
                        state::PRESENT | state::SWALLOWED
                    }
                };
                Err(failure)
            }
        }
    }

    pub(super) fn power_down(&mut self) {
        self.slot.power_down();
        self.protocol = protocol::UNDEFINED;
        self.state = state::PRESENT;
    }

    /// Makes sure that there is a card and that it has power.
    pub(super) fn make_ready(&mut self) -> Result<(), Rv> {
        if !self.is_present() {
            return Err(Rv::NO_SMARTCARD);
        }
        if self.state & state::POWERED == 0 {
            self.reset().map_err(|_| Rv::UNPOWERED_CARD)?;
        }
        Ok(())
    }

    /// The protocol for a connection, which is put in force only when nothing else speaks against the connection. Before
    /// a first choice it is the one that the card offers first, if the client wants it; otherwise another one that the
    /// card offers. After that the choice stands until the next reset, and a client that does not want it is refused, as
    /// pcscd does it; only raw bytes are always to be had.
    pub(super) fn choose_protocol(&self, share: Share, wanted: u32) -> Result<u32, Rv> {
        let in_force = self.protocol;
        if wanted & protocol::RAW != 0 {
            return Ok(protocol::RAW);
        }
        if share == Share::Direct || in_force & wanted != 0 {
            return Ok(in_force);
        }
        if in_force != protocol::UNDEFINED {
            return Err(Rv::PROTO_MISMATCH);
        }
        let wanted = if wanted & protocol::ANY_OLD == 0 { wanted } else { protocol::T0 | protocol::T1 };
        // What an ATR that a reader made says of T=0 is no offer.
        let without_contacts = self.slot.contactless();
        let mut offered = Atr::new(&self.atr).protocols().filter_map(|t| match t {
            0 if !without_contacts => Some(protocol::T0),
            1 => Some(protocol::T1),
            _ => None,
        });
        offered.find(|t| t & wanted != 0).ok_or(Rv::PROTO_MISMATCH)
    }

    pub(super) fn dispose(&mut self, disposition: Disposition) {
        if disposition == Disposition::Leave || !self.is_present() {
            return;
        }
        self.note(Happened::Reset);
        match disposition {
            // The state shows the result.
            Disposition::Reset => drop(self.reset()),
            Disposition::Unpower => self.power_down(),
            Disposition::Leave => {}
        }
    }

    pub(super) fn note(&mut self, what: Happened) {
        self.cards.iter_mut().for_each(|card| card.happened = Some(what));
    }

    pub(super) fn happened(&self, id: u32) -> Result<(), Rv> {
        match self.cards.iter().find(|card| card.id == id).ok_or(Rv::INVALID_HANDLE)?.happened {
            None => Ok(()),
            Some(Happened::Reset) => Err(Rv::RESET_CARD),
            Some(Happened::Removed) => Err(Rv::REMOVED_CARD),
        }
    }

    /// A connection was made anew, and knows what has happened.
    pub(super) fn renew(&mut self, id: u32, share: Share) {
        let own = self.cards.iter_mut().filter(|card| card.id == id);
        own.for_each(|card| (card.share, card.happened) = (share, None));
    }

    pub(super) fn begin(&mut self, client: &Client, card: u32) {
        let depth = self.turn.map_or(0, |turn| turn.depth);
        self.turn = Some(Turn { card, client: client.id, depth: depth.saturating_add(1) });
    }

    pub(super) fn end(&mut self, card: u32) -> Result<(), Rv> {
        // An exclusive connection keeps its turn.
        let least = u32::from(self.exclusive);
        match &mut self.turn {
            Some(turn) if turn.card == card && turn.depth > least => {
                turn.depth -= 1;
                if turn.depth == 0 {
                    self.turn = None;
                }
                Ok(())
            }
            _ => Err(Rv::NOT_TRANSACTED),
        }
    }

    /// Removes a connection that has ended, with its transactions.
    pub(super) fn forget(&mut self, id: u32) {
        self.turn = self.turn.filter(|turn| turn.card != id);
        let before = self.cards.len();
        self.cards.retain(|card| card.id != id);
        if self.cards.len() < before {
            self.exclusive = false;
        }
    }
}
