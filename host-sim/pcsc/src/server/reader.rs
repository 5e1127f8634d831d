//! One reader: its slot, the connections that share it, whose turn it is, and what has happened to the card.
//!
//! Every request about a card is carried out in the thread of its client, under the reader's lock: an APDU on its way
//! never passes from one thread to another.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use qiyong_protocol::iso7816::atr::Atr;

use super::client::Client;
use super::lock::lock;
use crate::codes::{Disposition, Rv, Share, protocol, state};
use crate::slot::{Slot, SlotFailure};
use crate::wire::ReaderState;
use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::card::os::VirtualCard;

/// The most connections to one reader, as in pcscd.
const CARDS_MAX: usize = 200;
/// How long a request waits for the end of another connection's transaction before it gets a sharing violation.
/// libpcsclite then repeats the request. The wait is short because a client cannot end its own transaction while its
/// request waits.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a new connection waits for a transaction to end; libpcsclite does not repeat it.
const CONNECT_PATIENCE: Duration = Duration::from_secs(60);
/// How often a longer wait checks whether its client is still there.
const LOOK: Duration = Duration::from_millis(100);

/// A reader.
pub(super) struct Reader {
    pub(super) name: String,
    pub(super) number: u32,
    /// It has no contacts.
    pub(super) contactless: bool,
    inner: Mutex<Inner>,
    /// Signalled when a turn or a connection has ended.
    freed: Condvar,
}

struct Inner {
    slot: Box<dyn Slot>,
    /// The file of the card that is in the reader, or was in last.
    card_file: Option<PathBuf>,
    /// Bits of `codes::state`.
    state: u32,
    /// The number of insertions and removals.
    events: u32,
    atr: Vec<u8>,
    /// The protocol in force.
    protocol: u32,
    cards: Vec<Card>,
    exclusive: bool,
    turn: Option<Turn>,
}

/// A connection.
struct Card {
    id: u32,
    happened: Option<Happened>,
}

/// What has happened to the card since its connection last knew.
#[derive(Clone, Copy)]
enum Happened {
    Reset,
    Removed,
}

/// The connection that has the reader to itself.
#[derive(Clone, Copy)]
struct Turn {
    card: u32,
    client: u64,
    /// The depth of nested transactions; an exclusive connection counts as one.
    depth: u32,
}

/// What a program sees of the reader when it requests an attribute.
pub(super) struct Snapshot {
    pub(super) state: u32,
    pub(super) atr: Vec<u8>,
    pub(super) protocol: u32,
}

impl Reader {
    pub(super) fn new(number: u32, slot: Box<dyn Slot>) -> Self {
        let contactless = slot.contactless();
        let inner = Inner {
            slot,
            card_file: None,
            state: state::ABSENT,
            events: 0,
            atr: Vec::new(),
            protocol: protocol::UNDEFINED,
            cards: Vec::new(),
            exclusive: false,
            turn: None,
        };
        // Named as pcscd names readers: device and slot number in hex.
        let kind = if contactless { "Contactless Reader" } else { "Reader" };
        let name = format!("Qiyong Virtual {kind} {number:02X} 00");
        Self { name, number, contactless, inner: Mutex::new(inner), freed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }

    /// What any client may know of the reader.
    pub(super) fn state(&self) -> ReaderState {
        let inner = self.lock();
        ReaderState {
            name: self.name.clone(),
            events: inner.events,
            state: inner.state,
            sharing: if inner.exclusive { -1 } else { i32::try_from(inner.cards.len()).unwrap_or(i32::MAX) },
            atr: inner.atr.clone(),
            protocol: inner.protocol,
        }
    }

    pub(super) fn has_card(&self) -> bool {
        self.lock().is_present()
    }

    /// Whether the card has the interface of this reader.
    pub(super) fn takes(&self, card: &VirtualCard) -> bool {
        self.lock().slot.takes(card)
    }

    /// The file of the card that is in the reader, or was in last.
    pub(super) fn card_file(&self) -> Option<PathBuf> {
        self.lock().card_file.clone()
    }

    /// Puts a card in and powers it to learn its ATR.
    pub(super) fn insert(&self, card: DeskCard) {
        let mut inner = self.lock();
        if inner.is_present() {
            inner.take_out();
        }
        inner.card_file = Some(card.path.clone());
        inner.slot.insert(card);
        inner.came_or_went();
        // The state shows the result.
        let _ = inner.reset();
        drop(inner);
        self.freed.notify_all();
    }

    /// Takes the card out; `false` if there is none.
    pub(super) fn remove(&self) -> bool {
        let mut inner = self.lock();
        if !inner.is_present() {
            return false;
        }
        inner.take_out();
        drop(inner);
        self.freed.notify_all();
        true
    }

    /// Makes a connection called `id`; returns the protocol in force.
    pub(super) fn connect(&self, client: &Client, id: u32, share: Share, protocols: u32) -> Result<u32, Rv> {
        check_protocols(share, protocols)?;
        let mut inner = self.lock();
        if inner.exclusive {
            return Err(Rv::SHARING_VIOLATION);
        }
        inner = self.wait_for_turn(inner, client, None, CONNECT_PATIENCE)?;
        if share != Share::Direct {
            inner.make_ready()?;
        }
        let protocol = inner.choose_protocol(share, protocols)?;
        if inner.exclusive || (share == Share::Exclusive && !inner.cards.is_empty()) {
            return Err(Rv::SHARING_VIOLATION);
        }
        if inner.cards.len() >= CARDS_MAX {
            return Err(Rv::NO_MEMORY);
        }
        if share == Share::Exclusive {
            inner.exclusive = true;
            inner.turn = Some(Turn { card: id, client: client.id, depth: 1 });
        }
        inner.cards.push(Card { id, happened: None });
        inner.protocol = protocol;
        Ok(protocol)
    }

    /// Changes a connection and takes notice of a reset; returns the protocol in force.
    pub(super) fn reconnect(
        &self,
        client: &Client,
        card: u32,
        (share, protocols): (Share, u32),
        initialization: Disposition,
    ) -> Result<u32, Rv> {
        check_protocols(share, protocols)?;
        let mut inner = self.turn_of(client, card)?;
        match initialization {
            Disposition::Leave if !inner.is_present() => return Err(Rv::NO_SMARTCARD),
            Disposition::Leave if inner.state & state::SWALLOWED != 0 => return Err(Rv::UNRESPONSIVE_CARD),
            Disposition::Leave => {}
            disposition => {
                inner.note(Happened::Reset);
                if disposition == Disposition::Unpower {
                    inner.power_down();
                }
                inner.reset().map_err(|failure| match failure {
                    SlotFailure::Empty => Rv::NO_SMARTCARD,
                    SlotFailure::Mute | SlotFailure::Broken(_) | SlotFailure::LineGone => Rv::UNRESPONSIVE_CARD,
                })?;
            }
        }
        if share != Share::Direct {
            inner.make_ready()?;
        }
        let protocol = inner.choose_protocol(share, protocols)?;
        match (share, inner.exclusive) {
            (Share::Exclusive, false) if inner.cards.len() > 1 => return Err(Rv::SHARING_VIOLATION),
            (Share::Exclusive, false) => {
                inner.exclusive = true;
                inner.begin(client, card);
            }
            (Share::Shared | Share::Direct, true) => {
                inner.exclusive = false;
                inner.end(card)?;
            }
            (Share::Exclusive, true) | (Share::Shared | Share::Direct, false) => {}
        }
        inner.clear(card);
        inner.protocol = protocol;
        drop(inner);
        self.freed.notify_all();
        Ok(protocol)
    }

    /// Ends a connection.
    pub(super) fn disconnect(&self, client: &Client, card: u32, disposition: Disposition) -> Result<(), Rv> {
        let mut inner = self.lock();
        if disposition != Disposition::Leave {
            inner = self.wait_for_turn(inner, client, Some(card), CONNECT_PATIENCE)?;
        }
        inner.dispose(disposition);
        inner.forget(card);
        drop(inner);
        self.freed.notify_all();
        Ok(())
    }

    /// Ends a connection of a client that is gone. If a transaction was under way, the card is reset, so that nobody
    /// inherits its rights.
    pub(super) fn abandon(&self, card: u32) {
        let mut inner = self.lock();
        let mid_way = inner.turn.is_some_and(|turn| turn.card == card);
        if mid_way && inner.happened(card).is_ok() {
            inner.dispose(Disposition::Reset);
        }
        inner.forget(card);
        drop(inner);
        self.freed.notify_all();
    }

    /// Begins a transaction.
    pub(super) fn begin(&self, client: &Client, card: u32) -> Result<(), Rv> {
        let mut inner = self.turn_of(client, card)?;
        inner.happened(card)?;
        inner.begin(client, card);
        Ok(())
    }

    /// Ends a transaction.
    pub(super) fn end(&self, card: u32, disposition: Disposition) -> Result<(), Rv> {
        let mut inner = self.lock();
        inner.happened(card)?;
        if inner.turn.is_some_and(|turn| turn.card != card) {
            return Err(Rv::SHARING_VIOLATION);
        }
        inner.dispose(disposition);
        let ended = inner.end(card);
        drop(inner);
        self.freed.notify_all();
        ended
    }

    /// Checks that the card has not changed; the rest of SCardStatus is in [`Reader::state`].
    pub(super) fn status(&self, client: &Client, card: u32) -> Result<(), Rv> {
        self.turn_of(client, card)?.happened(card)
    }

    /// The snapshot for attributes. Allowed also when the card is gone, unless the connection does not know that yet.
    pub(super) fn snapshot(&self, client: &Client, card: u32) -> Result<Snapshot, Rv> {
        let inner = self.turn_of(client, card)?;
        inner.happened(card)?;
        Ok(Snapshot { state: inner.state, atr: inner.atr.clone(), protocol: inner.protocol })
    }

    /// Whether it is this connection's turn to send control messages to the reader.
    pub(super) fn may_control(&self, client: &Client, card: u32) -> Result<(), Rv> {
        self.turn_of(client, card).map(drop)
    }

    /// Exchanges an APDU, and appends the response to `response`; returns the protocol in force.
    pub(super) fn transmit(
        &self,
        client: &Client,
        card: u32,
        protocol: Option<u32>,
        command: &[u8],
        response: &mut Vec<u8>,
    ) -> Result<u32, Rv> {
        let mut inner = self.turn_of(client, card)?;
        inner.happened(card)?;
        if !inner.is_present() {
            return Err(Rv::NO_SMARTCARD);
        }
        match protocol {
            None | Some(protocol::RAW | protocol::ANY_OLD) => {}
            Some(protocol) if protocol == inner.protocol => {}
            Some(_) => return Err(Rv::PROTO_MISMATCH),
        }
        match inner.slot.transmit(command, response) {
            Ok(()) => Ok(inner.protocol),
            Err(SlotFailure::Empty) => Err(Rv::NO_SMARTCARD),
            Err(SlotFailure::Broken(error)) if error.is_of_the_command() => Err(Rv::INVALID_PARAMETER),
            Err(SlotFailure::Mute | SlotFailure::Broken(_) | SlotFailure::LineGone) => Err(Rv::NOT_TRANSACTED),
        }
    }

    /// The reader, as soon as no other connection has a transaction on it.
    fn turn_of(&self, client: &Client, card: u32) -> Result<MutexGuard<'_, Inner>, Rv> {
        let inner = self.lock();
        self.wait_for_turn(inner, client, Some(card), PATIENCE)
    }

    /// Waits for at most `patience` until no connection except `card` has a transaction.
    fn wait_for_turn<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner>,
        client: &Client,
        card: Option<u32>,
        patience: Duration,
    ) -> Result<MutexGuard<'a, Inner>, Rv> {
        let blocking = |inner: &Inner| inner.turn.filter(|turn| Some(turn.card) != card);
        // Usually nobody is in the way, and reading the clock takes time.
        if blocking(&inner).is_none() {
            return Ok(inner);
        }
        let end = Instant::now() + patience;
        while let Some(turn) = blocking(&inner) {
            let left = end.saturating_duration_since(Instant::now()).min(LOOK);
            // A client never waits for itself: only its own next request could end such a wait.
            if left.is_zero() || turn.client == client.id || client.is_gone() {
                return Err(Rv::SHARING_VIOLATION);
            }
            inner = self.freed.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(inner)
    }
}

impl Inner {
    const fn is_present(&self) -> bool {
        self.state & state::PRESENT != 0
    }

    fn came_or_went(&mut self) {
        // A counter of 16 bits: libpcsclite shows it in the upper half of a state.
        self.events = (self.events + 1) % 0x1_0000;
    }

    fn take_out(&mut self) {
        self.slot.remove();
        self.note(Happened::Removed);
        // Transactions end with the card. An exclusive connection stays exclusive, and keeps its turn.
        self.turn = self.turn.filter(|_| self.exclusive).map(|turn| Turn { depth: 1, ..turn });
        self.atr.clear();
        self.protocol = protocol::UNDEFINED;
        self.state = state::ABSENT;
        self.came_or_went();
    }

    fn reset(&mut self) -> Result<(), SlotFailure> {
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

    fn power_down(&mut self) {
        self.slot.power_down();
        self.protocol = protocol::UNDEFINED;
        self.state = state::PRESENT;
    }

    /// Makes sure that there is a card and that it has power.
    fn make_ready(&mut self) -> Result<(), Rv> {
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
    fn choose_protocol(&self, share: Share, wanted: u32) -> Result<u32, Rv> {
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

    fn dispose(&mut self, disposition: Disposition) {
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

    fn note(&mut self, what: Happened) {
        self.cards.iter_mut().for_each(|card| card.happened = Some(what));
    }

    fn happened(&self, id: u32) -> Result<(), Rv> {
        match self.cards.iter().find(|card| card.id == id).ok_or(Rv::INVALID_HANDLE)?.happened {
            None => Ok(()),
            Some(Happened::Reset) => Err(Rv::RESET_CARD),
            Some(Happened::Removed) => Err(Rv::REMOVED_CARD),
        }
    }

    fn clear(&mut self, id: u32) {
        self.cards.iter_mut().filter(|card| card.id == id).for_each(|card| card.happened = None);
    }

    fn begin(&mut self, client: &Client, card: u32) {
        let depth = self.turn.map_or(0, |turn| turn.depth);
        self.turn = Some(Turn { card, client: client.id, depth: depth.saturating_add(1) });
    }

    fn end(&mut self, card: u32) -> Result<(), Rv> {
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
    fn forget(&mut self, id: u32) {
        self.turn = self.turn.filter(|turn| turn.card != id);
        let before = self.cards.len();
        self.cards.retain(|card| card.id != id);
        if self.cards.len() < before {
            self.exclusive = false;
        }
    }
}

const fn check_protocols(share: Share, wanted: u32) -> Result<(), Rv> {
    const KNOWN: u32 = protocol::T0 | protocol::T1 | protocol::RAW | protocol::ANY_OLD;
    match share {
        Share::Exclusive | Share::Shared if wanted & KNOWN == 0 => Err(Rv::PROTO_MISMATCH),
        _ => Ok(()),
    }
}
