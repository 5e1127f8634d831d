//! The keypad of a virtual reader: a PIN keyed on it goes to the card and never to the program (PC/SC part 10).
//!
//! [`Keypad::key`] brings what is keyed. Screen and keys are the terminal's own ports
//! ([`qiyong_firmware::terminal::Operator`]).

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use embassy_futures::block_on;

use qiyong_firmware::terminal::{NoPin, Operator, WhichPin};
use qiyong_firmware::ui::Screen;
use qiyong_protocol::card::pin::Pin;
use qiyong_protocol::rules::money::Fen;

use super::client::Client;
use super::lock::lock;
use super::program;
use crate::codes::Rv;
use crate::ctl::ListedKeypad;

/// The longest time for keying, whatever a program asks for.
pub(super) const KEYING_MAX: Duration = Duration::from_secs(60);
/// The time for keying if a program leaves it to the reader.
const KEYING_DEFAULT: Duration = Duration::from_secs(30);
/// How often the keypad checks whether the program is still there.
const LOOK: Duration = Duration::from_millis(100);

/// A key press that ends an entry.
pub(super) enum Keyed {
    /// Digits and the enter key.
    Pin(Pin),
    /// The cancel key.
    Cancel,
}

/// The keys of one reader. They are dead while no program awaits a PIN: what is pressed then would be a try for a program
/// that comes later.
#[derive(Default)]
pub(super) struct Keypad {
    entry: Mutex<Awaited>,
    pressed: Condvar,
    /// The process of the program that awaits a PIN, or awaited the last one.
    process: AtomicI32,
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
    Pin,
    /// A PIN; this was pressed, and the program has not taken it yet.
    Pressed(Keyed),
}

/// What answers a control message.
pub(super) enum Reply {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The card's answer to this command.
    OfCard(Command),
}

/// A command with a PIN in it; erased when dropped.
pub(super) type Command = zeroize::Zeroizing<Vec<u8>>;

impl Keypad {
    /// Somebody pressed keys; `false`: no PIN is awaited, and nothing comes of it.
    pub(super) fn key(&self, keyed: Keyed) -> bool {
        let mut entry = lock(&self.entry);
        if !matches!(*entry, Awaited::Pin) {
            return false;
        }
        *entry = Awaited::Pressed(keyed);
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
        let awaits = matches!(*lock(&self.entry), Awaited::Pin | Awaited::Pressed(_));
        let awaited_by = awaits.then(|| program::label(self.process.load(Ordering::Relaxed)));
        ListedKeypad { awaits_pin: awaits, awaited_by }
    }

    /// FEATURE_VERIFY_PIN_DIRECT: takes a PIN and builds the command with it.
    pub(super) fn verify(&self, client: &Client, message: &[u8]) -> Result<Reply, Rv> {
        let request = Verify::read(message).ok_or(Rv::INVALID_PARAMETER)?;
        let mut entry = Entry::begin(self, client, request.patience)?;
        entry.show(&Screen::EnterPin { amount: Fen(0), tries_left: None });
        match block_on(entry.enter_pin(WhichPin::Present)) {
            Ok(pin) => {
                request.command(&pin).map_or_else(|sw| Ok(Reply::Bytes(sw)), |command| Ok(Reply::OfCard(command)))
            }
            Err(why) => Ok(unkeyed(why)),
        }
    }
}

/// What the program is told if no PIN was keyed.
pub(super) fn unkeyed(why: NoPin) -> Reply {
    Reply::Bytes(match why {
        NoPin::TimedOut => vec![0x64, 0x00],
        NoPin::Cancelled => vec![0x64, 0x01],
    })
}

/// One entry on the keypad; the keys are dead again when it is dropped.
pub(super) struct Entry<'a> {
    keypad: &'a Keypad,
    client: &'a Client,
    patience: Duration,
    /// How many PINs are still to be keyed. With the last one the keys are dead: the next key is not for this program.
    pub(super) left: usize,
}

impl<'a> Entry<'a> {
    /// An entry of one PIN. A sharing violation if another program awaits a PIN: a key cannot be for both.
    pub(super) fn begin(keypad: &'a Keypad, client: &'a Client, patience: Duration) -> Result<Self, Rv> {
        let mut entry = lock(&keypad.entry);
        match *entry {
            Awaited::Nothing => {}
            Awaited::Gone => return Err(Rv::READER_UNAVAILABLE),
            Awaited::Pin | Awaited::Pressed(_) => return Err(Rv::SHARING_VIOLATION),
        }
        keypad.process.store(client.process, Ordering::Relaxed);
        *entry = Awaited::Pin;
        Ok(Self { keypad, client, patience, left: 1 })
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

impl Operator for Entry<'_> {
    /// The reader has no display: the program tells the holder what to do.
    fn show(&mut self, _screen: &Screen) {}

    async fn enter_pin(&mut self, _which: WhichPin) -> Result<Pin, NoPin> {
        let end = Instant::now() + self.patience;
        let mut entry = lock(&self.keypad.entry);
        loop {
            if matches!(*entry, Awaited::Gone) {
                return Err(NoPin::Cancelled);
            }
            match std::mem::replace(&mut *entry, Awaited::Pin) {
                // A program that is gone has no use for the try.
                Awaited::Pressed(_) if self.client.is_gone() => return Err(NoPin::Cancelled),
                Awaited::Pressed(keyed) => {
                    self.left = if matches!(keyed, Keyed::Pin(_)) { self.left.saturating_sub(1) } else { 0 };
                    if self.left == 0 {
                        *entry = Awaited::Nothing;
                    }
                    return match keyed {
                        Keyed::Pin(pin) => Ok(pin),
                        Keyed::Cancel => Err(NoPin::Cancelled),
                    };
                }
                Awaited::Pin | Awaited::Nothing | Awaited::Gone => {}
            }
            let left = end.saturating_duration_since(Instant::now()).min(LOOK);
            if left.is_zero() || self.client.is_gone() {
                return Err(NoPin::TimedOut);
            }
            entry = self.keypad.pressed.wait_timeout(entry, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    async fn cancel(&mut self) {
        std::future::pending().await
    }
}

/// PIN_VERIFY_STRUCTURE (PC/SC part 10 clause 2.5.2), as far as this reader supports it.
struct Verify<'a> {
    patience: Duration,
    /// Packed digits if true, ASCII digits if false.
    packed: bool,
    /// Where the PIN begins in the data field, in bytes.
    position: usize,
    /// The number of bytes for the PIN with its filling; 0: only as many as the PIN needs.
    block: usize,
    /// Digits allowed.
    min: usize,
    max: usize,
    apdu: &'a [u8],
}

impl<'a> Verify<'a> {
    /// Only packed or ASCII digits from the left, at a whole byte, without a length digit: all readers with keypads
    /// support this.
    fn read(message: &'a [u8]) -> Option<Self> {
        let (head, apdu) = message.split_first_chunk::<19>()?;
        let &[time_out, _, format, block, length, max, min, condition, _, _, _, _, _, _, _, a, b, c, d] = head;
        let patience =
            if time_out == 0 { KEYING_DEFAULT } else { Duration::from_secs(time_out.into()).min(KEYING_MAX) };
        let position = usize::from(format >> 3 & 0x0F);
        let in_bytes = format & 0x80 != 0 || position == 0;
        let packed = match format & 0x07 {
            1 => true,
            2 => false,
            _ => return None,
        };
        let whole = u32::from_le_bytes([a, b, c, d]) as usize == apdu.len();
        // The enter key (02) must be one of the conditions that end the entry.
        let understood = in_bytes && block >> 4 == 0 && length == 0 && condition & 2 != 0 && whole && apdu.len() >= 5;
        let block = usize::from(block & 0x0F);
        understood.then_some(Self { patience, packed, position, block, min: min.into(), max: max.into(), apdu })
    }

    /// The command with the PIN in it; otherwise the status word for the program.
    fn command(&self, pin: &Pin) -> Result<Command, Vec<u8>> {
        let wrong_size = || vec![0x64, 0x03];
        let block = pin.card_block();
        let nibbles = block.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).filter(|nibble| *nibble < 10);
        let ascii: Command = nibbles.map(|digit| b'0' + digit).collect::<Vec<u8>>().into();
        if !(self.min..=self.max).contains(&ascii.len()) {
            return Err(wrong_size());
        }
        let bytes = if self.packed { block.as_bytes() } else { &ascii };
        // Header and Lc, then the data field with its filling.
        let (header, data) = self.apdu.split_at_checked(5).ok_or_else(wrong_size)?;
        let mut command: Command = header.to_vec().into();
        let before = data.get(..self.position).ok_or_else(wrong_size)?;
        command.extend(before);
        command.extend(bytes);
        if self.block > 0 {
            let filling = data.get(self.position + bytes.len()..self.position + self.block).ok_or_else(wrong_size)?;
            command.extend(filling);
        }
        let len = u8::try_from(command.len() - 5).map_err(|_| wrong_size())?;
        if let Some(lc) = command.get_mut(4) {
            *lc = len;
        }
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn command(format: u8, block: u8, apdu: &[u8], pin: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
        let mut message = vec![30, 0, format, block, 0, 12, 4, 2, 1, 0x04, 0x08, 0, 0, 0, 0];
        message.extend((apdu.len() as u32).to_le_bytes());
        message.extend(apdu);
        let verify = Verify::read(&message).expect("understood");
        verify.command(&Pin::new(pin).unwrap()).map(|command| command.to_vec())
    }

    #[test]
    fn the_pin_stands_where_the_program_says_and_lc_counts_it() {
        // Packed digits, as many as there are.
        assert_eq!(command(0x81, 0, &[0, 0x20, 0, 0, 0], b"123456"), Ok(vec![0, 0x20, 0, 0, 3, 0x12, 0x34, 0x56]));
        // ASCII in a block of eight, filled by the program.
        let template = [&[0, 0x20, 0, 1, 8][..], &[0xFF; 8]].concat();
        assert_eq!(
            command(0x82, 8, &template, b"1234"),
            Ok([&[0, 0x20, 0, 1, 8][..], b"1234\xFF\xFF\xFF\xFF"].concat())
        );
        // Packed, after one byte of control information.
        let template = [&[0, 0x20, 0, 1, 8, 0x2C][..], &[0xFF; 7]].concat();
        let expected = [&[0, 0x20, 0, 1, 8, 0x2C, 0x12, 0x34, 0x5F][..], &[0xFF; 4]].concat();
        assert_eq!(command(0x89, 7, &template, b"12345"), Ok(expected));
    }

    #[test]
    fn a_pin_of_another_length_than_asked_for_is_refused() {
        assert_eq!(command(0x81, 0, &[0, 0x20, 0, 0, 0], b"1234567890123"), Err(vec![0x64, 0x03]));
        // Longer than the block.
        assert_eq!(command(0x82, 5, &[&[0, 0x20, 0, 1, 8][..], &[0xFF; 8]].concat(), b"123456"), Err(vec![0x64, 0x03]));
    }

    #[test]
    fn keys_are_for_the_one_program_that_asks_and_is_still_there() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (keypad, client) = (Keypad::default(), Client::new(1, ours, 0));
        let pin = || Keyed::Pin(Pin::new(b"123456").unwrap());
        assert!(!keypad.key(pin()));
        let mut entry = Entry::begin(&keypad, &client, KEYING_DEFAULT).ok().unwrap();
        entry.left = 2;
        assert!(matches!(Entry::begin(&keypad, &client, KEYING_DEFAULT), Err(Rv::SHARING_VIOLATION)));
        assert!(keypad.key(pin()));
        assert!(!keypad.key(Keyed::Cancel), "the first key counts");
        assert!(block_on(entry.enter_pin(WhichPin::Present)).is_ok());
        assert!(keypad.key(pin()));
        drop(theirs);
        assert!(block_on(entry.enter_pin(WhichPin::Present)).is_err());
        drop(entry);
        assert!(!keypad.key(pin()));
    }

    #[test]
    fn after_the_last_pin_no_key_is_for_this_program() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (keypad, client) = (Keypad::default(), Client::new(1, ours, 0));
        let pin = || Keyed::Pin(Pin::new(b"123456").unwrap());
        for last in [pin(), Keyed::Cancel] {
            let mut entry = Entry::begin(&keypad, &client, KEYING_DEFAULT).ok().unwrap();
            entry.left = 2;
            assert!(keypad.key(pin()));
            assert!(block_on(entry.enter_pin(WhichPin::New)).is_ok());
            assert!(keypad.key(last));
            let _ = block_on(entry.enter_pin(WhichPin::NewAgain));
            assert!(!keypad.key(pin()));
            // Another program's entry outlives the end of this one.
            let other = Entry::begin(&keypad, &client, KEYING_DEFAULT).ok().unwrap();
            drop(entry);
            assert!(keypad.key(pin()));
            drop(other);
        }
    }

    #[test]
    fn a_reader_that_goes_ends_the_wait_for_its_keys_for_good() {
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let (keypad, client) = (Keypad::default(), Client::new(1, ours, 0));
        let mut entry = Entry::begin(&keypad, &client, KEYING_MAX).ok().unwrap();
        assert!(keypad.listed().awaits_pin);
        keypad.unplug();
        assert!(matches!(block_on(entry.enter_pin(WhichPin::Present)), Err(NoPin::Cancelled)));
        assert!(!keypad.key(Keyed::Cancel));
        drop(entry);
        assert!(matches!(Entry::begin(&keypad, &client, KEYING_MAX), Err(Rv::READER_UNAVAILABLE)));
        assert!(!keypad.listed().awaits_pin);
    }

    #[test]
    fn what_is_not_understood_is_said_so() {
        let message = |format: u8, length: u8, data_len: u32| {
            let mut message = vec![30, 0, format, 0, length, 12, 4, 2, 1, 0x04, 0x08, 0, 0, 0, 0];
            message.extend(data_len.to_le_bytes());
            message.extend([0, 0x20, 0, 0, 0]);
            message
        };
        assert!(Verify::read(&message(0x81, 0, 5)).is_some());
        // Binary digits, right-justified digits, a length digit, and a wrong length.
        for (format, length, data_len) in [(0x80, 0, 5), (0x85, 0, 5), (0x81, 4, 5), (0x81, 0, 6)] {
            assert!(Verify::read(&message(format, length, data_len)).is_none(), "{format:#x} {length} {data_len}");
        }
        assert!(Verify::read(&[0; 18]).is_none());
    }
}
