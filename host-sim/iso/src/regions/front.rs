//! To which region's queue a message goes, and what a terminal is told whose region is down.
//!
//! A message names its institution, and the institution's code its district, which lies in the home's area more often than not:
//! the region that is likely is asked first, then the others one after the other, and what was found is remembered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use qiyong_centre::regions::RegionTable;
use qiyong_centre::{Asked, KnownTerminal, Proved, refusal, test_mac_key};
use qiyong_protocol::centre::iso8583::Message;
use qiyong_protocol::centre::message::sender;
use qiyong_protocol::rules::reason::Reason;

use super::memory::{Memory, Name};
use crate::decider::{Errand, Refuse, Refused, Route, Said};
use crate::region_figures::AllRegions;

/// Of how many institutions, and of how many terminals, it is remembered that they have spoken: in all some ten megabytes.
const REMEMBERED: usize = 65_536;

/// What all regions of a server share.
#[derive(Clone)]
pub struct Front {
    table: Arc<RegionTable>,
    test_keys: bool,
    memory: Arc<Mutex<Memory>>,
    figures: AllRegions,
}

impl Front {
    /// The front of the regions of this table. `test_keys`: their centres have the published test keys, under which a terminal
    /// can be told of a region that is down although it has not spoken before.
    pub fn new(table: Arc<RegionTable>, test_keys: bool) -> Self {
        let memory = Memory::new(table.regions().len(), REMEMBERED);
        Self { table, test_keys, memory: Arc::new(Mutex::new(memory)), figures: AllRegions::default() }
    }

    /// The regions.
    pub fn table(&self) -> &Arc<RegionTable> {
        &self.table
    }

    /// The names of all regions, in the order of the table, and whether each was reached last.
    pub fn reached(&self) -> Vec<(String, bool)> {
        let reached = |name: &str| (name.to_owned(), self.figures.of(name).is_up());
        self.table.regions().iter().map(|region| reached(&region.name)).collect()
    }

    /// The figures of all regions.
    pub(crate) const fn figures(&self) -> &AllRegions {
        &self.figures
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A terminal has spoken at its home, and proved itself by these keys.
    pub(super) fn learn(&self, message: &[u8], home: usize, proved: &Proved) {
        if let Some(name) = name(message) {
            self.memory().learn(name, home, proved);
        }
    }

    /// A region was reached, and these are its terminals.
    pub(super) fn known(&self, region: usize, terminals: Vec<KnownTerminal>) {
        self.memory().known(region, terminals);
    }

    /// What becomes of a message whose institution this region does not know, or which is down (`down`) and may know it.
    pub(super) fn elsewhere(&self, region: usize, errand: &Errand, down: bool) -> Said {
        let message = errand.asked.bytes();
        let name = name(message);
        if let Some((institution, _)) = name {
            let mut memory = self.memory();
            match memory.home(institution) {
                // It is this one's, and stays so.
                Some(home) if home == region && down => {
                    drop(memory);
                    return Said::Answer(self.down(message));
                }
                Some(home) if home == region => memory.forget(institution),
                _ => {}
            }
        }
        let mut tried = errand.tried.clone();
        tried.push(region);
        let down = errand.down || down;
        let next = self.order(name).find(|region| !tried.contains(region));
        match next {
            Some(to) => Said::Give { to, errand: Errand { asked: errand.asked.clone(), tried, down } },
            None if down => Said::Answer(self.down(message)),
            None => {
                let to = self.order(name).next().unwrap_or(0);
                Said::Give { to, errand: Errand::new(Asked::Stranger(message.to_vec())) }
            }
        }
    }

    /// All regions, the likely one first.
    fn order(&self, name: Option<Name>) -> impl Iterator<Item = usize> + use<> {
        let first = name.map_or(0, |(institution, _)| self.table.likely(institution.region()));
        std::iter::once(first).chain((0..self.table.regions().len()).filter(move |region| *region != first))
    }

    /// The answer to a message whose region is down, if its terminal's key is known here.
    pub(super) fn down(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.nothing_done(message, Reason::RegionDown)
    }

    fn nothing_done(&self, message: &[u8], reason: Reason) -> Option<Vec<u8>> {
        let own = name(message).and_then(|name| self.memory().keys(&name));
        // Whoever has a key of its own does not believe an answer under the published one, and waits in vain, as it would anyway.
        let published = || self.test_keys.then(|| Proved { master: Some(test_mac_key()), working: None });
        refusal(message, &own.or_else(published)?, reason)
    }
}

/// Which terminal a message names.
fn name(message: &[u8]) -> Option<Name> {
    sender(&Message::read(message).ok()?).ok()
}

impl Route for Front {
    fn route(&self, message: &[u8]) -> usize {
        let Some((institution, _)) = name(message) else { return 0 };
        self.memory().home(institution).unwrap_or_else(|| self.table.likely(institution.region()))
    }

    fn waiting(&self, place: usize, requests: usize) {
        if let Some(region) = self.table.regions().get(place) {
            self.figures.of(&region.name).waiting(requests);
        }
    }
}

/// What has no room or no time is refused under the key that is remembered.
impl Refuse for Front {
    fn refuse(&mut self, message: &[u8], _: Refused) -> Option<Vec<u8>> {
        self.nothing_done(message, Reason::CentreBusy)
    }
}
