//! The keys of a virtual reader. What is keyed goes to the one program that awaits it; what becomes of a PIN there is `pin`'s.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use qiyong_protocol::card::pin::Pin;

use super::client::Client;
use super::lock::lock;
use crate::codes::Rv;
use crate::ctl::ListedKeypad;

/// The longest time for keying, whatever a program asks for.
pub(super) const KEYING_MAX: Duration = Duration::from_secs(60);
/// How often the keypad checks whether the program is still there.
const LOOK: Duration = Duration::from_millis(100);

/// A key press that ends an entry.
pub(super) enum Keyed {
    /// Digits and the enter key.
    Pin(Pin),
    /// The cancel key.
    Cancel,
}

/// Why no PIN was keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unkeyed {
    /// Nobody keyed one in time.
    TimedOut,
    /// The holder wants none to be taken.
    Cancelled,
    /// The reader was unplugged, or the program is not there any more.
    Gone,
}

/// The keys of one reader. They are dead while no program awaits a PIN: what is pressed then would be a try for a program
/// that comes later.
#[derive(Default)]
pub(super) struct Keypad {
    entry: Mutex<Awaited>,
    pressed: Condvar,
}

/// What the keypad awaits.
#[derive(Default)]
enum Awaited {
    /// Nothing.
    #[default]
    Nothing,
    /// Nothing ever again: the reader was unplugged.
    Gone,
    /// A PIN.
    Pin {
        /// For this program.
        by: Arc<Client>,
        /// This was pressed, and the program has not taken it yet.
        pressed: Option<Keyed>,
    },
}

impl Keypad {
    /// Somebody pressed keys; `false`: no PIN is awaited, and nothing comes of it.
    pub(super) fn key(&self, keyed: Keyed) -> bool {
        let mut entry = lock(&self.entry);
        let Awaited::Pin { pressed: pressed @ None, .. } = &mut *entry else { return false };
        *pressed = Some(keyed);
        self.pressed.notify_all();
        true
    }

    /// The reader was unplugged: whoever awaits a PIN gets none.
    pub(super) fn unplug(&self) {
        *lock(&self.entry) = Awaited::Gone;
        self.pressed.notify_all();
    }

    /// What a hand is told of it.
    pub(super) fn listed(&self) -> ListedKeypad {
        let by = match &*lock(&self.entry) {
            Awaited::Pin { by, .. } => Some(Arc::clone(by)),
            Awaited::Nothing | Awaited::Gone => None,
        };
        ListedKeypad { awaited_by: by.map(|client| client.program().to_string()) }
    }
}

/// One entry on the keypad; the keys are dead again when it is dropped.
pub(super) struct Entry<'a> {
    keypad: &'a Keypad,
    client: &'a Client,
    /// The time for each PIN.
    patience: Duration,
    /// How many PINs are still to be keyed. With the last one the keys are dead: the next key is not for this program.
    left: usize,
}

impl<'a> Entry<'a> {
    /// An entry of so many PINs. A sharing violation if another program awaits a PIN: a key cannot be for both.
    pub(super) fn begin(
        keypad: &'a Keypad,
        client: &'a Arc<Client>,
        patience: Duration,
        count: usize,
    ) -> Result<Self, Rv> {
        let mut entry = lock(&keypad.entry);
        match *entry {
            Awaited::Nothing => {}
            Awaited::Gone => return Err(Rv::READER_UNAVAILABLE),
            Awaited::Pin { .. } => return Err(Rv::SHARING_VIOLATION),
        }
        *entry = Awaited::Pin { by: Arc::clone(client), pressed: None };
        Ok(Self { keypad, client, patience, left: count })
    }

    /// Waits for the next PIN.
    ///
    /// # Errors
    /// There is none. After the last one, and after cancel, there is no other.
    pub(super) fn pin(&mut self) -> Result<Pin, Unkeyed> {
        if self.left == 0 {
            return Err(Unkeyed::Cancelled);
        }
        let end = Instant::now() + self.patience;
        let mut entry = lock(&self.keypad.entry);
        loop {
            let Awaited::Pin { pressed, .. } = &mut *entry else { return Err(Unkeyed::Gone) };
            // A program that is gone has no use for the try.
            if self.client.is_gone() {
                return Err(Unkeyed::Gone);
            }
            if let Some(keyed) = pressed.take() {
                self.left = if matches!(keyed, Keyed::Pin(_)) { self.left - 1 } else { 0 };
                if self.left == 0 {
                    *entry = Awaited::Nothing;
                }
                return match keyed {
                    Keyed::Pin(pin) => Ok(pin),
                    Keyed::Cancel => Err(Unkeyed::Cancelled),
                };
            }
            let left = end.saturating_duration_since(Instant::now()).min(LOOK);
            if left.is_zero() {
                return Err(Unkeyed::TimedOut);
            }
            entry = self.keypad.pressed.wait_timeout(entry, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut entry = lock(&self.keypad.entry);
        // With the last key another entry may have begun.
        if self.left > 0 && !matches!(*entry, Awaited::Gone) {
            *entry = Awaited::Nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn keys_are_for_the_one_program_that_asks_and_is_still_there() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (keypad, client) = (Keypad::default(), Arc::new(Client::new(1, ours, 0)));
        let pin = || Keyed::Pin(Pin::new(b"123456").unwrap());
        assert!(!keypad.key(pin()));
        let mut entry = Entry::begin(&keypad, &client, KEYING_MAX, 2).ok().unwrap();
        assert!(matches!(Entry::begin(&keypad, &client, KEYING_MAX, 1), Err(Rv::SHARING_VIOLATION)));
        assert!(keypad.key(pin()));
        assert!(!keypad.key(Keyed::Cancel), "the first key counts");
        assert!(entry.pin().is_ok());
        assert!(keypad.key(pin()));
        drop(theirs);
        assert!(matches!(entry.pin(), Err(Unkeyed::Gone)));
        drop(entry);
        assert!(!keypad.key(pin()));
    }

    #[test]
    fn after_the_last_pin_no_key_is_for_this_program() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (keypad, client) = (Keypad::default(), Arc::new(Client::new(1, ours, 0)));
        let pin = || Keyed::Pin(Pin::new(b"123456").unwrap());
        for last in [pin(), Keyed::Cancel] {
            let mut entry = Entry::begin(&keypad, &client, KEYING_MAX, 2).ok().unwrap();
            assert!(keypad.key(pin()));
            assert!(entry.pin().is_ok());
            assert!(keypad.key(last));
            let _ = entry.pin();
            assert!(!keypad.key(pin()));
            // Another program's entry outlives the end of this one.
            let other = Entry::begin(&keypad, &client, KEYING_MAX, 1).ok().unwrap();
            drop(entry);
            assert!(keypad.key(pin()));
            drop(other);
        }
    }

    #[test]
    fn a_reader_that_goes_ends_the_wait_for_its_keys_for_good() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (keypad, client) = (Keypad::default(), Arc::new(Client::new(1, ours, 0)));
        let mut entry = Entry::begin(&keypad, &client, KEYING_MAX, 1).ok().unwrap();
        assert!(keypad.listed().awaited_by.is_some());
        keypad.unplug();
        assert!(matches!(entry.pin(), Err(Unkeyed::Gone)));
        assert!(!keypad.key(Keyed::Cancel));
        drop(entry);
        assert!(matches!(Entry::begin(&keypad, &client, KEYING_MAX, 1), Err(Rv::READER_UNAVAILABLE)));
        assert!(keypad.listed().awaited_by.is_none());
    }
}
