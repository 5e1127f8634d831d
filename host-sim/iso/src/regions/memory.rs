//! What a front knows of terminals: the region of an institution, and the keys of a terminal. A region says it of all its terminals
//! when it is reached (`known`); of who has spoken since it is remembered (`learn`), within bounds: whoever has not spoken for
//! longest is forgotten.

use std::collections::{HashMap, HashSet};

use hashlink::LruCache;

use qiyong_centre::{KnownTerminal, Proved};
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::institution::InstitutionCode;

/// A terminal's name.
pub(super) type Name = (InstitutionCode, TerminalId);

pub(super) struct Memory {
    homes: LruCache<InstitutionCode, usize>,
    keys: LruCache<Name, Proved>,
    /// What each region has said of its terminals, last.
    said: Vec<Said>,
}

#[derive(Default)]
struct Said {
    homes: HashSet<InstitutionCode>,
    keys: HashMap<Name, Proved>,
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

    /// The keys under which a terminal has spoken last, and those that its region has said.
    pub(super) fn keys(&mut self, name: &Name) -> Option<Proved> {
        let mut known = self.said.iter().find_map(|region| region.keys.get(name).cloned()).unwrap_or_default();
        if let Some(heard) = self.keys.get(name) {
            known.learn(heard);
        }
        (!known.is_none()).then_some(known)
    }

    /// Remembers both.
    pub(super) fn learn(&mut self, name: Name, home: usize, proved: &Proved) {
        self.homes.insert(name.0, home);
        if !proved.is_none() {
            let mut known = self.keys.remove(&name).unwrap_or_default();
            known.learn(proved);
            self.keys.insert(name, known);
        }
    }

    /// These are all the terminals of a region, instead of those that were its before.
    pub(super) fn known(&mut self, region: usize, terminals: Vec<KnownTerminal>) {
        let Some(said) = self.said.get_mut(region) else { return };
        said.homes = terminals.iter().map(|known| known.institution).collect();
        said.keys = terminals.into_iter().map(|known| ((known.institution, known.terminal), known.keys)).collect();
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
    use qiyong_protocol::centre::iso8583::mac::X919;

    #[test]
    fn who_has_not_spoken_for_longest_is_forgotten_first() {
        let name =
            |number: u32| (InstitutionCode::new(&format!("P3201000{number:04}")).unwrap(), TerminalId(*b"00000001"));
        let mut memory = Memory::new(2, 2);
        let [first, second, third] = [1, 2, 3].map(|byte| Some(X919::new([byte; 16])));
        memory.learn(name(1), 1, &Proved { master: first, working: second });
        memory.learn(name(2), 2, &Proved::default());
        assert_eq!(
            (memory.home(name(1).0), memory.keys(&name(1)).is_some(), memory.keys(&name(2)).is_some()),
            (Some(1), true, false)
        );
        // What is newer replaces its like, and nothing else.
        memory.learn(name(1), 1, &Proved { master: None, working: third });
        let known = memory.keys(&name(1)).unwrap();
        let byte = |key: Option<X919>| key.map(|key| key.expose()[0]);
        assert_eq!((byte(known.master), byte(known.working)), (Some(1), Some(3)));
        memory.learn(name(2), 2, &Proved::default());
        memory.learn(name(1), 1, &Proved::default());
        memory.learn(name(3), 0, &Proved { master: Some(X919::new([7; 16])), working: None });
        assert_eq!([1, 2, 3].map(|number| memory.home(name(number).0)), [Some(1), None, Some(0)]);
        memory.forget(name(1).0);
        assert_eq!(memory.home(name(1).0), None);
    }

    fn master(byte: u8) -> Proved {
        Proved { master: Some(X919::new([byte; 16])), working: None }
    }

    #[test]
    fn what_a_region_says_counts_for_who_has_not_spoken_and_is_replaced_as_a_whole() {
        let institution = |number: u32| InstitutionCode::new(&format!("P3201000{number:04}")).unwrap();
        let known = |number: u32, key: u8| KnownTerminal {
            institution: institution(number),
            terminal: TerminalId(*b"00000001"),
            keys: master(key),
        };
        let mut memory = Memory::new(2, 1);
        memory.known(1, vec![known(1, 1), known(2, 2)]);
        let key = |memory: &mut Memory, number: u32| {
            let known = memory.keys(&(institution(number), TerminalId(*b"00000001")))?;
            known.master.map(|key| key.expose()[0])
        };
        assert_eq!((memory.home(institution(1)), key(&mut memory, 1)), (Some(1), Some(1)));
        // It has had another key since, and speaks under it.
        memory.learn((institution(1), TerminalId(*b"00000001")), 1, &master(9));
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
