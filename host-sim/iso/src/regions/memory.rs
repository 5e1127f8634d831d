//! What a front remembers of those who have spoken: the region of an institution, and the keys of a terminal. Both are bounded:
//! whoever has not spoken for longest is forgotten, and asked for again.

use hashlink::LruCache;

use qiyong_centre::Proved;
use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::rules::institution::InstitutionCode;

/// A terminal's name.
pub(super) type Name = (InstitutionCode, TerminalId);

pub(super) struct Memory {
    homes: LruCache<InstitutionCode, usize>,
    keys: LruCache<Name, Proved>,
}

impl Memory {
    /// One for so many institutions, and so many terminals.
    pub(super) fn new(most: usize) -> Self {
        Self { homes: LruCache::new(most), keys: LruCache::new(most) }
    }

    /// The region where an institution is known.
    pub(super) fn home(&mut self, institution: InstitutionCode) -> Option<usize> {
        self.homes.get(&institution).copied()
    }

    /// The keys under which a terminal has spoken last.
    pub(super) fn keys(&mut self, name: &Name) -> Option<Proved> {
        self.keys.get(name).cloned()
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

    /// An institution is not known where it was.
    pub(super) fn forget(&mut self, institution: InstitutionCode) {
        self.homes.remove(&institution);
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
        let mut memory = Memory::new(2);
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
}
