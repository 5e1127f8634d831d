//! PIN operations on the reader's keypad (CCID 1.1 sections 6.1.11 and 6.1.12): what the host asks for, and the command with the PINs in
//! it. The PIN itself never goes to the host.
//!
//! Understood are binary, packed and ASCII digits, to the left or right of their block, with or without a length of the PIN. The
//! holder always ends an entry with the enter key, whatever bEntryValidationCondition allows besides.

use qiyong_protocol::card::pin::Pin;
use zeroize::{Zeroize, Zeroizing};

use super::message::Failure;
use crate::terminal::WhichPin;

/// CLA, INS, P1, P2 and Lc.
const BEFORE_DATA: usize = 5;
/// Digits of the longest PIN.
const DIGITS: usize = 16;
/// The longest short command APDU without Le.
const APDU_MAX: usize = BEFORE_DATA + 255;
/// How long the holder has if the host leaves that to the reader, in seconds.
const PATIENCE_S: u8 = 60;

/// How a PIN is written (bmFormatString, bmPINBlockString, bmPINLengthFormat).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Format {
    /// Bits of a digit, and what is added to it.
    digit: (usize, u8),
    /// The digits end where the block ends.
    right: bool,
    /// Where the block begins, in bits after Lc.
    at: usize,
    /// The block's length in bytes; 0: as many as the PIN needs, and Lc counts them.
    block: usize,
    /// Where the PIN's length stands, in bits after Lc, and how many bits it has; 0: nowhere.
    length: (usize, usize),
}

impl Format {
    fn read(format: u8, block: u8, length: u8) -> Option<Self> {
        let unit = |byte: u8, bit: u8| if byte >> bit & 1 == 1 { 8 } else { 1 };
        let digit = match format & 3 {
            0 => (8, 0),
            1 => (4, 0),
            2 => (8, b'0'),
            _ => return None,
        };
        let at = usize::from(format >> 3 & 0x0F) * unit(format, 7);
        let length = (usize::from(length & 0x0F) * unit(length, 4), usize::from(block >> 4));
        Some(Self { digit, right: format & 4 != 0, at, block: usize::from(block & 0x0F), length })
    }
}

/// What the host asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PinOperation {
    /// How long the holder has, in seconds.
    pub patience_s: u8,
    /// Digits that are allowed.
    min: u8,
    max: u8,
    /// Which PINs are keyed, in this order.
    asks: Asks,
    format: Format,
    /// Where the blocks of the present and the new PIN are, in bytes after Lc.
    offsets: [u8; 2],
    apdu: [u8; APDU_MAX],
    apdu_len: usize,
}

impl core::fmt::Debug for PinOperation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PinOperation")
            .field("asks", &self.asks)
            .field("apdu_len", &self.apdu_len)
            .finish_non_exhaustive()
    }
}

/// Which PINs are keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asks {
    present: bool,
    new: bool,
    again: bool,
}

impl PinOperation {
    /// Reads abData of PC_to_RDR_Secure.
    ///
    /// # Errors
    /// What the reader does not do, or the offset of what is wrong.
    pub fn read(data: &[u8]) -> Result<Self, Failure> {
        let (operation, data) = data.split_first().ok_or(Failure::LENGTH)?;
        let read = match operation {
            0 => Self::verification(data),
            1 => Self::modification(data),
            _ => return Err(Failure::FIRST_DATA),
        };
        read.ok_or(Failure::LENGTH)?.ok_or(Failure::NOT_SUPPORTED)
    }

    /// The outer `None`: too short; the inner one: not supported.
    fn verification(data: &[u8]) -> Option<Option<Self>> {
        let (&[patience, format, block, length, max, min, _, _, _, _, _, _, _, _], apdu) =
            data.split_first_chunk::<14>()?;
        let asks = Asks { present: true, new: false, again: false };
        Some(Self::new([patience, format, block, length, max, min], asks, [0; 2], apdu))
    }

    fn modification(data: &[u8]) -> Option<Option<Self>> {
        let (&[patience, format, block, length, old, new, max, min, confirm, _, messages, _, _, _], rest) =
            data.split_first_chunk::<14>()?;
        // bMsgIndex2 is there unless bNumberMessage is 0, and bMsgIndex3 if it is 3, or FF as libccid writes it; then comes bTeoPrologue.
        let more = match messages {
            0 => 0,
            3 | 0xFF => 2,
            _ => 1,
        };
        let apdu = rest.get(more + 3..)?;
        let asks = Asks { present: confirm & 2 != 0, new: true, again: confirm & 1 != 0 };
        Some(Self::new([patience, format, block, length, max, min], asks, [old, new], apdu))
    }

    fn new(
        [patience_s, format, block, length, max, min]: [u8; 6],
        asks: Asks,
        offsets: [u8; 2],
        apdu: &[u8],
    ) -> Option<Self> {
        let format = Format::read(format, block, length)?;
        let mut copy = [0; APDU_MAX];
        copy.get_mut(..apdu.len()).filter(|_| apdu.len() >= 4)?.copy_from_slice(apdu);
        let patience_s = if patience_s == 0 { PATIENCE_S } else { patience_s };
        Some(Self { patience_s, min, max, asks, format, offsets, apdu: copy, apdu_len: apdu.len() })
    }

    /// Which PINs are to be keyed, in this order.
    pub fn asks(&self) -> impl Iterator<Item = WhichPin> + use<> {
        let Asks { present, new, again } = self.asks;
        let all = [(present, WhichPin::Present), (new, WhichPin::New), (again, WhichPin::NewAgain)];
        all.into_iter().filter_map(|(asked, which)| asked.then_some(which))
    }

    /// Whether a PIN has as many digits as the host allows.
    pub fn allows(&self, pin: &Pin) -> bool {
        let count = digits(pin).count();
        (usize::from(self.min)..=usize::from(self.max)).contains(&count)
    }

    /// Writes the command with these PINs in it; returns its length.
    ///
    /// # Errors
    /// A PIN does not fit where the host wants it.
    pub fn command(&self, present: Option<&Pin>, new: Option<&Pin>, to: &mut [u8]) -> Result<usize, Failure> {
        let mut apdu = Zeroizing::new(self.apdu);
        // A command without data has no Lc yet.
        let mut len = self.apdu_len.max(BEFORE_DATA);
        for (pin, offset) in [present, new].into_iter().zip(self.offsets) {
            if let Some(pin) = pin {
                let end = self.write(pin, offset.into(), &mut *apdu).ok_or(Failure::LENGTH)?;
                len = if self.format.block == 0 { end } else { len.max(end) };
            }
        }
        // Lc is the host's, unless the PIN decides how long the command is.
        if self.format.block == 0 || len > self.apdu_len {
            let lc = u8::try_from(len.saturating_sub(BEFORE_DATA)).map_err(|_| Failure::LENGTH)?;
            *apdu.get_mut(BEFORE_DATA - 1).ok_or(Failure::LENGTH)? = lc;
        }
        let written = apdu.get(..len).ok_or(Failure::LENGTH)?;
        to.get_mut(..len).ok_or(Failure::LENGTH)?.copy_from_slice(written);
        Ok(len)
    }

    /// Writes one PIN; returns where its block ends in the command.
    fn write(&self, pin: &Pin, offset: usize, apdu: &mut [u8]) -> Option<usize> {
        let Format { digit: (bits, add), right, at, block, length: (length_at, length_bits) } = self.format;
        let count = digits(pin).count();
        let needed = (count * bits).div_ceil(8);
        let room = if block == 0 { needed } else { block };
        if needed > room {
            return None;
        }
        let begin = 8 * (BEFORE_DATA + offset) + at;
        let first = if right { begin + 8 * room - count * bits } else { begin };
        for (digit, index) in digits(pin).zip(0..) {
            put(apdu, first + index * bits, bits, digit + add)?;
        }
        // The last half of a byte that the PIN only half fills, and that no template fills.
        if block == 0 && !right && count * bits % 8 == 4 {
            put(apdu, first + count * bits, 4, 0x0F)?;
        }
        if length_bits > 0 {
            put(apdu, 8 * (BEFORE_DATA + offset) + length_at, length_bits.min(8), count as u8)?;
        }
        let end = (begin + 8 * room).div_ceil(8);
        (end <= APDU_MAX).then_some(end)
    }
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Digits that are wiped when they are not needed any more.
struct Wiped([u8; DIGITS]);

/// A PIN's digits, 0 to 9.
fn digits(pin: &Pin) -> impl Iterator<Item = u8> {
    let block = pin.card_block();
    let mut all = Wiped([0x0F; DIGITS]);
    let nibbles = block.as_bytes().iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    all.0.iter_mut().zip(nibbles).for_each(|(to, from)| *to = from);
    (0..DIGITS).map(move |at| all.0.get(at).copied().unwrap_or(0x0F)).take_while(|digit| *digit < 10)
}

/// Writes the lowest bits of a value at a bit position; `None` if that is outside.
fn put(bytes: &mut [u8], at: usize, bits: usize, value: u8) -> Option<()> {
    for index in 0..bits {
        let bit = value >> (bits - 1 - index) & 1;
        let place = bytes.get_mut((at + index) / 8)?;
        let shift = 7 - (at + index) % 8;
        *place = *place & !(1 << shift) | bit << shift;
    }
    Some(())
}
