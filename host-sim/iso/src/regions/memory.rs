//! What a front remembers of those who have spoken: the region of an institution, and the key of a terminal. Both are bounded:
//! whoever has not spoken for longest is forgotten, and asked for again.

use hashlink::LruCache;

use qiyong_protocol::centre::TerminalId;
use qiyong_protocol::centre::iso8583::mac::X919;
use qiyong_protocol::rules::institution::InstitutionCode;

/// A terminal's name.
pub(super) type Name = (InstitutionCode, TerminalId);

pub(super) struct Memory {
    homes: LruCache<InstitutionCode, usize>,
    keys: LruCache<Name, X919>,
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

    /// The key under which a terminal has spoken last.
    pub(super) fn key(&mut self, name: &Name) -> Option<X919> {
        self.keys.get(name).cloned()
    }

    /// Remembers both.
    pub(super) fn learn(&mut self, name: Name, home: usize, key: Option<&X919>) {
        self.homes.insert(name.0, home);
        if let Some(key) = key {
            self.keys.insert(name, key.clone());
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

    #[test]
    fn who_has_not_spoken_for_longest_is_forgotten_first() {
        let name =
            |number: u32| (InstitutionCode::new(&format!("P3201000{number:04}")).unwrap(), TerminalId(*b"00000001"));
        let mut memory = Memory::new(2);
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
}
