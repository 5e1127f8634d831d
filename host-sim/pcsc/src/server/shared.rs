//! What all sessions share: readers, clients and events; and what a hand does to the readers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use qiyong_sim::card::desk::{Complain, DeskCard, same_file};

use super::client::Client;
use super::complaints::Complaints;
use super::keypad::{Keyed, Keypad};
use super::lock::lock;
use super::reader::Reader;
use crate::codes::Rv;
use crate::ctl::{Action, Deed, Done, Refusal};
use crate::wire::Ctl;

/// What all sessions share.
pub(super) struct Shared {
    pub(super) readers: Vec<Arc<Reader>>,
    /// One for each reader; empty for a server without keypads.
    pub(super) keypads: Vec<Keypad>,
    pub(super) clients: Mutex<HashMap<u64, Arc<Client>>>,
    /// How many events there have been that waiting clients are told.
    events: AtomicU64,
    /// How many contexts and connections there have been.
    count: AtomicU32,
    /// Makes the names of contexts and connections hard to guess, and different from those of other servers.
    names: RandomState,
    /// How many requests there have been.
    pub(super) requests: AtomicU64,
    pub(super) complaints: Complaints,
    /// Told what no answer about a card's file can carry.
    complain: Complain,
}

impl Shared {
    /// Nobody is there yet; each of `readers` has a keypad or none has.
    pub(super) fn new(readers: Vec<Arc<Reader>>, keypads: bool, complain: Complain) -> Self {
        Self {
            keypads: readers.iter().filter(|_| keypads).map(|_| Keypad::default()).collect(),
            readers,
            clients: Mutex::default(),
            events: AtomicU64::new(0),
            count: AtomicU32::new(0),
            names: RandomState::new(),
            requests: AtomicU64::new(0),
            complaints: Complaints::new(complain),
            complain,
        }
    }

    /// A name for a context or connection, not in use: 31 bits, since some programs keep it as a signed number.
    pub(super) fn fresh(&self) -> u32 {
        loop {
            // 21 bits of count do not repeat soon enough to matter; 10 random bits make servers differ.
            let count = self.count.fetch_add(1, Ordering::Relaxed) & 0x1F_FFFF;
            let name = (self.names.hash_one(0) as u32 & 0x3FF) << 21 | count;
            if name != 0 {
                return name;
            }
        }
    }

    pub(super) fn reader(&self, name: &[u8]) -> Option<Arc<Reader>> {
        self.readers.iter().find(|reader| reader.name.as_bytes() == name).cloned()
    }

    pub(super) fn events(&self) -> u64 {
        self.events.load(Ordering::Acquire)
    }

    /// Tells waiting clients that something happened.
    pub(super) fn happened(&self) {
        self.events.fetch_add(1, Ordering::AcqRel);
        let clients: Vec<_> = lock(&self.clients).values().cloned().collect();
        for client in clients {
            client.wake(Rv::SUCCESS);
        }
    }

    pub(super) fn cancel(&self, context: u32) -> Result<(), Rv> {
        let client = lock(&self.clients).values().find(|client| client.context() == context && context != 0).cloned();
        match client {
            Some(client) if client.wake(Rv::CANCELLED) => Ok(()),
            _ => Err(Rv::INVALID_HANDLE),
        }
    }

    /// Does what `qiyong pcscd ctl` asks for.
    pub(super) fn carry_out(&self, request: &Ctl<'_>) -> Result<Done, Refusal> {
        let action = Action::read(request)?;
        let reader = match request.reader.bytes() {
            [] => match self.readers.as_slice() {
                [only] => only,
                _ => return Err(Refusal::SeveralReaders { there: self.names() }),
            },
            name => {
                let number = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok());
                let found =
                    self.readers.iter().find(|reader| reader.name.as_bytes() == name || number == Some(reader.number));
                found.ok_or_else(|| Refusal::NoReader {
                    wanted: String::from_utf8_lossy(name).into_owned(),
                    there: self.names(),
                })?
            }
        };
        let what = self.act(reader, action)?;
        self.happened();
        Ok(Done { reader: reader.name.clone(), what })
    }

    fn act(&self, reader: &Reader, action: Action) -> Result<Deed, Refusal> {
        let name = || reader.name.clone();
        let last = || reader.card_file().ok_or_else(|| Refusal::NoCardBefore { reader: name() });
        match action {
            Action::Insert(_) if reader.has_card() => Err(Refusal::Occupied { reader: name() }),
            Action::Insert(path) => {
                let path = path.map_or_else(last, Ok)?;
                reader.insert(self.open(&path, reader)?);
                Ok(Deed::Inserted)
            }
            Action::Remove if reader.remove() => Ok(Deed::Removed),
            Action::Remove => Err(Refusal::Empty { reader: name() }),
            Action::Swap(path) => {
                // The reader holds the file of the card in it; another card is only taken out when there is a new one.
                if reader.card_file().is_some_and(|own| same_file(&own, &path)) {
                    reader.remove();
                }
                let card = self.open(&path, reader)?;
                reader.insert(card);
                Ok(Deed::Swapped)
            }
            Action::Mute => {
                let path = last()?;
                reader.remove();
                reader.insert(DeskCard { mute: true, ..self.open(&path, reader)? });
                Ok(Deed::Muted)
            }
            Action::Key(pin) => self.key(reader, Keyed::Pin(pin)),
            Action::CancelKey => self.key(reader, Keyed::Cancel),
        }
    }

    /// A card for `reader`, unless it is in another one.
    fn open(&self, path: &Path, reader: &Reader) -> Result<DeskCard, Refusal> {
        let has_it = |other: &&Arc<Reader>| {
            other.number != reader.number
                && other.has_card()
                && other.card_file().is_some_and(|file| same_file(&file, path))
        };
        match self.readers.iter().find(has_it) {
            Some(other) => Err(Refusal::CardElsewhere { card: path.into(), other: other.name.clone() }),
            None => {
                let card = DeskCard::open(path, self.complain)?;
                let refused =
                    || Refusal::OtherInterface { reader: reader.name.clone(), contactless: reader.contactless };
                if reader.takes(&card.card) { Ok(card) } else { Err(refused()) }
            }
        }
    }

    fn key(&self, reader: &Reader, keyed: Keyed) -> Result<Deed, Refusal> {
        let keypad = self.keypads.get(reader.number as usize);
        let keypad = keypad.ok_or(Refusal::NoKeypad)?;
        if !keypad.key(keyed) {
            return Err(Refusal::NothingAwaited { reader: reader.name.clone() });
        }
        Ok(Deed::Keyed)
    }

    fn names(&self) -> Vec<String> {
        self.readers.iter().map(|reader| reader.name.clone()).collect()
    }
}
