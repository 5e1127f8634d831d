//! One reader: its slot, the connections that share it, whose turn it is, and what has happened to the card.
//!
//! Every request about a card is carried out in the thread of its client, under the reader's lock: an APDU on its way
//! never passes from one thread to another.

mod inner;
mod listed;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use qiyong_sim::card::desk::DeskCard;
use qiyong_sim::card::os::VirtualCard;

use self::inner::{Card, Happened, Inner, Turn};
use super::client::Client;
use super::keypad::Keypad;
use super::lock::lock;
use crate::codes::{Disposition, Rv, Share, protocol, state};
use crate::name::ReaderName;
use crate::slot::{Happening, Observer, Seen, Slot, SlotFailure, Watched};
use crate::wire::ReaderState;

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
    /// Its keys, if it has any.
    pub(super) keypad: Option<Keypad>,
    /// Is told of everything under the lock, so in the order in which it happens.
    observer: Option<Arc<dyn Observer>>,
    inner: Mutex<Inner>,
    /// Signalled when a turn or a connection has ended.
    freed: Condvar,
}

/// What a program sees of the reader when it requests an attribute.
pub(super) struct Snapshot {
    pub(super) state: u32,
    pub(super) atr: Vec<u8>,
    pub(super) protocol: u32,
}

impl Reader {
    /// A reader without a card. `observer` is told of everything that happens in it.
    pub(super) fn new(
        name: ReaderName,
        number: u32,
        slot: Box<dyn Slot>,
        has_keypad: bool,
        observer: Option<&Arc<dyn Observer>>,
    ) -> Self {
        let contactless = slot.contactless();
        let slot = match observer {
            Some(observer) => Box::new(Watched::new(slot, observer.clone(), name.as_str(), number)),
            None => slot,
        };
        let inner = Mutex::new(Inner::new(slot, observer.is_some()));
        let keypad = has_keypad.then(Keypad::default);
        let observer = observer.cloned();
        Self { name: name.to_string(), number, contactless, keypad, observer, inner, freed: Condvar::new() }
    }

    /// Tells whoever watches. The lock is held.
    fn tell(&self, _: &Inner, program: Option<&Client>, what: Happening<'_>) {
        if let Some(observer) = &self.observer {
            let program = program.map(|client| client.program().as_ref());
            observer.saw(&Seen { reader: &self.name, number: self.number, program, what });
        }
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

    /// The reader is plugged in, perhaps with a card in it.
    pub(super) fn come(&self, card: Option<DeskCard>) {
        let mut inner = self.lock();
        self.tell(&inner, None, Happening::ReaderCame);
        inner.asked_by(None);
        card.into_iter().for_each(|card| inner.put_in(card));
    }

    /// Puts a card in and powers it to learn its ATR.
    pub(super) fn insert(&self, card: DeskCard) {
        let mut inner = self.lock();
        inner.asked_by(None);
        inner.put_in(card);
        drop(inner);
        self.freed.notify_all();
    }

    /// Takes the card out; `false` if there is none.
    pub(super) fn remove(&self) -> bool {
        let mut inner = self.lock();
        if !inner.is_present() {
            return false;
        }
        inner.asked_by(None);
        inner.take_out();
        drop(inner);
        self.freed.notify_all();
        true
    }

    /// Takes the reader away. Whoever waits for it, or for a key of it, is told so now, and everybody else when they next ask.
    pub(super) fn unplug(&self) {
        let mut inner = self.lock();
        inner.asked_by(None);
        inner.unplug();
        self.tell(&inner, None, Happening::ReaderWent);
        drop(inner);
        self.freed.notify_all();
        self.keypad.iter().for_each(Keypad::unplug);
    }

    /// Makes a connection called `id`; returns the protocol in force.
    pub(super) fn connect(&self, client: &Arc<Client>, id: u32, share: Share, protocols: u32) -> Result<u32, Rv> {
        if self.observer.is_some() {
            // Its name comes from a file, which nobody should wait for under the lock.
            client.program();
        }
        let connected = self.try_connect(client, id, share, protocols);
        if connected.is_err() {
            self.tell(&self.lock(), Some(client), Happening::Connected(share, connected));
        }
        connected
    }

    fn try_connect(&self, client: &Arc<Client>, id: u32, share: Share, protocols: u32) -> Result<u32, Rv> {
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
        inner.cards.push(Card { id, client: Arc::clone(client), share, happened: None });
        inner.protocol = protocol;
        self.tell(&inner, Some(client), Happening::Connected(share, Ok(protocol)));
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
        inner.renew(card, share);
        inner.protocol = protocol;
        drop(inner);
        self.freed.notify_all();
        Ok(protocol)
    }

    /// Ends a connection.
    pub(super) fn disconnect(&self, client: &Client, card: u32, disposition: Disposition) -> Result<(), Rv> {
        let mut inner = self.lock();
        // A reader that is gone is let go of in any case.
        if disposition != Disposition::Leave && !inner.gone {
            inner = self.wait_for_turn(inner, client, Some(card), CONNECT_PATIENCE)?;
            inner.dispose(disposition);
        }
        inner.forget(card);
        self.tell(&inner, Some(client), Happening::Disconnected);
        drop(inner);
        self.freed.notify_all();
        Ok(())
    }

    /// Ends a connection of a client that is gone. If a transaction was under way, the card is reset, so that nobody
    /// inherits its rights.
    pub(super) fn abandon(&self, client: &Client, card: u32) {
        let mut inner = self.lock();
        let mid_way = inner.turn.is_some_and(|turn| turn.card == card);
        if mid_way && inner.happened(card).is_ok() {
            inner.asked_by(Some(client));
            inner.dispose(Disposition::Reset);
        }
        inner.forget(card);
        self.tell(&inner, Some(client), Happening::Disconnected);
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
    pub(super) fn end(&self, client: &Client, card: u32, disposition: Disposition) -> Result<(), Rv> {
        let mut inner = self.lock();
        inner.is_there()?;
        inner.asked_by(Some(client));
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
        inner.is_there()?;
        // Usually nobody is in the way, and reading the clock takes time.
        if blocking(&inner).is_none() {
            inner.asked_by(Some(client));
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
            inner.is_there()?;
        }
        inner.asked_by(Some(client));
        Ok(inner)
    }
}

const fn check_protocols(share: Share, wanted: u32) -> Result<(), Rv> {
    const KNOWN: u32 = protocol::T0 | protocol::T1 | protocol::RAW | protocol::ANY_OLD;
    match share {
        Share::Exclusive | Share::Shared if wanted & KNOWN == 0 => Err(Rv::PROTO_MISMATCH),
        _ => Ok(()),
    }
}
