//! What all sessions share: readers, clients and events; and what a hand does to the readers.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use qiyong_sim::card::desk::{Complain, DeskCard, same_file};

use super::client::Client;
use super::complaints::Complaints;
use super::keypad::Keyed;
use super::lock::lock;
use super::reader::Reader;
use crate::codes::Rv;
use crate::ctl::{Act, Action, Answer, Deed, Done, Listing, Refusal};
use crate::name::{NameProblem, ReaderName};
use crate::slot::{Observer, Slot, Way};
use crate::wire::{Ctl, TABLE_LEN};

/// The most readers: a program with pcsc-lite before 2.5 would not see more.
pub const READERS_MAX: usize = TABLE_LEN;

/// What all sessions share.
pub(super) struct Shared {
    /// The readers, in the order in which they came.
    readers: Mutex<Vec<Arc<Reader>>>,
    /// How often readers came or went, and one more: programs take 0 for "not known yet".
    readers_moved: AtomicU32,
    /// Held by the hand that does something: there is one at a time.
    hand: Mutex<()>,
    /// Whether readers have keypads.
    keypads: bool,
    /// The way to the cards of readers that come.
    way: Way,
    observer: Option<Arc<dyn Observer>>,
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
    /// Nobody is there yet, and no reader; each reader that comes has a keypad or none has.
    pub(super) fn new(keypads: bool, way: Way, observer: Option<Arc<dyn Observer>>, complain: Complain) -> Self {
        Self {
            readers: Mutex::default(),
            readers_moved: AtomicU32::new(1),
            hand: Mutex::default(),
            keypads,
            way,
            observer,
            clients: Mutex::default(),
            events: AtomicU64::new(0),
            count: AtomicU32::new(0),
            names: RandomState::new(),
            requests: AtomicU64::new(0),
            complaints: Complaints::new(complain),
            complain,
        }
    }

    /// The readers that there are now.
    pub(super) fn readers(&self) -> Vec<Arc<Reader>> {
        lock(&self.readers).clone()
    }

    /// How often readers came or went, and one more.
    pub(super) fn readers_moved(&self) -> u32 {
        self.readers_moved.load(Ordering::Acquire)
    }

    /// A reader comes, with a card in it or not, behind the others. Without a name it gets one by its number, the lowest that is
    /// free.
    ///
    /// # Errors
    /// There are enough, or another one has the name.
    pub(super) fn plug(
        &self,
        name: Option<ReaderName>,
        slot: Box<dyn Slot>,
        card: impl FnOnce(&Reader) -> Result<Option<DeskCard>, Refusal>,
    ) -> Result<Arc<Reader>, Refusal> {
        let there = self.readers();
        if there.len() >= READERS_MAX {
            return Err(Refusal::TooManyReaders { most: READERS_MAX });
        }
        let number = (0..).find(|number| there.iter().all(|reader| reader.number != *number)).unwrap_or_default();
        let name = name.unwrap_or_else(|| ReaderName::of(number, slot.contactless()));
        if there.iter().any(|reader| reader.name == name.as_str()) {
            return Err(NameProblem::Taken { name: name.to_string() }.into());
        }
        let reader = Arc::new(Reader::new(name, number, slot, self.keypads, self.observer.as_ref()));
        let card = card(&reader)?;
        reader.come(card);
        lock(&self.readers).push(reader.clone());
        self.readers_moved.fetch_add(1, Ordering::AcqRel);
        Ok(reader)
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
        lock(&self.readers).iter().find(|reader| reader.name.as_bytes() == name).cloned()
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
    pub(super) fn carry_out(&self, request: &Ctl<'_>) -> Result<Answer, Refusal> {
        let _hand = lock(&self.hand);
        let action = Action::read(request)?;
        let named = String::from_utf8_lossy(request.reader.bytes());
        let (reader, what) = match action {
            Action::List => return Ok(Answer::Listed(self.listing())),
            Action::Plug { contactless, card } => {
                let name = ReaderName::new(&named)?;
                let slot = self.way.open(contactless).map_err(|_| Refusal::NoLine)?;
                let card = |reader: &Reader| card.map(|path| self.open(&path, reader)).transpose();
                (self.plug(Some(name), slot, card)?, Deed::Plugged)
            }
            Action::Unplug => {
                let reader = self.named(&named)?;
                lock(&self.readers).retain(|other| other.number != reader.number);
                self.readers_moved.fetch_add(1, Ordering::AcqRel);
                reader.unplug();
                (reader, Deed::Unplugged)
            }
            Action::At(act) => {
                let reader = self.named(&named)?;
                let what = self.act(&reader, act)?;
                (reader, what)
            }
        };
        self.happened();
        Ok(Answer::Done(Done { reader: reader.name.clone(), what }))
    }

    /// The reader of this name, or of this number; the only one if the name is empty.
    fn named(&self, name: &str) -> Result<Arc<Reader>, Refusal> {
        let readers = self.readers();
        let there = || readers.iter().map(|reader| reader.name.clone()).collect();
        let number = name.parse().ok();
        let by_name = || readers.iter().find(|reader| reader.name == name);
        let by_number = || readers.iter().find(|reader| number == Some(reader.number));
        match (name, readers.as_slice()) {
            (_, []) => Err(Refusal::NoReaders),
            ("", [only]) => Ok(only.clone()),
            ("", _) => Err(Refusal::SeveralReaders { there: there() }),
            _ => by_name()
                .or_else(by_number)
                .cloned()
                .ok_or_else(|| Refusal::NoReader { wanted: name.into(), there: there() }),
        }
    }

    /// What there is, and who holds what.
    fn listing(&self) -> Listing {
        let clients: Vec<_> = lock(&self.clients).values().cloned().collect();
        let mut waiting: Vec<_> = clients.iter().filter(|client| client.is_waiting()).collect();
        waiting.sort_by_key(|client| client.id);
        Listing {
            readers: self.readers().iter().map(|reader| reader.listed()).collect(),
            waiting: waiting.iter().map(|client| client.program().to_string()).collect(),
        }
    }

    fn act(&self, reader: &Reader, act: Act) -> Result<Deed, Refusal> {
        let name = || reader.name.clone();
        let last = || reader.card_file().ok_or_else(|| Refusal::NoCardBefore { reader: name() });
        match act {
            Act::Insert(_) if reader.has_card() => Err(Refusal::Occupied { reader: name() }),
            Act::Insert(path) => {
                let path = path.map_or_else(last, Ok)?;
                reader.insert(self.open(&path, reader)?);
                Ok(Deed::Inserted)
            }
            Act::Remove if reader.remove() => Ok(Deed::Removed),
            Act::Remove => Err(Refusal::Empty { reader: name() }),
            Act::Swap(path) => {
                // The reader holds the file of the card in it; another card is only taken out when there is a new one.
                if reader.card_file().is_some_and(|own| same_file(&own, &path)) {
                    reader.remove();
                }
                let card = self.open(&path, reader)?;
                reader.insert(card);
                Ok(Deed::Swapped)
            }
            Act::Mute => {
                let path = last()?;
                reader.remove();
                reader.insert(DeskCard { mute: true, ..self.open(&path, reader)? });
                Ok(Deed::Muted)
            }
            Act::Key(pin) => key(reader, Keyed::Pin(pin)),
            Act::CancelKey => key(reader, Keyed::Cancel),
        }
    }

    /// A card for `reader`, unless it is in another one.
    fn open(&self, path: &Path, reader: &Reader) -> Result<DeskCard, Refusal> {
        let has_it = |other: &&Arc<Reader>| {
            other.number != reader.number
                && other.has_card()
                && other.card_file().is_some_and(|file| same_file(&file, path))
        };
        match self.readers().iter().find(has_it) {
            Some(other) => Err(Refusal::CardElsewhere { card: path.into(), other: other.name.clone() }),
            None => {
                let card = DeskCard::open(path, self.complain)?;
                let refused =
                    || Refusal::OtherInterface { reader: reader.name.clone(), contactless: reader.contactless };
                if reader.takes(&card.card) { Ok(card) } else { Err(refused()) }
            }
        }
    }
}

fn key(reader: &Reader, keyed: Keyed) -> Result<Deed, Refusal> {
    let keypad = reader.keypad.as_ref().ok_or(Refusal::NoKeypad)?;
    if keypad.key(keyed) { Ok(Deed::Keyed) } else { Err(Refusal::NothingAwaited { reader: reader.name.clone() }) }
}
