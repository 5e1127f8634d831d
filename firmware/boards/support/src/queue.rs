//! Characters that have come and wait to be taken. Some are the digits of a PIN: a place is wiped when its character is taken or
//! forgotten.

use zeroize::Zeroize;

use crate::moment::noted;

/// How many characters may wait to be taken.
pub const QUEUE: usize = 64;

/// A received character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Character {
    /// Its data moments, as the line has them.
    pub byte: u8,
    /// Its parity was right, where there is one.
    pub parity_ok: bool,
    /// The lower half of when its last moment had come, in cycles.
    low: u32,
}

impl Character {
    const NONE: Self = Self { byte: 0, parity_ok: false, low: 0 };

    /// A character whose last moment has come now.
    pub const fn new(byte: u8, parity_ok: bool, now: u64) -> Self {
        Self { byte, parity_ok, low: now as u32 }
    }

    /// When its last moment had come, in cycles; it is taken within two minutes, as those of a card are.
    pub fn at(&self, now: u64) -> u64 {
        noted(now, self.low)
    }
}

impl Zeroize for Character {
    fn zeroize(&mut self) {
        self.byte.zeroize();
        self.parity_ok.zeroize();
        self.low.zeroize();
    }
}

/// The characters, first come, first taken.
#[derive(Debug)]
pub struct Queue {
    places: [Character; QUEUE],
    first: usize,
    count: usize,
}

impl Queue {
    /// None.
    pub const fn new() -> Self {
        Self { places: [Character::NONE; QUEUE], first: 0, count: 0 }
    }

    /// One more; lost if there is no room. Every protocol above notices that.
    pub fn push(&mut self, character: Character) {
        let free = (self.first + self.count) % QUEUE;
        if let Some(place) = self.places.get_mut(free).filter(|_| self.count < QUEUE) {
            *place = character;
            self.count += 1;
        }
    }

    /// The first.
    pub fn take(&mut self) -> Option<Character> {
        let place = self.places.get_mut(self.first).filter(|_| self.count > 0)?;
        let character = *place;
        place.zeroize();
        self.first = (self.first + 1) % QUEUE;
        self.count -= 1;
        Some(character)
    }

    /// Forgets all.
    pub fn forget(&mut self) {
        while self.take().is_some() {}
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digit(number: usize) -> Character {
        Character::new(b'0' + (number % 10) as u8, true, number as u64)
    }

    fn is_wiped(queue: &Queue) -> bool {
        queue.places == [Character::NONE; QUEUE]
    }

    #[test]
    fn what_came_first_is_taken_first_and_nothing_of_it_stays() {
        let mut queue = Queue::new();
        for round in 0..10 {
            for number in 0..7 {
                queue.push(digit(round * 7 + number));
            }
            let taken: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
            assert_eq!(taken, (0..7).map(|number| digit(round * 7 + number)).collect::<Vec<_>>());
            assert!(is_wiped(&queue));
        }
    }

    #[test]
    fn what_has_no_room_is_lost_and_what_was_there_stays() {
        let mut queue = Queue::new();
        (0..QUEUE + 5).for_each(|number| queue.push(digit(number)));
        assert_eq!(queue.take().map(|first| (first, first.at(7))), Some((digit(0), 0)));
        queue.push(digit(99));
        let rest: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
        assert_eq!(rest, (1..QUEUE).chain([99]).map(digit).collect::<Vec<_>>());
        assert!(is_wiped(&queue));
    }

    #[test]
    fn what_is_forgotten_is_wiped() {
        let mut queue = Queue::new();
        (0..40).for_each(|number| queue.push(digit(number)));
        queue.forget();
        assert_eq!((queue.take(), is_wiped(&queue)), (None, true));
    }
}
