//! What a front knows of terminals: the region of an institution, and the key of a terminal. A region says it of all its terminals
//! when it is reached (`known`); of who has spoken since it is remembered (`learn`), within bounds: whoever has not spoken for
//! longest is forgotten.

use std::collections::{HashMap, HashSet};

use hashlink::LruCache;

use qiyong_centre::KnownTerminal;
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::institution::InstitutionCode;

/// A terminal's name.
pub(super) type Name = (InstitutionCode, TerminalId);

pub(super) struct Memory {
    homes: LruCache<InstitutionCode, usize>,
    keys: LruCache<Name, X919>,
    /// What each region has said of its terminals, last.
    said: Vec<Said>,
}

#[derive(Default)]
struct Said {
    homes: HashSet<InstitutionCode>,
    keys: HashMap<Name, X919>,
}

impl Memory {
    /// One for so many regions, and of those who speak for so many institutions and so many terminals.
    pub(super) fn new(regions: usize, most: usize) -> Self {
        let said = (0..regions).map(|_| Said::default()).collect();
        Self { homes: LruCache::new(most), keys: LruCache::new(most), said }
    }

    /// The region where an institution is known.
    pub(super) fn home(&mut self, institution: InstitutionCode) -> Option<usize> {
        let heard = self.homes.get(&institution).copied();
        heard.or_else(|| self.said.iter().position(|region| region.homes.contains(&institution)))
    }

    /// The key under which a terminal has spoken last, or which its region has said.
    pub(super) fn key(&mut self, name: &Name) -> Option<X919> {
        let heard = self.keys.get(name).cloned();
        heard.or_else(|| self.said.iter().find_map(|region| region.keys.get(name).cloned()))
    }

    /// Remembers both.
    pub(super) fn learn(&mut self, name: Name, home: usize, key: Option<&X919>) {
        self.homes.insert(name.0, home);
        if let Some(key) = key {
            self.keys.insert(name, key.clone());
        }
    }

    /// These are all the terminals of a region, instead of those that were its before.
    pub(super) fn known(&mut self, region: usize, terminals: Vec<KnownTerminal>) {
        let Some(said) = self.said.get_mut(region) else { return };
        said.homes = terminals.iter().map(|known| known.institution).collect();
        said.keys = terminals.into_iter().map(|known| ((known.institution, known.terminal), known.key)).collect();
    }

    /// An institution is not known where it was.
    pub(super) fn forget(&mut self, institution: InstitutionCode) {
        self.homes.remove(&institution);
        self.said.iter_mut().for_each(|region| {
            region.homes.remove(&institution);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_not_spoken_for_longest_is_forgotten_first() {
        let name =
            |number: u32| (InstitutionCode::new(&format!("P3201000{number:04}")).unwrap(), TerminalId(*b"00000001"));
        let mut memory = Memory::new(2, 2);
        let key = X919::new([7; 16]);
        memory.learn(name(1), 1, Some(&key));
        memory.learn(name(2), 2, None);
        assert_eq!(
            (memory.home(name(1).0), memory.key(&name(1)).is_some(), memory.key(&name(2)).is_some()),
            (Some(1), true, false)
        );
        memory.learn(name(3), 0, Some(&key));
        assert_eq!([1, 2, 3].map(|number| memory.home(name(number).0)), [Some(1), None, Some(0)]);
        memory.forget(name(1).0);
        assert_eq!(memory.home(name(1).0), None);
    }

    #[test]
    fn what_a_region_says_counts_for_who_has_not_spoken_and_is_replaced_as_a_whole() {
        let institution = |number: u32| InstitutionCode::new(&format!("P3201000{number:04}")).unwrap();
        let known = |number: u32, key: u8| KnownTerminal {
            institution: institution(number),
            terminal: TerminalId(*b"00000001"),
            key: X919::new([key; 16]),
        };
        let mut memory = Memory::new(2, 1);
        memory.known(1, vec![known(1, 1), known(2, 2)]);
        let key = |memory: &mut Memory, number: u32| {
            memory.key(&(institution(number), TerminalId(*b"00000001"))).map(|key| key.expose()[0])
        };
        assert_eq!((memory.home(institution(1)), key(&mut memory, 1)), (Some(1), Some(1)));
        // It has had another key since, and speaks under it.
        memory.learn((institution(1), TerminalId(*b"00000001")), 1, Some(&X919::new([9; 16])));
        assert_eq!([1, 2].map(|number| key(&mut memory, number)), [Some(9), Some(2)]);
        memory.known(1, vec![known(1, 9)]);
        assert_eq!([1, 2].map(|number| key(&mut memory, number)), [Some(9), None]);
        // Where it is not, it is looked for anew.
        memory.forget(institution(1));
        assert_eq!(memory.home(institution(1)), None);
        memory.known(7, vec![known(3, 3)]);
        assert_eq!(key(&mut memory, 3), None, "there is no such region");
    }
}
